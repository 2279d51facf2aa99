package matchers_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// alike are numbers that begin alike, or that people take for one another.
const alike = `50001 500011 50011 500113 500117 50020 500200 500207 500208 53003 530034 65005 650051 650052 650053 650054 650056
70000 700003 700005 70001 7000112 700011 70002 700020 7000216 7000218 700022 7000222 7000229 700023 700025 70008 700081 700082
700084 90002 900023 90023 9002325 9002326 9002327 9002331 9002332 90100 9010010 901002 500014 7000215 700016 28000 28002 28003
65001 65002 65004 650057 530003 50194 50196 90094 900941 90095 90093 900981 90008 70011`

// A number is taken whole: it has the cause it is mapped to, or none and the
// link to its explanation, never the cause of a number that it begins with.
func TestAlikeNumbers(t *testing.T) {
	s := builtin(t)
	want := map[string]string{}
	numbers := strings.Fields(alike)
	for _, c := range s.Causes() {
		for _, code := range c.Codes {
			number := strings.TrimPrefix(code, "AADSTS")
			want[number] = c.ID
			numbers = append(numbers, number[:len(number)-1])
			for _, digit := range "0123456789" {
				numbers = append(numbers, number+string(digit))
			}
		}
	}
	for number, id := range map[string]string{
		"50194": "entra-single-tenant-common-endpoint", "7000215": "entra-client-secret-invalid", "90094": "entra-admin-consent-required",
		"500011": "entra-resource-principal-not-found", "28000": "entra-scopes-multiple-resources", "700022": "entra-scopes-multiple-resources",
	} {
		if want[number] != id {
			t.Errorf("AADSTS%s is a code of %q, want %s", number, want[number], id)
		}
	}
	for _, number := range numbers {
		id := want[number]
		if id == "" {
			id = matchers.Unknown
		}
		code := "AADSTS" + number
		for _, text := range []string{code + ": x", code, "x " + code + ".", "(" + code + ")", code + "\u00a0x",
			"https://login.microsoftonline.com/error?code=" + number + "&x=1"} {
			v := s.Text(text)
			if !v.Ours || v.Failure.Cause.ID != id || !slices.Equal(v.Failure.Codes, []string{code}) || v.Failure.Facts["code"] != code {
				t.Errorf("Text(%q): ours %v, cause %v, codes %q, want %s", text, v.Ours, v.Failure.Cause, v.Failure.Codes, id)
				continue
			}
			link := alert.Link{Title: "Microsoft's explanation of " + code, URL: "https://login.microsoftonline.com/error?code=" + number}
			if id == matchers.Unknown && v.Failure.Links[0] != link {
				t.Errorf("Text(%q): its first link is %+v, want %+v", text, v.Failure.Links[0], link)
			}
		}
	}
}

