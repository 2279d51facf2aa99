package mask

import (
	"iter"
	"regexp"
	"slices"
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

const inPackage = `(?:com|org|net|io|java|javax|jakarta|jdk|sun)(?:\.[\w$]+){2,}`

var (
	// names are what a secret's name ends in, in small letters. Longer ones come first.
	names = regexp.MustCompile(`^(?:passwor[dt]|passwd|passphrase|pass[_. +-]?code|pwd|secret|` +
		`samlresponse|jsessionid|rememberme\.cookie|` +
		`(?:api|private|access|account|shared|signing|master|encryption|subscription)[_. +-]?key|` +
		`(?:user|device|auth|authorization|verification|oauth|mfa|recovery|backup|one[_-]?time)[_. +-]?code|` +
		`(?:code|oauth)[_-]?verifier|(?:oauth|amz)[_-]signature|` +
		`credentials?|authorization|set-cookie2?|cookie2?|assertion|token|ticket|pass|auth|otp|` +
		`session_?state|state|nonce|sig|code)`)

	anywhere = regexp.MustCompile(`^(?:passwor|passwd|passphrase|pass.?code|pwd|secret|samlresponse|jsessionid|` +
		`rememberme)|key$`)
	noSecret = regexp.MustCompile(`(?:[_.-]?(?:ids?|expir\w*|type|length|status|hint|policy|name)(?:[_.]\w*)?|` +
		`exception|error|\.java)$`)
	ofOAuth    = regexp.MustCompile(`(?:^|[^a-z])(?:access|refresh|id|oauth)[_-]?$`)
	restOfName = regexp.MustCompile(`^[A-Za-z0-9_.]*`)
	nameEnd    = regexp.MustCompile(`^((?:[_.-]?(?:value|string|hint)|s)?)(?:[^\w.-]|[.-]?$|[.-]\W)`)
	otherCodes = regexp.MustCompile(`(?:error|status|response|exit|return|result|country|reason|provider|http|sub|` +
		`zip|postal|language|currency|area|vendor|sql|product|source)[\s"']*$`)

	schemed = regexp.MustCompile(`^\\*["']?(?:basic|bearer|negotiate|ntlm|token|api-?key|` +
		`ssws)[\s+]+([a-z0-9._~+/=-]{4,})`)
	toEnd = regexp.MustCompile(`(?i)^(?:digest|oauth|aws4|hmac|signature)\b`)
	prose = regexp.MustCompile(`^(?:expired|invalid|missing|required|incorrect|wrong|must|is|not|null|none|empty|` +
		`true|false|has|was|the|cannot|does|too|your|disabled|enabled|unknown)[.,;:!]?$`)
	// javaName is a class in its package.
	javaName = regexp.MustCompile(`^` + inPackage + `:?$`)
	plain    = regexp.MustCompile(`^(?:(?:AADSTS|ESTS)\d+|[A-Z][A-Z0-9_]+-\d+$|\d{1,8}$|[a-z]+://|` + inPackage +
		`|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?$|v?\d+(?:\.\d+)+$|(?i:x?oauth2)$|[\w$]+\.(?:java|kt|groovy|scala):\d+)`)
)

// nameStarts are the first three letters of each of names, by the first one.
var nameStarts = func() (starts [256][]string) {
	for _, s := range strings.Fields("pas pwd sec sam jse rem api pri acc sha sig mas enc sub use dev aut ver oau mfa rec " +
		"bac one cod amz cre set coo ass tok tic otp ses sta non") {
		starts[s[0]] = append(starts[s[0]], s)
	}
	return starts
}()

const longestName = 32 // bytes of the longest of names, and more

// eachName finds names, from left to right. One search for all of them takes twenty times as
// long as this look at the places where one may begin.
func eachName(s string) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for i := 0; i < len(s); i++ {
			rest := s[i:min(i+longestName, len(s))]
			if !slices.ContainsFunc(nameStarts[s[i]], func(start string) bool { return strings.HasPrefix(rest, start) }) {
				continue
			}
			if n := len(names.FindString(rest)); n > 0 {
				if !yield(i, i+n) {
					return
				}
				i += n - 1
			}
		}
	}
}

// assigned is an operator between a name and its value.
var assigned = after("[\\\"'`*\\]]{0,8} *" + `(?:[=:]?=>|->|~>|:=|={1,3}|:) *` +
	`(?:[({\[] *\\*["']?\w{0,20}value\\*["']? *[=:] *|some\()?`)

