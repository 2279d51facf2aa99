package mask

import (
	"regexp"
	"strings"
)

// class says how far a name proves that its value is a secret.
type class int

const (
	unrelated class = iota
	weak            // it may be a word: the value must look like a secret
	middling        // a word may follow it with a colon, as in prose
	strong          // whatever the value is
	header          // of authorization: the value goes on to the end of the line, or is after a scheme
	cookie          // the value goes on to the end of the line
)

var (
	// names are what a secret's name ends in, in small letters. Longer ones come first.
	names = regexp.MustCompile(`passwor[dt]|passwd|passphrase|pass[_. +-]?code|pwd|secret|samlresponse|jsessionid|rememberme\.cookie|` +
		`(?:api|private|access|account|shared|signing|master|encryption|subscription)[_. +-]?key|` +
		`(?:user|device|auth|authorization|verification|oauth|mfa|recovery|backup|one[_-]?time)[_. +-]?code|(?:code|oauth)[_-]?verifier|(?:oauth|amz)[_-]signature|` +
		`credentials?|authorization|set-cookie2?|cookie2?|assertion|token|ticket|pass|auth|otp|session_?state|state|nonce|sig|code`)

	anywhere   = regexp.MustCompile(`^(?:passwor|passwd|passphrase|pass.?code|pwd|secret|samlresponse|jsessionid|rememberme)|key$`)
	noSecret   = regexp.MustCompile(`(?:[_.-]?(?:ids?|expir\w*|type|length|status|hint|policy|name)(?:[_.]\w*)?|exception|error|\.java)$`)
	ofOAuth    = regexp.MustCompile(`(?:^|[^a-z])(?:access|refresh|id|oauth)[_-]?$`)
	nameEnd    = regexp.MustCompile(`^((?:[_.-]?(?:value|string|hint)|s)?)(?:[^\w.-]|[.-]?$|[.-]\W)`)
	otherCodes = regexp.MustCompile(`(?:error|status|response|exit|return|result|country|reason|provider|http|sub|zip|postal|language|currency|area|vendor|sql|product|source)[\s"']*$`)

	// What is between a name and its value; in a form's data a space is a plus.
	assigned  = after("[\\\"'`*\\]]{0,8} *" + `(?:[=:]?=>|->|~>|:=|={1,3}|:) *(?:[({\[] *\\*["']?\w{0,20}value\\*["']? *[=:] *|some\()?`)
	paired    = after(`\\*["']?(?: *[,;]| ) *(?:\\*["']?[\w-]+\\*["']? *[=:] *\\*["']?[^"'<>\n,;]{0,40}\\*["']?(?: |,) *){0,3}?\\*["']?(?:value|content|val)\\*["']? *[:=] *`)
	listed    = after(`\\*["']? *[,|] *`)
	wrapped   = after(` *[({\[] *\\*["']?\w{0,20}value\\*["']? *[=:] *`)
	called    = after(`[(\[]`)
	tagged    = after(`(?:[^<>]{0,150}[^<>/])?> *(?:<(?:value|string)> *)?(?:<!\[cdata\[ *)?`)
	neighbor  = after(`</[\w:-]+> *<[\w:-]+> *(?:<[\w:-]+>)?`)
	multipart = after(`\\*"(?:; *[\w-]+=[^\s;"]{1,100}){0,3} +(?:content-[\w-]+: *[^\s;]+(?:; *charset=[\w-]+)? +){0,4}`)
	option    = after(` +`)
	quoted    = after(` +(?:(?:is|was) +)?\\*["']`)
	said      = after(` +(?:is|was) +`)

	beforeListed = regexp.MustCompile(`[\[({|]\s*$|["']$`)
	beforeEntry  = regexp.MustCompile(`\{(?:[^{}\n]{0,150}, )?$`)
	entryEnd     = regexp.MustCompile(`, [\w.-]+=|\}`)
	beforeTagged = regexp.MustCompile(`<[^<>/][^<>]{0,150}$|<$`)
	beforePart   = regexp.MustCompile(`name=\\*"$`)

	schemed = regexp.MustCompile(`^\\*["']?(?:basic|bearer|negotiate|ntlm|token|api-?key|ssws)[\s+]+([a-z0-9._~+/=-]{4,})`)
	toEnd   = regexp.MustCompile(`(?i)^(?:digest|oauth|aws4|hmac|signature)\b`)
	prose   = regexp.MustCompile(`^(?:expired|invalid|missing|required|incorrect|wrong|must|is|not|null|none|empty|true|false|has|was|the|cannot|does|too|your|disabled|enabled|unknown)[.,;:!]?$`)
	// javaName is a class in its package.
	javaName = regexp.MustCompile(`^(?:com|org|net|io|java|javax|jakarta|jdk|sun)(?:\.[\w$]+){2,}:?$`)
	plain    = regexp.MustCompile(`^(?:(?:AADSTS|ESTS)\d+|[A-Z][A-Z0-9_]+-\d+$|\d{1,8}$|[a-z]+://|(?:com|org|net|io|java|javax|jakarta|jdk|sun)(?:\.[\w$]+){2,}|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?$|v?\d+(?:\.\d+)+$|(?i:x?oauth2)$|[\w$]+\.(?:java|kt|groovy|scala):\d+)`)
)

