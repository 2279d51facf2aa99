// Package matchers knows which events are failures of the OAuth client flow,
// whose, and what caused them.
package matchers

import (
	"regexp"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Unknown is the ID of the cause of a failure that no other cause explains.
const Unknown = alert.Unknown

// Cause is what can be wrong: one table of the catalogue, compiled. It is
// immutable.
type Cause struct {
	ID         string
	RootCause  int    // number in Atlassian's article, 0 when it is not in there
	Provider   string // microsoft, google or any
	Title      string
	Severity   conf.Severity
	Confidence string   // certain (documented or reproduced) or likely
	Codes      []string // exact provider codes, such as AADSTS50194
	Diagnosis  string   // template, see fill
	Fix        []Step   // templates, in order
	Confirm    string   // template
	Links      []Link

	own      bool // from the operator's directory: tried before all others
	tier     int
	patterns []*regexp.Regexp
	samples  []sample
}

// Example is an event that the cause explains, or the text of one; "" when it
// has none.
func (c *Cause) Example() string {
	for _, s := range c.samples {
		if s.Match {
			return s.Log + s.Text
		}
	}
	return ""
}

// Step is one thing to do.
type Step struct {
	Text  string `toml:"text" json:"text"`
	Where string `toml:"where" json:"where"` // who can do it: jira-admin, jira-host, entra-admin, …
}

// Link is a page to read.
type Link struct {
	Title string `toml:"title" json:"title"`
	URL   string `toml:"url" json:"url"`
}

// The tiers say which signal wins when an event shows several: a provider's
// own words prove that name resolution, proxy and TLS worked, so they come
// first; a proxy speaks before TLS does, and TLS names more than the socket
// below it.
var tiers = []string{"provider", "sentence", "jira", "proxy", "tls", "answer", "network", "oauth", "mail", "wrapper", "bare"}

// beforeAnswer are the tiers of what keeps a provider from answering.
var beforeAnswer = []string{"proxy", "tls", "network"}

// bare is the last tier: of reports that have no text, or whose text has not
// been written yet.
var bare = len(tiers) - 1

// wheres are the people and places a step can be for.
var wheres = []string{"jira-admin", "jira-host", "entra-admin", "google-admin", "exchange-admin", "mailbox-owner", "network-admin"}
