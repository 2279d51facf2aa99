package slack_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/slack"
)

// everyForm is all that people read of an alert.
func everyForm(t *testing.T, d alert.Data) map[string]string {
	return map[string]string{
		"blocks":  string(drawn(t, d, slack.Look{})),
		"reply":   string(drawn(t, d, slack.Look{Reply: true, Buttons: true})),
		"plain":   slack.DrawPlain(d, ""),
		"console": console.Render(alert.Alert{Data: d}, text.Style{Width: 1000}),
	}
}

func says(t *testing.T, d alert.Data, want, not string) {
	t.Helper()
	for form, text := range everyForm(t, d) {
		if !strings.Contains(text, want) || not != "" && strings.Contains(text, not) {
			t.Errorf("%s %s: want %q and not %q in %s", d.Kind, form, want, not, text)
		}
	}
}

// Only lost lines are gaps that can be counted: all else lasts from a time on.
func TestGaps(t *testing.T) {
	for _, kind := range []alert.Kind{alert.Blind, alert.Sighted} {
		d := alerttest.Example(t, kind).Data
		d.Cause.ID, d.Failures.Count = "notifier-failing", 5
		for form, text := range everyForm(t, d) {
			if strings.Contains(text, "gap") || strings.Contains(text, "Gaps") {
				t.Errorf("%s %s: it has gaps: %s", kind, form, text)
			}
			if word := map[alert.Kind]string{alert.Blind: "ince", alert.Sighted: "egan"}[kind]; form != "reply" && !strings.Contains(text, word) {
				t.Errorf("%s %s: %q is missing in %s", kind, form, word, text)
			}
		}
	}
	d := alerttest.Example(t, alert.Blind).Data
	if text := slack.DrawPlain(d, ""); !strings.Contains(text, "Gaps: 2, first ") {
		t.Errorf("lost lines: %s", text)
	}
}

// The end of a storm is of all its integrations, and of none named many.
func TestStormEnds(t *testing.T) {
	d := alerttest.Example(t, alert.Storm).Data
	d.Kind = alert.Quiet
	for form, text := range everyForm(t, d) {
		if strings.Contains(text, "many") || form != "reply" && !strings.Contains(text, "81 integrations") && !strings.Contains(text, "and 72 more") {
			t.Errorf("%s: %s", form, text)
		}
	}
	if text := string(drawn(t, d, slack.Look{})); !strings.Contains(text, " · the 81 integrations") {
		t.Errorf("blocks: %s", text)
	}
}

// A storm that is told again says that it goes on, and what is new.
func TestStormAgain(t *testing.T) {
	d := alerttest.Example(t, alert.Storm).Data
	d.ID = d.Incident() + "#1"
	says(t, d, "81 integrations are failing at once", "since the last message")
	d.ID = d.Incident() + "#2"
	d.Failures.Count, d.Failures.SinceLastAlert = 200, 119
	says(t, d, "81 integrations are still failing", "failing at once")
	says(t, d, "119 more failures", "")
}

// A step's commands are in a block of their own, whole, and the numbers go on after them.
func TestCommands(t *testing.T) {
	d := alerttest.Example(t, alert.Opened).Data
	d.Fix = []alert.Step{
		{Where: "jira-host", Text: "On every node run:\n```\ngetent hosts a_b.example | tr x *\n```\nWindows:\n```\nnslookup a_b.example\n```"},
		{Where: "jira-host", Text: "Restart."},
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, drawn(t, d, slack.Look{})); err != nil {
		t.Fatal(err)
	}
	blocks := compact.String()
	for _, want := range []string{
		`{"type":"rich_text_preformatted","elements":[{"type":"text","text":"getent hosts a_b.example | tr x *"}]`,
		`{"type":"rich_text_preformatted","elements":[{"type":"text","text":"nslookup a_b.example"}]`,
		`"offset":1`,
	} {
		if !strings.Contains(blocks, want) {
			t.Errorf("no %s in %s", want, blocks)
		}
	}
	if got, want := console.Render(alert.Alert{Data: d}, text.Style{Width: 20}),
		" 1. On every node\n    run:\n      getent hosts a_b.example | tr x *\n    Windows:\n      nslookup a_b.example\n 2. Restart.\n"; !strings.Contains(got, want) {
		t.Errorf("no %q in %s", want, got)
	}
	if got := slack.DrawPlain(d, ""); !strings.Contains(got, "\n```\ngetent hosts a_b.example | tr x *\n```\n") {
		t.Errorf("plain: %s", got)
	}
	d.Fix[0].Text = "Run:\n```\n" + strings.Repeat("rm -rf /tmp/x/", 100) + "\n```"
	if got := string(drawn(t, d, slack.Look{})); strings.Contains(got, "rm -rf") {
		t.Errorf("half a command is shown: %s", got)
	}
}
