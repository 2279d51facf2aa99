package notify_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// choosy is a receiver that answers by what it is sent.
type choosy struct {
	answer func(id string, plain bool) error
	asked  []string
}

func (c *choosy) Send(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	line := d.Alert.Data.ID
	if d.Plain {
		line += " plain"
	}
	c.asked = append(c.asked, string(line))
	return nil, c.answer(string(d.Alert.Data.ID), d.Plain)
}

// A receiver that refuses one text for ever, with whatever answer, holds up
// that alert only: it is tried once more as it is and once plain when another
// one was accepted, then set aside. No alert overtakes one of its own incident.
func TestStuckAlert(t *testing.T) {
	for name, tt := range map[string]struct {
		outcome notify.Outcome
		plain   bool // the plain form is accepted
		within  time.Duration
	}{
		"held":              {notify.BadSettings, false, 5 * time.Minute},
		"held, plain is ok": {notify.BadSettings, true, 5 * time.Minute},
		"tried again":       {notify.Retry, false, 20 * time.Minute},
		"tried, plain ok":   {notify.Retry, true, 20 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue("bad@1#1", "bad@1#2", "good@1#1", "good@1#2")
			to := &choosy{answer: func(id string, plain bool) error {
				if id == "bad@1#1" && !(plain && tt.plain) {
					return failing(tt.outcome, 0)
				}
				return nil
			}}
			b := newBench(q, &receiver{})
			b.worker = newWorker(to, q, b.logged)
			b.run(t, tt.within)
			if len(b.waiting) != 0 {
				t.Errorf("%s: %d still wait", name, len(b.waiting))
			}
			from := slices.Index(to.asked, "good@1#1")
			if want := []string{"good@1#1", "bad@1#1", "bad@1#1 plain", "bad@1#2", "good@1#2"}; from < 0 || !slices.Equal(to.asked[from:], want) {
				t.Errorf("%s: asked %q, want %q in the end", name, to.asked, want)
			}
			if got := len(b.aside); (got == 1) == tt.plain || got > 1 {
				t.Errorf("%s: %d set aside", name, got)
			}
			if b.count("another alert was accepted") != 1 {
				t.Errorf("%s: %s", name, b.logged)
			}
		})
	}
}

// Several texts of that kind before a good one, as alerts of one cause are,
// hold it up no more than one does.
func TestStuckAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("bad1@1#1", "bad2@1#1", "bad1@1#2", "bad3@1#1", "good@1#1")
		to := &choosy{answer: func(id string, _ bool) error {
			if strings.HasPrefix(id, "bad") {
				return failing(notify.BadSettings, 0)
			}
			return nil
		}}
		b := newBench(q, &receiver{})
		b.worker = newWorker(to, q, b.logged)
		b.run(t, 3*time.Hour)
		if got := slices.Index(to.asked, "good@1#1"); got < 0 || got > 7 {
			t.Errorf("asked %q, want the good one as the eighth at the latest", to.asked)
		}
	})
}

// While all are refused, nothing is known of the oldest: it waits, however
// long, is tried at least every second time, and the probes do not come faster.
func TestNobodyIsAtFault(t *testing.T) {
	for _, outcome := range []notify.Outcome{notify.BadSettings, notify.Retry} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue("a@1#1", "b@1#1", "c@1#1")
			to := &choosy{answer: func(string, bool) error { return failing(outcome, 0) }}
			b := newBench(q, &receiver{})
			b.worker = newWorker(to, q, b.logged)
			b.run(t, 12*time.Hour)
			if len(b.aside) != 0 || len(b.waiting) != 3 || b.waiting[0].Plain {
				t.Errorf("outcome %d: %d set aside, %+v waits", outcome, len(b.aside), b.waiting)
			}
			if n := len(to.asked); n > 12*12*2+15 || outcome == notify.BadSettings && n > 12+7 {
				t.Errorf("outcome %d: %d attempts in 12 hours", outcome, n)
			}
			for i := 1; i < len(to.asked); i++ {
				if to.asked[i] != "a@1#1" && to.asked[i-1] != "a@1#1" {
					t.Errorf("outcome %d: asked %q", outcome, to.asked)
					break
				}
				if pause := b.pauses[i].Sub(b.pauses[i-1]); to.asked[i] != "a@1#1" && pause < 8*time.Second {
					t.Errorf("outcome %d: %s after an attempt in place of the oldest one", outcome, pause)
				}
			}
		})
	}
}

// A delivery that is refused in place of a stuck one waits as it is: by itself, that says nothing.
func TestRefusedInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("a@1#1", "b@1#1")
		to := &choosy{answer: func(id string, _ bool) error {
			if id == "b@1#1" {
				return failing(notify.BadMessage, 0)
			}
			return failing(notify.BadSettings, 0)
		}}
		b := newBench(q, &receiver{})
		b.worker = newWorker(to, q, b.logged)
		b.run(t, 12*time.Hour)
		if len(b.aside) != 0 || len(b.waiting) != 2 || b.waiting[1].Plain || b.waiting[1].Attempts == 0 {
			t.Errorf("%d set aside, %+v waits", len(b.aside), b.waiting)
		}
	})
}

// The state file's queue passes over what waits behind one of its own incident.
func TestNextInState(t *testing.T) {
	st, err := store.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.Update(func(tx *store.Tx) {
		for _, id := range []string{"a@1#1", "a@1#2", "b@1#1", "a@1#3", "b@1#2", "c@1#1"} {
			tx.Enqueue("hub", alert.Alert{Data: alert.Data{ID: alert.ID(id), Kind: alert.Changed, Cause: alert.Cause{ID: "cause"}}})
		}
	}); err != nil {
		t.Fatal(err)
	}
	d, ok, err := st.Oldest("hub")
	for _, want := range []string{"a@1#1", "b@1#1", "c@1#1"} {
		if err != nil || !ok || string(d.Alert.Data.ID) != want {
			t.Fatalf("%+v, %t, %v, want %s", d, ok, err, want)
		}
		d, ok, err = st.Next("hub", d)
	}
	if ok || err != nil {
		t.Errorf("%+v behind the last one, %v", d, err)
	}
	if _, ok, err := st.Next("nobody", d); ok || err != nil {
		t.Errorf("found one of nobody, %v", err)
	}
}

// Where all deliveries keep their order, none passes one that fails, and none is given up.
func TestEndless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("bad@1!1", "good@1!1", "good@1!2")
		to := &choosy{answer: func(string, bool) error { return failing(notify.Retry, 0) }}
		target := notify.Target{Notifier: conf.Notifier{Name: notify.Ship, Timeout: time.Minute}, To: to, Endless: true}
		b := newBench(q, &receiver{})
		b.worker = notify.NewWorker(target, q, slog.New(slog.DiscardHandler))
		b.run(t, 48*time.Hour)
		if got := slices.Compact(slices.Clone(to.asked)); !slices.Equal(got, []string{"bad@1!1"}) || len(b.waiting) != 3 || len(b.aside) != 0 {
			t.Errorf("asked %q, %d wait, %d set aside", got, len(b.waiting), len(b.aside))
		}
		if n := len(to.asked); n < 500 {
			t.Errorf("%d attempts in two days", n)
		}
	})
}
