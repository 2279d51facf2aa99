package pipeline_test

import (
	"fmt"
	"log/slog"
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
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// shift is a recorder in virtual time, which begins on Saturday, 2000-01-01, at 0:00 UTC,
// with a real state file.
type shift struct {
	*testing.T
	dir   string
	conf  *conf.Config
	to    []pipeline.Recipient
	store *store.Store
	rec   *pipeline.Recorder

	mortal bool // it dies after every step
}

func newShift(t *testing.T, windows ...conf.Maintenance) *shift {
	t.Helper()
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Node, c.Maintenance, c.Alerts.Storm, c.Alerts.QuietAfter = "n1", windows, 3, 8*time.Hour
	s := &shift{T: t, dir: filepath.Join(t.TempDir(), "state"), conf: c, to: []pipeline.Recipient{{Name: "hub"}}}
	s.restart()
	t.Cleanup(func() { s.store.Close() })
	return s
}

// restart is the death of the program and its next start, with the configuration as it is
// now.
func (s *shift) restart() {
	s.Helper()
	if s.store != nil {
		s.store.Close()
	}
	var err error
	if s.store, err = store.Open(s.dir, slog.New(slog.DiscardHandler)); err != nil {
		s.Fatal(err)
	}
	s.rec = &pipeline.Recorder{Store: s.store, Rules: incident.NewRules(s.conf), Recipients: s.to}
}

// at lets time pass until a time such as "22:30", on the next day if it is over.
func (s *shift) at(clock string) {
	s.Helper()
	to, err := time.Parse("15:04", clock)
	if err != nil {
		s.Fatal(err)
	}
	now := time.Now().UTC()
	next := time.Date(now.Year(), now.Month(), now.Day(), to.Hour(), to.Minute(), 0, 0, time.UTC)
	if next.Before(now) {
		next = next.AddDate(0, 0, 1)
	}
	time.Sleep(next.Sub(now))
	s.settle()
}

func (s *shift) settle() {
	s.Helper()
	if err := s.rec.Settle(time.Now(), always); err != nil {
		s.Fatal(err)
	}
	if s.mortal {
		s.restart()
	}
}

// fails records failures such as "1a 2b": of integration 1 for the cause a, …
func (s *shift) fails(words string) {
	s.Helper()
	for w := range strings.FieldsSeq(words) {
		severity := conf.SeverityHigh
		if w[1:] == "low" {
			severity = conf.SeverityLow
		}
		err := s.rec.Record(matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: w[:1]},
			Cause: &matchers.Cause{ID: w[1:], Title: w[1:], Severity: severity, Confidence: "certain", Diagnosis: "It fails."}})
		if err != nil {
			s.Fatal(err)
		}
		if s.mortal {
			s.restart()
		}
	}
}

// refreshFails records a failed refresh, which is critical from the second one on.
func (s *shift) refreshFails(integration string) {
	s.Helper()
	err := s.rec.Record(matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: integration},
		Impact: matchers.Impact{Phase: alert.PhaseRefresh}, Cause: &matchers.Cause{ID: "a", Severity: conf.SeverityMedium, Diagnosis: "It fails."}})
	if err != nil {
		s.Fatal(err)
	}
}

