package pipeline_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// prober is a shift whose recorder probes on alerts.
type prober struct {
	*shift
	probes []string // with the minute in which each began
	slow   bool     // a probe ends only when it is stopped
	stop   func()
}

func newProber(t *testing.T) *prober {
	p := &prober{shift: newShift(t)}
	p.conf.Probe.OnAlert, p.conf.Integrations = true, map[string]string{"mail.corp.test": "Mail"}
	p.reborn()
	t.Cleanup(func() { p.stop() })
	return p
}

// reborn is the death of the program and its next start.
func (p *prober) reborn() {
	if p.stop != nil {
		p.stop()
	}
	p.restart()
	run := p.rec.Prober(func(ctx context.Context, host string) *alert.Probe {
		began := time.Now()
		p.probes = append(p.probes, fmt.Sprint(host, " ", began.Minute()))
		if p.slow {
			<-ctx.Done()
		}
		return &alert.Probe{Host: host, Port: 443, At: began, Verdict: "tls", Title: "A CA is missing", Seen: []string{"password=hunter2hunter2"}}
	})
	ctx, cancel := context.WithCancel(p.Context())
	done := make(chan error)
	go func() { done <- run(ctx) }()
	p.stop = func() {
		p.stop = func() {}
		cancel()
		if err := <-done; err != nil {
			p.Error(err)
		}
	}
}

// cannot records a failure of an integration to reach a host, for a cause of the catalogue.
func (p *prober) cannot(integration, cause, host string) {
	p.Helper()
	set, err := catalogue()
	if err != nil {
		p.Fatal(err)
	}
	c, ok := set.Cause(cause)
	if !ok {
		p.Fatal("no cause ", cause)
	}
	text := "PKIX path building failed" // which names no host
	if strings.Contains(host, ".") {
		text = "Connect to " + host + ":443 failed"
	}
	err = p.rec.Record(matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: integration}, Cause: c,
		Text: text})
	if err != nil {
		p.Fatal(err)
	}
	synctest.Wait()
}

// shown are the verdicts in the state, by integration.
func (p *prober) shown() (all []string) {
	p.store.View(func(tx *store.Tx) {
		for s := range tx.EachIncident() {
			if d := s.Current(); d.Probe != nil {
				all = append(all, s.Key+" "+d.Probe.Host)
			}
		}
	})
	return all
}

func (p *prober) want(what string, got, want []string) {
	p.Helper()
	if !slices.Equal(got, want) {
		p.Errorf("%s: got %q, want %q", what, got, want)
	}
}

const (
	timeout, untrusted = "net-connect-timeout", "tls-certificate-untrusted"
	entra, google      = "login.microsoftonline.com", "oauth2.googleapis.com"
)

// A host is probed at most once in five minutes, all incidents that need it share the result, and
// the next alert has it, without secrets.
func TestProbeIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t)
		p.stop()
		p.conf.Alerts.Storm = 100
		p.reborn()
		p.cannot("1", timeout, entra)
		p.cannot("2", timeout, entra)
		p.cannot("3", timeout, google)
		p.cannot("4", timeout, "evil.test")
		p.cannot("5", timeout, "mail.corp.test")
		p.want("probes", p.probes, []string{entra + " 0", google + " 0", "mail.corp.test 0"})
		p.want("incidents", p.shown(), []string{"1 " + entra, "2 " + entra, "3 " + google, "5 mail.corp.test"})

		time.Sleep(6 * time.Minute)
		p.cannot("1", untrusted, entra) // what was found for another cause is out of date
		time.Sleep(time.Minute)
		p.cannot("2", untrusted, entra)
		p.want("probes", p.probes, []string{entra + " 0", google + " 0", "mail.corp.test 0", entra + " 6"})

		var changed *alert.Probe
		for d, ok, _ := p.store.Oldest("hub"); ok; d, ok, _ = p.store.Oldest("hub") {
			if first := d.Alert.Data; first.Kind == alert.Opened && first.Probe != nil {
				t.Errorf("the alert about %s waited for the probe", first.Integration.ID)
			}
			p.store.Done("hub", d, nil, notify.Health{})
		}
		time.Sleep(5 * time.Hour)
		p.cannot("1", untrusted, entra)
		for d, ok, _ := p.store.Oldest("hub"); ok; d, ok, _ = p.store.Oldest("hub") {
			changed = d.Alert.Data.Probe
			p.store.Done("hub", d, nil, notify.Health{})
		}
		if changed == nil || changed.Title != "A CA is missing" || changed.Seen[0] != "password=[redacted]" {
			t.Errorf("the reminder has the probe %+v", changed)
		}
	})
}

