package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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
	client  *http.Client
	url     conf.Secret
	mention string
	text    bool // text alone, for receivers that only resemble Slack
}

// Send posts the alert. A plain one has no blocks.
func (s *Webhook) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := s.body(d)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	got, err := notify.Request{Client: s.client, To: s.url, Body: body}.Post(ctx)
	if err != nil {
		return nil, err
	}
	if s.text && accepted(got) || !s.text && got.Status == http.StatusOK && got.Body == "ok" {
		return nil, nil
	}
	return nil, webhookError(got)
}

func (s *Webhook) body(d notify.Delivery) ([]byte, error) {
	m := message.Of(d.Alert.Data)
	mention := mentionFor(d, m, s.mention)
	if s.text {
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
	if a.Status < 200 || a.Status > 299 || a.Broken != nil {
		return false
	}
	if a.Body == "" || a.Body == "ok" {
		return true
	}
	var said struct {
		OK      any `json:"ok"`
		Success any `json:"success"`
		Result  any `json:"result"`
	}
	err := json.Unmarshal([]byte(a.Body), &said)
	return err == nil && (said.OK == true || said.Success == true || said.Result == "success")
}

// Slack's error codes, from its documentation of incoming webhooks and of the Web API.
// The code says more than the status.
var (
	badMessage = []string{
		"invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text", "too_many_attachments",
		"msg_blocks_too_long", "msg_too_long",
		"invalid_form_data", "invalid_charset", "attachment_payload_limit_exceeded", "block_mismatch",
		"markdown_text_conflict", "metadata_too_large",
		"invalid_metadata_format", "invalid_metadata_schema", "invalid_arguments", "invalid_arg_name",
		"invalid_array_arg", "too_many_contact_cards",
	}
	badSettings = []string{
		"no_service", "no_service_id", "no_team", "no_active_hooks", "channel_not_found", "channel_is_archived",
		"action_prohibited", "invalid_token",
		"team_disabled", "posting_to_general_channel_denied", "user_not_found", "invalid_auth", "not_authed",
		"account_inactive", "token_revoked",
		"token_expired", "missing_scope", "no_permission", "not_allowed_token_type", "not_in_channel", "is_archived",
		"restricted_action",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel", "ekm_access_denied",
		"access_denied",
		"two_factor_setup_required", "enterprise_is_restricted", "messages_tab_disabled", "team_access_not_granted",
		"method_deprecated",
		"deprecated_endpoint", "as_user_not_supported",
	}
	retry = []string{
		"rollup_error", "fatal_error", "internal_error", "ratelimited", "rate_limited", "service_unavailable",
		"request_timeout", "accesslimited",
		"team_added_to_org", "org_login_required", "external_channel_migrating", "update_failed",
		"message_limit_exceeded",
	}
)

// outcomeOf is the outcome of an error code of Slack; false = unknown.
func outcomeOf(word string) (notify.Outcome, bool) {
	switch {
	case slices.Contains(badMessage, word):
		return notify.BadMessage, true
	case slices.Contains(badSettings, word):
		return notify.BadSettings, true
	}
	return notify.Retry, slices.Contains(retry, word)
}

func webhookError(got notify.Answer) *notify.Error {
	e := got.Failed()
	if got.Status == http.StatusOK {
		e.Err = fmt.Errorf("%w, which is not Slack's \"ok\": is the address right, or did a proxy answer?", e.Err)
	}
	if o, known := outcomeOf(strings.TrimSpace(got.Body)); known {
		e.Outcome = o
	} else if got.Status < 300 && got.Broken == nil {
		e.Outcome = notify.BadSettings // another program answers there, such as a portal
	}
	return e
}
