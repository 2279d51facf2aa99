package mask_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/mask"
	"jira-oauth-watcher/matchers"
)

const flow = "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"

var (
	none = mask.New(nil, "jira-node-1")
	all  = mask.New([]conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost}, "jira-node-1")
)

const (
	jwt    = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	entra  = "abc8Q~AbCdEfGhIjKlMnOpQrStUvWxYz0123456."
	base64 = "QWxhZGRpbjpvcGVuIHNlc2FtZSBBbGFkZGluOm9wZW4gc2VzYW1l"
)

// Each prefix of a token is known.
func TestPrefixes(t *testing.T) {
	const rest = "AbCdEfGhIjKlMnOpQrStUv"
	for _, prefix := range []string{
		"sk_live_", "rk_test_", "sk-", "sk-ant-", "SG.", "npm_", "dckr_pat_", "hf_", "shpat_", "shpca_", "shppa_", "shpss_", "lin_api_", "dop_v1_",
		"doo_v1_", "pypi-", "PMAK-",
	} {
		if got := none.Text("sent " + prefix + rest + " twice"); got != "sent [api-token] twice" {
			t.Errorf("%s: %s", prefix, got)
		}
	}
	if got := none.Text("AGE-SECRET-KEY-1ABCDEFGHJKLMNPQ"); got != "[api-token]" {
		t.Error(got)
	}
}

