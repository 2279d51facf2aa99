package pipeline

import (
	"bytes"
	"fmt"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

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

// trouble is what the alert says.
func (f foreign) trouble(log incident.Source) incident.Trouble {
	return incident.Trouble{
		Cause: incident.LogForeign, Log: log, Since: f.since, Line: f.first,
		Why: fmt.Sprintf("none of the first %d lines begins with a date, a level and a logger", f.lines),
	}
}

// recognize searches for a Jira header until the first one is found. This is remembered: a Jira
// log stays one.
func (l *Log) recognize(text []byte, now time.Time) error {
	if l.jira.Load() || len(text) == 0 || l.Kind.Optional() { // other logs have other headers
		return nil
	}
	if err := l.restore(); err != nil || l.jira.Load() {
		return err
	}
	var jira bool
	if l.foreign, jira = l.foreign.with(text, now); !jira {
		return nil
	}
	l.jira.Store(true)
	if l.Checkpoint == nil {
		return nil
	}
	return l.Recorder.Store.Update(func(tx *store.Tx) { tx.SetRecognized(l.Checkpoint.Key) })
}

// checkForeign reports, once, that a log does not look like a Jira log, and reports when it turns
// out to be one.
func (l *Log) checkForeign(now time.Time, ended bool) error {
	if err := l.restore(); err != nil {
		return err
	}
	on := !l.jira.Load() && !l.troubles.open[incident.LogForeign] && l.foreign.reported(now, ended)
	return l.report(l.foreign.trouble(l.Source), on, l.jira.Load(), now)
}
