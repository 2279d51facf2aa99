package matchers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

const (
	exceptions  = "com.atlassian.oauth2.client.api.storage.token.exception."
	recoverable = exceptions + "RecoverableTokenException"
	service     = "com.atlassian.oauth2.client.api.lib.token.TokenServiceException"
	pulls       = "c.a.j.i.m.processor.feature.puller.MailPullerWorker"
	foreign     = "c.e.plugin.sync.Runner"
	frame       = "\n\tat com.atlassian.oauth2.client.storage.DefaultTokenHandler.refresh(DefaultTokenHandler.java:1)"
	expired     = "AADSTS7000222: The provided client secret keys for app '6b2d1d92-7018-4182-b70e-821127bec500' are expired."
)

// polled is an event of a poll in the background, with what follows the message.
func polled(logger, rest string) string {
	return "2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR ServiceRunner     [" + logger + "] Could not poll" + rest
}

// thrown is a failed refresh as the layout prints it.
func thrown(cause string) string {
	return "\n" + recoverable + ": An error has occurred while refreshing OAuth token" + frame + "\n\t... 12 filtered\nCaused by: " + cause + frame
}

// A failed refresh in the background is a failure whatever logs it; its cause is
// what the innermost exception says.
func TestRefresh(t *testing.T) {
	s := builtin(t)
	for _, tt := range []struct {
		name, says, cause string
		first, second     conf.Severity
	}{
		{"code", service + ": " + expired + "\nTrace ID: 7d8fc6a9-2d93-4df0-99de-412c5a1d1700", "entra-client-secret-expired", 3, 3},
		{"sentence of Google's", service + ": Token has been expired or revoked.", "google-refresh-token-revoked", 3, 3},
		{"one word of Google's", service + ": Unauthorized", "google-client-secret-invalid", 3, 3},
		{"words of a provider that nobody knows", service + ": The moon is full", "unknown", 3, 3},
		{"a provider's temporary fault", service + ": AADSTS90033: A transient error has occurred.", "entra-transient", 2, 3},
		{"host", "java.net.UnknownHostException: login.microsoftonline.com", "net-dns-unknown-host", 2, 3},
		{"host, twice", service + ": java.net.UnknownHostException: login.microsoftonline.com" + frame +
			"\nCaused by: java.net.UnknownHostException: login.microsoftonline.com", "net-dns-unknown-host", 2, 3},
		{"certificate", "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable " +
			"to find valid certification path to requested target", "tls-certificate-untrusted", 2, 3},
		{"an exception of the plugin, in another language", exceptions + "UnrecoverableTokenException: Ungültig", "jira-token-unrecoverable", 3, 3},
		{"the same without a message", exceptions + "RefreshTokenExpiredException", "jira-refresh-token-expired", 3, 3},
		{"no access token", exceptions + "AccessTokenExpiredException: x", "jira-access-token-expired", 3, 3},
		{"no configuration", exceptions + "ConfigurationNotFoundException: x", "jira-integration-deleted", 2, 3},
		{"no token", exceptions + "TokenNotFoundException: x", "mail-oauth-token-undefined", 3, 3},
		{"an exception of the plugin that nobody knows", exceptions + "NewException: x", "unknown", 2, 3},
		{"a Java exception that nobody knows", "java.lang.IllegalStateException: x", "unknown", 2, 3},
	} {
		for _, logger := range []string{pulls, foreign, "c.a.mail.incoming.mailfetcherservice"} {
			for _, text := range []string{polled(logger, thrown(tt.says)), strings.Replace(polled(logger, thrown(tt.says)), "poll\n", "poll\n    of Alice\n", 1),
				strings.ReplaceAll(polled(logger, thrown(tt.says)), "\n", "\r\n"),
				polled(logger, "\njavax.mail.MessagingException: no token\n\tat a.B.c(B.java:1)\nCaused by: "+strings.TrimSpace(thrown(tt.says)))} {
				v := s.Diagnose(text, time.UTC)
				if !v.Ours {
					t.Errorf("%s: not ours, since %s:\n%s", tt.name, v.Reason, text)
					continue
				}
				f := v.Failure
				if len(f.Also) > 0 {
					t.Errorf("%s: also %s", tt.name, f.Also)
				}
				first, second := f.Impact.Severity(f.Cause, 1), f.Impact.Severity(f.Cause, 2)
				if f.Cause.ID != tt.cause || f.Impact.Phase != "refresh" || first != tt.first || second != tt.second {
					t.Errorf("%s: %s in phase %q, %s and %s, want %s, %s and %s:\n%s", tt.name, f.Cause.ID, f.Impact.Phase, first, second,
						tt.cause, tt.first, tt.second, text)
				}
				if f, ours := s.Match(event.Event{Text: []byte(text)}, time.UTC); !ours || f.Cause.ID != tt.cause {
					t.Errorf("%s: Find passes it over", tt.name)
				}
				sameSight(t, matchers.NewFastMatcher(func() *matchers.Set { return s }), s, text)
			}
		}
	}
}

