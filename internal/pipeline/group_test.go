package pipeline_test

import (
	"fmt"
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
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// busy is a shift without maintenance, with the program's defaults for what groups.
func busyShift(t *testing.T, alerts func(*conf.Alerts), to ...pipeline.Recipient) *shift {
	s := newShift(t)
	s.conf.Alerts.Storm, s.conf.Alerts.QuietAfter = 50, 24*time.Hour
	if alerts != nil {
		alerts(&s.conf.Alerts)
	}
	if len(to) > 0 {
		s.to = to
	}
	s.restart()
	return s
}

func tenInTen(a *conf.Alerts) { a.Burst = conf.Burst{Count: 10, Within: 10 * time.Minute} }

// fail records a failure of an integration, known by its application where there is one.
func (s *shift) fail(integration, cause, app string) {
	s.Helper()
	f := matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: integration, KnownBy: alert.ByApp},
		Cause: &matchers.Cause{ID: cause, Title: cause, Severity: conf.SeverityHigh, Diagnosis: "It fails."}, Facts: matchers.Facts{}}
	if app != "" {
		f.Facts["app_id"] = app
	}
	if err := s.rec.Record(f); err != nil {
		s.Fatal(err)
	}
}

// taken are the deliveries of a notifier, which accepts them.
func (s *shift) taken(notifier string) (all []notify.Delivery) {
	s.Helper()
	for {
		d, ok, err := s.store.Oldest(notifier)
		if err != nil {
			s.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, d)
		if err := s.store.Done(notifier, d, nil, notify.Health{}); err != nil {
			s.Fatal(err)
		}
	}
}

// until lets time pass, with the program's looks at what is due.
func (s *shift) until(end time.Time, step time.Duration, each func()) {
	s.Helper()
	for time.Now().Before(end) {
		time.Sleep(min(step, time.Until(end)))
		if err := s.rec.Settle(time.Now(), always); err != nil {
			s.Fatal(err)
		}
		each()
	}
}

func list(d alert.Data, fact string) (all []string) {
	values, _ := d.Facts[fact].([]any)
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// Many integrations that fail for one cause are few messages over five hours of hourly
// failures and the end, each integration is named within two minutes, and each that was sent
// alone is closed where it is kept.
func TestBurst(t *testing.T) {
	for _, tt := range []struct {
		integrations int
		within       time.Duration
	}{{60, 0}, {60, time.Minute}, {60, 10 * time.Minute}, {45, 0}, {45, 10 * time.Minute}, {200, 30 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			s := busyShift(t, tenInTen, pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "pager", Keeps: true, Groups: true})
			begin := time.Now()
			named, sent := map[string]time.Duration{}, 0
			open := map[alert.ID]bool{} // at the pager
			look := func() {
				for _, d := range s.taken("hub") {
					sent++
					data := d.Alert.Data
					for _, id := range append(list(data, "integrations"), data.Integration.ID) {
						if _, known := named[id]; !known {
							named[id] = time.Since(begin)
						}
					}
				}
				for _, d := range s.taken("pager") {
					open[d.Alert.Data.Incident()] = !d.Alert.Data.Kind.Closes()
				}
			}
			for hour := range 6 {
				s.until(begin.Add(time.Duration(hour)*time.Hour-20*time.Minute), 5*time.Second, look)
				s.until(begin.Add(time.Duration(hour)*time.Hour), time.Minute, look)
				for i := range tt.integrations {
					at := begin.Add(time.Duration(hour)*time.Hour + time.Duration(i)*tt.within/time.Duration(tt.integrations))
					s.until(at, 2*time.Second, look)
					s.fail(fmt.Sprint("i", i), "expired", "")
					if tt.within > 0 {
						look()
					}
				}
			}
			s.until(begin.Add(40*time.Hour), time.Minute, look)
			if most := 10 + 8; tt.within <= 10*time.Minute && sent > most {
				t.Errorf("%d in %s: %d messages, want at most %d", tt.integrations, tt.within, sent, most)
			}
			for i := range tt.integrations {
				failed := time.Duration(i) * tt.within / time.Duration(tt.integrations)
				if at, ok := named[fmt.Sprint("i", i)]; !ok || at-failed > 2*time.Minute {
					t.Errorf("%d in %s: integration %d is named %s after it failed (%t)", tt.integrations, tt.within, i, at-failed, ok)
				}
			}
			for id, is := range open {
				if is {
					t.Errorf("%d in %s: %s is not closed at the pager", tt.integrations, tt.within, id)
				}
			}
			s.open("")
			t.Logf("%d in %s: %d messages", tt.integrations, tt.within, sent)
		})
	}
}

