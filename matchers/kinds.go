package matchers

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A kind is what a fact may be and where it may be shown. Facts are untrusted:
// whoever can make a browser or a provider send something writes to the log. So a
// fact is data everywhere, and in a step it is data that cannot do harm.
type kind struct {
	grammar *regexp.Regexp // of the whole value; nil = free text
	named   bool           // a value that does not fit the grammar is a display name
	own     bool           // the provider's message: alone at the end of a diagnosis, up to maxMessage of it
	use     use
}

// use is where a fact may be shown.
type use int

const (
	inDiagnosis use = iota // only there, as a quotation or in code style
	toReplace              // in a step too, in code style, as text to be replaced: see acted
	anywhere               // in a step too, as it is
)

// Limits of what is shown of a value, in characters.
const (
	maxInline  = 80
	maxURL     = 200 // Microsoft and Google compare a Redirect URL letter by letter
	maxMessage = 500
)

const (
	label  = `[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?` // RFC 1123, section 2.1
	host   = label + `(?:\.` + label + `)*`                  // or an IPv4 address
	domain = `(?:` + label + `\.)+[A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])`
	ipv6   = `[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}`

	// RFC 6749, section 3.3, without what a shell, HTML or Markdown reads.
	token = `[0-9A-Za-z._~:/,+%@=*-]{1,200}`
	// RFC 3986, without a user and what a shell expands.
	web = `https?://` + host + `(?::\d{1,5})?(?:[/?#][0-9A-Za-z._~:/?#@!&+,;=%-]{0,400})?`

	// Microsoft's dates and those of Java's Date.
	date = `\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\dZ?)?|` +
		`[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d\d:\d\d:\d\d [A-Z]{1,5}(?:[+-]\d\d:\d\d)? \d{4}`
)

func whole(grammar string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + grammar + `)$`) }

// kinds by the names that they have in facts.txt.
var kinds = map[string]*kind{
	"computed":   {use: anywhere}, // by this program: no text of the log is in it
	"GUID":       {use: anywhere, grammar: whole(guid)},
	"time":       {use: anywhere, grammar: whole(date)},
	"number":     {use: anywhere, grammar: whole(`\d{1,8}`)},
	"suffix":     {use: anywhere, grammar: whole(`[0-9A-Za-z_-]{22}`)}, // see redirectSuffix
	"endpoint":   {use: anywhere, grammar: whole(`(?:Authorization|Token) endpoint`)},
	"known host": {use: anywhere, grammar: whole(host)}, // see knownHosts

	"host":           {use: toReplace, grammar: whole(host + `|` + ipv6)},
	"URL":            {use: toReplace, grammar: whole(web)},
	"scope":          {use: toReplace, grammar: whole(token)},
	"domain or name": {use: toReplace, grammar: whole(domain), named: true},
	"resource or name": {use: toReplace, named: true,
		grammar: whole(web + `|api://[0-9A-Za-z._/-]{1,100}|` + guid + `|` + host)},

	"word":    {grammar: whole(`[\w.+/$-]{1,200}(?: [\w.+/$-]{1,60}){0,3}`)}, // such as an error code
	"name":    {},
	"message": {own: true},
}

const maxHost = 253 // bytes of a host name

// kindOf is the kind of a fact, nil if there is no such fact.
func kindOf(fact string) *kind { return factTable[fact].kind }

// fits reports whether a value has the grammar of the kind. All text is free text.
func (k *kind) fits(value string) bool {
	most := maxMessage
	switch k {
	case kinds["known host"]:
		return knownHost(value)
	case kinds["host"], kinds["domain or name"]:
		most = maxHost
	}
	return k.grammar == nil || len(value) <= most && k.grammar.MatchString(value)
}

// show is a fact's value as it may appear in a template, "" where it must not. alone
// is whether it is on its own at the end of a diagnosis.
func (k *kind) show(values []string, inStep, alone bool) string {
	if k == nil {
		return ""
	}
	text := strings.Join(values, " ")
	fits := !slices.ContainsFunc(values, func(v string) bool { return !k.fits(v) })
	switch {
	case strings.TrimSpace(text) == "", inStep && (k.use == inDiagnosis || !fits):
		return ""
	case fits && (k.use == anywhere || k == kinds["host"] && knownHost(text)):
		return text
	case fits && k == kinds["URL"]:
		return "`" + shorten(text, maxURL) + "`"
	case fits && k.grammar != nil:
		return spans(strings.Fields(text))
	case alone && k.own:
		return quote(text, maxMessage)
	}
	return quote(text, maxInline)
}

// spans are words in code style, one by one, so that no sentence comes about.
// They have maxInline characters together, of which a scope that the catalogue
// knows takes a tenth and is whole.
func spans(words []string) string {
	room := maxInline
	for i, w := range words {
		if room < 2 {
			return strings.Join(append(words[:i], "`…`"), " ")
		}
		if knownScope(w) {
			room -= maxInline / 10
		} else {
			w = shorten(w, room)
			room -= utf8.RuneCountInString(w)
		}
		words[i] = "`" + w + "`"
	}
	return strings.Join(words, " ")
}

// quote is free text as a quotation. Nothing in it ends the quotation, and receivers
// interpret nothing in it (see notify.Quotations).
func quote(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Pi, unicode.Pf) || strings.ContainsRune("`\"‚„″‶＂ˮʺ״〝〞〟❝❞❠", r) {
			return '\''
		}
		return r
	}, clean(s))
	if s == "" {
		return ""
	}
	return "“" + shorten(s, limit) + "”"
}

// Quote is untrusted text, such as that of a receiver of alerts, as a quotation.
func Quote(s string) string { return quote(s, maxMessage) }

// shorten cuts a text to at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// Where the log's host, scope or URL would be run, and where it is to be replaced.
var (
	sentenceStart = regexp.MustCompile(`[.!?] `)
	programs      = regexp.MustCompile(listed("programs"))
	wrong         = regexp.MustCompile(listed("wrong"))
)

// acted reports whether a fact between before and after would be more than named.
// The log's hosts, scopes and URLs must not be a part of
//
//   - an address, an argument or a link: any word that is longer than the fact
//     and its quotes, such as https://{fact}/ or [text]({fact});
//   - a command: a code span (between backticks) with more than the fact in it,
//     or a sentence that names a program, an option or a shell's operator before
//     the fact, or pipes it on;
//   - any sentence but one that says that the fact is to be replaced: right
//     before it ("in place of {fact}"), as a question ("is {fact} misspelled?") or
//     right after it ("{fact} is wrong").
func acted(before, after string) bool {
	before, after = holeRE.ReplaceAllString(before, "x"), holeRE.ReplaceAllString(after, "x")
	lead := before[strings.LastIndexByte(before, ' ')+1:]
	end := strings.IndexByte(after+" ", ' ')
	if strings.Trim(lead, "(“\"'`") != "" || strings.Trim(after[:end], ")”\"'`.,:;!?") != "" {
		return true
	}
	alone := strings.HasSuffix(before, "`") && strings.HasPrefix(after, "`")
	if inSpan := strings.Count(before, "`")%2 == 1; inSpan && !alone {
		return true
	}
	if next := strings.TrimSpace(after); strings.HasPrefix(next, "|") || strings.HasPrefix(next, "&") {
		return true
	}
	sentence := before
	if ends := sentenceStart.FindAllStringIndex(before, -1); ends != nil {
		sentence = before[ends[len(ends)-1][1]:]
	}
	return programs.MatchString(sentence) || !wrong.MatchString(sentence+"|"+after)
}
