package notify

import (
	"fmt"
	"strconv"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Bounds of lists.
const (
	maxList         = 10 // values of a fact
	maxIntegrations = 40 // of a storm
)

// pair is a fact for people.
type pair struct {
	name   string
	values []string // each on a line of its own, not blank; as many as there are
}

// shown are the facts that a person acts on or has to give to somebody. A pair
// shows all the facts it names. What stands in the diagnosis by itself, such
// as the provider's text, is not among them.
var shown = []struct {
	name  string
	facts []string
}{
	{"App", []string{"app_name", "app_id"}},
	{"Tenant", []string{"tenant", "tenant_id"}},
	{"Account comes from", []string{"identity_provider"}},
	{"Scopes in Jira", []string{"scopes"}},
	{"Scopes refused", []string{"invalid_scopes"}},
	{"Scopes that work", []string{"suggested_scopes"}},
	{"Service asked for", []string{"resource"}},
	{"Service meant", []string{"suggested_resource"}},
	{"Redirect URL", []string{"redirect_uri"}},
	{"Redirect URL expected", []string{"expected_suffix", "expected_endpoint"}},
	{"Redirect URL used", []string{"actual_suffix", "actual_endpoint"}},
	{"Faulty address", []string{"bad_url"}},
	{"Missing", []string{"parameter", "missing_member"}},
	{"Host not found", []string{"unknown_host"}},
	{"Proxy answered", []string{"proxy_status", "proxy_reason"}},
	{"Got instead of JSON", []string{"content_type"}},
	{"TLS alert", []string{"tls_alert"}},
	{"Certificate is for", []string{"certificate_host"}},
	{"Certificate date", []string{"certificate_date"}},
	{"Exception", []string{"exception"}},
	{"Authorized", []string{"issued"}},
	{"Revoked", []string{"revoked"}},
	{"Clock of the node", []string{"clock_skew"}},
	{"Also seen", []string{"also"}},
	{"Correlation ID", []string{"correlation_id"}},
	{"Trace ID", []string{"trace_id"}},
}

// particulars are the facts a person needs beside the diagnosis, in order.
func particulars(d alert.Data) []pair {
	var pairs []pair
	add := func(name string, values ...string) {
		var seen []string
		for _, v := range values {
			if !text.Blank(v) {
				seen = append(seen, v)
			}
		}
		if len(seen) > 0 {
			pairs = append(pairs, pair{name, seen})
		}
	}
	switch {
	case d.Kind == alert.Blind || d.Kind == alert.Sighted:
		if !strings.Contains(d.Diagnosis, d.Log.Path) {
			add("Log", d.Log.Path)
		}
	case d.Kind == alert.Storm: // has a list of its own
	case ofMany(d):
		add("Integrations", listed(d, maxList-1)...)
	case d.Integration.ID == alert.Unknown:
		add("Integration", "not shown in the log")
	default:
		add("Integration", named(d), d.Integration.ID)
	}
	if flow := d.Integration.Flow; flow != nil && *flow != d.Integration.ID {
		add("Sign-in (flow)", *flow)
	}
	for _, s := range shown {
		var values []string
		for _, fact := range s.facts {
			values = append(values, texts(d, fact)...)
		}
		add(s.name, values...)
	}
	return pairs
}

// named is the integration's name, "" when nobody knows it.
func named(d alert.Data) string {
	if d.Integration.Name == nil {
		return ""
	}
	return *d.Integration.Name
}

// circumstances are when, where and how often, in order.
func circumstances(d alert.Data) []pair {
	var pairs []pair
	if f := d.Failures; !f.First.IsZero() {
		name, value := "Failures", fmt.Sprintf("%d, first %s, last %s", f.Count, timeOfDay(f.First), timeOfDay(f.Last))
		switch {
		case lasting(d) && d.Kind == alert.Sighted:
			name, value = "Began", timeOfDay(f.First)
		case lasting(d):
			name, value = "Since", timeOfDay(f.First)
		case d.Kind == alert.Blind || d.Kind == alert.Sighted:
			name = "Gaps"
		}
		pairs = append(pairs, pair{name, []string{value}})
	}
	if !text.Blank(d.Request.User) {
		pairs = append(pairs, pair{"Tried by", []string{strings.TrimSpace(d.Request.User)}})
	}
	return append(pairs, pair{"Jira node", []string{d.Node}}, pair{"Severity", []string{severity(d)}})
}

// lasting tells whether an alert is about what goes on until it is over, such
// as a log that cannot be read. How often that was told counts nothing.
func lasting(d alert.Data) bool {
	return (d.Kind == alert.Blind || d.Kind == alert.Sighted) && d.Cause.ID != alert.LinesLost
}

func severity(d alert.Data) string {
	if text.Blank(d.Cause.Confidence) {
		return d.Cause.Severity.String()
	}
	return fmt.Sprintf("%s, cause %s", d.Cause.Severity, d.Cause.Confidence)
}

// texts are the texts of a fact, which is a string or a list; a list that has
// been JSON is one of any.
func texts(d alert.Data, fact string) []string {
	switch value := d.Facts[fact].(type) {
	case string:
		if !text.Blank(value) {
			return []string{value}
		}
	case []string:
		return value
	case []any:
		var out []string
		for _, v := range value {
			if s, ok := v.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// atMost are the first values of a list, and how many more there are.
func atMost(values []string, n int) []string {
	if len(values) <= n {
		return values
	}
	return append(values[:n:n], fmt.Sprintf("and %d more", len(values)-n))
}

// stricken are the integrations of a storm.
func stricken(d alert.Data) []string {
	if d.Kind != alert.Storm {
		return nil
	}
	return listed(d, maxIntegrations)
}

// listed are the first integrations of a storm, also of one that is over, and
// how many more there are.
func listed(d alert.Data, n int) []string {
	ids := texts(d, "integrations")
	n = max(min(len(ids), n), 0)
	out := ids[:n:n]
	if more := max(total(d), len(ids)) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}

// total is how many integrations a storm has, as it says itself.
func total(d alert.Data) int {
	count, _ := d.Facts["integrations_count"].(string)
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// roll names a storm's integrations in one text: how many, and the first of
// them. It is empty for any other alert.
func roll(d alert.Data, n int) string {
	ids := listed(d, n)
	if len(ids) == 0 {
		return ""
	}
	return many(d) + ": " + strings.Join(ids, ", ")
}

// ofMany tells whether an alert is a storm's, also when that is over.
func ofMany(d alert.Data) bool { return d.Kind == alert.Storm || d.Integration.ID == alert.Many }

// theMany are a storm's integrations within a sentence.
func theMany(d alert.Data) string {
	if max(total(d), len(texts(d, "integrations"))) == 0 {
		return "many integrations"
	}
	return "the " + many(d)
}

// many is how many integrations a storm has, in words.
func many(d alert.Data) string {
	n := max(total(d), len(texts(d, "integrations")))
	if n == 0 {
		return "Many integrations"
	}
	return counted(n, "integration")
}
