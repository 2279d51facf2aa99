package matchers

import (
	"fmt"
	"regexp"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Unknown is the ID of the cause of a failure that no other cause explains.
const Unknown = alert.Unknown

// Cause is what can be wrong: a [[cause]] of the catalogue as it is written in TOML, and compiled; then it is immutable.
// All keys are required but root_cause, link, checked and sources, and one of codes, patterns and words; a built-in cause
// has checked and, to be certain, a source. In the operator's files, one with the ID of a built-in cause replaces only
// the keys that it gives. docs/causes-format.md says the same to those who write causes.
type Cause struct {
	// ID names the cause in alerts, settings and links: up to 64 lower-case letters,
	// digits and hyphens.
	ID string `toml:"id"`
	// RootCause is the number of the cause in Atlassian's article, 0 when it is not there.
	RootCause int `toml:"root_cause"`
	// Provider is microsoft, google or any.
	Provider string `toml:"provider"`
	// Title is the headline of the alert: what is wrong, in one clause.
	Title string `toml:"title"`
	// Severity is low, medium, high or critical.
	Severity conf.Severity `toml:"severity"`
	// Confidence is certain (documented or reproduced), likely or unknown.
	Confidence string `toml:"confidence"`
	// Tier ranks the patterns of a cause among those of others, see tiers. An exact
	// code decides before any pattern.
	Tier string `toml:"tier"`
	// Codes are exact provider codes, such as AADSTS50194.
	Codes []string `toml:"codes"`
	// Patterns are regular expressions (RE2), tried in order on the event's message.
	Patterns []string `toml:"patterns"`
	// Words are regular expressions of what a provider's refusal is about, where its code is lost; in
	// any case.
	Words []string `toml:"words"`
	// Diagnosis says what happened and why: a template, see fill. It may show any fact.
	Diagnosis string `toml:"diagnosis"`
	// Confirm says how to see that the fix worked: a template like that of a step.
	Confirm string `toml:"confirm"`
	// Fix are the steps in their order, each a [[cause.fix]]. A step may not show free
	// text from the log, see inStep.
	Fix []Step `toml:"fix"`
	// Links are pages to read, each a [[cause.link]].
	Links []alert.Link `toml:"link"`
	// Checked is when the cause was last compared with its sources, zero = never.
	Checked Day `toml:"checked"`
	// Sources are pages of vendors that say what the cause says; those of the links are added.
	Sources []string `toml:"sources"`
	// Samples prove the cause, each a [[cause.sample]]; at least one has match = true.
	// Those of the whole catalogue are tried when operator causes are loaded.
	Samples []Sample `toml:"sample"`

	own         bool // from the operator's directory: tried before all others
	ownSeverity bool // the operator has written how severe it is
	tier        int
	patterns    []*expression
	words       []*expression // of what a provider's refusal is about
}

// Day is a date, in TOML YYYY-MM-DD in quotes.
type Day struct{ time.Time }

// UnmarshalText reads a date.
func (d *Day) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf(`%q is not a date, write one such as "2026-11-25"`, text)
	}
	return nil
}

// Sample is text that the cause must explain, or must not. It has a log or a text.
type Sample struct {
	Match bool              `toml:"match"` // whether the cause explains it
	Log   string            `toml:"log"`   // a whole event, with its header
	Text  string            `toml:"text"`  // what follows "The error message is:"
	Facts map[string]string `toml:"facts"` // facts that must be found, lists joined by spaces
}

// Example is an event that the cause explains, or the text of one; "" when it
// has none.
func (c *Cause) Example() string {
	for _, s := range c.Samples {
		if s.Match {
			return s.Log + s.Text
		}
	}
	return ""
}

// Step is one thing to do.
type Step struct {
	Text  string `toml:"text"`  // in a cause a template, see inStep
	Where string `toml:"where"` // who can do it, see wheres
	When  string `toml:"when"`  // only for errors of this nature, see natures; "" = for all
}

// vendors are whose pages prove what a cause says. The RFC Editor's are the
// standards that the vendors implement.
var vendors = regexp.MustCompile(`^https://(?:[\w-]+\.)*(?:microsoft|microsoftonline|atlassian|google|oracle)\.com/|` +
	`^https://(?:[\w-]+\.)*(?:openjdk|rfc-editor|bouncycastle)\.org/`)

// tiers rank the patterns when an event matches several. A provider's words prove
// that name resolution, proxy and TLS worked, so they come first; a proxy answers
// before TLS begins, and TLS says more than the socket below it.
var tiers = []string{"provider", "sentence", "jira", "proxy", "tls", "answer", "network", "oauth", "mail",
	"wrapper", "bare"}

// beforeAnswer are the tiers of causes that keep a provider from answering.
var beforeAnswer = []string{"proxy", "tls", "network"}

// bare is the last tier: of reports without text, or whose text is not written yet.
// wrapper is the one before.
var (
	bare    = len(tiers) - 1
	wrapper = bare - 1
)

// wheres are the people and places a step can be for.
var wheres = []string{"jira-admin", "jira-host", "entra-admin", "google-admin", "exchange-admin", "mailbox-owner",
	"network-admin"}
