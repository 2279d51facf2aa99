package html

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/report"
)

const (
	maxSteps    = 20
	maxLinks    = 10
	maxFacts    = 50
	maxFindings = 3  // causes of one integration with their evidence
	maxSpells   = 50 // rows of one integration
)

// advice is what a cause means and what to do.
type advice struct {
	Diagnosis string
	Turns     []turn
	Confirm   string
	Links     []link
	Codes     string
	RootCause int // 0 = not in Atlassian's article
	Certainty string
	From      int  // number of the integration whose words they are
	Varies    bool // other integrations have other words

	steps []alert.Step
}

// turn is steps that the same people do, one after the other.
type turn struct {
	Who   string
	Start int
	Steps []string
}

// link is a page to read; without a URL only its title is shown.
type link struct{ Title, URL string }

// finding is what the last failure for one cause said.
type finding struct {
	Cause     *cause
	Diagnosis string // "" = as said of the cause
	Turns     []turn // the steps that differ
	Facts     []pair
	Path      string
	Excerpt   string
}

type pair struct{ Name, Value string }

func newAdvice(d alert.Data, number int) *advice {
	a := &advice{
		Diagnosis: line(d.Diagnosis, maxText),
		Confirm:   line(d.Confirm, maxText),
		Codes:     list(d.Cause.Codes, 10),
		Certainty: line(d.Cause.Confidence, maxName),
		From:      number,
		steps:     d.Fix[:min(len(d.Fix), maxSteps)],
	}
	a.Turns = turns(a.steps, nil)
	if d.Cause.RootCause != nil {
		a.RootCause = *d.Cause.RootCause
	}
	for _, l := range d.Links[:min(len(d.Links), maxLinks)] {
		a.Links = append(a.Links, link{line(l.Title, maxTitle), webPage(l.URL)})
	}
	return a
}

var host = regexp.MustCompile(`^([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$`)

// webPage is the URL of a page that may be opened, or nothing.
func webPage(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxText || s != line(s, maxText) {
		return ""
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.User != nil || !host.MatchString(u.Host) {
		return ""
	}
	return s
}

// turns groups steps by who does them, in order, those left out that are the
// same in other steps.
func turns(steps, other []alert.Step) []turn {
	var all []turn
	for i, s := range steps {
		if len(steps) == len(other) && s == other[i] {
			continue
		}
		who, text := line(message.Actor(s.Where), maxName), line(s.Text, maxStep)
		if n := len(all) - 1; n >= 0 && all[n].Who == who && all[n].Start+len(all[n].Steps) == i+1 {
			all[n].Steps = append(all[n].Steps, text)
			continue
		}
		all = append(all, turn{who, i + 1, []string{text}})
	}
	return all
}

// lastData is what the last failure of an integration said.
func (in *integration) lastData() alert.Data {
	return report.Last(in.from)
}

// describe notes the integration's incidents, and what was found for each cause
// that an incident ended with. The words of the first integration with a cause
// are shown with the cause.
func (in *integration) describe(byID map[string]*cause) {
	rows := 0
	last := map[string]alert.Data{}
	var order []string
	for n, i := range in.from {
		one := incident{Number: n + 1, Open: i.Open}
		for _, s := range spellsOf(i) {
			if rows++; rows <= maxSpells {
				lasted := long(seconds(s.First, s.Last))
				one.Spells = append(one.Spells, spell{byID[s.Cause], s.Failures, s.First, s.Last, lasted})
			}
		}
		if len(one.Spells) > 0 {
			in.Incidents = append(in.Incidents, one)
		}
		id := i.Data.Cause.ID
		order = append(slices.DeleteFunc(order, func(s string) bool { return s == id }), id)
		last[id] = i.Data
	}
	in.Hidden = max(rows-maxSpells, 0)
	slices.Reverse(order)
	for _, id := range order {
		c, d := byID[id], last[id]
		if c.Advice == nil {
			c.Advice = newAdvice(d, in.Number)
			c.Severity = d.Cause.Severity.String()
		}
		if len(in.Findings) < maxFindings {
			in.Findings = append(in.Findings, newFinding(c, d))
		}
	}
}

func newFinding(c *cause, d alert.Data) finding {
	f := finding{
		Cause: c, Facts: facts(d),
		Path: line(d.Log.Path, maxFact), Excerpt: lines(d.Log.Excerpt, maxExcerpt),
	}
	if own := line(d.Diagnosis, maxText); own != c.Advice.Diagnosis {
		f.Diagnosis = own
	}
	f.Turns = turns(d.Fix[:min(len(d.Fix), maxSteps)], c.Advice.steps)
	c.Advice.Varies = c.Advice.Varies || f.Diagnosis != "" || len(f.Turns) > 0
	return f
}

func seconds(from, to time.Time) int64 { return max(to.Unix()-from.Unix(), 0) }

// labels name the facts for people, in the order in which they are shown.
var labels = []pair{
	{"app_id", "App ID"}, {"app_name", "App name"}, {"tenant_id", "Tenant ID"}, {"tenant", "Tenant"},
	{"cloud", "Cloud"}, {"resource", "Resource"}, {"suggested_resource", "Resource it should be"},
	{"scopes", "Scopes"}, {"invalid_scopes", "Scopes refused"}, {"suggested_scopes", "Scopes they should be"},
	{"redirect_uri", "Redirect URI"}, {"parameter", "Parameter"}, {"response_type", "Response type"},
	{"unknown_host", "Host not found"}, {"proxy_status", "Proxy answered"}, {"proxy_reason", "Proxy's reason"},
	{"tls_alert", "TLS alert"}, {"certificate_date", "Date of the certificate"},
	{"certificate_host", "Host of the certificate"}, {"endpoint", "Endpoint"},
	{"expected_endpoint", "Endpoint expected"}, {"actual_endpoint", "Endpoint found"},
	{"bad_url", "URL that is not one"}, {"content_type", "Content type"},
	{"missing_member", "Missing in the answer"}, {"provider_type", "Type of provider"},
	{"expected_suffix", "Provider expected"}, {"actual_suffix", "Provider found"},
	{"identity_provider", "Identity provider"}, {"issued", "Token issued"}, {"inactive_days", "Days without use"},
	{"revoked", "Tokens revoked"}, {"clock_skew", "Clock is off by"}, {"code", "Code"}, {"error", "Error"},
	{"error_subcode", "Error, in detail"}, {"reason", "Reason"}, {"exception", "Exception"}, {"also", "Also"},
	{"correlation_id", "Correlation ID"}, {"trace_id", "Trace ID"}, {"provider_time", "Time of the provider"},
	// The excerpt has them whole.
	{"message", ""}, {"error_description", ""},
}

// facts are what a log shows, with the request at the end.
func facts(d alert.Data) []pair {
	var pairs []pair
	add := func(name string, value any) {
		if s := factText(value); s != "" && name != "" && len(pairs) < maxFacts {
			pairs = append(pairs, pair{name, line(s, maxFact)})
		}
	}
	known := map[string]bool{}
	for _, l := range labels {
		known[l.Name] = true
		add(l.Value, d.Facts[l.Name])
	}
	var rest []string
	for name := range d.Facts {
		if !known[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		add(line(strings.ReplaceAll(name, "_", " "), maxName), d.Facts[name])
	}
	add("Tried by", strings.TrimSpace(d.Request.User))
	add("From address", d.Request.Client)
	add("Request", strings.TrimSpace(d.Request.ID))
	return pairs
}

// factText is a fact's value; a report that was stored has lists of any.
func factText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, " ")
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, factText(e))
		}
		return strings.Join(all, " ")
	}
	return ""
}
