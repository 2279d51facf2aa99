package matchers

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// A provider's refusal whose code is lost is a sentence of common words. In a report of the
// plugin it is known to be one. A text that somebody pasted may as well be a comment, a
// sentence of documentation, or what another program says: so it must say no, in the words
// in which providers do, and must not address anybody.

const maxRefusal = 400 // bytes of a description; more is a page

// refusing is how a provider says no.
var refusing = mustExpression(`(?i)\b(?:invalid(?:ated)?|incorrect|wrong|bad|un(?:known|registered|recognized|supported|` +
	`authorized|matching|usable)|malformed|missing|expired?|revoked|denied|declined|refused|rejected|cancell?ed|` +
	`fail(?:ed|ure|s)?|disabled|inactive|locked|blocked|blacklisted|suspended|deactivated|deleted|mismatch(?:ing)?|` +
	`requires?|needed|empty|duplicated?|repeated|already|redeemed|` +
	`consumed|been used|illegal|stale|forbidden|restricted|exceed(?:ed|s)?|(?:\w+_)?errors?|unavailable|` +
	`temporar(?:y|ily)|too many|throttled|busy|overload(?:ed|ing)?|timeout|limit|unable|again|different|unexpected|` +
	`prevented|no longer|could not|couldn.t|cannot|can.t|issued before|(?:has|does|do|did|is|was)n.t|not|` +
	`no (?:\w+ ){0,2}(?:client|app|application|code|token|redirect|user|session|grant|scope|proof)|` +
	`must (?:sign|log|consent|re-?auth|first|specify|include|contain|match|use (?:proof|pkce)|not|` +
	`be (?:one of|an?|absolute|blank|the same|specified|provided|present|set|included|https)))\b|\brequired(?:$|[^\w ]| (?:[^tf]|t[^o]|to (?:use|sign|log|consent)|f[^o]|for th))`)

// addressing is a sentence to somebody, or about the matter in general.
var addressing = regexp.MustCompile(`(?i)^\W*(?:if|when(?:ever)?|how|why|what|where|to|make|check|ensure|verify|see|note|` +
	`reminder|fix(?:ing|ed)?|troubleshoot\w*|some|users|by default|for|did|does|do|has|have|is|are|was|can|could you|i|we|` +
	`our|my|as|jira|this error|because|since|after|before|once|please|use|copy|create|hi|hello|thanks|sorry|ticket|it|there|` +
	`that|they|you (?:can|must|need|should|may)|in order)\b|^\W*@|\?|` +
	`\b(?:i|we|our|my|us|me|can you|could you|you (?:can|should|need)|so that|occurs|happens|means|usually|typically|jira server|basic authentication|` +
	`recommended|deprecated|following table|should|yesterday|today|tomorrow|last (?:night|week)|team|says|think|works?|worked|fixed)\b|` +
	`, (?:so|can|ask|see|sorry|as)\b`)

var (
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

//go:embed usual.txt
var usualText string

// usual are the words of providers' refusals, without their endings, sorted.
var usual = strings.Fields(usualText)

// endings of words; what is left is compared.
var endings = []string{"'s", "s", "ed", "d", "es", "ing", "led", "ting", "ged", "red"}

// isUsual reports whether a word is one of providers' refusals.
func isUsual(word string) bool {
	if _, ok := slices.BinarySearch(usual, word); ok {
		return true
	}
	for _, ending := range endings {
		if stem, ok := strings.CutSuffix(word, ending); ok {
			for _, whole := range []string{stem, stem + "e"} {
				if _, ok := slices.BinarySearch(usual, whole); ok {
					return true
				}
			}
		}
	}
	return false
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
