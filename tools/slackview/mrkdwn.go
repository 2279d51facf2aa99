package main

import (
	"html"
	"strconv"
	"strings"
	"unicode"
)

// mrkdwn draws the part of Slack's markup that alerts use: tokens in angle
// brackets, code, bold, italic, struck, line ends.
// https://docs.slack.dev/messaging/formatting-message-text
func mrkdwn(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '<':
			if end := strings.IndexByte(s[i:], '>'); end > 0 {
				b.WriteString(token(s[i+1 : i+end]))
				i += end + 1
				continue
			}
		case c == '`':
			if end := strings.IndexAny(s[i+1:], "`\n"); end > 0 && s[i+1+end] == '`' {
				b.WriteString("<code>" + entities(s[i+1:i+1+end]) + "</code>")
				i += end + 2
				continue
			}
		case strings.IndexByte("*_~", c) >= 0 && opens(s, i):
			if end := closing(s, i); end > 0 {
				tag := map[byte]string{'*': "b", '_': "i", '~': "s"}[c]
				b.WriteString("<" + tag + ">" + mrkdwn(s[i+1:end]) + "</" + tag + ">")
				i = end + 1
				continue
			}
		}
		next := i + 1
		for next < len(s) && strings.IndexByte("<`*_~", s[next]) < 0 {
			next++
		}
		b.WriteString(entities(s[i:next]))
		i = next
	}
	return b.String()
}

// entities is a text with Slack's three escapes as HTML.
func entities(s string) string {
	return lineBreaks(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s))
}

func opens(s string, i int) bool {
	return (i == 0 || !wordly(s[i-1])) && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '\n'
}

// closing is where the emphasis that begins at i ends, 0 when it does not.
func closing(s string, i int) int {
	for j := i + 1; j < len(s) && s[j] != '\n'; j++ {
		if s[j] == s[i] && j > i+1 && s[j-1] != ' ' && (j+1 == len(s) || !wordly(s[j+1])) {
			return j
		}
	}
	return 0
}

func wordly(c byte) bool {
	return c >= 0x80 || unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))
}

// token is what is in angle brackets.
func token(s string) string {
	target, label, _ := strings.Cut(s, "|")
	switch {
	case strings.HasPrefix(target, "!date^"):
		parts := strings.SplitN(target, "^", 4)
		if unix, err := strconv.ParseInt(parts[1], 10, 64); err == nil && len(parts) >= 3 {
			return moment(unix, parts[2])
		}
		return entities(label)
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "!"), strings.HasPrefix(target, "#"):
		name := strings.TrimPrefix(strings.TrimPrefix(target, "!"), "subteam^")
		if label != "" {
			name = label
		}
		if !strings.HasPrefix(name, "@") && !strings.HasPrefix(name, "#") {
			name = "@" + name
		}
		return `<span class=mention>` + html.EscapeString(name) + `</span>`
	}
	return link(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(target), entities(label))
}