// queued compares what was queued for a notifier since the last time, and takes it: each
// with its kind, integration and number, a summary with its members and what has ended.
func (s *shift) queued(notifier string, want ...string) []alert.Alert {
	s.Helper()
	var got []string
	var all []alert.Alert
	for {
		d, ok, err := s.store.Oldest(notifier)
		if err != nil {
			s.Fatal(err)
		}
		if !ok {
			break
		}
		all = append(all, d.Alert)
		of := func(fact string) string {
			var list []string
			values, _ := d.Alert.Data.Facts[fact].([]any)
			for _, v := range values {
				list = append(list, fmt.Sprint(v))
			}
			return strings.Join(list, "")
		}
		data := d.Alert.Data
		line := fmt.Sprintf("%s %s#%d", data.Kind, data.Integration.ID, data.ID.Number())
		if ids := of("integrations"); ids != "" {
			line += " of " + ids
		}
		if ids := of("ended_meanwhile"); ids != "" {
			line += " ended " + ids
		}
		got = append(got, line)
		if err := s.store.Done(notifier, d, nil, notify.Health{}); err != nil {
			s.Fatal(err)
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("at %s %s got %q, want %q", time.Now().UTC().Format("Mon 15:04"), notifier, got, want)
	}
	return all
}

// open are the incidents that the state has, with their numbers of failures.
func (s *shift) open(want string) {
	s.Helper()
	var got []string
	s.store.View(func(tx *store.Tx) {
		for i := range tx.EachIncident() {
			if i.Members == 0 {
				got = append(got, fmt.Sprintf("%s:%d", i.Key, i.Count))
			}
		}
	})
	if strings.Join(got, " ") != want {
		s.Errorf("at %s %q are open, want %q", time.Now().UTC().Format("Mon 15:04"), got, want)
	}
}

// window is one on the first night; its times are hours from the first 0:00.
func window(from, to int, causes ...string) conf.Maintenance {
	day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return conf.Maintenance{From: day.Add(time.Duration(from) * time.Hour), To: day.Add(time.Duration(to) * time.Hour), Causes: causes}
}

// What opens, changes and repeats in a window is counted as always and held back; at its
// end one alert names it, which reminds and ends for its members.
func TestMaintenanceHeldAndSummarized(t *testing.T) {
	for _, mortal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { testHeldAndSummarized(t, mortal) })
	}
}

func testHeldAndSummarized(t *testing.T, mortal bool) {
	s := newShift(t, window(22, 26))
	s.mortal = mortal
	s.at("21:59")
	s.fails("9a")
	s.queued("hub", "opened 9#1")
	s.at("22:00")
	s.fails("1a 2a 3a 4a 5a 1b") // more than make a storm
	s.at("01:59")
	s.fails("1b")
	s.open("1:3 2:1 3:1 4:1 5:1 9:1")
	s.queued("hub")
	s.at("02:00")
	all := s.queued("hub", "storm many#1 of 12345")
	if d := all[0].Data; d.Failures.Count != 7 || !strings.Contains(d.Diagnosis, ": 4 × a; 1 × b.") {
		t.Errorf("it says %+v", d)
	}
	s.settle()
	s.restart()
	s.settle()
	s.queued("hub")
	s.at("03:00")
	s.fails("1b 2a 4a 9a")
	s.queued("hub", "reminder 9#2")
	s.at("06:00")
	s.queued("hub", "storm many#2 of 12345")
	s.fails("4c") // one that fails for another cause leaves it
	s.queued("hub", "changed 4#2")
	s.at("14:00")
	s.queued("hub", "quiet 4#3", "quiet 9#3", "quiet many#3 of 12345")
	s.open("")
}

// Whoever was sent the beginning of an incident before the window is sent its end after it;
// what was held back of one that goes on is in the summary, and its end is sent as well.
func TestMaintenanceOpenedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 34))
		s.to = append(s.to, pipeline.Recipient{Name: "few", MinSeverity: conf.SeverityHigh})
		s.conf.Alerts.Storm = 4
		s.restart()
		s.at("21:00")
		s.fails("1a 2a 3low 7a")
		s.queued("hub", "opened 1#1", "opened 3#1", "opened 2#1", "opened 7#1") // the causes take turns
		s.queued("few", "opened 1#1", "opened 2#1", "opened 7#1")
		s.at("03:00")
		s.fails("2b 3a 4a 7a")
		s.at("05:00") // 1 has been quiet for 8 hours
		s.open("2:2 3:2 4:1 7:2")
		s.fails("1c") // and fails again
		s.at("09:00")
		s.fails("2b 3a 4a")
		s.queued("hub")
		s.queued("few")
		s.at("10:00")
		s.queued("hub", "quiet 1#2", "storm many#1 of 23741")
		s.queued("few", "quiet 1#2", "storm many#1 of 23741")
		s.restart()
		s.settle()
		s.queued("hub")
		s.at("13:00")
		s.queued("hub") // that 7 is quiet is said with the end of all
		s.queued("few")
		s.at("17:00")
		s.queued("hub", "quiet many#2 of 23741") // which ends 2, 3 and 7 too
		s.queued("few", "quiet many#2 of 23741")
	})
}

