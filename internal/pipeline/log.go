// Package pipeline is the straight line from a log to the outbox.
package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/jira"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

const (
	checkpointEvery = time.Second      // a position without failures is stored this often
	idlePoll        = 10 * time.Second // how often a quiet log is polled
	waitedFor       = time.Millisecond // a read that takes longer had to wait for text
)

// Reader is a source of lines.
type Reader interface {
	// Block returns the next complete lines and waits at most wait for the first one. No text and
	// no error means that there were none in that time. io.EOF means that there will be no more.
	Block(ctx context.Context, wait time.Duration) (tailer.Block, error)
	// Stats includes whether the log can be read at present.
	Stats() tailer.Stats
	// Gaps are the ranges with missing lines since the last call.
	Gaps() []tailer.Gap
}

// Acknowledger is a Reader whose lines the sender keeps until they are stored.
type Acknowledger interface {
	// Stored says that all that the text of the last blocks contributes is in the state file. What
	// looks unrelated so far is not waited for.
	Stored()
}

// Log is one followed log.
type Log struct {
	Source     incident.Source
	Kind       conf.Kind
	Zone       *time.Location // for timestamps without an offset
	Access     *regexp.Regexp // the format of access log lines, see matchers.ClickIn; nil = none are read
	Reader     Reader
	Set        func() *matchers.Set // called at the first failure
	Recorder   *Recorder
	Checkpoint *Checkpoint   // nil = the position is not stored
	Silent     time.Duration // time without a line after which an alert is raised; 0 = never
	Earlier    Stats         // of the log before a reload
	Node       string        // the host that sends it; "" = this one
	Of         *Log          // the receiver of this stream, which counts its lines; nil = it is none

	lines, bytes, lastText atomic.Int64 // lastText: wall clock of the last line, nanoseconds

	heartbeat atomic.Int64 // wall clock of the last sign of life, nanoseconds
	current   atomic.Bool
	ended     atomic.Bool
	events    event.Assembler
	open      judged // the open event
	part      bool   // the last read ended within a line
	batch     batch
	stored    tailer.Position
	committed time.Time     // when
	counted   store.Counted // the open event, if it is counted already
	troubles  troubles
	foreign   foreign
	jira      atomic.Bool // a header of Jira's was seen
	probes    incident.Probes
	err       error // what ends Run
}

// Checkpoint is what is required to store the position of a log.
type Checkpoint struct {
	Key   string                 // the key under which it is stored
	Begin func() tailer.Position // where the Reader begins, once it has opened the log
}

// batch is the result of one read: the failures of complete events, the position after the last of
// these events, and the gaps.
type batch struct {
	failures []failure
	probes   []probe
	clicks   []matchers.Click
	next     tailer.Position
	gaps     []incident.Gap
}

func (b batch) empty() bool { return len(b.failures)+len(b.probes)+len(b.clicks)+len(b.gaps) == 0 }

// failure is a failure to record. counted is the key of the incident in which it has already been
// counted; then only its cause is corrected. shipped is what it was shipped as then, if it was.
type failure struct {
	matchers.Failure
	counted string
	shipped alert.ID
}

// probe is what the diagnostics report about a mail server, and the failure that it represents
// if nothing else reports one.
type probe struct {
	matchers.Probe
	failure matchers.Failure
}

