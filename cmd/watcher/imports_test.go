package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "jira-oauth-watcher/"

// mayImport is the table of ARCHITECTURE.md: which of our packages each one
// may import.
var mayImport = map[string][]string{
	"conf":                 {"internal/text"},
	"internal/clock":       {},
	"internal/text":        {},
	"internal/seek":        {},
	"tailer":               {"internal/clock", "internal/text"},
	"internal/event":       {"tailer"},
	"internal/alert":       {"conf"},
	"matchers":             {"conf", "internal/alert", "internal/event", "internal/seek"},
	"internal/message":     {"conf", "internal/text", "internal/alert"},
	"notify":               {"conf", "internal/clock", "internal/text", "internal/alert", "internal/message"},
	"notify/slack":         {"conf", "internal/clock", "internal/text", "internal/alert", "internal/message", "notify"},
	"notify/webhook":       {"conf", "internal/clock", "internal/text", "internal/alert", "internal/message", "notify"},
	"notify/alertmanager":  {"conf", "internal/clock", "internal/text", "internal/alert", "internal/message", "notify"},
	"notify/pagerduty":     {"conf", "internal/text", "internal/alert", "internal/message", "notify"},
	"notify/console":       {"internal/text", "internal/alert", "internal/message", "notify"},
	"notify/notifytest":    {"conf", "internal/alert", "internal/testkit", "notify"},
	"internal/mask":        {"conf", "internal/text", "internal/event", "internal/alert", "matchers"},
	"internal/incident":    {"conf", "internal/text", "internal/event", "internal/alert", "internal/mask", "matchers"},
	"internal/store":       {"internal/clock", "internal/text", "internal/store/boltcheck", "tailer", "internal/alert", "internal/incident", "notify"},
	"internal/pipeline":    {"conf", "internal/clock", "tailer", "internal/event", "internal/alert", "matchers", "internal/incident", "internal/store", "notify"},
	"internal/status":      {"conf", "internal/text", "internal/alert", "internal/incident", "internal/store", "internal/pipeline", "internal/message", "notify"},
	"internal/logfiles":    {"internal/text", "tailer", "internal/event"},
	"internal/report":      {"internal/text", "internal/alert", "internal/message"},
	"internal/report/html": {"internal/text", "internal/alert", "internal/message", "internal/report"},
	"internal/scan":        {"internal/report", "internal/logfiles", "tailer", "internal/event", "internal/alert", "matchers", "internal/incident"},
	"cmd/watcher":          {"conf", "internal/text", "tailer", "internal/event", "internal/alert", "matchers", "internal/incident", "internal/mask", "internal/store", "internal/pipeline", "internal/status", "internal/message", "notify", "notify/slack", "notify/webhook", "notify/alertmanager", "notify/console", "notify/pagerduty", "internal/logfiles", "internal/scan", "internal/report", "internal/report/html"},
	"internal/testkit":     {},
	"tools/slackview":      {},
	"tools/torture":        {"tailer", "internal/event", "matchers"},
	"tools/jiralog":        {"matchers"},
	"tools/scanbench":      {},
	"tools/simulate":       {"conf", "internal/clock", "internal/text", "internal/alert", "tailer", "internal/event", "matchers", "internal/incident", "internal/store", "internal/pipeline", "notify", "notify/webhook"},

	"internal/store/boltcheck": {}, // knows the format alone: bbolt is imported by internal/store
}

// doors are the only packages that may import a library.
var doors = map[string]string{
	"github.com/BurntSushi/toml":      "conf",
	"github.com/agnivade/levenshtein": "conf",
	"github.com/klauspost/compress":   "internal/logfiles",
	"github.com/nxadm/tail":           "tailer",
	"golang.org/x/sys/unix":           "tailer",
	"golang.org/x/sys/cpu":            "internal/seek",
	"github.com/slack-go/slack":       "notify/slack",
	"github.com/gorilla/websocket":    "notify/slack",
	"github.com/standard-webhooks":    "notify/webhook",
	"github.com/santhosh-tekuri":      "notify/notifytest",
	"go.etcd.io/bbolt":                "internal/store",
	"github.com/prometheus":           "internal/status",
	"golang.org/x/net":                "internal/status",
	"github.com/spf13":                "cmd/watcher",
	"github.com/coreos/go-systemd":    "cmd/watcher",
	"golang.org/x/term":               "cmd/watcher",
}

// instruments only measure: they may use what they compare with.
var instruments = []string{"tools/torture", "tools/jiralog", "tools/scanbench", "tools/simulate"}

// Imports run one way, and each library stands behind one door.
func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %s is not in the table", name)
		}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, module); ok {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s must not import %s", name, ours)
				}
				continue
			}
			if first, _, _ := strings.Cut(i, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			door := ""
			for library, owner := range doors {
				if i == library || strings.HasPrefix(i, library+"/") {
					door = owner
				}
			}
			if door != name && !slices.Contains(instruments, name) {
				t.Errorf("%s imports %s, whose door is %q", name, i, door)
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("%d packages, the table has %d", seen, len(mayImport))
	}
}
