package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// opened is the store of a directory, and what opening it said.
func opened(t testing.TB, dir string) (*store.Store, string) {
	t.Helper()
	var said bytes.Buffer
	s, err := store.Open(dir, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, said.String()
}

func update(t testing.TB, s *store.Store, f func(*store.Tx)) {
	t.Helper()
	if err := s.Update(f); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *store.Store, f func(*store.Tx)) {
	t.Helper()
	if err := s.View(f); err != nil {
		t.Fatal(err)
	}
}

func newAlert(id string) alert.Alert {
	at := time.Date(2021, 11, 16, 11, 35, 50, 956e6, time.UTC)
	return alert.Alert{Type: "jira.oauth.opened", Timestamp: at, Data: alert.Data{
		ID: alert.ID(id), Cause: alert.Cause{ID: "cause"}, Facts: map[string]any{"app_id": "x", "scopes": []any{"a", "b"}}, Fix: []alert.Step{}, Links: []alert.Link{},
		Log:      alert.Log{Excerpt: strings.Repeat("text ", 300)},
		Failures: alert.Failures{First: at, Last: at},
	}}
}

func state(key string) incident.State {
	at := time.Date(2021, 11, 16, 11, 35, 50, 956e6, time.UTC)
	return incident.State{Key: key, Open: true, First: at, Last: at, Seen: at, LastAlert: at, Count: 3, Interval: time.Hour,
		CauseAlerted: map[string]time.Time{"a": at}, Content: newAlert(key).Data}
}

func enqueue(ids ...string) func(*store.Tx) {
	return func(tx *store.Tx) {
		for _, id := range ids {
			tx.Enqueue("hub", newAlert(id))
		}
	}
}

// midday is the now of the history in these tests.
var midday = time.Date(2021, 11, 17, 12, 0, 0, 0, time.UTC)

// content is all that a store holds, in words.
func content(t testing.TB, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	for _, log := range []string{"jira", "other"} {
		p, known, err := s.Position(log)
		fmt.Fprintln(&b, log, p, known, err)
	}
	err := s.View(func(tx *store.Tx) {
		all := tx.Incidents()
		fmt.Fprintf(&b, "%d incidents %+v\n", len(all), all)
		hours := tx.Hours(midday, func(string) bool { return true })
		fmt.Fprintln(&b, hours)
		closed := tx.Closed(midday)
		fmt.Fprintln(&b, closed)
		for _, c := range closed {
			d := tx.Delivered("hub", c.Data.ID)
			fmt.Fprintln(&b, d)
		}
	})
	fmt.Fprintln(&b, err)
	waiting, aside, err := s.Waiting()
	fmt.Fprintln(&b, waiting, aside, err)
	for _, notifier := range []string{"hub", "slack"} {
		d, ok, err := s.Oldest(notifier)
		fmt.Fprintf(&b, "%s %d %v %+v %v\n", notifier, d.Seq, ok, d.Alert, err)
	}
	return b.String()
}

// What is stored is there, whole, also after the file was opened anew.
func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	s, said := opened(t, dir)
	if said != "" {
		t.Errorf("a new file says %s", said)
	}
	position := tailer.Position{FilePosition: tailer.FilePosition{Dev: 1, Inode: 1 << 63, Fingerprint: 1<<64 - 1, FingerprintLen: 1024, Offset: 1 << 40}}
	update(t, s, func(tx *store.Tx) {
		tx.SetPosition("jira", position)
		tx.SetPosition("other", tailer.Position{})
		tx.SetIncident(state("k1"))
		tx.SetIncident(state("k2"))
		enqueue("1", "2")(tx)
	})
	for range 2 {
		if got, known, err := s.Position("jira"); got != position || !known || err != nil {
			t.Errorf("Position: %+v %v %v", got, known, err)
		}
		if got, known, err := s.Position("other"); !got.IsZero() || !known || err != nil {
			t.Errorf("Position, zero: %+v %v %v", got, known, err)
		}
		if _, known, err := s.Position("none"); known || err != nil {
			t.Errorf("Position, none: %v %v", known, err)
		}
		view(t, s, func(tx *store.Tx) {
			if got := tx.Incident("k1"); !reflect.DeepEqual(got, state("k1")) {
				t.Errorf("Incident\n got %+v\nwant %+v", got, state("k1"))
			}
			if got := tx.Incident("none"); !reflect.DeepEqual(got, incident.State{}) {
				t.Errorf("Incident, none: %+v", got)
			}
			if got := tx.Incidents(); !reflect.DeepEqual(got, []incident.State{state("k1"), state("k2")}) {
				t.Errorf("Incidents: %+v", got)
			}
		})
		if d, ok, err := s.Oldest("hub"); !ok || err != nil || !reflect.DeepEqual(d.Alert, newAlert("1")) || time.Since(d.Queued) > time.Minute {
			t.Errorf("Oldest: %+v %v %v", d, ok, err)
		}
		s.Close()
		if s, said = opened(t, dir); said != "" {
			t.Errorf("opened again it says %s", said)
		}
	}
	closed := state("k1")
	closed.Open = false
	update(t, s, func(tx *store.Tx) { tx.SetIncident(closed) })
	view(t, s, func(tx *store.Tx) {
		if got := tx.Incidents(); len(got) != 1 {
			t.Errorf("a closed incident is kept: %+v", got)
		}
	})
	if info, err := os.Stat(filepath.Join(dir, "state.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v %v", info.Mode(), err)
	}
}