// An application that breaks for many causes is a burst too, and counts by its ID in any case.
// What was sent alone keeps its own changed and resolved; the end by silence is one, with all IDs.
func TestBurstOfAnApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 2, Within: time.Minute} })
		for i, id := range strings.Fields("A a B b") {
			s.fail(fmt.Sprint(id, i), fmt.Sprint("c", i), "APP"[:3])
			s.taken("hub")
		}
		s.fail("other", "c9", "another")
		if got := s.taken("hub"); len(got) != 1 || got[0].Alert.Data.Integration.ID != "other" {
			t.Errorf("another application: %d alerts", len(got))
		}
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		all := s.taken("hub")
		if len(all) != 1 || all[0].Alert.Data.Kind != alert.Storm || len(list(all[0].Alert.Data, "incidents")) != 4 {
			t.Fatalf("the burst is %d alerts", len(all))
		}
		if d := all[0].Alert.Data; !strings.HasPrefix(d.Diagnosis, "4 integrations failed within a short time: 1 × c0; 1 × c1; 1 × c2; 1 × c3. The last failure with") ||
			d.ID.Key() != "storm-app-app" {
			t.Errorf("%s says %s", d.ID, d.Diagnosis)
		}
		s.fail("A0", "c7", "app") // sent alone before
		s.fail("b3", "c8", "app") // named in the group only
		s.wants("other causes", s.said("hub"), "changed A0#2")
		s.until(time.Now().Add(110*time.Second), time.Second, func() {})
		s.wants("and then", s.said("hub"), "storm many#2 of 4")
	})
}

// More than storm incidents in a minute are one alert, whatever their causes; what is only known
// by flows is test attempts.
func TestStormOfManyCauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, nil)
		for i := range 3000 {
			id := fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000000", i)
			err := s.rec.Record(matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: id, Flow: id, KnownBy: alert.ByFlow},
				Cause: &matchers.Cause{ID: fmt.Sprint("c", i%64), Title: "x", Severity: conf.SeverityHigh, Diagnosis: "It fails."}})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		s.until(time.Now().Add(2*time.Minute), time.Second, func() {})
		kinds := map[alert.Kind]int{}
		var last alert.Data
		for _, d := range s.taken("hub") {
			last = d.Alert.Data
			kinds[last.Kind]++
		}
		if kinds[alert.Opened] > 0 || kinds[alert.Storm] != 1 || !strings.HasPrefix(last.Diagnosis, "3,000 test attempts failed within a short time: ") {
			t.Errorf("%v, the last says %.200s", kinds, last.Diagnosis)
		}
		if n := len(list(last, "incidents")); n != 300 {
			t.Errorf("%d incidents are listed", n)
		}
	})
}

// The members of a group that all work again end it; its alert says so once, with the IDs of
// those that were named in it only.
func TestGroupResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 1, Within: time.Minute} })
		s.fail("a", "c", "")
		s.taken("hub")
		s.fail("b", "c", "")
		s.fail("d", "c", "")
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		s.taken("hub")
		s.until(time.Now().Add(time.Hour), time.Minute, func() {})
		for _, id := range []string{"b", "a", "d"} {
			s.resolve(id)
		}
		var got []string
		for _, d := range s.taken("hub") {
			got = append(got, fmt.Sprint(d.Alert.Data.Kind, " ", d.Alert.Data.Integration.ID, " ", len(list(d.Alert.Data, "incidents"))))
		}
		if want := []string{"resolved a 0", "resolved many 2"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		s.open("")
	})
}

// A group is not known to work while one that has left it fails for another cause.
func TestGroupIsNotResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 1, Within: time.Minute} })
		for _, id := range []string{"a", "b", "d"} {
			s.fail(id, "c", "")
		}
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		s.fail("a", "z", "")
		s.taken("hub")
		s.resolve("b")
		s.resolve("d")
		s.wants("two of three work", s.said("hub"))
		s.until(time.Now().Add(25*time.Hour), time.Minute, func() {})
		s.wants("silence", s.said("hub"), "quiet a#3", "quiet many#2 of 3")
	})
}