// What decides: specific code, provider's words, vague code, and the rest only
// where there is no code at all.
func TestPrecedence(t *testing.T) {
	const (
		secret, tenant, scopes = "entra-client-secret-invalid", "entra-single-tenant-common-endpoint", "entra-scopes-multiple-resources"
		untrusted, reset       = "tls-certificate-untrusted", "net-connection-reset"
	)
	tests := []struct {
		payload, cause string
		codes          string
		also           []string
	}{
		{"AADSTS28000: x AADSTS7000215: y", scopes, "28000 7000215", []string{secret}},
		{"AADSTS7000215: x AADSTS28000: y", secret, "7000215 28000", []string{scopes}},
		{"AADSTS99999: x AADSTS28000: y", scopes, "28000 99999", nil},
		{"AADSTS50011: x AADSTS28000: y", "entra-redirect-uri-mismatch", "50011 28000", []string{scopes}},
		{"AADSTS7000215: x AADSTS7000215: y", secret, "7000215", nil},
		{"AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret is provided.", secret, "50012 70002", nil},
		{"AADSTS7000215: x AADSTS50012: Invalid client secret is provided.", secret, "7000215 50012", nil},
		{"AADSTS70002: The provided client_secret is wrong.", secret, "70002", nil},
		{"AADSTS70002: Error validating credentials.", secret, "70002", nil},
		{"AADSTS70002: Error validating credentials. AADSTS70019: Verification code expired.", matchers.Unknown, "70019 70002", nil},
		{"AADSTS70002: Error validating credentials. AADSTS70008: The refresh token has expired.", "entra-grant-expired", "70008 70002", nil},
		{"AADSTS70000: x. AADSTS50194: y", tenant, "50194 70000", nil},
		{"AADSTS7000218: The request body must contain 'client_assertion' or 'client_secret'.", "entra-client-credential-missing", "7000218", nil},
		{"AADSTS700025: Client is public so neither 'client_secret' should be presented.", "entra-public-client-with-secret", "700025", nil},
		{"AADSTS50194: Application '" + flowID + "'(PKIX path building failed) timed out. Connection reset by peer", tenant, "50194", nil},
		{"AADSTS50017: unable to find valid certification path. java.net.ConnectException: Connection timed out", matchers.Unknown, "50017", nil},
		{`{"error":"invalid_client","error_description":"AADSTS50011: The reply url does not match."}`, "entra-redirect-uri-mismatch", "50011", nil},
		{"javax.net.ssl.SSLException: Connection reset\nCaused by: PKIX path building failed", untrusted, "", []string{reset}},
		{`java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 x"; PKIX path building failed; Connection reset by peer`,
			"proxy-auth-basic-tunnel-disabled", "", []string{untrusted, reset}},
		{"AADSTS123: x", matchers.Unknown, "", nil},
		{"AADSTS123456789: x", matchers.Unknown, "", nil},
		{"AADSTS: x, error?code=access_denied", matchers.Unknown, "", nil},
	}
	s := builtin(t)
	for _, tt := range tests {
		f := diagnose(t, s, carrier(tt.payload))
		var codes []string
		for _, number := range strings.Fields(tt.codes) {
			codes = append(codes, "AADSTS"+number)
		}
		if f.Cause.ID != tt.cause || !slices.Equal(f.Codes, codes) || !reflect.DeepEqual(f.Also, tt.also) {
			t.Errorf("%s\n got %s, codes %q, also %q\nwant %s, codes %q, also %q", tt.payload, f.Cause.ID, f.Codes, f.Also, tt.cause, codes, tt.also)
		}
	}
}

