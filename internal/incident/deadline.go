package incident

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Jira's OAuth client plugin retries a refresh that fails for tokenRetries, and then
// marks the token invalid: only a new authorization helps. It gives up at the first
// failure where the last success is more than 30 days ago. (Its properties
// unrecoverable.token.failing.period.days and default.refresh.token.duration.days.)
const tokenRetries = 7 * 24 * time.Hour

// gaveUp are the causes that say that Jira has given up.
var gaveUp = []string{"jira-token-unrecoverable", "jira-refresh-token-expired"}

// deadlineNotice is how long before Jira gives up a reminder is sent.
const deadlineNotice = 48 * time.Hour

// sawRefresh notes when Jira gives up: at the latest tokenRetries after the first failed refresh
// that was seen.
func sawRefresh(s State, o Occurrence) State {
	switch {
	case o.Impact.Phase != alert.PhaseRefresh || o.At.IsZero():
	case slices.Contains(gaveUp, o.Cause.ID) && (s.GivesUp.IsZero() || o.At.Before(s.GivesUp)):
		s.GivesUp = o.At
	case s.GivesUp.IsZero():
		s.GivesUp = o.At.Add(tokenRetries)
	}
	return s
}

// deadlineNear reports whether the reminder before Jira gives up is due and has not been sent.
func (s State) deadlineNear(at time.Time) bool {
	notice := s.GivesUp.Add(-deadlineNotice)
	return !s.GivesUp.IsZero() && s.LastAlert.Before(notice) && !at.Before(notice) && at.Before(s.GivesUp)
}
