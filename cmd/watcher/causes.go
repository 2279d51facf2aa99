package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify/console"
)

func (a *app) causesCommand() *cobra.Command {
	c := &cobra.Command{Use: "causes [ID]", Args: atMost(1), ValidArgsFunction: completeCauses}
	form := formatFlag(c, "text", "json", "markdown")
	c.RunE = func(_ *cobra.Command, args []string) error {
		_, set, err := withCauses(wrongConfig(conf.Default()))
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return printCauses(a.out, *form, set.Causes(), false)
		}
		cause, err := knownCause(c, set, args[0])
		if err != nil {
			return err
		}
		return printCauses(a.out, *form, []*matchers.Cause{cause}, true)
	}
	return c
}

// completeCauses offers the causes to the shell.
func completeCauses(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	set, err := matchers.Builtin()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	described := func(c *matchers.Cause) string { return c.ID + "\t" + c.Title }
	return each(set.Causes(), described), cobra.ShellCompDirectiveNoFileComp
}

// knownCause is the one with that ID.
func knownCause(c *cobra.Command, set *matchers.Set, id string) (*matchers.Cause, error) {
	if cause, ok := set.Cause(id); ok {
		return cause, nil
	}
	if near := conf.Nearest(id, causeIDs(set)); near != "" {
		return nil, usage("there is no cause %q, did you mean %q?", id, near)
	}
	return nil, usage("there is no cause %q; run '%s causes' to list them", id, c.Root().Name())
}

// causeJSON is a cause as scripts get it.
type causeJSON struct {
	ID         string        `json:"id"`
	RootCause  *int          `json:"root_cause"`
	Provider   string        `json:"provider"`
	Title      string        `json:"title"`
	Severity   conf.Severity `json:"severity"`
	Confidence string        `json:"confidence"`
	Codes      []string      `json:"codes"`
	Diagnosis  string        `json:"diagnosis"`
	Fix        []alert.Step  `json:"fix"`
	Confirm    string        `json:"confirm"`
	Links      []alert.Link  `json:"links"`
	Checked    *string       `json:"checked"`
	Sources    []string      `json:"sources"`
}

func printCauses(out io.Writer, form string, causes []*matchers.Cause, full bool) error {
	list := each(causes, newCauseJSON)
	switch {
	case form == "json" && full:
		return printJSON(out, list[0])
	case form == "json":
		return printJSON(out, list)
	case form == "markdown":
		return markdown.Execute(out, map[string]any{"Causes": list, "Whole": !full})
	case full:
		return causeText(out, list[0])
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tROOT CAUSE\tSEVERITY\tTITLE")
	for _, c := range causes {
		root := "–"
		if c.RootCause != 0 {
			root = strconv.Itoa(c.RootCause)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.ID, root, c.Severity, c.Title)
	}
	return w.Flush()
}

// markdownText writes causes as docs/causes.md has them.
//
//go:embed causes.md.tmpl
var markdownText string

var escapeMarkdown = strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace

var markdown = template.Must(template.New("causes").Funcs(template.FuncMap{
	"escape": escapeMarkdown, "step": markdownStep, "add": func(a, b int) int { return a + b },
}).Parse(markdownText))

// markdownStep is a step within a list. Its commands are code.
func markdownStep(s string) string {
	var parts []string
	for _, b := range text.Blocks(s) {
		words := escapeMarkdown(b.Text)
		if b.Code {
			words = text.Join([]text.Block{b})
		}
		parts = append(parts, strings.ReplaceAll(words, "\n", "\n   "))
	}
	return strings.Join(parts, "\n\n   ")
}

func newCauseJSON(c *matchers.Cause) causeJSON {
	advice := c.Advise(nil)
	j := causeJSON{
		ID: c.ID, Provider: c.Provider, Title: c.Title, Severity: c.Severity, Confidence: c.Confidence,
		Codes: append([]string{}, c.Codes...), Diagnosis: advice.Diagnosis, Fix: advice.Fix, Confirm: advice.Confirm,
		Links: append([]alert.Link{}, c.Links...), Sources: append([]string{}, c.Sources...),
	}
	if !c.Checked.IsZero() {
		j.Checked = new(c.Checked.Format(time.DateOnly))
	}
	if c.RootCause != 0 {
		j.RootCause = &c.RootCause
	}
	return j
}

// causeText prints a cause as an alert shows it.
func causeText(out io.Writer, c causeJSON) error {
	m := message.Of(alert.Data{Kind: alert.Opened, Fix: c.Fix, Confirm: c.Confirm,
		Cause: alert.Cause{ID: c.ID, RootCause: c.RootCause, Codes: c.Codes}})
	p := text.Page{Style: terminal(out)}
	p.Line(text.Bold, c.Title)
	p.Wrap("", "", c.Diagnosis)
	console.Advice(&p, m)
	p.Gap()
	p.Wrap("", "", m.Reference+". Severity "+c.Severity.String()+", cause "+c.Confidence+".")
	for _, l := range c.Links {
		p.Line("", l.Title+": "+l.URL)
	}
	for _, url := range c.Unlinked() {
		p.Line("", "Source: "+url)
	}
	if c.Checked != nil {
		p.Line("", "Checked against the sources: "+*c.Checked)
	}
	_, err := io.WriteString(out, p.String())
	return err
}

// Unlinked are the sources of a cause that are not among its links.
func (c causeJSON) Unlinked() []string {
	return slices.DeleteFunc(slices.Clone(c.Sources), func(url string) bool {
		return slices.ContainsFunc(c.Links, func(l alert.Link) bool { return l.URL == url })
	})
}

// printJSON prints v indented, with < and > as they are.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