// The summary names what has ended in the window. If nothing else is left of it, there is
// nothing to act on, and nothing is sent.
func TestMaintenanceEndedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 34))
		s.at("22:00")
		s.fails("1a 2a 3b")
		s.at("05:00")
		s.fails("3b")
		s.at("07:00")
		s.open("3:2")
		s.queued("hub")
		s.restart()
		s.at("10:00")
		s.queued("hub", "storm many#1 of 3 ended 12")
		s.settle()
		s.queued("hub")
		s.at("14:00")
		s.queued("hub", "quiet many#2 of 3 ended 12")
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 34))
		s.at("22:00")
		s.fails("1a")
		s.at("07:00")
		s.at("10:00")
		s.queued("hub")
		s.fails("1a")
		s.queued("hub", "opened 1#1")
	})
}

// A stop in the middle, also one that lasts beyond the end, and a reload that removes the
// window, send what was held back, once.
func TestMaintenanceRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.at("22:00")
		s.fails("1a")
		s.restart()
		s.fails("2a 1a")
		s.restart()
		time.Sleep(5 * time.Hour) // it is down
		s.restart()
		s.settle()
		all := s.queued("hub", "storm many#1 of 12")
		if d := all[0].Data; !strings.Contains(d.Diagnosis, " to 2000-01-02 02:00:00 +00:00 is over.") {
			t.Errorf("it says %s", d.Diagnosis)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.at("22:00")
		s.fails("1a")
		s.at("23:00")
		s.conf.Maintenance = nil
		s.restart()
		s.settle()
		all := s.queued("hub", "storm many#1 of 1")
		if d := all[0].Data; !strings.Contains(d.Diagnosis, " to 2000-01-01 23:00:00 +00:00 is over.") {
			t.Errorf("it says %s", d.Diagnosis)
		}
	})
	synctest.Test(t, func(t *testing.T) { // run --once
		s := newShift(t, window(22, 26))
		s.at("22:00")
		s.fails("1a")
		if err := s.rec.Finish(); err != nil {
			t.Fatal(err)
		}
		s.queued("hub")
		time.Sleep(5 * time.Hour)
		s.restart()
		if err := s.rec.Finish(); err != nil {
			t.Fatal(err)
		}
		s.queued("hub", "storm many#1 of 1")
	})
}

// Windows that overlap end together, and one that covers less releases the rest.
func TestMaintenanceOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26), window(25, 28))
		s.at("23:00")
		s.fails("1a")
		s.at("02:00")
		s.queued("hub")
		s.restart()
		s.settle()
		s.queued("hub")
		s.at("03:00")
		s.fails("1b 2a")
		s.at("04:00")
		all := s.queued("hub", "storm many#1 of 12")
		if d := all[0].Data; !strings.Contains(d.Diagnosis, "from 2000-01-01 22:00:00 +00:00 to 2000-01-02 04:00:00 +00:00") {
			t.Errorf("it says %s", d.Diagnosis)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26), window(25, 28))
		s.at("23:00")
		s.fails("1a")
		s.at("03:00")
		s.at("04:00")
		all := s.queued("hub", "storm many#1 of 1")
		if d := all[0].Data; !strings.Contains(d.Diagnosis, "from 2000-01-01 22:00:00 +00:00 to 2000-01-02 04:00:00 +00:00") {
			t.Errorf("it says %s", d.Diagnosis)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26), window(25, 28, "b"))
		s.at("23:00")
		s.fails("1a 2b")
		s.at("02:00")
		s.queued("hub", "storm many#1 of 1")
		s.at("04:00")
		s.queued("hub", "storm many#1 of 2")
	})
}

