package incident

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/matchers"
)

const (
	maxOwn  = 100         // requests, of more than an hour
	ownLate = time.Minute // after it was made, Jira may log the failure of a request
)

// Own is a request from the watcher to Jira's REST API.
type Own struct {
	From    time.Time `json:"from"`
	Request string    `json:"request,omitempty"` // its ID in Jira's log, "" = not known
	Fine    bool      `json:"fine,omitempty"`    // Jira has answered it successfully
}

// Ask adds a request, or what has become known about it.
func (e Evidence) Ask(o Own) Evidence {
	others := slices.DeleteFunc(slices.Clone(e.Own), func(was Own) bool { return was.From.Equal(o.From) })
	e.Own = added(others, o, maxOwn)
	return e
}

// OnPath reports whether a failure is from a request to a path.
func OnPath(f matchers.Failure, path string) bool {
	return strings.HasSuffix(strings.TrimSuffix(f.Header.URL, "/"), path)
}

// IsOwn reports whether a failure was caused by a request from the watcher: by the ID of the
// request or, while that is not known, by its path and time.
func (e Evidence) IsOwn(f matchers.Failure, path string) bool {
	if !OnPath(f, path) {
		return false
	}
	id := matchers.RequestOf(f.Header.RequestID)
	return slices.ContainsFunc(e.Own, func(o Own) bool {
		after := f.Time.Sub(o.From)
		switch {
		case o.Request != "" && id != "":
			return o.Request == id && after.Abs() < time.Hour
		case o.Fine:
			return false
		}
		return after > -time.Second && after < ownLate
	})
}
