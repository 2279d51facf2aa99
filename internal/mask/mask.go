// Package mask redacts what must not leave the host: secrets in every notation and encoding in
// which they can be recognized, and the kinds of data that the operator names.
package mask

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// Masks redact texts: secrets always, and the kinds of data that the operator names. They are
// immutable.
type Masks struct {
	user, ip, email, host bool
	nodes                 []string
}

// New returns the masks for the kinds of data that the operator names.
func New(kinds []conf.Mask, node string) Masks {
	has := func(k conf.Mask) bool { return slices.Contains(kinds, k) }
	return Masks{has(conf.MaskUser), has(conf.MaskIP), has(conf.MaskEmail), has(conf.MaskHost), []string{node}}
}

// On returns the masks for texts of another node. The name of this one is masked in them, too.
func (m Masks) On(node string) Masks {
	m.nodes = append(slices.Clip(m.nodes), node)
	return m
}

type replacement struct {
	find *regexp.Regexp
	put  string
}

func (m replacement) on(s string) string { return m.find.ReplaceAllString(s, m.put) }

func rule(find, put string) replacement { return replacement{regexp.MustCompile(find), put} }

var (
	quotedUser = rule(`(?i)(\buser(?: account)?|\bsigned in user) '[^']+'`, "$1 '[user]'")
	threadUser = rule(`(\buser: )[^\s;]+`, "${1}[user]")
	emails     = rule(`[\p{L}\p{N}._%+'#-]+(?:@|%40)[\p{L}\p{N}.-]+\.\p{L}{2,}`, "[e-mail]")
	ips        = []replacement{
		rule(`\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b`, "[ip]"),
		rule(`\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?|`+
			`\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b`, "[ip]"),
		rule(`(^|[^0-9A-Za-z:\]])::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?`, "${1}[ip]"),
	}
	hosts = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://(?:\[redacted\]@)?)([a-z0-9][a-z0-9.-]*)|` +
		`(UnknownHostException: *|(?:host|server|proxy|matching|connect to|connected to|connecting to)[ =:']+|` +
		`\[redacted\]@)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+|[a-z0-9-]+:\d+)`)
	providers = regexp.MustCompile(`(?i)(?:^|\.)(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|` +
		`microsoft\.com|office\.com|office365\.(?:com|us)|outlook\.cn|microsoft\.us|chinacloudapi\.cn|live\.com|` +
		`google\.com|googleapis\.com|gmail\.com)$`)
)

// Text is s without secrets and without what the operator masks. It contains no invisible
// characters, because these could conceal a secret.
func (m Masks) Text(s string) string {
	return m.text([]string{s}, event.Header{})[0]
}

// text masks parts of one text: the name of a secret may be in one and its
// value in the next.
func (m Masks) text(parts []string, h event.Header) []string {
	out := make([]string, len(parts))
	for i, s := range parts {
		out[i] = visible(s)
	}
	found, at := secrets(strings.Join(out, " ")), 0
	for i, s := range out {
		var masked strings.Builder
		last := 0
		for _, x := range found {
			if from, to := max(x.from-at, last), min(x.to-at, len(s)); from < to {
				masked.WriteString(s[last:from] + x.put)
				last = to
			}
		}
		at += len(s) + len(" ")
		out[i] = m.operators(masked.String()+s[last:], h)
	}
	return out
}

// visible is s as a reader sees it.
func visible(s string) string {
	s = text.PrintableLines(s)
	// Without one, what is left may form another; the last time it may not, since this
	// could continue for the length of the text.
	for range 3 {
		s = text.ColorRests.ReplaceAllString(s, "")
	}
	return text.ColorRests.ReplaceAllString(s, "·")
}

// Field is a field of an event's header, such as its URL, redacted. Values of other header fields
// are masked in it, too.
func (m Masks) Field(s string, h event.Header) string { return m.text([]string{s}, h)[0] }

// operators masks what the operator names. Fields of an event's header have no shape, and the
// message may repeat them, so they are masked everywhere: the session always, user and addresses
// if the operator says so.
func (m Masks) operators(s string, h event.Header) string {
	s = word(s, h.Session, "[session]")
	if m.user {
		s = word(s, h.User, "[user]")
	}
	if m.ip {
		s = word(s, h.Client, "[ip]")
	}
	if m.email {
		s = emails.on(s)
	}
	if m.user {
		s = quotedUser.on(s)
	}
	if m.ip {
		for _, r := range ips {
			s = r.on(s)
		}
	}
	if m.host {
		s = hosts.ReplaceAllStringFunc(s, func(found string) string {
			p := hosts.FindStringSubmatch(found)
			if providers.MatchString(p[2] + p[4]) {
				return found
			}
			return p[1] + p[3] + "[host]"
		})
	}
	return m.Nodes(s)
}

// word replaces a name where it is a whole word, not as a part of a longer one. s is visible,
// and so is the name in it: as the log has it, it may not even be UTF-8.
func word(s, name, put string) string {
	name = visible(name)
	if name == "" || name == "-" || "["+name+"]" == put {
		return s
	}
	if ascii(name) && ascii(s) && !strings.Contains(lowerASCII(s), lowerASCII(name)) {
		return s // as nearly always: a pattern takes longer to make than to match
	}
	var out strings.Builder
	at := 0
	for _, found := range regexp.MustCompile("(?i)"+regexp.QuoteMeta(name)).FindAllStringIndex(s, -1) {
		before, _ := utf8.DecodeLastRuneInString(s[:found[0]])
		after, _ := utf8.DecodeRuneInString(s[found[1]:])
		if !ofWord(before) && !ofWord(after) {
			out.WriteString(s[at:found[0]] + put)
			at = found[1]
		}
	}
	return out.String() + s[at:]
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func ofWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// User is a user's name, redacted.
func (m Masks) User(name string) string {
	if m.user && name != "" {
		return "[user]"
	}
	return m.Text(name)
}

// Client is the list of client addresses of a request, redacted.
func (m Masks) Client(addresses string) string {
	if m.ip && addresses != "" {
		return "[ip]"
	}
	return m.Text(addresses)
}

// Node is the node's name, redacted.
func (m Masks) Node(name string) string {
	if m.host {
		return "[host]"
	}
	return name
}

// Nodes is a text, such as the path of a log, without the names of nodes if hosts are masked.
func (m Masks) Nodes(s string) string {
	if m.host {
		for _, node := range m.nodes {
			s = word(s, node, "[host]")
		}
	}
	return s
}

// Facts are the facts, redacted, each of at most alert.MaxFact characters.
func (m Masks) Facts(facts matchers.Facts, h event.Header) matchers.Facts {
	out := matchers.Facts{}
	for name, value := range facts {
		switch value := value.(type) {
		case string:
			out[name] = text.Cut(m.text([]string{value}, h)[0], alert.MaxFact)
		case []string:
			list := m.text(value, h)
			for i, s := range list {
				list[i] = text.Cut(s, alert.MaxFact)
			}
			out[name] = list
		}
	}
	return out
}

// Event is the text of an event, redacted.
func (m Masks) Event(text string, h event.Header) string {
	text = m.text([]string{text}, h)[0]
	if m.user {
		text = threadUser.on(text)
	}
	return text
}