// Each shape of payload gives the same facts, with escapes and without,
// whole and cut off.
func TestPayloads(t *testing.T) {
	const (
		id, trace = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-2222-3333-4444-555555555555"
		tenant    = "entra-single-tenant-common-endpoint"
	)
	want := matchers.Facts{"code": "AADSTS50194", "app_id": id, "app_name": "Mail & more", "endpoint": authorization, "error": "invalid_request",
		"trace_id": trace, "provider_time": "2024-03-05 09:07:01Z"}
	unknown := func(message string) matchers.Facts {
		return matchers.Facts{"message": message, "error_description": message}
	}
	tests := []struct {
		name, payload, cause string
		facts                matchers.Facts
	}{
		{"error last", refused + `{"error_description":"AADSTS50194: Application '` + id + `'(Mail & more) x\r\nTrace ID: ` + trace +
			`\r\nTimestamp: 2024-03-05 09:07:01Z","error":"invalid_request"}`, tenant, want},
		{"error first", refused + `{"error":"invalid_request","error_description":"AADSTS50194: Application '` + id + `'(Mail & more) x\r\nTrace ID: ` +
			trace + `\r\nTimestamp: 2024-03-05 09:07:01Z"}`, tenant, want},
		{"blanks between members", refused + `{ "error" : "invalid_request" , "error_description" : "AADSTS50194: Application '` + id +
			`'(Mail & more) x Trace ID: ` + trace + ` Timestamp: 2024-03-05 09:07:01Z" }`, tenant, want},
		{"characters as numbers", refused + `{"error":"invalid_request","error_description":"AADSTS50194: Application \u0027` + id +
			`\u0027(Mail \u0026 more) x\u000D\u000aTrace ID: ` + trace + `\r\nTimestamp: 2024-03-05 09:07:01Z"}`, tenant, want},
		{"cut off", refused + `{"error":"invalid_request","error_description":"AADSTS50194: Application '` + id + `'(Mail & more) x\r\nTrace ID: ` + trace +
			`\r\nTimestamp: 2024-03-05 09:07:01Z`, tenant, want},
		{"glued", refused + `{"error":"invalid_request","error_description":"AADSTS50194: Application '` + id +
			`'(Mail & more) after 10/15/2018.Trace ID: ` + trace + `Timestamp: 2024-03-05 09:07:01Z"}`, tenant, want},
		{"glued to a word", refused + `{"error":"invalid_request","error_description":"AADSTS50194: Application '` + id +
			`'(Mail & more) after 10/15/2018 xTrace ID: ` + trace + `Timestamp: 2024-03-05 09:07:01Z"}`, tenant, want},
		{"description lost", refused + `{"error":"invalid_request","error_uri":"https:\/\/login.microsoftonline.com\/error?code=50194"}`, tenant,
			matchers.Facts{"code": "AADSTS50194", "endpoint": authorization, "error": "invalid_request"}},
		{"description lost, all " +
			"escaped", refused + `{"error":"invalid_request","error_uri":"https:\/\/login.microsoftonline.com\/error\u003Fcode\u003d50194"}`, tenant,
			matchers.Facts{"code": "AADSTS50194", "endpoint": authorization, "error": "invalid_request"}},
		{"cancelled", refused + `{"error":"access_denied","error_subcode":"cancel"}`, "entra-consent-declined", matchers.Facts{
			"endpoint": authorization, "error": "access_denied", "error_subcode": "cancel", "also": []string{"oauth-access-denied"}}},
		{"null", "null", "token-error-without-description", matchers.Facts{}},
		{"Google's word", "Unauthorized", "google-client-secret-invalid", matchers.Facts{}},
		{"lead-in twice", "x. The error message is: Unauthorized", "google-client-secret-invalid", matchers.Facts{}},
		{"new", "Something new.", matchers.Unknown, unknown("Something new.")},
		{"nothing", "", "token-error-without-description", matchers.Facts{}},
		{"path on Windows", `java.io.IOException: C:\jira\new\trust\bin is unreadable`, matchers.Unknown,
			matchers.Facts{"exception": "java.io.IOException", "message": `java.io.IOException: C:\jira\new\trust\bin is unreadable`}},
		{"two halves of a character", `x\ud83d\ude00\ud83d y \x \u12`, matchers.Unknown, unknown("x😀\ufffd y \\x \\u12")},
		{"control characters", "a\x00b\x1b[31mc\u202ed\u200be\u2028f\xff", matchers.Unknown, unknown("ab[31mcde f\ufffd")},
		{"blank name", "AADSTS50194: Application '" + id + "'( ) x", tenant, matchers.Facts{"code": "AADSTS50194", "app_id": id, "endpoint": token}},
		{"unknown host", "java.net.UnknownHostException: login.microsoftonline.com: Name or service not known", "net-dns-unknown-host", matchers.Facts{
			"exception": "java.net.UnknownHostException", "unknown_host": "login.microsoftonline.com"}},
		{"redirect", "AADSTS50011: The redirect URI 'https://jira.example/x' specified", "entra-redirect-uri-mismatch", matchers.Facts{
			"code": "AADSTS50011", "endpoint": token, "redirect_uri": "https://jira.example/x"}},
		{"directory by name", "AADSTS700016: Application with identifier '" + id + "' was not found in the directory 'Contoso Ltd'.", "entra-app-not-found",
			matchers.Facts{
				"code": "AADSTS700016", "endpoint": token, "app_id": id, "tenant": "Contoso Ltd"}},
	}
	s := builtin(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := diagnose(t, s, carrier(tt.payload))
			if f.Cause.ID != tt.cause || !reflect.DeepEqual(f.Facts, tt.facts) {
				t.Errorf("%s\n got %s %q\nwant %s %q", tt.payload, f.Cause.ID, f.Facts, tt.cause, tt.facts)
			}
			if f.Certain() != (tt.cause != matchers.Unknown && tt.cause != "token-error-without-description") {
				t.Errorf("%s: certain is %v", tt.payload, f.Certain())
			}
		})
	}
}