// A notifier that was added while incidents are open is sent each once, under its next number;
// one that has missed more than ten, one alert about them. Who was sent the beginning is sent the
// end, also below its severity and after a mute; who was not, is not.
func TestNotifierIsAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{3, 11} {
			s := busyShift(t, nil)
			for i := range n {
				s.fail(fmt.Sprint("i", i), "c", "")
			}
			if got := len(s.taken("hub")); got != n {
				t.Fatalf("%d alerts", got)
			}
			s.to = append(s.to, pipeline.Recipient{Name: "new"}, pipeline.Recipient{Name: "pager", Keeps: true, Groups: true},
				pipeline.Recipient{Name: "worst", MinSeverity: conf.SeverityCritical})
			for range 2 {
				s.restart()
				if err := s.rec.CatchUp(); err != nil {
					t.Fatal(err)
				}
			}
			got := s.taken("new")
			switch {
			case n <= 10 && (len(got) != n || got[0].Alert.Data.Kind != alert.Opened || got[0].Alert.Data.ID.Number() != 2):
				t.Errorf("of %d it is sent %d, the first %+v", n, len(got), got)
			case n > 10 && (len(got) != 1 || got[0].Alert.Data.Kind != alert.Storm || len(list(got[0].Alert.Data, "incidents")) != n ||
				!strings.Contains(got[0].Alert.Data.Diagnosis, "failed before the notifier new was added")):
				t.Errorf("of %d it is sent %d: %+v", n, len(got), got)
			}
			if got := s.taken("pager"); len(got) != n || got[0].Alert.Data.Kind != alert.Opened {
				t.Errorf("of %d the pager is sent %d", n, len(got))
			}
			s.conf.Alerts.Mute = []string{"c"}
			s.restart()
			s.until(time.Now().Add(25*time.Hour), time.Minute, func() {})
			for name, want := range map[string]int{"hub": n, "new": n, "pager": n, "worst": 0} {
				if ends := s.taken(name); len(ends) != want || want > 0 && ends[0].Alert.Data.Kind != alert.Quiet {
					t.Errorf("of %d, %s is sent %d ends, want %d", n, name, len(ends), want)
				}
			}
		}
	})
}

// A notifier that is removed while alerts wait for it is an alert to the others, until it is back
// or its week is over; an opened that waits for it is followed by its end.
func TestNotifierIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, nil, pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "gone"})
		s.fail("a", "c", "")
		s.taken("hub")
		configured := func(names ...string) {
			s.to = nil
			for _, name := range names {
				s.to = append(s.to, pipeline.Recipient{Name: name})
			}
			s.restart()
			removed, err := s.store.Orphans(names, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.rec.CheckRemoved(removed, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := s.rec.CatchUp(); err != nil {
				t.Fatal(err)
			}
		}
		kinds := func(notifier string) (got []string) {
			for _, d := range s.taken(notifier) {
				got = append(got, fmt.Sprint(d.Alert.Data.Kind, " ", d.Alert.Data.Cause.ID))
			}
			return got
		}
		configured("hub")
		configured("hub")
		if got := kinds("hub"); !slices.Equal(got, []string{"blind notifier-removed"}) {
			t.Errorf("hub is sent %q", got)
		}
		s.until(time.Now().Add(25*time.Hour), time.Minute, func() {})
		if got := kinds("hub"); !slices.Equal(got, []string{"quiet c"}) {
			t.Errorf("hub is sent %q", got)
		}
		configured("hub", "gone")
		if got := kinds("gone"); !slices.Equal(got, []string{"opened c", "quiet c", "sighted notifier-removed"}) && !slices.Equal(got, []string{"opened c", "quiet c"}) {
			t.Errorf("the one that is back is sent %q", got)
		}
		if got := kinds("hub"); !slices.Equal(got, []string{"sighted notifier-removed"}) {
			t.Errorf("hub is sent %q", got)
		}
	})
}

