package incident

import (
	"regexp"
	"slices"
	"strings"

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

func rule(find, put string) mask { return mask{regexp.MustCompile(find), put} }

const secretNames = `client_?secret|client_?assertion|refresh_?token|access_?token|id_?token|code_?verifier|assertion|password|passwd`

// secrets are shapes of secrets, and places where one stands. Where they come
// from: somebody logs com.atlassian.oauth2.client at DEBUG, or pastes a secret
// into the field of the client ID, which Microsoft then echoes.
var secrets = []mask{
	rule(`(?i)(authorization["']?\s*[:=]\s*["']?(?:basic|bearer|negotiate|ntlm)|\bbearer)\s+[A-Za-z0-9._~+/=-]{16,}`, "$1 [redacted]"),
	rule(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}`, "[jwt]"),
	rule(`(?i)"(`+secretNames+`|state|code)"\s*:\s*"(?:[^"\\]|\\.)+("|$)`, `"$1":"[redacted]$2`),
	rule(`[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}`, "[entra-secret]"),
	rule(`\bGOCSPX-[A-Za-z0-9_-]{20,}`, "[google-secret]"),
	rule(`\bya29\.[A-Za-z0-9_-]{10,}`, "[google-access-token]"),
	rule(`(?:\b1//0|\b4/0A)[A-Za-z0-9_-]{20,}`, "[google-token]"),
	rule(`\b[01]\.A[A-Za-z0-9_-]{30,}(?:\.[A-Za-z0-9_-]+)*`, "[entra-token]"),
	rule(`\bM\.[A-Z]\d+_[A-Za-z0-9.!*$_-]{20,}`, "[msa-token]"),
	rule(`(?i)\b(JSESSIONID|atlassian\.xsrf\.token|seraph\.rememberme\.cookie)=[^;\s]+`, "$1=[redacted]"),
	rule(`(?i)(-D[\w.]*(?:password|passwd|secret)[\w.]*=)\S+`, "$1[redacted]"),
	rule(`(?i)\b(https?://)[^/\s:@]+:[^/\s@]+@`, "$1[redacted]@"),
	rule(`https://hooks\.slack(?:-gov)?\.com/[^\s"'<>]+`, "[slack-webhook]"),
	rule(`\bxox[a-z]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}`, "[slack-token]"),
	rule(`\bwhsec_[A-Za-z0-9+/=]{10,}`, "[webhook-secret]"),
}

var (
	parameter = regexp.MustCompile(`(?i)\b(` + secretNames + `|state|code|session_state|nonce|samlresponse)(=|%3D)([^&\s"'<>\]]+)`)
	number    = regexp.MustCompile(`^\d{1,8}$`)
	opaque    = regexp.MustCompile(`[A-Za-z0-9_~+/=-]{40,}`)
	ofPaths   = regexp.MustCompile(`/(?:rest|plugins|oauth2|secure|servlet)/`)
	guids     = regexp.MustCompile(`[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)

	users  = rule(`(?i)(\buser(?: account)?|\bsigned in user) '[^']+'`, "$1 '[user]'")
	emails = rule(`[A-Za-z0-9._%+'#-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`, "[e-mail]")
	ips    = []mask{
		rule(`\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b`, "[ip]"),
		rule(`\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b|\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?`, "[ip]"),
		rule(`(^|[\s,\[(])::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?`, "$1[ip]"),
	}
	hosts     = regexp.MustCompile(`(?i)(https?://|UnknownHostException: *|(?:host|server|proxy)[ =:']+)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?::\d+))`)
	providers = regexp.MustCompile(`(?i)(?:^|\.)(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|microsoft\.com|office\.com|office365\.(?:com|us)|outlook\.cn|microsoft\.us|chinacloudapi\.cn|live\.com|google\.com|googleapis\.com|gmail\.com)$`)
)

// Text is s without secrets and without what the operator masks.
func (m Masks) Text(s string) string {
	for _, r := range secrets {
		s = r.find.ReplaceAllString(s, r.put)
	}
	s = parameter.ReplaceAllStringFunc(s, func(found string) string {
		p := parameter.FindStringSubmatch(found)
		if number.MatchString(p[3]) {
			return found // such as error?code=50194
		}
		return p[1] + p[2] + "[redacted]"
	})
	s = opaque.ReplaceAllStringFunc(s, func(found string) string {
		if !mixed(guids.ReplaceAllString(found, "")) || ofPaths.MatchString(found) {
			return found
		}
		return "[opaque]"
	})
	if m.email {
		s = emails.find.ReplaceAllString(s, emails.put)
	}
	if m.user {
		s = users.find.ReplaceAllString(s, users.put)
	}
	if m.ip {
		for _, r := range ips {
			s = r.find.ReplaceAllString(s, r.put)
		}
	}
	if m.host {
		s = hosts.ReplaceAllStringFunc(s, func(found string) string {
			p := hosts.FindStringSubmatch(found)
			if providers.MatchString(p[2]) {
				return found
			}
			return p[1] + "[host]"
		})
		if m.node != "" {
			s = strings.ReplaceAll(s, m.node, "[host]")
		}
	}
	return s
}

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

// Node is the node's name as it may be shown.
func (m Masks) Node(name string) string {
	if m.host {
		return "[host]"
	}
	return name
}

// Facts are the facts as they may be shown, each at most maxFact characters.
func (m Masks) Facts(facts matchers.Facts, user string) matchers.Facts {
	out := matchers.Facts{}
	one := func(s string) string {
		if m.user && len(user) > 2 {
			s = strings.ReplaceAll(s, user, "[user]")
		}
		return notify.Cut(m.Text(s), maxFact)
	}
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

// Event is an event's text as it may be shown. What the header holds is masked
// by its place and not by its shape: the session always, user and addresses as
// the operator says.
func (m Masks) Event(text string, h event.Header) string {
	head, tail := text, ""
	if i := strings.Index(text, "["+h.Logger+"]"); h.Logger != "" && i >= 0 {
		head, tail = text[:i], text[i:]
	}
	field := func(value, put string) {
		if value == "" || value == "-" {
			return
		}
		word := regexp.MustCompile(`(^|\s)` + regexp.QuoteMeta(value) + `(;?(?:\s|$))`)
		head = word.ReplaceAllString(head, "${1}"+put+"${2}")
	}
	field(h.Session, "[session]")
	if m.user {
		field(h.User, "[user]")
		head = threadUser.ReplaceAllString(head, "$1[user]")
	}
	if m.ip {
		field(h.Client, "[ip]")
	}
	return m.Text(head + tail)
}

var threadUser = regexp.MustCompile(`(\buser: )\S+`)
