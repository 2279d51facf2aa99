// Package page is what the HTML pages and their texts have in common: integrations that
// fail, grouped by cause, with the steps and the evidence.
package page

import (
	_ "embed"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// CSS is the style of all pages.
//
//go:embed style.css
var CSS string

//go:embed parts.html
var parts string

// Item is an integration that fails or failed, or another subject of alerts.
type Item struct {
	Data        alert.Data // its last alert
	Message     message.Message
	Anchor      string // fragment of its address; "" = it has no details
	Name        string // what people call it
	ID          string // "" = the name is all there is
	Nodes       string
	Open        bool
	Count       string // "12 failures", "" = it lasts
	First, Last string // times
	State       string // what else there is to say of it, "" = it fails
	Notes       []Note
	Moments     [][2]string // a time and what happened then
	Cause       *Cause      // set by Group
}

// Note is a sentence, with its class in the style.
type Note struct{ Class, Text string }

// NewItem is the subject of an alert.
func NewItem(d alert.Data) *Item {
	m := message.Of(d)
	i := &Item{Data: d, Message: m, Name: m.Whose, Count: m.Count, Anchor: Anchor(string(d.ID))}
	switch {
	case m.Subject == message.Integration && d.Integration.ID == alert.Unknown:
		i.Name = "not shown in the log"
	case m.Name != "":
		i.Name, i.ID = m.Name, m.Whose
	}
	return i
}

// Anchor is a text as a fragment of an address.
func Anchor(s string) string { return noAnchor.ReplaceAllString(text.Cut(s, maxName), "_") }

var noAnchor = regexp.MustCompile(`[^-0-9A-Za-z@.]`)

// Words are how often it failed, from when to when, and its state.
func (i *Item) Words() string {
	words := ""
	switch {
	case i.First == "":
	case i.Count == "":
		words = "since " + i.First
	case i.First == i.Last || i.Data.Failures.Count == 1:
		words = i.Count + ", " + i.First
	case i.Open:
		words = i.Count + " since " + i.First + ", last " + i.Last
	default:
		words = i.Count + " from " + i.First + " to " + i.Last
	}
	return strings.Trim(words+"; "+i.State, "; ")
}

// Short is its name in a list, or the beginning of its ID.
func (i *Item) Short() string {
	name := []rune(line(i.Name, maxName))
	switch {
	case i.ID == "" && len(name) == len("d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"):
		return string(name[:13])
	case len(name) > maxShort:
		return string(name[:maxShort-1]) + "…"
	}
	return string(name)
}

// Status is its state in a list.
func (i *Item) Status() string {
	if i.State == "" && i.Open {
		return "failing"
	}
	return i.State
}

// Evidence is what identifies it elsewhere, as labels and texts.
func (i *Item) Evidence() (all [][2]string) {
	m := i.Message
	more := []message.Fact{
		{Label: "Jira node", Values: []string{i.Nodes}}, {Label: "Log", Values: []string{i.Data.Log.Path}},
	}
	for _, f := range slices.Concat(m.Facts, m.Details, m.Request, more) {
		one := [2]string{f.Label, strings.Join(message.AtMost(f.Values, message.MaxValues), " ")}
		if f.Label != "Integration" && !text.Blank(one[1]) && !slices.Contains(all, one) && len(all) < maxFacts {
			all = append(all, one)
		}
	}
	return all
}

// Cause is what is wrong, with all that it is wrong for.
type Cause struct {
	Anchor  string
	Data    alert.Data // of its last failure, or what the catalogue says in general
	Message message.Message
	Mood    string // bad, warn or "": how bad it is
	Items   []*Item
	Members int    // how many there are, where the items are those of a group
	More    string // which ones are not listed
	Wide    bool   // the steps are expanded
	Proof   bool   // so is the evidence
}

// NewCause is a cause without an item. d is its last alert.
func NewCause(d alert.Data) *Cause {
	if d.Kind.Closes() {
		d.Kind = alert.Opened // the steps are asked for, and not how it ended
	}
	return &Cause{Anchor: "cause-" + Anchor(d.Cause.ID), Data: d, Message: message.Of(d)}
}

// Group gathers items by cause, in the order of their first ones. The words are those of the
// first.
func Group(items []*Item, mood string) (all []*Cause) {
	known := map[string]*Cause{}
	for _, i := range items {
		c := known[i.Data.Cause.ID]
		if c == nil {
			c = NewCause(i.Data)
			known[i.Data.Cause.ID] = c
			all = append(all, c)
		}
		if i.Cause = c; i.Open {
			c.Mood = mood
		}
		c.Items = append(c.Items, i)
	}
	return all
}

// Expand opens the steps where at most two causes have them, and the evidence of a single one.
func Expand(all []*Cause, whole bool) {
	for _, c := range all {
		c.Wide, c.Proof = whole || len(all) <= 2, whole || len(all) == 1 && len(c.Items) == 1
	}
}

// Title is what is wrong.
func (c *Cause) Title() string { return text.Capital(line(c.Data.Cause.Title, maxTitle)) }

// About identifies the cause.
func (c *Cause) About() string {
	about := c.Message.Reference
	if d := c.Data.Cause; d.Confidence != "" && d.Confidence != "certain" {
		about += ", cause " + d.Confidence
	}
	return about
}

// Who are those who have something to do.
func (c *Cause) Who() string {
	var who []string
	for _, s := range c.Message.Steps {
		if !slices.Contains(who, s.Who) {
			who = append(who, s.Who)
		}
	}
	return strings.Join(who, ", ")
}

// Shown are the items that are listed.
func (c *Cause) Shown() []*Item { return c.Items[:min(len(c.Items), maxItems)] }

// Many says how many items there are where they are so many that they are collapsed.
func (c *Cause) Many() string {
	if n := max(len(c.Items), c.Members); n > maxOpen {
		return text.Count(n, "integration")
	}
	return ""
}

// Rest says how many items are not listed.
func (c *Cause) Rest() string {
	if n := len(c.Items) - maxItems; n > 0 && c.More == "" {
		return "And " + text.Number(n) + " more."
	}
	return c.More
}

// Varies reports whether what is said is in the words for one of several.
func (c *Cause) Varies() bool {
	return slices.ContainsFunc(c.Items, func(i *Item) bool {
		return i.Cause == c && i.Data.Diagnosis != c.Data.Diagnosis && !i.Message.Ends
	})
}

// Template is a page with the shared parts in it: "list" of items, "cause", "spans".
func Template(page string) *template.Template {
	t := template.New("page").Funcs(text.Functions).Funcs(template.FuncMap{
		"name": func(s string) string { return line(s, maxName) }, "line": func(s string) string { return line(s, maxLine) },
		"lines":  func(s string) string { return lines(s, maxText) },
		"spans":  func(s string) []text.Span { return text.Spans(line(s, maxText)) },
		"steps":  func(s []message.Step) []message.Step { return s[:min(len(s), maxSteps)] },
		"blocks": func(s string) []text.Block { return text.Blocks(lines(s, maxText)) }, "words": words,
	})
	return template.Must(template.Must(t.Parse(parts)).Parse(page))
}
