//go:build system

package systemtest

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

const (
	home = "/var/atlassian/application-data/jira"
	log  = home + "/log/atlassian-jira.log"
)

// jira makes a user, a home and a log as Jira's installer and umask do.
func (m *machine) jira() {
	m.t.Helper()
	m.run(`useradd --system --user-group --home-dir /var/atlassian/application-data/jira --shell /bin/sh jira
install -d -m 0700 -o jira -g jira ` + home + `
install -d -m 0750 -o jira -g jira ` + home + `/log
install -m 0640 -o jira -g jira /dev/null ` + log + `
echo the database password | install -m 0640 -o jira -g jira /dev/stdin ` + home + `/dbconfig.xml`)
}

// flows numbers the integrations of all tests.
type flows struct {
	mu sync.Mutex
	n  int
}

// next is a failure of a new integration, as Jira logs it now.
func (f *flows) next() (id, line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	id = testkit.FlowID(f.n)
	return id, testkit.Failure(time.Now().UTC(), id, testkit.BadSecret)
}

// fail appends one failure to a log, as user jira, and returns its integration.
func (m *machine) fail(f *flows, log string) string {
	m.t.Helper()
	id, line := f.next()
	cmd := m.inside(`exec runuser -u jira -- sh -c 'cat >> "$1"' sh "$1"`, log)
	cmd.Stdin = strings.NewReader(line)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("appending as jira: %v\n%s", err, out)
	}
	return id
}

// load appends failures as user jira, many per second, until it is stopped.
type load struct {
	t      *testing.T
	stop   chan struct{}
	done   chan error
	failed []string
}

func (m *machine) load(f *flows, every time.Duration) *load {
	m.t.Helper()
	l := &load{t: m.t, stop: make(chan struct{}), done: make(chan error, 1)}
	cmd := m.inside(`exec runuser -u jira -- sh -c 'exec cat >> "$1"' sh "$1"`, log)
	in, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-l.stop:
				in.Close()
				l.done <- cmd.Wait()
				return
			case <-tick.C:
				id, line := f.next()
				if _, err := io.WriteString(in, line); err == nil {
					l.failed = append(l.failed, id)
				}
			}
		}
	}()
	return l
}

// end stops the load and returns the integrations that have failed.
func (l *load) end() []string {
	l.t.Helper()
	close(l.stop)
	if err := <-l.done; err != nil {
		l.t.Fatalf("the writer of the log: %v", err)
	}
	return l.failed
}
