package matchers

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// expression is a regular expression that is tried only on a text with the literals
// that it needs: to look for those costs a tenth, and most texts lack them.
// It is compiled when it is tried first: most never are, and all of them together take
// some megabytes.
type expression struct {
	text     string
	compiled func() *regexp.Regexp
	needs    [][]string // one of each list, in lower case
}

// newExpression compiles a regular expression.
func newExpression(text string) (*expression, error) {
	tree, err := syntax.Parse(text, syntax.Perl) // what this accepts compiles
	if err != nil {
		return nil, err
	}
	return &expression{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) }), needed(tree.Simplify())}, nil
}

func (e *expression) String() string { return e.text }

func mustExpression(text string) *expression {
	e, err := newExpression(text)
	if err != nil {
		panic(err)
	}
	return e
}

// subject is a text with what its expressions are filtered by.
type subject struct{ text, lower string }

func newSubject(text string) subject { return subject{text, lower(text)} }

// oddLetters are those that match k and s in any case, and are not theirs in lower case.
var oddLetters = strings.NewReplacer("\u017f", "s", "\u212a", "k")

func lower(text string) string { return strings.ToLower(oddLetters.Replace(text)) }

// possible reports whether a text has what the expression needs.
func (e *expression) possible(s subject) bool {
	for _, list := range e.needs {
		if !slices.ContainsFunc(list, func(need string) bool { return strings.Contains(s.lower, need) }) {
			return false
		}
	}
	return true
}

func (e *expression) matches(s subject) bool {
	return e.possible(s) && e.compiled().MatchString(s.text)
}

// submatch is the first match with its groups, nil when there is none.
func (e *expression) submatch(s subject) []string {
	if !e.possible(s) {
		return nil
	}
	return e.compiled().FindStringSubmatch(s.text)
}

const (
	minNeed  = 3  // bytes of a literal; a shorter one is in every text
	maxNeeds = 24 // literals of one expression
)

// needed are lists of literals: every match of an expression has one of each, in
// any case.
func needed(re *syntax.Regexp) (lists [][]string) {
	switch re.Op {
	case syntax.OpLiteral:
		if piece := longestASCII(re.Rune); len(piece) >= minNeed {
			return [][]string{{piece}}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needed(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needed(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			lists = append(lists, needed(sub)...)
		}
	case syntax.OpAlternate:
		var either []string
		for _, sub := range re.Sub {
			best := rarest(needed(sub))
			if best == nil || len(either)+len(best) > maxNeeds {
				return nil
			}
			either = append(either, best...)
		}
		return [][]string{either}
	}
	return lists
}

// rarest is the list whose literals are the longest.
func rarest(lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	shortest := func(list []string) int { return len(slices.MinFunc(list, byLength)) }
	return slices.MaxFunc(lists, func(a, b []string) int { return shortest(a) - shortest(b) })
}

func byLength(a, b string) int { return len(a) - len(b) }

// longestASCII is the longest piece of a literal that has no other letters, whose cases
// may be more than two.
func longestASCII(literal []rune) string {
	pieces := strings.FieldsFunc(string(literal), func(r rune) bool { return r > unicode.MaxASCII })
	return strings.ToLower(slices.MaxFunc(append(pieces, ""), byLength))
}
