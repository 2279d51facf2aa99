package conf_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
)

// canary stands in every secret of testdata.
const canary = "hunter2"

// Every complaint about a file is exactly what its golden file says, and
// shows no secret.
func TestComplaints(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := complaints(t, file)
			testkit.Golden(t, strings.TrimSuffix(file, ".toml")+".golden", got)
			if strings.Contains(got, canary) {
				t.Errorf("%s: a secret is shown: %s", file, got)
			}
		})
	}
}

// A file from Windows has the complaints of the same file from elsewhere.
func TestComplaintsWindows(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range files {
		text := []byte(testkit.Read(t, file))
		var here, windows struct {
			A string `toml:"a"`
		}
		_, want := conf.Decode(file, text, &here)
		text = append([]byte("\uFEFF"), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))...)
		if _, got := conf.Decode(file, text, &windows); got.Error() != want.Error() || here != windows {
			t.Errorf("%s\n got %v\nwant %v", file, got, want)
		}
	}
}

func complaints(t *testing.T, file string) string {
	t.Helper()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := conf.Load(file); err != nil {
		return err.Error() + "\n"
	}
	return "accepted\n"
}

// What the packaged configuration shows can be used by taking away a #: the
// files it names are all that is missing.
func TestPackaged(t *testing.T) {
	packaged := testkit.Read(t, "../packaging/config.toml")
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	dir := t.TempDir()
	shown := regexp.MustCompile(`(?m)^# (\[|[A-Za-z_-]+ = )`)
	_, err := conf.Load(write(t, dir+"/config.toml", shown.ReplaceAllString(packaged, "$1"), 0o600))
	problems, ok := errors.AsType[conf.Problems](err)
	files := regexp.MustCompile(`(?m)^(?:# )?(?:[a-z_]*_file|template|client_cert|client_key) = `)
	if want := len(files.FindAllString(packaged, -1)); !ok || len(problems) != want {
		t.Errorf("got %d problems, want one for each of %d files:\n%v", len(problems), want, err)
	}
	for _, p := range problems {
		if !strings.HasPrefix(p.Text, "there is no file ") {
			t.Error(p)
		}
	}
}
