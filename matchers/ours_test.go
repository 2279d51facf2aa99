package matchers_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// Whether an event is a failure of the flow is decided by level, request URL
// and logger, never by the words of its message.
func TestOurs(t *testing.T) {
	const (
		other = "c.a.j.plugin.webhooks.Poster"
		pkix  = "javax.net.ssl.SSLHandshakeException: PKIX path building failed"
	)
	line := func(thread, level, url, logger, message string) string {
		return "2024-03-05 09:07:03,021+0000 " + thread + " " + level + " mira 547x294x1 4eic3i 10.0.0.7 " + url + " [" + logger + "] " + message
	}
	known := matchers.Integration{ID: flowID, Flow: flowID, KnownBy: "flow"}
	none := matchers.Integration{ID: matchers.Unknown, KnownBy: "nothing"}
	const suffix = "FC8GQRj7OZO_j1_b6A-Eig"
	const callback = "/plugins/servlet/oauth2/client/callback/" + suffix
	called := matchers.Integration{ID: suffix, KnownBy: "redirect_suffix"}
	const mailLog = "2024-03-05 09:07:03,021+0000 ERROR [365 IMAP] Caesium-1-1 anonymous "
	const threaded = "http-nio-8080-exec-2 url: " + flowURL + "; user: mira"
	tests := []struct {
		name, text  string
		ours        bool
		integration matchers.Integration
	}{
		{"carrier", carrier(pkix), true, known},
		{"WARN", line("exec-1", "WARN", flowURL, logger, pkix), true, known},
		{"FATAL", line("exec-1", "FATAL", flowURL, logger, pkix), true, known},
		{"INFO", line("exec-1", "INFO", flowURL, logger, pkix), false, none},
		{"DEBUG", line("exec-1", "DEBUG", flowURL, logger, "Error message is: AADSTS50194"), false, none},
		{"TRACE", line("exec-1", "TRACE", flowURL, logger, pkix), false, none},
		{"INFO whose message quotes an ERROR", line("exec-1", "INFO", "/rest/api/2/issue", other, carrier(pkix)), false, none},
		{"by URL only", line("exec-1", "ERROR", flowURL, other, pkix), true, known},
		{"by URL, other release", line("exec-1", "ERROR", "/rest/oauth2-client/1.0/config", other, pkix), true, none},
		{"by URL with context path", line("exec-1", "ERROR", "/jira"+flowURL, other, pkix), true, known},
		{"by URL, empty logger", line("exec-1", "ERROR", flowURL, "", pkix), true, known},
		{"by callback URL", line("exec-1", "WARN", callback, other, "unknown state"), true, called},
		{"by callback URL with context path", line("exec-1", "WARN", "/jira"+callback, other, "unknown state"), true, called},
		{"by logger only, request of another page", line("exec-1", "ERROR", "/secure/admin/IncomingMail.jspa", "c.a.o.c.lib.token.DefaultTokenService",
			"null"), true, none},
		{"by logger only, no request", "2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR ServiceRunner     [c.a.o.c.lib.token.DefaultTokenService] null", true,
			none},
		{"by full logger", "2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR      [com.atlassian.oauth2.client.lib.token.DefaultTokenService] null", true, none},
		{"by six-part logger", "2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR      [c.a.o.client.jobs.TokenPruningJob] null", true, none},
		{"by logger of four parts", line("exec-1", "WARN", flowURL, "client.rest.resource.ClientConfigurationResource", pkix), true, known},
		{"by thread URL and logger", "2024-03-05 09:07:03,021+0000 " + threaded + " ERROR      [" + logger + "] " + pkix, true, known},
		{"by thread URL and logger of four parts", "2024-03-05 09:07:03,021+0000 " + threaded +
			" ERROR      [client.rest.resource.ClientConfigurationResource] " + pkix, true, known},
		{"old name of a thread: none in the header", "2024-03-05 09:07:03,021+0000 " + threaded + " ERROR      [" + other + "] " + pkix, false, none},
		{"shared classes of the provider", line("exec-1", "WARN", "/plugins/servlet/oauth2/consent", "c.a.o.c.web.loopsprevention.X", "null"), false, none},
		{"shared classes without a request", "2024-03-05 09:07:03,021+0000 main WARN      [c.a.o.c.rest.validator.RestValidator] null", false, none},
		{"inherited URL: audit", line("audit-events-2", "WARN", flowURL, "c.a.audit.broker.InternalAuditBroker", "full"), false, none},
		{"inherited URL: Caesium", line("Caesium-1-3", "WARN", flowURL, other, "x"), false, none},
		{"inherited URL: Quartz", line("QuartzScheduler_Worker-3", "WARN", flowURL, other, "x"), false, none},
		{"inherited URL: scheduler", line("scheduler_Worker-1", "WARN", flowURL, other, "x"), false, none},
		{"inherited URL: fork and join", line("ForkJoinPool.commonPool-worker-1", "WARN", callback, other, "x"), false, none},
		{"inherited URL: a plugin's pool", line("automation-rule-executor:thread-4", "WARN", flowURL, other, "x"), false, none},
		{"inherited URL: another plugin's pool", line("pool-12-thread-3", "WARN", flowURL, other, "x"), false, none},
		{"inherited URL: the plugin's logger", line("Caesium-1-3", "WARN", flowURL, logger, pkix), true, known},
		{"flow from the thread, masked in the header", line(threaded, "ERROR", "/rest/oauth2-client/latest/config/flow/XXXXXXXX", logger, pkix), true, known},
		{"header's flow before the thread's", line(strings.Replace(threaded, "0f8f", "ffff", 1), "ERROR", flowURL, logger, pkix), true, known},
		{"old name of a thread: other page", line(threaded, "ERROR", "/rest/api/2/issue", other, pkix), false, none},
		{"old name of a thread: logger ours, other page", line(threaded, "ERROR", "/secure/admin/IncomingMail.jspa", logger, pkix), true, none},
		{"old name of a thread: callback", line(threaded, "WARN", callback, logger, pkix), true, called},
		{"PKIX of a directory", "2024-03-05 09:07:03,021+0000 Caesium-1-3 ERROR ServiceRunner     [c.a.c.d.Poller] javax.naming.CommunicationException: " +
			pkix, false, none},
		{"code in an issue's title", line("exec-1", "ERROR", "/rest/api/2/issue", other, "[oauth2] AADSTS7000215: Invalid client secret"), false, none},
		{"flow's URL in a message", line("exec-1", "ERROR", "/rest/api/2/issue", other, "GET "+flowURL+" ["+logger+"] "+leadIn+pkix), false, none},
		{"URL that only begins alike", line("exec-1", "ERROR", "/rest/oauth2-clients/1/x", other, pkix), false, none},
		{"URL with the path inside", line("exec-1", "ERROR", "/secure/a/b/c"+flowURL, other, pkix), false, none},
		{"logger that only begins alike", line("exec-1", "ERROR", "/x", "c.a.o.consumer.Service", pkix), false, none},
		{"OAuth provider's own REST URL", line("exec-1", "ERROR", "/rest/oauth2/latest/token", other, pkix), false, none},
		{"OIDC login plugin", line("exec-1", "ERROR", "/plugins/servlet/oidc/callback", "c.a.p.a.i.web.oidc.Filter", refused+`{"error":"x"}`), false, none},
		{"a user with brackets", strings.Replace(carrier(pkix), " mira ", " anna [ext] ", 1), true, known},
		{"a user in brackets", strings.Replace(carrier(pkix), " mira ", " [anna] ", 1), true, known},
		{"a user with dots in brackets", strings.Replace(carrier(pkix), " mira ", " anna [x.y] ", 1), true, known},
		{"an excerpt of ours", strings.Replace(carrier(pkix), " 4eic3i ", " [session] ", 1), true, known},
		{"mail log, a subject like a logger", mailLog + "Help[10100]: Unable to add comment. Subject: [oauth2.client.ticket] please help", false, none},
		{"mail log, a subject like the plugin's logger", mailLog + "Re: [" + logger + "] AADSTS7000222", false, none},
		{"mail log, a subject like a URL", mailLog + "Help[10100]: Cannot handle mail: " + flowURL + " [SUP.1] AADSTS7000222: expired", false, none},
		{"mail log, a subject like all fields", mailLog + "1x2x3 s 10.0.0.1 " + flowURL + " [" + logger + "] AADSTS7000222: expired", false, none},
		{"mail log of a server without a name", strings.Replace(mailLog, "[365 IMAP]", "[]", 1) + flowURL + " [" + logger + "] x", false, none},
		{"mail log of a server named like a host", strings.Replace(mailLog, "[365 IMAP]", "[imap.example]", 1) + flowURL + " [" + logger + "] x", false, none},
		{"no header", "ERROR " + flowURL + " [" + logger + "] " + pkix, false, none},
		{"no level", "2024-03-05 09:07:03,021+0000 exec-1 " + flowURL + " [" + logger + "] " + pkix, false, none},
		{"empty", "", false, none},
	}
	s := builtin(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := s.Diagnose(tt.text, time.UTC)
			if v.Ours != tt.ours || v.Reason == "" {
				t.Fatalf("%s\n got ours %v, since %s\nwant ours %v", tt.text, v.Ours, v.Reason, tt.ours)
			}
			if tt.ours && v.Failure.Integration != tt.integration {
				t.Errorf("%s\n got %+v\nwant %+v", tt.text, v.Failure.Integration, tt.integration)
			}
			if v.Ours && matchers.Find([]byte(tt.text)) < 0 {
				t.Errorf("Find finds nothing in %q", tt.text)
			}
		})
	}
}

