package conf

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // a token of RFC 9110
	telling    = regexp.MustCompile(`(?i)auth|token|key|secret|cookie|password`)
	ours       = []string{"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "host", "connection", "transfer-encoding"}
)

func (b *builder) headers(at string, headers map[string]Secret) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		path, lower := join(at, name), strings.ToLower(name)
		first, twice := seen[lower]
		seen[lower] = path
		switch {
		case !headerName.MatchString(name):
			b.keyProblem(path, "not the name of a header")
		case slices.Contains(ours, lower):
			b.keyProblem(path, "this header is set by the program, leave it out")
		case twice:
			b.keyProblem(path, "the header at line %d has the same name", b.source.place(first).key.line)
		case strings.ContainsFunc(headers[name].Reveal(), control):
			b.problem(path, "a header cannot hold line ends or other control characters")
		}
		if telling.MatchString(name) {
			b.holdsSecret(path)
		}
	}
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