// When the next failure ends an incident, its quiet comes first.
func TestNextFailureEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, nil)
		s.fail("a", "c", "")
		time.Sleep(25 * time.Hour) // the program did not run, or the log is old
		s.fail("a", "c", "")
		var got []string
		for _, d := range s.taken("hub") {
			got = append(got, fmt.Sprint(d.Alert.Data.Kind, "#", d.Alert.Data.ID.Number()))
		}
		if want := []string{"opened#1", "quiet#2", "opened#1"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// What is beyond the limits is counted, and named in one alert: incidents beyond the number that
// may be open, and alerts that a queue has no room for. When there is room, they are sent.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Storm = 0 })
		s.rec.MaxOpen = 3
		for range 2 {
			for i := range 8 {
				s.fail(fmt.Sprint("i", i), "c", "")
			}
		}
		s.until(time.Now().Add(time.Minute), time.Second, func() {})
		all := s.taken("hub")
		var last alert.Data
		for _, d := range all {
			if d.Alert.Data.Kind == alert.Blind {
				last = d.Alert.Data
			}
		}
		if len(all) != 4 || last.Kind != alert.Blind || last.Cause.ID != incident.LimitReached || len(list(last, "not_alerted")) != 5 ||
			!strings.Contains(last.Diagnosis, ", 10 more failures were counted, but not alerted individually.") {
			t.Errorf("%d alerts, the last is %s %s about %v: %s", len(all), last.Kind, last.Cause.ID, list(last, "not_alerted"), last.Diagnosis)
		}
		s.store.View(func(tx *store.Tx) {
			if tx.Open() != 4 {
				t.Errorf("%d incidents are open, want three and the one about the limit", tx.Open())
			}
		})
		s.until(time.Now().Add(25*time.Hour), time.Minute, func() {})
		s.taken("hub")
		s.fail("i7", "c", "") // there is room again
		if got := s.taken("hub"); len(got) != 1 || got[0].Alert.Data.Kind != alert.Opened {
			t.Errorf("when there is room it is sent %d alerts", len(got))
		}
	})
}

func (s *shift) resolve(key string) {
	s.Helper()
	if err := s.rec.Resolve(key, time.Now()); err != nil {
		s.Fatal(err)
	}
}

// said is what was queued for a notifier: kind, integration, number, and how many are named.
func (s *shift) said(notifier string) (got []string) {
	s.Helper()
	for _, d := range s.taken(notifier) {
		x := d.Alert.Data
		line := fmt.Sprint(x.Kind, " ", x.Integration.ID, "#", x.ID.Number())
		if n := len(list(x, "integrations")); n > 0 {
			line += fmt.Sprint(" of ", n)
		}
		if d.Covered {
			line += " covered"
		}
		got = append(got, line)
	}
	return got
}

func (s *shift) wants(what string, got []string, want ...string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// A window that begins while a storm goes on holds back what joins it, and its summary says
// what that failed for.
func TestStormAndMaintenance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, nil)
		for i := range 52 {
			s.fail(fmt.Sprint("A", i), "a", "app")
		}
		now := time.Now()
		s.conf.Maintenance = []conf.Maintenance{{From: now, To: now.Add(2 * time.Minute)}}
		s.restart()
		s.fail("A99", "a", "app")
		s.until(now.Add(5*time.Minute), 10*time.Second, func() {})
		all := s.taken("hub")
		if len(all) != 2 || all[0].Alert.Data.Diagnosis == "" || !strings.Contains(all[0].Alert.Data.Diagnosis+all[1].Alert.Data.Diagnosis, "Maintenance from ") {
			t.Errorf("got %+v", all)
		}
	})
	synctest.Test(t, func(t *testing.T) { // a window that covers one cause of a group does not hold it back
		s := busyShift(t, func(a *conf.Alerts) { a.Storm = 3 })
		now := time.Now()
		for i := range 4 {
			s.fail(fmt.Sprint("A", i), fmt.Sprint("a", i/3), "")
		}
		s.until(now.Add(20*time.Second), time.Second, func() {})
		s.taken("hub")
		s.conf.Maintenance = []conf.Maintenance{{From: now, To: now.Add(5 * time.Hour), Causes: []string{"a0"}}}
		s.restart()
		s.fail("B", "b", "")
		s.until(now.Add(3*time.Minute), time.Second, func() {})
		s.wants("within two minutes", s.said("hub"), "storm many#2 of 5")
	})
	synctest.Test(t, func(t *testing.T) { // a group itself is never in a summary
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 2, Within: time.Hour} })
		for i := range 4 {
			s.fail(fmt.Sprint("A", i), "a", "")
		}
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		now := time.Now()
		s.conf.Maintenance = []conf.Maintenance{{From: now.Add(-time.Minute), To: now.Add(10 * time.Minute)}}
		s.to = append(s.to, pipeline.Recipient{Name: "new"})
		s.restart()
		if err := s.rec.CatchUp(); err != nil {
			t.Fatal(err)
		}
		s.until(now.Add(30*time.Hour), time.Minute, func() {})
		s.wants("hub", s.said("hub"), "storm many#1 of 4", "quiet many#3 of 4") // #2 was for the new one
	})
}

