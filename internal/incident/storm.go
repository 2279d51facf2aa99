package incident

import (
	"fmt"
	"slices"
	"time"

	"jira-oauth-watcher/notify"
)

const (
	stormWindow  = time.Minute      // incidents that open within it belong together
	stormSettles = 5 * time.Second  // without another one: the storm is told
	stormLatest  = 30 * time.Second // told at the latest, though more keep coming
	maxListed    = 300              // integrations that a storm's alert names
)

// Openings are the incidents that opened of late for one cause, oldest first.
// The zero value has none.
type Openings struct {
	Recent []Opening `json:"recent"`
}

// Opening is one of them.
type Opening struct {
	Key string    `json:"key"` // of the incident
	At  time.Time `json:"at"`  // of its first failure
}

// StormKey is the key of the incident that speaks for all that one cause
// breaks at once.
func StormKey(cause string) string { return "storm-" + cause }

// Open notes that an incident opens, and tells which incidents are a storm by
// that: more than the operator's number of them within a minute, or one more
// for a storm that is on. None is no storm.
func (r *Rules) Open(o Openings, storm, s State) (Openings, []string) {
	if r.conf.Storm == 0 {
		return o, nil
	}
	near := func(at time.Time) bool { return s.First.Sub(at).Abs() < stormWindow }
	recent := slices.DeleteFunc(slices.Clone(o.Recent), func(n Opening) bool { return !near(n.At) })
	recent = append(recent, Opening{s.Key, s.First})
	if storm.Open && near(storm.Joined) {
		return Openings{}, keys(recent)
	}
	if len(recent) > r.conf.Storm {
		return Openings{}, keys(recent)
	}
	return Openings{recent}, nil
}

func keys(all []Opening) []string {
	var keys []string
	for _, o := range all {
		keys = append(keys, o.Key)
	}
	return keys
}

// Join takes an incident into the storm of its cause. hushed says that nobody
// has been told of the incident alone, nor will be.
func (r *Rules) Join(storm, s State, hushed bool, seen time.Time) (State, State) {
	if !storm.Open || s.First.Sub(storm.Last) >= r.conf.QuietAfter {
		storm = State{Key: StormKey(s.Content.Cause.ID), Open: true, First: s.First, Last: s.First, Begun: seen}
	}
	s.Storm, s.Hushed = storm.Key, hushed
	storm = r.also(storm, s, seen)
	storm.Count += s.Count - 1
	storm.Since += s.Count - 1
	storm.Joined, storm.Arrived, storm.Untold = s.First, seen, true
	storm.Members++
	if len(storm.Listed) < maxListed {
		storm.Listed = append(storm.Listed, s.Content.Integration.ID)
	}
	return storm, s
}

// also counts a further failure of one of the storm's incidents.
func (r *Rules) also(storm, s State, seen time.Time) State {
	storm.Count++
	storm.Since++
	storm.Seen = seen
	if s.Last.After(storm.Last) {
		storm.Last = s.Last
	}
	storm.Content = s.Content
	storm.Content.Integration = notify.Integration{ID: "many", KnownBy: "nothing"}
	return storm
}

// Beat takes a failure of one of the storm's incidents into the storm: its new
// state, and the alert that it is worth, if any.
func (r *Rules) Beat(storm, s State, seen time.Time) (State, *notify.Alert) {
	storm = r.also(storm, s, seen)
	return r.TellStorm(storm, seen)
}

// TellStorm tells a storm when no further integration joins it for some
// seconds, and again when some have joined, or when a reminder is due. now is
// the wall clock.
func (r *Rules) TellStorm(s State, now time.Time) (State, *notify.Alert) {
	switch since := now.Sub(s.Begun); {
	case !s.Open || s.Members == 0:
		return s, nil
	case s.Untold && s.Alerts == 0 && (now.Sub(s.Arrived) >= stormSettles || since >= stormLatest),
		s.Untold && s.Alerts > 0 && since >= stormWindow,
		s.Alerts > 0 && r.reminderDue(s, s.Last.Add(max(now.Sub(s.Seen), 0)), now):
		s.Untold, s.Begun = false, now
		return r.tell(s, notify.Storm, s.Last)
	}
	return s, nil
}

// many is what a storm says: what its last failure said, of all its
// integrations.
func many(s State, d notify.Data) notify.Data {
	d.Facts = with(d.Facts, "integrations", slices.Clone(s.Listed))
	d.Facts["integrations_count"] = fmt.Sprint(s.Members)
	d.Diagnosis = fmt.Sprintf("%d integrations began to fail at once, for one cause. The last of them: %s", s.Members, d.Diagnosis)
	return d
}
