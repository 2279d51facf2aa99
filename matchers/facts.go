package matchers

import (
	"regexp"
	"strings"
	"unicode"
)

// Facts are what one event tells about its failure. A value is a string or a
// []string. They are a stranger's words: on one line, free of control
// characters, and otherwise as they stand in the log, secrets and length
// included (to cut them first would hide half a secret from the masks).
type Facts map[string]any

// factNames are the facts there can be; a template may name no other.
var factNames = []string{
	"code", "app_id", "app_name", "tenant_id", "tenant", "trace_id", "correlation_id", "provider_time",
	"scopes", "suggested_scopes", "resource", "suggested_resource", "redirect_uri", "parameter", "response_type", "cloud",
	"error", "error_subcode",
	"proxy_status", "proxy_reason", "unknown_host", "exception", "endpoint", "message",
	"error_description", "invalid_scopes", "tls_alert", "certificate_date", "certificate_host", "reason", "content_type",
	"missing_member", "bad_url", "provider_type", "expected_suffix", "actual_suffix",
	"identity_provider", "issued", "inactive_days", "revoked",
	"also", "expected_endpoint", "actual_endpoint", "clock_skew",
}

const maxList = 50 // values of a list

const guid = `[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`

// ofApp stands before an app's ID: other services have IDs and names too.
const ofApp = `(?i)(?:application(?: with (?:identifier|ID))?:?|client app ID:?|(?:for|to) app)\s*'?`

// moment is a date of Microsoft's, UTC, without its fraction of a second.
const moment = `(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2})?)`

// extract are the facts that stand in the text as they are; the value is the
// group that took part. The wordings are Microsoft's, Google's, Java's and those of
// the plugin and its library.
var extract = []struct {
	name string
	re   *regexp.Regexp
}{
	{"trace_id", regexp.MustCompile(`Trace ID:\s*(` + guid + `)`)},
	{"correlation_id", regexp.MustCompile(`Correlation ID:\s*(` + guid + `)`)},
	{"provider_time", regexp.MustCompile(`Timestamp:\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z)`)},
	{"app_id", regexp.MustCompile(ofApp + `(` + guid + `)`)},
	{"app_name", regexp.MustCompile(ofApp + guid + `'?\s?\(([^)]{1,120})\)|The application '([^']{1,120})' asked for scope`)},
	{"tenant", regexp.MustCompile(`(?i)(?:tenant named|in tenant|in the directory|TenantID is:|AADSTS90002: Tenant)\s*(?:'([^']{1,120})'|([0-9A-Za-z](?:[0-9A-Za-z.-]{0,80}[0-9A-Za-z])?))`)},
	{"tenant", regexp.MustCompile(`(?i)specified tenant(?: identifier)? '([^']{1,120})'|service principal in the tenant (` + guid + `)|your organization ['"]([^'"]{1,120})['"]`)},
	{"cloud", regexp.MustCompile(`(?i)National Cloud '([^']{1,120})'`)},
	{"resource", regexp.MustCompile(`resource principal named (\S+) was not found|AADSTS50001: The application named (\S+) was not found|` +
		`(?i:service principal for resource|on the resource|AADSTS90124: Resource) '([^']{1,120})'|` +
		`Resource value from request: ([0-9A-Za-z]\S*?)\.?(?: |$)|access (?:to )?a service ?\(?['"]([^'"]{1,120})['"]`)},
	{"parameter", regexp.MustCompile(`(?:following parameter:|required field) '([a-z_]{1,40})'(?:\.|$| is missing)|The '([a-z_]{1,40})' request parameter|AADSTS9010010: The (resource) parameter`)},
	{"response_type", regexp.MustCompile(`response_type '([a-z_ ]{1,60})'`)},
	{"redirect_uri", regexp.MustCompile(`(?i)redirect URI '([^']+)'|redirect_uri=(https?://[^\s'"&]+)`)},
	{"error", regexp.MustCompile(`"error"\s*:\s*"([a-z_]+)"`)},
	{"error_subcode", regexp.MustCompile(`"error_subcode"\s*:\s*"([a-z_]+)"`)},
	{"proxy_status", regexp.MustCompile(`Proxy returns "HTTP/\d(?:\.\d)? (\d{3})`)},
	{"proxy_reason", regexp.MustCompile(`Proxy returns "HTTP/\d(?:\.\d)? \d{3} ([^"]+)"`)},
	// Other wordings, and what is said of accounts and tokens.
	{"app_id", regexp.MustCompile(`configured the application [^']{1,120} \('(` + guid + `)'\)`)},
	{"app_name", regexp.MustCompile(`application with ID '[^']{1,120}' named '([^']{1,120})'|configured the application ([^']{1,120}) \('` + guid + `'\)`)},
	{"tenant", regexp.MustCompile(`(?i)exist in the '?([0-9A-Za-z][^']{0,119}?)'? directory|access to '([^']{1,120})' tenant is denied|not allow access to '([^']{1,120})'`)},
	{"identity_provider", regexp.MustCompile(`(?i)from identity provider '([^']{1,200})'`)},
	{"issued", regexp.MustCompile(`(?i)(?:token|grant) was issued on '?` + moment)},
	{"inactive_days", regexp.MustCompile(`was inactive for (\d{1,4})\.\d\d:`)},
	{"revoked", regexp.MustCompile(`TokensValidFrom date[^']{0,120}'` + moment)},
	{"unknown_host", regexp.MustCompile(`UnknownHostException:\s*([^\s:]+)`)},
	{"invalid_scopes", regexp.MustCompile(`\binvalid=\[([^\]]+)\]`)},
	{"tls_alert", regexp.MustCompile(`Received fatal alert:\s*([a-z_]+)`)},
	{"certificate_date", regexp.MustCompile(`Not(?:After|Before):\s*(\w{3} \w{3} \d{1,2} \d{2}:\d{2}:\d{2} \S+ \d{4})`)},
	{"certificate_host", regexp.MustCompile(`(?:name matching|names matching IP address) (\S+) found|Certificate for <([^>]+)> doesn't match`)},
	{"reason", regexp.MustCompile(`PKIX path validation failed:(?: [\w.$]+(?:Exception|Error):)* (.+?)` + traceOrEnd + `|Reported Reason: (.+?)` + traceOrEnd)},
	{"content_type", regexp.MustCompile(`received ([\w.+-]+/[\w.+-]+)`)},
	{"missing_member", regexp.MustCompile(`JSON object member with key "?(\w+)`)},
	{"bad_url", regexp.MustCompile(`(?:[Ii]llegal character in \w+ at index \d+|no protocol|unknown protocol): (.+?)` + traceOrEnd)},
	{"provider_type", regexp.MustCompile(`required for the provider: (\w+)`)},
	{"expected_suffix", regexp.MustCompile(`Expected provider (\S+) but got`)},
	{"actual_suffix", regexp.MustCompile(`Expected provider \S+ but got ([\w-]+)`)},
	{"endpoint", regexp.MustCompile(`((?:Authorization|Token) endpoint) not https`)},
}

