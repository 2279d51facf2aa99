package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// gate is the proxy of all probes in a test, so that none leaves this machine. It refuses each host,
// but keeps those waiting that are held.
type gate struct {
	net.Listener
	held string // a host
	mu   sync.Mutex
	seen []string // hosts, and "-" with the host when the program has given up
}

func newGate(t *testing.T, held string) (g *gate, more string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = &gate{Listener: l, held: held}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(c)
		}
	}()
	return g, fmt.Sprintf("[probe]\non_alert = true\nproxy = \"http://%s\"\n", l.Addr())
}

func (g *gate) serve(c net.Conn) {
	defer c.Close()
	asked, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	host, _, _ := net.SplitHostPort(asked.Host)
	g.saw(host)
	if host != g.held {
		io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		return
	}
	io.Copy(io.Discard, c)
	g.saw("-" + host)
}

func (g *gate) saw(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, what)
}

// probes waits until exactly these have come.
func (g *gate) probes(t *testing.T, want ...string) {
	t.Helper()
	testkit.Until(t, func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !slices.Equal(g.seen, want) {
			return fmt.Errorf("the proxy has seen %q, want %q", g.seen, want)
		}
		return nil
	})
}

const (
	entraHost, googleHost = "login.microsoftonline.com", "oauth2.googleapis.com"
	cannotReach           = "Connect to %s:443 failed: Connection refused"
)

// While the probe of one host takes long, other incidents are alerted. After kill -9, the host that
// was being probed is not probed again at once, the one that was waiting is, and the next alert has the
// probe.
func TestKillDuringProbe(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	g, more := newGate(t, entraHost)
	w, config, log := follow(t, dir, hub, more)
	appendAs(t, log, failure(1, 1, fmt.Sprintf(cannotReach, entraHost))+ordinary)
	g.probes(t, entraHost)
	appendAs(t, log, failure(2, 2, fmt.Sprintf(cannotReach, googleHost))+ordinary)
	for _, a := range hub.alerts(2) {
		if a.Data.Probe != nil {
			t.Errorf("the alert about %s waited for its probe", a.Data.Integration.ID)
		}
	}
	g.probes(t, entraHost)
	w.kill()
	g.probes(t, entraHost, "-"+entraHost)

	w = start(t, dir, "run", "--config", config)
	w.follows()
	g.probes(t, entraHost, "-"+entraHost, googleHost)
	for n := 3; ; n++ { // a reminder each; the first may come before the result is stored
		appendAs(t, log, failure(2, 5*3600*(n-2), fmt.Sprintf(cannotReach, googleHost))+ordinary)
		var last alert.Data
		testkit.Until(t, func() error { // an alert that was accepted just before the kill comes again, with its ID
			ids := map[alert.ID]bool{}
			for _, a := range hub.alerts(0) {
				if !ids[a.Data.ID] {
					last = a.Data
				}
				ids[a.Data.ID] = true
			}
			if len(ids) < n {
				return fmt.Errorf("%d alerts, want %d", len(ids), n)
			}
			return nil
		})
		if last.Kind != "reminder" || last.Integration.ID != flowID(2) || n > 6 {
			t.Fatalf("alert %d is %s about %s, with the probe %v", n, last.Kind, last.Integration.ID, last.Probe)
		}
		if p := last.Probe; p != nil {
			if p.Host != googleHost || p.Verdict != "proxy-forbidden" || p.OK || p.Assumed {
				t.Errorf("the probe is %+v", p)
			}
			break
		}
	}
	w.stop()
}

// A reload and a stop end a probe that runs; neither waits for it, and the failures that follow are
// alerted.
func TestReloadAndStopDuringProbe(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	g, more := newGate(t, entraHost)
	w, _, log := follow(t, dir, hub, more)
	const untrusted = "PKIX path building failed: unable to find valid certification path to requested target"
	appendAs(t, log, failure(1, 1, untrusted)+ordinary) // which names no host
	g.probes(t, entraHost)
	w.signal(syscall.SIGHUP)
	w.says("configuration reloaded")
	g.probes(t, entraHost, "-"+entraHost)
	appendAs(t, log, failure(2, 2, fmt.Sprintf(cannotReach, googleHost))+ordinary)
	hub.alerts(2)
	g.probes(t, entraHost, "-"+entraHost, googleHost)
	w.stop()

	other := t.TempDir()
	g, more = newGate(t, googleHost)
	w, _, log = follow(t, other, hub, more+"[integrations]\n\"imap.gmail.com\" = \"Help desk\"\n")
	appendAs(t, log, failure(1, 1, untrusted)+ordinary) // the configuration shows Google
	g.probes(t, googleHost)
	w.stop()
	g.probes(t, googleHost, "-"+googleHost)
	hub.alerts(3)
}
