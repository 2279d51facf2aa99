package alert_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// An ID comes apart into what it was made of, whatever the key holds.
func TestID(t *testing.T) {
	first := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	for _, key := range []string{
		"d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", "", "a", "a@b", "a#1", "a@20211116T113550.956Z#1", "@", "#",
	} {
		incident := alert.NewID("jira-node-1", key, first)
		if want := alert.ID("jira-node-1/" + key + "@20211116T113550.956Z"); incident != want {
			t.Errorf("NewID(%q) = %q, want %q", key, incident, want)
		}
		// One of an earlier version, which goes on.
		if old := alert.NewID("", key, first); old != alert.ID(key+"@20211116T113550.956Z") || old.Key() != key {
			t.Errorf("NewID(%q) without a node = %q with the key %q", key, old, old.Key())
		}
		if incident.Key() != key || incident.Number() != 0 || incident.Incident() != incident {
			t.Errorf("%q has the key %q, the number %d and the incident %q", incident, incident.Key(), incident.Number(), incident.Incident())
		}
		for _, n := range []int{1, 2, 1000} {
			id := incident.Alert(n)
			if id.Key() != key || id.Number() != n || id.Incident() != incident {
				t.Errorf("%q has the key %q, the number %d and the incident %q, want %q, %d and %q", id, id.Key(), id.Number(), id.Incident(), key, n, incident)
			}
		}
	}
}

// What is no ID, as a button may send it, has no number, and is its own key.
func TestNoID(t *testing.T) {
	for _, id := range []alert.ID{"", "x", "x#", "x#y", "x#0", "x#-1", "x#1.5"} {
		if id.Number() != 0 || id.Incident() != id || id.Key() != string(id) {
			t.Errorf("%q has the key %q, the number %d and the incident %q", id, id.Key(), id.Number(), id.Incident())
		}
	}
}

// A node is in an ID as letters, digits, dots, hyphens and underscores.
func TestNode(t *testing.T) {
	for name, want := range map[string]string{
		"jira-node-1": "jira-node-1", "Jira_1.example.com": "Jira_1.example.com", "a b/c@d#e": "a_b_c_d_e", "köln": "k_ln", "": "",
		"<!channel>": "__channel_", "a\nb": "a_b",
	} {
		if got := alert.Node(name); got != want {
			t.Errorf("Node(%q) = %q, want %q", name, got, want)
		}
	}
}
