package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one error in a text: where it is, which key it concerns and what to write
// instead.
type Problem struct {
	File      string
	Line, Col int    // from 1; Col counts characters
	Key       string // path of the key without indexes, "" where no key is meant
	Text      string // one lower-case sentence; never holds the value of a secret
}

// String is FILE:LINE:COL: key: text.
func (p Problem) String() string {
	if p.Key == "" {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Col, p.Key, p.Text)
}

// Problems are all errors in one text, in the order of their positions.
type Problems []Problem

// Error is one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders the problems by file and position.
func (ps Problems) Sort() {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Text, b.Text),
		)
	})
}

// checker notes the problems of a text.
type checker struct {
	source   *Source
	problems Problems
}

func (c *checker) problem(path, format string, args ...any) {
	c.problems = append(c.problems, c.source.Problem(path, format, args...))
}

// keyProblem is one of the key itself.
func (c *checker) keyProblem(path, format string, args ...any) {
	c.problems = append(c.problems, c.source.problem(c.source.location(path).key, path, format, args...))
}

// Nearest is the known word that was probably meant, or "".
func Nearest(word string, known []string) string {
	const far = 3
	best, distance := "", far
	lower := strings.ToLower(word)
	for _, k := range known {
		d := far
		switch {
		case len(word) <= len(k)+far: // the distance to a long text is not worth its time
			d = levenshtein.ComputeDistance(lower, strings.ToLower(k))
		case len(k) > far && strings.HasPrefix(lower, k): // timeout_seconds
			d = far - 1
		}
		if len(word) > far && strings.HasPrefix(k, lower) { // repeat, for repeat_interval
			d = min(d, far-1)
		}
		// Two changes turn any word of three letters into another one.
		if d == far || d >= 2 && len(k) <= far {
			continue
		}
		if d < distance || d == distance && common(lower, k) > common(lower, best) {
			best, distance = k, d
		}
	}
	return best
}

// common is how many letters two words begin with alike.
func common(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// meant continues a complaint about an unknown word with the one that was probably meant, if any.
func meant(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf(", did you mean %q?", n)
	}
	return ""
}

// oneOf is nil when word is one of the allowed words of a kind.
func oneOf(kind, word string, allowed ...string) error {
	if slices.Contains(allowed, word) {
		return nil
	}
	return fmt.Errorf("unknown %s %s%s (allowed: %s)", kind, quote(word), meant(word, allowed), strings.Join(allowed, ", "))
}

// quote shows the beginning of what was written.
func quote(s string) string {
	const longest = 64
	if r := []rune(s); len(r) > longest {
		return fmt.Sprintf("%q", string(r[:longest])+"…")
	}
	return fmt.Sprintf("%q", s)
}
