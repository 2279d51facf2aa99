package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

const (
	unreadableAfter = time.Minute // a log that cannot be read for so long raises an alert
	healthEvery     = time.Second // how often that is checked
)

// Health is the current state of reading a log.
type Health struct {
	Lag     int64 // bytes that have been written but not read yet
	Waiting error // why the log cannot be read, nil = it can
	Absent  bool  // there is no log, and none is required
}

// Health returns the current state. It may be called from any goroutine.
func (l *Log) Health() Health {
	s := l.Reader.Stats()
	h := Health{Lag: s.Lag, Waiting: s.Waiting}
	if l.Kind.Optional() && errors.Is(s.Waiting, fs.ErrNotExist) {
		h.Waiting, h.Absent = nil, true
	}
	return h
}

// troubles is what a log remembers to find out whether it has one.
type troubles struct {
	checked time.Time
	line    time.Time // when text came last, or reading began
	text    bool      // text came since the last check
	waiting time.Time // since when the log cannot be read; zero = it can
}

// checkHealth reports a log that cannot be read for a minute, or has had no line for silent_after,
// and the end of either. waiting is the reason why the log cannot be read, nil = it can.
func (l *Log) checkHealth(now time.Time, text bool, waiting error) {
	if l.Of != nil {
		return // a shipper may send whatever it has, and whenever it wants
	}
	h := &l.troubles
	if text || h.line.IsZero() {
		h.line, h.text = now, h.text || text
	}
	switch {
	case waiting == nil:
		h.waiting = time.Time{}
	case h.waiting.IsZero():
		h.waiting = now
	}
	if now.Sub(h.checked).Abs() < healthEvery {
		return
	}
	h.checked = now
	t := incident.Trouble{Cause: incident.LogUnreadable, Log: l.Source, Since: h.waiting}
	if waiting != nil {
		t.Why = waiting.Error()
	}
	l.report(t, waiting != nil && now.Sub(h.waiting) >= unreadableAfter, waiting == nil, now)
	t = incident.Trouble{
		Cause: incident.LogSilent, Log: l.Source, Since: h.line, Why: "no line for " + l.Silent.String(),
	}
	silent := l.Silent > 0 && waiting == nil && now.Sub(h.line) >= l.Silent
	over := l.Silent == 0 || h.text
	h.text = false
	l.report(t, silent, over, now)
	l.checkForeign(now, false)
}

// report updates the incident of a trouble. on means that it must be reported, over that it has
// ended.
func (l *Log) report(t incident.Trouble, on, over bool, now time.Time) {
	if on || over {
		l.update(func(tx *store.Tx) { l.Recorder.trouble(tx, t, on, now) })
	}
}

// What a log must have without a header of Jira's to be reported. A container's
// standard output may begin with Tomcat's lines, and a log with the rest of a
// stack trace.
const (
	foreignLines = 20
	foreignAfter = 5 * time.Minute // since the first of them was read
)

// foreign is what has been read of a log in which no header of Jira's was seen
// yet.
type foreign struct {
	lines int
	since time.Time
	first string
}

// with is f with the lines of a text that was read at now; jira says whether one of
// them has a Jira header. Lines that continue an event do not count.
func (f foreign) with(text []byte, now time.Time) (after foreign, jira bool) {
	for line := range bytes.Lines(text) {
		if event.IsJira(line) {
			return f, true
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if f.lines++; f.lines == 1 {
			f.since, f.first = now, string(line)
		}
	}
	return f, false
}

// reported reports whether that raises an alert. ended says that nothing more
// is to be read.
func (f foreign) reported(now time.Time, ended bool) bool {
	return f.lines >= foreignLines && (ended || now.Sub(f.since) >= foreignAfter)
}

// recognize searches for a Jira header until the first one is found. This is remembered: a Jira
// log stays one.
func (l *Log) recognize(text []byte, now time.Time) {
	if l.jira.Load() || len(text) == 0 || l.Kind.Optional() || l.Of != nil { // other logs have other headers
		return
	}
	var jira bool
	if l.foreign, jira = l.foreign.with(text, now); !jira {
		return
	}
	if l.jira.Store(true); l.Checkpoint != nil {
		l.update(func(tx *store.Tx) { tx.SetRecognized(l.Checkpoint.Key) })
	}
}

// checkForeign reports, once, that a log does not look like a Jira log, and reports when it turns
// out to be one.
func (l *Log) checkForeign(now time.Time, ended bool) {
	f, jira := l.foreign, l.jira.Load()
	if !jira && !f.reported(now, ended) {
		return
	}
	t := incident.Trouble{
		Cause: incident.LogForeign, Log: l.Source, Since: f.since, Line: f.first,
		Why: fmt.Sprintf("none of the first %d lines begins with a date, a level and a logger", f.lines),
	}
	l.update(func(tx *store.Tx) {
		if jira || !tx.Incident(l.Recorder.Rules.TroubleKey(t)).Open {
			l.Recorder.trouble(tx, t, !jira, now)
		}
	})
}
