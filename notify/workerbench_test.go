package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// queue is a Queue in memory.
type queue struct {
	mu      sync.Mutex
	waiting []notify.Delivery
	aside   []notify.Delivery
	changed chan struct{}
	broken  error // what every method but Changed returns
	retries []notify.Delivery
	health  notify.Health
	pauses  []time.Time // until when each failed attempt made the queue wait

	receipts map[alert.ID]notify.Receipt
	standing []notify.OpenIncident
	seq      uint64
}

func newQueue(ids ...string) *queue {
	q := &queue{changed: make(chan struct{}), receipts: map[alert.ID]notify.Receipt{}}
	for _, id := range ids {
		q.add(id)
	}
	return q
}

func (q *queue) add(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seq++
	q.waiting = append(q.waiting, notify.Delivery{Seq: q.seq, Queued: time.Now(), Alert: alert.Alert{Data: alert.Data{ID: alert.ID(id)}}})
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *queue) Oldest(string) (notify.Delivery, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.broken != nil || len(q.waiting) == 0 {
		return notify.Delivery{}, false, q.broken
	}
	return q.waiting[0], true, nil
}

func (q *queue) Next(_ string, d notify.Delivery) (notify.Delivery, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := map[string]bool{}
	for _, w := range q.waiting {
		incident := w.Alert.Data.Incident()
		if w.Seq > d.Seq && !seen[string(incident)] {
			return w, true, q.broken
		}
		seen[string(incident)] = true
	}
	return notify.Delivery{}, false, q.broken
}

func (q *queue) Done(_ string, d notify.Delivery, r notify.Receipt, h notify.Health) error {
	q.health = h
	if r != nil {
		q.receipts[d.Alert.Data.Incident()] = r
	}
	return q.remove(d)
}

func (q *queue) Health(string) (notify.Health, error) { return q.health, q.broken }

func (q *queue) OpenIncidents(string) (all []notify.OpenIncident, err error) {
	for _, s := range q.standing {
		if s.Receipt = q.receipts[s.Data.ID]; s.Receipt != nil {
			all = append(all, s)
		}
	}
	return all, q.broken
}

func (q *queue) SetReceipts(_ string, changed map[alert.ID]notify.Receipt) error {
	maps.Copy(q.receipts, changed)
	return q.broken
}

func (q *queue) Pause(_ string, h notify.Health) error {
	q.health = h
	return q.broken
}

func (q *queue) remove(d notify.Delivery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w notify.Delivery) bool { return w.Seq == d.Seq })
	return q.broken
}

func (q *queue) Retry(_ string, d notify.Delivery, h notify.Health) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.health = h
	q.pauses = append(q.pauses, h.NotBefore)
	q.waiting[slices.IndexFunc(q.waiting, func(w notify.Delivery) bool { return w.Seq == d.Seq })] = d
	q.retries = append(q.retries, d)
	return q.broken
}

func (q *queue) SetAside(_ string, d notify.Delivery, h notify.Health) error {
	q.health = h
	q.aside = append(q.aside, d)
	return q.remove(d)
}

func (q *queue) Changed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changed
}

// receiver answers by script and writes down when it was asked for what.
type receiver struct {
	answer func(n int, plain bool) error // n counts from 1; nil = accept all
	hang   time.Duration                 // before each answer …
	hangs  int                           // … of the first so many, 0 = all
	limits *[]time.Duration              // gets how long each attempt may take; nil = is not asked
	start  time.Time
	asked  []string
	at     []time.Duration
	got    []string
}

func (r *receiver) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	line := d.Alert.Data.ID
	if d.Plain {
		line += " plain"
	}
	r.asked, r.at = append(r.asked, string(line)), append(r.at, time.Since(r.start))
	n := len(r.asked)
	if until, ok := ctx.Deadline(); ok && r.limits != nil {
		*r.limits = append(*r.limits, time.Until(until))
	}
	hang := r.hang
	if r.hangs > 0 && n > r.hangs {
		hang = 0
	}
	select {
	case <-time.After(hang):
	case <-ctx.Done():
		return nil, &notify.Error{Err: ctx.Err()}
	}
	if r.answer != nil {
		if err := r.answer(n, d.Plain); err != nil {
			return nil, err
		}
	}
	r.got = append(r.got, string(line))
	return nil, nil
}

func failing(o notify.Outcome, after time.Duration) error {
	return &notify.Error{Outcome: o, RetryAfter: after, Err: errors.New("no")}
}

// bench is a worker with what it works on, in a bubble.
type bench struct {
	*queue
	*receiver
	logged *strings.Builder
	worker *notify.Worker
}

func newBench(q *queue, r *receiver) *bench {
	r.start = time.Now()
	var logged strings.Builder
	return &bench{q, r, &logged, newWorker(r, q, &logged)}
}

func newWorker(to notify.Notifier, q *queue, logged *strings.Builder) *notify.Worker {
	target := notify.Target{Notifier: conf.Notifier{Name: "hub", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}, To: to}
	return notify.NewWorker(target, q, slog.New(slog.NewTextHandler(logged, nil)))
}

// run runs the worker for that long, then stops it and waits for its end.
func (b *bench) run(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := b.worker.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	synctest.Wait()
}

func (b *bench) count(text string) int { return strings.Count(b.logged.String(), text) }

func (b *bench) want(t *testing.T, got, asked []string, aside int) {
	t.Helper()
	if !slices.Equal(b.got, got) || asked != nil && !slices.Equal(b.asked, asked) || len(b.aside) != aside {
		t.Errorf("delivered %q, want %q; asked %q, want %q; %d set aside, want %d\n%s", b.got, got, b.asked, asked, len(b.aside), aside, b.logged)
	}
}
