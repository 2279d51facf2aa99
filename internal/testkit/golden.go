package testkit

import (
	"flag"
	"os"
	"path/filepath"
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
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got %s\nwant %s", file, got, want)
	}
}
