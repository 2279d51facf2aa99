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
	pos       int
	locations map[string]location
	tables    map[string]int // how many [[tables]] so far, by path
	table     string         // the path of the table that pos is in
}

func scan(t content) *scanner {
	s := &scanner{text: t, locations: map[string]location{}, tables: map[string]int{}}
	for s.space(); s.pos < len(t.string); s.space() {
		if s.peek() == '[' {
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
	s.text, s.pos, s.locations = t, begin, map[string]location{}
	if s.space(); s.peek() == '[' {
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
	start := s.pos
	array := s.skip("[[")
	if !array {
		s.pos++
	}
	path := ""
	keys := s.keys()
	for i, k := range keys {
		path = join(path, k.name)
		last := i == len(keys)-1
		if last && !array {
			s.put(path, start) // also when [a.b] has implied [a] before
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
	start, path := s.pos, table
	for _, k := range s.keys() {
		path = join(path, k.name)
		s.add(path, k.pos)
	}
	s.skip("=")
	s.space()
	s.value(path)
	if s.pos == start {
		s.pos++ // the scanner must always advance
	}
}

// value reads a value, to its last character or further up to a delimiter.
func (s *scanner) value(path string) {
	s.add(path, s.pos)
	s.locations[path] = location{s.locations[path].key, s.text.position(s.pos)}
	switch {
	case s.quoted():
	case s.skip("["):
		for i := 0; s.more(']'); i++ {
			s.value(element(path, i))
		}
	case s.skip("{"):
		for s.more('}') {
			s.pair(path)
		}
	default:
		s.toAny(",]}#\n")
	}
}

// more goes to the next element of an array or inline table, or over its end.
func (s *scanner) more(end byte) bool {
	for s.space(); s.skip(","); s.space() {
	}
	if s.peek() == end {
		s.pos++
		return false
	}
	return s.pos < len(s.text.string) && !strings.ContainsRune("]}", rune(s.peek()))
}

type namedKey struct {
	name string
	pos  int
}

// keys reads a key with all its dots.
func (s *scanner) keys() []namedKey {
	var keys []namedKey
	for {
		s.space()
		start := s.pos
		if !s.quoted() {
			s.toAny(" \t.=]#,}\n")
		}
		keys = append(keys, namedKey{unquote(s.text.string[start:s.pos]), start})
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
		switch s.peek() {
		case ' ', '\t', '\n':
			s.pos++
		case '#':
			s.toAny("\n")
		default:
			return
		}
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
	for s.pos < len(s.text.string) && !s.skip(quote) {
		if quote[0] == '"' && s.peek() == '\\' {
			s.pos++
		}
		s.pos++
	}
	if len(quote) == 3 { // """a""""" is a"": the last three of them are the end
		for range 2 {
			s.skip(quote[:1])
		}
	}
	s.pos = min(s.pos, len(s.text.string))
	return true
}

func (s *scanner) toAny(ends string) {
	if i := strings.IndexAny(s.text.string[s.pos:], ends); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.text.string)
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text.string) {
		return s.text.string[s.pos]
	}
	return 0
}

func (s *scanner) skip(prefix string) bool {
	if strings.HasPrefix(s.text.string[min(s.pos, len(s.text.string)):], prefix) {
		s.pos += len(prefix)
		return true
	}
	return false
}

// put records where a table begins, add only if it has no position yet.
func (s *scanner) put(path string, pos int) {
	at := s.text.position(pos)
	s.locations[path] = location{at, at}
}

func (s *scanner) add(path string, pos int) {
	if _, ok := s.locations[path]; !ok {
		s.put(path, pos)
	}
}