// links are the other notations between a name and its value. The first that fits
// counts.
var links = []struct {
	after  *regexp.Regexp // what follows the name; the value begins after its group, or after all of it
	before *regexp.Regexp // what precedes the name, with its first two letters; nil = anything
	weak   bool           // it may be prose: the value must look like a secret
	ends   string         // characters that end the value
}{
	// "name": "client_secret", "value": "…"
	{after(`\\*["']?(?: *[,;]| ) *(?:\\*["']?[\w-]+\\*["']? *[=:] *\\*["']?[^"'<>\n,;]{0,40}\\*["']?(?: |,) *){0,3}?` +
		`\\*["']?(?:value|content|val)\\*["']? *[:=] *`), nil, false, ""},
	// ClientSecret{value=…}
	{after(` *[({\[] *\\*["']?\w{0,20}value\\*["']? *[=:] *`), nil, false, ""},
	// ["client_secret", "…"]
	{after(`\\*["']? *[,|] *`), regexp.MustCompile(`(?:[\[({|]\s*|["'])..$`), true, ",)]}|"},
	// <client_secret>…</client_secret>
	{after(`(?:[^<>]{0,150}[^<>/])?> *(?:<(?:value|string)> *)?(?:<!\[cdata\[ *)?`),
		regexp.MustCompile(`<(?:[^<>/][^<>]{0,150})?..$`), false, "<"},
	// <name>client_secret</name><value>…</value>
	{after(`</[\w:-]+> *<[\w:-]+> *(?:<[\w:-]+>)?`), regexp.MustCompile(`>..$`), false, "<"},
	// form-data; name="client_secret"
	{after(`\\*"(?:; *[\w-]+=[^\s;"]{1,100}){0,3} +(?:content-[\w-]+: *[^\s;]+(?:; *charset=[\w-]+)? +){0,4}`),
		regexp.MustCompile(`name=\\*"..$`), true, ""},
	// --client-secret …
	{after(` +`), regexp.MustCompile(`--(?:..)?$`), false, ""},
	// client secret is "…"
	{after(`( +(?:(?:is|was) +)?)\\*["']`), nil, true, ""},
	// AccessToken(…)
	{after(`[(\[]`), nil, true, ")]"},
	// password is …
	{after(` +(?:is|was) +`), nil, true, ")]"},
}

var (
	beforeEntry = regexp.MustCompile(`\{(?:[^{}\n]{0,150}, )?$`)
	entryEnd    = regexp.MustCompile(`, [\w.-]+=|\}`)
)

// after is a pattern at the beginning of a text; a space in it is any white space, or
// a form's plus.
func after(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^(?:" + strings.ReplaceAll(pattern, " ", `[\s+]`) + ")")
}

// named masks what comes after the name of a secret, in whatever notation.
func (f *finder) named() {
	end := 0 // of the last value
	for from, to := range eachName(f.lower) {
		if from < end {
			continue
		}
		from, to, class := f.name(from, to)
		if class == unrelated || from > 0 && done.MatchString(f.Text[from-1:min(from+30, len(f.Text))]) {
			continue // our own placeholders, such as [google-secret], name nothing
		}
		at, class, ends := f.link(from, to, class)
		if class == unrelated {
			continue
		}
		if from, to := f.value(at, ends, class); from < to {
			f.mark(from, to, "[redacted]")
			if to-from > longestWord { // else it is searched too: quotation marks may have ended it
				end = to
			}
		}
	}
}

