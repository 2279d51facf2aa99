package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/tailer"
)

func (a *app) explainCommand() *cobra.Command {
	c := &cobra.Command{Use: "explain [FILE]", Args: atMost(1)}
	form := formatFlag(c, "text", "json")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 || args[0] == "-" {
			return a.explain(c.Context(), a.in, "standard input", *form)
		}
		info, err := os.Stat(args[0]) // before it is opened: a pipe would block
		switch {
		case err != nil:
			return usage("%s: %w", args[0], reason(err, "run this as a user who may read it"))
		case info.IsDir():
			return usage("%s is a directory, name a file", args[0])
		case !info.Mode().IsRegular():
			return usage("%s is not a regular file, give it to standard input", args[0])
		}
		f, err := tailer.Open(args[0])
		if err != nil {
			return usage("%w", err)
		}
		defer f.Close()
		return a.explain(c.Context(), f, args[0], *form)
	}
	return c
}

// explained is what explain says of one event.
type explained struct {
	Ours        bool               `json:"ours"`
	Reason      string             `json:"reason"`
	Integration *alert.Integration `json:"integration"`
	Cause       *alert.Cause       `json:"cause"`
	Signal      string             `json:"signal,omitempty"` // the code or pattern that decided
	Also        []string           `json:"also,omitempty"`   // other causes it shows signs of
	Facts       map[string]any     `json:"facts"`
	Diagnosis   string             `json:"diagnosis,omitempty"`
	Fix         []alert.Step       `json:"fix,omitempty"`
	Confirm     string             `json:"confirm,omitempty"`
	Links       []alert.Link       `json:"links,omitempty"`
	Event       *headed            `json:"event"` // null without a header
	Excerpt     string             `json:"excerpt"`

	alert alert.Data
}

// headed are the fields of an event's header.
type headed struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Thread  string    `json:"thread"`
	User    string    `json:"user"`
	Request string    `json:"request"`
	Client  string    `json:"client"`
	URL     string    `json:"url"`
	Logger  string    `json:"logger"`
}

