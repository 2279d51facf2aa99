package matchers_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/matchers"
)

type article struct {
	file        string
	signal      string // the end of what decides the cause
	cause       string
	root        int
	integration string // "" when the event shows none
	codes       []string
	facts       matchers.Facts
}

const authorization, token = "Authorization endpoint", "Token endpoint"

var articles = []article{
	{"rc1-aadsts50194.log", "AADSTS50194:", "entra-single-tenant-common-endpoint", 1, "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", []string{"AADSTS50194"},
		matchers.Facts{
			"code": "AADSTS50194", "app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "app_name": "Single Tenant - " +
				"Test", "endpoint": authorization, "error": "invalid_request",
			"trace_id": "d7599cf0-813f-4495-8317-577479857f00", "correlation_id": "34687097-cd9a-4300-9639-b561f5effd26",
			"provider_time": "2021-11-16 11:35:47Z"}},
	{"rc2a-aadsts7000215.log", "AADSTS7000215:", "entra-client-secret-invalid", 2, "b637a37a-80d4-4407-8847-0b0726c3ac63", []string{"AADSTS7000215"},
		matchers.Facts{
			"code": "AADSTS7000215", "endpoint": token, "trace_id": "15582ef9-f50c-49d2-bbea-ed98debc4d00",
			"correlation_id": "b56ef91f-c6af-4026-8226-7ec6ed7e5589", "provider_time": "2021-09-13 09:02:12Z"}},
	{"rc2b-aadsts7000215-url-user-thread.log", "AADSTS7000215:", "entra-client-secret-invalid", 2, "a5c88fb2-8edc-4f6c-b496-190405222009",
		[]string{"AADSTS7000215"}, matchers.Facts{
			"code": "AADSTS7000215", "endpoint": token, "trace_id": "a5bbfead-d47d-4da5-8ad6-f097ed7e8b00",
			"correlation_id": "6f0462af-0baa-40ce-b62d-0723e5e7f2a8", "provider_time": "2021-02-04 17:17:16Z"}},
	{"rc3-proxy-407.log", "HTTP/1.1 407", "proxy-auth-basic-tunnel-disabled", 3, "dd20be92-0b16-4692-a587-a0dceb4d1095", nil, matchers.Facts{
		"proxy_status": "407", "proxy_reason": "Proxy Authentication Required", "exception": "java.io.IOException"}},
	{"rc4a-connection-timed-out.log", "Connection timed out", "net-connect-timeout", 4, "", nil, matchers.Facts{"exception": "java.net.ConnectException"}},
	{"rc4b-connection-reset.log", "Connection reset", "net-connection-reset", 4, "", nil, matchers.Facts{"exception": "javax.net.ssl.SSLException"}},
	{"rc5-admin-approval-text.log", "", "entra-admin-consent-required", 5, "", nil, matchers.Facts{}},
	{"rc6-aadsts500011.log", "AADSTS500011:", "entra-resource-principal-not-found", 6, "4fbada08-3c12-40ca-8083-17f5175a28b3", []string{"AADSTS500011"},
		matchers.Facts{
			"code": "AADSTS500011", "endpoint": authorization, "resource": "https://graph.micrsoft.com",
			"suggested_resource": "https://graph.microsoft.com", "tenant_id": "67b039ac-f578-42c6-9b5b-aa1b5bb0388f"}},
	{"rc7-aadsts28000.log", "AADSTS28000:", "entra-scopes-multiple-resources", 7, "67513c3d-f6a4-4f93-ab37-f1bd822e68c9", []string{"AADSTS28000"},
		matchers.Facts{
			"code": "AADSTS28000", "endpoint": token, "trace_id": "e32c07cf-b6b5-46e0-a570-00f7bd524700",
			"correlation_id": "f42c3c1f-7755-4154-a793-859caf0e3565", "provider_time": "2022-10-10 12:05:40Z",
			"scopes": []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office365.com/POP.AccessAsUser.All",
				"offline_access"},
			"suggested_scopes": []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/POP.AccessAsUser.All",
				"offline_access"}}},
	{"rc8-pkix.log", "PKIX path building failed", "tls-certificate-untrusted", 8, "5174c727-52c0-4f2a-96b5-d0ca61a1ccd2", nil,
		matchers.Facts{"exception": "javax.net.ssl.SSLHandshakeException"}},
}

