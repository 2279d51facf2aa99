package incident

import (
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// State is one incident: what must be remembered to decide and to alert. The zero value is an
// integration that works.
//
// Its JSON is stored. Changing a tag loses the values stored under it, see
// ../store/testdata/state.json.
type State struct {
	Key         string        `json:"key"`
	Node        string        `json:"node,omitempty"` // part of its ID, as its first alert named it
	Open        bool          `json:"open"`
	First       time.Time     `json:"first"` // of the failures' own times
	Last        time.Time     `json:"last"`
	Seen        time.Time     `json:"seen"` // when the last failure was read, by the wall clock
	Count       int           `json:"count"`
	NewFailures int           `json:"since"`    // since the last alert; once there has been one, without muted failures
	Alerts      int           `json:"alerts"`   // so far: part of their IDs
	LastAlert   time.Time     `json:"told"`     // Last at the last alert
	Interval    time.Duration `json:"interval"` // until the next reminder

	// Content is the content of the last failure, redacted. Once there has been an alert, a muted
	// failure does not change it. ContentAt is the time of that failure. Cause is the cause of the
	// last failure that is not muted.
	Content   alert.Data `json:"content"`
	ContentAt time.Time  `json:"of"`
	Cause     string     `json:"cause"`

	// CauseAlerted is when each cause was last alerted to, so that an intermittent cause is
	// alerted to once per repeat_interval.
	CauseAlerted map[string]time.Time `json:"said,omitempty"`

	// CauseChanges is the number of changes of the cause since the last alert. Causes is when each
	// cause was last seen.
	CauseChanges int                  `json:"turns,omitempty"`
	Causes       map[string]time.Time `json:"causes,omitempty"`

	// Background reports whether a mailbox failed, and not only a test.
	Background bool `json:"background,omitempty"`

	// Called is the name of the integration in Jira, "" = not known.
	Called string `json:"called,omitempty"`

	// GivesUp is when Jira stops trying to refresh the token, see deadline.go; zero = not known.
	GivesUp time.Time `json:"gives_up,omitzero"`

	// Resolved is when the connection worked again; zero = not known.
	Resolved time.Time `json:"resolved,omitzero"`

	// Ack is who has acknowledged or snoozed it; nil = no one.
	Ack *alert.Acknowledged `json:"ack,omitempty"`

	// ProbeHost is the host to probe for its cause, "" = none; ProbeAssumed if no failure shows it.
	// Probe is what was found, nil = not probed yet.
	ProbeHost    string       `json:"probe_host,omitempty"`
	ProbeAssumed bool         `json:"probe_assumed,omitempty"`
	Probe        *alert.Probe `json:"probe,omitempty"`

	// Notified are the notifiers for which an alert about this incident was queued: they also get
	// its end. Storm is the key of the group that alerts for this incident. Suppressed reports
	// that there was no separate alert about it.
	Notified   []string `json:"notified,omitempty"`
	Storm      string   `json:"storm,omitempty"`
	Suppressed bool     `json:"hushed,omitempty"`

	// Awaits is the wall-clock time until which the first alert waits for evidence; zero = it does
	// not wait.
	Awaits time.Time `json:"awaits,omitzero"`

	// Tester identifies who made the attempts of an incident whose first alert waits, see Openings.
	Tester string `json:"tester,omitempty"`

	// Held is the maintenance that holds back the alerts of this incident, until a summary
	// names it; nil = none does.
	Held *Held `json:"held,omitempty"`

	// The following fields are for groups only: how many incidents have been its members, the
	// integrations that it names, when the last one opened by its own time and when it arrived by
	// the wall clock, when the first one arrived that no alert has named yet (zero = all are
	// named), and the rest of its state.
	Members int       `json:"members,omitempty"`
	Named   []string  `json:"listed,omitempty"`
	Joined  time.Time `json:"joined,omitzero"`
	Arrived time.Time `json:"arrived,omitzero"`
	Unnamed time.Time `json:"unnamed,omitzero"`
	Group   *Group    `json:"summary,omitempty"`
}

// Unsaid reports whether an alert about the incident, or about a member that it has not named yet,
// may be waiting.
func (s State) Unsaid() bool { return s.Alerts == 0 || !s.Unnamed.IsZero() }

// ID identifies the incident.
func (s State) ID() alert.ID { return alert.NewID(s.Node, s.Key, s.First) }

// LeaveGroup makes the incident one that is alerted to alone.
func (s *State) LeaveGroup() { s.Storm, s.Suppressed, s.Held = "", false, nil }

// Alone reports whether the incident is alerted to alone: no group alerts for it, and no
// maintenance holds it back.
func (s State) Alone() bool { return s.Storm == "" && s.Held == nil }

// added is a list with a value at its end, of which the last n are kept. The given list is not
// changed.
func added[T any](list []T, value T, n int) []T {
	list = append(slices.Clip(list), value)
	return list[max(len(list)-n, 0):]
}

// with is a map with a value. The given map is not changed.
func with[V any](all map[string]V, name string, value V) map[string]V {
	all = maps.Clone(all)
	if all == nil {
		all = map[string]V{}
	}
	all[name] = value
	return all
}