// A bare text is diagnosed when a cause or a code explains it, and is nobody's
// when it is a line of another log.
func TestText(t *testing.T) {
	s := builtin(t)
	for text, want := range map[string]string{
		"AADSTS7000215: Invalid client secret provided.":      "entra-client-secret-invalid",
		"  AADSTS50011: The redirect URI does not match.":     "entra-redirect-uri-mismatch",
		leadIn + "java.net.SocketException: Connection reset": "net-connection-reset",
		"":                      "",
		"null":                  "token-error-without-description",
		"Something went wrong.": "",
		"[05/Mar/2024:09:07:03 +0100] DEBUG: AADSTS7000215: Invalid client secret.": "",
		"2024-03-05 09:07:03.021 other AADSTS7000215: Invalid client secret.":       "",
		"05-Mar-2024 09:07:03.021 SEVERE [main] AADSTS7000215: Invalid secret.":     "",
	} {
		v := s.Text(text)
		got := ""
		if v.Ours {
			got = v.Failure.Cause.ID
		}
		if got != want || v.Reason == "" {
			t.Errorf("Text(%q) is explained by %q (%s), want %q", text, got, v.Reason, want)
		}
	}
}

// None of the whole events of other parts and products of a sample collection,
// where there is one beside the project, is ours; its texts have their causes.
func TestSampleCollection(t *testing.T) {
	const dir = "../../shared/samples"
	files, _ := filepath.Glob(dir + "/*.log")
	if len(files) == 0 {
		t.Logf("there is no %s, nothing is tried", dir)
		return
	}
	s := builtin(t)
	for _, file := range files {
		text := testkit.Read(t, file)
		if v := s.Diagnose(text, time.UTC); v.Ours {
			t.Errorf("%s as one event is ours, since %s", file, v.Reason)
		}
		for _, e := range events(t, text) {
			if f, ours := s.Match(e, time.UTC); ours {
				t.Errorf("%s is ours, explained by %s", file, f.Cause.ID)
			}
			if v := s.Diagnose(string(e.Text), time.UTC); v.Ours {
				t.Errorf("%s is ours, since %s", file, v.Reason)
			}
		}
	}
	for file, root := range map[string]int{"01": 1, "02": 1, "03": 2, "04": 2, "05": 0, "06": 3, "07": 3, "08": 8, "09": 0, "10": 6, "11": 7, "12": 7,
		"13": 0, "14": 0, "15": 0, "16": 0, "17": 0} {
		names, _ := filepath.Glob(dir + "/fragments/" + file + "-*.log")
		if len(names) != 1 {
			t.Fatalf("%s: %q", file, names)
		}
		text := testkit.Read(t, names[0])
		if f := diagnose(t, s, carrier(text)); f.Cause.RootCause != root {
			t.Errorf("%s: root cause %d, want %d", names[0], f.Cause.RootCause, root)
		}
		if v := s.Diagnose(text, time.UTC); v.Ours {
			t.Errorf("%s alone is ours", names[0])
		}
	}
}

