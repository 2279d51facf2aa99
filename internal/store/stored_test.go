package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// testdata/state5.db.gz is a state file of schema 5, and state5.json what is read from it.
// No state file is written anew when code changes: one in the field does not change
// either. After a new schema, a further pair joins them, written with
//
//	go test ./internal/store -run TestWriteStored -write-stored
var writeStored = flag.Bool("write-stored", false, "write testdata/state5.db.gz and state5.json anew")

var storedPairs = []string{"state", "state5"}

const (
	storedLog  = "/var/atlassian/application-data/jira/log/atlassian-jira.log"
	storedFlow = "00000001-aaaa-4bbb-8ccc-000000000001"
	storedHub  = "hub"  // delivers
	storedBot  = "bot"  // delivers and keeps receipts
	storedDown = "down" // does not deliver
	storedGone = "gone" // is no longer configured
)

var (
	storedNow  = time.Date(2026, 1, 6, 12, 0, 0, 0, time.UTC) // when the file was written
	storedFrom = incident.Source{Name: "jira", Path: storedLog}
)

func storedRules() *incident.Rules {
	return incident.NewRules(&conf.Config{Node: "jira-node-1", Alerts: conf.Alerts{
		RepeatInterval: time.Hour, QuietAfter: 24 * time.Hour, Storm: 2, Burst: conf.Burst{Count: 2, Within: time.Minute}, JiraURL: "https://jira.example.com",
	}})
}

