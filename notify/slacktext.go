package notify

import (
	"fmt"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// maxPlain is how long a message without blocks may be: one is split from
// 4,000 on.
const maxPlain = 3500

// maxLine is how long a line of a message without blocks may be.
const maxLine = 1600

// lines is a text with an end. What does not fit is left out, and said to be.
type lines struct {
	strings.Builder
	left int
	full bool
}

// add writes a line: our own words, then a text that fit makes harmless.
func (l *lines) add(ours, s string, fit func(string) string) {
	const mark = "… cut\n"
	room := l.left - units(ours) - units(mark) - 1
	switch {
	case l.full:
	case room < 20:
		l.full = true
		l.WriteString(mark)
	default:
		line := ours
		if s != "" {
			line += within(strings.TrimSpace(text.Printable(short(s, maxLine))), min(room, maxLine), fit)
		}
		l.left -= units(line) + 1
		l.full = room < maxLine && strings.HasSuffix(line, strings.TrimSpace(mark))
		l.WriteString(line + "\n")
	}
}

// slackText is what notifications, screen readers and an older Slack show:
// cause and first step come first, since a phone shows the beginning only.
func slackText(d alert.Data, l look) string {
	out := &lines{left: maxPlain}
	ours := ""
	if m := mention(d, l); m != "" {
		ours = m + " "
	}
	mark, words := state(d)
	if short, ok := briefly[d.Kind]; ok && strings.HasPrefix(about(d), ":") {
		words = short
	}
	out.add(ours, mark+" "+words+about(d), looks)
	brief := l.reply && d.Kind == alert.Reminder || d.Kind == alert.Quiet
	if !brief {
		for i, step := range d.Fix {
			out.add(fmt.Sprintf("%d. [%s] ", i+1, tame(actor(step.Where), 60)), step.Text, looks)
		}
	}
	if a := d.Acknowledged; a != nil {
		out.add(acknowledged(*a), "", nil)
	}
	sentences := meaning(d)
	if brief && d.Kind == alert.Reminder {
		sentences = []sentence{news(d), alternating(d)} // the first message says the rest
	}
	for _, s := range sentences {
		if text := s.String(); text != "" {
			out.add("", text, looks)
		}
	}
	if c := confirmation(d); !brief && c != "" {
		out.add("Fixed when: ", c, looks)
	}
	which := "On"
	switch {
	case d.Kind == alert.Storm: // they are listed
	case ofMany(d):
		which = strings.ToUpper(theMany(d)[:1]) + theMany(d)[1:] + " on"
	case d.Integration.ID != alert.Unknown:
		which = "Integration " + d.Integration.ID + " on"
	}
	out.add("", fmt.Sprintf("%s %s, %s.", which, d.Node, reference(d)), looks)
	if ids := stricken(d); len(ids) > 0 {
		out.add("", many(d)+": "+strings.Join(ids, ", "), looks)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// briefly are the states in as few words as a phone's lock screen asks for.
var briefly = map[alert.Kind]string{
	alert.Opened:   "Jira mail",
	alert.Changed:  "Jira mail, another cause now",
	alert.Reminder: "Jira mail, still",
	alert.Quiet:    "Jira mail, quiet again",
}

// bare makes an address one that no dialect of Markdown reads anything into.
var bare = strings.NewReplacer("<", "%3C", ">", "%3E", "*", "%2A", "`", "%60", "~", "%7E", "@", "%40", "](", "%5D(")

// plainText is an alert for receivers that only resemble Slack: no blocks, no
// marks of any dialect of Markdown, bare addresses, and nobody mentioned but
// whom mention names.
func plainText(d alert.Data, mention string) string {
	out := &lines{left: maxPlain}
	if d.Kind == alert.Quiet || d.Kind == alert.Sighted {
		mention = ""
	}
	if mention != "" {
		mention += " "
	}
	out.add(mention, headline(d), unmarked)
	if a := d.Acknowledged; a != nil {
		words := "Acknowledged by " + a.By
		if !a.Until.IsZero() {
			words = fmt.Sprintf("Snoozed by %s until %s", a.By, timeOfDay(a.Until))
		}
		out.add("", words, unmarked)
	}
	for _, s := range meaning(d) {
		out.add("", s.String(), unmarked)
	}
	facts := particulars(d)
	if d.Kind == alert.Quiet {
		facts = facts[:min(len(facts), 1)] // which integration it is
	} else {
		out.steps(d)
	}
	gap := "\n"
	for _, p := range slices.Concat(facts, circumstances(d), []pair{{"Cause", []string{reference(d)}}}) {
		out.add(gap+p.name+": ", strings.Join(atMost(p.values, maxList), ", "), foreign)
		gap = ""
	}
	for _, l := range reachable(d.Links) {
		out.add(within(text.Printable(short(l.Title, 150)), 150, unmarked)+": "+bare.Replace(l.URL), "", nil)
	}
	if ids := stricken(d); len(ids) > 0 {
		out.add(many(d)+": ", strings.Join(ids, ", "), unmarked)
	}
	if d.Kind != alert.Quiet && !text.Blank(d.Log.Excerpt) {
		out.add("Log: ", text.Cut(frameless(text.PrintableLines(short(d.Log.Excerpt, maxLine))), 600), foreign)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// steps stand under who has to act, and are numbered throughout.
func (l *lines) steps(d alert.Data) {
	for _, g := range groups(d.Fix) {
		l.add("\n", g.who+":", unmarked)
		for i, step := range g.steps {
			l.add(fmt.Sprintf("%d. ", g.first+i), step.Text, unmarked)
		}
	}
	if c := confirmation(d); c != "" {
		l.add("\nFixed when: ", c, unmarked)
	}
}
