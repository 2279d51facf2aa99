package slack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/slack"
)

const mention = "<!subteam^S0123ABCD>"

// looks are how senders draw: a webhook, a bot with buttons, and the bot's
// follow-ups in a thread.
var escaped = []struct {
	name    string
	options slack.Look
}{
	{"", slack.Look{}},
	{"-bot", slack.Look{Mention: mention, Buttons: true, Thread: true}},
	{"-reply", slack.Look{Buttons: true, Reply: true}},
}

// drawn is a message as it is sent, indented.
func drawn(t testing.TB, d alert.Data, l slack.Look) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(slack.DrawSlack(d, l)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Each kind of alert is the message of its golden file, for each sender, and
// a valid one.
func TestSlackMessages(t *testing.T) {
	testkit.Pure(t)
	for _, kind := range alerttest.AllKinds {
		for _, l := range escaped {
			a := alerttest.Example(t, kind)
			if l.options.Reply && (kind == alert.Opened || kind == alert.Test) {
				continue // these begin a thread
			}
			got := drawn(t, a.Data, l.options)
			valid(t, got, a.Data, l.options)
			testkit.Golden(t, fmt.Sprintf("testdata/slack-%s%s.golden.json", kind, l.name), string(got))
		}
		testkit.Golden(t, fmt.Sprintf("testdata/plain-%s.golden.txt", kind), slack.DrawPlain(alerttest.Example(t, kind).Data, "")+"\n")
	}
}

// The alert after maintenance is the message of its golden file, and a valid one.
func TestSlackSummary(t *testing.T) {
	a := alerttest.Summary(t)
	for _, l := range escaped {
		got := drawn(t, a.Data, l.options)
		valid(t, got, a.Data, l.options)
		testkit.Golden(t, fmt.Sprintf("testdata/slack-summary%s.golden.json", l.name), string(got))
	}
	testkit.Golden(t, "testdata/plain-summary.golden.txt", slack.DrawPlain(a.Data, "")+"\n")
}

// Each sample of the catalogue is the message of its golden file.
func TestSlackCauses(t *testing.T) {
	for cause, a := range alerttest.Samples(t) {
		got := drawn(t, a.Data, slack.Look{})
		valid(t, got, a.Data, slack.Look{})
		testkit.Golden(t, fmt.Sprintf("testdata/slack-cause-%s.golden.json", cause), string(got))
	}
}

// An alert with a probe is the message of its golden file: one line of it is in sight.
func TestSlackProbe(t *testing.T) {
	a := alerttest.Probed(t)
	for _, l := range escaped[:2] {
		got := drawn(t, a.Data, l.options)
		valid(t, got, a.Data, l.options)
		testkit.Golden(t, fmt.Sprintf("testdata/slack-probe%s.golden.json", l.name), string(got))
	}
	testkit.Golden(t, "testdata/plain-probe.golden.txt", slack.DrawPlain(a.Data, "")+"\n")
}

// What somebody has seen to says so.
func TestSlackAcknowledged(t *testing.T) {
	a := alerttest.Example(t, alert.Reminder)
	at := a.Timestamp.Add(5 * time.Minute)
	for name, who := range map[string]alert.Acknowledged{
		"acknowledged": {By: "Ana", UserID: "U0123ABCD", At: at},
		"snoozed":      {By: "Ana <!here> *x*", UserID: "not an ID", At: at, Until: at.Add(time.Hour)},
	} {
		a.Data.Acknowledged = &who
		got := drawn(t, a.Data, slack.Look{Buttons: true})
		valid(t, got, a.Data, slack.Look{Buttons: true})
		testkit.Golden(t, fmt.Sprintf("testdata/slack-%s.golden.json", name), string(got))
	}
}
