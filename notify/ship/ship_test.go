package ship_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/ship"
)

// Whatever a log says, a failure is one line, and what it says comes back as it is.
func TestOneLine(t *testing.T) {
	d := notify.Delivery{Alert: alerttest.HostileAlert(alert.Opened), Level: "ERROR"}
	for _, text := range alerttest.Monsters {
		d.More = append(d.More, notify.Delivery{Alert: alerttest.Monstrous(alert.Opened, text[:min(len(text), 3000)], 2), Level: "WARN"})
	}
	var out bytes.Buffer
	if _, err := ship.New("-", &out).Send(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != len(d.More)+2 {
		t.Fatalf("%d lines, want %d", len(lines)-1, len(d.More)+1)
	}
	for i, one := range append([]notify.Delivery{d}, d.More...) {
		var r struct{ Body alert.Data }
		if err := json.Unmarshal([]byte(lines[i]), &r); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if want := string([]rune(one.Alert.Data.Log.Excerpt)); len(want) < 2000 && r.Body.Log.Excerpt != want {
			t.Errorf("line %d: %q, want %q", i+1, r.Body.Log.Excerpt, want)
		}
	}
}

// A file is made with a mode that lets its group read it, whatever the umask; its directory is not made.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "failures.ndjson")
	d := notify.Delivery{Alert: alerttest.Alert(alert.Opened), Level: "ERROR"}
	if _, err := ship.New(file, nil).Send(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 && os.PathSeparator == '/' {
		t.Errorf("%v %v, want mode 0640", info.Mode(), err)
	}
	if text := testkit.Read(t, file); strings.Count(text, "\n") != 1 || strings.Contains(text, `"kind"`) {
		t.Errorf("got %s", text)
	}
	missing := filepath.Join(dir, "missing", "failures.ndjson")
	if _, err := ship.New(missing, nil).Send(context.Background(), d); err == nil || !strings.Contains(err.Error(), missing+": ") {
		t.Errorf("got %v", err)
	}
	if _, err := ship.New(dir, nil).Send(context.Background(), d); err == nil || err.Error() != dir+": not a regular file" {
		t.Errorf("got %v", err)
	}
}
