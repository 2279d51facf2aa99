package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

const payloads = "../../notify/slack/testdata/slack-*.golden.json"

// Each text of each message is to be seen in its picture, and nothing is left
// out.
func TestTexts(t *testing.T) {
	names, _ := filepath.Glob(payloads)
	if len(names) < 20 {
		t.Fatalf("only %d payloads", len(names))
	}
	dir := t.TempDir()
	for _, name := range names {
		out := filepath.Join(dir, filepath.Base(name)+".html")
		if err := run(context.Background(), []string{"-out", out, "-widths", "420", name}, io.Discard); err != nil {
			t.Fatal(err)
		}
		page := testkit.Read(t, out)
		if strings.Contains(page, "not drawn") {
			t.Errorf("%s: something is not drawn", name)
		}
		seen := visible(page)
		payload := testkit.Read(t, name)
		var m struct{ Blocks []any }
		if err := json.Unmarshal([]byte(payload), &m); err != nil {
			t.Fatal(err)
		}
		for _, text := range texts(m.Blocks) {
			if !strings.Contains(seen, text) {
				t.Errorf("%s: %q is not to be seen in\n%s", name, text, seen)
			}
		}
	}
}

var tags = regexp.MustCompile(`(?s)<(style|script|title)\b.*?</(?:style|script|title)>|<[^>]*>`)

// visible is what a page shows, without blanks, which may wrap anywhere.
func visible(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, ""))), "")
}

// texts are the texts of a payload as a reader sees them, without blanks.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			if v["type"] == "mrkdwn" {
				s = reading(s)
			}
			out = append(out, strings.Join(strings.Fields(s), ""))
		}
		for _, key := range []string{"text", "fields", "elements"} {
			out = append(out, texts(v[key])...)
		}
		if v["type"] == "date" {
			at := time.Unix(int64(v["timestamp"].(float64)), 0).UTC()
			out = append(out, at.Format("Jan2,2006")+at.Format("15:04:05"))
		}
	}
	return out
}

var (
	date    = regexp.MustCompile(`<!date\^(\d+)\^[^|]*\|[^>]*>`)
	address = regexp.MustCompile(`<http[^|>]*\|([^>]*)>`)
	mention = regexp.MustCompile(`<(?:!subteam\^|@)(\w+)>`)
	marks   = regexp.MustCompile("[*`]")
)

// reading is mrkdwn without its marks. It is written apart from what draws, so
// that each checks the other.
func reading(s string) string {
	s = date.ReplaceAllStringFunc(s, func(token string) string {
		var unix int64
		fmt.Sscanf(token, "<!date^%d", &unix)
		return time.Unix(unix, 0).UTC().Format("Jan 2, 2006 15:04:05")
	})
	s = mention.ReplaceAllString(address.ReplaceAllString(s, "$1"), "@$1")
	return html.UnescapeString(marks.ReplaceAllString(s, ""))
}

// The part of mrkdwn that is drawn is drawn as Slack does, and what looks like
// HTML stays text.
func TestMrkdwn(t *testing.T) {
	for text, want := range map[string]string{
		"*bold* a*b*c _i_ snake_case_x ~s~":                    "<b>bold</b> a*b*c <i>i</i> snake_case_x <s>s</s>",
		"*a `b*c` d*":                                          "<b>a <code>b*c</code> d</b>",
		"`&lt;b&gt; *x*`":                                      "<code>&lt;b&gt; *x*</code>",
		"<https://a.example/?b=1&amp;c|A>":                     `<a href="https://a.example/?b=1&amp;c">A</a>`,
		"<javascript:alert(1)|A>":                              `<span class=broken>not drawn: javascript:alert(1)</span>A`,
		"<!subteam^S1> <@U1> <!here>":                          "<span class=mention>@S1</span> <span class=mention>@U1</span> <span class=mention>@here</span>",
		"<!date^1637062550^{date_short_pretty} {time_secs}|x>": "Nov 16, 2021 11:35:50",
		"a\nb < c & \"d\" `":                                   "a<br>b &lt; c &amp; &#34;d&#34; `",
		"<script>alert(1)</script":                             `<span class=broken>not drawn: script</span>scriptalert(1)&lt;/script`,
	} {
		if got := mrkdwn(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// What is not known is shown as such, never as nothing.
func TestUnknown(t *testing.T) {
	for _, payload := range []string{
		`{"blocks":[{"type":"video"}]}`,
		`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"emoji"}]}]}]}`,
		`{"blocks":[{"type":"context","elements":[{"type":"image"}]}]}`,
	} {
		m, err := parse([]byte(payload))
		if err != nil || !strings.Contains(m.html(), "not drawn: ") {
			t.Errorf("%s: %v, %s", payload, err, m.html())
		}
	}
	if _, err := parse([]byte(`{}`)); err == nil {
		t.Error("an empty payload is drawn")
	}
}

// A picture is as high as its page, and small enough for a repository.
func TestPicture(t *testing.T) {
	testkit.Slow(t, "it starts a browser")
	testkit.Program(t, "chromium")
	out := filepath.Join(t.TempDir(), "x.png")
	if err := run(context.Background(), []string{"-out", out, "../../notify/slack/testdata/slack-opened-bot.golden.json"}, io.Discard); err != nil {
		t.Skip(err) // a browser that does not start here, such as in a sandbox
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	info, _ := f.Stat()
	if err != nil || c.Width != 1204 || c.Height < 1000 || info.Size() > 300_000 {
		t.Errorf("%v, %d×%d, %d bytes", err, c.Width, c.Height, info.Size())
	}
}
