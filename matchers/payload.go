package matchers

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/event"
)

// message is what the OAuth client plugin reports, in a form that patterns
// can be tried on.
type message struct {
	text       string // what follows the last "The error message is:", escapes resolved, white space collapsed
	authorized bool   // the provider refused it at its authorization endpoint
	answered   bool   // the provider answered: what is below it works
	reported   bool   // the plugin reports it: it follows "The error message is:", or is its exception's
}

const (
	leadIn      = "The error message is:"
	authorizing = "Error when fetching authorization response:"
)

// payload takes the plugin's report out of an event's message. It comes in
// four shapes: an authorization response as a JSON object on one line, a bare
// description from the token endpoint, a Java exception, a sentence of the
// plugin. The JSON may be cut off, and every space may be a line break.
func payload(text string) message {
	text = collapse(text)
	for range 2 { // pages escape what is escaped already
		if strings.Contains(text, "&") && quoted.MatchString(text) {
			text = html.UnescapeString(text)
		}
	}
	if strings.ContainsAny(text, "\u201c\u201d\u201e") && quoted.MatchString(text) {
		text = straight.Replace(text)
	}
	reported := strings.Contains(text, leadIn)
	if _, report, ok := strings.Cut(text, leadIn+" "); ok && answer(report) {
		text = report // what the provider says may hold the words of the plugin
	} else if i := strings.LastIndex(text, leadIn); i >= 0 {
		text = strings.TrimSpace(text[i+len(leadIn):])
	}
	answered := answer(text)
	// An exception's text has no escapes; the backslashes in it are those of
	// paths on Windows.
	if !exceptionRE.MatchString(text) || strings.Contains(text, `"error`) {
		text = collapse(unescape(text))
	}
	return message{
		text: text, authorized: strings.HasPrefix(text, authorizing), answered: answered, reported: reported,
	}
}

// answer reports whether a report holds a provider's answer: the plugin says so,
// or it is a JSON object with the member error or error_description (RFC 6749,
// section 5.2), which may be cut off after it.
func answer(report string) bool {
	if strings.HasPrefix(report, authorizing) {
		return true
	}
	for name := range event.Members(report) {
		if name == "error" || name == "error_description" {
			return true
		}
	}
	return false
}

var (
	// lead is what precedes a provider's words in a report: the prefix of Jira's mail code, the plugin's
	// exception, and the word of OAuth.
	lead = regexp.MustCompile(`^(?:Refresh Token Failed\. Reported Reason: |(?:[\w.$]+\.)?TokenServiceException: |` +
		`(?:invalid|unauthorized|unsupported|access|server|temporarily|interaction|login|consent)_[a-z_]+[:;,]? ?)*`)
	saidToken = regexp.MustCompile(`^(?:[\w.$]+\.)?TokenServiceException: `)
)

// words are what the provider says, where the report is not JSON and has no number: Jira
// logs the error_description of the token endpoint alone.
func (m message) words() string {
	text := m.text
	if m.authorized || strings.HasPrefix(text, "{") || exceptionRE.MatchString(text) && !saidToken.MatchString(text) {
		return ""
	}
	return lead.ReplaceAllString(text, "")
}

// description is what the provider explains in JSON, "" where it does not.
func (m message) description() string {
	found := description.submatch(newSubject(m.text))
	if found == nil || len(found[1]) > maxRefusal {
		return ""
	}
	return found[1]
}

var (
	// quoted is JSON whose quotation marks a page or an editor has changed.
	quoted   = regexp.MustCompile(`\{ ?(?:&(?:amp;)*(?:quot|#34|#[xX]22);|[\x{201c}\x{201d}\x{201e}])`)
	straight = strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "\u201e", `"`)
)

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

var (
	exceptionRE = regexp.MustCompile(`^(?:[a-z][a-z0-9_]*\.)+[A-Z]\w*(?:Exception|Error)\b`)
	escapes     = regexp.MustCompile(`(?:\\u[0-9A-Fa-f]{4})+|\\[\\/"bfnrt]`)
)

// unescape resolves JSON's escapes, also where the JSON around them is cut off.
func unescape(s string) string {
	return escapes.ReplaceAllStringFunc(s, func(escape string) string {
		var out string
		if json.Unmarshal([]byte(`"`+escape+`"`), &out) != nil {
			return escape
		}
		return out
	})
}

var (
	codeText = regexp.MustCompile(`AADSTS(\d+)`)
	codeLink = regexp.MustCompile(`error\?code=(\d+)`)
)

// codes are the provider codes of the text in order, those that only wrap
// others last, each once; where it has none (some libraries drop descriptions)
// the number in Microsoft's look-up link. A number is taken whole: AADSTS90002
// is not in AADSTS900023.
func (m message) codes() []string {
	var codes []string
	for _, re := range []*regexp.Regexp{codeText, codeLink} {
		for _, found := range re.FindAllStringSubmatch(m.text, 100) {
			if n := len(found[1]); n < 4 || n > 8 {
				continue
			}
			if code := "AADSTS" + found[1]; !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
		if len(codes) > 0 {
			slices.SortStableFunc(codes, func(a, b string) int { return vague[a] - vague[b] })
			return codes
		}
	}
	return codes
}
