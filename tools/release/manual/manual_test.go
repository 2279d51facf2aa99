package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Rows of a table become tagged paragraphs, with the names of the columns between the first and the
// last; links within the documents become text; code stays as it is.
func TestConfigurationPage(t *testing.T) {
	page := configurationPage("# Configuration\n\nSee [notifiers](notifiers.md#x) and [Go](https://go.dev).\n\n## `[jira]`\n\n" +
		"| key | default | what it does |\n|---|---|---|\n| `home`, `root` | none | the directory: `a\\|b` |\n| `url` | required | …where it is. |\n\n" +
		"```toml\n| x | y |\n```\n")
	for _, want := range []string{
		"See notifiers and [Go](https://go.dev).\n", "\n## `[jira]`\n",
		"\n`home`, `root`\n: The directory: `a|b`. Default: none.\n", "\n`url`\n: …where it is. Required.\n",
		"```toml\n| x | y |\n```\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	if strings.Contains(page, "---") || strings.Contains(page, "# Configuration") {
		t.Errorf("table or title is left:\n%s", page)
	}
}

// A page of a command has the values and defaults of its flags and its examples, and every hyphen can
// be copied into a shell.
func TestCommands(t *testing.T) {
	dir := t.TempDir()
	err := writeManual(strings.NewReader(`{"Use":"jira-oauth-watcher","Short":"Alerts","Long":"Long.","Example":"  jira-oauth-watcher demo",
		"Commands":[{"Use":"scan FILE...","Short":"Report","Example":"  jira-oauth-watcher scan a_b_*.zip","Flags":[
			{"Name":"format","Shorthand":"f","Value":"text|json","Usage":"output format","Default":"text"},
			{"Name":"config","Value":"FILE","Usage":"configuration"}]}]}`),
		"../../../docs/configuration.md", dir, "1767225600")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "jira-oauth-watcher-scan.1"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, want := range []string{
		`.TH "JIRA\-OAUTH\-WATCHER\-SCAN" "1" "2026-01-01" `, `jira\-oauth\-watcher\-scan \- Report`, `\fBjira\-oauth\-watcher scan\fP [\fIOPTION\fP]... FILE...`,
		`\fB\-f\fP, \fB\-\-format\fP=\fItext|json\fP`, "Output format. Default: text.", `jira\-oauth\-watcher scan a_b_*.zip`,
		".SH EXIT STATUS", ".SH FILES", ".SH SEE ALSO",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(page, `\-`, ""), "2026-01-01", ""), "-") {
		t.Errorf("a hyphen is left:\n%s", page)
	}
	man, err := exec.LookPath("man")
	if err != nil {
		t.Skip("there is no man to render with")
	}
	for _, name := range []string{"jira-oauth-watcher-scan.1", "jira-oauth-watcher.1", "jira-oauth-watcher.toml.5"} {
		cmd := exec.Command(man, "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", filepath.Join(dir, name))
		var warnings strings.Builder
		cmd.Stderr = &warnings
		if err := cmd.Run(); err != nil || warnings.Len() > 0 {
			t.Errorf("%s: %v\n%s", name, err, warnings.String())
		}
	}
}
