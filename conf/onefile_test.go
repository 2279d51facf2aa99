package conf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"jira-oauth-watcher/conf"
)

// One file that two logs name, by whatever spelling or link, is a problem with an
// address, also before the file exists; files that only look alike are none.
func TestOneFileTwice(t *testing.T) {
	for _, exists := range []bool{true, false} {
		for _, tt := range []struct {
			name, path string
			same       bool
		}{
			{"the same", "log/jira.log", true},
			{"another spelling", "./log//../log/jira.log", true},
			{"a symbolic link", "link.log", true},
			{"a link to a link", "linked/again.log", true},
			{"a linked directory", "linked/jira.log", true},
			{"a hard link", "hard.log", exists},
			{"another file", "log/other.log", false},
			{"another directory", "jira.log", false},
			{"a link to itself", "loop.log", false},
		} {
			t.Run(fmt.Sprint(tt.name, ", exists ", exists), func(t *testing.T) {
				dir := t.TempDir()
				log := filepath.Join(dir, "log", "jira.log")
				for _, err := range []error{
					os.Mkdir(filepath.Dir(log), 0o755), os.Symlink("log", dir+"/linked"), os.Symlink(log, dir+"/link.log"),
					os.Symlink("../link.log", dir+"/log/again.log"), os.Symlink("loop.log", dir+"/loop.log"),
				} {
					if err != nil {
						t.Fatal(err)
					}
				}
				if exists {
					write(t, log, "", 0o600)
					if err := os.Link(log, dir+"/hard.log"); err != nil {
						t.Fatal(err)
					}
				}
				file := write(t, dir+"/config.toml", fmt.Sprintf("[[log]]\npath = %q\n[[log]]\nname = \"b\"\npath = %q\n", log, tt.path), 0o600)
				want := "accepted\n"
				if tt.same {
					want = fmt.Sprintf("%s:5:8: log.path: the log at line 2 is the same file, so its failures would be counted twice: list it only once\n", file)
				}
				got := "accepted\n"
				if _, err := conf.Load(file); err != nil {
					got = err.Error() + "\n"
				}
				if got != want {
					t.Errorf("got %swant %s", got, want)
				}
			})
		}
	}
}