// One integration that works and fails in turns is one, however often it opens.
func TestOneIsNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 3, Within: time.Hour} })
		for range 5 {
			s.fail("A", "expired", "")
			s.wants("a failure", s.said("hub"), "opened A#1")
			time.Sleep(time.Minute)
			s.resolve("A")
			s.wants("it works", s.said("hub"), "resolved A#2")
			time.Sleep(time.Minute)
		}
	})
}

// What is replaced or withdrawn gives no turn away, an opened that is followed by more of its
// incident is not withdrawn, and a group that all have left reminds of nothing.
func TestQueueAndGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Storm, a.RepeatInterval = 0, time.Hour })
		for i := range 5 {
			s.fail(fmt.Sprint("A", i), "a", "")
		}
		for range 2 { // a reminder that replaces another one
			time.Sleep(2 * time.Hour)
			s.fail("A4", "a", "")
		}
		s.fail("B", "b", "")
		s.wants("turns", s.said("hub")[:3], "opened A0#1", "opened B#1", "opened A1#1")
	})
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) {
			a.Burst, a.RepeatInterval = conf.Burst{Count: 2, Within: 24 * time.Hour}, time.Hour
		})
		s.fail("A", "a", "")
		time.Sleep(2 * time.Hour)
		s.fail("A", "a", "")
		s.fail("B", "a", "")
		s.fail("C", "a", "")
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		s.wants("withdrawn", s.said("hub"), "opened A#1", "reminder A#2", "storm many#1 of 3")
	})
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst, a.RepeatInterval = conf.Burst{Count: 2, Within: time.Minute}, time.Hour })
		for i := range 3 {
			s.fail(fmt.Sprint("A", i), "a", "")
		}
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		s.fail("A0", "a", "")
		for i := range 3 {
			s.fail(fmt.Sprint("A", i), "z", "")
		}
		s.wants("all leave", slices.Sorted(slices.Values(s.said("hub"))), "changed A0#2", "changed A1#2", "storm many#1 of 3")
		s.until(time.Now().Add(30*time.Hour), time.Minute, func() {})
		s.wants("in the end", s.said("hub"), "storm many#1 of 3", "quiet many#2 of 3", "quiet many#2 of 3")
	})
}

// What has no room in a queue is sent when there is room, is named until then, and is no lost
// alert; a group's alert that does not fit leaves the one before it.
func TestFullQueue(t *testing.T) {
	bulky := func(id, cause string) matchers.Failure {
		return matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: id, KnownBy: alert.ByApp}, Facts: matchers.Facts{},
			Cause: &matchers.Cause{ID: cause, Title: "a", Severity: conf.SeverityHigh, Diagnosis: strings.Repeat("It fails. ", 2000)}}
	}
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Storm, a.Burst = 0, conf.Burst{Count: 2, Within: time.Minute} },
			pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "other"})
		record := func(f matchers.Failure) {
			if err := s.rec.Record(f); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			record(bulky(fmt.Sprint("burst", i), "b"))
		}
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		for i := range 800 {
			record(bulky(fmt.Sprint("A", i), fmt.Sprint("a", i)))
			s.taken("other")
		}
		for i := range 20 {
			record(bulky(fmt.Sprint("later-", strings.Repeat("x", 3000), i), "b"))
		}
		for range 5 {
			record(bulky("A799", "a799"))
		}
		s.until(time.Now().Add(130*time.Second), time.Second, func() {})
		h, err := s.store.Health("hub")
		if h.Dropped != 0 || err != nil {
			t.Errorf("%d alerts count as lost", h.Dropped)
		}
		s.store.View(func(tx *store.Tx) { // the members of the group are named there, if not one by one
			o := tx.Incident(s.rec.Rules.OverflowKey())
			if !slices.Contains(o.Named, "storm-b") || !slices.Contains(o.Named, "A799") {
				t.Errorf("beyond the limit are %.200q", o.Named)
			}
		})
		got := strings.Join(s.said("hub"), " ")
		if strings.Count(got, "storm many") != 1 || !strings.Contains(got, "blind unknown#1") || strings.Contains(got, " A799#") {
			t.Errorf("got %.500s", got)
		}
		record(bulky("A799", "a799"))
		s.wants("when there is room", s.said("hub"), "opened A799#2")
	})
}

