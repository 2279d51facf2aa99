package incident

import (
	"maps"
	"time"
)

// mentionEvery is how often a notifier mentions people for one cause, at most.
const mentionEvery = 15 * time.Minute

// Mention decides whether a notifier may mention people for the cause now, and records it if so.
func (o Openings) Mention(notifier string, now time.Time) (Openings, bool) {
	recent := func(at time.Time) bool { return now.Sub(at) < mentionEvery && !now.Before(at) } // the clock may have been set back
	if at, ok := o.Mentions[notifier]; ok && recent(at) {
		return o, false
	}
	mentions := map[string]time.Time{notifier: now}
	for name, at := range o.Mentions {
		if name != notifier && recent(at) {
			mentions[name] = at
		}
	}
	o.Mentions = mentions
	return o, true
}

// Unmention reverts a mention that was not delivered.
func (o Openings) Unmention(notifier string) Openings {
	o.Mentions = maps.Clone(o.Mentions)
	delete(o.Mentions, notifier)
	return o
}
