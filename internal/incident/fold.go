package incident

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

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
	for _, fold := range o.Folds {
		if fold.Who == who {
			return fold.Incident
		}
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
