package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// Every relative link and picture of the documents, as packages and archives have them, leads
// to a file that is there too, and to a heading that it has.
func TestInstalledDocs(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(testkit.Program(t, "bash"), "../../scripts/docs.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("docs.sh: %v\n%s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("pages %v: %v", pages, err)
	}
	link := regexp.MustCompile(`\]\(([^()\s]+)\)|(?:src|srcset|href)="([^"\s]+)"|(?m:^\[[^\]]+\]: +(\S+))`)
	followed := 0
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(testkit.Read(t, page), -1) {
			to := m[1] + m[2] + m[3]
			if strings.Contains(to, ":") {
				continue
			}
			followed++
			name, anchor, _ := strings.Cut(to, "#")
			target := filepath.Join(dir, name)
			if name == "" {
				target = page
			}
			if _, err := os.Stat(target); err != nil || strings.HasPrefix(name, "..") {
				t.Errorf("%s: the link to %s leads nowhere", filepath.Base(page), to)
			} else if anchor != "" && !strings.Contains(anchors(testkit.Read(t, target)), " "+anchor+" ") {
				t.Errorf("%s: the link to %s leads to no heading", filepath.Base(page), to)
			}
		}
	}
	if followed < 40 {
		t.Errorf("only %d links were followed", followed)
	}
	for _, name := range []string{"alert.schema.json", "install.md", "examples/templates/discord.json.tmpl", "examples/config.toml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("missing: %v", err)
		}
	}
}

// anchors are those of a page's headings, as GitHub makes them, each between spaces.
func anchors(page string) string {
	all := " "
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.*)$|<a (?:id|name)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		all += strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-") + m[2] + " "
	}
	return all
}

// Every command has examples, and each of them has a command and flags that exist.
func TestExamples(t *testing.T) {
	help, err := exec.Command(binary, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+)  +[A-Z]`).FindAllStringSubmatch(string(help), -1) {
		if m[1] == "help" || m[1] == "completion" {
			continue
		}
		text, err := exec.Command(binary, m[1], "--help").Output()
		if err != nil {
			t.Fatal(err)
		}
		_, examples, ok := strings.Cut(string(text), "Examples:\n")
		if !ok {
			t.Errorf("%s has no examples", m[1])
		}
		examples, _, _ = strings.Cut(examples, "\n\n")
		for line := range strings.Lines(examples) {
			_, args, ok := strings.Cut(line, filepath.Base(binary)+" ")
			words := append(strings.Fields(args), "--help") // which is read after the other flags
			if out, err := exec.Command(binary, words...).CombinedOutput(); !ok || words[0] != m[1] || err != nil {
				t.Errorf("%s: %q: %v\n%s", m[1], line, err, out)
			}
		}
	}
}