// A weekly window goes over midnight, and comes again.
func TestMaintenanceWeekly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, conf.Maintenance{Days: []time.Weekday{time.Saturday}, Begin: 22 * time.Hour, End: 2 * time.Hour, Zone: time.UTC})
		for range 2 {
			s.at("21:00")
			s.fails("1a")
			s.queued("hub", "opened 1#1")
			s.at("01:00")
			s.fails("2a 1b")
			s.queued("hub")
			s.at("02:00")
			s.queued("hub", "storm many#1 of 12")
			s.at("10:00")
			s.queued("hub", "quiet many#2 of 12")
			s.at("23:00") // on Sunday
			s.fails("3a")
			s.queued("hub", "opened 3#1")
			s.at("08:00")
			s.queued("hub", "quiet 3#2")
			time.Sleep(5 * 24 * time.Hour)
		}
	})
}

// A window that is about a cause or an integration holds back nothing else. An incident
// that goes on for another cause is alerted to, by itself.
func TestMaintenanceFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := window(22, 26)
		desk.Integrations = []string{"5"}
		s := newShift(t, window(22, 26, "a"), desk)
		s.at("22:00")
		s.fails("1a 2b 5c 6a")
		s.queued("hub", "opened 2#1")
		s.fails("2a 6b")
		s.queued("hub", "opened 6#2") // what it failed for before was held back
		s.at("02:00")
		s.queued("hub", "storm many#1 of 125")
		s.at("10:00")
		s.queued("hub", "quiet 6#3", "quiet many#2 of 125")
	})
}

// A storm that began before the window waits with its reminders and its end, and alerts by
// itself after it; failures in the window begin none.
func TestMaintenanceStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 34))
		s.at("21:59")
		s.fails("1a 2a 3a 4a")
		s.at("22:00") // before it was alerted to
		s.fails("5a")
		s.queued("hub")
		s.at("06:30") // it has been quiet for 8 hours
		s.open("")
		s.queued("hub")
		s.at("10:00")
		s.queued("hub")
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.at("21:58")
		s.fails("1a 2a 3a 4a")
		time.Sleep(15 * time.Second)
		s.settle()
		s.queued("hub", "storm many#1 of 1234")
		s.at("01:59")
		s.fails("1a 5a")
		s.at("02:00")
		s.queued("hub", "storm many#1 of 5", "storm many#2 of 1234")
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 34))
		s.at("21:58")
		s.fails("1a 2a 3a 4a")
		time.Sleep(15 * time.Second)
		s.settle()
		s.queued("hub", "storm many#1 of 1234")
		s.at("06:00")
		s.fails("5a")
		s.at("10:00")
		s.queued("hub", "quiet many#2 of 1234", "storm many#1 of 5")
	})
}

// An incident that is held back is not in a storm that begins right after the window.
func TestMaintenanceThenStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := window(22, 23)
		w.To = w.From.Add(20 * time.Second)
		s := newShift(t, w)
		s.at("21:59")
		time.Sleep(50 * time.Second)
		s.refreshFails("1")
		s.queued("hub", "opened 1#1")
		time.Sleep(15 * time.Second)
		s.fails("1b") // for another cause
		s.queued("hub")
		time.Sleep(16 * time.Second)
		s.fails("2a 3a 4a 5a")
		time.Sleep(15 * time.Second)
		s.settle()
		s.queued("hub", "storm many#1 of 1", "storm many#1 of 2345")
	})
}

// Two ends of one integration in a window are both sent; and an end is kept for as long as
// the window is, however long that is.
func TestMaintenanceKeepsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 20*24+22))
		s.at("21:00")
		s.fails("1a 2a")
		s.queued("hub", "opened 1#1", "opened 2#1")
		s.at("06:00")
		s.fails("1a")
		s.at("15:00")
		s.open("")
		for range 10 {
			time.Sleep(24 * time.Hour)
			s.fails("3a")
			time.Sleep(9 * time.Hour)
			s.settle() // old incidents are swept when one closes
		}
		s.restart()
		s.at("21:00")
		s.queued("hub")
		time.Sleep(10 * 24 * time.Hour)
		s.settle()
		s.queued("hub", "quiet 1#2", "quiet 2#2")
	})
}

