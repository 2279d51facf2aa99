package main

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// margin is the space around a message, in pixels.
const margin = 16

const style = `
*{box-sizing:border-box}
body{margin:0;display:flex;align-items:flex-start;background:#fff;color:#1d1c1d;font:15px/1.47 Lato,"Slack-Lato","Helvetica Neue",Arial,"Noto Color Emoji",sans-serif}
.screen{padding:16px;flex:none;border-right:1px solid #ddd}
.message{display:flex;gap:8px;margin-bottom:20px}
.avatar{flex:none;width:36px;height:36px;border-radius:6px;background:#4a154b;color:#fff;font-weight:900;text-align:center;line-height:36px}
.body{min-width:0;flex:1;overflow-wrap:anywhere}
.who b{font-weight:900}.who span{background:#e8e8e8;border-radius:2px;font-size:10px;font-weight:700;padding:1px 3px;margin:0 4px;color:#616061}.who i{color:#616061;font-size:12px;font-style:normal}
.block{margin:6px 0}
.header{font-size:18px;font-weight:900;line-height:1.33;margin:10px 0 6px}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px}
.narrow .fields{grid-template-columns:1fr}
.context{font-size:13px;color:#616061;display:flex;flex-wrap:wrap;gap:2px 10px;line-height:1.4}
.context>span{min-width:0}
code{font:12px/1.5 "DejaVu Sans Mono",Menlo,monospace;color:#c01343;background:#f8f8f8;border:1px solid #ddd;border-radius:3px;padding:1px 3px}
pre{font:12px/1.5 "DejaVu Sans Mono",Menlo,monospace;background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;margin:4px 0;white-space:pre-wrap}
ol,ul{margin:0 0 4px;padding-left:28px}
a{color:#1264a3;text-decoration:none}
.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}
.actions{display:flex;flex-wrap:wrap;gap:8px}
.button{border:1px solid #bbb;border-radius:4px;font-size:13px;font-weight:700;padding:4px 12px;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.primary{background:#007a5a;border-color:#007a5a;color:#fff}
.broken{color:#fff;background:#e01e5a}
hr{border:0;border-top:1px solid #ddd;margin:12px 0}
`

// page is a document that shows the messages in each width, side by side. Its
// title is its height.
func page(messages []message, widths []int) string {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=en><head><meta charset=utf-8><title>message</title><style>" + style + "</style></head><body>")
	for _, w := range widths {
		class := ""
		if w < 500 {
			class = " narrow"
		}
		fmt.Fprintf(&b, `<div class="screen%s" style="width:%dpx">`, class, w+2*margin)
		for _, m := range messages {
			b.WriteString(m.html())
		}
		b.WriteString("</div>")
	}
	b.WriteString("<script>document.title=document.documentElement.scrollHeight</script></body></html>")
	return b.String()
}

func (m message) html() string {
	var b strings.Builder
	b.WriteString(`<div class=message><div class=avatar>J</div><div class=body><div class=who><b>Jira mail</b><span>APP</span><i>3:07 AM</i></div>`)
	if len(m.Blocks) == 0 {
		b.WriteString(`<div class=block>` + mrkdwn(m.Text) + `</div>`)
	}
	for _, block := range m.Blocks {
		b.WriteString(block.html())
	}
	b.WriteString(`</div></div>`)
	return b.String()
}

func (b block) html() string {
	var out strings.Builder
	switch b.Type {
	case "header":
		if b.Text != nil {
			out.WriteString(`<div class=header>` + b.Text.html() + `</div>`)
		}
	case "section":
		if b.Text != nil {
			out.WriteString(`<div class=block>` + b.Text.html() + `</div>`)
		}
		if len(b.Fields) > 0 {
			out.WriteString(`<div class="block fields">`)
			for _, f := range b.Fields {
				out.WriteString(`<div>` + f.html() + `</div>`)
			}
			out.WriteString(`</div>`)
		}
	case "context":
		out.WriteString(`<div class="block context">`)
		for _, e := range b.Elements {
			out.WriteString(`<span>` + textual{e.Type, e.words()}.html() + `</span>`)
		}
		out.WriteString(`</div>`)
	case "actions":
		out.WriteString(`<div class="block actions">`)
		for _, e := range b.Elements {
			out.WriteString(`<span class="button ` + class(e.word()) + `">` + lineBreaks(e.words()) + `</span>`)
		}
		out.WriteString(`</div>`)
	case "rich_text":
		out.WriteString(`<div class=block>` + rich(b.Elements) + `</div>`)
	case "divider":
		out.WriteString(`<hr>`)
	default:
		out.WriteString(broken(b.Type))
	}
	return out.String()
}

func (t textual) html() string {
	switch t.Type {
	case "plain_text":
		return lineBreaks(t.Text)
	case "mrkdwn":
		return mrkdwn(t.Text)
	}
	return broken(t.Type)
}

func rich(elements []element) string {
	var b strings.Builder
	for _, e := range elements {
		switch e.Type {
		case "rich_text_section":
			b.WriteString(`<div>` + rich(e.Elements) + `</div>`)
		case "rich_text_preformatted":
			b.WriteString(`<pre>` + rich(e.Elements) + `</pre>`)
		case "rich_text_quote":
			b.WriteString(`<blockquote>` + rich(e.Elements) + `</blockquote>`)
		case "rich_text_list":
			tag, start := "ul", ""
			if e.word() == "ordered" {
				tag, start = "ol", fmt.Sprintf(" start=%d", e.Offset+1)
			}
			b.WriteString(`<` + tag + start + `>`)
			for _, item := range e.Elements {
				b.WriteString(`<li>` + rich(item.Elements) + `</li>`)
			}
			b.WriteString(`</` + tag + `>`)
		case "text":
			b.WriteString(e.styles().around(lineBreaks(e.words())))
		case "link":
			b.WriteString(link(e.URL, lineBreaks(e.words())))
		case "date":
			b.WriteString(e.styles().around(moment(e.Timestamp, e.Format)))
		default:
			b.WriteString(broken(e.Type))
		}
	}
	return b.String()
}

func (s styles) around(text string) string {
	for _, t := range []struct {
		on  bool
		tag string
	}{{s.Code, "code"}, {s.Bold, "b"}, {s.Italic, "i"}, {s.Strike, "s"}} {
		if t.on {
			text = "<" + t.tag + ">" + text + "</" + t.tag + ">"
		}
	}
	return text
}

func lineBreaks(s string) string { return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") }

func broken(what string) string {
	return `<span class=broken>not drawn: ` + html.EscapeString(what) + `</span>`
}

func class(word string) string {
	if word == "primary" {
		return word
	}
	return ""
}

func link(url, text string) string {
	if text == "" {
		text = html.EscapeString(url)
	}
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return broken(url) + text
	}
	return `<a href="` + html.EscapeString(url) + `">` + text + `</a>`
}

// moment is a date as Slack shows it to a reader in UTC; the words for
// yesterday and today are left out.
func moment(unix int64, format string) string {
	t := time.Unix(unix, 0).UTC()
	return html.EscapeString(strings.NewReplacer(
		"{date_short_pretty}", t.Format("Jan 2, 2006"), "{date_short}", t.Format("Jan 2, 2006"), "{date_num}", t.Format("2006-01-02"),
		"{time_secs}", t.Format("15:04:05"), "{time}", t.Format("15:04"),
	).Replace(format))
}
