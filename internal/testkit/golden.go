package testkit

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Update is set by -update: golden files are to be written.
var Update = flag.Bool("update", false, "write the golden files anew")

// Golden compares a text with what a file holds. With -update it writes the
// file.
func Golden(t testing.TB, file, got string) {
	t.Helper()
	if *Update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := Read(t, file); got != want {
		t.Errorf("%s, %s\n(-update writes it)", file, Differ(got, want))
	}
}

// Differ shows where two texts differ first, with the lines before it.
func Differ(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			part := func(lines []string) string { return strings.Join(lines[max(i-12, 0):min(i+4, len(lines))], "\n") }
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, part(g), part(w))
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