// Find stops at what belongs to the flow, in each form that a log writes it,
// and at nothing else that names oauth2: Jira is an OAuth 2.0 provider too.
func TestFind(t *testing.T) {
	pad := strings.Repeat("x", 200) // both before and behind: short texts are searched in another way
	for _, sign := range []string{
		"oauth2-client/latest", `oauth2-client\/latest`, "oauth2/client/callback", `oauth2\/client\/callback`, "oauth2.client.rest.X", "[c.a.o.c.rest.X]",
		"[c.a.o.client.jobs.X]",
	} {
		for _, text := range []string{sign, pad + sign, sign + pad, pad + "/rest/oauth2/latest/token " + sign + pad} {
			if got, want := matchers.Find([]byte(text)), strings.Index(text, sign); got != want {
				t.Errorf("Find(%q) is %d, want %d", text, got, want)
			}
		}
	}
	for _, other := range []string{
		"/rest/oauth2/latest/token", "/rest/oauth2/1.0/clients", "[c.a.oauth2.provider.core.X]", "[c.a.oauth2.common.X]", "[c.a.o.consumer.X]", "[c.a.o.clients.X]",
		"com.atlassian.oauth2.provider.X",
		"https://login.microsoftonline.com/common/oauth2/v2.0/authorize", "https://accounts.google.com/o/oauth2/v2/auth", "oauth2_client_id",
		"oauth2.clients", "oauth2-clients/1",
		"/plugins/servlet/oauth2/consent", "oauth2", "oauth2-client",
	} {
		for _, text := range []string{other, pad + other + " " + pad, other + pad} {
			if got := matchers.Find([]byte(text)); got >= 0 {
				t.Errorf("Find(%q) stops at %d", text, got)
			}
		}
	}
}