// The text of a user does not forge a failed refresh, nor do the words elsewhere.
func TestForgedRefresh(t *testing.T) {
	s := builtin(t)
	trace := strings.TrimSpace(thrown(service + ": " + expired))
	for name, text := range map[string]string{
		"in the message":                             polled(foreign, ": "+recoverable+": x"),
		"the message is one":                         strings.Replace(polled(foreign, ""), "Could not poll", recoverable+": x", 1),
		"indented by the layout":                     polled(foreign, "\n    "+strings.ReplaceAll(trace, "\n", "\n    ")),
		"indented, of mail code":                     polled(pulls, "\n    "+strings.ReplaceAll(trace, "\n", "\n    ")),
		"indented after an empty line":               strings.Replace(polled(foreign, ""), " Could not poll", "\n    "+strings.ReplaceAll(trace, "\n", "\n    "), 1),
		"a layout that does not indent":              polled(foreign, " the comment:\nHello\n"+trace),
		"without a frame":                            polled(foreign, "\n"+recoverable+": x"),
		"in an exception's message":                  polled(foreign, "\njava.lang.IllegalArgumentException: bad name a\n"+recoverable+": x\n\tat a.B.c(B.java:1)"),
		"as a cause in such a message":               polled(foreign, "\njava.lang.IllegalArgumentException: bad name a\nCaused by: "+service+": x\n\tat a.B.c(B.java:1)"),
		"prose that looks like a frame":              polled(foreign, "\njava.lang.IllegalArgumentException: bad a\n  at the office\nCaused by: "+service+": x\n\tat a.B.c(B.java:1)"),
		"in an exception's message, of mail code":    polled(pulls, "\njavax.mail.internet.ParseException: In parameter list <x\n"+service+": x\n>\n\tat a.B.c(B.java:1)"),
		"as a cause in such a message, of mail code": polled(pulls, "\njavax.mail.internet.ParseException: <x\nCaused by: "+service+": x\n>\n\tat a.B.c(B.java:1)"),
		"the message, of another's mail code":        strings.Replace(polled("com.acme.emailtemplates.Renderer", ""), "Could not poll", service+": "+expired, 1),
		"JSON, in an exception's message": inJSON(foreign, "x", `,"err":{"msg":"bad a\n\tat x.y(Z.java:1)\nCaused by: `+service+`: x","class":"java.lang.IllegalArgumentException",`+
			`"stack":"java.lang.IllegalArgumentException: bad a\n\tat x.y(Z.java:1)\nCaused by: `+service+`: x\n\tat a.B.c(B.java:1)"}`),
		"INFO":                           strings.Replace(polled(pulls, "\n"+trace), " ERROR ", " INFO ", 1),
		"a frame only":                   polled(pulls, "\njava.lang.IllegalStateException: x"+frame),
		"no exception":                   polled(pulls, "\ncom.atlassian.oauth2.client.api.ClientToken: x"+frame),
		"of the provider":                polled(pulls, "\ncom.atlassian.oauth2.provider.api.TokenException: x\n\tat a.B.c(B.java:1)\n"+"# oauth2.client."),
		"JSON, in the message":           inJSON(foreign, "Hello\\n"+jsonText(trace), ""),
		"JSON, in the message, of mail":  inJSON("com.atlassian.mail.Fetcher", "Hello\\n"+jsonText(trace), ""),
		"JSON, an exception of no class": inJSON(foreign, "x", `,"err":{"msg":"`+jsonText(trace)+`"}`),
	} {
		if v := s.Diagnose(text, time.UTC); v.Ours {
			t.Errorf("%s: ours, since %s:\n%s", name, v.Reason, text)
		}
	}
}

