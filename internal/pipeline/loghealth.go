package pipeline

import (
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

const (
	unreadableAfter = time.Minute // a log that cannot be read for so long is worth an alert
	healthEvery     = time.Second // how often that is looked at
)

// sight is what a log knows about how well it is seen.
type troubles struct {
	looked   time.Time
	line     time.Time // when text came last, or reading began
	text     bool      // text came since the last look
	waiting  time.Time // since when the log cannot be read; zero = it can
	restored bool      // open is as stored
	open     map[string]bool
}

// look tells when the log cannot be read for a minute, or has had no line for
// silent_after, and when that is over. waiting is why it cannot be read, nil =
// it can.
func (l *Log) checkHealth(now time.Time, text bool, waiting error) error {
	s := &l.troubles
	if text || s.line.IsZero() {
		s.line, s.text = now, s.text || text
	}
	switch {
	case waiting == nil:
		s.waiting = time.Time{}
	case s.waiting.IsZero():
		s.waiting = now
	}
	if now.Sub(s.looked).Abs() < healthEvery {
		return nil
	}
	s.looked = now
	t := incident.Trouble{Cause: incident.LogUnreadable, Log: l.Source, Since: s.waiting}
	if waiting != nil {
		t.Why = waiting.Error()
	}
	if err := l.report(t, waiting != nil && now.Sub(s.waiting) >= unreadableAfter, waiting == nil, now); err != nil {
		return err
	}
	t = incident.Trouble{Cause: incident.LogSilent, Log: l.Source, Since: s.line, Why: "no line for " + l.Silent.String()}
	over := l.Silent == 0 || s.text
	s.text = false
	if err := l.report(t, l.Silent > 0 && waiting == nil && now.Sub(s.line) >= l.Silent, over, now); err != nil {
		return err
	}
	return l.checkForeign(now, false)
}

// trouble brings the incident of a trouble up to date: on says that it is
// worth telling, over that it has ended.
func (l *Log) report(t incident.Trouble, on, over bool, now time.Time) error {
	if err := l.restore(); err != nil {
		return err
	}
	if !on && (!over || !l.troubles.open[t.Cause]) {
		return nil
	}
	return l.Recorder.Store.Update(func(tx *store.Tx) (err error) {
		l.troubles.open[t.Cause], _, err = l.Recorder.trouble(tx, t, on, now)
		return err
	})
}

// restore looks up once which troubles were told before a restart, and whether
// the log was known to be Jira's.
func (l *Log) restore() error {
	if l.troubles.restored {
		return nil
	}
	l.troubles.open = map[string]bool{}
	l.troubles.restored = true
	if l.Earlier.Jira {
		l.jira.Store(true)
	}
	return l.Recorder.Store.View(func(tx *store.Tx) error {
		for _, cause := range incident.LogTroubles {
			s, err := tx.Incident(l.Recorder.Rules.TroubleKey(incident.Trouble{Cause: cause, Log: l.Source}))
			if err != nil {
				return err
			}
			l.troubles.open[cause] = s.Open
		}
		if tx.Recognized(l.Key) {
			l.jira.Store(true)
		}
		return nil
	})
}