// What is muted meanwhile is not in the summary.
func TestMaintenanceMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.at("22:00")
		s.fails("1a 2b")
		s.conf.Alerts.Mute = []string{"a"}
		s.restart()
		s.at("02:00")
		s.queued("hub", "storm many#1 of 2")
		s.settle()
		s.at("10:00")
		s.queued("hub", "quiet many#2 of 2")
	})
}

// Alerts about the watcher itself are not held back.
func TestMaintenanceBlind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.to = append(s.to, pipeline.Recipient{Name: "ops"})
		s.restart()
		s.at("22:00")
		s.fails("1a")
		if err := s.store.Pause("ops", notify.Health{Circuit: notify.Disabled, Since: time.Now(), Reason: "410 Gone"}); err != nil {
			t.Fatal(err)
		}
		if err := s.rec.CheckNotifiers(time.Now()); err != nil {
			t.Fatal(err)
		}
		s.queued("hub", "blind unknown#1")
	})
}

// An incident that becomes more severe in the window is in the summary, also for a
// notifier to which it was not severe enough.
func TestMaintenanceWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t, window(22, 26))
		s.to = append(s.to, pipeline.Recipient{Name: "few", MinSeverity: conf.SeverityCritical})
		s.restart()
		s.at("21:00")
		s.refreshFails("1")
		s.queued("hub", "opened 1#1")
		s.at("22:00")
		s.refreshFails("1")
		s.queued("few")
		s.at("01:59")
		s.refreshFails("2")
		time.Sleep(time.Minute)
		s.refreshFails("2") // after the window, before the summary
		s.settle()
		s.queued("hub", "storm many#1 of 12")
		s.queued("few", "storm many#1 of 12")
		s.at("12:00")
		s.queued("hub", "quiet many#2 of 12")
		s.queued("few", "quiet many#2 of 12")
	})
}

// What is read from a log in a window is counted, and nothing is queued for a notifier
// before the window is over, whatever process reads.
func TestMaintenanceFromLog(t *testing.T) {
	now := time.Now()
	w := newWorld(t)
	w.conf.Maintenance = []conf.Maintenance{{From: now.Add(-time.Hour), To: now.Add(time.Hour), Integrations: []string{
		testkit.FlowID(1), testkit.FlowID(2)}}}
	p := w.live()
	w.write(failing(1, 1, refused) + failing(1, 2, refused) + failing(3, 3, refused))
	p.counted(t, 3)
	if got := lines(p.queued(t, "hub")); !slices.Equal(got, []string{"opened 00000003"}) {
		t.Errorf("in the window it got %q", got)
	}
	p.stop()
	p = w.live()
	w.write(failing(2, 4, testkit.BadTLS) + failing(2, 5, refused))
	p.counted(t, 5)
	if err := p.rec.Settle(now.Add(59*time.Minute), always); err != nil {
		t.Fatal(err)
	}
	if got := lines(p.queued(t, "hub")); got != nil {
		t.Errorf("in the window it got %q", got)
	}
	p.stop()
	p = w.live()
	for range 2 {
		if err := p.rec.Settle(now.Add(61*time.Minute), always); err != nil {
			t.Fatal(err)
		}
	}
	all := p.queued(t, "hub")
	if got := lines(all); !slices.Equal(got, []string{"storm many"}) {
		t.Fatalf("after the window it got %q", got)
	}
	if d := all[0]; d.Facts["integrations_count"] != "2" || d.Failures.Count != 4 || d.Cause.ID != "entra-client-secret-invalid" {
		t.Errorf("it says %+v", d)
	}
	if err := p.rec.Settle(now.Add(26*time.Hour), always); err != nil {
		t.Fatal(err)
	}
	if got := lines(p.queued(t, "hub")); !slices.Equal(got, []string{"quiet 00000003", "quiet many"}) {
		t.Errorf("at the end it got %q", got)
	}
	p.stop()
}
