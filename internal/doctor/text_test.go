package doctor_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
)

// The text shows everything that a report can contain, each item on its own lines.
func TestText(t *testing.T) {
	token, _ := doctor.Parse("login.microsoftonline.com")
	mail, _ := doctor.Parse("outlook.office365.com:993")
	r := doctor.Report{
		Java: &java.JVM{Home: "/opt/jre", Store: "/opt/jre/lib/security/cacerts", Certificates: 1140, Hidden: []string{
			"The unit hides other processes, so Jira's command line cannot be read: run doctor as root, or allow it with a drop-in."}},
		Endpoints: []doctor.Result{
			{Endpoint: token, Via: "proxy.example.com:3128", Verdict: doctor.Verdict{OK: true, Title: "Reachable"}, Steps: []doctor.Step{
				{Name: "proxy", State: doctor.Good, Tried: "CONNECT", Got: "HTTP/1.1 200 OK\nbelow", Took: 12.4}}},
			{Endpoint: mail, Verdict: doctor.Verdict{Title: "The CA is not known"}, Steps: []doctor.Step{
				{Name: "starttls", State: doctor.Fault, Tried: "verify", Got: "nothing", Took: 0.6,
					Means: "Java's trust store does not have the issuer of this certificate, \x1b[31mand this is longer than the line."}}},
		},
		Verdict: doctor.Verdict{Title: "The CA is not known", Text: "Import it.", Who: "jira-host", Command: "keytool  -importcert",
			Container: "docker cp\n# COPY", Cause: "tls-certificate-untrusted"},
	}
	who := func(where string) string { return "the " + where }
	var b strings.Builder
	if err := r.Text(&b, who); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	if err := (&doctor.Report{Java: &java.JVM{}, Verdict: doctor.Verdict{Title: "Reachable"}}).Text(&b, who); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "testdata/text.golden.txt", b.String())
}