// same tells how a failure differs from what an article's event is, "" when it
// does not. what names the event in a complaint.
func (a article) same(f matchers.Failure) string {
	want := matchers.Integration{ID: matchers.Unknown, KnownBy: "nothing"}
	if a.integration != "" {
		want = matchers.Integration{ID: a.integration, Flow: a.integration, KnownBy: "flow"}
	}
	switch {
	case f.Cause.ID != a.cause || f.Cause.RootCause != a.root:
		return fmt.Sprintf("cause %s (root cause %d), want %s (%d)", f.Cause.ID, f.Cause.RootCause, a.cause, a.root)
	case f.Integration != want:
		return fmt.Sprintf("integration %+v, want %+v", f.Integration, want)
	case !reflect.DeepEqual(f.Codes, a.codes):
		return fmt.Sprintf("codes %q, want %q", f.Codes, a.codes)
	case !reflect.DeepEqual(f.Facts, a.facts):
		return fmt.Sprintf("facts\n got %v\nwant %v", f.Facts, a.facts)
	case len(f.Also) > 0:
		return fmt.Sprintf("other causes %q, want none", f.Also)
	}
	return ""
}

// Each event of the article has its root cause, its integration, its codes and
// all its facts.
func TestArticle(t *testing.T) {
	s := builtin(t)
	for _, a := range articles {
		t.Run(a.file, func(t *testing.T) {
			text := kb(t, a.file)
			v := s.Diagnose(text, nil)
			if a.signal == "" { // a page's text, not an event
				if v.Ours || v.Headed {
					t.Errorf("%q is no event, but: %+v", text, v)
				}
				v = s.Text(text)
			}
			if !v.Ours {
				t.Fatalf("not ours, since %s", v.Reason)
			}
			if diff := a.same(v.Failure); diff != "" {
				t.Errorf("%s", diff)
			}
			if v.Failure.Text != text || v.Failure.Time != v.Header.Time || v.Failure.Header != v.Header {
				t.Errorf("the failure does not hold its event: %+v", v.Failure)
			}
			if v.Reason == "" || !v.Failure.Certain() {
				t.Errorf("reason %q, certain %v", v.Reason, v.Failure.Certain())
			}
			if got, want := s.Text(text).Failure.Cause, v.Failure.Cause; a.signal != "" && got != nil && got != want {
				t.Errorf("as a bare text its cause is %s", got.ID)
			}
		})
	}
}

var (
	anyUUID = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	head    = regexp.MustCompile(`^(\S+ \S+ .*?)(ERROR) (\S+) `)
)

