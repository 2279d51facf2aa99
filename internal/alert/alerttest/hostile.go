package alerttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Hostile is what an untrusted text may bring into a log: the provider's answer comes
// through the browser.
const Hostile = "@channel @all _@here .@all @@all <!channel> <users/all> <@U123> <at>all</at> [Atlassian](http://evil.test/?a=1) ](http://evil.test) <a href=\"http://evil.test\">x</a> <http://evil.test|Atlassian> " +
	"\"quoted\" 'too' C:\\path ```\n# heading\n- list\n~~~\n*bold* _slanted_ &lt;b&gt; \u202egnp \x1b[31m \x00 "

// HostileAlert has hostile text wherever an alert holds a log's, and more of it than
// anyone wants: most in the first kind, all others would take long.
func HostileAlert(kind alert.Kind) alert.Alert {
	size := 8000
	if kind == alert.Opened {
		size = 100_000
	}
	long := strings.Repeat(Hostile, size/len(Hostile)+1)
	a := Alert(kind)
	d := &a.Data
	some := long[:3000]
	d.Diagnosis, d.Confirm, d.Node, d.Integration.ID, d.Integration.Flow, d.Cause.Title = long, some, some, some, &some,
		some
	d.Request = alert.Request{User: some, Client: some, ID: some, Path: some}
	d.Log = alert.Log{Name: some, Path: some, Excerpt: long}
	d.Facts = map[string]any{"app_name": some, "suggested_scopes": []string{some}}
	name := strings.ReplaceAll(some, "[", "(")
	d.Mailbox = &alert.Mailbox{Server: name, Handler: name, HandlerID: "1"}
	if kind == alert.Storm {
		d.Facts["integrations"], d.Facts["integrations_count"] = slices.Repeat([]string{Hostile}, 300), "5000"
	}
	d.Probe = &alert.Probe{Host: "login.microsoftonline.com", Port: 443, At: a.Timestamp, Verdict: "tls", Title: Hostile, Text: some,
		Who: "jira-host", Seen: slices.Repeat([]string{Hostile}, alert.MaxSeen)}
	d.Fix, d.Cause.Codes, d.Links = nil, nil, nil
	for i := range 20 {
		d.Fix = append(d.Fix, alert.Step{Text: some, Where: some[:500]})
		d.Cause.Codes = append(d.Cause.Codes, Hostile)
		d.Links = append(d.Links, alert.Link{Title: strings.Repeat("A page ", 50),
			URL: fmt.Sprintf("https://learn.microsoft.com/%d/%s", i, strings.Repeat("x", 300))})
	}
	return a
}

// Monsters are texts that break a message that does not escape them.
var Monsters = map[string]string{
	"empty":         "",
	"blank":         " \n\t",
	"100 kB":        strings.Repeat("word and another ", 6000),
	"one long word": strings.Repeat("x", 30_000),
	"to escape":     strings.Repeat("&<>", 5000),
	"emoji":         strings.Repeat("🔴", 3000),
	"a family":      strings.Repeat("👨‍👩‍👧‍👦", 500),
	"RTL":           "\u202ecod.exe\u2066\u2069 مرحبا",
	"NUL":           "a\x00b\x1b[2Jc\u009b",
	"not UTF-8":     "\xff\xfe" + strings.Repeat("\xc3", 5000),
	"channel":       "<!channel> <!here> <!everyone> <!subteam^S1>",
	"user":          "<@U123> <#C123>",
	"link":          "<https://evil.example|Atlassian> <mailto:a@b|c>",
	"entities":      "&lt;!channel&gt; &amp;lt;",
	"fence":         "``` ` * _ ~ > \n> quote\n```",
	"separators":    "a\u2028b\u2029c\r\nd|e>",
}

// Monstrous is an alert that says text wherever a log or a cause can.
func Monstrous(kind alert.Kind, text string, times int) alert.Alert {
	a := Alert(kind)
	d := &a.Data
	d.ID, d.Node, d.Diagnosis, d.Confirm = alert.ID(text), text, text, text
	d.Integration = alert.Integration{ID: text, Flow: &text, Name: &text, KnownBy: text}
	d.Cause.ID, d.Cause.Title, d.Cause.Confidence = text, text, text
	d.Cause.Codes, d.Cause.Previous = []string{text, text}, &text
	d.Request = alert.Request{User: text, Client: text, ID: text, Path: text}
	d.Log = alert.Log{Name: text, Path: text, Excerpt: text}
	if times%2 == 1 {
		d.Acknowledged = &alert.Acknowledged{By: text, UserID: text, At: a.Timestamp, Until: a.Timestamp.Add(time.Hour)}
	}
	if times%2 == 0 {
		d.Probe = &alert.Probe{Host: text, At: a.Timestamp, Verdict: text, Title: text, Text: text, Who: text,
			Seen: []string{text, text}}
	}
	d.Fix, d.Links = nil, nil
	list := make([]string, times)
	mixed := make([]any, times)
	for i := range times {
		list[i], mixed[i] = text, text
		d.Fix = append(d.Fix, alert.Step{Text: text, Where: []string{text, "jira-admin", "entra-admin"}[i/2%3]})
		d.Links = append(d.Links, alert.Link{Title: text, URL: fmt.Sprintf("https://x.example/%d?a=1&b=|2", i)},
			alert.Link{Title: text, URL: "https://y.example/" + text})
	}
	d.Facts = map[string]any{"integrations": mixed, "integrations_count": text, "alternates_with": list,
		"scopes": mixed}
	for i, name := range FactNames[:min(len(FactNames), 1+400_000/(len(text)+1))] {
		switch i % 3 {
		case 0:
			d.Facts[name] = text
		case 1:
			d.Facts[name] = list
		default:
			d.Facts[name] = mixed
		}
	}
	return a
}

// FactNames are the facts there can be.
var FactNames = []string{
	"code", "app_id", "app_name", "tenant_id", "tenant", "trace_id", "correlation_id", "provider_time",
	"suggested_scopes", "resource", "suggested_resource",
	"redirect_uri", "parameter", "response_type", "cloud", "error", "error_subcode", "proxy_status", "proxy_reason",
	"unknown_host", "exception", "endpoint",
	"message", "error_description", "invalid_scopes", "tls_alert", "certificate_date", "certificate_host", "reason",
	"content_type", "missing_member", "bad_url",
	"provider_type", "expected_suffix", "actual_suffix", "identity_provider", "issued", "inactive_days", "revoked",
	"also", "expected_endpoint", "actual_endpoint",
	"clock_skew",
}
