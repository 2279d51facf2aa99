// Package seek finds the first of two words in a text, many bytes at once.
package seek

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Word is what is searched for. Two of its bytes are compared first, best those that
// are rare together in the text: the one at One, and the one at
// the place that both words have in common.
type Word struct {
	Text string
	Next []string // the word counts only where one of these follows it; nil = always
	One  int      // place of this byte in the word and what follows it
	Also int      // where that byte is if not at One; 0 = nowhere else

	// Rare is the part of Text that bytes.Index searches for; it is fast for two
	// letters. "" = Text.
	Rare string
}

// Words are two words to look for. They are immutable.
type Words struct {
	words  [2]word
	bytes  [4]byte // those compared first, of both words
	places [4]int  // of the first and the third of them, of the other two, and the first one's other place
	reach  int     // how far after the beginning of a word a compared byte is at most
}

// word is a Word to search for.
type word struct {
	texts   [][]byte // all that it means
	longest int      // bytes of one of them
	rare    []byte
	before  int // bytes of the word before rare
}

// NewWords makes Words of two words, each longer than the place that they have
// in common. Only the first may have its byte in two places. It panics when a
// text of a word lacks the compared byte: it would not be found.
func NewWords(a, b Word, common int) *Words {
	a.Also, b.Also = cmp.Or(a.Also, a.One), b.One
	first, second := a.word(), b.word()
	one, two := first.texts[0], second.texts[0]
	return &Words{
		words:  [2]word{first, second},
		bytes:  [4]byte{one[a.One], one[common], two[b.One], two[common]},
		places: [4]int{a.One, b.One, common, a.Also},
		reach:  max(a.One, a.Also, b.One, common),
	}
}

func (w Word) word() word {
	if w.Next == nil {
		w.Next = []string{""}
	}
	rare := cmp.Or(w.Rare, w.Text)
	all := word{rare: []byte(rare), before: strings.Index(w.Text, rare)}
	for _, next := range w.Next {
		text := []byte(w.Text + next)
		all.texts, all.longest = append(all.texts, text), max(all.longest, len(text))
		if one := all.texts[0][w.One]; text[w.One] != one && text[w.Also] != one {
			panic("seek: no " + string(one) + " where it is compared in " + string(text))
		}
	}
	return all
}

// Index is where the first of the words begins in text, -1 = there is none.
func (w *Words) Index(text []byte) int {
	at := 0
	for fast && len(text)-at >= w.reach+stride {
		n := (len(text) - at - w.reach) &^ (stride - 1)
		i := pairs(&text[at], n, &w.bytes, &w.places)
		if i < 0 {
			at += n
			continue
		}
		at += i
		if w.begins(text[at:]) {
			return at
		}
		at++
	}
	if i := w.slow(text[at:]); i >= 0 {
		return at + i
	}
	return -1
}

func (w *Words) begins(text []byte) bool { return w.words[0].begins(text) || w.words[1].begins(text) }

// begins reports whether a text begins with the word and what may follow it.
func (w *word) begins(text []byte) bool {
	return slices.ContainsFunc(w.texts, func(one []byte) bool { return bytes.HasPrefix(text, one) })
}

// slow is Index where the processor or the rest of a text is too small: one
// word after the other.
func (w *Words) slow(text []byte) int {
	first := w.words[1].find(text)
	if first >= 0 {
		text = text[:min(first+w.words[0].longest, len(text))]
	}
	if i := w.words[0].find(text); i >= 0 && (first < 0 || i < first) {
		return i
	}
	return first
}

// find is where the word begins.
func (w *word) find(text []byte) int {
	for at := w.before; at <= len(text); at++ {
		i := bytes.Index(text[at:], w.rare)
		if i < 0 {
			return -1
		}
		if at += i; w.begins(text[at-w.before:]) {
			return at - w.before
		}
	}
	return -1
}
