package slack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify/slack"
)

// Slack's limits, from https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/messaging/formatting-message-text.

type object = map[string]any

// valid checks a message as Slack does, and that what a stranger wrote stays
// text.
func valid(t testing.TB, payload []byte, d alert.Data, l slack.Look) {
	t.Helper()
	var m object
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Fatal(err)
	}
	v := &validator{t: t, look: l, d: d, actions: map[any]bool{},
		at: regexp.MustCompile(`^<!date\^[1-9]\d*\^\{date_short_pretty\} \{time_secs\}\|\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d>`)}
	if d.Kind.Closes() || d.Kind == alert.Sighted || d.Kind == alert.Started {
		v.look.Mention = ""
	}
	longest := 300
	if m["blocks"] == nil {
		longest = 3500
	}
	v.text("text", m["text"], longest, v.look.Mention)
	if v.look.Mention != "" && !strings.HasPrefix(fmt.Sprint(m["text"]), v.look.Mention+" ") {
		v.bad("text", "it does not begin with the mention")
	}
	if m["unfurl_links"] != false || m["unfurl_media"] != false || m["parse"] != nil || m["link_names"] != nil {
		v.bad("message", "unfurl_links %v, unfurl_media %v, parse %v, link_names %v", m["unfurl_links"], m["unfurl_media"], m["parse"], m["link_names"])
	}
	if m["blocks"] == nil {
		return
	}
	v.blocks(m["blocks"].([]any))
}

type validator struct {
	t       testing.TB
	look    slack.Look
	d       alert.Data
	at      *regexp.Regexp
	actions map[any]bool
	steps   int

	dividers int
}

