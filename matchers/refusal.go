package matchers

import (
	"regexp"
	"slices"
	"strings"
)

// A provider's refusal whose code is lost is a sentence of common words. In a report of the
// plugin it is known to be one. A text that somebody pasted may as well be a comment, a
// sentence of documentation, or what another program says: so it must say no, in the words
// in which providers do, and must not address anybody.

const maxRefusal = 400 // bytes of a description; more is a page

var (
	// refusing is how a provider says no.
	refusing = mustExpression(listed("refusing"))
	// addressing is a sentence to somebody, or about the matter in general.
	addressing = regexp.MustCompile(listed("addressing"))
	// adfs is what AD FS and others write in front of their words: a number.
	adfs = regexp.MustCompile(`^(?:[A-Z]{3,}\d{3,}[A-Z]?:? )?(?:Received invalid OAuth[^.]{0,60}\. )?`)
	// labeled is a text of another program, such as "git: repository access denied".
	labeled = regexp.MustCompile(`^(?:[A-Za-z]+|[\w.-]*[-.][\w.-]*|[A-Z]+[ -]\d+[^:]{0,12}): `)
	// ofOAuth is a label of OAuth.
	ofOAuth = regexp.MustCompile(`^(?i:(?:client|authori[sz]ation|authentication|oauth[\w.]*|token|invalid|request|scope|gateway|\w+_\w+)[\w. ]*: )`)
	// quotation is what a message repeats of the request, or names.
	quotation = regexp.MustCompile(`'[^']{0,200}'|"[^"]{0,200}"|\[[^\]]{0,200}\]|\((?:s|[^)]{0,40}[^a-z)][^)]{0,40})\)|https?://\S+|: ?\S+$|2\.0|\b[1-5]\d\d\b`)
	wordRE    = regexp.MustCompile(`[A-Z]?[a-z]+(?:['\x{2019}][a-z]+)?|[A-Z]+|[A-Za-z0-9]*\d[A-Za-z0-9.]*`)
)

// usual are the words of providers' refusals, without their endings, sorted.
var usual = strings.Fields(listed("usual"))

// endings of words; what is left is compared.
var endings = []string{"'s", "s", "ed", "d", "es", "ing", "led", "ting", "ged", "red"}

// isUsual reports whether a word is one of providers' refusals.
func isUsual(word string) bool {
	return listedUsual(word) || slices.ContainsFunc(endings, func(ending string) bool {
		stem, ok := strings.CutSuffix(word, ending)
		return ok && (listedUsual(stem) || listedUsual(stem+"e"))
	})
}

func listedUsual(word string) bool {
	_, ok := slices.BinarySearch(usual, word)
	return ok
}

// firstSentence is a text up to its first full stop.
func firstSentence(text string) string {
	if i := sentenceEnd.FindStringIndex(text); i != nil {
		return text[:i[0]+1]
	}
	return text
}

// sentenceEnd is a full stop with a new sentence after it.
var sentenceEnd = regexp.MustCompile(`[.!?] +["'(]?[A-Z]`)

// oneCase makes single words of those in mixed case, since RefreshToken is two.
var oneCase = strings.NewReplacer("_", " ", "OAuth", "oauth", "OpenID", "openid", "DPoP", "dpop")

// likeProvider reports whether a sentence has the words of a provider's refusal: of seven
// words, one may be another.
func likeProvider(sentence string) bool {
	words := wordRE.FindAllString(oneCase.Replace(quotation.ReplaceAllString(sentence, " ")), -1)
	others := 0
	for _, word := range words {
		if word = strings.ReplaceAll(strings.ToLower(word), "\u2019", "'"); len(word) > 1 && !isUsual(word) {
			others++
		}
	}
	return others*7 <= len(words)
}

// refusal is what the provider says no with, "" when it does not.
func (m message) refusal() string {
	words := adfs.ReplaceAllString(m.words(), "")
	if len(words) > maxRefusal || !m.reported && !pastedRefusal(words) {
		return ""
	}
	return words
}

// pastedRefusal reports whether a text that somebody pasted is a provider's refusal.
func pastedRefusal(words string) bool {
	if labeled.MatchString(words) && !ofOAuth.MatchString(words) {
		return false
	}
	sentence := firstSentence(words)
	return refusing.matches(newSubject(sentence)) && !addressing.MatchString(sentence) && likeProvider(sentence)
}
