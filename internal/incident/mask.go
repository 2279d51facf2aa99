package incident

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// Masks take out of a text what must not leave the host: secrets always, and
// what the operator names. They are immutable.
type Masks struct {
	user, ip, email, host bool
	node                  string
}

// NewMasks makes the masks for the kinds that the operator names.
func NewMasks(kinds []conf.Mask, node string) Masks {
	has := func(k conf.Mask) bool { return slices.Contains(kinds, k) }
	return Masks{user: has(conf.MaskUser), ip: has(conf.MaskIP), email: has(conf.MaskEmail), host: has(conf.MaskHost), node: node}
}

type mask struct {
	find *regexp.Regexp
	put  string
}

func (m mask) on(s string) string { return m.find.ReplaceAllString(s, m.put) }

func rule(find, put string) mask { return mask{regexp.MustCompile(find), put} }

var (
	quoted    = regexp.MustCompile(`(?i)((?:` + named + `)\s*(?:` + equals + `)\s*)(?:"[^"\n]*(?:"|\n|$)|'[^'\n]*(?:'|\n|$))`)
	parameter = regexp.MustCompile(`(?i)((?:\b|%(?:25)*(?:26|3F|23))(?:(?:` + named + `)\s*=\s*|(?:` + named + `|state|code|session_state|nonce|samlresponse)(?:` + equals + `)))([^&\s"'<>\]]+)`)
	number    = regexp.MustCompile(`^\d{1,8}$`)
	opaque    = regexp.MustCompile(`[A-Za-z0-9_~+/=-]{40,}`)
	ofPaths   = regexp.MustCompile(`/(?:rest|plugins|oauth2|secure|servlet)/`)
	guids     = regexp.MustCompile(`[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)
	className = regexp.MustCompile(`^(?:[A-Z]{1,5}[a-z]{2,}\d?)+$`)

	quotedUser = rule(`(?i)(\buser(?: account)?|\bsigned in user) '[^']+'`, "$1 '[user]'")
	threadUser = rule(`(\buser: )[^\s;]+`, "${1}[user]")
	emails     = rule(`[\p{L}\p{N}._%+'#-]+(?:@|%40)[\p{L}\p{N}.-]+\.\p{L}{2,}`, "[e-mail]")
	ips        = []mask{
		rule(`\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b`, "[ip]"),
		rule(`\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?|\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b`, "[ip]"),
		rule(`(^|[^0-9A-Za-z:\]])::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?`, "${1}[ip]"),
	}
	hosts     = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://(?:\[redacted\]@)?)([a-z0-9][a-z0-9.-]*)|(UnknownHostException: *|(?:host|server|proxy|matching|connect to|connected to|connecting to)[ =:']+)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+|[a-z0-9-]+:\d+)`)
	providers = regexp.MustCompile(`(?i)(?:^|\.)(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|microsoft\.com|office\.com|office365\.(?:com|us)|outlook\.cn|microsoft\.us|chinacloudapi\.cn|live\.com|google\.com|googleapis\.com|gmail\.com)$`)
)

// Text is s without secrets and without what the operator masks. It is free of
// characters that nobody sees: a secret must not hide behind them.
func (m Masks) Text(s string) string {
	s = notify.PrintableLines(s)
	// What is left without one may be another one; the last time it may not,
	// since this could go on for as long as the text is.
	for range 3 {
		s = colors.ReplaceAllString(s, "")
	}
	s = colors.ReplaceAllString(s, "·")
	for _, r := range secrets {
		s = r.on(s)
	}
	s = pastedID.ReplaceAllStringFunc(s, notGUID)
	s = labelled.ReplaceAllStringFunc(s, label)
	s = quoted.ReplaceAllString(s, "$1[redacted]")
	s = parameter.ReplaceAllStringFunc(s, func(found string) string {
		p := parameter.FindStringSubmatch(found)
		switch name := strings.ToLower(p[1]); {
		case strings.HasPrefix(p[2], "[redacted"):
			return found
		case strings.HasPrefix(name, "code=") && number.MatchString(p[2]):
			return found // such as error?code=50194
		}
		return p[1] + "[redacted]"
	})
	s = opaque.ReplaceAllStringFunc(s, random)
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
		s = word(s, m.node, "[host]")
	}
	return s
}

// random masks a long run of letters and digits that looks like a secret of a
// shape that no rule knows. Of a path, each part is looked at alone.
func random(run string) string {
	if ofPaths.MatchString(run) {
		parts := strings.Split(run, "/")
		for i, part := range parts {
			if len(part) >= 40 {
				parts[i] = random(part)
			}
		}
		return strings.Join(parts, "/")
	}
	if mixed(guids.ReplaceAllString(run, "")) && !className.MatchString(run) {
		return "[opaque]"
	}
	return run
}

// word replaces a name where it stands alone, not as a part of a longer one.
func word(s, name, put string) string {
	if name == "" || name == "-" || "["+name+"]" == put {
		return s
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

func ofWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// mixed tells whether s has capital and small letters and digits, as random
// text has.
func mixed(s string) bool {
	return strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") && strings.ContainsAny(s, "0123456789")
}

// User is a user's name as it may be shown.
func (m Masks) User(name string) string {
	if m.user && name != "" {
		return "[user]"
	}
	return m.Text(name)
}

// Client is the addresses of a request as they may be shown.
func (m Masks) Client(addresses string) string {
	if m.ip && addresses != "" {
		return "[ip]"
	}
	return m.Text(addresses)
}

// Node is the node's name as it may be shown.
func (m Masks) Node(name string) string {
	if m.host {
		return "[host]"
	}
	return name
}

// Facts are the facts as they may be shown, each at most maxFact characters.
func (m Masks) Facts(facts matchers.Facts, h event.Header) matchers.Facts {
	out := matchers.Facts{}
	one := func(s string) string { return notify.Cut(m.Text(m.place(s, h)), maxFact) }
	for name, value := range facts {
		switch value := value.(type) {
		case string:
			out[name] = one(value)
		case []string:
			list := make([]string, len(value))
			for i, s := range value {
				list[i] = one(s)
			}
			out[name] = list
		}
	}
	return out
}

// Event is an event's text as it may be shown.
func (m Masks) Event(text string, h event.Header) string {
	text = notify.PrintableLines(text)
	if m.user {
		text = threadUser.on(text)
	}
	return m.Text(m.place(text, h))
}

// place masks what the header of an event holds, which has no shape: the
// session always, user and addresses as the operator says. The message may
// repeat them, so they go wherever they stand.
func (m Masks) place(s string, h event.Header) string {
	s = word(s, h.Session, "[session]")
	if m.user {
		s = word(s, h.User, "[user]")
	}
	if m.ip {
		s = word(s, h.Client, "[ip]")
	}
	return s
}
