// Package text formats texts for display: it neutralizes untrusted text, shortens long
// text, and makes numbers and times readable.
package text

import (
	"errors"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is PrintableLines, joined into one line.
func Printable(s string) string {
	return strings.ReplaceAll(PrintableLines(s), "\n", " ")
}

// PrintableLines is s without control characters except line ends, and without characters that are
// invisible or change the writing direction.
func PrintableLines(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case !IsPrintable(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// IsPrintable reports whether r is visible and has no other effect.
func IsPrintable(r rune) bool {
	return !unicode.IsControl(r) &&
		!unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Blank reports whether a text contains nothing visible.
func Blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		const shapeless = "\u115f\u1160\u2800\u3164\uffa0" // they are letters
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !strings.ContainsRune(shapeless, r)
	})
}

// Cut shortens s to at most n characters, at a word boundary if possible, and marks the cut.
func Cut(s string, n int) string {
	const mark = "… cut"
	room := max(n-utf8.RuneCountInString(mark), 0)
	end, count := 0, 0 // of the first room characters
	for i := range s {
		if count == room {
			end = i
		}
		if count++; count > n {
			break
		}
	}
	if count <= n {
		return s
	}
	head := s[:end]
	if i := strings.LastIndexAny(head, " \n"); i > len(head)/2 {
		head = head[:i]
	}
	return head + mark
}

// WithoutPath is err without the operation and path of an fs.PathError, for a sentence that
// already names the file.
func WithoutPath(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
