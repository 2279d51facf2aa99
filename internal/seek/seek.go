// Package seek finds the first of two words in a text, many bytes at once.
package seek

import (
	"bytes"
	"cmp"
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

// all are the texts that a word means.
func (w Word) all() (texts []string) {
	for _, next := range w.Next {
		texts = append(texts, w.Text+next)
	}
	if w.Next == nil {
		texts = []string{w.Text}
	}
	return texts
}

// Words are two words to look for. They are immutable.
type Words struct {
	words  [2]Word
	bytes  [4]byte // those compared first, of both words
	places [4]int  // of the first and the third of them, of the other two, and the first one's other place
	reach  int     // how far after the beginning of a word a compared byte is at most

	longest int // bytes of the first word with what follows it
}

// NewWords makes Words of two words, each longer than the place that they have
// in common. Only the first may have its byte in two places. It panics when a
// text of a word lacks the compared byte: it would not be found.
func NewWords(a, b Word, common int) *Words {
	if a.Also == 0 {
		a.Also = a.One
	}
	first, second := a.all()[0], b.all()[0]
	w := &Words{
		words:  [2]Word{a, b},
		bytes:  [4]byte{first[a.One], first[common], second[b.One], second[common]},
		places: [4]int{a.One, b.One, common, a.Also},
		reach:  max(a.One, a.Also, b.One, common),
	}
	for i, word := range w.words {
		for _, text := range word.all() {
			if i == 0 {
				w.longest = max(w.longest, len(text))
			}
			if one := w.bytes[2*i]; text[word.One] != one && (word.Also == 0 || text[word.Also] != one) {
				panic("seek: no " + string(one) + " where it is compared in " + text)
			}
		}
		w.words[i].Rare = cmp.Or(word.Rare, word.Text)
	}
	return w
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
func (w *Word) begins(text []byte) bool {
	if len(text) < len(w.Text) || string(text[:len(w.Text)]) != w.Text {
		return false
	}
	rest := text[len(w.Text):]
	for _, next := range w.Next {
		if len(rest) >= len(next) && string(rest[:len(next)]) == next {
			return true
		}
	}
	return w.Next == nil
}

// slow is Index where the processor or the rest of a text is too small: one
// word after the other.
func (w *Words) slow(text []byte) int {
	first := w.words[1].find(text)
	if first >= 0 {
		text = text[:min(first+w.longest, len(text))]
	}
	if i := w.words[0].find(text); i >= 0 && (first < 0 || i < first) {
		return i
	}
	return first
}

// find is where the word begins.
func (w *Word) find(text []byte) int {
	rare, before := []byte(w.Rare), strings.Index(w.Text, w.Rare)
	for at := before; at <= len(text); at++ {
		i := bytes.Index(text[at:], rare)
		if i < 0 {
			return -1
		}
		if at += i; w.begins(text[at-before:]) {
			return at - before
		}
	}
	return -1
}
