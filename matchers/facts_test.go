package matchers_test

import "testing"

// What Java, the plugin and providers without numbers say comes out as facts,
// whole or cut off, and ends where a stack trace begins.
func TestWordedFacts(t *testing.T) {
	const trace = "\n\tat java.base/sun.security.ssl.Alert.createSSLException(Alert.java:131)\n"
	tests := []struct{ payload, name, want string }{
		{refused + `{"error":"invalid_client","error_description":"No such \"client\""}`, "error_description", `No such "client"`},
		{refused + `{"error_description":"See https:\/\/idp.example\/x\r\nplease","error":"x"}`, "error_description", "See https://idp.example/x please"},
		{refused + `{"error_description" : "cut of`, "error_description", "cut of"},
		{refused + `{"error_description":"cut off"`, "error_description", "cut off"},
		{refused + `{"error_description":"","error":"x"}`, "error_description", ""},
		{refused + `{"error_description":" \r\n ","error":"x"}`, "error_description", ""},
		{refused + `{"error_description":"AADSTS1234: x","error":"x"}`, "error_description", ""},
		{"Some requested scopes were invalid. {valid=[openid], invalid=[https://mail.google.com, mail]}", "invalid_scopes", "https://mail.google.com, mail"},
		{"Some requested scopes were invalid. {valid=[openid], invalid=[]}", "invalid_scopes", ""},
		{"Error 400: redirect_uri_mismatch redirect_uri=https://jira.example/cb?x=1&flowName=y", "redirect_uri", "https://jira.example/cb?x=1"},
		{"javax.net.ssl.SSLException: (unknown_ca) Received fatal alert: unknown_ca" + trace, "tls_alert", "unknown_ca"},
		{"CertificateExpiredException: NotAfter: Fri Jan 05 10:00:00 UTC 2024" + trace, "certificate_date", "Fri Jan 05 10:00:00 UTC 2024"},
		{"CertificateNotYetValidException: NotBefore: Tue Mar  5 12:00:00 GMT+01:00 2024", "certificate_date", "Tue Mar 5 12:00:00 GMT+01:00 2024"},
		{"NotAfter: soon", "certificate_date", ""},
		{"No subject alternative DNS name matching idp.example found.", "certificate_host", "idp.example"},
		{"No subject alternative names matching IP address 10.0.0.7 found", "certificate_host", "10.0.0.7"},
		{"No name matching idp.example found", "certificate_host", "idp.example"},
		{"Certificate for <idp.example> doesn't match any of the subject alternative names: [x]", "certificate_host", "idp.example"},
		{"PKIX path validation failed: java.security.cert.CertPathValidatorException: signature check failed" + trace, "reason", "signature check failed"},
		{"PKIX path validation failed: x: y\nCaused by: z", "reason", "x: y"},
		{"Refresh Token Failed. Reported Reason: no luck" + trace, "reason", "no luck"},
		{"The HTTP Content-Type header must be application/json, received text/html; charset=utf-8", "content_type", "text/html"},
		{`Missing JSON object member with key "access_token"`, "missing_member", "access_token"},
		{"Missing or null JSON object member with key token_type", "missing_member", "token_type"},
		{"java.net.URISyntaxException: Illegal character in authority at index 8: https:// idp.example/token" + trace, "bad_url", "https:// idp.example/token"},
		{"java.net.MalformedURLException: no protocol: idp.example/token", "bad_url", "idp.example/token"},
		{"Refresh token is missing but required for the provider: GOOGLE", "provider_type", "GOOGLE"},
		{"Expected provider FC8GQRj7OZO_j1_b6A-Eig but got rW4tz0u9BVHptNqeR2yhOA.", "expected_suffix", "FC8GQRj7OZO_j1_b6A-Eig"},
		{"Expected provider FC8GQRj7OZO_j1_b6A-Eig but got rW4tz0u9BVHptNqeR2yhOA.", "actual_suffix", "rW4tz0u9BVHptNqeR2yhOA"},
		{"Expected provider FC8GQRj7OZO_j1_b6A-Eig but got .", "actual_suffix", ""},
		{"Token endpoint not https", "endpoint", "Token endpoint"},
		{"Authorization endpoint not https", "endpoint", "Authorization endpoint"},
	}
	s := builtin(t)
	for _, tt := range tests {
		f := diagnose(t, s, carrier(tt.payload))
		if got, _ := f.Facts[tt.name].(string); got != tt.want {
			t.Errorf("%s\n%s: got %q, want %q", tt.payload, tt.name, got, tt.want)
		}
	}
}

// What else an event shows signs of is kept as a fact, wrappers apart.
func TestAlsoIsAFact(t *testing.T) {
	f := diagnose(t, builtin(t), carrier("AADSTS7000215: x. AADSTS50011: y. AADSTS70000: z"))
	if got, _ := f.Facts["also"].([]string); len(got) != 1 || got[0] != "entra-redirect-uri-mismatch" || f.Cause.ID != "entra-client-secret-invalid" {
		t.Errorf("%s, also %q", f.Cause.ID, got)
	}
}