func inJSON(logger, message, more string) string {
	return `{"timestamp":"2024-03-05T08:07:03,7Z","level":"ERROR","thread":"Caesium-1-3","logger":"` + logger + `","message":"` + message + `"` + more + `}`
}

func jsonText(s string) string { return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s) }

// Other forms in which a failed refresh is a failure.
func TestRefreshForms(t *testing.T) {
	s := builtin(t)
	trace := strings.TrimSpace(thrown(service + ": " + expired))
	for name, text := range map[string]string{
		"mail code, a layout that does not indent": polled(pulls, " of Alice\nand Bob\n"+trace),
		"mail code, no frames":                     polled(pulls, "\n"+recoverable+": x\nCaused by: "+service+": "+expired),
		"mail code, the message is the exception":  strings.Replace(polled(pulls, ""), "Could not poll", service+": "+expired, 1),
		"no message":              strings.Replace(polled(foreign, "\n"+trace), " Could not poll", "", 1),
		"JSON":                    inJSON(foreign, "x", `,"err":{"msg":"x","class":"`+recoverable+`","stack":"`+jsonText(trace)+`"}`),
		"the URL of another page": strings.Replace(polled(foreign, "\n"+trace), "    [", "1x2x3 s 10.0.0.1 /secure/admin/VerifyMail.jspa [", 1),
		"a mail log": "2024-03-05 09:07:03,021+0000 ERROR [] Caesium-1-4 ServiceRunner Exception when MailPullerWorker pulls emails\n" +
			trace,
	} {
		f := diagnose(t, s, text)
		if f.Cause.ID != "entra-client-secret-expired" || f.Impact.Phase != "refresh" ||
			f.Integration.ID != "6b2d1d92-7018-4182-b70e-821127bec500" || f.Integration.KnownBy != "app_id" {
			t.Errorf("%s: %s, phase %s, integration %+v", name, f.Cause.ID, f.Impact.Phase, f.Integration)
		}
		sameSight(t, matchers.NewFastMatcher(func() *matchers.Set { return s }), s, text)
	}
	pasted := strings.NewReplacer("\n\tat", "\nat", "\n\t...", "\n...").Replace(polled(foreign, "\n"+trace))
	if v := s.Pasted(pasted); !v.Ours || v.Failure.Cause.ID != "entra-client-secret-expired" {
		t.Errorf("pasted without indentation: %v, since %s", v.Ours, v.Reason)
	}
}

// The integration of an event without a flow is told apart by what its text has.
func TestIntegrationWithoutFlow(t *testing.T) {
	s := builtin(t)
	stale := strings.Replace(polled(foreign, thrown(service+": x")), "Caesium-1-3", "Caesium-1-3 url: "+flowURL+"; user: mira", 1)
	handled := func(reason string) string {
		return strings.Replace(polled("c.a.mail.incoming.mailfetcherservice", thrown("java.io.EOFException: x")), "Could not poll", "A b[10100]: "+reason, 1)
	}
	for name, tt := range map[string]struct{ text, by string }{
		"application":      {polled(pulls, thrown(service+": "+expired)), "app_id"},
		"tenant":           {polled(pulls, thrown(service+": AADSTS90002: Tenant 'contoso.example' not found.")), "tenant"},
		"mail server":      {"2024-03-05 09:07:03,021+0000 ERROR [365 IMAP] Caesium-1-4 ServiceRunner A b[10100]: x" + thrown("java.io.EOFException: x"), "mail_server"},
		"handler":          {handled("x"), "handler"},
		"handler and host": {handled("JIRA couldn't open the folder 'inbox' at imap.gmail.com"), "handler"},
		"nothing":          {polled(pulls, thrown("java.io.EOFException: x")), "nothing"},
		"a stale thread":   {stale, "nothing"},
	} {
		if i := diagnose(t, s, tt.text).Integration; i.KnownBy != tt.by || i.Flow != "" || strings.ContainsAny(i.ID, " @#") {
			t.Errorf("%s: %+v, want by %s", name, i, tt.by)
		}
	}
}

