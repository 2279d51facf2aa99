package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
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
	form := newFormat("text", "json", "markdown")
	c := &cobra.Command{
		Use:               "causes [ID]",
		Short:             "List the causes that can be diagnosed, or show one in full",
		Args:              atMostOne,
		ValidArgsFunction: completeCauses,
		RunE: func(c *cobra.Command, args []string) error {
			_, set, err := withCauses(wrongConfig(conf.Default()))
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return printCauses(a.out, form.value, set.Causes(), false)
			}
			cause, err := knownCause(c, set, args[0])
			if err != nil {
				return err
			}
			return printCauses(a.out, form.value, []*matchers.Cause{cause}, true)
		},
	}
	form.addTo(c)
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
	switch {
	case form == "json":
		list := each(causes, newCauseJSON)
		var v any = list
		if full {
			v = list[0]
		}
		return printJSON(out, v)
	case form == "markdown":
		if !full {
			fmt.Fprintf(out, causesPage, len(causes))
		}
		for _, c := range causes {
			causeMarkdown(out, c)
		}
	case full:
		return causeText(out, causes[0])
	default:
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tROOT CAUSE\tSEVERITY\tTITLE")
		for _, c := range causes {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.ID, orDash(c.RootCause), c.Severity, c.Title)
		}
		return w.Flush()
	}
	return nil
}

// causesPage is the beginning of docs/causes.md.
const causesPage = `# What can be diagnosed

The %d causes of the catalogue in the order they are tried, ` +
	`each with its steps as an alert shows them when the log gives no facts.
Menu paths are those of Jira 8.22 and later. In Jira 8.10 to 8.21 the integrations are under ⚙ > System > OAuth 2.0.

Made by ` + "`watcher causes --format markdown > docs/causes.md`" + `; a test keeps it current.

`

func newCauseJSON(c *matchers.Cause) causeJSON {
	advice := c.Advise(nil)
	j := causeJSON{
		ID: c.ID, Provider: c.Provider, Title: c.Title, Severity: c.Severity, Confidence: c.Confidence,
		Codes: append([]string{}, c.Codes...), Diagnosis: advice.Diagnosis, Fix: advice.Fix, Confirm: advice.Confirm,
		Links: append([]alert.Link{}, c.Links...), Sources: append([]string{}, c.Sources...),
	}
	if !c.Checked.IsZero() {
		checked := c.Checked.Format(time.DateOnly)
		j.Checked = &checked
	}
	if c.RootCause != 0 {
		j.RootCause = &c.RootCause
	}
	return j
}

// causeText prints a cause as an alert shows it.
func causeText(out io.Writer, c *matchers.Cause) error {
	advice := c.Advise(nil)
	d := alert.Data{Kind: alert.Opened, Fix: advice.Fix, Confirm: advice.Confirm}
	p := text.Page{Style: terminal(out)}
	p.Line(text.Bold, c.Title)
	p.Wrap("", "", advice.Diagnosis)
	console.Advice(&p, message.Of(d))
	p.Gap()
	about := []string{c.ID}
	if c.RootCause != 0 {
		about = append(about, fmt.Sprintf("root cause %d of Atlassian's article", c.RootCause))
	}
	p.Wrap("", "", strings.Join(append(about, c.Codes...), ", ")+". Severity "+c.Severity.String()+", cause "+c.Confidence+".")
	for _, l := range c.Links {
		p.Line("", l.Title+": "+l.URL)
	}
	for _, url := range unlinked(c) {
		p.Line("", "Source: "+url)
	}
	if !c.Checked.IsZero() {
		p.Line("", "Checked against the sources: "+c.Checked.Format(time.DateOnly))
	}
	_, err := io.WriteString(out, p.String())
	return err
}

// unlinked are the sources of a cause that are not among its links.
func unlinked(c *matchers.Cause) []string {
	return slices.DeleteFunc(slices.Clone(c.Sources), func(url string) bool {
		return slices.ContainsFunc(c.Links, func(l alert.Link) bool { return l.URL == url })
	})
}

func causeMarkdown(out io.Writer, c *matchers.Cause) {
	advice := c.Advise(nil)
	fmt.Fprintf(out, "## `%s`\n\n**%s**\n\nRoot cause %s · provider %s · severity %s · %s", c.ID, c.Title,
		orDash(c.RootCause), c.Provider, c.Severity, c.Confidence)
	for _, code := range c.Codes {
		fmt.Fprintf(out, " · `%s`", code)
	}
	if !c.Checked.IsZero() {
		fmt.Fprintf(out, " · checked %s", c.Checked.Format(time.DateOnly))
	}
	escape := strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`)
	fmt.Fprintf(out, "\n\n%s\n\n", escape.Replace(advice.Diagnosis))
	for i, step := range advice.Fix {
		fmt.Fprintf(out, "%d. *%s*: ", i+1, step.Where)
		for i, b := range text.Blocks(step.Text) {
			words := escape.Replace(b.Text)
			if b.Code {
				words = text.Join([]text.Block{b})
			}
			if i > 0 {
				words = "\n\n   " + strings.ReplaceAll(words, "\n", "\n   ")
			}
			fmt.Fprint(out, words)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "\nFixed when: %s\n\n", escape.Replace(advice.Confirm))
	for _, l := range c.Links {
		fmt.Fprintf(out, "- [%s](%s)\n", l.Title, l.URL)
	}
	for _, url := range unlinked(c) {
		fmt.Fprintf(out, "- Source: <%s>\n", url)
	}
	fmt.Fprintln(out)
}

func orDash(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// printJSON prints v indented, with < and > as they are.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
