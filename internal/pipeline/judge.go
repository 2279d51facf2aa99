package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// How long a log must be silent for its last event to count as complete. Jira
// writes an event in one piece, so that a second look is enough where the cause is known
// already and no part of a line follows; to a failure without a cause more lines may come.
const (
	settleCertain = time.Millisecond
	settleUnknown = time.Second
)

const bornBefore = 20 * time.Millisecond // a file system's clock may lag this far behind the system clock

// judged is what an event is, as far as it has been read.
type judged struct {
	begin tailer.Position
	size  int // of its text
	matchers.Verdict
}

// settle is the silence after which the open event counts; 0 = it does not count by silence,
// because it is unrelated so far or already counted as it is.
func (l *Log) settle() time.Duration {
	e, ok := l.events.Pending()
	if !ok || len(e.Text) == l.counted.Size && isCounted(l.counted, e.Text) {
		return 0
	}
	switch f, ours := l.match(e); {
	case !ours:
		return 0
	case f.Certain() && !l.part:
		return settleCertain
	}
	return settleUnknown
}

// take judges a complete event.
func (l *Log) take(e event.Event) {
	l.settled(e)
	l.counted, l.open = store.Counted{}, judged{}
}

// settled processes an event of which further lines may still arrive.
func (l *Log) settled(e event.Event) {
	switch l.Kind {
	case conf.KindDiagnostics:
		if p, ok := matchers.ProbeIn(e.Text); ok && l.probes.Changes(p) {
			p.At = incident.TimeOf(p.At, clock.Now())
			l.batch.probes = append(l.batch.probes, probe{p, l.Set().Unreachable(p, e.Text, l.Zone)})
		}
	case conf.KindAccess:
		if c, ok := matchers.ClickIn(e.Text, l.Access, l.Zone); ok {
			l.batch.clicks = append(l.batch.clicks, c)
		}
	default:
		l.counted = l.judge(e)
	}
}

// match diagnoses the open event for this kind of log, once for each length of its text.
func (l *Log) match(e event.Event) (matchers.Failure, bool) {
	if at := l.events.Complete(); l.open.begin != at || l.open.size != len(e.Text) {
		l.open = judged{begin: at, size: len(e.Text)}
		if l.events.Find(e.Text) >= 0 { // nearly never; else the catalogue need not be there
			l.open.Verdict = l.Set().Diagnose(string(e.Text), l.Zone)
		}
	}
	l.open.Failure.Node = l.Node
	return l.open.Failure, l.open.Ours
}

// judge counts an event once, if it is a failure. If it was counted before, only a different cause
// that its further lines show is recorded. It returns what to store about the event while lines
// may still arrive.
func (l *Log) judge(e event.Event) store.Counted {
	f, ours := l.match(e)
	if !ours {
		// Jira logs the beginning of a test at the level DEBUG.
		if c, ok := matchers.TestedIn(e, l.Zone); ok && l.Recorder.Rules.OneJira() {
			l.batch.clicks = append(l.batch.clicks, c)
		}
		return store.Counted{}
	}
	now := store.Counted{
		Incident: l.Recorder.Rules.Key(f), Cause: f.Cause.ID, Size: len(e.Text), Fingerprint: fingerprint(e.Text),
	}
	switch was := l.counted; {
	case isCounted(was, e.Text):
		now.Incident, now.Failure = was.Incident, was.Failure
		switch {
		case was.Size == now.Size || now.Cause == matchers.Unknown:
			now.Cause = was.Cause // the catalogue may have changed; and no news is no correction
		case was.Incident != "" && was.Cause != now.Cause:
			l.batch.failures = append(l.batch.failures, failure{Failure: f, counted: was.Incident, shipped: was.Failure})
		}
	case l.unwanted(f):
		now.Incident = ""
	default:
		l.batch.failures = append(l.batch.failures, failure{Failure: f})
	}
	return now
}

// isCounted reports whether c is the beginning of the event with this text.
func isCounted(c store.Counted, text []byte) bool {
	return c.Size > 0 && c.Size <= len(text) && fingerprint(text[:c.Size]) == c.Fingerprint
}

func fingerprint(text []byte) uint64 {
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:8])
}

// unwanted reports whether a failure is older than the first poll of the log, if the log could not
// be read then. If the header has no milliseconds or an impossible time, the file's birth time
// decides.
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