// after is what begins so; a space in it is any white space, or a form's.
func after(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^(?:" + strings.ReplaceAll(pattern, " ", `[\s+]`) + ")")
}

// named masks what comes after the name of a secret, in whatever notation.
func (f *finder) named() {
	end := 0 // of the last value
	for _, m := range names.FindAllStringIndex(f.lower, -1) {
		if m[0] < end {
			continue
		}
		from, to, class := f.name(m[0], m[1])
		if class == unrelated || from > 0 && done.MatchString(f.text[from-1:min(from+30, len(f.text))]) {
			continue // our own marks, such as [google-secret], name nothing
		}
		at, class, before := f.link(from, to, class)
		if class == unrelated {
			continue
		}
		if from, to := f.value(at, before, class); from < to {
			f.mark(from, to, "[redacted]")
			if to-from > longestWord { // else it is searched too: quotation marks may have ended it
				end = to
			}
		}
	}
}

// name is the whole name around a word for a secret, and what it proves.
func (f *finder) name(from, to int) (start, end int, c class) {
	start = from
	for start > max(0, from-64) && (alnum(f.lower[start-1]) || strings.IndexByte("_.-$", f.lower[start-1]) >= 0) {
		start--
	}
	word, prefix, rest := f.lower[from:to], f.lower[start:from], f.lower[to:min(to+64, len(f.lower))]
	if anywhere.MatchString(word) {
		n := strings.IndexFunc(rest, func(r rune) bool { return !alnum(byte(r)) && r != '_' && r != '.' })
		if n < 0 {
			n = len(rest)
		}
		switch {
		case noSecret.MatchString(rest[:n]):
			return 0, 0, unrelated
		case strings.ContainsAny(word, " +"):
			return start, to + n, weak
		}
		return start, to + n, strong
	}
	m := nameEnd.FindStringSubmatch(rest)
	if m == nil {
		return 0, 0, unrelated
	}
	letter := prefix != "" && prefix != "-d" && alnum(f.text[from-1]) && f.text[from-1] > '9'
	hump := letter && f.text[from] != f.lower[from] && f.text[from-1] == f.lower[from-1]
	c = weak
	switch word {
	case "authorization":
		c = header
	case "cookie", "cookie2", "set-cookie", "set-cookie2":
		c = cookie
	case "pass", "otp", "auth":
		if letter && !hump {
			return 0, 0, unrelated
		}
		if word != "auth" {
			c = middling
		}
	case "state", "nonce", "sig", "code":
		if prefix != "" || otherCodes.MatchString(f.lower[max(0, start-20):start]) {
			return 0, 0, unrelated
		}
	case "token":
		if ofOAuth.MatchString(prefix) {
			c = strong
		}
	case "credential", "credentials", "assertion":
		c = middling
	case "ticket":
	default:
		if !strings.ContainsAny(word, " +") {
			c = strong // such as user_code
		}
	}
	return start, to + len(m[1]), c
}

// link finds where the value of a name begins, and what the notation proves.
// before is the character that ends the value, if the notation has one.
func (f *finder) link(from, to int, c class) (at int, proven class, before string) {
	rest, head := f.lower[to:min(to+300, len(f.lower))], f.lower[max(0, from-160):from]
	if m := assigned.FindString(rest); m != "" {
		said := strings.Contains(m, ":") && !strings.ContainsAny(m, `="'`) && !strings.HasPrefix(rest[len(m):], `"`)
		if c == middling && said || strings.Contains(m, "\n") {
			c = weak
		}
		if strings.HasSuffix(m, "=") && beforeEntry.MatchString(head) {
			return to + len(m), c, "}"
		}
		return to + len(m), c, ""
	}
	if c >= header {
		c = weak
	}
	if strings.Contains(rest, "val") || strings.Contains(rest, "content") {
		if m := paired.FindString(rest) + wrapped.FindString(rest); m != "" {
			return to + len(m), c, ""
		}
	}
	if m := listed.FindString(rest); m != "" && beforeListed.MatchString(head) {
		return to + len(m), weak, ",)]}|"
	}
	if m := tagged.FindString(rest); m != "" && beforeTagged.MatchString(head) {
		return to + len(m), c, "<"
	}
	if m := neighbor.FindString(rest); m != "" && strings.HasSuffix(head, ">") {
		return to + len(m), c, "<"
	}
	if m := multipart.FindString(rest); m != "" && beforePart.MatchString(head) {
		return to + len(m), weak, ""
	}
	if m := option.FindString(rest); m != "" && (strings.HasPrefix(f.lower[from:], "--") || strings.HasSuffix(head, "--")) {
		return to + len(m), c, ""
	}
	if m := quoted.FindString(rest); m != "" {
		return to + len(strings.TrimRight(m, `\"'`)), weak, ""
	}
	if m := called.FindString(rest) + said.FindString(rest); m != "" {
		return to + len(m), weak, ")]"
	}
	return 0, unrelated, ""
}

