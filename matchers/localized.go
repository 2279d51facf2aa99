package matchers

import (
	_ "embed"
	"strings"
)

//go:embed localized.txt
var localizedText string

// localized is what an operating system says in another language than English.
type localized struct{ says, english string }

// localizedMessages are the messages of localized.txt, folded.
var localizedMessages = readLocalized(localizedText)

func readLocalized(text string) (all []localized) {
	english := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			english = strings.TrimSuffix(name, "]")
		} else if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, localized{foldLetters(line), english})
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
	rest := text
	for {
		i := strings.Index(rest, ": ")
		if i < 0 {
			break
		}
		out.WriteString(rest[:i+2])
		rest = rest[i+2:]
		says := foldLetters(rest[:min(len(rest), maxLocalized)])
		for _, m := range localizedMessages {
			if strings.HasPrefix(says, m.says) {
				out.WriteString(m.english + ": ")
				break
			}
		}
	}
	if out.Len()+len(rest) == len(text) {
		return text
	}
	out.WriteString(rest)
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
