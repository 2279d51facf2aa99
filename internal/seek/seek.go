// Package seek finds where one of two words stands, many bytes at once.
package seek

import "bytes"

// Word is what is looked for. Two of its bytes are compared first, best those
// that are rare together where it is looked for: the one at One, and the one at
// the place that both words have in common.
type Word struct {
	Text string
	One  int // place of this byte in Text
}

// Words are two words to look for. They are immutable.
type Words struct {
	words  [2]Word
	bytes  [4]byte // those compared first, of both words
	places [3]int  // of the first and the third of them, and of the other two
	reach  int     // how far behind the beginning of a word a compared byte stands at most
	rare   [2][]byte
}

// NewWords makes Words of two words, each longer than the place that they have
// in common.
func NewWords(a, b Word, common int) *Words {
	w := &Words{
		words:  [2]Word{a, b},
		bytes:  [4]byte{a.Text[a.One], a.Text[common], b.Text[b.One], b.Text[common]},
		places: [3]int{a.One, b.One, common},
		reach:  max(a.One, b.One, common),
	}
	for i, word := range w.words {
		w.rare[i] = []byte(word.Text)
		if common == word.One+1 {
			w.rare[i] = w.rare[i][word.One : common+1]
		}
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

func (w *Words) begins(text []byte) bool {
	for _, word := range w.words {
		if len(text) >= len(word.Text) && string(text[:len(word.Text)]) == word.Text {
			return true
		}
	}
	return false
}

// slow is Index where the processor or the rest of a text is too small: one
// word after the other.
func (w *Words) slow(text []byte) int {
	first := w.find(1, text)
	if first >= 0 {
		text = text[:min(first+len(w.words[0].Text)-1, len(text))]
	}
	if i := w.find(0, text); i >= 0 {
		return i
	}
	return first
}

// find is where one of the words begins. Of two letters bytes.Index compares
// many places at once, so it looks for these first where they stand together.
func (w *Words) find(which int, text []byte) int {
	word, rare := w.words[which].Text, w.rare[which]
	before := 0
	if len(rare) < len(word) {
		before = w.words[which].One
	}
	for at := before; at <= len(text); at++ {
		i := bytes.Index(text[at:], rare)
		if i < 0 {
			return -1
		}
		at += i
		if rest := text[at-before:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			return at - before
		}
	}
	return -1
}
