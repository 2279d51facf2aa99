package main

import (
	"bytes"
	"testing"
)

// Whatever a screen is given, and however it is cut into writes, a terminal
// obeys nothing of it but our own styles, where it has colors.
func TestScreen(t *testing.T) {
	for in, want := range map[string][2]string{ // plain, in color
		"two\nlines\tand a tab\n":                {"two\nlines\tand a tab\n", "two\nlines\tand a tab\n"},
		"\x1b[1mbold\x1b[0m \x1b[2mfaint\x1b[0m": {"[1mbold[0m [2mfaint[0m", "\x1b[1mbold\x1b[0m \x1b[2mfaint\x1b[0m"},
		"\x1b[31m\x1b[2J\x1b[1":                  {"[31m[2J[1", "[31m[2J[1"},
		"\x1b]0;title\x07\x9b31m\u009b1m":        {"]0;title\ufffd31m1m", "]0;title\ufffd31m1m"},
		"a\rb\bc\x00d\x7fe":                      {"abcde", "abcde"},
		"\u202egpj\u2066\u200b\ufeff\u00ad":      {"gpj", "gpj"},
		"\u115f\u1160\u3164\uffa0\u034f\ufe0f⚙":  {"⚙", "⚙"},
		"Grüße 🔴 “x” – 日本\xff\xf0\x9f":           {"Grüße 🔴 “x” – 日本\ufffd", "Grüße 🔴 “x” – 日本\ufffd"},
	} {
		for i, color := range []bool{false, true} {
			var whole, cut bytes.Buffer
			s := &screen{to: &whole, color: color}
			if n, err := s.Write([]byte(in)); n != len(in) || err != nil {
				t.Errorf("%q: %d, %v", in, n, err)
			}
			if whole.String() != want[i] {
				t.Errorf("%q, in color %v\n got %q\nwant %q", in, color, whole.String(), want[i])
			}
			if color {
				continue // a style is written in one piece
			}
			s = &screen{to: &cut}
			for _, b := range []byte(in) {
				s.Write([]byte{b})
			}
			if cut.String() != want[i] {
				t.Errorf("%q, byte by byte\n got %q\nwant %q", in, cut.String(), want[i])
			}
		}
	}
}
