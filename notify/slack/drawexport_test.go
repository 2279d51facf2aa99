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

// DrawSlack is an alert as any of the senders to Slack draws it: none mentions people when it is over.
func DrawSlack(d alert.Data, l Look) *slack.WebhookMessage {
	m := message.Of(d)
	if m.Ends {
		l.Mention = ""
	}
	return webhookMessage(m, options{mention: l.Mention, buttons: l.Buttons, reply: l.Reply, thread: l.Thread}, false)
}

// DrawPlain is an alert for receivers that only resemble Slack.
func DrawPlain(d alert.Data, mention string) string { return plainText(message.Of(d), mention) }
