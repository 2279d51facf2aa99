package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/notify"
)

// postEvery is Slack's rate limit: one message per second to an incoming webhook, and
// to a channel. https://docs.slack.dev/apis/web-api/rate-limits
const postEvery = time.Second

// Webhook posts alerts to an incoming webhook: Block Kit and the same in plain
// text. The request is ours and not slack-go's, which drops Slack's reason,
// takes any 200 for success and puts the secret address into its errors.
type Webhook struct {
	client *http.Client
	conf   conf.Slack
}

// Send posts the alert. A plain one has no blocks.
func (s *Webhook) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := s.body(d)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	got, err := notify.Request{Client: s.client, To: s.conf.WebhookURL, Body: body}.Send(ctx)
	switch {
	case got.Status == 0:
		return nil, err
	case s.conf.Text && err == nil && accepted(got), !s.conf.Text && got.Status == http.StatusOK && got.Body == "ok":
		return nil, nil
	}
	return nil, webhookError(got)
}

func (s *Webhook) body(d notify.Delivery) ([]byte, error) {
	m := message.Of(d.Alert.Data)
	mention := mentionFor(d, m, s.conf.Mention)
	if s.conf.Text { // alone, for receivers that only resemble Slack
		return json.Marshal(map[string]string{"text": plainText(m, mention)})
	}
	return json.Marshal(webhookMessage(m, options{mention: mention}, d.Plain))
}

// mentionFor is mention for a message that mentions people.
func mentionFor(d notify.Delivery, m message.Message, mention string) string {
	if m.Calls && !d.NoMention {
		return mention
	}
	return ""
}

// accepted reports whether a receiver that resembles Slack has taken a message:
// Mattermost says ok, Rocket.Chat and Zulip an object, others nothing at all.
func accepted(a notify.Answer) bool {
	var said struct {
		OK      any `json:"ok"`
		Success any `json:"success"`
		Result  any `json:"result"`
	}
	err := json.Unmarshal([]byte(a.Body), &said)
	return a.Broken == nil && (a.Body == "" || a.Body == "ok" ||
		err == nil && (said.OK == true || said.Success == true || said.Result == "success"))
}

func webhookError(got notify.Answer) *notify.Error {
	e := got.Failed()
	if got.Status == http.StatusOK {
		e.Err = fmt.Errorf("%w, which is not Slack's \"ok\": is the address right, or did a proxy answer?", e.Err)
	}
	if o, known := knownErrors[strings.TrimSpace(got.Body)]; known {
		e.Outcome = o.outcome
	} else if got.Status < 300 && got.Broken == nil {
		e.Outcome = notify.BadSettings // another program answers there, such as a portal
	}
	return e
}
