package matchers_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

// laws are what holds for every failure, whatever a stranger wrote.
func laws(t *testing.T, text string, v matchers.Verdict) {
	t.Helper()
	if v.Reason == "" {
		t.Errorf("no reason for %q", text)
	}
	if !v.Ours {
		return
	}
	f := v.Failure
	i := f.Integration
	if f.Cause == nil || f.Text != text || i.ID == "" || (i.Flow != "") != (i.KnownBy == alert.ByFlow) || (i.ID == matchers.Unknown) != (i.KnownBy == alert.ByNothing) {
		t.Fatalf("half a failure of %q: %+v", text, f)
	}
	one := func(name, s string) {
		if !printable(s) {
			t.Errorf("the fact %s of %q is %q", name, text, s)
		}
	}
	harmless := matchers.Facts{}
	for name, value := range f.Facts {
		switch value := value.(type) {
		case string:
			one(name, value)
			harmless[name] = strings.NewReplacer("{", "(", "}", ")").Replace(value)
		case []string:
			for _, s := range value {
				one(name, s)
			}
		default:
			t.Errorf("the fact %s of %q is a %T", name, text, value)
		}
	}
	a := f.Cause.Advise(harmless)
	for _, s := range []string{a.Diagnosis, a.Confirm} {
		if strings.Contains(s, "{") || !printable(s) {
			t.Errorf("%q is diagnosed as %q", text, s)
		}
	}
	for _, step := range a.Fix {
		if strings.Contains(step.Text, "{") || !printable(strings.ReplaceAll(step.Text, "\n", " ")) {
			t.Errorf("%q is to be mended by %q", text, step.Text)
		}
	}
	for i, code := range f.Codes {
		if !strings.HasPrefix(code, "AADSTS") || len(code) < 10 || len(code) > 14 {
			t.Errorf("code %d of %q is %q", i, text, code)
		}
	}
	for _, link := range f.Links {
		if !strings.HasPrefix(link.URL, "https://") || !printable(link.Title) {
			t.Errorf("a link of %q is %+v", text, link)
		}
	}
}

// printable tells whether s is on one line and free of control characters.
func printable(s string) bool {
	return strings.ToValidUTF8(s, "") == s && strings.Join(strings.Fields(s), " ") == s && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	})
}

// FuzzDiagnose: nothing panics; what Diagnose calls ours passes the cheap test
// and is found by Match; facts are printable and no template stays unfilled.
func FuzzDiagnose(f *testing.F) {
	s := builtin(f)
	for _, a := range articles {
		f.Add(kb(f, a.file))
	}
	for _, payload := range []string{"null", refused + `{"error":"invalid_request","error_uri":"https:\/\/login.microsoftonline.com\/error?code=50194"}`,
		"AADSTS70002: x AADSTS700016: Application with identifier '" + flowID + "' was not found in the directory '\u202e{code}'",
		"AADSTS28000: Scope email https://graph.microsoft.us/IMAP.AccessAsUser.All {x|y} is not valid", `AADSTS500011: \ud83d\u0000 The resource principal ` +
			`named ://a was not found in tenant ' '`} {
		f.Add(carrier(payload))
	}
	f.Add("2024-03-05 09:07:03 a url: " + flowURL + " WARN  [] x")
	f.Fuzz(func(t *testing.T, text string) {
		v := s.Diagnose(text, time.UTC)
		laws(t, text, v)
		got, ours := s.Match(event.Event{Text: []byte(text)}, time.UTC)
		if v.Ours != ours || (ours && got.Cause != v.Failure.Cause) {
			t.Errorf("Diagnose(%q) says %v, Match says %v", text, v.Ours, ours)
		}
		laws(t, text, s.Text(text))
		laws(t, carrier(text), s.Diagnose(carrier(text), nil))
	})
}

// The laws hold for texts as long as an event can be, of what patterns look for.
func TestLongTexts(t *testing.T) {
	s := builtin(t)
	for _, piece := range []string{"AADSTS50194 ", "x", " ", "\\u0027", "Scope https://a.b/c ", "in tenant ", "[", "{\"error\":\"", "oauth2 ERROR ",
		"The error message is:", "at a.b.C(D.java:1)\n", "\xff\xfe", flowURL + " "} {
		text := carrier(strings.Repeat(piece, event.MaxText/len(piece)))
		laws(t, text, s.Diagnose(text, nil))
	}
}
