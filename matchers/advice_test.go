package matchers_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/matchers"
)

// From a list that names several resources comes the one that works, or none
// where it needs two integrations.
func TestSuggestedScopes(t *testing.T) {
	const (
		imap, pop, smtp = "IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"
		office, o365    = "https://outlook.office.com/", "https://outlook.office365.com/"
		graph           = "https://graph.microsoft.com/"
		gov, china      = "https://outlook.office365.us/", "https://partner.outlook.cn/"
	)
	tests := []struct{ name, scopes, want string }{
		{"two hosts", office + imap + " " + o365 + pop + " offline_access", office + imap + " " + office + pop + " offline_access"},
		{"repeats", office + imap + " " + o365 + imap + " " + o365 + smtp, office + imap + " " + office + smtp + " offline_access"},
		{"without offline_access", o365 + imap + " " + office + smtp, office + imap + " " + office + smtp + " offline_access"},
		{"OpenID's first", "email " + office + imap + " " + graph + pop + " offline_access openid profile",
			office + imap + " " + office + pop + " offline_access"},
		{"offline_access of a host", graph + "offline_access " + office + imap, office + imap + " offline_access"},
		{"no host", imap + " " + o365 + pop, office + imap + " " + office + pop + " offline_access"},
		{"mail scopes on the Graph host", graph + imap + " " + office + smtp, office + imap + " " + office + smtp + " offline_access"},
		{"US Government", "https://outlook.office.com/" + imap + " " + gov + pop, gov + imap + " " + gov + pop + " offline_access"},
		{"US Government, Graph", "https://graph.microsoft.us/" + imap + " " + office + pop, gov + imap + " " + gov + pop + " offline_access"},
		{"US Government, port and capitals", "https://Outlook.Office365.US:443/" + imap + " " + office + pop, gov + imap + " " + gov + pop + " offline_access"},
		{"China", "https://microsoftgraph.chinacloudapi.cn/" + imap + " " + china + smtp, china + imap + " " + china + smtp + " offline_access"},
		{"permissions of Graph", graph + "Mail.ReadWrite " + graph + "Mail.Send", ""},
		{"permissions of Graph beside mail's", graph + "Mail.Send " + office + imap, ""},
		{"OpenID's only", "offline_access openid", ""},
		{"Google", "https://mail.google.com/ " + office + imap, ""},
		{"slash at the end", office + imap + "/ " + o365 + pop, office + imap + " " + office + pop + " offline_access"},
		{"what was refused already", office + imap + " offline_access", ""},
		{"what was refused already, in another order", "offline_access " + office + smtp + " " + office + pop, ""},
		{"commas and spaces", office + imap + ", " + office + pop + ", offline_access", office + imap + " " + office + pop + " offline_access"},
		{"commas", office + imap + "," + office + smtp + ",offline_access", office + imap + " " + office + smtp + " offline_access"},
		{"a dot is missing", office + "IMAP.AccessAsUserAll openid profile", office + imap + " offline_access"},
		{"small letters", office + "imap.accessasuser.all", office + imap + " offline_access"},
		{"short names", office + "IMAP " + office + "SMTP offline_access", office + imap + " " + office + smtp + " offline_access"},
		{"with .default", office + imap + " " + office + ".default", office + imap + " offline_access"},
		{".default alone", office + ".default offline_access", ""},
		{"of applications", office + "IMAP.AccessAsApp", ""},
	}
	s := builtin(t)
	for _, tt := range tests {
		f := diagnose(t, s, carrier("AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one resource. "+
			"Scope "+tt.scopes+" is not valid.\nTrace ID: x"))
		if got := f.Facts["scopes"]; !reflect.DeepEqual(got, strings.Fields(tt.scopes)) {
			t.Errorf("%s: scopes\n got %q\nwant %q", tt.name, got, strings.Fields(tt.scopes))
		}
		got, _ := f.Facts["suggested_scopes"].([]string)
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: suggested for %s\n got %q\nwant %q", tt.name, tt.scopes, got, tt.want)
		}
		if _, given := f.Facts["suggested_scopes"]; given != (tt.want != "") {
			t.Errorf("%s: a suggestion is there: %v", tt.name, given)
		}
	}
}

