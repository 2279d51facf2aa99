package main

import (
	"bytes"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"jira-oauth-watcher/internal/text"
)

// screen is the only way to standard output and standard error. A terminal shows
// what it writes and obeys none of it: only line ends, tabs, printable characters
// and, on a terminal with colors, our own styles pass.
type screen struct {
	to    io.Writer
	color bool

	mu   sync.Mutex
	rest []byte // the beginning of a character that the last write cut
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := append(s.rest, p...)
	s.rest = nil
	var out bytes.Buffer
	for len(words) > 0 {
		if s.color {
			styles := func(style string) bool { return bytes.HasPrefix(words, []byte(style)) }
			if i := slices.IndexFunc(text.Styles, styles); i >= 0 {
				out.WriteString(text.Styles[i])
				words = words[len(text.Styles[i]):]
				continue
			}
		}
		if !utf8.FullRune(words) {
			s.rest = words
			break
		}
		r, size := utf8.DecodeRune(words)
		if r == '\n' || r == '\t' || text.IsPrintable(r) {
			out.WriteRune(r)
		}
		words = words[size:]
	}
	if _, err := s.to.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// fileOf is the file that w writes to, nil where it is none.
func fileOf(w io.Writer) *os.File {
	if s, ok := w.(*screen); ok {
		w = s.to
	}
	f, _ := w.(*os.File)
	return f
}

// terminal is how w is to be written to: in color only on a terminal that has
// them and wants them (https://no-color.org).
func terminal(w io.Writer) text.Style {
	f := fileOf(w)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return text.Style{}
	}
	style := text.Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && obeysStyles(f)}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= 40 {
		style.Width = min(width, 120)
	}
	return style
}
