package notify_test

import (
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/webhook"
)

func newWebhook(t *testing.T, w conf.Webhook) notify.Notifier {
	t.Helper()
	to, err := webhook.New(w)
	if err != nil {
		t.Fatal(err)
	}
	return to
}
