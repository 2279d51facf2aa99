package scan_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// entry is an event that is written at a moment.
type entry struct {
	at   time.Time
	text string
}

// writer is a log that is written while it is read.
type writer struct{ entries []entry }

func (w *writer) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	if len(w.entries) > 0 {
		wait = min(wait, time.Until(w.entries[0].at))
	}
	select {
	case <-ctx.Done():
		return tailer.Block{}, ctx.Err()
	case <-time.After(wait):
	}
	if len(w.entries) == 0 || time.Now().Before(w.entries[0].at) {
		return tailer.Block{}, nil
	}
	text := w.entries[0].text
	w.entries = w.entries[1:]
	return tailer.Block{Text: []byte(text)}, nil
}

func (w *writer) Stats() tailer.Stats { return tailer.Stats{} }
func (w *writer) Gaps() []tailer.Gap  { return nil }

// days is a log of some days whose failures come at full minutes and a half,
// while the clock is looked at at others.
func days(random *rand.Rand, begin time.Time) (entries []entry) {
	at := begin.Add(30 * time.Second)
	messages := []string{badSecret, badTLS, badProxy, "something else"}
	for range 120 {
		at = at.Add([]time.Duration{0, time.Minute, 20 * time.Minute, 3 * time.Hour, 9 * time.Hour, 26 * time.Hour}[min(random.IntN(6), random.IntN(6))])
		entries = append(entries, entry{at, failure(at, random.IntN(4), messages[random.IntN(len(messages))])})
	}
	return append(entries, entry{at.Add(time.Hour), ordinary(at.Add(time.Hour))})
}

// follows is what the service tells about logs that it follows, by path.
func follows(t *testing.T, c *conf.Config, logs map[string][]entry) (told []alert.Alert) {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rec := &pipeline.Recorder{Store: s, Rules: incident.NewRules(c), Recipients: []pipeline.Recipient{{Name: "hub"}}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	var end time.Time
	for path := range logs {
		rec.AccessLog = rec.AccessLog || conf.KindOf(path) == conf.KindAccess
	}
	for path, entries := range logs {
		l := &pipeline.Log{Source: incident.Source{Name: filepath.Base(path), Path: path}, Kind: conf.KindOf(path), Zone: time.UTC,
			Access: c.Jira.AccessLine, Reader: &writer{entries}, Set: func() *matchers.Set { return builtin(t) }, Recorder: rec}
		go func() { ended <- l.Run(ctx) }()
		if last := entries[len(entries)-1].at; last.After(end) {
			end = last
		}
	}
	time.Sleep(15 * time.Second)
	for ; time.Now().Before(end.Add(time.Minute)); time.Sleep(time.Minute) {
		if err := rec.Settle(time.Now(), func(string) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for range logs {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	for {
		d, ok, err := s.Oldest("hub")
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return told
		}
		told = append(told, d.Alert)
		if err := s.Done("hub", d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
}

func dataJSON(t *testing.T, d alert.Data) string {
	t.Helper()
	return asJSON(t, report.Report{Incidents: []report.Incident{{Data: d}}})
}

// scan's incidents are those that the service told when it followed the same
// log: the same ID, kind, cause, words and beginning as in the last alert of
// each, and nothing else.
func TestScanIsRun(t *testing.T) {
	testkit.Pure(t)
	for seed := range uint64(testkit.Fewer(1, 2)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 3))
				entries := days(random, time.Now().UTC())
				a := alerts()
				a.Mute = [][]string{nil, {"tls-certificate-untrusted"}}[seed%2]
				c := &conf.Config{Node: "here", Alerts: a}
				var text strings.Builder
				for _, e := range entries {
					text.WriteString(e.text)
				}
				path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), text.String())
				last := map[string]alert.Data{}
				alerts := follows(t, c, map[string][]entry{path: entries})
				for _, alert := range alerts {
					last[string(alert.Data.Incident())] = alert.Data
				}
				o := options()
				o.Now, o.Rules = time.Now(), func(string) *incident.Rules { return incident.NewRules(c) }
				r := scanned(t, o, path)
				same := 0
				for _, i := range r.Incidents {
					want, known := last[string(i.Data.Incident())]
					delete(last, string(i.Data.Incident()))
					got := i.Data
					switch {
					case !known && (a.Mute == nil || len(i.Causes) != 1 || i.Causes[0].Cause != a.Mute[0]):
						t.Errorf("nobody was told of %s", got.ID)
					case !known:
					case got.ID != want.ID, got.Kind != want.Kind, !got.Failures.First.Equal(want.Failures.First):
						t.Errorf("told %s %s, in the report %s %s\n%+v", want.Kind, want.ID, got.Kind, got.ID, got.Failures)
					case got.Failures.SinceLastAlert == 0: // else the report says what failed since
						got.Failures = want.Failures
						if got, want := dataJSON(t, got), dataJSON(t, want); got != want {
							t.Errorf("told otherwise: %s", testkit.Differ(got, want))
						}
						same++
					}
				}
				if len(last) > 0 || len(alerts) < 20 || same == 0 {
					t.Errorf("%d alerts, %d incidents as told last; not in the report: %v", len(alerts), same, last)
				}
			})
		})
	}
}