func (v *validator) bad(where, format string, args ...any) {
	v.t.Helper()
	v.t.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (v *validator) blocks(blocks []any) {
	if len(blocks) == 0 || len(blocks) > 50 {
		v.bad("message", "%d blocks", len(blocks))
	}
	var all bytes.Buffer
	e := json.NewEncoder(&all)
	e.SetEscapeHTML(false)
	e.Encode(blocks)
	if n := len(utf16.Encode([]rune(all.String()))); n >= 13_000 {
		v.bad("message", "%d units of blocks", n)
	}
	ids := map[any]bool{}
	for i, b := range blocks {
		b := b.(object)
		where := fmt.Sprintf("block %d (%s)", i, b["type"])
		if id := b["block_id"]; id != nil {
			if ids[id] || len(id.(string)) > 255 {
				v.bad(where, "two blocks are called %v", id)
			}
			ids[id] = true
		}
		v.block(where, b, i == 1)
	}
	if v.look.Mention != "" {
		text, _ := blocks[1].(object)["text"].(object)
		if text == nil || !strings.HasPrefix(text["text"].(string), v.look.Mention) {
			v.bad("message", "the second block does not begin with the mention: %v", blocks[1])
		}
	}
}

func (v *validator) block(where string, b object, second bool) {
	switch b["type"] {
	case "header":
		head := b["text"].(object)
		if head["type"] != "plain_text" || head["emoji"] == true {
			v.bad(where, "it is %v", head)
		}
		v.plain(where, head["text"], 150)
		if strings.Contains(head["text"].(string), "\n") {
			v.bad(where, "more than one line")
		}
	case "section":
		text, fields := b["text"], b["fields"]
		if text == nil && fields == nil {
			v.bad(where, "neither text nor fields")
		}
		if text != nil {
			mention := ""
			if second {
				mention = v.look.Mention
			}
			v.mrkdwn(where, text.(object), 3000, mention)
		}
		if fields != nil {
			v.number(where, fields.([]any), 10)
			for _, f := range fields.([]any) {
				v.mrkdwn(where, f.(object), 2000, "")
			}
		}
	case "context":
		v.number(where, b["elements"].([]any), 10)
		for _, e := range b["elements"].([]any) {
			v.mrkdwn(where, e.(object), 2000, "")
		}
	case "actions":
		if !v.look.Buttons || v.look.Reply {
			v.bad(where, "nobody listens")
		}
		v.number(where, b["elements"].([]any), 25)
		for _, e := range b["elements"].([]any) {
			v.button(where, e.(object))
		}
	case "divider":
		v.dividers++
		if v.dividers > 1 {
			v.bad(where, "a second divider")
		}
	case "rich_text":
		v.rich(where, b)
	default:
		v.bad(where, "type %v", b["type"])
	}
}

func (v *validator) number(where string, elements []any, most int) {
	if len(elements) == 0 || len(elements) > most {
		v.bad(where, "%d elements", len(elements))
	}
}

// A button leads to a page, or says what to do with the incident.
func (v *validator) button(where string, b object) {
	text := b["text"].(object)
	if b["type"] != "button" || text["type"] != "plain_text" {
		v.bad(where, "it is %v", b)
	}
	v.plain(where, text["text"], 75)
	if v.actions[b["action_id"]] || b["action_id"] == "" {
		v.bad(where, "two actions are called %v", b["action_id"])
	}
	v.actions[b["action_id"]] = true
	if url, _ := b["url"].(string); url != "" {
		if len(url) > 3000 || b["value"] != nil || !slices.ContainsFunc(v.d.Links, func(l alert.Link) bool { return l.URL == url }) {
			v.bad(where, "it leads to %v, with %v", b["url"], b["value"])
		}
	} else if b["value"] != string(v.d.Incident()) || len(v.d.Incident()) > 2000 {
		v.bad(where, "its value is %v", b["value"])
	}
}

// rich text is literal: it only has to be there, and be bounded.
func (v *validator) rich(where string, e object) {
	switch e["type"] {
	case "text":
		if text, _ := e["text"].(string); strings.Trim(text, " ") != "" || text == "" { // one between two names is a blank
			v.plain(where, e["text"], 3000)
		}
		return
	case "date":
		if e["timestamp"].(float64) <= 0 || e["fallback"] == "" || e["format"] == "" {
			v.bad(where, "%v", e)
		}
		return
	case "rich_text_list":
		if e["style"] != "ordered" || e["offset"] != float64(v.steps) {
			v.bad(where, "a list that begins after %v, want after %d", e["offset"], v.steps)
		}
		v.steps += len(e["elements"].([]any))
	case "rich_text", "rich_text_section", "rich_text_preformatted":
	default:
		v.bad(where, "type %v", e["type"])
	}
	elements, _ := e["elements"].([]any)
	v.number(where, elements, 50)
	if e["type"] == "rich_text_section" && strings.TrimSpace(strings.Join(textsOf(elements), "")) == "" {
		v.bad(where, "nothing to see: %v", e)
	}
	for _, inner := range elements {
		v.rich(where, inner.(object))
	}
}

func (v *validator) mrkdwn(where string, o object, limit int, mention string) {
	if o["type"] != "mrkdwn" || o["verbatim"] != true {
		v.bad(where, "%v is not verbatim mrkdwn", o)
	}
	v.text(where, o["text"], limit, mention)
}

func (v *validator) plain(where string, text any, limit int) {
	s, _ := text.(string)
	if n := len(utf16.Encode([]rune(s))); strings.TrimSpace(s) == "" || n > limit {
		v.bad(where, "%d units of %d: %.80q", n, limit, s)
	}
	if i := strings.IndexFunc(unlinked.Replace(s), unseen); i >= 0 {
		v.bad(where, "an unseen character at %d of %.80q", i, s)
	}
}

// unlinked takes out what breaks a link.
var unlinked = strings.NewReplacer(":\u200b//", "://", "w\u200bww.", "www.", "m\u200bailto:", "mailto:", "t\u200bel:", "tel:", "@\u200b", "@")

func unseen(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

var (
	codeSpan = regexp.MustCompile("```[^`]+```|`[^`\n]+`")
	ownLabel = regexp.MustCompile(`(?m)^\*[A-Z][A-Za-z ()]{2,30}\*$|^🟡 \*(?:Acknowledged|Snoozed)\* by `)
)

// text is what Slack interprets: after our own tokens are taken out, no < or >
// is left, each & begins an escape, and nothing stands out but our own labels
// and code.
func (v *validator) text(where string, text any, limit int, mention string) {
	s, _ := text.(string)
	v.plain(where, s, limit)
	rest := strings.TrimPrefix(s, mention)
	var words strings.Builder
	for rest != "" {
		if rest[0] != '<' {
			words.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		token := v.token(rest)
		if token == "" {
			v.bad(where, "a token that is not ours: %.200q", rest)
			token = "<"
		}
		rest = rest[len(token):]
	}
	left := words.String()
	if i := strings.IndexByte(left, '>'); i >= 0 {
		v.bad(where, "a bare >: %.200q", left[i:])
	}
	if bare := ownLabel.ReplaceAllString(codeSpan.ReplaceAllString(left, ""), ""); strings.ContainsAny(bare, "`*~") {
		v.bad(where, "emphasis that is not ours: %.200q", bare)
	}
	for after, found := left, true; found; {
		if _, after, found = strings.Cut(after, "&"); found && !strings.HasPrefix(after, "amp;") && !strings.HasPrefix(after, "lt;") &&
			!strings.HasPrefix(after, "gt;") {
			v.bad(where, "a bare &: %.20q", after)
		}
	}
}

// token is our own token that s begins with: a date, the person who
// acknowledged, or the beginning of a link with its end. "" = it is none.
func (v *validator) token(s string) string {
	if date := v.at.FindString(s); date != "" {
		return date
	}
	if a := v.d.Acknowledged; a != nil && regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`).MatchString(a.UserID) && strings.HasPrefix(s, "<@"+a.UserID+">") {
		return "<@" + a.UserID + ">"
	}
	for _, l := range v.d.Links {
		head := "<" + strings.NewReplacer("|", "%7C", "&", "&amp;", "<", "%3C", ">", "%3E").Replace(l.URL) + "|"
		if title, _, ok := strings.Cut(strings.TrimPrefix(s, head), ">"); ok && strings.HasPrefix(s, head) && !strings.ContainsAny(title, "<`*~\n") &&
			title != "" {
			return head + title + ">"
		}
	}
	return ""
}

// neutral checks a message for receivers that only resemble Slack.
func neutral(t testing.TB, s, mention string) {
	t.Helper()
	if n := len(utf16.Encode([]rune(s))); n == 0 || n > 3500 || !utf8.ValidString(s) {
		t.Errorf("%d units", n)
	}
	rest, ok := strings.CutPrefix(s, mention)
	if !ok {
		t.Errorf("%.80q does not begin with %s", s, mention)
	}
	if strings.Contains(rest, "](") {
		t.Errorf("a link in %q", rest)
	}
	before := ' '
	for i, r := range rest {
		after, _ := utf8.DecodeRuneInString(rest[i+utf8.RuneLen(r):])
		if strings.ContainsRune("<`*", r) || (r == '>' || r == '~') && !(before == ' ' && after == ' ') {
			t.Errorf("markup: %.40q", rest[i:])
		}
		alone := rest[i:] == "@" || unicode.IsSpace(after) || after == '\u200b'
		if r == '@' && !alone && !(before < 128 && (unicode.IsLetter(before) || unicode.IsDigit(before))) {
			t.Errorf("a mention: %.40q", rest[i:])
		}
		if unseen(r) && !(r == '\u200b' && strings.ContainsRune("@:wWmMtT", before)) { // breaks a mention or a link
			t.Errorf("an unseen character: %.40q", rest[i:])
		}
		before = r
	}
}