// value is the place of the value at an offset: empty when it is masked or too
// plain to be a secret.
func (f *finder) value(at int, before string, c class) (from, to int) {
	rest := f.text[at:]
	if done.MatchString(rest[:min(30, len(rest))]) {
		return at, at
	}
	if c == header {
		if m := schemed.FindStringSubmatchIndex(f.lower[at:]); m != nil {
			return at + m[2], at + m[3]
		}
	}
	if i := strings.IndexByte(rest, '\n'); i >= 0 && before != "<" {
		rest = rest[:i]
	}
	slashes := len(rest) - len(strings.TrimLeft(rest, `\`))
	from = at
	switch {
	case before == "<":
		text, _, _ := strings.Cut(rest, "<")
		from += len(text) - len(strings.TrimLeft(text, " \n"))
		to = at + len(strings.TrimRight(text, " \n]"))
	case slashes < len(rest) && strings.IndexByte("\"'`", rest[slashes]) >= 0:
		from += slashes + 1
		to = from + closing(rest[slashes+1:], rest[slashes], slashes)
	case strings.HasPrefix(rest, "["):
		to = at + len(rest)
		if i := strings.IndexByte(rest, ']'); i >= 0 {
			to = at + i + 1
		}
	case c == header && !toEnd.MatchString(rest):
		if !secretLike(firstWord(rest)) {
			return at, at
		}
		if i := strings.IndexAny(rest, `"'[`); i >= 0 {
			rest = rest[:i]
		}
		to = at + len(rest)
	case c >= header:
		to = at + len(rest)
	case c == weak && !secretLike(rest[:unquoted(rest[:min(len(rest), longestWord)], before)]):
		return at, at // before a long text is read once for each name in it
	default:
		to = at + unquoted(rest, before)
	}
	value := f.text[from:max(from, to)]
	if prose.MatchString(strings.ToLower(value[:min(len(value), 20)])) || javaName.MatchString(value[:min(len(value), 200)]) ||
		c == weak && !secretLike(value) || c == header && !toEnd.MatchString(rest) && !secretLike(firstWord(value)) {
		return at, at
	}
	return from, to
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimLeft(s[:min(len(s), longestWord)], " "), " ")
	return word
}

// closing is where a quoted value ends, or its line. In JSON within JSON a
// quotation mark has one backslash, and one within the value three. One before
// a letter ends nothing, it has lost its backslash.
func closing(s string, quote byte, slashes int) int {
	before := 0
	for i := range len(s) {
		switch {
		case s[i] == '\\':
			before++
			continue
		case s[i] == quote && (before < slashes || before%(2*slashes+2) == slashes) && (i+1 == len(s) || !alnum(s[i+1])):
			return i - before%(2*slashes+2)
		}
		before = 0
	}
	return len(s)
}

var escapedEnd = regexp.MustCompile(`^\\+(?:u00(?:2[267]|3[cCeE])|["'])`)

// unquoted is where a value ends that has no quotation marks: at a space, or
// in a Java map at its next key.
func unquoted(s, before string) int {
	if before == "}" {
		if m := entryEnd.FindStringIndex(s); m != nil {
			return m[0]
		}
	}
	end := 0
	for ; end < len(s); end++ {
		switch c := s[end]; {
		case c == '\\' && strings.HasPrefix(s[end+1:], " "):
			end++
		case c == '\\' && escapedEnd.MatchString(s[end:]):
			return end
		case strings.IndexByte(" \t&\"'`<>]", c) >= 0, strings.IndexByte(before, c) >= 0:
			return len(strings.TrimRight(s[:end], `,;})\`))
		}
	}
	return len(strings.TrimRight(s, `,;})\`))
}

const (
	shortest    = 5    // characters of what looks like a secret
	longestWord = 1024 // bytes of a value that are examined
)

// secretLike tells a secret from a word, a number, a code, an issue's key, an
// address and a class: it has a digit, or the padding of base64.
func secretLike(s string) bool {
	s = strings.TrimRight(s[:min(len(s), longestWord)], ".,;:")
	k := kinds(s)
	if start := s[:min(len(s), 100)]; len(s) < shortest || strings.Contains(s, "(") || plain.MatchString(start+strings.Repeat("~", min(len(s)-len(start), 1))) {
		return false
	}
	return k&4 != 0 || strings.HasSuffix(s, "=") || k == 3 && len(s) >= 20 && !className.MatchString(s) && !strings.ContainsAny(s, " .")
}
