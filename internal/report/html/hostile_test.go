package html_test

import (
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
)

// hostile is a report whose every string is somebody's attempt.
func hostile() report.Report {
	const attempt = `</pre></title></svg></style><script>alert(1)</script><img src="x" onerror="alert(1)"/> " onmouseover="alert(1)" x=' ` +
		`{{.}} ]]> &lt; &#34; javascript:alert(1) ` +
		"\u202egnp.exe\u202c \u2066x\u2069 \u200b\ufeff \x1b[31m\x00\x07 \xff\xfe \ufffe\uffff \u2028\u2029\r\n"
	long := strings.Repeat("W", 100_000)
	d := secretExpired()
	d.Cause.ID, d.Cause.Title, d.Cause.Provider, d.Cause.Confidence, d.Cause.Codes = attempt+long, attempt+long, attempt, attempt, []string{attempt, long}
	d.Diagnosis, d.Confirm = attempt+long, long+attempt
	d.Fix = []alert.Step{{Text: attempt, Where: attempt}, {Text: long, Where: long}}
	d.Links = nil
	for _, u := range []string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
		"//evil.example/x", "http:", "/etc/passwd",
		`https://example.com/" onmouseover="alert(1)`, "https://example.com/\u202egnp", "https://example.com/" + long, "https://example.com/a?b=c&d=e"} {
		d.Links = append(d.Links, alert.Link{Title: attempt, URL: u})
	}
	d.Links = d.Links[len(d.Links)-10:]
	d.Facts = map[string]any{attempt: attempt, "app_id": attempt, "scopes": []string{attempt, long}, "exception": []any{attempt, 7, nil}, "number": 7.0,
		long: long}
	d.Request = alert.Request{User: attempt, Client: attempt, ID: attempt, Path: attempt}
	d.Log = alert.Log{Name: attempt, Path: attempt + long, Excerpt: attempt + long}
	i := open(incidentOf("x", d, at(1, 0, 0), at(2, 0, 0), time.Hour, attempt, long))
	i.Data.Integration.ID = attempt + long
	i.Timeline = []report.Moment{{At: at(1, 0, 0), What: attempt, Text: attempt + long}, {What: "changed", Text: attempt}}
	r := reportOf(i, incidentOf("y", proxyForbids(), at(1, 0, 0), at(2, 0, 0), time.Hour, "jira-1"))
	r.Made.Version, r.Nodes, r.Complete = attempt+long, []string{attempt, long}, false
	r.Files[0].Path, r.Files[0].Node, r.Files[0].Problem = attempt+long, long+attempt, attempt+long
	return r
}