// The handler and the mail server are read where the line has them.
func TestMailbox(t *testing.T) {
	s := builtin(t)
	broken := thrown("java.io.EOFException: x")
	const reason = ": Messaging Exception in service 'x' when getting mail: "
	for _, tt := range []struct {
		text string
		want matchers.Mailbox
	}{
		{"2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR anonymous    Help Desk [c.a.mail.incoming.mailfetcherservice] Help Desk[10001]" + reason + broken,
			matchers.Mailbox{Handler: "Help Desk", HandlerID: "10001"}},
		{"2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR anonymous     [c.a.mail.incoming.mailfetcherservice] Help Desk[10001]" + reason +
			"JIRA couldn't open the folder 'inbox' at outlook.office365.com" + broken,
			matchers.Mailbox{Server: "outlook.office365.com", Handler: "Help Desk", HandlerID: "10001"}},
		{"2024-03-05 09:07:03,021+0000 ERROR [365 IMAP] QuartzScheduler_Worker-3 ServiceRunner Help Desk[10100]" + reason + broken,
			matchers.Mailbox{Server: "365 IMAP", Handler: "Help Desk", HandlerID: "10100"}},
		{"2024-03-05 09:07:03,021+0000 ERROR [365 IMAP] Caesium-1-3 ServiceRunner Support [EMEA] Desk[10100]" + reason + broken,
			matchers.Mailbox{Server: "365 IMAP"}},
		{"2024-03-05 09:07:03,021+0000 ERROR [mail.example.com] Caesium-1-3 ServiceRunner Help Desk[10100]" + reason + broken,
			matchers.Mailbox{Server: "mail.example.com", Handler: "Help Desk", HandlerID: "10100"}},
		{"2024-03-05 09:07:03,021+0000 ERROR [Support] Caesium-1-3 ServiceRunner Help Desk[10100]" + reason + broken,
			matchers.Mailbox{Server: "Support", Handler: "Help Desk", HandlerID: "10100"}},
		{"2024-03-05 09:07:03,021+0000 ERROR [] Caesium-1-3 ServiceRunner Help Desk[10100]" + reason + broken,
			matchers.Mailbox{Handler: "Help Desk", HandlerID: "10100"}},
		{polled(foreign, broken), matchers.Mailbox{}},
	} {
		if got := diagnose(t, s, tt.text).Mailbox; got != tt.want {
			t.Errorf("%s\n got %+v\nwant %+v", tt.text, got, tt.want)
		}
	}
}

// A test on a request's thread is a test, also where its text has an exception of the plugin.
func TestPhaseOfTest(t *testing.T) {
	for _, text := range []string{carrier("x"), carrier("x\n" + service + ": y" + frame)} {
		if f := diagnose(t, builtin(t), text); f.Impact.Phase != "test" || f.Integration.ID != flowID {
			t.Errorf("phase %q of %s", f.Impact.Phase, f.Integration.ID)
		}
	}
}

// A failed refresh is a failure whatever a collector puts before its lines, and however
// long its message is.
func TestRefreshInLog(t *testing.T) {
	s := builtin(t)
	plain := polled(foreign, thrown(service+": "+expired))
	for name, log := range map[string]string{
		"a message longer than an event": strings.Replace(plain, "Could not poll", strings.Repeat("a", event.MaxText), 1),
		"rsyslog's files":                behind("2024-03-05T09:07:03.003+01:00 jira1 docker/jira[12]: ", plain),
		"docker compose -t":              behind("jira-1  | 2024-03-05T08:07:03.003Z ", plain),
		"kubectl -t":                     behind("2024-03-05T08:07:03.003Z ", plain),
	} {
		var got []string
		through(t, []byte(log+"\n"), func(e event.Event) {
			if f, ours := s.Match(e, nil); ours {
				got = append(got, f.Cause.ID)
			}
		})
		if !slices.Equal(got, []string{"entra-client-secret-expired"}) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// behind puts a collector's prefix before each line.
func behind(prefix, text string) string { return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix) }
