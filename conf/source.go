package conf

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Source knows the position of each key of a text. It holds no values, hence no
// secrets.
//
// Keys are named by their path, such as slack[0].webhook_url. A key that is
// more than letters, digits, - and _ is quoted in its path: headers."X.Team".
type Source struct {
	file      string
	locations map[string]location
	expanded  map[string]bool // the values that hold variables of the environment
	refused   map[string]bool // those that could not be decoded
}

// location is where a key and its value begin. Both are the same for a table with a
// header.
type location struct{ key, value position }

type position struct{ line, col int }

// Problem is a complaint about the value at path. When there is no such key, its
// position is that of the nearest enclosing table.
func (s *Source) Problem(path, format string, args ...any) Problem {
	return s.problem(s.location(path).value, path, format, args...)
}

func (s *Source) problem(at position, path, format string, args ...any) Problem {
	return Problem{File: s.file, Line: at.line, Col: at.col, Key: withoutIndexes(path),
		Text: fmt.Sprintf(format, args...)}
}

// Has reports whether the text holds a key or a table at path.
func (s *Source) Has(path string) bool {
	_, ok := s.locations[path]
	return ok
}

func (s *Source) location(path string) location {
	for ; path != ""; path = parent(path) {
		if p, ok := s.locations[path]; ok {
			return p
		}
	}
	return location{position{1, 1}, position{1, 1}}
}

var (
	bareKey     = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	lastSegment = regexp.MustCompile(`(\[\d+\]|\.?("(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+))$`)
	indexOrName = regexp.MustCompile(`("(?:[^"\\]|\\.)*")|\[\d+\]`)
)

func join(table, key string) string {
	if !bareKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	if table == "" {
		return key
	}
	return table + "." + key
}

func element(array string, i int) string { return array + "[" + strconv.Itoa(i) + "]" }

func parent(path string) string {
	if at := lastSegment.FindStringIndex(path); at != nil {
		return path[:at[0]]
	}
	return ""
}

func withoutIndexes(path string) string { return indexOrName.ReplaceAllString(path, "$1") }

// content finds lines and columns in a normalized text, quickly also when all of
// it is one line.
type content struct {
	string
	lines []int // where each line begins
	inner []int // the bytes that do not begin a character
}

func newContent(s string) content {
	t := content{string: s, lines: []int{0}}
	for i := range len(s) {
		if s[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
		if !utf8.RuneStart(s[i]) {
			t.inner = append(t.inner, i)
		}
	}
	return t
}

func (t content) position(offset int) position {
	offset = max(0, min(offset, len(t.string)))
	line := sort.SearchInts(t.lines, offset+1) // the lines that begin at or before offset
	start := t.lines[line-1]
	for offset > start && offset < len(t.string) && !utf8.RuneStart(t.string[offset]) {
		offset-- // the library may point inside a character
	}
	inner := sort.SearchInts(t.inner, offset) - sort.SearchInts(t.inner, start)
	return position{line, offset - start - inner + 1}
}

// normalize removes what depends only on the system that the text was written on.
func normalise(b []byte) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(b), "\uFEFF"), "\r\n", "\n")
}
