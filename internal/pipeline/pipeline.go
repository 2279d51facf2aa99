// Package pipeline is the straight line from a log to the queue of alerts.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// How long a log must be silent for its last event to count as complete. Jira
// writes an event in one piece, so that a few milliseconds are enough where
// the cause is known already; to a failure without a cause more lines may come.
const (
	settleCertain = 5 * time.Millisecond
	settleUnknown = time.Second
)

const (
	checkpoint = time.Second      // a position without failures is stored this often
	idle       = 2 * time.Second  // a quiet log is looked after this often
	waitedFor  = time.Millisecond // what takes longer was not there yet when it was asked for
)

// Reader is where lines come from.
type Reader interface {
	// Block returns the next whole lines, waiting at most wait for the first
	// one. No text and no error means that there was none for that long; io.EOF
	// means that there will never be more.
	Block(ctx context.Context, wait time.Duration) (tailer.Block, error)
	// Stats tells among other things whether the log can be read at present.
	Stats() tailer.Stats
	// Gaps are the places since the last call where lines are missing.
	Gaps() []tailer.Gap
}

// Log is one followed log.
type Log struct {
	Source   incident.Source
	Zone     *time.Location // of timestamps without an offset
	Reader   Reader
	Set      *matchers.Set
	Recorder *Recorder
	Key      string                 // under which the position is stored; "" = not at all
	Begin    func() tailer.Position // where Reader begins, once it has opened the log; needed with Key
	Silent   time.Duration          // no line for so long is worth an alert; 0 = never
	Earlier  Counts                 // what was counted of the log before a reload

	lines, bytes, text atomic.Int64 // text: wall clock of the last line, nanoseconds

	beat    atomic.Int64 // wall clock of the last sign of life, nanoseconds
	current atomic.Bool
	ended   atomic.Bool
	events  event.Assembler
	batch   batch
	stored  tailer.Position
	at      time.Time // of the last commit
	sight   sight
}

// batch is what one read brought: the failures of complete events, the position
// behind the last of these events, and what is missing.
type batch struct {
	failures []matchers.Failure
	next     tailer.Position
	gaps     []incident.Gap
}

// Beat is when the log was last looked after; zero before it was first opened.
func (l *Log) Beat() time.Time {
	if n := l.beat.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// Current tells whether all that stands in the log has been read, and the log
// can be read.
func (l *Log) Current() bool { return l.current.Load() }

// Ended tells whether Run has returned.
func (l *Log) Ended() bool { return l.ended.Load() }

// Run reads until ctx is done or the input ends, neither of which is an error.
func (l *Log) Run(ctx context.Context) error {
	defer l.ended.Store(true)
	l.events.Find = matchers.Find
	wait := time.Duration(0)
	for {
		asked := clock.Now()
		b, err := l.Reader.Block(ctx, wait)
		silent := len(b.Text) == 0
		l.count(b)
		if l.Beat().IsZero() && silent {
			if err := l.begin(); err != nil {
				return err
			}
		}
		l.events.Block(b, l.take)
		ended := errors.Is(err, io.EOF)
		// Silence and the end of input complete the last event. An error or a
		// shutdown does not: its remaining lines may still come.
		if ended || (err == nil && silent && wait > 0 && wait == l.settle()) {
			l.events.Flush(l.take)
		}
		if at := l.events.Complete(); !at.IsZero() {
			l.batch.next = at
		}
		for _, g := range l.Reader.Gaps() {
			if g.Bytes != 0 { // 0: nothing that was seen is gone
				l.batch.gaps = append(l.batch.gaps, incident.Gap{Bytes: g.Bytes, Why: g.Why, At: g.At})
			}
		}
		if len(l.batch.failures)+len(l.batch.gaps) > 0 || err != nil || clock.Since(l.at) >= checkpoint {
			if err := l.commit(); err != nil {
				return err
			}
		}
		stats, now := l.Reader.Stats(), clock.Now()
		waiting := stats.Waiting
		// A log with lines every second is current too: nothing more is to be
		// read, and what came had to be waited for.
		caughtUp := silent || stats.Lag == 0 && now.Sub(asked) >= waitedFor
		l.current.Store(err == nil && caughtUp && waiting == nil)
		l.beat.Store(now.UnixNano())
		if ctx.Err() == nil && !ended {
			if err := l.look(now, !silent, waiting); err != nil {
				return err
			}
		}
		switch {
		case ended, ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("log %q: %w", l.Source.Name, err)
		}
		if wait = l.settle(); wait == 0 {
			wait = idle
			if l.batch.next != l.stored {
				wait = checkpoint
			}
		}
	}
}

// begin stores where reading begins, before anything has been read: what is
// written while the program is down must not depend on whether an event had
// been complete before.
func (l *Log) begin() error {
	if l.Key == "" {
		return nil
	}
	l.stored = l.Begin()
	l.batch.next = l.stored
	return l.Recorder.Store.Update(func(tx *store.Tx) error { return tx.SetPosition(l.Key, l.stored) })
}

// settle is the silence that completes the open event; 0 = none does, since it
// is nobody's so far.
func (l *Log) settle() time.Duration {
	e, ok := l.events.Pending()
	if !ok {
		return 0
	}
	f, ours := l.Set.Match(e, l.Zone)
	switch {
	case !ours:
		return 0
	case f.Certain():
		return settleCertain
	default:
		return settleUnknown
	}
}

// take looks at a complete event.
func (l *Log) take(e event.Event) {
	if f, ours := l.Set.Match(e, l.Zone); ours {
		l.batch.failures = append(l.batch.failures, f)
	}
}

// commit is the one transaction: incidents, alerts and position together, or
// nothing of it.
func (l *Log) commit() error {
	l.at = clock.Now()
	if len(l.batch.failures)+len(l.batch.gaps) == 0 && l.batch.next == l.stored {
		return nil
	}
	err := l.Recorder.Store.Update(func(tx *store.Tx) error {
		for _, f := range l.batch.failures {
			if err := l.Recorder.record(tx, f, l.Source); err != nil {
				return err
			}
		}
		for _, g := range l.batch.gaps {
			if err := l.Recorder.blind(tx, g, l.Source); err != nil {
				return err
			}
		}
		if l.Key == "" {
			return nil
		}
		return tx.SetPosition(l.Key, l.batch.next)
	})
	if err != nil {
		return err
	}
	l.stored = l.batch.next
	l.batch.failures, l.batch.gaps = l.batch.failures[:0], l.batch.gaps[:0]
	return nil
}
