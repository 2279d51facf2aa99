package incident

import (
	"maps"
	"time"
)

// clockSkew is how far the clock of a log may be ahead of this machine's.
const clockSkew = 5 * time.Minute

// maxAhead is how far in the future of the reading an event's time may lie: a
// wrong time zone, not more. Else one bad clock would hold an incident open,
// and silent, until that time has come.
const maxAhead = 26 * time.Hour

// PlausibleTime reports whether the time of an event is plausible for an event that is read at
// seen, and returns the time in a form that JSON can represent.
func PlausibleTime(at, seen time.Time) (time.Time, bool) {
	at = encodable(at)
	return at, !at.IsZero() && !at.After(seen.Add(maxAhead))
}

// TimeOf is the time of an event that is read at seen, or seen if that time is not plausible.
func TimeOf(at, seen time.Time) time.Time {
	if at, ok := PlausibleTime(at, seen); ok {
		return at
	}
	return seen
}

// encodable is a time that JSON can express: a zone such as +24:00 becomes UTC. A state
// that cannot be stored would stop the program at the same line after every restart.
func encodable(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		t = t.UTC()
	}
	if t.UTC().Year() < 1 {
		return time.Time{}
	}
	return t
}

// Shift is an incident after the wall clock was set forward or back by a duration. Its log is
// assumed to use the same clock, unless the two clocks differ by more than a wrong time zone
// explains. With the same clock, its event times are shifted, too, except for the first, which is
// part of the ID.
func (s State) Shift(by time.Duration) State {
	move := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	if s.Seen.Sub(s.Last).Abs() <= maxAhead {
		s.CauseAlerted, s.Causes = maps.Clone(s.CauseAlerted), maps.Clone(s.Causes)
		for _, of := range []map[string]time.Time{s.CauseAlerted, s.Causes} {
			for cause, at := range of {
				of[cause] = at.Add(by)
			}
		}
		move(&s.Last, &s.LastAlert, &s.ContentAt, &s.Joined)
	}
	move(&s.Seen, &s.Awaits, &s.Arrived, &s.Unnamed)
	return s
}

// Ahead is how far the time of an incident's last failure is ahead of the wall-clock time now,
// because the clock was set back unnoticed; 0 = it is not ahead.
func (s State) Ahead(now time.Time) time.Duration {
	if ahead := s.Seen.Sub(now); ahead > clockSkew {
		return ahead
	}
	return 0
}

// recheck is how often an incident is checked again that is due, but whose alert must wait, such
// as one that maintenance holds back.
const recheck = time.Minute

// Due is the wall-clock time at which time alone may change an incident, zero = never. Settle has
// nothing to do before that. after is when Settle last found nothing to do, zero = not yet.
func (r *Rules) Due(s State, after time.Time) (due time.Time) {
	if !s.Open || s.Lasting() {
		return time.Time{}
	}
	consider := func(at time.Time) {
		if !at.After(after) {
			at = after.Add(recheck)
		}
		due = earliest(due, at)
	}
	consider(s.Seen.Add(r.conf.QuietAfter))
	if s.Alerts == 0 && !s.Awaits.IsZero() {
		consider(s.Awaits)
	}
	if !s.Unnamed.IsZero() {
		consider(s.Unnamed.Add(groupLatest))
		if s.Alerts == 0 {
			consider(s.Arrived.Add(groupSettles))
		}
	}
	acknowledged := s.Ack != nil && s.Ack.Until.IsZero()
	if s.Alerts == 0 || s.NewFailures == 0 || r.conf.RepeatInterval == 0 || !s.Alone() || acknowledged {
		return due
	}
	reminder := s.Seen.Add(s.LastAlert.Add(r.interval(s)).Sub(s.Last))
	if notice := s.GivesUp.Add(-deadlineNotice); !s.GivesUp.IsZero() && s.LastAlert.Before(notice) {
		reminder = earliest(reminder, s.Seen.Add(notice.Sub(s.Last)))
	}
	if s.Ack != nil && s.Ack.Until.After(reminder) {
		reminder = s.Ack.Until
	}
	consider(reminder)
	return due
}
