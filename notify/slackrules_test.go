package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"jira-oauth-watcher/notify"
)

// Slack's limits, from https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/messaging/formatting-message-text.

type object = map[string]any

// valid checks a message as Slack does, and that what a stranger wrote stays
// text.
func valid(t *testing.T, payload []byte, a notify.Alert) {
	t.Helper()
	var m object
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Fatal(err)
	}
	v := &validator{t: t}
	for _, l := range a.Data.Links {
		v.urls = append(v.urls, strings.ReplaceAll(l.URL, "|", "%7C"))
	}
	v.text("text", m["text"], 4000)
	if m["unfurl_links"] != false || m["unfurl_media"] != false || m["parse"] != nil || m["link_names"] != nil {
		v.bad("message", "unfurl_links %v, unfurl_media %v, parse %v, link_names %v", m["unfurl_links"], m["unfurl_media"], m["parse"], m["link_names"])
	}
	if m["blocks"] == nil {
		return
	}
	blocks := m["blocks"].([]any)
	if len(blocks) == 0 || len(blocks) > 50 {
		v.bad("message", "%d blocks", len(blocks))
	}
	ids := map[any]bool{}
	for i, b := range blocks {
		b := b.(object)
		if id := b["block_id"]; id != nil {
			if ids[id] {
				v.bad("message", "two blocks are called %v", id)
			}
			ids[id] = true
		}
		v.block(fmt.Sprintf("block %d (%s)", i, b["type"]), b)
	}
}

type validator struct {
	t    *testing.T
	urls []string
}

func (v *validator) bad(where, format string, args ...any) {
	v.t.Helper()
	v.t.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (v *validator) block(where string, b object) {
	switch b["type"] {
	case "header":
		head := b["text"].(object)
		if head["type"] != "plain_text" || head["emoji"] == true {
			v.bad(where, "it is %v", head)
		}
		v.plain(where, head["text"], 150)
	case "section":
		text, fields := b["text"], b["fields"]
		if text == nil && fields == nil {
			v.bad(where, "neither text nor fields")
		}
		if text != nil {
			v.mrkdwn(where, text.(object), 3000)
		}
		if fields != nil {
			if n := len(fields.([]any)); n == 0 || n > 10 {
				v.bad(where, "%d fields", n)
			}
			for _, f := range fields.([]any) {
				v.mrkdwn(where, f.(object), 2000)
			}
		}
	case "context":
		elements := b["elements"].([]any)
		if len(elements) == 0 || len(elements) > 10 {
			v.bad(where, "%d elements", len(elements))
		}
		for _, e := range elements {
			v.mrkdwn(where, e.(object), 3000)
		}
	case "rich_text":
		v.rich(where, b)
	default:
		v.bad(where, "type %v", b["type"])
	}
}

// rich text is literal: it only has to be there, and be bounded.
func (v *validator) rich(where string, e object) {
	if e["type"] == "text" {
		v.plain(where, e["text"], 3000)
		return
	}
	elements, _ := e["elements"].([]any)
	if len(elements) == 0 || len(elements) > 50 {
		v.bad(where, "%d elements in %v", len(elements), e["type"])
	}
	for _, inner := range elements {
		v.rich(where, inner.(object))
	}
}

func (v *validator) mrkdwn(where string, o object, limit int) {
	if o["type"] != "mrkdwn" || o["verbatim"] != true {
		v.bad(where, "%v is not verbatim mrkdwn", o)
	}
	v.text(where, o["text"], limit)
}

func (v *validator) plain(where string, text any, limit int) {
	s, _ := text.(string)
	if n := len(utf16.Encode([]rune(s))); strings.TrimSpace(s) == "" || n > limit {
		v.bad(where, "%d units of %d: %.80q", n, limit, s)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
		v.bad(where, "an unseen character at %d of %.80q", i, s)
	}
}

// text is what Slack interprets: after our own links are taken out, no < or >
// is left, and each & begins an escape.
func (v *validator) text(where string, text any, limit int) {
	v.plain(where, text, limit)
	s, _ := text.(string)
	for _, url := range v.urls {
		s = strings.ReplaceAll(s, "<"+url+"|", "")
		if i := strings.Index(s, url+"|"); i >= 0 {
			v.bad(where, "a broken link: %.80q", s[i:])
		}
	}
	closing := strings.Count(text.(string), "<")
	if strings.Contains(s, "<") {
		v.bad(where, "a token that is not ours: %.200q", s[strings.IndexByte(s, '<'):])
	}
	if n := strings.Count(s, ">"); n != closing {
		v.bad(where, "%d > to %d <", n, closing)
	}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "&")
		if !found {
			return
		}
		if rest = after; !strings.HasPrefix(after, "amp;") && !strings.HasPrefix(after, "lt;") && !strings.HasPrefix(after, "gt;") {
			v.bad(where, "a bare &: %.20q", after)
			return
		}
	}
}
