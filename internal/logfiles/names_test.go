package logfiles_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/logfiles"
)

// FuzzMembers: of the names in a zip, logs are chosen, each once, no packed one
// beside its plain one, and some if there are any; a node is always named.
func FuzzMembers(f *testing.F) {
	f.Add("application-logs/atlassian-jira.log\nx/atlassian-jira.log\nlog/atlassian-jira.log.1.gz\nlog\\atlassian-jira.log.1", "Jira_support_1.zip")
	f.Add("tomcat-logs/access_log.2026-01-02\naccess_log.1.gz\nx/atlassian-jira-ipd-monitoring.log.1", "Jira_support_1.zip")
	f.Add("../../atlassian-jira.log\natlassian-jira.log/\natlassian-jira.log", "n1/Jira_node_support.zip")
	f.Fuzz(func(t *testing.T, text, zip string) {
		names := strings.Split(text, "\n")
		chosen := logfiles.Members(names)
		seen := map[string]bool{}
		for _, i := range chosen {
			name := strings.ReplaceAll(names[i], `\`, "/")
			if base := path.Base(name); !strings.HasPrefix(base, "atlassian-jira") && !strings.Contains(base, "access_log") || seen[name] {
				t.Errorf("of %q it chooses %q", names, name)
			}
			seen[name] = true
			if node := logfiles.NodeOf("here", zip, name); node == "" || strings.ContainsAny(node, "/") {
				t.Errorf("the node of %q in %q is %q", name, zip, node)
			}
		}
		for name := range seen {
			if plain, packed := strings.CutSuffix(name, ".gz"); packed && seen[plain] {
				t.Errorf("of %q it chooses %q and its packed copy", names, plain)
			}
		}
		if len(chosen) == 0 && slices.Contains(names, "atlassian-jira.log") {
			t.Errorf("of %q it chooses none", names)
		}
	})
}

// The folders of Jira's installers, and the drives of Windows, name no node.
func TestFoldersThatNameNoNode(t *testing.T) {
	for dir, want := range map[string]string{
		"/var/atlassian/application-data/jira/log":             "here",
		"C:/Program Files/Atlassian/Application Data/JIRA/log": "here",
		"D:/Jira Home/log": "Jira Home",
		"//node-2/c$/Program Files/Atlassian/Application Data/JIRA/": "node-2",
		"/srv/c/log": "c",
	} {
		if got := logfiles.NodeOf("here", dir+"/Jira_support.zip", "atlassian-jira.log"); got != want {
			t.Errorf("%s is of node %q, want %q", dir, got, want)
		}
	}
}
