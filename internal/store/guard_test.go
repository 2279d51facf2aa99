package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/store"
)

// stranger is a user who is neither root nor the one of this test.
const stranger = 65534

// A state directory that others can write is a warning; one that another user
// owns or could replace, directly, above it or through a link, is refused.
func TestGuard(t *testing.T) {
	root := os.Geteuid() == 0 // who alone can give files away
	for _, tt := range []struct {
		name    string
		change  func(base, dir string) // dir is base/above/state
		warning string
		refused string
		asRoot  bool
	}{
		{"private", func(string, string) {}, "", "", false},
		{"not there yet", func(_, dir string) { os.Remove(dir) }, "", "", false},
		{"of a group", func(_, dir string) { os.Chmod(dir, 0o770) }, "mode 0770", "", false},
		{"everybody's", func(_, dir string) { os.Chmod(dir, 0o777) }, "mode 0777", "", false},
		{"in a directory of everybody's", func(_, dir string) { os.Chmod(filepath.Dir(dir), 0o777) }, "", "can replace the files in", false},
		{"not there yet, in one", func(_, dir string) { os.Remove(dir); os.Chmod(filepath.Dir(dir), 0o777) }, "", "can replace the files in", false},
		{"below one", func(base, _ string) { os.Chmod(base, 0o777) }, "", "can replace the files in", false},
		{"in one with a sticky bit", func(_, dir string) { os.Chmod(filepath.Dir(dir), 0o777|os.ModeSticky) }, "", "", false},
		{"behind a link", func(base, dir string) {
			os.Rename(dir, filepath.Join(base, "other"))
			os.Symlink(filepath.Join(base, "other"), dir)
		}, "", "", false},
		{"behind a link, in a directory of everybody's", func(base, dir string) {
			os.MkdirAll(filepath.Join(base, "open"), 0o700)
			os.Chmod(filepath.Join(base, "open"), 0o777)
			os.Rename(dir, filepath.Join(base, "open", "state"))
			os.Symlink(filepath.Join(base, "open", "state"), dir)
		}, "", "can replace the files in", false},
		{"another user's", func(_, dir string) { os.Chown(dir, stranger, -1) }, "", "belongs to another user", true},
		{"in another user's", func(_, dir string) { os.Chown(filepath.Dir(dir), stranger, -1) }, "", "belongs to another user", true},
		{"another user's link in /tmp", func(base, dir string) {
			os.Rename(dir, filepath.Join(base, "other"))
			os.Symlink(filepath.Join(base, "other"), dir)
			os.Lchown(dir, stranger, -1)
			os.Chmod(filepath.Dir(dir), 0o777|os.ModeSticky)
		}, "", "belongs to another user", true},
	} {
		if tt.asRoot && !root {
			continue
		}
		base := t.TempDir()
		dir := filepath.Join(base, "above", "state")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		tt.change(base, dir)
		warning, err := store.Guard(dir)
		if (warning != "") != (tt.warning != "") || !strings.Contains(warning, tt.warning) {
			t.Errorf("%s: warning %q, want %q", tt.name, warning, tt.warning)
		}
		if (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%s: refused %v, want %q", tt.name, err, tt.refused)
		}
	}
}
