package incident

import (
	"regexp"
	"strings"
)

const (
	secretNames = `client[_-]?secret|client[_-]?assertion|refresh[_-]?token|access[_-]?token|id[_-]?token|oauth[_-]?token|oauth[_-]?signature|` +
		`authorization[_-]?code|device[_-]?code|code[_-]?verifier|api[_-]?key|assertion|passwor[dt]|passwd|passphrase|pwd|pass`
	named  = `[\w.-]*(?:passwor[dt]|passwd|secret|api[_-]?key)[\w.]*|` + secretNames // also javax.net.ssl.trustStorePassword
	equals = `=|\x{FF1D}|%(?:25)*3D`
)

// secrets are shapes of secrets, and places where one stands. Where they come
// from: somebody logs com.atlassian.oauth2.client at DEBUG, or pastes a secret
// into the field of the client ID, which Microsoft then echoes.
var secrets = []mask{
	rule(`(?i)(authorization["']?\s*[:=]\s*["']?(?:basic|bearer|negotiate|ntlm))\s+[A-Za-z0-9._~+/=-]{4,}`, "$1 [redacted]"),
	rule(`(?i)(\bbearer(?:\s+token)?)\s+[A-Za-z0-9._~+/=-]{8,}`, "$1 [redacted]"),
	rule(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}`, "[jwt]"),
	rule(`(?is)("(?:`+secretNames+`|state|code)"\s*:\s*")(?:[^"\\]|\\.)+("|\\?$)`, "$1[redacted]$2"),
	rule(`(?is)(\\"(?:`+secretNames+`|state|code)\\"\s*:\s*\\")(?:\\\\\\"|\\[^"]|[^"\\])+(\\"|\\*$)`, "$1[redacted]$2"), // JSON in JSON
	rule(`[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,}`, "[entra-secret]"),
	rule(`\bGOCSPX-[A-Za-z0-9_-]{20,}`, "[google-secret]"),
	rule(`\bya29\.[A-Za-z0-9_-]{10,}`, "[google-access-token]"),
	rule(`(?:\b1(?:/|%2F){2}0|\b4(?:/|%2F)0A)[A-Za-z0-9_-]{20,}`, "[google-token]"),
	rule(`\b[01]\.A[A-Za-z0-9_-]{30,}(?:\.[A-Za-z0-9_-]+)*`, "[entra-token]"),
	rule(`\bM\.[A-Z]\d+_[A-Za-z0-9.!*$_-]{20,}`, "[msa-token]"),
	rule(`(?i)\b((?:set-)?cookie2?["']?\s*[:=]\s*)[^\n]+`, "${1}[redacted]"),
	rule(`(?i)\b(JSESSIONID|atlassian\.xsrf\.token|seraph\.rememberme\.cookie)=[^;\s]+`, "$1=[redacted]"),
	// The name before a password may be an address, and the password hold a slash.
	rule(`(?i)\b([a-z][a-z0-9+.-]*:(?:\\?/){2})(?:[^\s"'<>/?#]*:[^\s"'<>]*|[^/\s:@?#"'<>]+)@`, "$1[redacted]@"),
	rule(`(?i)(?:https?:(?:\\?/){2})?hooks\.slack(?:-gov)?\.com(?::\d+)?\\?/[^\s"'<>]+`, "[slack-webhook]"),
	rule(`\bxox[a-z]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}`, "[slack-token]"),
	rule(`\bwhsec_[A-Za-z0-9+/=]{10,}`, "[webhook-secret]"),
	rule(`\bgh[pousr]_[A-Za-z0-9]{20,}`, "[github-token]"),
	rule(`\bAKIA[0-9A-Z]{16}\b`, "[aws-key]"),
	rule(`(?i)(authorization["']?\s*[:=]\s*["']?)(?:digest\b[^\n]*|[A-Za-z0-9._~+/=-]{8,}[^\n"'\[]*)`, "${1}[redacted]"),
	rule(`(?i)(<(?:`+named+`)>)[^<]*`, "${1}[redacted]"),
	rule(`(?i)((?:`+named+`)%(?:25)*22%(?:25)*3A%(?:25)*22)[^%&\s]+`, "${1}[redacted]"),
}

var (
	// colors are what is left of a terminal's colours without their escape
	// character: one within a name would hide the name from every rule.
	colors = regexp.MustCompile(`\[\d{1,2}(?:;\d{1,3})*m`)

	// pastedID is where Microsoft echoes what stands in the field of the client
	// ID, which may be a secret.
	pastedID = regexp.MustCompile(`(?i)(?:\bidentifier '[^'\n]{10,}'|AADSTS700038: \S{10,} is not a valid)`)

	// labelled is a name of a secret with a colon, or with a list behind it, and
	// words that may be one (code, state, token) with a long value.
	labelled  = regexp.MustCompile(`(?i)(\b(?:` + named + `)["'\\]*\s*(?:` + equals + `|:|\x{FF1A})\s*)(\[[^\]\n]*\]?|\\?"[^"\n]*"?|'[^'\n]*'?|[^&\s"'<>\]]+)|(\b(?:code|state|token|sig|nonce)["'\\]*\s*(?:` + equals + `|:)\s*)(["']?[A-Za-z0-9._~+/%-]{8,}=*)`)
	anyGUID   = regexp.MustCompile(`(?i)'?\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b'?`)
	masked    = regexp.MustCompile(`\[(?:entra-secret|opaque|not a GUID|redacted|jwt)\]`)
	addressed = regexp.MustCompile(`(?i)'(?:api|https?)://`)
)

// notGUID masks what should be a GUID or an address, and is neither.
func notGUID(found string) string {
	if anyGUID.MatchString(found) || addressed.MatchString(found) || masked.MatchString(found) {
		return found
	}
	if strings.HasPrefix(strings.ToUpper(found), "AADSTS") {
		return "AADSTS700038: [not a GUID] is not a valid"
	}
	return found[:strings.IndexByte(found, '\'')] + "'[not a GUID]'"
}

// label masks the value behind a name, unless it is masked already or too plain
// to be a secret.
func label(found string) string {
	p := labelled.FindStringSubmatch(found)
	name, value := p[1]+p[3], p[2]+p[4]
	switch {
	case strings.HasPrefix(strings.TrimLeft(value, `"'\`), "["+"redacted"), strings.HasPrefix(value, "[jwt"), strings.Contains(value, "-secret]"), strings.Contains(value, "-token]"):
		return found
	case p[3] != "" && (!strings.ContainsAny(value, "0123456789") || strings.HasPrefix(value, "AADSTS") || number.MatchString(value)):
		return found
	}
	return name + "[redacted]"
}
