package conf

import (
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// scanner finds the positions of keys. The library has positions too, but those of
// [[tables]] are wrong: it keeps one for all of them.
//
// The library has accepted the text, so the scanner checks nothing.
type scanner struct {
	text      content
	rest      string // of the text, from where the scanner is
	locations map[string]location
	tables    map[string]int // how many [[tables]] so far, by path
	table     string         // the path of the table that the scanner is in
}

func scan(t content) *scanner {
	s := &scanner{text: t, rest: t.string, locations: map[string]location{}, tables: map[string]int{}}
	for s.space(); s.rest != ""; s.space() {
		if s.rest[0] == '[' {
			s.table = s.header()
		} else {
			s.pair(s.table)
		}
	}
	return s
}

// repeated is the key or table that the line at an offset writes once more, and the line that
// has it, too; 0 when that is not found. The library has accepted what is before that line.
func repeated(t content, offset int) (path string, first int) {
	begin := t.lines[t.position(offset).line-1]
	s := scan(content{t.string[:begin], t.lines, t.inner})
	before := s.locations
	s.text, s.rest, s.locations = t, t.string[begin:], map[string]location{}
	if s.space(); strings.HasPrefix(s.rest, "[") {
		path = s.header()
	} else {
		path = s.table
		for _, k := range s.keys() {
			path = join(path, k.name)
		}
	}
	return withoutIndexes(path), before[path].key.line
}

// header reads [a.b] or [[a.b]]. It returns the path of the table, in which each
// [[table]] named on the way means its last element.
func (s *scanner) header() string {
	start, path := s.here(), ""
	array := s.skip("[[")
	s.skip("[")
	keys := s.keys()
	for i, k := range keys {
		path = join(path, k.name)
		last := i == len(keys)-1
		if last && !array {
			s.locations[path] = location{start, start} // also when [a.b] has implied [a] before
			break
		}
		s.add(path, start)
		if last {
			s.tables[path]++
		}
		if n := s.tables[path]; n > 0 {
			path = element(path, n-1)
			s.add(path, start)
		}
	}
	s.skip("]")
	s.skip("]")
	return path
}

// pair reads key = value.
func (s *scanner) pair(table string) {
	before, path := s.rest, table
	for _, k := range s.keys() {
		path = join(path, k.name)
		s.add(path, k.at)
	}
	s.skip("=")
	s.space()
	s.value(path)
	if s.rest == before {
		s.rest = s.rest[1:] // the scanner must always advance
	}
}

// value reads a value, to its last character or further up to a delimiter.
func (s *scanner) value(path string) {
	at := s.here()
	s.add(path, at)
	s.locations[path] = location{s.locations[path].key, at}
	switch {
	case s.quoted():
	case s.skip("["):
		for i := 0; s.more("]"); i++ {
			s.value(element(path, i))
		}
	case s.skip("{"):
		for s.more("}") {
			s.pair(path)
		}
	default:
		s.toAny(",]}#\n")
	}
}

// more goes to the next element of an array or inline table, or over its end.
func (s *scanner) more(end string) bool {
	for s.space(); s.skip(","); s.space() {
	}
	return s.rest != "" && !s.skip(end) && !strings.ContainsAny(s.rest[:1], "]}")
}

type namedKey struct {
	name string
	at   position
}

// keys reads a key with all its dots.
func (s *scanner) keys() (keys []namedKey) {
	for {
		s.space()
		from, at := s.rest, s.here()
		if !s.quoted() {
			s.toAny(" \t.=]#,}\n")
		}
		keys = append(keys, namedKey{unquote(from[:len(from)-len(s.rest)]), at})
		s.space()
		if !s.skip(".") {
			return keys
		}
	}
}

func unquote(key string) string {
	if !strings.ContainsAny(key, `"'`) {
		return key
	}
	var v struct{ K string }
	// TOML's escapes are not those of Go, and the library knows them.
	if _, err := toml.Decode("K = "+key, &v); err != nil {
		return key
	}
	return v.K
}

// space skips spaces, line ends and comments.
func (s *scanner) space() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\n")
		if !s.skip("#") {
			return
		}
		s.toAny("\n")
	}
}

// quoted goes over a string in quotes, if one begins here.
func (s *scanner) quoted() bool {
	quotes := []string{`"""`, `'''`, `"`, `'`}
	kind := slices.IndexFunc(quotes, s.skip)
	if kind < 0 {
		return false
	}
	quote := quotes[kind]
	ends := quote[:1] + `\`
	for s.toAny(ends); s.rest != "" && !s.skip(quote); s.toAny(ends) {
		if quote[0] == '\'' || !s.skip(`\\`) && !s.skip(`\"`) {
			s.rest = s.rest[1:]
		}
	}
	s.rest = strings.TrimLeft(s.rest, quote[:1]) // """a""""" is a"": the last three of them are the end
	return true
}

func (s *scanner) toAny(ends string) {
	if i := strings.IndexAny(s.rest, ends); i >= 0 {
		s.rest = s.rest[i:]
	} else {
		s.rest = ""
	}
}

func (s *scanner) skip(prefix string) (found bool) {
	s.rest, found = strings.CutPrefix(s.rest, prefix)
	return found
}

func (s *scanner) here() position { return s.text.position(len(s.text.string) - len(s.rest)) }

// add records where a key or a table begins, if it has no position yet.
func (s *scanner) add(path string, at position) {
	if _, ok := s.locations[path]; !ok {
		s.locations[path] = location{at, at}
	}
}