// both is what scan reports of logs of one Jira, by kind, and what the service told last of each
// incident when it followed them.
func both(t *testing.T, entries map[conf.Kind][]entry) (incidents []report.Incident, told map[string]alert.Data) {
	t.Helper()
	c, err := conf.Default()
	must(t, err)
	c.Node, c.Jira.Given, c.Alerts = "here", true, alerts()
	dir := t.TempDir()
	logs := map[string][]entry{}
	for kind, entries := range entries {
		path := filepath.Join(dir, logNames[kind])
		logs[path] = slices.SortedStableFunc(slices.Values(entries), func(a, b entry) int { return a.at.Compare(b.at) })
		testkit.Write(t, path, joined(entries))
	}
	told = map[string]alert.Data{}
	for _, alert := range follows(t, c, logs) {
		told[string(alert.Data.Incident())] = alert.Data
	}
	o := withAccess(t)
	o.Now, o.Rules = time.Now(), func(string) *incident.Rules { return incident.NewRules(c) }
	return scanned(t, o, dir).Incidents, told
}

// Of the logs of one Jira, scan's incidents are those that the service told when it followed
// all of them, in the same words.
func TestNightIsRun(t *testing.T) {
	testkit.Pure(t)
	synctest.Test(t, func(t *testing.T) {
		incidents, told := both(t, night(time.Now().UTC().Add(48*time.Hour), "Help desk 365"))
		for _, i := range incidents {
			want, got := told[string(i.Data.Incident())], i.Data
			for _, d := range []*alert.Data{&want, &got} { // either log may be read first
				d.Log, d.Request, d.Mailbox, d.Failures.SinceLastAlert = alert.Log{}, alert.Request{}, nil, 0
			}
			if got, want := dataJSON(t, got), dataJSON(t, want); got != want {
				t.Errorf("told otherwise: %s", testkit.Differ(got, want))
			}
		}
		if len(incidents) != 3 || len(told) != 3 {
			t.Errorf("%d incidents, %d told", len(incidents), len(told))
		}
	})
}

// The same incidents begin, go on and end in scan and in the service, whatever happens.
func TestChaosIsRun(t *testing.T) {
	testkit.Pure(t)
	for seed := range uint64(testkit.Fewer(1, 3)) {
		synctest.Test(t, func(t *testing.T) {
			incidents, told := both(t, chaos(rand.New(rand.NewPCG(seed, 9)), time.Now().UTC().Add(48*time.Hour), 60))
			line := func(d alert.Data) string { return fmt.Sprint(d.ID, " ", d.Kind, " ", d.Integration.ID) }
			for _, i := range incidents {
				want := told[string(i.Data.Incident())]
				delete(told, string(i.Data.Incident()))
				if got, want := line(i.Data), line(want); got != want {
					t.Errorf("seed %d: scan has %s, told %s", seed, got, want)
				}
			}
			for _, d := range told {
				t.Errorf("seed %d: only told: %s", seed, line(d))
			}
			if len(incidents) < 5 {
				t.Errorf("seed %d: only %d incidents", seed, len(incidents))
			}
		})
	}
}

// logNames are logs of Jira by kind.
var logNames = map[conf.Kind]string{
	conf.KindApplication: "atlassian-jira.log", conf.KindIncoming: "atlassian-jira-incoming-mail.log",
	conf.KindDiagnostics: "atlassian-jira-ipd-monitoring.log", conf.KindAccess: "access_log.2000-01-03",
}