func (a *app) explain(ctx context.Context, in io.Reader, name, form string) error {
	settings, set, err := withCauses(wrongConfig(conf.Default()))
	if err != nil {
		return err
	}
	e := &explainer{set: set, rules: incident.NewRules(settings), from: incident.Source{Name: name, Path: name}}
	list, err := e.all(ctx, in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(list) == 0 {
		return usage("%s is empty: give it an excerpt of atlassian-jira.log or an error text", name)
	}
	if form == "json" {
		err = printJSON(a.out, list)
	} else {
		err = explainText(a.out, list, terminal(a.out))
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(x explained) bool { return !x.Ours || x.Cause.ID == matchers.Unknown }) {
		return errReported
	}
	return nil
}

type explainer struct {
	set   *matchers.Set
	rules *incident.Rules
	from  incident.Source
}

// all reads the whole input through the same stages as the service, without
// what was pasted around its lines.
func (e *explainer) all(ctx context.Context, in io.Reader) ([]explained, error) {
	lines := tailer.Stream(event.Pasted(in))
	defer lines.Close()
	var events event.Assembler
	var paste event.Paste
	var found []reported
	take := func(ev event.Event) { found = append(found, reportsIn(string(ev.Text))...) }
	for {
		b, err := lines.Block(ctx, time.Minute)
		for line := range bytes.Lines(b.Text) {
			text, apart := paste.Line(line)
			if apart {
				events.Flush(take)
				continue
			}
			events.Block(tailer.Block{Text: append(text, '\n')}, take)
		}
		switch {
		case errors.Is(err, io.EOF):
			events.Flush(take)
			return e.each(found), nil
		case err != nil:
			return nil, err
		}
	}
}

// each diagnoses what was found. A text without a header is an error text of
// Jira's if it says so, or if nothing that was found has a header. Otherwise it
// may be the rest of any event.
func (e *explainer) each(found []reported) []explained {
	verdicts := each(found, func(r reported) matchers.Verdict { return e.set.Pasted(r.text) })
	anyHeader := slices.ContainsFunc(verdicts, func(v matchers.Verdict) bool { return v.Headed })
	list := []explained{}
	for i, r := range found {
		v := verdicts[i]
		if !v.Headed && (r.says || !anyHeader) {
			v = e.set.Text(r.text)
		}
		if v.Headed && !v.Ours {
			v.Reason += e.ofMail(r.text)
		}
		list = append(list, e.say(v, r.text))
	}
	return list
}

// ofMail says that an event that is none of the flow has a mail server's words that the
// catalogue knows: those of a mailbox with OAuth 2.0 mean the same.
func (e *explainer) ofMail(s string) string {
	_, message, _ := event.Parse(s, nil)
	v := e.set.Text(message)
	if !v.Ours || !strings.HasPrefix(v.Failure.Cause.ID, "mail-") {
		return ""
	}
	return fmt.Sprintf("; if its mailbox uses OAuth 2.0, see %s (%s)", v.Failure.Cause.ID, v.Failure.Cause.Title)
}

func (e *explainer) say(v matchers.Verdict, s string) explained {
	x := explained{Ours: v.Ours, Reason: v.Reason, Facts: map[string]any{}}
	if v.Headed {
		h := v.Header
		r, mask := e.rules.Request(h), e.rules.Mask
		x.Event = &headed{
			Time: h.Time, Level: mask(h.Level), Thread: mask(h.Thread), User: r.User,
			Request: r.ID, Client: r.Client, URL: r.Path, Logger: mask(h.Logger),
		}
	}
	if !v.Ours {
		x.Excerpt = text.Cut(e.rules.Mask(s), 500)
		return x
	}
	d := e.rules.Explain(v.Failure, e.from)
	d.Node = "" // whichever it was: the text may come from any machine
	x.alert = d
	x.Integration, x.Cause, x.Facts = &d.Integration, &d.Cause, d.Facts
	x.Signal, x.Also = v.Failure.Signal, v.Failure.Also
	x.Diagnosis, x.Fix, x.Confirm, x.Links, x.Excerpt = d.Diagnosis, d.Fix, d.Confirm, d.Links, d.Log.Excerpt
	return x
}

// explainText prints the answer first, and then what it is based on.
func explainText(out io.Writer, list []explained, style text.Style) error {
	p := text.Page{Style: style}
	for i, x := range list {
		if i > 0 {
			p.Gap()
		}
		which := ""
		if len(list) > 1 {
			which = fmt.Sprintf("Event %d of %d: ", i+1, len(list))
		}
		if !x.Ours {
			first, _, _ := strings.Cut(x.Excerpt, "\n")
			p.Wrap(which, "", "not a failure of the OAuth flow, since "+x.Reason+".")
			p.Wrap("  | ", "  | ", text.Printable(text.Cut(first, 160)))
			continue
		}
		p.WriteString(which + console.Render(alert.Alert{Data: x.alert}, style))
		p.Line(text.Faint, "Why this diagnosis:")
		evidence := func(name, value string) { p.Wrap("  "+name+" ", "    ", text.Printable(value)) }
		evidence("A failure of the OAuth flow, since", x.Reason)
		if h, none := x.Event, "–"; h != nil {
			evidence("Header:", fmt.Sprintf("%s at %s, thread %s, user %s, request %s, client %s, URL %s, logger %s",
				h.Level, h.Time.Format(time.RFC3339Nano), cmp.Or(h.Thread, none), cmp.Or(h.User, none),
				cmp.Or(h.Request, none), cmp.Or(h.Client, none), cmp.Or(h.URL, none), cmp.Or(h.Logger, none)))
		}
		if x.Signal != "" {
			evidence("Cause found by:", x.Signal)
		}
		if len(x.Also) > 0 {
			evidence("Signs of other causes:", strings.Join(x.Also, ", "))
		}
		for _, name := range slices.Sorted(maps.Keys(x.Facts)) {
			evidence("Fact "+name+":", matchers.Facts(x.Facts).Text(name))
		}
	}
	_, err := io.WriteString(out, p.String())
	return err
}
