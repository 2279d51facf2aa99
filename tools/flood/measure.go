package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	patience = 2 * time.Minute // in which something must happen: a storm may be sent again after one
	lastOnes = 1000            // failures that have a separate column for their CPU time
	idle     = 3 * time.Second // at the end, in which nothing is written or asked
	refusing = "127.0.0.1:1"   // a privileged port that no program listens on
)

// tableHead has peak RSS twice, since an answer of the program may need more memory than
// the flood.
const tableHead = "| scenario | failures | messages | state MiB | peak RSS MiB, all written " +
	"| peak RSS MiB, metrics read | CPU ms per failure | of the last 1,000 | idle % of a core | largest queue | s |\n" +
	"|---|---|---|---|---|---|---|---|---|---|---|\n"

// measure runs a scenario and returns its row.
func (b *bench) measure(ctx context.Context, s scenario, texts []string) (row string, err error) {
	r := newReceiver()
	hub := httptest.NewServer(r)
	defer hub.Close()
	to := hub.Listener.Addr().String()
	if s.down {
		to = refusing
	}
	p, err := b.start(s, to)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		cancel(fmt.Errorf("the program ended: %w", p.cmd.Wait())) // nothing waits for it any more
		close(p.ended)
	}()
	defer func() {
		p.cmd.Process.Kill() // its state is of no further use
		<-p.ended
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, p.tail())
		}
	}()
	if err := p.until(ctx, func() (string, bool) { return "it is not ready", p.ask("/readyz") != "" }); err != nil {
		return "", err
	}
	began, before, late := time.Now(), p.cpu(), time.Duration(0)
	p.asked = 0
	if err := s.write(ctx, p.path("atlassian-jira.log"), texts, func(i int) {
		if i == s.failures-lastOnes {
			late = p.cpu()
		}
	}); err != nil {
		return "", err
	}
	last, peak := "–", p.peak()
	if late > 0 {
		last = fmt.Sprintf("%.2f", (p.cpu()-late).Seconds()*1000/lastOnes)
	}
	if err := p.until(ctx, func() (string, bool) { return p.finished(s, r) }); err != nil {
		return "", err
	}
	used, took, resident := p.cpu()-before-p.asked, time.Since(began), p.peak()
	before = p.cpu()
	time.Sleep(idle)
	idles := 100 * (p.cpu() - before).Seconds() / idle.Seconds()
	p.finished(s, r) // for the queue: a failure is counted just before its alert is in there
	state, err := os.Stat(p.path("state/state.db"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("| %s | %d | %s | %.1f | %.0f | %.0f | %.2f | %s | %.1f | %d | %.0f |", s.name, s.failures, r,
		float64(state.Size())/(1<<20), peak, resident, used.Seconds()*1000/float64(s.failures), last,
		idles, p.largest, took.Seconds()), nil
}

// program is the running program.
type program struct {
	dir, address string
	cmd          *exec.Cmd
	ended        chan struct{} // closed at its end
	asked        time.Duration // its CPU time while it answered us
	largest      int           // of the queues that it had when it answered
}

const configuration = `
node = "flood"
state_dir = "state"
[causes]
dir = "causes.d"
[[log]]
path = "atlassian-jira.log"
[[webhook]]
url = "http://%s/"
[http]
listen = %q
[alerts]
`

// start starts the program in a new directory.
func (b *bench) start(s scenario, to string) (*program, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.Close() // the program takes its address
	p := &program{dir: filepath.Join(b.dir, s.name), address: l.Addr().String(), ended: make(chan struct{})}
	config := fmt.Sprintf(configuration, to, p.address)
	if s.alone {
		config += "storm = 0\n"
	}
	if b.burst {
		config += "burst = \"10 in 10m\"\n"
	}
	if err := errors.Join(
		os.Mkdir(p.dir, 0o700), os.Mkdir(p.path("state"), 0o700), os.Mkdir(p.path("causes.d"), 0o700),
		os.WriteFile(p.path("atlassian-jira.log"), nil, 0o600),
		os.WriteFile(p.path("config.toml"), []byte(config), 0o600)); err != nil {
		return nil, err
	}
	errs, err := os.Create(p.path("stderr"))
	if err != nil {
		return nil, err
	}
	defer errs.Close()
	p.cmd = exec.Command(b.binary, "run", "--config", "config.toml")
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, errs, errs
	p.cmd.Env = append(os.Environ(), "JOURNAL_STREAM=", "NOTIFY_SOCKET=", "STATE_DIRECTORY=", "WATCHDOG_USEC=")
	return p, p.cmd.Start()
}

func (p *program) path(name string) string { return filepath.Join(p.dir, name) }

// tail is the end of what the program printed.
func (p *program) tail() string {
	text, _ := os.ReadFile(p.path("stderr"))
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(lines[max(len(lines)-20, 0):], "")
}

// until polls condition until it holds, or what it says has not changed for long. An
// answer may keep the program busy: at most a tenth of the time is for answers.
func (p *program) until(ctx context.Context, condition func() (string, bool)) error {
	for last, since := "", time.Now(); ; {
		began := time.Now()
		is, ok := condition()
		switch {
		case ok:
			return nil
		case is != last:
			last, since = is, began
		case time.Since(since) > patience:
			return fmt.Errorf("nothing happens any more: %s", is)
		}
		select {
		case <-time.After(max(50*time.Millisecond, 9*time.Since(began))):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// finished reports whether all failures are recorded and, unless the receiver is down,
// all integrations were in a message.
func (p *program) finished(s scenario, r *receiver) (string, bool) {
	text := p.ask("/metrics")
	sums := map[string]int{} // of the series of a metric
	for line := range strings.Lines(text) {
		name, value, labeled := strings.Cut(strings.TrimPrefix(line, "jira_oauth_watcher_"), "{")
		if _, value, _ = strings.Cut(value, "} "); labeled {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			sums[name] += int(n)
		}
	}
	failures, lag, queue := sums["failures_total"], sums["log_lag_bytes"], sums["outbox_deliveries"]
	known := r.integrations()
	p.largest = max(p.largest, queue)
	is := fmt.Sprintf("%d of %d failures, %d bytes to read, %d deliveries in the queue, messages about %d integrations",
		failures, s.failures, lag, queue, known)
	return is, text != "" && failures == s.failures && lag == 0 && (s.down || queue == 0 && known >= s.failures)
}

// ask is an answer of the program, empty unless its status is 200.
func (p *program) ask(path string) string {
	before := p.cpu()
	defer func() { p.asked += p.cpu() - before }()
	client := http.Client{Timeout: patience}
	answer, err := client.Get("http://" + p.address + path)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// cpu is the program's CPU time so far, in user and kernel mode.
func (p *program) cpu() (sum time.Duration) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
	for _, f := range fields[min(11, len(fields)):min(13, len(fields))] {
		n, _ := strconv.Atoi(f)
		sum += time.Duration(n) * 10 * time.Millisecond // USER_HZ is 100
	}
	return sum
}

// peak is the most memory that the program has had, in MiB.
func (p *program) peak() float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, _ := strconv.Atoi(kib)
	return float64(n) / 1024
}
