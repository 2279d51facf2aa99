package main

import (
	"encoding/json"
	"fmt"
)

// message is what is sent to Slack, as far as it is drawn.
type message struct {
	Text   string  `json:"text"`
	Blocks []block `json:"blocks"`
}

type block struct {
	Type     string    `json:"type"`
	Text     *textual  `json:"text"`
	Fields   []textual `json:"fields"`
	Elements []element `json:"elements"`
}

// textual is a text object: plain_text or mrkdwn.
type textual struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// element is one of a context, of actions or of rich text. Text and style have
// different shapes in them.
type element struct {
	Type      string          `json:"type"`
	Text      json.RawMessage `json:"text"`
	Style     json.RawMessage `json:"style"`
	Elements  []element       `json:"elements"`
	Offset    int             `json:"offset"`
	URL       string          `json:"url"`
	Timestamp int64           `json:"timestamp"`
	Format    string          `json:"format"`
}

// words is the text of an element, whichever shape it has.
func (e element) words() string {
	var s string
	if json.Unmarshal(e.Text, &s) == nil {
		return s
	}
	var t textual
	json.Unmarshal(e.Text, &t)
	return t.Text
}

type styles struct{ Bold, Italic, Strike, Code bool }

func (e element) styles() (s styles) {
	json.Unmarshal(e.Style, &s) // a word in a list or button: none of these
	return s
}

// word is the style of a list or a button.
func (e element) word() (s string) {
	json.Unmarshal(e.Style, &s)
	return s
}

func parse(payload []byte) (message, error) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil {
		return m, err
	}
	if m.Text == "" && len(m.Blocks) == 0 {
		return m, fmt.Errorf("neither text nor blocks")
	}
	return m, nil
}