// Secrets go, and what stood around them stays.
func TestSecrets(t *testing.T) {
	for _, tt := range []struct{ name, give, want string }{
		{"basic", "Authorization: Basic dXNlcjpwYXNz next", "Authorization: Basic [redacted] next"},
		{"bearer in JSON", `"Authorization":"Bearer abcdefghijklmnop.q"`, `"Authorization":"Bearer [redacted]"`},
		{"bearer alone", "sent bearer abcdefghijklmnopqrst", "sent bearer [redacted]"},
		{"the word bearer", "a Bearer token is missing", "a Bearer token is missing"},
		{"proxy", "Proxy-Authorization: NTLM TlRMTVNTUAAB", "Proxy-Authorization: NTLM [redacted]"},
		{"JWT", "token " + jwt + " end", "token [jwt] end"},
		{"JWE", "x=" + jwt + ".aaaaaaaa.bbbbbbbb", "x=[jwt]"},
		{"URL", "GET /cb?code=0.AXEAabc&state=Xy12abcd&session_state=9f HTTP", "GET /cb?code=[redacted]&state=[redacted]&session_state=[redacted] HTTP"},
		{"encoded URL", "to=%2Fcb%3Fa%3D1%26code%3DSecret12", "to=%2Fcb%3Fa%3D1%26code%3D[redacted]"},
		{"twice encoded", "x%253Fcode%253DSecret12", "x%253Fcode%253D[redacted]"},
		{"form", "client_secret=abc;def&grant_type=refresh_token", "client_secret=[redacted]&grant_type=refresh_token"},
		{"a number of a code", "see https://login.microsoftonline.com/error?code=50194", "see https://login.microsoftonline.com/error?code=50194"},
		{"a number as a password", "password=12345678", "password=[redacted]"},
		{"quoted", `client_secret="a b" password='c d'`, `client_secret="[redacted]" password='[redacted]'`},
		{"quoted and cut off", `client_secret="a b c`, `client_secret="[redacted]`},
		{"properties", "mail.password = hunter2", "mail.password = [redacted]"},
		{"map", "{clientSecret=hunter2, x=1}", "{clientSecret=[redacted], x=1}"},
		{"JSON", `{"refresh_token":"abc","error":"x"}`, `{"refresh_token":"[redacted]","error":"x"}`},
		{"JSON, cut off", `{"access_token" : "abc`, `{"access_token" : "[redacted]`},
		{"JSON, cut off in an escape", `{"access_token":"abc\`, `{"access_token":"[redacted]`},
		{"JSON with a quote inside", `{"password":"a\"b","x":"y"}`, `{"password":"[redacted]","x":"y"}`},
		{"JSON in JSON", `"{\"client_secret\":\"abc\",\"x\":\"y\"}"`, `"{\"client_secret\":\"[redacted]\",\"x\":\"y\"}"`},
		{"JSON in JSON with a quote inside", `"{\"client_secret\":\"a\\\"bc\",\"x\":\"y\"}"`, `"{\"client_secret\":\"[redacted]\",\"x\":\"y\"}"`},
		{"Entra secret", "identifier '" + entra + "' was", "identifier '[entra-secret]' was"},
		{"Google secret", "GOCSPX-abcdefghijklmnopqrstuv", "[google-secret]"},
		{"our mark is no name", "GOCSPX-abcdefghijklmnopqrstuv: end", "[google-secret]: end"},
		{"our mark is no name, later", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw = hunter2 [github-token] hunter2, [webhook-secret] is hunter2",
			"[webhook-secret] = hunter2 [github-token] hunter2, [webhook-secret] is hunter2"},
		{"another's is one", "[client_secret]: hunter2 [client-secret]=hunter2", "[client_secret]: [redacted] [client-secret]=[redacted]"},
		{"Google access token", "ya29.a0AfH6SMBxyz-123", "[google-access-token]"},
		{"Google refresh token", "1//0gabcdefghijklmnopqrstuv", "[google-token]"},
		{"Google code", "4/0AabcdefghijklmnopqrstuvW", "[google-token]"},
		{"Google code, encoded", "4%2F0AabcdefghijklmnopqrstuvW", "[google-token]"},
		{"Entra token", "0.AXEAabcdefghijklmnopqrstuvwxyz0123456.AgABAAIA", "[entra-token]"},
		{"personal account", "M.C507_BAY.2.U.abcdefghijklmnop", "[msa-token]"},
		{"cookies", "JSESSIONID=ABC123; atlassian.xsrf.token=B-1|x; a=b", "JSESSIONID=[redacted]; atlassian.xsrf.token=[redacted]; a=b"},
		{"JVM", "-Djavax.net.ssl.trustStorePassword=changeit -Dx=y", "-Djavax.net.ssl.trustStorePassword=[redacted] -Dx=y"},
		{"JVM without -D", "javax.net.ssl.trustStorePassword=changeit", "javax.net.ssl.trustStorePassword=[redacted]"},
		{"proxy URL", "http://joe:pw@proxy:3128/", "http://[redacted]@proxy:3128/"},
		{"proxy URL with @ inside", "http://joe:p@w@proxy:3128/", "http://[redacted]@proxy:3128/"},
		{"mail URL", "imaps://joe%40x:pw@imap.example.com", "imaps://[redacted]@imap.example.com"},
		{"token URL", "https://s3cr3t@git.example.com/x", "https://[redacted]@git.example.com/x"},
		{"Slack", "https://hooks.slack.com/services/T0/B0/xyz xoxb-1234567890-abc", "[slack-webhook] [slack-token]"},
		{"webhook secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[webhook-secret]"},
		{"base32", "got JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "got [opaque]"},
		{"short base32", "GEZDGNBVGY3TQOJQGEZDGNBVGY", "[opaque]"},
		{"hex", "got 9f86d081884c7d659a2feaa0c55ad015 end", "got [opaque] end"},
		{"a user code", "user_code=WDJB-MJHT", "user_code=[redacted]"},
		{"a one-time password", "otp=123456", "otp=[redacted]"},
		{"userinfo in place of a host", "java.net.UnknownHostException: jirauser:Sommer2024@proxy", "java.net.UnknownHostException: [redacted]@proxy"},
		{"userinfo in place of a domain", "UnknownHostException: login:geheim@proxy.example", "UnknownHostException: [redacted]@proxy.example"},
		{"userinfo in a property", "-Dhttps.proxyHost=user:pa55word@proxy", "-Dhttps.proxyHost=[redacted]@proxy"},
		{"userinfo after a word for a host", "Proxy user:pa55word@p.example, Unable to resolve name:pa55@p.example: x", "Proxy [redacted]@p.example, " +
			"Unable to resolve [redacted]@p.example: x"},
		{"userinfo of a host of one label", "svc-user:geheim@proxy", "[redacted]@proxy"},
		{"IMAP", "A1 AUTHENTICATE PLAIN AGJvYgBwYTU1dzByZA== AUTHENTICATE XOAUTH2 dXNlcj1ib2JAYy5leGFtcGxl", "A1 AUTHENTICATE PLAIN [redacted] AUTHENTICATE XOAUTH2 [redacted]"},
		{"SMTP", "AUTH LOGIN Ym9i AUTH PLAIN AGJvYgBwYQ==", "AUTH LOGIN [redacted] AUTH PLAIN [redacted]"},
		{"basic without a digit", "sent Basic dXNlcjpwYXNz", "sent Basic [redacted]"},
		{"header map", "{authorization=[Basic c3ZjOnBhc3M=], Host=[x]}", "{authorization=[Basic [redacted]], Host=[x]}"},
		{"Gson", `client_secret\u003dhunter2\u0026x\u003dy`, `client_secret\u003d[redacted]\u0026x\u003dy`},
		{"userinfo without a scheme", "via svc:hunter2@proxy.corp:3128", "via [redacted]@proxy.corp:3128"},
		{"XML", "<a:clientSecret x='y'>hunter2</a:clientSecret>", "<a:clientSecret x='y'>[redacted]</a:clientSecret>"},
		{"escaped XML", "&lt;password&gt;hunter2&lt;/password&gt;", "&lt;password&gt;[redacted]&lt;/password&gt;"},
		{"PEM after the word for one", `-----BEGIN  -----BEGIN+RSA+PRIVATE+KEY-----%5Cnhunter2%5Cn  x`, "-----BEGIN  [pem]%5Cn  x"},
		{"PEM after another's head", `-----BEGIN A-----BEGIN RSA PRIVATE KEY-----\nhunter2\n x`, `[redacted]\n x`},
		{"PEM", "key -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- end", "key [pem] end"},
		{"name and value", "[NameValuePair(name=client_secret, value=hunter2), NameValuePair(name=a, value=b)]",
			"[NameValuePair(name=client_secret, value=[redacted]), NameValuePair(name=a, value=b)]"},
		{"Markdown", "**client_secret**: hunter2, `client_secret`: `hunter2`", "**client_secret**: [redacted], `client_secret`: `[redacted]`"},
		{"a row of a table", "| client_secret | hunter2 |", "| client_secret | [redacted] |"},
		{"Scala", "sessionToken=Some(hunter2)", "sessionToken=Some([redacted])"},
		{"JVM, a short name", "-Dotp=hunter2 -Dpass=hunter2", "-Dotp=[redacted] -Dpass=[redacted]"},
		{"spaces of pages", "Basic\u00a0c3ZjOnBhc3M= Basic&nbsp;c3ZjOnBhc3M= client_secret\u202f=\u00a0hunter2",
			"Basic\u00a0[redacted] Basic&nbsp;[redacted] client_secret\u202f=\u00a0[redacted]"},
		{"a scheme with a colon", "Basic: c3ZjOnBhc3M= Bearer: abcdefgh12345", "Basic: [redacted] Bearer: [redacted]"},
		{"Slack's cookie", "xoxd-abc%2Fhunter2%2Babcdef", "[slack-token]"},
		{"form data on one line", `form-data; name="client_secret"; x=y hunter2 --b`, `form-data; name="client_secret"; x=y [redacted] --b`},
		{"a value in a value", `<setting name="ClientSecret" x="y"><value>hunter2</value></setting> AccessToken [value=hunter2]`,
			`<setting name="ClientSecret" x="y"><value>[redacted]</value></setting> AccessToken [value=[redacted]]`},
		{"CSV", `1,"client_secret","hunter2"`, `1,"client_secret","[redacted]"`},
		{"codes for one sign-in", "mfa_code=hunter2 one_time_code=hunter2 recoveryCode: hunter2 oauth_verifier=hunter2",
			"mfa_code=[redacted] one_time_code=[redacted] recoveryCode: [redacted] oauth_verifier=[redacted]"},
		{"shape unknown", "got " + base64, "got [opaque]"},
		{"shape unknown, in a path", "/rest/oauth2-client/latest/" + base64 + "/x", "/rest/oauth2-client/latest/[opaque]/x"},
		{"hidden characters", "GOC\u200bSPX-abcdefgh\x00ijklmnopqrstuv", "[google-secret]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := none.Text(tt.give); got != tt.want {
				t.Errorf("Text(%q)\n got %q\nwant %q", tt.give, got, tt.want)
			}
			if got := none.Text(tt.want); got != tt.want {
				t.Errorf("Text(%q), the second time\n got %q", tt.want, got)
			}
		})
	}
}

// What helps to mend the cause is left alone.
func TestReadable(t *testing.T) {
	for _, text := range []string{
		`{"error_description":"AADSTS50194: Application '79c86cf8-e761-4fdc-bc20-a629c5d04260'(Jira) is not configured as a multi-tenant ` +
			`application.\r\nTrace ID: b1c2d3e4-0000-1111-2222-333344445555\r\nCorrelation ID: 0f0e0d0c-aaaa-bbbb-cccc-ddddeeeeffff\r\nTimestamp: ` +
			`2021-11-16 11:35:50Z","error":"invalid_request","error_uri":"https:\/\/login.microsoftonline.com\/error?code=50194"}`,
		"AADSTS28000: scope https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office365.com/SMTP.Send offline_access is not valid",
		"AADSTS7000215: Invalid client secret is provided. Ensure the secret being sent is the client secret value, not the client secret ID",
		"AADSTS900144: The request body must contain the following parameter: 'client_secret'.",
		"javax.net.ssl.SSLHandshakeException: sun.security.validator.ValidatorException: PKIX path building failed: " +
			"sun.security.provider.certpath.SunCertPathBuilderException",
		"at com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource.executeFlow(ClientConfigurationResource.java:123)",
		"at com.example.OAuth2ClientAuthorizationCodeFlowExceptionMapper.map(Unknown Source)",
		"2021-11-16 12:35:50,956+0100 http-nio-8080-exec-7 ERROR julien 755x4397x2 - 127.0.0.1 /rest/oauth2-client/latest/config/flow/" + flow +
			" [c.a.o.c.X] x",
		"https://jira.example.com/plugins/servlet/oauth2/client/callback/FC8GQRj7OZO_j1_b6A-Eig",
		flow + "/" + flow + "/" + flow,
		`java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 Proxy Authentication Required"`,
		// Codes, keys, schemes without credentials, fingerprints, words, classes, addresses, IDs.
		"error_code=50194 status_code: 401 exit code: 137 response code 503 country_code=DE error code: ERR12345678 HTTP code: 0x80070005",
		"code=AADSTS50194", `"code":"AADSTS7000215"`, `"error_codes":[7000215]`, "error=invalid_client, statusCode=401", "ticket: " +
			"SD-12345", "ticket=JRASERVER-7121", "project key: PROJ1",
		"HTTP/1.1 401 Basic authentication required", `WWW-Authenticate: Basic realm="x1"`, "Basic auth failed", "Bearer authentication failed", `Bearer ` +
			`realm="", authorization_uri="https://login.microsoftonline.com/x"`, "Bearer error=\"invalid_token\"",
		"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR", "auth: oauth2", "serial number: 0f5bd9f2a4c1b3e7d8c9a0b1c2d3e4f5",
		"SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "SHA1 " +
			"Fingerprint=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "Thumbprint of key used by client: 'F5A2D3C4B5E6F7A8B9C0D1E2F3A4B5C6D7E8F9A0'",
		"sha256 fingerprint 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"token: expired", "auth=true", "mail.smtp.auth=true", "token endpoint: https://login.microsoftonline.com/common/oauth2/v2.0/token", "The access " +
			"token expired", "access_token: missing", "password: expired", "Token expired at 2021-11-16",
		"Caused by: com.nimbusds.oauth2.sdk.auth.Secret: com.nimbusds.oauth2.sdk.ParseException: x", "at " +
			"com.nimbusds.oauth2.sdk.auth.ClientSecretBasic.parse(ClientSecretBasic.java:57)", "at com.x.AccessToken.parse(AccessToken.java:57)",
		"at a.b.Foo.checkPassword(Foo.java:1)", "at a.b.Foo.getAccessToken(Foo2.java:123)",
		"a.b.InvalidPasswordException: " +
			"Foo9", "token_type=Bearer", "grant_type=refresh_token", "grant_type=authorization_code1", "client_secret_basic",
		"token_endpoint_auth_method=client_secret_basic1", "client_secret_expires_at=1735689600", "secretId: 7f0b6c2e-1111-2222-3333-444455556666",
		"https://login.microsoftonline.com/79c86cf8-e761-4fdc-bc20-a629c5d04260/oauth2/v2.0/token",
		"123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com", "mailto:joe7@corp.example", "user:joe7@corp.example", "AUTHENTICATE PLAIN failed", "A1 NO AUTH LOGIN refused",
		"Session: a.b.Session@7f3a1b about:a.b.State@ff01", "sent to:joe7@corp.example, login:joe7@corp.example",
		"login_hint:joe7@corp.example", "joe7@corp.example: failed", "https://outlook.office365.com/IMAP.AccessAsUser.All",
		"Request Id: 79c86cf8-e761-4fdc-bc20-a629c5d04260", "flow 79c86cf8-e761-4fdc-bc20-a629c5d04260", "Trace ID: 79c86cf8-e761-4fdc-bc20-a629c5d04260 " +
			"Correlation ID: 79c86cf8-e761-4fdc-bc20-a629c5d04260", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
		"state: 3", "state=RUNNING", "Invalid client secret provided", "client secret is not valid", "The client secret 'value' is required", "following " +
			"parameter: 'client_secret'.", "[client_id, client_secret, scope]", "[client_secret, client_id]", "(access_token, refresh_token)",
		"com.atlassian.oauth2.client.api.storage.token.ClientTokenEntity", "com.atlassian.jira.plugins.mail.handlers.CreateOrCommentHandler1",
		"ip-10-0-0-1.eu-central-1.compute.internal", "host a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6.blob.core.windows.net", "smtp.office365.com:587",
		"12:35:50,956 x@host.example", "jira8:8080", "java.net.UnknownHostException: proxy1.corp.example: Name or service not known",
		"User account 'joe7@corp.example' from identity provider 'https://sts.windows.net/79c86cf8-e761-4fdc-bc20-a629c5d04260/'", "PKIX path building " +
			"failed: auth: x", "oauth: 2.0", "OAuth2: v2.0", "author: joe7x", "authority=https://login.microsoftonline.com/common", "passes: 12",
		"compass: north1", "bypass=10.0.0.1", "passed: 12345", "0xC000006D status", "signature: SHA256withRSA",
		"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their " +
			"password. The grant was issued on '2021-11-16T11:35:50.1234567Z' and the TokensValidFrom date (before which tokens are not valid) for this " +
			"user is '2021-12-16T11:35:50.0000000Z'.",
		"OAuth2ClientAuthorizationCodeFlowExceptionMapper", "exec-7 INC0012345", "PROJECT-123 ABC-1", "Error authorization: invalid_grant", "reason of " +
			"failed authorization: AADSTS50194: x 1",
	} {
		if got := none.Text(text); got != text {
			t.Errorf("Text\n got %q\nwant %q", got, text)
		}
	}
}

// A list is masked before it is split: the name may be in one item, the value
// in the next.
func TestSplitList(t *testing.T) {
	got := none.Facts(matchers.Facts{"scopes": strings.Fields(`openid client_secret: hunter2 password="a hunter2 b" end`)}, event.Header{})
	want := matchers.Facts{"scopes": []string{"openid", "client_secret:", "[redacted]", `password="[redacted]`, "[redacted]", `[redacted]"`, "end"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// What the operator names goes too.
func TestOperatorsMasks(t *testing.T) {
	for _, tt := range []struct {
		kind             conf.Mask
		name, give, want string
	}{
		{conf.MaskEmail, "plain", "from joe.x@contoso.com.", "from [e-mail]."},
		{conf.MaskEmail, "guest", "joe_x.com#EXT#@contoso.onmicrosoft.com", "[e-mail]"},
		{conf.MaskEmail, "letters beyond ASCII", "jürgen@münchen.example", "[e-mail]"},
		{conf.MaskEmail, "encoded", "login_hint=joe%40contoso.com&x", "login_hint=[e-mail]&x"},
		{conf.MaskUser, "quoted", "User account 'joe x' from user 'y'", "User account '[user]' from user '[user]'"},
		{conf.MaskIP, "v4", "10.0.0.1,192.168.1.255:443", "[ip],[ip]:443"},
		{conf.MaskIP, "v6 whole", "2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1", "[ip] [ip]"},
		{conf.MaskIP, "v6 short", "2001:db8::1 fe80::1:2:3:4 2001:db8:1:2::abcd", "[ip] [ip] [ip]"},
		{conf.MaskIP, "v6 loopback", "::1,[::1]:443 /::1", "[ip],[[ip]]:443 /[ip]"},
		{conf.MaskIP, "v4 in v6", "::ffff:10.0.0.1", "[ip]:[ip]"},
		{conf.MaskIP, "a time is none", "at 12:35:50 and 2021-11-16T12:35:50Z, std::x", "at 12:35:50 and 2021-11-16T12:35:50Z, std::x"},
		{conf.MaskHost, "URL", "https://jira.corp.local:8443/x and https://jira/x", "https://[host]:8443/x and https://[host]/x"},
		{conf.MaskHost, "URL with password", "http://a:b@proxy.corp:3128", "http://[redacted]@[host]:3128"},
		{conf.MaskHost, "password without a scheme", "via a:b1@proxy.corp:3128", "via [redacted]@[host]:3128"},
		{conf.MaskHost, "Java", "java.net.UnknownHostException: mail.corp.local", "java.net.UnknownHostException: [host]"},
		{conf.MaskHost, "certificate", "No subject alternative DNS name matching mail.corp.local found",
			"No subject alternative DNS name matching [host] found"},
		{conf.MaskHost, "connection", "Connect to proxy.corp:3128 failed", "Connect to [host]:3128 failed"},
		{conf.MaskHost, "node", "on jira-node-1, not jira-node-10", "on [host], not jira-node-10"},
		{conf.MaskHost, "providers stay", "https://login.microsoftonline.com/x https://evilmicrosoft.com/",
			"https://login.microsoftonline.com/x https://[host]/"},
		{conf.MaskHost, "classes stay", "cannot be cast to java.lang.String", "cannot be cast to java.lang.String"},
	} {
		t.Run(string(tt.kind)+" "+tt.name, func(t *testing.T) {
			m := mask.New([]conf.Mask{tt.kind}, "jira-node-1")
			if got := m.Text(tt.give); got != tt.want {
				t.Errorf("Text(%q)\n got %q\nwant %q", tt.give, got, tt.want)
			}
			if got := m.Text(tt.want); got != tt.want {
				t.Errorf("Text(%q), the second time\n got %q", tt.want, got)
			}
			switch {
			case tt.give == tt.want:
			case none.Text(tt.give) == tt.want:
				t.Errorf("Text(%q) is masked although nobody asked", tt.give)
			}
		})
	}
}

// What the header holds is masked by its place, in both forms of the header,
// and where the message repeats it.
func TestHeader(t *testing.T) {
	const tail = " [c.a.o.c.X] user julien of 10.0.0.1, session 1hk2aem, julienne stays"
	for _, tt := range []struct{ name, give, secrets, all string }{
		{"first form",
			"2021-11-16 12:35:50,956+0100 http-1 ERROR julien 755x4397x2 1hk2aem 10.0.0.1,fe80::1%eth0 /rest/oauth2-client/x" + tail,
			"2021-11-16 12:35:50,956+0100 http-1 ERROR julien 755x4397x2 [session] 10.0.0.1,fe80::1%eth0 /rest/oauth2-client/x [c.a.o.c.X] user julien of " +
				"10.0.0.1, session [session], julienne stays",
			"2021-11-16 12:35:50,956+0100 http-1 ERROR [user] 755x4397x2 [session] [ip] /rest/oauth2-client/x [c.a.o.c.X] user [user] of [ip], session " +
				"[session], julienne stays"},
		{"second form",
			"2021-11-16 12:35:50,956+0100 http-1 url: /rest/oauth2-client/x; user: julien ERROR julien 755x4397x2 1hk2aem 10.0.0.1 /rest/oauth2-client/x" +
				tail,
			"2021-11-16 12:35:50,956+0100 http-1 url: /rest/oauth2-client/x; user: julien ERROR julien 755x4397x2 [session] 10.0.0.1 /rest/oauth2-client/x " +
				"[c.a.o.c.X] user julien of 10.0.0.1, session [session], julienne stays",
			"2021-11-16 12:35:50,956+0100 http-1 url: /rest/oauth2-client/x; user: [user] ERROR [user] 755x4397x2 [session] [ip] /rest/oauth2-client/x " +
				"[c.a.o.c.X] user [user] of [ip], session [session], julienne stays"},
	} {
		h, _, ok := event.Parse(tt.give, nil)
		if !ok {
			t.Fatal("no header", tt.give)
		}
		if got := none.Event(tt.give, h); got != tt.secrets {
			t.Errorf("%s, secrets\n got %s\nwant %s", tt.name, got, tt.secrets)
		}
		if got := all.Event(tt.give, h); got != tt.all {
			t.Errorf("%s, all\n got %s\nwant %s", tt.name, got, tt.all)
		}
		if got := none.User(h.User) + all.User(h.User) + all.Node("n") + none.Node("n") + all.Client(h.Client); got != "julien[user][host]n[ip]" {
			t.Errorf("%s: fields %s", tt.name, got)
		}
	}
}

// Fields of a header that are no UTF-8, or hide characters, are masked as they are shown.
func TestHeaderOfAnyBytes(t *testing.T) {
	for _, field := range []string{"4eic\x98i", "\xff", "m\xfcller", "1h\u200bk2aem", "1h\x00k2aem", "1h(k2[aem", "\\Q1hk2aem\\E", "\u202e1hk"} {
		text := "2021-11-16 12:35:50,956+0100 http-1 ERROR " + field + "1 755x4397x2 " + field + "2 10.0.0.1 /rest/oauth2-client/x [c.a.o.c.X] " +
			"user " + field + "1, session " + field + "2"
		h, _, ok := event.Parse(text, nil)
		if !ok || h.User != field+"1" || h.Session != field+"2" {
			t.Fatalf("%q: %+v", text, h)
		}
		if got := all.Event(text, h); !strings.Contains(got, "ERROR [user] 755x4397x2 [session] [ip]") || !strings.HasSuffix(got, "user [user], session [session]") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Facts are masked before they are shortened.
func TestFacts(t *testing.T) {
	long := strings.Repeat("x", 280) + " client_secret=" + strings.Repeat("hunter2", 20)
	got := none.Facts(matchers.Facts{"message": long, "scopes": []string{"a", "code=hunter2"}}, event.Header{})
	if s := fmt.Sprint(got); strings.Contains(s, "hunter2") || !strings.Contains(s, "client_secret") && !strings.Contains(s, "… cut") {
		t.Error(s)
	}
	if s := got["message"].(string); len([]rune(s)) > 500 {
		t.Errorf("%d characters: %s", len(s), s)
	}
}
