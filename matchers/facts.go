package matchers

import (
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// Facts are the details of a failure that its event shows. A value is a string or a
// []string. They are untrusted: on one line, free of invisible characters, of the
// grammar of their kind (see factTable), and otherwise as they are in the log, secrets
// and length included (cutting them first would leave half a secret, which the masks do
// not recognize).
type Facts map[string]any

const maxList = 50 // values of a list

const guid = `[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`

// ofApp precedes an app's ID: other services have IDs and names too.
const ofApp = `(?i)(?:application(?: with (?:identifier|ID))?:?|client app ID:?|(?:for|to) app)\s*'?`

// quotedName is a display name in quotes; an apostrophe within a word is the name's.
const quotedName = `'((?:[^']|\b'\b){1,120})'`

// nextSentence is what follows a display name without quotes: a sentence that Microsoft's messages
// are known to go on with. One full stop is the sentence's own, the one before it that of "Inc.".
const nextSentence = `\.?(?: (?:This can|You (?:may|might)|Your |If |Check |Please |Either |To |The |It |Contact |` +
	`not found|doesn't exist|does not exist|and cannot access)| ?Trace ID| ?Correlation ID|"|$)`

// moment is a date of Microsoft's, UTC, without its fraction of a second.
const moment = `(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2})?)`

// factTable is every fact there can be: a template may name no other. A fact is
// read from the wordings, the last one that matches counts, and the value is
// the group that took part; one without wordings is read or computed elsewhere.
// The wordings are Microsoft's, Google's, Java's and those of the plugin and its
// library.
var factTable = []struct {
	name     string
	kind     *kind
	wordings []*expression
}{
	{"code", computed, nil},
	{"app_id", aGUID, reads(
		ofApp+`(`+guid+`)|\(appId:\s*'?(`+guid+`)`,
		`configured the application [^']{1,120} \('(`+guid+`)'\)`,
	)},
	{"app_name", aName, reads(
		ofApp+guid+`'?\s?\(((?:[^()]|\([^()]*\)){1,120})\)|The application '([^']{1,120})' asked for scope`,
		`application with ID '[^']{1,120}' named `+quotedName+`|`+
			`configured the application ([^']{1,120}) \('`+guid+`'\)`,
	)},
	{"tenant_id", aGUID, nil},
	{"tenant", domainOrName, reads(
		`(?i)(?:tenant named|in tenant|in the directory|TenantID is:|AADSTS90002: Tenant)\s*(?:`+quotedName+`|`+
			`([\p{L}\p{N}](?:.{0,119}?[^\s.]\.??)?)`+nextSentence+`|`+
			`([0-9A-Za-z](?:[0-9A-Za-z.-]{0,80}[0-9A-Za-z])?))`,
		`(?i)specified tenant(?: identifier)? '([^']{1,120})'|service principal in the tenant (`+guid+`)|`+
			`your organization ['"]([^'"]{1,120})['"]|\(tenantId:\s*'?(`+guid+`)`,
		`(?i)exist in the '?([0-9A-Za-z][^']{0,119}?)'? directory|access to '([^']{1,120})' tenant is denied|`+
			`not allow access to '([^']{1,120})'`,
	)},
	{"trace_id", aGUID, reads(`Trace ID:\s*(` + guid + `)`)},
	{"correlation_id", aGUID, reads(`Correlation ID:\s*(` + guid + `)`)},
	{"provider_time", aTime, reads(`Timestamp:\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z)`)},
	{"scopes", aScope, nil},
	{"suggested_scopes", computed, nil},
	{"resource", resourceOrName, reads(`resource principal named (\S+) was not found|` +
		`AADSTS50001: The application named (\S+) was not found|` +
		`(?i:service principal for resource|on the resource|AADSTS90124: Resource) '([^']{1,120})'|` +
		`Resource value from request: ([0-9A-Za-z]\S*?)\.?(?: |$)|` +
		`access (?:to )?a service ?\(?['"]([^'"]{1,120})['"]`)},
	{"suggested_resource", computed, nil},
	{"redirect_uri", aURL, reads(`(?i)redirect URI '([^']+)'|redirect_uri=(https?://[^\s'"&]+)`)},
	{"parameter", aWord, reads(`(?:following parameter:|required field) '([a-z_]{1,40})'(?:\.|$| is missing)|` +
		`The '([a-z_]{1,40})' request parameter|AADSTS9010010: The (resource) parameter`)},
	{"response_type", aWord, reads(`response_type '([a-z_ ]{1,60})'`)},
	{"cloud", aName, reads(`(?i)National Cloud '([^']{1,120})'`)},
	{"error", aWord, reads(`"error"\s*:\s*"([a-z_]+)"`)},
	{"error_subcode", aWord, reads(`"error_subcode"\s*:\s*"([a-z_]+)"`)},
	{"proxy_status", aNumber, reads(`(?:Proxy returns "|refused by proxy: )HTTP/\d(?:\.\d)? (\d{3})|Tunnel failed, got: (\d{3})`)},
	{"proxy_reason", aName, reads(`Proxy returns "HTTP/\d(?:\.\d)? \d{3} ([^"]+)"`)},
	{"unknown_host", aHost, reads(
		`UnknownHostException:\s*([^\s:()/@]+)(?:$|:(?:$|\s)|\s*\(| at | Caused )`,
		// Windows: a sentence in its language, then the host.
		`UnknownHostException:\s*[^:()]+\(([^\s:()/]+)\)`,
	)},
	{"provider_host", aKnownHost, nil}, // in templates only: the host of the failure, if it is a provider's
	{"exception", aWord, nil},
	{"endpoint", anEndpoint, reads(`((?:Authorization|Token) endpoint) not https`)},
	{"message", aMessage, nil},
	{"error_description", aMessage, nil},
	{"invalid_scopes", aName, reads(`\binvalid=\[([^\]]+)\]`)},
	{"tls_alert", aWord, reads(`Received fatal alert:\s*([a-z_]+)|TlsFatalAlert(?:Received)?: ([a-z_]+)\(`)},
	{"certificate_date", aTime, reads(`Not(?:After|Before):\s*(\w{3} \w{3} \d{1,2} \d{2}:\d{2}:\d{2} \S+ \d{4})`)},
	{"certificate_host", aHost, reads(`(?:name matching|names matching IP address) (\S+) found|` +
		`Certificate for <([^>]+)> doesn't match|[Hh]ostname wrong:\s*should be <([^>]+)>|` +
		`matching domain name (\S+)|[Hh]ost ?name '?([^\s']+)'? (?:not verified|does not match)|` +
		`certificate didn't match: <([^>]+)>`)},
	{"reason", aMessage, reads(`PKIX path validation failed:(?: [\w.$]+(?:Exception|Error):)* (.+?)` + traceOrEnd +
		`|Reported Reason: (.+?)` + traceOrEnd)},
	{"content_type", aWord, reads(`received ([\w.+-]+/[\w.+-]+)`)},
	{"missing_member", aWord, reads(`JSON object member with key "?(\w+)`)},
	{"bad_url", aName, reads(`(?:[Ii]llegal character in \w+ at index \d+|no protocol|unknown protocol): (.+?)` +
		traceOrEnd + `|UnknownHostException:\s*([^\s()]*[/@][^\s()]*)`)},
	{"provider_type", aWord, reads(`required for the provider: (\w+)`)},
	{"expected_suffix", aSuffix, reads(`Expected provider (\S+) but got`)},
	{"actual_suffix", aSuffix, reads(`Expected provider \S+ but got ([\w-]+)`)},
	{"identity_provider", aName, reads(`(?i)from identity provider '([^']{1,200})'`)},
	{"issued", aTime, reads(`(?i)(?:token|grant) was issued on '?` + moment)},
	{"inactive_days", aNumber, reads(`was inactive for (\d{1,4})\.\d\d:`)},
	{"revoked", aTime, reads(`TokensValidFrom date[^']{0,120}'` + moment)},
	{"client_id_is", computed, nil},
	{"also", computed, nil},
	{"expected_endpoint", computed, nil},
	{"actual_endpoint", computed, nil},
	{"clock_skew", computed, nil},
}

func reads(wordings ...string) []*expression {
	var all []*expression
	for _, w := range wordings {
		all = append(all, mustExpression(w))
	}
	return all
}

// factNames are the names of the facts.
func factNames() []string {
	var names []string
	for _, fact := range factTable {
		names = append(names, fact.name)
	}
	return names
}

// traceOrEnd is where the words of an exception end.
const traceOrEnd = `(?: at [\w.$/@]+\(| Caused by:|$)`

// description is the provider's explanation; a quotation mark may be in it, since
// escapes are resolved, and its end may be cut off.
var description = mustExpression(`"error_description"\s*:\s*"(.*?)(?:"\s*[,}]|"?$)`)

// scope has a dot or a slash in it, which distinguishes it from the words around it, or
// is one of OpenID's.
const scope = `(?:\S*[./]\S*|(?:offline_access|openid|profile|email)[,;]?)`

var (
	scopeList = mustExpression(`[Ss]cope (` + scope + `(?: ` + scope + `)*) is not valid|` +
		`(?:asked for scope|input parameter scope|One or more scopes in|[Tt]he scopes?) '([^']+)'`)
	isGUID = regexp.MustCompile(`^` + guid + `$`)

	// wrapping are exceptions that only carry another one.
	wrapping = regexp.MustCompile(`^(?:java\.util\.concurrent\.(?:Execution|Completion)Exception: )+`)

	// clientID is what an answer repeats of the Client ID in Jira.
	clientID = mustExpression(`(?i)application with (?:identifier|ID) '([^']{1,200})' was not found`)
	// Secrets of Entra and of Google.
	isSecret = regexp.MustCompile(`^(?:[\w.~-]{3}[78]Q~[\w.~-]{31,34}|GOCSPX-[\w-]{20,40})$`)
)

// notAnID is what was entered as the Client ID instead of an application ID, "" for an ID. The
// value itself may be a secret.
func notAnID(value string) string {
	switch {
	case isGUID.MatchString(value), strings.Contains(value, "{"): // of a template
		return ""
	case isSecret.MatchString(value):
		return "a client secret, not an application ID"
	case strings.Contains(value, "@"):
		return "an e-mail address, not an application ID"
	case strings.Contains(value, "://"):
		return "a URL, not an application ID"
	}
	return "a name, not an application ID"
}

// facts extracts the facts of a payload.
func (m message) facts() Facts {
	f := Facts{}
	text := newSubject(m.text)
	for _, fact := range factTable {
		for _, wording := range fact.wordings {
			found := wording.submatch(text)
			for _, value := range found[min(len(found), 1):] {
				if value = clean(value); value != "" {
					f[fact.name] = value
				}
			}
		}
	}
	if exception := exceptionRE.FindString(wrapping.ReplaceAllString(m.text, "")); exception != "" {
		f["exception"] = exception
	}
	if found := clientID.submatch(text); found != nil {
		if is := notAnID(found[1]); is != "" {
			f["client_id_is"] = is
		}
	}
	if tenant, ok := f["tenant"].(string); ok && isGUID.MatchString(tenant) {
		f["tenant_id"] = strings.ToLower(tenant)
		delete(f, "tenant")
	}
	if found := scopeList.submatch(text); found != nil {
		f["scopes"] = list(strings.FieldsFunc(found[1]+found[2], func(r rune) bool { return r == ' ' || r == ';' }))
	}
	// With a code the description is the code's text, which its cause knows better.
	if found := description.submatch(text); found != nil && len(m.codes()) == 0 {
		if words := clean(found[1]); words != "" {
			f["error_description"] = words
		}
	}
	if m.authorized {
		f["endpoint"] = "Authorization endpoint"
	} else if len(m.codes()) > 0 {
		f["endpoint"] = "Token endpoint"
	}
	if m.answered { // words about the route to the provider are content
		for _, name := range []string{"proxy_status", "proxy_reason", "unknown_host", "tls_alert",
			"certificate_date", "certificate_host"} {
			delete(f, name)
		}
	}
	for name := range f {
		k := kindOf(name)
		if !k.named && slices.ContainsFunc(f.values(name), func(v string) bool { return !k.fits(v) }) {
			delete(f, name) // all of a list: what is left would be another one
		}
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

// clean makes untrusted text fit to be shown on one line: without characters
// that control a terminal or the direction of writing, or that are invisible.
func clean(s string) string { return collapse(text.Printable(collapse(s))) }
