package matchers

import (
	"maps"
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

// fact is a detail that an event may show, see facts.txt.
type fact struct {
	kind     *kind
	wordings []*expression
}

// factTable is every fact there can be, by its name; factNames are these names in their order.
var factTable, factNames = readFacts()

func readFacts() (all map[string]fact, names []string) {
	all = map[string]fact{}
	shared := []string{"{guid}", guid}
	for _, s := range sections(factsText) {
		parts := strings.NewReplacer(shared...)
		name, of, ok := strings.Cut(s.head, ": ")
		if !ok {
			shared = append(shared, "{"+s.head+"}", parts.Replace(s.lines[0]))
			continue
		}
		f := fact{kind: kinds[of]}
		for _, line := range s.lines {
			f.wordings = append(f.wordings, mustExpression(parts.Replace(line)))
		}
		all[name], names = f, append(names, name)
	}
	return all, names
}

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

// set sets a fact, if it has a value.
func (f Facts) set(name, value string) {
	if value != "" {
		f[name] = value
	}
}

// facts extracts the facts of a payload.
func (m message) facts() Facts {
	f := Facts{}
	text := newSubject(m.text)
	for name, fact := range factTable {
		for _, wording := range fact.wordings {
			found := wording.submatch(text)
			for _, value := range found[min(len(found), 1):] {
				f.set(name, clean(value))
			}
		}
	}
	f.set("exception", exceptionRE.FindString(wrapping.ReplaceAllString(m.text, "")))
	if found := clientID.submatch(text); found != nil {
		f.set("client_id_is", notAnID(found[1]))
	}
	if tenant, ok := f["tenant"].(string); ok && isGUID.MatchString(tenant) {
		f["tenant_id"] = strings.ToLower(tenant)
		delete(f, "tenant")
	}
	if found := scopeList.submatch(text); found != nil {
		scopes := strings.FieldsFunc(clean(found[1]+found[2]), func(r rune) bool { return r == ' ' || r == ';' })
		f["scopes"] = scopes[:min(len(scopes), maxList)]
	}
	// With a code the description is the code's text, which its cause knows better.
	if found := description.submatch(text); found != nil && len(m.codes()) == 0 {
		f.set("error_description", clean(found[1]))
	}
	if m.authorized {
		f["endpoint"] = "Authorization endpoint"
	} else if len(m.codes()) > 0 {
		f["endpoint"] = "Token endpoint"
	}
	maps.DeleteFunc(f, func(name string, _ any) bool { // a whole list: the rest would be a different list
		k := kindOf(name)
		fits := k.named || !slices.ContainsFunc(f.values(name), func(v string) bool { return !k.fits(v) })
		return !fits || m.answered && slices.Contains(ofRoute, name)
	})
	return f
}

// ofRoute are the facts about the route to the provider: once it has answered, such words are content.
var ofRoute = []string{"proxy_status", "proxy_reason", "unknown_host", "tls_alert", "certificate_date",
	"certificate_host"}

// clean makes untrusted text fit to be shown on one line: without characters
// that control a terminal or the direction of writing, or that are invisible.
func clean(s string) string { return collapse(text.Printable(collapse(s))) }
