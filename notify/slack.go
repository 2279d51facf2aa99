package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"jira-oauth-watcher/conf"
)

// Slack posts alerts to an incoming webhook: Block Kit and the same in plain
// text. The request is ours and not slack-go's, which drops Slack's reason,
// takes any 200 for success and puts the secret address into its errors.
type Slack struct {
	client *http.Client
	url    conf.Secret
}

// Send posts the alert. A plain one has no blocks.
func (s *Slack) Send(ctx context.Context, d Delivery) (Receipt, error) {
	body, err := json.Marshal(slackMessage(d.Alert.Data, look{}, d.Plain))
	if err != nil {
		return nil, &Error{Outcome: BadMessage, Err: err}
	}
	got, err := post(ctx, s.client, s.url, http.Header{}, body)
	if err != nil {
		return nil, err
	}
	if got.status == http.StatusOK && got.body == "ok" {
		return nil, nil
	}
	return nil, slackFailed(got)
}

// The words with which Slack refuses, from its documentation of incoming
// webhooks and chat.postMessage. The word says more than the status.
var (
	slackBadMessage = []string{
		"invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text", "too_many_attachments", "msg_blocks_too_long", "msg_too_long",
		"invalid_form_data", "invalid_charset", "attachment_payload_limit_exceeded",
	}
	slackBadSettings = []string{
		"no_service", "no_service_id", "no_team", "no_active_hooks", "channel_not_found", "channel_is_archived", "action_prohibited", "invalid_token",
		"team_disabled", "posting_to_general_channel_denied", "user_not_found",
	}
	slackRetry = []string{"rollup_error", "fatal_error", "internal_error", "ratelimited", "rate_limited", "service_unavailable", "request_timeout"}
)

func slackFailed(got answer) *Error {
	e := got.failed()
	if got.status == http.StatusOK {
		e.Err = fmt.Errorf("%w, which is not Slack's \"ok\": is the address right, or did a proxy answer?", e.Err)
	}
	switch {
	case slices.Contains(slackBadMessage, got.body):
		e.Outcome = BadMessage
	case slices.Contains(slackBadSettings, got.body):
		e.Outcome = BadSettings
	case slices.Contains(slackRetry, got.body):
		e.Outcome = Retry
	case got.status < 300 && got.broken == nil:
		e.Outcome = BadSettings // somebody else answers there, such as a portal
	}
	return e
}
