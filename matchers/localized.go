package matchers

import (
	"slices"
	"strings"
)

// localized is what an operating system says in another language than English.
type localized struct{ says, english string }

// localizedMessages are the messages of localized.txt, folded.
var localizedMessages = readLocalized()

func readLocalized() (all []localized) {
	for _, s := range sections(localizedText) {
		for _, line := range s.lines {
			all = append(all, localized{foldLetters(line), s.head})
		}
	}
	return all
}

const maxLocalized = 200 // bytes of a message that are compared

// inEnglish puts the English message of the operating system in front of a localized one
// that an exception repeats, as an English system would have said it.
func inEnglish(text string) string {
	if !strings.Contains(text, "Exception: ") {
		return text
	}
	var out strings.Builder
	at := 0
	for part := range strings.SplitAfterSeq(text, ": ") {
		says := foldLetters(text[at:min(len(text), at+maxLocalized)])
		found := slices.IndexFunc(localizedMessages, func(m localized) bool { return strings.HasPrefix(says, m.says) })
		if at > 0 && found >= 0 {
			out.WriteString(localizedMessages[found].english + ": ")
		}
		out.WriteString(part)
		at += len(part)
	}
	return out.String()
}

// foldLetters makes two spellings of a message alike: upper and lower case, straight and
// curly apostrophes, and Latin letters with accents, which are the first to be damaged on
// the way from Windows into a log. Of those only the place is left.
func foldLetters(s string) string {
	var out strings.Builder
	lost := false
	for _, r := range strings.ToLower(s) {
		if r == '\'' || r == '?' || r >= 0x80 && r < 0x250 || r >= 0x1e00 && r <= 0x2122 || r == '\ufffd' {
			lost = true
			continue
		}
		if lost {
			out.WriteByte('?')
		}
		lost = false
		out.WriteRune(r)
	}
	return out.String()
}