// The other sentences that name a list of scopes. What was refused is not suggested.
func TestRefusedScopes(t *testing.T) {
	const imap = "https://outlook.office.com/IMAP.AccessAsUser.All"
	const appOnly = " is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."
	tests := []struct{ payload, scopes, suggested string }{
		{"AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope 'https://outlook.office.com/IMAP.AccessAsUserAll openid' " +
			"does not exist.", "https://outlook.office.com/IMAP.AccessAsUserAll openid", imap + " offline_access"},
		{"AADSTS1002012: The provided value for scope " + imap + " offline_access" + appOnly, imap + " offline_access",
			"https://graph.microsoft.com/.default"},
		{"AADSTS1002012: The provided value for scope https://graph.microsoft.com/.default" + appOnly, "https://graph.microsoft.com/.default", ""},
	}
	for _, tt := range tests {
		f := diagnose(t, builtin(t), carrier(tt.payload)).Facts
		if f.Text("scopes") != tt.scopes || f.Text("suggested_scopes") != tt.suggested {
			t.Errorf("%s\n got %q, %q\nwant %q, %q", tt.payload, f.Text("scopes"), f.Text("suggested_scopes"), tt.scopes, tt.suggested)
		}
	}
}

// A display name is read to the next sentence that is known, in any alphabet.
func TestDisplayNames(t *testing.T) {
	const app = "11111111-2222-3333-4444-555555555555"
	const next = " This can happen if the application has not been installed by the administrator of the tenant."
	for _, name := range []string{"Contoso", "Nordwind Hafen AG", "Müller & Söhne GmbH", "Смирнов и партнёры", "株式会社サンプル", "O'Hara Ltd", "Northwind Inc.",
		"A. B. C. Shipping", "3rd Mile", "contoso.example"} {
		for _, payload := range []string{
			"AADSTS500011: The resource principal named https://x.example was not found in the tenant named " + name + "." + next,
			"AADSTS500011: The resource principal named https://x.example was not found in the tenant named " + name + ".Trace ID: " + app,
			"AADSTS700016: Application with identifier '" + app + "' was not found in the directory '" + name + "'." + next,
			refused + `{"error_description":"AADSTS500011: The resource principal named x was not found in the tenant named ` + name + `.` + next + `"}`,
		} {
			if got := diagnose(t, builtin(t), carrier(payload)).Facts.Text("tenant"); got != name {
				t.Errorf("%s\n got %q, want %q", payload, got, name)
			}
		}
	}
	for _, name := range []string{"Jira Mail", "Bob's app", "Jira (mail, new)", "Почта"} {
		for _, payload := range []string{
			"AADSTS65001: The user or administrator has not consented to use the application with ID '" + app + "' named '" + name + "'. Send a request.",
			"AADSTS50194: Application '" + app + "'(" + name + ") is not configured as a multi-tenant application.",
		} {
			if got := diagnose(t, builtin(t), carrier(payload)).Facts.Text("app_name"); got != name {
				t.Errorf("%s\n got %q, want %q", payload, got, name)
			}
		}
	}
}