// What is about limits is about the watcher, for whoever is notified of it, and is closed where
// it is kept.
func TestLimitIsOfTheWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, nil, pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "pager", Keeps: true, Groups: true})
		s.rec.MaxOpen = 1
		s.fail("A", "a", "")
		s.fail("B", "a", "")
		s.until(time.Now().Add(20*time.Second), time.Second, func() {})
		s.fail("C", "a", "")
		s.to = append(s.to, pipeline.Recipient{Name: "new"})
		s.restart()
		if err := s.rec.CatchUp(); err != nil {
			t.Fatal(err)
		}
		for _, d := range s.taken("new") {
			if x := d.Alert.Data; x.Integration.ID == alert.Unknown && (x.Kind != alert.Blind || x.Diagnosis == "" || x.Cause.Severity != conf.SeverityHigh) {
				t.Errorf("a new notifier is sent %+v", x)
			}
		}
		s.taken("hub")
		s.taken("pager")
		s.until(time.Now().Add(25*time.Hour), time.Minute, func() {})
		s.wants("hub", s.said("hub"), "blind unknown#3", "quiet A#3") // it reminds of C
		s.wants("pager", s.said("pager"), "blind unknown#3", "quiet A#3", "sighted unknown#4 covered")
	})
}

// What a storm has named and then fails for another cause is a storm again, and not one message
// for each.
func TestStormChangesItsCause(t *testing.T) {
	for _, after := range []time.Duration{3 * time.Second, 22 * time.Second, 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := busyShift(t, nil)
			for i := range 120 {
				s.fail(fmt.Sprint("A", i), "timeout", "")
			}
			s.until(time.Now().Add(after), time.Second, func() {})
			first := len(s.said("hub"))
			for i := range 120 {
				s.fail(fmt.Sprint("A", i), "reset", "")
			}
			s.until(time.Now().Add(3*time.Minute), time.Second, func() {})
			got := s.said("hub")
			if n := first + len(got); n > 55 {
				t.Errorf("after %s: %d messages: %.300q", after, n, got)
			}
			s.until(time.Now().Add(30*time.Hour), time.Minute, func() {})
			if end := s.said("hub"); len(end) > 55 || len(end) == 0 {
				t.Errorf("after %s: the end is %d messages", after, len(end))
			}
			s.open("")
		})
	}
}

// When the next failure of a member comes long after, its group has ended before.
func TestNextFailureEndsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 2, Within: time.Minute} })
		for i := range 4 {
			s.fail(fmt.Sprint("A", i), "a", "")
		}
		time.Sleep(48 * time.Hour)
		s.fail("A1", "a", "")
		got := s.taken("hub")
		for i, want := range []alert.Kind{alert.Storm, alert.Quiet, alert.Opened} {
			if len(got) != 3 || got[i].Alert.Data.Kind != want {
				t.Errorf("%d: %+v", i, got)
			}
		}
	})
}

// What a group had yet to name when the program ended is named before the group ends.
func TestNamedBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, fails := range []bool{true, false} { // what ends it: the next failure, or the clock
			s := busyShift(t, func(a *conf.Alerts) { a.Burst = conf.Burst{Count: 1, Within: time.Minute} })
			s.fail("A", "a", "")
			s.fail("B", "a", "")
			s.until(time.Now().Add(20*time.Second), time.Second, func() {})
			s.fail("C", "a", "")
			s.wants("so far", s.said("hub"), "storm many#1 of 2")
			time.Sleep(90 * time.Hour)
			s.restart()
			want := []string{"storm many#2 of 3", "quiet many#3 of 3"}
			if fails {
				s.fail("C", "a", "")
				want = append(want, "opened C#1")
			} else {
				s.settle()
				s.settle()
			}
			s.wants("the end", s.said("hub"), want...)
		}
	})
}

// A quiet_after that is shorter than a group takes to settle hides none.
func TestQuietBeforeTheGroupSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := busyShift(t, func(a *conf.Alerts) { a.Storm, a.QuietAfter = 2, 5*time.Second })
		for i := range 4 {
			s.fail(fmt.Sprint("A", i), "a", "")
		}
		s.until(time.Now().Add(time.Minute), time.Second, func() {})
		s.wants("at the end", s.said("hub"), "storm many#1 of 4", "quiet many#2 of 4")
	})
}