// Heartbeat is when the log was last polled, or zero before it was first opened.
func (l *Log) Heartbeat() time.Time {
	if n := l.heartbeat.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// Current reports whether the log can be read and has been read to its end.
func (l *Log) Current() bool { return l.current.Load() }

// Ended reports whether Run has returned.
func (l *Log) Ended() bool { return l.ended.Load() }

// Run reads until ctx is done or the input ends, neither of which is an error.
func (l *Log) Run(ctx context.Context) error {
	defer l.ended.Store(true)
	l.events.Find, l.events.Lines = matchers.Finder(l.Kind), l.Kind.Lines()
	l.jira.Store(l.Earlier.Jira)
	if l.Checkpoint != nil {
		l.counted, l.err = l.Recorder.Store.Counted(l.Checkpoint.Key)
		l.update(func(tx *store.Tx) { l.jira.Store(l.Earlier.Jira || tx.Recognized(l.Checkpoint.Key)) })
	}
	for wait := time.Duration(0); l.err == nil; wait = l.wait() {
		asked := clock.Now()
		b, err := l.Reader.Block(ctx, wait)
		silent, ended := len(b.Text) == 0, errors.Is(err, io.EOF)
		l.part = b.Part
		l.count(b)
		l.recognize(b.Text, clock.Now())
		if l.Heartbeat().IsZero() && silent && err == nil { // an error: it was not opened, or must be readable
			l.storeBegin()
		}
		l.events.Block(b, l.take)
		// Silence makes the last event count, the end of input completes it. An
		// error or a shutdown does neither: its remaining lines may still come.
		switch {
		case ended:
			l.events.Flush(l.take)
		case err == nil && silent && wait > 0 && wait == l.settle():
			e, _ := l.events.Pending()
			l.settled(e)
		}
		l.advance(silent)
		// An event that will count soon takes the position along.
		if !l.batch.empty() || err != nil || clock.Since(l.committed) >= checkpointEvery && (l.settle() == 0 || silent) {
			l.commit(ctx)
		}
		if a, ok := l.Reader.(Acknowledger); ok && l.err == nil && err == nil && l.settle() == 0 {
			a.Stored()
		}
		stats, now := l.Health(), clock.Now()
		if l.Kind == conf.KindAccess {
			l.Recorder.noClicks.Store(stats.Waiting != nil || stats.Absent)
		}
		// A log with lines every second is also current: nothing more is available, and the last
		// lines had to be waited for.
		caughtUp := silent || stats.Lag == 0 && now.Sub(asked) >= waitedFor
		l.current.Store(err == nil && l.err == nil && caughtUp && stats.Waiting == nil)
		l.heartbeat.Store(now.UnixNano())
		switch {
		case ended:
			l.checkForeign(now, true)
			return l.err
		case ctx.Err() != nil:
			return l.err
		}
		if l.checkHealth(now, !silent, stats.Waiting); err != nil && l.err == nil {
			l.err = fmt.Errorf("log %q: %w", l.Source.Name, err)
		}
	}
	return l.err
}

// update runs f in a transaction, unless one has failed.
func (l *Log) update(f func(*store.Tx)) {
	if l.err == nil {
		l.err = l.Recorder.Store.Update(f)
	}
}

// storeBegin stores where reading begins, before anything has been read. Whether lines written
// while the program is down are read must not depend on whether an event was complete before.
func (l *Log) storeBegin() {
	if l.Checkpoint != nil {
		l.stored = l.Checkpoint.Begin()
		l.batch.next = l.stored
		l.update(func(tx *store.Tx) { tx.SetPosition(l.Checkpoint.Key, l.stored) })
	}
}

// advance brings the batch to the end of the last complete event, and adds the
// gaps before it.
func (l *Log) advance(silent bool) {
	at := l.events.Complete()
	if at.IsZero() && l.Checkpoint != nil && !l.Heartbeat().IsZero() {
		at = l.Checkpoint.Begin() // nothing was read so far, but the log may have appeared
	}
	if !at.IsZero() && l.Checkpoint != nil {
		if silent && l.settle() == 0 {
			at.Since = l.Checkpoint.Begin().Since // the open event is judged: all that follows may be new
		}
		l.batch.next = at
	}
	for _, g := range l.Reader.Gaps() {
		if g.Bytes != 0 { // 0: no known bytes were lost
			l.batch.gaps = append(l.batch.gaps, incident.Gap{Bytes: g.Bytes, Why: g.Why, At: g.At})
		}
	}
}

// wait is how long the next read waits for text.
func (l *Log) wait() time.Duration {
	if wait := l.settle(); wait > 0 {
		return wait
	}
	if l.batch.next != l.stored {
		return checkpointEvery
	}
	return clock.ToTick(idlePoll)
}

// commit is the one transaction: incidents, alerts and position together, or none of them.
func (l *Log) commit(ctx context.Context) {
	l.committed = clock.Now()
	if l.err != nil || l.batch.empty() && l.batch.next == l.stored {
		return
	}
	if slices.ContainsFunc(l.batch.failures, func(f failure) bool { return !incident.OnPath(f.Failure, jira.Path) }) {
		l.err = l.Recorder.ask(ctx)
	}
	l.update(func(tx *store.Tx) {
		l.record(tx)
		if l.Checkpoint != nil {
			tx.SetCounted(l.Checkpoint.Key, l.counted)
			tx.SetPosition(l.Checkpoint.Key, l.batch.next)
		}
	})
	if l.err != nil {
		return
	}
	if len(l.batch.failures) > 0 {
		runtime.Gosched() // what was queued is sent before the log is read on
	}
	l.stored = l.batch.next
	l.batch = batch{l.batch.failures[:0], l.batch.probes[:0], l.batch.clicks[:0], l.batch.next, l.batch.gaps[:0]}
}

// record records the batch.
func (l *Log) record(tx *store.Tx) {
	for _, c := range l.batch.clicks { // before failures: they say whose those are
		l.Recorder.recordClick(tx, c)
	}
	for _, f := range l.batch.failures {
		key, shipped := l.Recorder.record(tx, f, l.Source)
		if l.counted.Incident == l.Recorder.Rules.Key(f.Failure) {
			l.counted.Failure = shipped
			l.counted.Incident = key // where the rest of its event corrects it
		}
	}
	for _, p := range l.batch.probes {
		l.Recorder.recordProbe(tx, p, l.Source, clock.Now())
	}
	for _, g := range l.batch.gaps {
		l.Recorder.recordGap(tx, g, l.Source, l.Kind == conf.KindApplication)
	}
}

// Stats are the counters of what was read from a log since the program started.
type Stats struct {
	Lines     int64
	Bytes     int64 // of lines, without the skipped parts of overlong ones
	Rotations int64
	Lost      int64     // bytes known to be lost
	Jira      bool      // a header of Jira's was seen
	Last      time.Time // when the last line was read, by the wall clock; zero = no line was read
}

// count counts a block. It runs for every byte and does little.
func (l *Log) count(b tailer.Block) {
	if len(b.Text) == 0 {
		return
	}
	n := bytes.Count(b.Text, []byte("\n"))
	if b.Text[len(b.Text)-1] != '\n' {
		n++
	}
	for now := clock.Now().UnixNano(); l != nil; l = l.Of {
		l.lines.Add(int64(n))
		l.bytes.Add(int64(len(b.Text)))
		l.lastText.Store(now)
	}
}

// Stats returns the counters. It may be called from any goroutine.
func (l *Log) Stats() Stats {
	read := l.Reader.Stats()
	c := Stats{
		Lines:     l.Earlier.Lines + l.lines.Load(),
		Bytes:     l.Earlier.Bytes + l.bytes.Load(),
		Rotations: l.Earlier.Rotations + read.Rotations,
		Lost:      l.Earlier.Lost + read.LostBytes,
		Jira:      l.jira.Load(),
		Last:      l.Earlier.Last,
	}
	if n := l.lastText.Load(); n != 0 {
		c.Last = time.Unix(0, n)
	}
	return c
}
