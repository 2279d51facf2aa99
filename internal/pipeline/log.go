// Package pipeline is the straight line from a log to the queue of alerts.
package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
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
	checkpoint = time.Second           // a position without failures is stored this often
	idlePoll   = 2 * time.Second       // a quiet log is looked after this often
	bornBefore = 20 * time.Millisecond // a file system's clock may be so far behind the one that is read here
	waitedFor  = time.Millisecond      // what takes longer was not there yet when it was asked for
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
	Earlier  Stats                  // what was counted of the log before a reload

	lines, bytes, text atomic.Int64 // text: wall clock of the last line, nanoseconds

	heartbeat atomic.Int64 // wall clock of the last sign of life, nanoseconds
	current   atomic.Bool
	ended     atomic.Bool
	events    event.Assembler
	batch     batch
	stored    tailer.Position
	at        time.Time     // of the last commit
	counted   store.Counted // the open event, if it is counted already
	troubles  troubles
	foreign   foreign
	jira      atomic.Bool // a header of Jira's was seen
}

// batch is what one read brought: the failures of complete events, the position
// behind the last of these events, and what is missing.
type batch struct {
	failures []failure
	next     tailer.Position
	gaps     []incident.Gap
}

// failure is what to record. counted is the key of the incident that it is
// counted in already: then only its cause is another one than was thought.
type failure struct {
	matchers.Failure
	counted string
}

// Beat is when the log was last looked after; zero before it was first opened.
func (l *Log) Heartbeat() time.Time {
	if n := l.heartbeat.Load(); n != 0 {
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
	if l.Key != "" {
		var err error
		if l.counted, err = l.Recorder.Store.Counted(l.Key); err != nil {
			return err
		}
	}
	wait := time.Duration(0)
	for {
		asked := clock.Now()
		b, err := l.Reader.Block(ctx, wait)
		silent := len(b.Text) == 0
		l.count(b)
		if err := l.recognize(b.Text, clock.Now()); err != nil {
			return err
		}
		if l.Heartbeat().IsZero() && silent && err == nil { // an error: the log has not been looked at, or must be readable
			if err := l.storeBegin(); err != nil {
				return err
			}
		}
		l.events.Block(b, l.take)
		ended := errors.Is(err, io.EOF)
		// Silence makes the last event count, the end of input completes it. An
		// error or a shutdown does neither: its remaining lines may still come.
		switch {
		case ended:
			l.events.Flush(l.take)
		case err == nil && silent && wait > 0 && wait == l.settle():
			e, _ := l.events.Pending()
			l.counted = l.judge(e)
		}
		at := l.events.Complete()
		if at.IsZero() && l.Key != "" && !l.Heartbeat().IsZero() {
			at = l.Begin() // nothing was read so far, but the log may have appeared
		}
		if !at.IsZero() {
			if silent && l.Key != "" && l.settle() == 0 {
				at.Since = l.Begin().Since // the open event is judged: what follows it may be all new
			}
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
		l.heartbeat.Store(now.UnixNano())
		if ctx.Err() == nil && !ended {
			if err := l.checkHealth(now, !silent, waiting); err != nil {
				return err
			}
		}
		switch {
		case ended:
			return l.checkForeign(now, true)
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("log %q: %w", l.Source.Name, err)
		}
		if wait = l.settle(); wait == 0 {
			wait = idlePoll
			if l.batch.next != l.stored {
				wait = checkpoint
			}
		}
	}
}

// begin stores where reading begins, before anything has been read: what is
// written while the program is down must not depend on whether an event had
// been complete before.
func (l *Log) storeBegin() error {
	if l.Key == "" {
		return nil
	}
	l.stored = l.Begin()
	l.batch.next = l.stored
	return l.Recorder.Store.Update(func(tx *store.Tx) error { return tx.SetPosition(l.Key, l.stored) })
}

// settle is the silence that makes the open event count; 0 = none does, since it
// is unrelated so far, or counted already as it is.
func (l *Log) settle() time.Duration {
	e, ok := l.events.Pending()
	if !ok || len(e.Text) == l.counted.Size && isCounted(l.counted, e.Text) {
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
	l.judge(e)
	l.counted = store.Counted{}
}

// judge counts an event if it is a failure, once: of one that was counted before,
// only a cause that its further lines show is news. It returns what is to be
// known of the event while lines may still come.
func (l *Log) judge(e event.Event) store.Counted {
	f, ours := l.Set.Match(e, l.Zone)
	if !ours {
		return store.Counted{}
	}
	now := store.Counted{Incident: l.Recorder.Rules.Key(f), Cause: f.Cause.ID, Size: len(e.Text), Print: fingerprint(e.Text)}
	switch was := l.counted; {
	case isCounted(was, e.Text):
		now.Incident = was.Incident
		switch {
		case was.Size == now.Size || now.Cause == matchers.Unknown:
			now.Cause = was.Cause // the catalogue may have changed; and no news is no correction
		case was.Incident != "" && was.Cause != now.Cause:
			l.batch.failures = append(l.batch.failures, failure{f, was.Incident})
		}
	case l.unwanted(f):
		now.Incident = ""
	default:
		l.batch.failures = append(l.batch.failures, failure{Failure: f})
	}
	return now
}

// isCounted says whether c is the beginning of the event with this text.
func isCounted(c store.Counted, text []byte) bool {
	return c.Size > 0 && c.Size <= len(text) && fingerprint(text[:c.Size]) == c.Print
}

func fingerprint(text []byte) uint64 {
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:8])
}

// unwanted says whether a failure is older than the first look at the log, which
// could not be read then. A header may give less than milliseconds, or no time
// that can be: then the file's birth decides.
func (l *Log) unwanted(f matchers.Failure) bool {
	from := l.events.Complete() // where the event begins
	if from.Since == 0 {
		return false
	}
	at, ok := incident.PlausibleTime(f.Time, clock.Now())
	if !ok {
		return from.Born < from.Since-int64(bornBefore)
	}
	unit := time.Millisecond
	if at.Nanosecond() == 0 {
		unit = time.Second
	}
	return at.Before(time.Unix(0, from.Since).Truncate(unit))
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
			if err := l.Recorder.recordGap(tx, g, l.Source); err != nil {
				return err
			}
		}
		if l.Key == "" {
			return nil
		}
		if err := tx.SetCounted(l.Key, l.counted); err != nil {
			return err
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
