package notify_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// limiting is a receiver that answers the first edit with a limit.
type limiting struct {
	start       time.Time
	edits, sent []time.Duration
}

func (l *limiting) Send(context.Context, notify.Delivery) (notify.Receipt, error) {
	l.sent = append(l.sent, time.Since(l.start))
	return notify.Receipt(`{}`), nil
}

func (l *limiting) Refresh(context.Context, []notify.OpenIncident) (map[alert.ID]notify.Receipt, time.Duration, error) {
	l.edits = append(l.edits, time.Since(l.start))
	if len(l.edits) == 1 {
		return nil, 0, failing(notify.Retry, 30*time.Minute)
	}
	return nil, 0, nil
}

// The pause that a receiver asks for in its answer to an edit holds for
// deliveries and further edits too, and across restarts; the notifier counts as
// well.
func TestLimitOfEdits(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue("1@1#1")
			q.standing = []notify.OpenIncident{{Data: alert.Data{ID: "1@1"}}}
			to := &limiting{start: time.Now()}
			b := newBench(q, &receiver{})
			b.worker = newWorker(to, q, b.logged)
			time.AfterFunc(10*time.Minute, func() { b.add("2@1#1") })
			if restart {
				b.run(t, 5*time.Minute)
				b.worker = newWorker(to, q, b.logged)
			}
			b.run(t, time.Hour)
			if len(to.edits) < 2 || to.edits[1] < 30*time.Minute || len(to.sent) != 2 || to.sent[1] != 30*time.Minute {
				t.Errorf("restart %t: edits at %s, deliveries at %s, want none before 30m", restart, to.edits, to.sent)
			}
			if b.health.Circuit != notify.Closed || b.health.SetAside != 0 {
				t.Errorf("restart %t: %+v", restart, b.health)
			}
		})
	}
}

// following is a receiver that still has so many things to say of what it was sent.
type following struct{ left int }

func (*following) Send(context.Context, notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt(`{}`), nil
}

func (f *following) Refresh(context.Context, []notify.OpenIncident) (map[alert.ID]notify.Receipt, time.Duration, error) {
	switch f.left--; {
	case f.left > 0:
		return nil, time.Second, nil
	case f.left == 0:
		return nil, time.Minute, nil // a number of failures that changes
	}
	return nil, 0, nil
}

// Drain ends when what follows a delivery was sent, too, and waits for nothing that can come later.
func TestDrainFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("1@1#1")
		q.standing = []notify.OpenIncident{{Data: alert.Data{ID: "1@1"}}}
		to, start := &following{left: 3}, time.Now()
		b := newBench(q, &receiver{})
		if err := newWorker(to, q, b.logged).Drain(t.Context()); err != nil || to.left != 0 || time.Since(start) > 10*time.Second {
			t.Errorf("%v, %d left after %s", err, to.left, time.Since(start))
		}
	})
}

// The state file keeps such a pause.
func TestPauseInState(t *testing.T) {
	dir := t.TempDir()
	until := time.Now().Add(time.Hour).UTC().Round(0)
	for _, first := range []bool{true, false} {
		st, err := store.Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if first {
			if err := st.Pause("hub", notify.Health{NotBefore: until}); err != nil {
				t.Error(err)
			}
		} else if h, err := st.Health("hub"); err != nil || !h.NotBefore.Equal(until) {
			t.Errorf("%+v, %v, want until %s", h, err, until)
		}
		st.Close()
	}
}