// A variant of an event has the same cause, integration and facts, however it
// was wrapped, escaped and copied.
func TestVariants(t *testing.T) {
	s := builtin(t)
	for _, a := range articles {
		if a.signal == "" {
			continue
		}
		text := kb(t, a.file)
		check := func(name, text string) {
			t.Helper()
			if diff := a.same(diagnose(t, s, text)); diff != "" {
				t.Errorf("%s: %s: %s\n%s", a.file, name, diff, text)
			}
		}
		for _, end := range []string{"\n", "\r\n", "\r", "\n    ", " \n\t", "  "} {
			for i := len("2021-11-16 "); i < len(text); i++ {
				if text[i] == ' ' {
					check(fmt.Sprintf("%q at %d", end, i), text[:i]+end+text[i+1:])
				}
			}
			check(fmt.Sprintf("%q everywhere", end), text[:11]+strings.ReplaceAll(text[11:], " ", end))
		}
		check("CRLF", strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
		check("indented continuation", strings.ReplaceAll(text, "\n", "\n    "))
		check("trace lines", text+"\n\tat com.example.Refresher.run(Refresher.java:25)\n\t... 12 more\nCaused by: com.example.Oops: no")
		check("pasted quote", "\u201c"+text+"\u201d")
		check("context path", strings.ReplaceAll(text, "/rest/oauth2-client/", "/jira/rest/oauth2-client/"))
		check("other release", strings.ReplaceAll(text, "/latest/", "/1.0/"))
		check("other user", head.ReplaceAllString(text, "${1}${2} Anna.Maria Ek "))
		check("no user", head.ReplaceAllString(text, "${1}${2} "))
		check("WARN", head.ReplaceAllString(text, "${1}WARN ${3} "))
		check("upper-case flow", strings.Replace(text, "config/flow/"+a.integration, "config/flow/"+strings.ToUpper(a.integration), 2))
		if a.facts["endpoint"] == authorization {
			check("slashes not escaped", strings.ReplaceAll(text, `\/`, "/"))
			check("quotes as numbers", strings.ReplaceAll(text, "'", `\u0027`))
			at := strings.IndexByte(text, '{')
			numbers := strings.NewReplacer(`\/`, `\u002F`, "'", `\u0027`, ".", `\u002e`, "-", `\u002D`, `\r\n`, `\u000d\u000A`)
			check("many characters as numbers", text[:at]+numbers.Replace(text[at:]))
			check("blanks between members", strings.Replace(text, `":"`, `" : "`, 5))
			check("not cut off", strings.TrimSuffix(text, "}")+` "}`)
			check("line feeds only", strings.ReplaceAll(text, `\r\n`, `\n`))
		}
		check("glued trace", regexp.MustCompile(`(?:\s|\\r\\n)+(Trace|Correlation|Timestamp)`).ReplaceAllString(text, "$1"))
	}
}

// The IDs of an event are its own: other ones come out as they stand.
func TestOtherIDs(t *testing.T) {
	s := builtin(t)
	for _, a := range articles {
		if a.signal == "" {
			continue
		}
		swap := func(text string) string {
			return anyUUID.ReplaceAllStringFunc(text, func(id string) string { return id[1:8] + "e" + id[8:] })
		}
		other := a
		other.integration = swap(a.integration)
		other.facts = matchers.Facts{}
		for name, value := range a.facts {
			if s, ok := value.(string); ok {
				value = swap(s)
			}
			other.facts[name] = value
		}
		if diff := other.same(diagnose(t, s, swap(kb(t, a.file)))); diff != "" {
			t.Errorf("%s: %s", a.file, diff)
		}
	}
}

// An event that was cut has its own cause as soon as its signal is whole, and
// never another one.
func TestCutEvents(t *testing.T) {
	s := builtin(t)
	for _, a := range articles {
		if a.signal == "" {
			continue
		}
		text := kb(t, a.file)
		whole := strings.LastIndex(text, a.signal) + len(a.signal)
		for n := range text {
			v := s.Diagnose(text[:n], nil)
			switch {
			case n >= whole && (!v.Ours || v.Failure.Cause.ID != a.cause):
				t.Errorf("%s: its first %d bytes: %+v", a.file, n, v)
			case n < whole && n > whole-len(a.signal) && strings.HasPrefix(a.signal, "AADSTS"): // a number cut short may be another one
			case v.Ours && v.Failure.Certain() && v.Failure.Cause.ID != a.cause:
				t.Errorf("%s: its first %d bytes are explained by %s", a.file, n, v.Failure.Cause.ID)
			}
		}
	}
}

// In a stream, each event of the article is one event, which Match finds, among
// lines that are not ours.
func TestStream(t *testing.T) {
	s := builtin(t)
	var log strings.Builder
	var want, got []string
	for _, end := range []string{"\n", "\r\n"} {
		for _, a := range articles {
			fmt.Fprintf(&log, "2021-01-02 03:04:05,678+0000 Caesium-1-3 INFO ServiceRunner     [c.a.j.Poller] no oauth2 here%s", end)
			if a.signal != "" {
				want = append(want, a.cause)
				log.WriteString(strings.ReplaceAll(kb(t, a.file), "\n", end+"    ") + end)
			}
		}
	}
	for _, e := range events(t, log.String()) {
		if f, ok := s.Match(e, time.UTC); ok {
			got = append(got, f.Cause.ID)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Match\n got %q\nwant %q", got, want)
	}
}
