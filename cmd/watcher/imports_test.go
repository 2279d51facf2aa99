package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

const module = "jira-oauth-watcher/"

// architecture is what ARCHITECTURE.md says of the packages.
type architecture struct {
	floor    map[string]int      // in the drawing, from the top
	imports  map[string][]string // of ours
	packages map[string]string   // by library
}

func readArchitecture(t *testing.T) architecture {
	t.Helper()
	text := testkit.Read(t, "../../ARCHITECTURE.md")
	a := architecture{map[string]int{}, map[string][]string{}, map[string]string{}}
	drawing := regexp.MustCompile("(?s)```text\n(cmd/watcher\n.*?)```").FindStringSubmatch(text)
	if drawing == nil {
		t.Fatal("there is no drawing of the packages")
	}
	floor := 0
	for line := range strings.Lines(drawing[1]) {
		if strings.HasPrefix(line, "─") {
			floor++
			continue
		}
		for _, name := range strings.Fields(line) {
			a.floor[name] = floor
		}
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| .*? \\| (.*?) \\| (.*?) \\|$")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		a.imports[m[1]] = strings.Split(m[2], ", ")
		for _, library := range strings.Split(m[3], ", ") {
			a.packages[library] = m[1]
		}
	}
	return a
}

// Imports run one way, as the drawing and the table of ARCHITECTURE.md have them,
// and each library is imported by one package.
func TestImports(t *testing.T) {
	a := readArchitecture(t)
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		a.check(t, strings.TrimPrefix(p.ImportPath, module), p.Imports)
	}
}

func (a architecture) check(t *testing.T, name string, imports []string) {
	allowed, known := a.imports[name]
	floor, drawn := a.floor[name]
	program := !strings.HasPrefix(name, "tools/") && !strings.HasSuffix(name, "test") && !strings.HasSuffix(name, "testkit") &&
		!strings.Contains(name, "testkit/")
	if !known || program != drawn {
		t.Errorf("package %s: in the table %t, in the drawing %t, want true, %t", name, known, drawn, program)
	}
	for _, i := range imports {
		if ours, ok := strings.CutPrefix(i, module); ok {
			if !slices.Contains(allowed, strings.TrimPrefix(ours, "internal/")) {
				t.Errorf("%s must not import %s, says the table", name, ours)
			}
			if drawn && a.floor[ours] <= floor {
				t.Errorf("%s must not import %s, which is no floor below it", name, ours)
			}
			continue
		}
		if first, _, _ := strings.Cut(i, "/"); !strings.Contains(first, ".") || strings.HasPrefix(name, "tools/") {
			continue // the standard library, or what a tool compares with
		}
		owner := ""
		for library, of := range a.packages {
			if (i == library || strings.HasPrefix(i, library+"/")) && (owner == "" || of == name) {
				owner = of
			}
		}
		if owner != name {
			t.Errorf("%s imports %s, which is %q's to import", name, i, owner)
		}
	}
}
