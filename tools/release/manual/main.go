// Command manual makes the manual pages: one of each command, of what the program says of its
// commands, and jira-oauth-watcher.toml(5) of docs/configuration.md.
//
//	go run -tags man ./cmd/watcher | go -C tools/release run ./manual CONFIGURATION.MD DIRECTORY
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// command is what cmd/watcher/man.go prints.
type command struct {
	Use, Short, Long, Example string
	Flags                     []struct{ Name, Shorthand, Value, Usage, Default string }
	Commands                  []command
}

// name is the first word of the usage.
func (c command) name() string {
	name, _, _ := strings.Cut(c.Use, " ")
	return name
}

const (
	program       = "jira-oauth-watcher"
	configuration = "/etc/jira-oauth-watcher/config.toml"
)

// documents is where the package has them.
const documents = "/usr/share/doc/jira-oauth-watcher/"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: manual CONFIGURATION.MD DIRECTORY")
		os.Exit(2)
	}
	if err := writeManual(os.Stdin, os.Args[1], os.Args[2], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// writeManual writes all pages to dir: those of the commands, whose description it reads, and the
// one of the configuration, which it makes from the text in the file document. epoch is the date
// of the pages, in seconds.
func writeManual(commands io.Reader, document, dir, epoch string) error {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	day := time.Unix(seconds, 0).UTC().Format(time.DateOnly)
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	var root command
	if err := json.NewDecoder(commands).Decode(&root); err != nil {
		return err
	}
	pages := map[string]string{
		program + ".1":      rootPage(root),
		program + ".toml.5": configurationPage(string(text)),
	}
	for _, c := range root.Commands {
		pages[program+"-"+c.name()+".1"] = commandPage(c)
	}
	for file, text := range pages {
		name, section := strings.TrimSuffix(file, filepath.Ext(file)), filepath.Ext(file)[1:]
		if err := os.WriteFile(filepath.Join(dir, file), []byte(render(name, section, day, text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// render makes roff of a page, which begins with what the name is followed by.
func render(name, section, day, text string) string {
	head := fmt.Sprintf("%% %q %q %q \"jira-oauth-watcher\" \"Jira OAuth watcher\"\n# NAME\n%s - ",
		strings.ToUpper(name), section, day, name)
	// A plain hyphen may be printed as one that cannot be copied into a shell; a date has to have it.
	return strings.NewReplacer(`\-`, `\-`, day, day, "-", `\-`).Replace(string(md2man.Render([]byte(head + text))))
}

// rootPage is the page of the program, without its head.
func rootPage(root command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n# SYNOPSIS\n**%s** *COMMAND* [*OPTION*]... [*ARGUMENT*]...\n\n", root.Short, program)
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n# COMMANDS\n", plain(root.Long))
	seeAlso := "**jira-oauth-watcher.toml**(5)"
	for _, c := range root.Commands {
		fmt.Fprintf(&b, "**%s**\n: %s.\n\n", plain(c.Use), plain(c.Short))
		seeAlso += fmt.Sprintf(", **%s-%s**(1)", program, c.name())
	}
	b.WriteString("**completion bash**|**zsh**|**fish**|**powershell**\n: Print a script for shell completion.\n\n")
	b.WriteString(options(root))
	b.WriteString("**COMMAND --help**\n: Show the help of a command.\n\n")
	b.WriteString("# EXAMPLES\n```\n" + undented(root.Example) + "```\n\n")
	b.WriteString(exitStatus + manual + "\n# SEE ALSO\n" + seeAlso + "\n")
	return b.String()
}

// commandPage is the page of one command, without its head.
func commandPage(c command) string {
	var b strings.Builder
	args := strings.TrimSpace(strings.TrimPrefix(c.Use, c.name()))
	fmt.Fprintf(&b, "%s\n\n# SYNOPSIS\n**%s %s** [*OPTION*]... %s\n\n", c.Short, program, c.name(), plain(args))
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n%s", plain(long), options(c))
	if c.Example != "" {
		b.WriteString("# EXAMPLES\n```\n" + undented(c.Example) + "```\n\n")
	}
	b.WriteString(exitStatus)
	for _, f := range c.Flags {
		if f.Name == "config" {
			b.WriteString("# FILES\n**" + configuration + "**\n: The configuration, unless **--config** is given.\n\n")
		}
	}
	b.WriteString("# SEE ALSO\n**jira-oauth-watcher**(1), **jira-oauth-watcher.toml**(5)\n")
	return b.String()
}

// options is the section about the flags, with their values and defaults.
func options(c command) string {
	var b strings.Builder
	b.WriteString("# OPTIONS\n")
	for _, f := range c.Flags {
		if f.Shorthand != "" {
			fmt.Fprintf(&b, "**-%s**, ", f.Shorthand)
		}
		fmt.Fprintf(&b, "**--%s**", f.Name)
		if f.Value != "" {
			fmt.Fprintf(&b, "=*%s*", plain(f.Value))
		}
		fmt.Fprintf(&b, "\n: %s", plain(sentence(f.Usage)))
		if f.Default != "" && f.Default != "false" && f.Default != "[]" {
			fmt.Fprintf(&b, " Default: %s.", plain(f.Default))
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// plain escapes what Markdown would take for its own.
func plain(text string) string {
	return regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|]").ReplaceAllString(text, `\$0`)
}

// undented removes the two spaces before each line of an example.
func undented(text string) string {
	return strings.TrimRight(regexp.MustCompile(`(?m)^  `).ReplaceAllString(text, ""), "\n") + "\n"
}

// configurationPage is the page of the configuration file, without its head: the document
// with each row of a table as a tagged paragraph, and links within the documents as text.
func configurationPage(text string) string {
	var b strings.Builder
	b.WriteString("configuration file of jira-oauth-watcher\n\n# DESCRIPTION\n")
	var header []string
	code := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		cells := cells(line)
		switch {
		case strings.HasPrefix(line, "# "): // the title
		case code, cells == nil:
			header = nil
			b.WriteString(line)
		case header == nil:
			header = cells
		case strings.Trim(cells[0], ":-") != "":
			b.WriteString("\n" + tagged(header, cells))
		}
	}
	link := regexp.MustCompile(`!?\[([^\]]*)\]\(([^):]*)\)`) // not those with http:
	text = strings.ReplaceAll(link.ReplaceAllString(b.String(), "$1"), "packaging/", documents+"examples/")
	return text + "\n# FILES\n**" + configuration + "**\n\n# SEE ALSO\n**jira-oauth-watcher**(1), " +
		documents + "configuration.md and notifiers.md\n"
}

// cells are those of a row of a table, nil of other lines.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.ReplaceAll(line[1:len(line)-1], `\|`, "\x00"), "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
	}
	return cells
}

// tagged is a row as a paragraph: the first cell is the tag, the last the text, and those
// between follow it with the names of their columns.
func tagged(header, cells []string) string {
	last := len(cells) - 1
	text := cells[0] + "\n: " + sentence(cells[last])
	for i := 1; i < last; i++ {
		switch {
		case cells[i] == "":
		case strings.HasPrefix(cells[i], "required"):
			text += " " + sentence(cells[i])
		default:
			text += " " + sentence(header[i]+": "+cells[i])
		}
	}
	return text + "\n"
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}

const exitStatus = `# EXIT STATUS
**0**
: Success.

**1**
: Failure.

**2**
: Usage or configuration error.

`

// manual is what the page of the program says besides the usage.
const manual = `# SIGNALS
**SIGHUP** makes **run** reload its configuration. **SIGTERM** and **SIGINT** stop it, a second one at once.

# FILES
**/etc/jira-oauth-watcher/config.toml**
: The configuration: every key with its default. See **jira-oauth-watcher.toml**(5).

**/etc/jira-oauth-watcher/credentials/**
: One secret per file. systemd reads them as root. In the configuration, a key that ends in \_file names one.

**/etc/jira-oauth-watcher/causes.d/\*.toml**
: Your own causes, and changes to the built-in ones.

**/var/lib/jira-oauth-watcher/state.db**
: Offsets in the logs, open incidents, and queued alerts.

**/usr/share/doc/jira-oauth-watcher/**
: install.md, from installation to the first alert; troubleshooting.md, from symptom to fix; examples/.
`
