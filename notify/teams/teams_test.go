package teams_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/teams"
)

func newNotifier(t *testing.T, url conf.Secret) notify.Notifier {
	t.Helper()
	to, err := teams.New(conf.Teams{Notifier: conf.Notifier{Name: "teams"}, WorkflowURL: url})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{New: newNotifier})
}

// A workflow answers 202.
func TestAccepted(t *testing.T) {
	to := newNotifier(t, conf.NewSecret(notifytest.Answering(t, 202, "")))
	if err := notifytest.Send(notifytest.Patience(t), to, alerttest.Alert(alert.Opened), false); err != nil {
		t.Error(err)
	}
}

// posted is what a workflow is sent.
func posted(t *testing.T, a alert.Alert, plain bool) []byte {
	t.Helper()
	url, got := notifytest.Recording(t, func([]byte) {})
	if err := notifytest.Send(notifytest.Patience(t), newNotifier(t, conf.NewSecret(url)), a, plain); err != nil {
		t.Fatal(err)
	}
	return (<-got).Body
}

// The cards of each kind.
func TestGolden(t *testing.T) {
	for _, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Storm, alert.Blind,
		alert.Sighted, alert.Test} {
		var out bytes.Buffer
		if err := json.Indent(&out, posted(t, alerttest.Example(t, kind), false), "", "  "); err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, "testdata/"+string(kind)+".golden.json", out.String())
	}
}

// element is a part of a card.
type element struct {
	Type    string
	Inlines []struct{ Type, Text string }
}

type posting struct {
	Type        string
	Attachments []struct {
		ContentType string
		Content     struct {
			Type, Version, FallbackText string
			Body                        []element
			Actions                     []struct{ Type, Title, URL string }
		}
	}
}

func read(t *testing.T, body []byte) (p posting, words string) {
	t.Helper()
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Attachments) != 1 || p.Type != "message" || p.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" {
		t.Fatalf("it is no message with a card: %.200s", body)
	}
	c := p.Attachments[0].Content
	if c.Type != "AdaptiveCard" || c.Version != "1.4" || c.FallbackText == "" || len(c.Body) == 0 {
		t.Errorf("it is no card: %.200s", body)
	}
	for _, e := range c.Body {
		if e.Type != "RichTextBlock" || len(e.Inlines) == 0 {
			t.Errorf("%v is a text that Teams interprets, or none", e)
		}
		for _, run := range e.Inlines {
			if run.Type != "TextRun" {
				t.Errorf("%v is interpreted", run)
			}
			words += run.Text
		}
		words += "\n"
	}
	return p, words
}

// Whatever a log says, a card is as small as Teams permits, and text that nothing
// interprets.
func TestLimits(t *testing.T) {
	testkit.Pure(t)
	for name, monster := range alerttest.Monsters {
		body := posted(t, alerttest.Monstrous(alert.Storm, monster, 30), false)
		if len(body) > 21_000 {
			t.Errorf("%s: %d bytes", name, len(body))
		}
		read(t, body)
	}
	for _, kind := range alerttest.AllKinds {
		read(t, posted(t, alerttest.HostileAlert(kind), false))
	}
}

// A card of any of the catalogue's causes has the diagnosis and all steps whole.
func TestWhole(t *testing.T) {
	for name, a := range alerttest.Samples(t) {
		for _, plain := range []bool{false, true} {
			body := posted(t, a, plain)
			p, words := read(t, body)
			words = strings.ReplaceAll(words, text.Apart, "")
			if strings.Contains(words, "… cut") {
				t.Errorf("%s is shortened: %s", name, words)
			}
			m := message.Of(a.Data)
			for _, s := range m.Steps {
				for _, b := range text.Blocks(s.Text) {
					if !strings.Contains(words, b.Text) {
						t.Errorf("%s: %q is missing in %s", name, b.Text, words)
					}
				}
			}
			if !strings.Contains(words, m.Confirm) || !strings.Contains(words, m.Headline()) || len(p.Attachments[0].Content.Actions) != len(m.Links) {
				t.Errorf("%s: confirmation, headline or links are missing in %s", name, words)
			}
			if got := strings.Contains(words, "\nJira node: "); got == plain {
				t.Errorf("%s, plain %t: facts %t", name, plain, got)
			}
		}
	}
}