// storedState is a copy of a state file in testdata, opened.
func storedState(t *testing.T, name string) *store.Store {
	t.Helper()
	packed, err := os.Open("testdata/" + name + ".db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "state.db"), string(file))
	s, said := opened(t, dir)
	if said != "" {
		t.Errorf("opening it said %s", said)
	}
	return s
}

// A state file of an earlier version is read as it was meant, every field of
// it: a JSON tag of an incident, an alert or a delivery that changes loses what
// is stored under it.
func TestStored(t *testing.T) {
	for _, pair := range storedPairs {
		if got := readStored(t, storedState(t, pair)); string(got) != testkit.Read(t, "testdata/"+pair+".json") {
			name := filepath.Join(t.ArtifactDir(), pair+".json")
			os.WriteFile(name, got, 0o600)
			t.Errorf("the stored state is read differently: diff %s testdata/%s.json", name, pair)
		}
	}
}

// readStored is all that is read from a state file, as JSON.
func readStored(t *testing.T, s *store.Store) []byte {
	t.Helper()
	type notifier struct {
		Health   notify.Health
		Waiting  int
		Queue    []notify.Delivery
		Aside    []notify.Delivery
		Standing []notify.OpenIncident
		Oldest   uint64
	}
	var all struct {
		Position   tailer.Position
		Counted    store.Counted
		Recognized bool
		Incidents  []incident.State
		Openings   map[string]incident.Openings
		Hours      map[string]map[int]int
		Closed     []store.Closed
		Delivered  map[string]store.Delivered
		Departed   []store.Orphan
		Notifiers  map[string]*notifier
	}
	var err error
	fail := func(more error) { err = errors.Join(err, more) }
	var known bool
	all.Position, known, err = s.Position(storedLog)
	if !known {
		t.Error("the position is not known")
	}
	all.Counted, err = s.Counted(storedLog)
	fail(err)
	all.Openings, all.Hours = map[string]incident.Openings{}, map[string]map[int]int{}
	all.Delivered, all.Notifiers = map[string]store.Delivered{}, map[string]*notifier{}
	fail(s.View(func(tx *store.Tx) {
		all.Recognized = tx.Recognized(storedLog)
		all.Incidents = tx.Incidents()
		fail(err)
		for _, i := range all.Incidents {
			all.Openings[i.Cause] = tx.Openings(i.Cause)
			fail(err)
		}
		hours := tx.Hours(storedNow, func(string) bool { return true })
		fail(err)
		for key, counts := range hours {
			all.Hours[key] = map[int]int{}
			for i, n := range counts {
				if n > 0 {
					all.Hours[key][i] = n
				}
			}
		}
		all.Closed = tx.Closed(storedNow)
		fail(err)
		for _, name := range []string{storedHub, storedBot, storedDown, storedGone} {
			n := &notifier{}
			all.Notifiers[name] = n
			n.Health = tx.Health(name)
			fail(err)
			n.Queue, n.Waiting = tx.Queue(name, 100)
			fail(err)
			n.Aside = tx.Aside(name, 100)
			fail(err)
			for _, c := range all.Closed {
				all.Delivered[name] = tx.Delivered(name, c.Data.ID)
				fail(err)
			}
		}
	}))
	for name, n := range all.Notifiers {
		n.Standing, err = s.OpenIncidents(name)
		fail(err)
		d, _, err := s.Oldest(name)
		fail(err)
		n.Oldest = d.Seq
	}
	all.Departed, err = s.Orphans([]string{storedHub, storedBot, storedDown}, storedNow)
	fail(err)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// acceptor is a receiver that accepts everything.
type acceptor struct{ ids []alert.ID }

func (a *acceptor) Send(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	a.ids = append(a.ids, d.Alert.Data.ID)
	return nil, nil
}

// A state file of an earlier version is continued: a further failure counts on
// in its incident, and what waits is delivered with the IDs that it had.
func TestStoredContinues(t *testing.T) {
	for _, pair := range storedPairs {
		t.Run(pair, func(t *testing.T) {
			s := storedState(t, pair)
			if s.OneSync() {
				t.Error("it has pages that name no transaction, and is synced once in each transaction")
			}
			continues(t, s, storedRules())
		})
	}
}

func continues(t *testing.T, s *store.Store, rules *incident.Rules) {
	f := storedFailure(t, 1, storedNow.Add(2*time.Hour), "AADSTS7000215: Invalid client secret provided.")
	update(t, s, func(tx *store.Tx) {
		before := tx.Incident(rules.Key(f))
		after, a := rules.Step(before, f, storedFrom, storedNow.Add(2*time.Hour))
		if !before.Open || after.Count != before.Count+1 || !after.First.Equal(before.First) || after.Alerts != before.Alerts+1 ||
			a == nil || a.Data.Kind != alert.Reminder || a.Data.ID != before.ID().Alert(before.Alerts+1) {
			t.Errorf("the incident goes on as %+v with %+v", after, a)
		}
		tx.SetIncident(after)
		tx.Enqueue(storedDown, *a)
	})
	var want []alert.ID
	s.View(func(tx *store.Tx) {
		waiting, _ := tx.Queue(storedDown, 100)
		for _, d := range waiting {
			want = append(want, d.Alert.Data.ID)
		}
	})
	receiver := &acceptor{}
	target := notify.Target{Notifier: conf.Notifier{Name: storedDown, RetryFor: 1 << 62, Timeout: time.Minute}, To: receiver}
	if err := notify.NewWorker(target, s, slog.New(slog.DiscardHandler)).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(want) < 4 || !slices.Equal(receiver.ids, want) {
		t.Errorf("delivered %q, want %q", receiver.ids, want)
	}
}

// storedFailure is a failure of the nth integration.
func storedFailure(t *testing.T, n int, at time.Time, text string) matchers.Failure {
	t.Helper()
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("%s https-jsse-nio-8443-exec-3 ERROR admin 755x4397x2 1hk2aem 10.0.0.7 "+
		"/rest/oauth2-client/latest/config/flow/0000000%d-aaaa-4bbb-8ccc-00000000000%[2]d "+
		"[c.a.o.client.rest.resource.AuthorizationCodeFlowResource] Error when fetching authorization response: %s",
		at.Format("2006-01-02 15:04:05,000-0700"), n, text)
	v := set.Diagnose(line, time.UTC)
	if !v.Ours {
		t.Fatalf("no failure: %s", line)
	}
	return v.Failure
}

// storedClock stops until the writer moves it.
type storedClock struct{ clock.Source }

func (c storedClock) Now() time.Time { return storedNow }

// TestWriteStored writes a state file with all that there can be in one.
func TestWriteStored(t *testing.T) {
	if !*writeStored {
		t.Skip("without -write-stored")
	}
	clock.Use(storedClock{})
	dir := t.TempDir()
	s, _ := opened(t, dir)
	rules := storedRules()
	const secret, tenant, consent = "AADSTS7000215: Invalid client secret provided.",
		"AADSTS50194: Application is not configured as a multi-tenant application.", "AADSTS65001: The user has not consented."
	step := func(n int, at time.Time, text string, to ...string) {
		f := storedFailure(t, n, at, text)
		update(t, s, func(tx *store.Tx) {
			before := tx.Incident(rules.Key(f))
			after, a := rules.Step(before, f, storedFrom, at)
			o := tx.Openings(after.Cause)
			if a != nil && a.Data.Kind == alert.Opened {
				o, _ = rules.Lanes(after.Cause, "")[0].Note(o, after, after.First)
			}
			for _, name := range to {
				if a != nil {
					tx.Enqueue(name, *a)
				}
			}
			tx.CountFailure(after.Key, at, storedNow)
			tx.SetIncident(after)
			tx.SetOpenings(after.Cause, o)
		})
	}
	done := func(name, receipt string) {
		d, _, _ := s.Oldest(name)
		var r notify.Receipt
		if receipt != "" {
			r = notify.Receipt(receipt)
		}
		if err := s.Done(name, d, r, notify.Health{Succeeded: storedNow.Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}

	// One integration works again since this morning.
	step(2, storedNow.Add(-30*time.Hour), secret, storedHub)
	done(storedHub, "")
	update(t, s, func(tx *store.Tx) {
		i := tx.Incident("00000002-aaaa-4bbb-8ccc-000000000002")
		i, a := rules.Settle(i, storedNow.Add(-6*time.Hour))
		tx.SetIncident(i)
		tx.Enqueue(storedHub, *a)
	})
	done(storedHub, "")

	// One fails for two causes in turns, and was snoozed.
	for i, text := range []string{secret, tenant, secret, tenant, secret} {
		step(1, storedNow.Add(time.Duration(i-30)*time.Minute), text, storedHub, storedBot, storedDown)
	}
	done(storedHub, "")
	done(storedBot, `{"channel":"C0123","ts":"1767700000.000100"}`)
	update(t, s, func(tx *store.Tx) {
		i := tx.Incident(storedFlow)
		p := alert.Press{Incident: i.ID(), Snooze: time.Hour, By: "Ada", UserID: "U0123", At: storedNow.Add(-time.Minute)}
		tx.SetIncident(rules.Acknowledge(i, p))
	})

	// Three fail at once, for a third cause: a storm that is not alerted yet.
	for n := 3; n <= 5; n++ {
		step(n, storedNow.Add(time.Duration(n-10)*time.Second), consent)
	}
	update(t, s, func(tx *store.Tx) {
		var storm incident.State
		for n := 3; n <= 5; n++ {
			m := tx.Incident(fmt.Sprintf("0000000%d-aaaa-4bbb-8ccc-00000000000%[1]d", n))
			if m.Notified = []string{storedHub}; n == 5 {
				m.Notified = nil
			}
			joining := incident.Joining{State: m, Named: n < 5, At: m.First, Arrived: storedNow}
			storm, m = rules.Join(storm, "storm", joining, storedNow)
			tx.SetIncident(m)
		}
		tx.SetIncident(storm)
	})

	// Lines are lost, and a notifier fails: what it cannot deliver is set aside.
	update(t, s, func(tx *store.Tx) {
		lost, a := rules.Gap(incident.State{}, incident.Gap{Bytes: 1234, Why: "the file was truncated", At: storedNow}, storedFrom)
		trouble, b := rules.Trouble(incident.State{}, incident.Trouble{Cause: incident.NotifierFailing, Name: storedDown, Why: "no_service", Lost: 1,
			Since: storedNow.Add(-time.Hour)}, storedNow)
		tx.SetIncident(lost)
		tx.SetIncident(trouble)
		tx.Enqueue(storedBot, *a)
		tx.Enqueue(storedBot, *b)
		tx.Enqueue(storedDown, *a)
	})
	fares := notify.Health{
		Circuit: notify.Suspended, Since: storedNow.Add(-time.Hour), NotBefore: storedNow.Add(time.Hour), Reason: "no_service",
		Failed: storedNow.Add(-time.Minute), Succeeded: storedNow.Add(-2 * time.Hour), SetAside: 1,
	}
	d, _, _ := s.Oldest(storedDown)
	d.Attempts, d.Plain, d.Reason = 7, true, "invalid_blocks"
	if err := s.SetAside(storedDown, d, fares); err != nil {
		t.Fatal(err)
	}
	reminder := func(n int) func(*store.Tx) {
		return func(tx *store.Tx) {
			i := tx.Incident(fmt.Sprintf("0000000%d-aaaa-4bbb-8ccc-00000000000%[1]d", n))
			a := alert.Alert{Type: "jira.oauth.reminder", Timestamp: storedNow, Data: i.Current()}
			a.Data.Kind, a.Data.ID = alert.Reminder, i.ID().Alert(2)
			tx.Enqueue(storedDown, a)
		}
	}
	for n := 3; n <= 5; n++ {
		update(t, s, reminder(n))
	}
	d, _, _ = s.Oldest(storedDown)
	d.Attempts, d.Plain, d.Reason = 3, true, "no_service"
	if err := s.Retry(storedDown, d, fares); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *store.Tx) { tx.SetReported(storedDown, 1) })

	// A notifier is no longer configured.
	update(t, s, reminder(1))
	update(t, s, func(tx *store.Tx) {
		i := tx.Incident(storedFlow)
		a := alert.Alert{Type: "jira.oauth.opened", Timestamp: storedNow, Data: i.Current()}
		a.Data.ID = i.ID().Alert(1)
		tx.Enqueue(storedGone, a)
	})
	if _, err := s.Orphans([]string{storedHub, storedBot, storedDown}, storedNow.Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}

	update(t, s, func(tx *store.Tx) {
		at := tailer.FilePosition{Dev: 1, Inode: 2, Born: 3, Fingerprint: 4, FingerprintLen: 5, Offset: 6}
		tx.SetRecognized(storedLog)
		tx.SetCounted(storedLog, store.Counted{Incident: storedFlow, Cause: "unknown", Size: 300,
			Fingerprint: 1 << 60})
		tx.SetPosition(storedLog, tailer.Position{
			FilePosition: tailer.FilePosition{Dev: 64768, Inode: 1234, Born: 1767600000e9, Fingerprint: 1 << 61, FingerprintLen: 1024, Offset: 123456},
			Written:      1767700000e9, Before: at, Since: 1767500000e9,
		})
	})
	s.Close()
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	z.Write(fileOf(t, dir))
	z.Close()
	if err := os.WriteFile("testdata/state5.db.gz", packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/state5.json", readStored(t, storedState(t, "state5")), 0o600); err != nil {
		t.Fatal(err)
	}
}