// name is the whole name around a word for a secret, and what it proves.
func (f *finder) name(from, to int) (start, end int, c class) {
	for start = from; start > max(0, from-64) && inName(f.lower[start-1]); start-- {
	}
	word, prefix, rest := f.lower[from:to], f.lower[start:from], f.lower[to:min(to+64, len(f.lower))]
	if anywhere.MatchString(word) {
		rest = restOfName.FindString(rest)
		switch {
		case noSecret.MatchString(rest):
			return 0, 0, unrelated
		case strings.ContainsAny(word, " +"):
			return start, to + len(rest), weak
		}
		return start, to + len(rest), strong
	}
	m := nameEnd.FindStringSubmatch(rest)
	if m == nil {
		return 0, 0, unrelated
	}
	letter := prefix != "" && prefix != "-d" && alnum(f.Text[from-1]) && f.Text[from-1] > '9'
	hump := letter && f.Text[from] != f.lower[from] && f.Text[from-1] == f.lower[from-1]
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

// link finds where the value of a name begins, and what the notation proves. ends are
// the characters that end the value.
func (f *finder) link(from, to int, c class) (at int, proven class, ends string) {
	rest, begin := f.lower[to:min(to+300, len(f.lower))], max(0, from-160)
	if m := assigned.FindString(rest); m != "" {
		said := strings.Contains(m, ":") && !strings.ContainsAny(m, `="'`) && !strings.HasPrefix(rest[len(m):], `"`)
		if c == middling && said || strings.Contains(m, "\n") {
			c = weak
		}
		if strings.HasSuffix(m, "=") && beforeEntry.MatchString(f.lower[begin:from]) {
			ends = "}"
		}
		return to + len(m), c, ends
	}
	if c >= header {
		c = weak
	}
	for _, l := range links {
		m := l.after.FindStringSubmatchIndex(rest)
		if m == nil || l.before != nil && !l.before.MatchString(f.lower[begin:from+2]) {
			continue
		}
		if l.weak {
			c = weak
		}
		return to + m[len(m)-1], c, l.ends
	}
	return 0, unrelated, ""
}

// value is the range of the value at an offset: empty when it is masked or too plain
// to be a secret.
func (f *finder) value(at int, ends string, c class) (from, to int) {
	rest := f.Text[at:]
	if done.MatchString(rest[:min(30, len(rest))]) {
		return at, at
	}
	if c == header {
		if m := schemed.FindStringSubmatchIndex(f.lower[at:]); m != nil {
			return at + m[2], at + m[3]
		}
	}
	if i := strings.IndexByte(rest, '\n'); i >= 0 && ends != "<" {
		rest = rest[:i]
	}
	slashes := len(rest) - len(strings.TrimLeft(rest, `\`))
	from = at
	switch {
	case ends == "<":
		text, _, _ := strings.Cut(rest, "<")
		from += len(text) - len(strings.TrimLeft(text, " \n"))
		to = at + len(strings.TrimRight(text, " \n]"))
	case slashes < len(rest) && strings.IndexByte("\"'`", rest[slashes]) >= 0:
		from += slashes + 1
		to = from + closing(rest[slashes+1:], rest[slashes], slashes)
	case strings.HasPrefix(rest, "["):
		list, _, _ := strings.Cut(rest, "]")
		to = min(at+len(list)+len("]"), at+len(rest))
	case c == header && !toEnd.MatchString(rest):
		if !secretLike(firstWord(rest)) {
			return at, at
		}
		to = at + strings.IndexAny(rest+`"`, `"'[`)
	case c >= header:
		to = at + len(rest)
	case c == weak && !secretLike(rest[:unquoted(rest[:min(len(rest), longestWord)], ends)]):
		return at, at // before a long text is read again for each name in it
	default:
		to = at + unquoted(rest, ends)
	}
	value := f.Text[from:max(from, to)]
	if prose.MatchString(strings.ToLower(value[:min(len(value), 20)])) ||
		javaName.MatchString(value[:min(len(value), 200)]) ||
		c == weak && !secretLike(value) || c == header && !toEnd.MatchString(rest) && !secretLike(firstWord(value)) {
		return at, at
	}
	return from, to
}

func inName(c byte) bool { return alnum(c) || strings.IndexByte("_.-$", c) >= 0 }

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
		case s[i] == quote && (before < slashes || before%(2*slashes+2) == slashes) &&
			(i+1 == len(s) || !alnum(s[i+1])):
			return i - before%(2*slashes+2)
		}
		before = 0
	}
	return len(s)
}

var escapedEnd = regexp.MustCompile(`^\\+(?:u00(?:2[267]|3[cCeE])|["'])`)

// unquoted is where a value ends that has no quotation marks: at a space, or
// in a Java map at its next key.
func unquoted(s, ends string) int {
	if ends == "}" {
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
		case strings.IndexByte(" \t&\"'`<>]", c) >= 0, strings.IndexByte(ends, c) >= 0:
			return len(strings.TrimRight(s[:end], `,;})\`))
		}
	}
	return len(strings.TrimRight(s, `,;})\`))
}

const (
	shortest    = 5    // characters of what looks like a secret
	longestWord = 1024 // bytes of a value that are examined
)

// secretLike distinguishes a secret from a word, a number, a code, an issue's key, an
// address and a class: it has a digit, or the padding of base64.
func secretLike(s string) bool {
	s = strings.TrimRight(s[:min(len(s), longestWord)], ".,;:")
	start := s
	if len(s) > 100 {
		start = s[:100] + "~" // the plain ones are shorter
	}
	if len(s) < shortest || strings.Contains(s, "(") || plain.MatchString(start) {
		return false
	}
	k := kinds(s)
	return k&4 != 0 || strings.HasSuffix(s, "=") ||
		k == 3 && len(s) >= 20 && !className.MatchString(s) && !strings.ContainsAny(s, " .")
}
