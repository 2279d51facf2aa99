package matchers

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// message is what the OAuth client plugin reports, in a form that patterns
// can be tried on.
type message struct {
	raw        string            // as logged, behind the last "The error message is:"
	text       string            // escapes resolved, white space collapsed
	authorized map[string]string // members of the authorization response, nil in all other shapes
}

const (
	leadIn      = "The error message is:"
	authorizing = "Error when fetching authorization response:"
)

// payload takes the plugin's report out of an event's message. It comes in
// four shapes: an authorization response as a JSON object on one line, a bare
// description from the token endpoint, a Java exception, a sentence of the
// plugin. The JSON may be cut off.
func payload(text string) message {
	if i := strings.LastIndex(text, leadIn); i >= 0 {
		text = text[i+len(leadIn):]
	}
	m := message{raw: strings.TrimSpace(text)}
	m.text = normalise(m.raw)
	if i := strings.Index(m.raw, authorizing); i >= 0 {
		m.authorized = map[string]string{}
		var members map[string]any
		if json.NewDecoder(strings.NewReader(m.raw[i+len(authorizing):])).Decode(&members) == nil {
			for name, value := range members {
				if s, ok := value.(string); ok {
					m.authorized[name] = s
				}
			}
		}
	}
	return m
}

var (
	unescape = strings.NewReplacer(`\/`, "/", `\r\n`, " ", `\n`, " ", `\r`, " ", `\t`, " ", `\"`, `"`, `\u0027`, "'", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
	spaces   = regexp.MustCompile(`\s+`)
)

func normalise(s string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(unescape.Replace(s), " "))
}

var (
	codeText = regexp.MustCompile(`AADSTS(\d+)`)
	codeLink = regexp.MustCompile(`error\?code=(\d+)`)
)

// codes are the provider codes of the text in order, each once; where it has
// none (some libraries drop descriptions) the number in Microsoft's look-up
// link. A number is taken whole: AADSTS90002 is not in AADSTS900023.
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
			return codes
		}
	}
	return codes
}
