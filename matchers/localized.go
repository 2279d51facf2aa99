package matchers

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// localized is what an operating system says in another language than English.
type localized struct{ says, english string }

// localizedMessages are the messages of localized.txt, folded.
var localizedMessages = sync.OnceValue(func() (all []localized) {
	for _, s := range sections(localizedText) {
		for _, line := range s.lines {
			all = append(all, localized{foldLetters(line), s.head})
		}
	}
	return all
})

const maxLocalized = 200 // bytes of a message that are compared

// inEnglish puts the English message of the operating system in front of a localized one
// that an exception repeats, as an English system would have said it.
func inEnglish(text string) string {
	if !strings.Contains(text, "Exception: ") {
		return text
	}
	var out strings.Builder
	all, at := localizedMessages(), 0
	for part := range strings.SplitAfterSeq(text, ": ") {
		out.WriteString(part)
		at += len(part)
		says := foldLetters(text[at:min(len(text), at+maxLocalized)])
		if i := slices.IndexFunc(all, func(m localized) bool { return strings.HasPrefix(says, m.says) }); i >= 0 {
			out.WriteString(all[i].english + ": ")
		}
	}
	return out.String()
}

// foldLetters makes two spellings of a message alike: upper and lower case, straight and
// curly apostrophes, and Latin letters with accents, which are the first to be damaged on
// the way from Windows into a log. Of those only the place is left.
func foldLetters(s string) string {
	return strings.TrimSuffix(damaged.ReplaceAllString(strings.ToLower(s), "?"), "?")
}

var damaged = regexp.MustCompile(`['?\x{80}-\x{24f}\x{1e00}-\x{2122}\x{fffd}]+`)
