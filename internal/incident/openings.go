package incident

import (
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Openings are the incidents that opened recently in one lane, oldest first. In the lane of a
// cause, they also record who failed in them, and when each notifier mentioned people for them.
// The zero value is empty.
type Openings struct {
	Recent   []Opening            `json:"recent"`
	Folds    []Fold               `json:"folds,omitempty"`
	Mentions map[string]time.Time `json:"mentions,omitempty"` // by notifier
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
	near := slices.DeleteFunc(slices.Clone(all), func(n Opening) bool { return !l.near(at, n.At) })
	if o.Recent = all; len(near) <= l.limit {
		return o, nil
	}
	o.Recent = slices.DeleteFunc(all, func(n Opening) bool { return l.near(at, n.At) })
	return o, near
}

// maxFolds is for how many people retries are known for one cause; the oldest are
// forgotten.
const maxFolds = 100

// Fold is the incident in which a person failed with an application.
type Fold struct {
	Who      string   `json:"who"` // a short hash of both: a session is a secret
	Incident alert.ID `json:"incident"`
}

// Tester identifies who made a failed attempt, and with which application: "" if the log does not
// show it or retries are not folded.
func (r *Rules) Tester(f matchers.Failure) string {
	absent := func(s string) bool { return s == "" || s == "-" || s == "anonymous" }
	who := []string{f.Header.Session}
	if absent(f.Header.Session) {
		who = []string{f.Header.User, f.Header.Client}
	}
	if r.conf.FoldRetries == 0 || f.Integration.Flow == "" || slices.ContainsFunc(who, absent) {
		return ""
	}
	return r.keyOf("fold", strings.Join(append(who, strings.ToLower(f.Facts.Text("app_id"))), "\x00"))
}

// Attempt is the incident in which a person last failed for this cause, "" = none is known.
func (o Openings) Attempt(who string) alert.ID {
	if i := slices.IndexFunc(o.Folds, func(fold Fold) bool { return fold.Who == who }); i >= 0 {
		return o.Folds[i].Incident
	}
	return ""
}

// Attempted records in which incident a person failed.
func (o Openings) Attempted(who string, in alert.ID) Openings {
	if o.Attempt(who) == in {
		return o
	}
	others := slices.DeleteFunc(slices.Clone(o.Folds), func(fold Fold) bool { return fold.Who == who })
	o.Folds = added(others, Fold{who, in}, maxFolds)
	return o
}

// Retries reports whether a failure with a cause is a retry of the attempt in an incident, whose
// current state is s.
func (r *Rules) Retries(s State, attempt alert.ID, cause string, at time.Time) bool {
	return s.Open && s.ID() == attempt && s.Cause == cause && at.Sub(s.Last).Abs() <= r.conf.FoldRetries
}

// Adopt is a failure, attributed to the incident's integration. Identifiers in the failure itself
// are used only if the incident has none, and an ID from Jira takes precedence over any other.
func (s State) Adopt(f matchers.Failure) matchers.Failure {
	is := s.Content.Integration
	if f.Integration.KnownBy != alert.ByConfiguration && is.KnownBy != alert.ByNothing || f.Integration.KnownBy == alert.ByNothing {
		f.Integration.ID, f.Integration.KnownBy = is.ID, is.KnownBy
	}
	return f
}

// mentionEvery is how often a notifier mentions people for one cause, at most.
const mentionEvery = 15 * time.Minute

// Mention decides whether a notifier may mention people for the cause now, and records it if so.
func (o Openings) Mention(notifier string, now time.Time) (Openings, bool) {
	recent := func(at time.Time) bool { return now.Sub(at) < mentionEvery && !now.Before(at) } // the clock may have been set back
	if at, ok := o.Mentions[notifier]; ok && recent(at) {
		return o, false
	}
	o.Mentions = with(o.Mentions, notifier, now)
	maps.DeleteFunc(o.Mentions, func(_ string, at time.Time) bool { return !recent(at) })
	return o, true
}

// Unmention reverts a mention that was not delivered.
func (o Openings) Unmention(notifier string) Openings {
	o.Mentions = maps.Clone(o.Mentions)
	delete(o.Mentions, notifier)
	return o
}
