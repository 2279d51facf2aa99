package slack_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

// The incoming webhook passes what every receiver must.
func TestReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{
		New: func(t *testing.T, address conf.Secret) notify.Notifier {
			return newTarget(t, conf.Slack{WebhookURL: address, Mention: "<!here>"}).To
		},
		Accepts: "ok", ByBody: true,
	})
}

func newTarget(t *testing.T, c conf.Slack) notify.Target {
	t.Helper()
	targets, err := slack.Targets([]conf.Slack{c})
	if err != nil {
		t.Fatal(err)
	}
	return targets[0]
}

func slackTo(t *testing.T, url string) notify.Notifier {
	return newTarget(t, conf.Slack{WebhookURL: conf.NewSecret(url)}).To
}

// Only 200 with the word ok is success, and each other answer has its outcome:
// by Slack's word, then by status.
func TestSlackAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   notify.Outcome
	}{
		{200, "ok", -1},
		{200, "ok\n", -1},
		{201, "ok", notify.BadSettings},
		{200, "<html>ok</html>", notify.BadSettings},
		{200, `{"ok":false,"error":"x"}`, notify.BadSettings},
		{200, `{"ok":true}`, notify.BadSettings},
		{200, "", notify.BadSettings},
		{204, "", notify.BadSettings},
		{200, "invalid_payload", notify.BadMessage},
		{200, "ratelimited", notify.Retry},
		{302, "", notify.BadSettings},
		{404, "no_service", notify.BadSettings},
		{400, "no_service", notify.BadSettings},
		{404, "channel_not_found", notify.BadSettings},
		{410, "channel_is_archived", notify.BadSettings},
		{403, "action_prohibited", notify.BadSettings},
		{403, "invalid_token", notify.BadSettings},
		{400, "invalid_blocks", notify.BadMessage},
		{400, "no_text", notify.BadMessage},
		{400, "something new", notify.BadMessage},
		{413, "", notify.BadMessage},
		{429, "", notify.Retry},
		{500, "rollup_error", notify.Retry},
		{500, "no_text", notify.BadMessage},
		{503, "<html>", notify.Retry},
	} {
		if got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), slackTo(t, notifytest.Answering(t, tt.status, tt.body)),
			alerttest.Alert(alert.Opened), false)); got != tt.want {
			t.Errorf("%d %q: outcome %d (%v), want %d", tt.status, tt.body, got, err, tt.want)
		}
	}
}

// An answer's reason is told, on one line and short.
func TestSlackReason(t *testing.T) {
	page := "<html>\r\n<body>\x1b[31m" + strings.Repeat("login ", 1000)
	_, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), slackTo(t, notifytest.Answering(t, 403, page)), alerttest.Alert(alert.Opened),
		false))
	const want = `the receiver answered 403 Forbidden: "<html> <body> [31mlogin login`
	if got := err.Error(); !strings.HasPrefix(got, want) || len(got) > 300 || !strings.HasSuffix(got, `… cut"`) {
		t.Errorf("got %s\nwant %s…", got, want)
	}
}
