package incident

import (
	"slices"
	"strings"
	"time"
)

// Openings are the incidents that opened recently in one lane, oldest first. In the lane of a
// cause, they also record who failed in them, and when each notifier mentioned people for them.
// The zero value is empty.
type Openings struct {
	Recent   []Opening            `json:"recent"`
	Folds    []Fold               `json:"folds,omitempty"`    // see fold.go
	Mentions map[string]time.Time `json:"mentions,omitempty"` // see mention.go
}

// Opening is one incident that opened recently.
type Opening struct {
	Key string    `json:"key"` // of the incident
	At  time.Time `json:"at"`  // of its first failure
}

// Lane is where new incidents are counted to find out whether they are too many for one alert
// each.
type Lane struct {
	Name   string // of its Openings
	Group  string // the key of the group that begins when they are too many
	limit  int
	within time.Duration
}

// AppLane is the prefix of the names of application lanes. No ID of a cause contains a colon.
const AppLane = "app:"

// Lanes are the lanes of a new incident with a cause and an application ("" = not known), the most
// specific first: its cause, its application, and all incidents.
func (r *Rules) Lanes(cause, app string) (lanes []Lane) {
	if b := r.conf.Burst; b.Count > 0 {
		lanes = append(lanes, Lane{cause, "storm-" + cause, b.Count, b.Within})
		if app = strings.ToLower(app); app != "" {
			lanes = append(lanes, Lane{AppLane + app, "storm-app-" + app, b.Count, b.Within})
		}
	}
	if r.conf.Storm > 0 {
		lanes = append(lanes, Lane{"storm:", "storm", r.conf.Storm, stormWindow})
	}
	return lanes
}

// IsOn reports whether an incident that opens at a given time belongs to g, the group of the lane,
// which is still open.
func (l Lane) IsOn(g State, at time.Time) bool { return g.Open && g.IsGroup() && l.near(at, g.Joined) }

func (l Lane) near(a, b time.Time) bool { return a.Sub(b).Abs() < l.within }

// Note records that an incident opens, or fails for another cause, at a given time. If there are
// now too many incidents for one alert each, it returns them, including this one; otherwise none.
func (l Lane) Note(o Openings, s State, at time.Time) (Openings, []Opening) {
	// Two logs may be read alternately, one an hour later than the other: what is not
	// near now is kept for a while.
	all := slices.DeleteFunc(slices.Clone(o.Recent), func(n Opening) bool { return n.Key == s.Key })
	all = added(all, Opening{s.Key, at}, 4*(l.limit+1))
	var near, far []Opening
	for _, n := range all {
		if l.near(at, n.At) {
			near = append(near, n)
		} else {
			far = append(far, n)
		}
	}
	if len(near) <= l.limit {
		o.Recent = all
		return o, nil
	}
	o.Recent = far
	return o, near
}