// What was pasted into Client ID instead of an ID is said, and is not shown.
func TestClientIDIs(t *testing.T) {
	for value, want := range map[string]string{
		"11111111-2222-3333-4444-555555555555":     "",
		"{appIdentifier}":                          "",
		"jira-mail":                                "a name, not an application ID",
		"Jira Mail":                                "a name, not an application ID",
		"help@contoso.example":                     "an e-mail address, not an application ID",
		"https://jira.example":                     "a URL, not an application ID",
		"abc8Q~" + strings.Repeat("x1Y_", 8) + "z": "a client secret, not an application ID",
		"GOCSPX-" + strings.Repeat("a", 28):        "a client secret, not an application ID",
	} {
		f := diagnose(t, builtin(t), carrier("AADSTS700016: Application with identifier '"+value+"' was not found in the directory 'Contoso'."))
		if got := f.Facts.Text("client_id_is"); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

// The steps for an error that no cause explains fit what it is.
func TestUnknownAdvice(t *testing.T) {
	const signIns = "Sign-in logs"
	for payload, want := range map[string]string{
		"AADSTS90099: x": "provider's message",
		"Something new.": "provider's message",
		refused + `{"error":"new_error","error_description":"x"}`: "provider's message",
		"java.net.SocketException: new":                           "error of the network",
		"java.nio.channels.NonReadableChannelException":           "error of the network",
		"javax.net.ssl.SSLException: new":                         "error of the TLS connection",
		"java.security.ProviderException: new":                    "error of the TLS connection",
		"java.io.IOException: HTTP status 299":                    "did not answer as OAuth",
		"java.lang.IllegalStateException: new":                    "error of Java or of a Jira plugin",
	} {
		f := diagnose(t, builtin(t), carrier(payload))
		a := f.Cause.Advise(f.Facts)
		all := fmt.Sprint(a.Fix)
		if f.Cause.ID != matchers.Unknown || !strings.Contains(a.Fix[0].Text, want) {
			t.Errorf("%s: %s: %q, want %q", payload, f.Cause.ID, a.Fix[0].Text, want)
		}
		if strings.Contains(all, signIns) != (want == "provider's message") {
			t.Errorf("%s: %s", payload, all)
		}
	}
	plain := "2024-03-05 09:07:03,021+0000 http-nio-8080-exec-7 ERROR mira 547x294x1 4eic3i 10.0.0.7 " + flowURL + " [" + logger + "] Something new"
	f := diagnose(t, builtin(t), plain)
	if got := f.Cause.Advise(f.Facts).Fix[0].Text; !strings.Contains(got, "message of Jira or of a plugin") {
		t.Errorf("without a report: %s", got)
	}
}

// The provider's message is quoted where there are some, and not announced where there are none.
func TestOwnWords(t *testing.T) {
	for payload, want := range map[string]string{
		"invalid_client":                       "",
		refused + `{"error":"invalid_client"}`: "",
		refused + `{"error":"invalid_client","error_description":"No such client"}`:   "No such client",
		"invalid_client: The client secret is wrong.":                                 "The client secret is wrong.",
		"MSIS9622: Client authentication failed.":                                     "MSIS9622: Client authentication failed.",
		"com.atlassian.oauth2.client.api.lib.token.TokenServiceException: Bad secret": "Bad secret",
	} {
		f := diagnose(t, builtin(t), carrier(payload))
		got := f.Cause.Advise(f.Facts).Diagnosis
		if f.Cause.ID == matchers.Unknown {
			continue
		}
		if strings.Contains(got, "provider's message") != (want != "") || want != "" && !strings.HasSuffix(strings.TrimSuffix(got, "."), "“"+want+"”") &&
			!strings.HasSuffix(got, "“"+want+"”") {
			t.Errorf("%s: %s", payload, got)
		}
	}
}

// Words that are no list of scopes are none, and a long list is bounded.
func TestScopesBound(t *testing.T) {
	s := builtin(t)
	for _, text := range []string{
		"AADSTS28000: The input parameter scope is not valid because it contains more than one resource.",
		"AADSTS28000: scope is not valid. Scope <x> <y> is not valid.",
		"AADSTS28000: Scope is not valid.",
	} {
		if got, ok := s.Text(text).Failure.Facts["scopes"]; ok {
			t.Errorf("%s: scopes %q, want none", text, got)
		}
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("https://host%d.example/x", i))
	}
	got, _ := s.Text("AADSTS28000: Scope " + strings.Join(many, " ") + " is not valid.").Failure.Facts["scopes"].([]string)
	if !reflect.DeepEqual(got, many[:50]) {
		t.Errorf("%d scopes are kept, want the first 50", len(got))
	}
}

// A resource one or two letters away from a known one was meant to be that one.
func TestSuggestedResource(t *testing.T) {
	tests := map[string]string{
		"https://graph.micrsoft.com":                           "https://graph.microsoft.com",
		"https://graph.mircosoft.com":                          "https://graph.microsoft.com",
		"https://GRAPH.Microsft.COM/":                          "https://graph.microsoft.com",
		"https://outlook.ofice.com/x":                          "https://outlook.office.com",
		"https://outlook.office356.com":                        "https://outlook.office365.com",
		"https://outlook.office365.uk":                         "https://outlook.office365.us",
		"https://partner.outlok.cn":                            "https://partner.outlook.cn",
		"https://outlook.offic.com:443":                        "https://outlook.office.com",
		"graph.micrsoft.com":                                   "https://graph.microsoft.com",
		"http://mail.gogle.com":                                "https://mail.google.com",
		"https://graph.microsoft.com":                          "",
		"https://graph.microsoft.com:443/":                     "",
		"https://outlook.office.com/IMAP":                      "",
		"https://graph.mcrsft.cm":                              "",
		"https://graph.microsoft.com.evil.example":             "",
		"https://graph":                                        "",
		"https://outlook":                                      "",
		"https://vault.azure.net":                              "",
		"api://11111111-2222-3333-4444-555555555555":           "",
		"00000003-0000-0000-c000-000000000000":                 "",
		"https://":                                             "",
		"://":                                                  "",
		"%zz":                                                  "",
		"https://[::1":                                         "",
		"https://" + strings.Repeat("graph.microsoft.", 3000):  "",
		"https://xn--grph-5qa.microsoft.com\u00e4\u00e4\u00e4": "",
	}
	s := builtin(t)
	for resource, want := range tests {
		f := diagnose(t, s, carrier("AADSTS500011: The resource principal named "+resource+" was not found in the tenant named Contoso."))
		got, _ := f.Facts["suggested_resource"].(string)
		if f.Facts["resource"] != resource || got != want {
			t.Errorf("resource %.80q: suggested %q, want %q (read as %.80q)", resource, got, want, f.Facts["resource"])
		}
	}
}

// What Microsoft's sentences about accounts and tokens tell is found, in each
// of their wordings, and nothing else is taken for it.
func TestFactsOfAccounts(t *testing.T) {
	const app, tenant = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-2222-3333-4444-555555555555"
	tests := []struct {
		text string
		want matchers.Facts
	}{
		{"AADSTS65001: The user or administrator has not consented to use the application with ID '" + app + "' named 'Jira (mail)'.",
			matchers.Facts{"app_id": app, "app_name": "Jira (mail)"}},
		{"AADSTS65001: x to use the application with ID '<App ID>' named 'App Name'", matchers.Facts{"app_name": "App Name"}},
		{"AADSTS50105: Your administrator has configured the application Jira (mail) ('" + app +
			"') to block users unless they are specifically granted ('assigned') access", matchers.Facts{"app_id": app, "app_name": "Jira (mail)"}},
		{"AADSTS50020: User account 'a@b.example' from identity provider 'live.com' does not exist in tenant 'Contoso' and cannot access the application " +
			"'" + app + "'(Mail) in that tenant", matchers.Facts{
			"identity_provider": "live.com", "tenant": "Contoso", "app_id": app, "app_name": "Mail"}},
		{"AADSTS50034: The user account {EUII Hidden} does not exist in the " + tenant + " directory.", matchers.Facts{"tenant_id": tenant}},
		{"AADSTS50034: The user account x doesn't exist in the 'Contoso Ltd' directory.", matchers.Facts{"tenant": "Contoso Ltd"}},
		{"AADSTS50034: The user account does not exist in the directory.", matchers.Facts{}},
		{"AADSTS500021: Access to 'Contoso' tenant is denied.", matchers.Facts{"tenant": "Contoso"}},
		{"AADSTS5000211: A tenant restrictions policy does not allow access to '" + tenant + "'.", matchers.Facts{"tenant_id": tenant}},
		{"AADSTS50076: you must use multi-factor authentication to access '" + tenant + "'.", matchers.Facts{}},
		{"AADSTS700082: The token was issued on 2025-12-03T03:54:33.8043551Z and was inactive for 90.00:00:00.",
			matchers.Facts{"issued": "2025-12-03T03:54:33", "inactive_days": "90"}},
		{"AADSTS700082: The token was issued on 2025-12-03 and was inactive for 23:59:00.", matchers.Facts{"issued": "2025-12-03"}},
		{"AADSTS50173: The grant was issued on '2026-01-09T10:12:06.6848427Z' and the TokensValidFrom date (before which tokens are not valid) for this " +
			"user is '2026-03-07T13:14:19.0000000Z'.", matchers.Facts{
			"issued": "2026-01-09T10:12:06", "revoked": "2026-03-07T13:14:19"}},
		{"AADSTS50173: The grant was issued on '{authTime}' and the TokensValidFrom date is '{validDate}'.", matchers.Facts{}},
	}
	s := builtin(t)
	for _, tt := range tests {
		got := diagnose(t, s, carrier(tt.text)).Facts
		for _, name := range []string{"code", "endpoint", "message"} {
			delete(got, name)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

// What a log says is data: braces in a fact are not filled in, and the first
// fact there is stands for the others.
func TestAdvise(t *testing.T) {
	s := builtin(t)
	tenant, _ := s.Cause("entra-single-tenant-common-endpoint")
	const want = "The app “{app_id|x}” accepts accounts of one tenant only, but Jira's endpoint is still " +
		"Microsoft's shared /common address."
	if got := tenant.Advise(matchers.Facts{"app_name": "{app_id|x}"}).Diagnosis; got != want {
		t.Errorf("Advise\n got %s\nwant %s", got, want)
	}
	resource, _ := s.Cause("entra-resource-principal-not-found")
	for name, facts := range map[string]matchers.Facts{
		"by ID":            {"tenant_id": "7", "tenant": "Contoso"},
		"by name":          {"tenant": "7"},
		"as a list":        {"tenant": []string{"7"}},
		"with other facts": {"tenant": "7", "nonsense": 1},
	} {
		if got := resource.Advise(facts).Diagnosis; !strings.Contains(got, "in the tenant “7”:") {
			t.Errorf("%s: %s", name, got)
		}
	}
	forbidden, _ := s.Cause("proxy-forbidden")
	if got := forbidden.Advise(matchers.Facts{"proxy_status": "403"}).Diagnosis; !strings.HasPrefix(got, "The outbound proxy answered 403. One ") {
		t.Errorf("a missing fact before a full stop: %s", got)
	}
	scopes, _ := s.Cause("entra-scopes-multiple-resources")
	if got := scopes.Advise(matchers.Facts{"suggested_scopes": []string{"a", "b"}}).Fix[0].Text; !strings.HasSuffix(got, "put a b in place of the list.") {
		t.Errorf("a list in a step: %s", got)
	}
}

// What a refusal names is a fact of it, and the name or ID of something else
// is not.
func TestNamedFacts(t *testing.T) {
	const id, exchange = "11111111-2222-3333-4444-555555555555", "00000002-0000-0ff1-ce00-000000000000"
	tests := []struct {
		payload string
		want    map[string]string
	}{
		{"AADSTS50011: The reply URL does not match the reply URLs configured for the application: '" + id + "'.", map[string]string{"app_id": id}},
		{"AADSTS7000112: Application '" + id + "' (Jira Mail) is disabled.", map[string]string{"app_id": id, "app_name": "Jira Mail"}},
		{"AADSTS90124: Resource '" + exchange + "'(Exchange) is not supported over the /common endpoint.", map[string]string{"resource": exchange}},
		{"AADSTS90124: Resource '" + exchange + "'(Exchange) is not supported for application '" + id + "'(Jira Mail).",
			map[string]string{"resource": exchange, "app_id": id, "app_name": "Jira Mail"}},
		{"AADSTS650053: The application 'Jira Mail' asked for scope 'IMAP' that doesn't exist on the resource '" + exchange + "'.",
			map[string]string{"app_name": "Jira Mail", "scopes": "IMAP", "resource": exchange}},
		{"AADSTS650057: Invalid resource. Client app ID: " + id + "(Jira Mail). Resource value from request: https://outlook.office.com. Resource app ID: " +
			exchange + ".",
			map[string]string{"app_id": id, "app_name": "Jira Mail", "resource": "https://outlook.office.com"}},
		{"AADSTS650057: Invalid resource. Resource value from request: . Resource app ID: " + exchange + ".", nil},
		{"AADSTS650052: The app needs access to a service ('https://outlook.office.com') that your organization 'Contoso' lacks.",
			map[string]string{"resource": "https://outlook.office.com", "tenant": "Contoso"}},
		{refused + `{"error_description":"AADSTS650052: The app is trying to access a service \"` + exchange +
			`\"(\"Exchange\") that your organization \"Contoso\" lacks."}`,
			map[string]string{"resource": exchange, "tenant": "Contoso"}},
		{"AADSTS90094: access resources in your organization that only an admin can grant", nil},
		{"AADSTS50001: The application named https://graph.microsoft.com was not found in the tenant named Contoso.",
			map[string]string{"resource": "https://graph.microsoft.com", "tenant": "Contoso"}},
		{"AADSTS500014: The service principal for resource '" + exchange + "' is disabled.", map[string]string{"resource": exchange}},
		{"AADSTS7000229: The client application " + id + " is missing service principal in the tenant " + flowID + ".",
			map[string]string{"app_id": id, "tenant_id": flowID}},
		{"AADSTS900023: Specified tenant identifier 'YOUR TENANT' is neither a valid DNS name.", map[string]string{"tenant": "YOUR TENANT"}},
		{"AADSTS90019: Unable to determine the tenant identifier from the request.", nil},
		{"AADSTS90038: The specified tenant 'contoso.example' belongs to the National Cloud 'Fairfax'.",
			map[string]string{"tenant": "contoso.example", "cloud": "Fairfax"}},
		{"AADSTS900144: The request body must contain the following parameter: 'client_id'.Trace ID: x", map[string]string{"parameter": "client_id"}},
		{"AADSTS90014: The required field 'scope' is missing from the credential.", map[string]string{"parameter": "scope"}},
		{"AADSTS901002: The 'resource' request parameter is not supported.", map[string]string{"parameter": "resource"}},
		{"AADSTS9010010: The resource parameter does not match with the requested scopes.", map[string]string{"parameter": "resource"}},
		{"AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", nil},
		{"AADSTS700054: response_type 'id_token token' is not enabled.", map[string]string{"response_type": "id_token token"}},
		{"AADSTS28002: Provided value for the input parameter scope 'IMAP, POP' is not valid.", map[string]string{"scopes": "IMAP, POP"}},
		{"AADSTS70011: The input parameter 'scope' is not valid. One or more scopes in 'https://a.example/x b' are not compatible with each other.",
			map[string]string{"scopes": "https://a.example/x b"}},
	}
	names := []string{"app_id", "app_name", "tenant_id", "tenant", "resource", "scopes", "cloud", "parameter", "response_type"}
	s := builtin(t)
	for _, tt := range tests {
		f := diagnose(t, s, carrier(tt.payload))
		for _, name := range names {
			got := ""
			switch value := f.Facts[name].(type) {
			case string:
				got = value
			case []string:
				got = strings.Join(value, " ")
			}
			if got != tt.want[name] {
				t.Errorf("%s\n %s is %q, want %q", tt.payload, name, got, tt.want[name])
			}
		}
	}
}