// An error in the middle of an Update leaves nothing of it, and wakes nobody.
func TestOneTransaction(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	update(t, s, enqueue("0"))
	before, changed := content(t, s), s.Changed()
	failed := errors.New("no")
	if err := s.Update(func(tx *store.Tx) {
		tx.SetPosition("jira", tailer.Position{FilePosition: tailer.FilePosition{Offset: 1}})
		tx.SetIncident(state("k"))
		enqueue("1")(tx)
		tx.Fail(failed)
	}); !errors.Is(err, failed) || err.Error() != "state file: no" {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() { recover() }()
		s.Update(func(tx *store.Tx) { tx.SetIncident(state("k")); panic("no") })
	}()
	if got := content(t, s); got != before {
		t.Errorf("got %s\nwant %s", got, before)
	}
	select {
	case <-changed:
		t.Error("it woke a worker")
	default:
	}
	s.Close()
	if s, said := opened(t, dir); content(t, s) != before || said != "" {
		t.Errorf("after opening: %s %s", said, content(t, s))
	}
}

// Deliveries leave in the order they came; Retry keeps the place and what was
// learnt; Done and SetAside take out; queues do not touch each other; and an
// emptied queue does not begin anew.
func TestQueue(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	if _, ok, err := s.Oldest("hub"); ok || err != nil {
		t.Errorf("Oldest of nothing: %v %v", ok, err)
	}
	update(t, s, enqueue("1", "2", "3"))
	update(t, s, func(tx *store.Tx) { tx.Enqueue("slack", newAlert("s")) })
	d, _, _ := s.Oldest("hub")
	d.Attempts, d.Plain, d.Reason = 3, true, "why"
	if err := s.Retry("hub", d, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	again, ok, err := s.Oldest("hub")
	if !ok || err != nil || again.Seq != d.Seq || again.Attempts != 3 || !again.Plain || again.Reason != "why" || !again.Queued.Equal(d.Queued) {
		t.Errorf("after Retry: %+v, want %+v", again, d)
	}
	if err := s.SetAside("hub", d, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	seq := d.Seq
	for _, want := range []string{"2", "3"} {
		d, _, _ := s.Oldest("hub")
		if string(d.Alert.Data.ID) != want || d.Seq <= seq {
			t.Errorf("Oldest is %s at %d, want %s", d.Alert.Data.ID, d.Seq, want)
		}
		if err := s.Done("hub", d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
		seq = d.Seq
	}
	s.Close()
	s, _ = opened(t, dir)
	update(t, s, enqueue("4"))
	if d, _, _ := s.Oldest("hub"); d.Seq <= seq {
		t.Errorf("place %d after %d", d.Seq, seq)
	}
	waiting, aside, err := s.Waiting()
	if err != nil || !reflect.DeepEqual(waiting, map[string]int{"hub": 1, "slack": 1}) || !reflect.DeepEqual(aside, map[string]int{"hub": 1}) {
		t.Errorf("Waiting: %v %v %v", waiting, aside, err)
	}
	if err := s.Done("nobody", d, nil, notify.Health{}); err != nil {
		t.Errorf("Done of nobody's: %v", err)
	}
}

// Changed is closed by a new delivery and by a changed incident, and by nothing
// else.
func TestChanged(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	changed := s.Changed()
	update(t, s, func(tx *store.Tx) {
		tx.SetPosition("jira", tailer.Position{FilePosition: tailer.FilePosition{Offset: 1}})
	})
	select {
	case <-changed:
		t.Error("a position woke it")
	default:
	}
	for what, f := range map[string]func(*store.Tx){"a delivery": enqueue("1"),
		"an incident": func(tx *store.Tx) { tx.SetIncident(state("k")) }} {
		changed := s.Changed()
		update(t, s, f)
		select {
		case <-changed:
		default:
			t.Errorf("%s did not wake it", what)
		}
		if again := s.Changed(); again == changed {
			t.Errorf("after %s the channel is the old one", what)
		}
	}
}

// What is set aside is bounded; the oldest go.
func TestSetAsideBounded(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	const most = 1000
	for i := range most + 5 {
		if err := s.SetAside("hub", notify.Delivery{Seq: uint64(i + 1), Alert: alert.Alert{Data: alert.Data{ID: alert.ID(fmt.Sprint(i))}}},
			notify.Health{}); err != nil {
			t.Fatal(err)
		}
		if _, aside, _ := s.Waiting(); i == most-1 && aside["hub"] != most {
			t.Errorf("%d are kept before the bound", aside["hub"])
		}
	}
	if _, aside, err := s.Waiting(); err != nil || aside["hub"] != most {
		t.Errorf("%d are kept, want %d (%v)", aside["hub"], most, err)
	}
}

// An Update that changes nothing, or stores what is stored already, writes
// nothing and wakes nobody.
func TestUnchanged(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	store := func() {
		t.Helper()
		update(t, s, func(tx *store.Tx) {
			tx.SetPosition("jira", tailer.Position{FilePosition: tailer.FilePosition{Offset: 1}})
			tx.SetIncident(state("k"))
			tx.SetCounted("jira", store.Counted{})
			tx.SetOpenings("a", incident.Openings{})
		})
		_, err := s.Orphans([]string{"hub"}, midday)
		if err := errors.Join(err, s.SweepReceipts(), s.Pause("hub", notify.Health{}), s.SetReceipts("hub", nil)); err != nil {
			t.Fatal(err)
		}
	}
	store()
	before, changed := fileOf(t, dir), s.Changed()
	store()
	if !bytes.Equal(fileOf(t, dir), before) {
		t.Error("the file has changed")
	}
	select {
	case <-changed:
		t.Error("it woke a worker")
	default:
	}
}

func fileOf(t testing.TB, dir string) []byte {
	t.Helper()
	return []byte(testkit.Read(t, filepath.Join(dir, "state.db")))
}
