package slack

import (
	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
)

// Look is how DrawSlack draws.
type Look struct {
	Mention                string
	Buttons, Reply, Thread bool
}

// DrawSlack is an alert as any of the senders to Slack draws it.
func DrawSlack(d alert.Data, l Look) *slack.WebhookMessage {
	return webhookMessage(message.Of(d), options{mention: l.Mention, buttons: l.Buttons, reply: l.Reply, thread: l.Thread}, false)
}

// DrawPlain is an alert for receivers that only resemble Slack.
func DrawPlain(d alert.Data, mention string) string { return plainText(message.Of(d), mention) }
