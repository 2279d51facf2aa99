package notify_test

import (
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

func webhook(t *testing.T, w conf.Webhook) notify.Notifier {
	t.Helper()
	to, err := notify.NewWebhook(w)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func slackTo(t *testing.T, url string) notify.Notifier {
	t.Helper()
	targets, err := notify.SlackTargets([]conf.Slack{{WebhookURL: conf.NewSecret(url)}})
	if err != nil {
		t.Fatal(err)
	}
	return targets[0].To
}
