package main_test

import (
	"fmt"
	"net/mail"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
)

// The program sends mail through Debian's Exim as docs/email.md sets it up: check,
// test-alert, and the service, whose mail about the end of an incident is in the
// conversation of its beginning. The password is in nothing that it prints or sends.
func TestEmail(t *testing.T) {
	t.Parallel()
	exim := notifytest.StartExim(t)
	dir := t.TempDir()
	log := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), "")
	testkit.Write(t, filepath.Join(dir, "credentials", "smtp-password"), exim.Password+"\n")
	config := testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(`state_dir = "state"
[alerts]
quiet_after = "1s"
[[log]]
path = %q
[[email]]
smtp = "smtps://%s"
from = "Jira mail watcher <jira-watcher@example.com>"
to = ["Operations <ops@example.com>"]
username = %q
password_file = "smtp-password"
ca_file = %q
`, log, exim.TLSAddr, exim.User, exim.CAFile))
	said := ""
	for _, tt := range []struct{ want, args string }{
		{`ok       notifier "email" (email)`, "check"},
		{`notifier "email" (email): delivered`, "test-alert --to email"},
	} {
		out, err := exec.Command(binary, append(strings.Fields(tt.args), "--config", config)...).CombinedOutput()
		if said += string(out); err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("%s: %v\n%s", tt.args, err, out)
		}
	}
	w := start(t, dir, "run", "--config", config)
	w.follows()
	appendAs(t, log, failure(1, 1, badSecret))
	mails := exim.Mails(t, 3)
	w.stop()
	said += w.stdout.String() + w.stderr.String()
	ids, parents := map[string]bool{}, map[string]bool{}
	for _, raw := range mails {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		ids[m.Header.Get("Message-ID")] = true
		if parent := m.Header.Get("References"); parent != "" {
			parents[parent] = true
		}
		said += raw
	}
	if len(ids) != 3 || len(parents) != 1 {
		t.Errorf("Message-IDs %v, of which %v has answers; want three, and one", ids, parents)
	}
	for parent := range parents {
		if !ids[parent] {
			t.Errorf("the last mail refers to %s, want one of %v", parent, ids)
		}
	}
	if strings.Contains(said, exim.Password) {
		t.Error("the password is in what it says or sends")
	}
}
