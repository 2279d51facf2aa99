package conf

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// jiraPattern is the pattern of the access log in the server.xml that Jira comes with.
const jiraPattern = `%a %{jira.request.id}r %{jira.request.username}r %t "%m %U%q %H" %s %b %D ` +
	`"%{Referer}i" "%{User-Agent}i" "%{jira.request.assession.id}r"`

// accessPattern is the pattern of an access log in Tomcat's notation, as in its server.xml
// (Tomcat's documentation of the Access Log Valve).
type accessPattern struct{ line *regexp.Regexp }

const patternHelp = "copy the pattern of the access log from Jira's server.xml, or leave the key out"

// item is a part of a pattern: %a, %>s, %{name}r.
var item = regexp.MustCompile(`%(?:\{([^}]*)\})?>?([A-Za-z])`)

// groups are the items that are read, by their names.
var groups = map[string]string{
	"jira.request.id r": "request", "jira.request.assession.id r": "session",
	" t": "time", " r": "line", " m": "method", " s": "status",
}

// UnmarshalText accepts a pattern that shows which requests belong together and what
// became of them.
func (p *accessPattern) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if pattern := string(text); !printable(pattern) {
		return fmt.Errorf("contains an unprintable character, %s", patternHelp)
	}
	pattern := html.UnescapeString(string(text))
	var b strings.Builder
	b.WriteString("^")
	at, quoted, seen := 0, false, map[string]bool{}
	literal := func(s string) {
		b.WriteString(regexp.QuoteMeta(s))
		quoted = quoted != (strings.Count(s, `"`)%2 == 1)
	}
	for _, m := range item.FindAllStringIndex(pattern, -1) {
		literal(pattern[at:m[0]])
		at = m[1]
		parts := item.FindStringSubmatch(pattern[m[0]:m[1]])
		of, letter := parts[1], parts[2]
		const url = `(?P<url>[^"\s]*)`
		value := `[^"]*?`
		if quoted {
			value = `(?:[^"\\]|\\.)*?`
		} else if strings.Contains("ioc", letter) {
			return fmt.Errorf("put %s in quotation marks, as in Jira's server.xml: its value is chosen by whoever sends the request", pattern[m[0]:m[1]])
		}
		name := groups[of+" "+letter]
		switch {
		case letter == "q" && strings.HasSuffix(b.String(), url): // is in it
		case letter == "U" && strings.HasPrefix(pattern[at:], "%q"):
			name = "url"
			b.WriteString(url)
		case name == "" || seen[name]:
			b.WriteString(value)
		case name == "time":
			b.WriteString(`\[(?P<time>[^\]]*)\]`)
		case name == "status":
			b.WriteString(`(?P<status>\d{3})`)
		default:
			fmt.Fprintf(&b, "(?P<%s>%s)", name, value)
		}
		seen[name] = true
	}
	literal(pattern[at:])
	for _, need := range []struct{ what, write string }{
		{"session", "%{jira.request.assession.id}r"}, {"status", "%s"}, {"time", "%t"},
	} {
		if !seen[need.what] {
			return fmt.Errorf("has no %s, which is required to match tests with requests: add it in Jira's server.xml, too", need.write)
		}
	}
	if !seen["line"] && !(seen["method"] && seen["url"]) {
		return errors.New("has neither %r nor %m and %U%q, which show what was requested: add them in Jira's server.xml, too")
	}
	var err error
	if p.line, err = regexp.Compile(b.String() + `\s*$`); err != nil {
		return fmt.Errorf("cannot be read: %s", patternHelp)
	}
	return nil
}

// defaultAccessPattern is Jira's own.
func defaultAccessPattern() (p accessPattern) {
	if err := p.UnmarshalText([]byte(jiraPattern)); err != nil {
		panic(err)
	}
	return p
}