// An alert is queued although a probe runs, and a probe that a stop cuts short is not stored. A
// restart causes no other one within five minutes, and then the open incident gets its probe.
func TestProbeIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t)
		p.slow = true
		p.cannot("1", timeout, entra)
		if waiting, _, _ := p.store.Waiting(); len(p.probes) != 1 || waiting["hub"] != 1 {
			t.Fatalf("probes %q, alerts %v", p.probes, waiting)
		}
		p.reborn()
		p.slow = false
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		p.want("at once", p.shown(), nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		p.want("probes", p.probes, []string{entra + " 0", entra + " 5"})
		p.want("after five minutes", p.shown(), []string{"1 " + entra})
	})
}

// A failure that names no host is probed at the token host that the other open incidents show, and
// its probe says that this host is assumed. An incident that names the host shares the result.
func TestProbeOfAssumedHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t)
		p.stop()
		p.conf.Alerts.Storm = 100
		p.reborn()
		p.cannot("1", untrusted, "")
		p.cannot("2", "google-client-secret-invalid", "")
		p.cannot("3", untrusted, "")
		p.cannot("4", untrusted, google)
		p.want("probes", p.probes, []string{entra + " 0", google + " 0"})
		assumed := map[string]bool{}
		p.store.View(func(tx *store.Tx) {
			for s := range tx.EachIncident() {
				if d := s.Current(); d.Probe != nil {
					assumed[s.Key+" "+d.Probe.Host] = d.Probe.Assumed
				}
			}
		})
		if want := (map[string]bool{"1 " + entra: true, "3 " + google: true, "4 " + google: false}); !maps.Equal(assumed, want) {
			t.Errorf("got %v, want %v", assumed, want)
		}
	})
}

// A probe ends after ten seconds, with what was found by then.
func TestProbeIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t)
		p.slow = true
		p.cannot("1", timeout, entra)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		p.want("after ten seconds", p.shown(), []string{"1 " + entra})
	})
}

// An incident that died between its alert and its probe is probed after the next start.
func TestProbeAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t)
		p.stop()
		p.cannot("1", timeout, entra)
		p.want("probes", p.probes, nil)
		p.reborn()
		synctest.Wait()
		p.want("after the restart", p.shown(), []string{"1 " + entra})
		p.reborn()
		synctest.Wait()
		p.want("probes", p.probes, []string{entra + " 0"})
	})
}

// A group shows the probe that all of its members share; members that have no alert of their own
// are not probed.
func TestProbeOfGroup(t *testing.T) {
	for second, want := range map[string]int{entra: 1, google: 0} {
		synctest.Test(t, func(t *testing.T) {
			p := newProber(t)
			for i := range 6 {
				host := entra
				if i == 5 {
					host = second
				}
				p.cannot(fmt.Sprint(i), timeout, host)
			}
			time.Sleep(20 * time.Second)
			p.settle()
			synctest.Wait()
			groups := 0
			p.store.View(func(tx *store.Tx) {
				for s := range tx.EachIncident() {
					if s.IsGroup() && s.Current().Probe != nil {
						groups++
					}
				}
			})
			if groups != want {
				t.Errorf("the last member at %s: %d groups have a probe, want %d; probes %q", second, groups, want, p.probes)
			}
		})
	}
}
