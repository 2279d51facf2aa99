package slack_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

func slackHook(t *testing.T, c conf.Slack) notify.Notifier {
	t.Helper()
	targets, err := slack.Targets([]conf.Slack{c})
	if err != nil {
		t.Fatal(err)
	}
	return targets[0].To
}

// The first message of an incident calls somebody, in blocks and in text, and
// no other does.
func TestSlackMention(t *testing.T) {
	url, requests := notifytest.Recording(t, func([]byte) {})
	for kind, mention := range map[alert.Kind]string{
		alert.Opened: mentioned, alert.Storm: mentioned, alert.Blind: mentioned,
		alert.Changed: "", alert.Reminder: "", alert.Quiet: "", alert.Sighted: "", alert.Test: "",
	} {
		d := alerttest.Alert(kind).Data
		text, _ := json.Marshal(map[string]string{"text": slack.Plain(d, mention)})
		for _, tt := range []struct {
			text, plain bool
			want        string
		}{
			{false, false, slack.Hook(d, mention, false)}, {false, true, slack.Hook(d, mention, true)},
			{true, false, string(text)}, {true, true, string(text)},
		} {
			hook := slackHook(t, conf.Slack{WebhookURL: conf.NewSecret(url), Mention: mentioned, Text: tt.text})
			if err := notifytest.Send(notifytest.Patience(t), hook, alerttest.Alert(kind), tt.plain); err != nil {
				t.Fatal(err)
			}
			if got := string((<-requests).Body); got != tt.want {
				t.Errorf("%s, text %v, plain %v\n got %s\nwant %s", kind, tt.text, tt.plain, got, tt.want)
			}
		}
	}
}

// What is told again under the same kind calls nobody, nor does what has no
// number; a bot whose receipt is lost does not either.
func TestSlackMentionOnce(t *testing.T) {
	url, requests := notifytest.Recording(t, func([]byte) {})
	f := newFake(t)
	bot := f.bot(mentioning).To
	for _, kind := range []alert.Kind{alert.Opened, alert.Storm, alert.Blind} {
		for number, want := range map[string]bool{"#1": true, "#2": false, "#11": false, "": false} {
			a := alerttest.Alert(kind)
			a.Data.ID = a.Data.Incident() + alert.ID(number)
			for _, text := range []bool{false, true} {
				if err := notifytest.Send(notifytest.Patience(t), slackHook(t, conf.Slack{WebhookURL: conf.NewSecret(url), Mention: "@ops", Text: text}), a,
					false); err != nil {
					t.Fatal(err)
				}
				if got := string((<-requests).Body); strings.Contains(got, "@ops") != want {
					t.Errorf("%s %q, text %t: %s", kind, number, text, got)
				}
			}
			if err := notifytest.Send(notifytest.Patience(t), bot, a, false); err != nil {
				t.Fatal(err)
			}
			if got := f.told()[0]; strings.Contains(got.Get("text"), mentioned) != want || strings.Contains(got.Get("blocks"), "S0123") != want {
				t.Errorf("bot, %s %q: %s", kind, number, got.Get("text"))
			}
		}
	}
}

// A delivery that was queued a few minutes after another mention for its cause mentions
// nobody, and says all the rest.
func TestSlackNoMention(t *testing.T) {
	url, requests := notifytest.Recording(t, func([]byte) {})
	f := newFake(t)
	for _, kind := range []alert.Kind{alert.Opened, alert.Storm, alert.Blind} {
		d := notify.Delivery{Alert: alerttest.Alert(kind), NoMention: true}
		text, _ := json.Marshal(map[string]string{"text": slack.Plain(d.Alert.Data, "")})
		for want, isText := range map[string]bool{slack.Hook(d.Alert.Data, "", false): false, string(text): true} {
			hook := slackHook(t, conf.Slack{WebhookURL: conf.NewSecret(url), Mention: mentioned, Text: isText})
			if _, err := hook.Send(notifytest.Patience(t), d); err != nil {
				t.Fatal(err)
			}
			if got := string((<-requests).Body); got != want {
				t.Errorf("%s, text %t\n got %s\nwant %s", kind, isText, got, want)
			}
		}
		if _, err := f.bot(mentioning).To.Send(notifytest.Patience(t), d); err != nil {
			t.Fatal(err)
		}
		if got := f.told()[0]; strings.Contains(got.Get("text")+got.Get("blocks"), "S0123") {
			t.Errorf("bot, %s: %s", kind, got.Get("text"))
		}
	}
}

// Receivers that resemble Slack say in different ways that they have taken a
// message; what none of them says is no success.
func TestSlackTextAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   notify.Outcome
	}{
		{200, "ok", -1}, {200, "ok\n", -1}, {200, "", -1}, {201, "ok", -1}, {204, "", -1},
		{200, `{"ok":true}`, -1}, {200, `{"success":true}`, -1}, {200, `{"result":"success","msg":""}`, -1},
		{200, `{"ok":false}`, notify.BadSettings}, {200, `{"success":"true"}`, notify.BadSettings}, {200, `{"success":1}`, notify.BadSettings},
		{200, `{"result":"error"}`, notify.BadSettings},
		{200, `{}`, notify.BadSettings}, {200, `true`, notify.BadSettings}, {200, "<html>", notify.BadSettings}, {302, "", notify.BadSettings},
		{302, "ok", notify.BadSettings},
		{400, `{"result":"error"}`, notify.BadMessage}, {404, "", notify.BadSettings}, {429, "", notify.Retry}, {500, "ok", notify.Retry},
	} {
		hook := slackHook(t, conf.Slack{WebhookURL: conf.NewSecret(notifytest.Answering(t, tt.status, tt.body)), Text: true})
		if got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), hook, alerttest.Alert(alert.Opened), false)); got != tt.want {
			t.Errorf("%d %q: outcome %d (%v), want %d", tt.status, tt.body, got, err, tt.want)
		}
	}
}
