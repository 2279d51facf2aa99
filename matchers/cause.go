package matchers

import (
	"regexp"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Unknown is the ID of the cause of a failure that no other cause explains.
const Unknown = alert.Unknown

// Cause is what can be wrong: one table of the catalogue, compiled. It is immutable.
// The type definition says what each field means and how it is written;
// docs/causes-format.md says the same to those who write causes.
type Cause struct {
	ID         string
	RootCause  int // 0 when it is not in Atlassian's article
	Provider   string
	Title      string
	Severity   conf.Severity
	Confidence string
	Codes      []string
	Diagnosis  string // template, see fill
	Fix        []Step // templates
	Confirm    string // template
	Links      []alert.Link
	Checked    time.Time // when it was last compared with its sources; zero = never
	Sources    []string  // pages of vendors that say so: its own, and those of its links

	own         bool // from the operator's directory: tried before all others
	ownSeverity bool // the operator has written how severe it is
	tier        int
	patterns    []*expression
	words       []*expression // of what a provider's refusal is about
	samples     []sample
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

// oauth is the tier of what the provider says in the words of the standard.
var oauth = slices.Index(tiers, "oauth")

// wheres are the people and places a step can be for.
var wheres = []string{"jira-admin", "jira-host", "entra-admin", "google-admin", "exchange-admin", "mailbox-owner",
	"network-admin"}