// traceOrEnd is where the words of an exception end.
const traceOrEnd = `(?: at [\w.$/@]+\(| Caused by:|$)`

// description is the provider's own explanation; a quote may stand in it, since
// escapes are resolved, and its end may be cut off.
var description = regexp.MustCompile(`"error_description"\s*:\s*"(.*?)(?:"\s*[,}]|"?$)`)

// scope has a dot or a slash in it, which tells it from the words around it, or
// is one of OpenID's.
const scope = `(?:\S*[./]\S*|offline_access|openid|profile|email)`

var (
	scopeList = regexp.MustCompile(`[Ss]cope (` + scope + `(?: ` + scope + `)*) is not valid|` +
		`(?:asked for scope|input parameter scope|One or more scopes in) '([^']+)'`)
	isGUID = regexp.MustCompile(`^` + guid + `$`)
)

// facts takes out of a payload what it tells.
func (m message) facts() Facts {
	f := Facts{}
	for _, e := range extract {
		found := e.re.FindStringSubmatch(m.text)
		for _, value := range found[min(len(found), 1):] {
			if value = clean(value); value != "" {
				f[e.name] = value
			}
		}
	}
	if exception := exceptionRE.FindString(m.text); exception != "" {
		f["exception"] = exception
	}
	if tenant, ok := f["tenant"].(string); ok && isGUID.MatchString(tenant) {
		f["tenant_id"] = strings.ToLower(tenant)
		delete(f, "tenant")
	}
	if found := scopeList.FindStringSubmatch(m.text); found != nil {
		f["scopes"] = list(strings.Fields(found[1] + found[2]))
	}
	// With a code the description is the code's text, which its cause knows better.
	if found := description.FindStringSubmatch(m.text); found != nil && len(m.codes()) == 0 {
		if words := clean(found[1]); words != "" {
			f["error_description"] = words
		}
	}
	if m.authorized {
		f["endpoint"] = "Authorization endpoint"
	} else if len(m.codes()) > 0 {
		f["endpoint"] = "Token endpoint"
	}
	return f
}

func list(values []string) []string {
	var out []string
	for _, v := range values[:min(len(values), maxList)] {
		if v = clean(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// clean makes a stranger's text fit to be shown on one line: no control
// characters, also none that turn the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}
