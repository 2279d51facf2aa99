package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

const (
	header = "something else"
	trace  = testkit.BadTLS + "\n"
)

// waiting is how many alerts wait for the notifier.
func (p *process) waiting(t *testing.T) int {
	t.Helper()
	n, _, err := p.store.Waiting()
	if err != nil {
		t.Fatal(err)
	}
	return n["hub"]
}

// incidents are the stored ones: of which integration, cause and how many failures.
func (p *process) incidents(t *testing.T) (list []string) {
	t.Helper()
	err := p.store.View(func(tx *store.Tx) {
		for s := range tx.EachIncident() {
			list = append(list, fmt.Sprintf("%.8s %s %d", s.Key, s.Cause, s.Count))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// Lines that come after their event has counted correct its cause, in the same
// process and after a restart, and whatever follows them; the failure counts once.
func TestLateLines(t *testing.T) {
	for _, restart := range []string{"none", "before the lines", "after them"} {
		for _, late := range []string{trace, "\tat a.b.C(D.java:1)\nCaused by: " + trace, ""} {
			for _, next := range []string{"", failing(2, 9, header)} {
				t.Run(fmt.Sprintf("restart %s, %.12q, %.80q", restart, late, next), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.write(failing(1, 1, header))
					p := w.live()
					testkit.Eventually(t, "one alert waits", func() bool { return p.waiting(t) == 1 })
					again := func() {
						if err := p.stop(); err != nil {
							t.Fatal(err)
						}
						p = w.live()
					}
					if restart == "before the lines" {
						again()
					}
					w.write(late)
					alerts, want := []string{"opened unknown 1+1"}, []string{"00000001 unknown 1"}
					if len(late) > 60 {
						alerts = append(alerts, "changed tls-certificate-untrusted 1+0")
						want[0] = "00000001 tls-certificate-untrusted 1"
						testkit.Eventually(t, "two alerts wait", func() bool { return p.waiting(t) == 2 })
					}
					if restart == "after them" {
						again()
					}
					w.write(next)
					if next != "" {
						alerts, want = append(alerts, "opened unknown 1+1"), append(want, "00000002 unknown 1")
					}
					w.write(failing(9, 30, refused))
					alerts, want = append(alerts, "opened entra-client-secret-invalid 1+1"), append(want, "00000009 entra-client-secret-invalid 1")
					testkit.Eventually(t, "all alerts wait", func() bool { return p.waiting(t) == len(alerts) })
					if got := p.incidents(t); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("incidents %v, want %v", got, want)
					}
					var told []string
					for _, d := range p.queued(t, "hub") {
						told = append(told, fmt.Sprintf("%s %s %d+%d", d.Kind, d.Cause.ID, d.Failures.Count, d.Failures.SinceLastAlert))
					}
					slices.Sort(told) // the causes take turns
					slices.Sort(alerts)
					if fmt.Sprint(told) != fmt.Sprint(alerts) {
						t.Errorf("told %v, want %v", told, alerts)
					}
					p.stop()
				})
			}
		}
	}
}

// A log that could not be read at the first look: what is older than that is not
// told, unless it is read from its beginning; what is newer is, once.
func TestOlderThanTheFirstLook(t *testing.T) {
	now := time.Now().UTC()
	at := func(ago time.Duration, layout string) string {
		stamp := now.Add(-ago).Format(layout)
		return stamp + failing(1, 1, refused)[len("2026-01-02 10:00:01,000+0000"):]
	}
	const full = "2006-01-02 15:04:05.000-0700"
	for _, tt := range []struct {
		name  string
		start tailer.Start
		text  string
		want  int
	}{
		{"older", tailer.End, at(time.Second, full) + at(time.Hour, full) + at(9000*time.Hour, full), 0},
		{"newer", tailer.End, at(-time.Hour, full) + at(-2*time.Hour, full), 2},
		{"older and newer", tailer.End, at(time.Hour, full) + at(-time.Hour, full), 1},
		{"by the second", tailer.End, at(time.Minute, time.DateTime) + at(-time.Hour, time.DateTime), 1},
		{"another offset", tailer.End, now.Add(time.Hour).In(time.FixedZone("", -8*3600)).Format(full) + at(0, ""), 1},
		{"no time that can be, in a file made since", tailer.End, "2026-01-02 10:72:00,000+0000" + at(0, ""), 1},
		{"from the beginning", tailer.Beginning, at(time.Hour, full) + at(9000*time.Hour, full), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.starting(tt.start)
			testkit.Eventually(t, "the log was opened", func() bool { return !p.log.Heartbeat().IsZero() })
			w.write(tt.text)
			testkit.Eventually(t, "the log is current", p.log.Current)
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			p = w.starting(tt.start) // knows what has counted
			w.write(strings.Replace(at(-3*time.Hour, full), "00000001-", "00000009-", 1))
			testkit.Eventually(t, "the failure counts", func() bool { return len(p.incidents(t)) == min(tt.want, 1)+1 })
			want := []string{"00000009 entra-client-secret-invalid 1"}
			if tt.want > 0 {
				want = append([]string{fmt.Sprintf("00000001 entra-client-secret-invalid %d", tt.want)}, want...)
			}
			if got := p.incidents(t); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("incidents %v, want %v", got, want)
			}
			p.stop()
		})
	}
}

// starting is live with a setting of where reading begins.
func (w *world) starting(start tailer.Start) *process {
	return w.alter(func(l *pipeline.Log) {
		from, _, err := l.Recorder.Store.Position(l.Checkpoint.Key)
		if err != nil {
			w.t.Fatal(err)
		}
		f := tailer.Follow(w.log(), from, tailer.Options{Start: start})
		w.t.Cleanup(func() { f.Close() })
		l.Reader, l.Checkpoint.Begin = f, f.Position
	})
}
