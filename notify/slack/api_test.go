package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
)

// Each answer of the Web API has its outcome: by Slack's word, then by status.
func TestSlackAPIAnswers(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	for outcome, words := range map[notify.Outcome]string{
		notify.Retry: "ratelimited rate_limited internal_error service_unavailable request_timeout team_added_to_org org_login_required external_channel_migrating " +
			"update_failed message_limit_exceeded fatal_error rollup_error accesslimited",
		notify.BadMessage: "invalid_blocks invalid_blocks_format no_text too_many_attachments msg_blocks_too_long msg_too_long invalid_metadata_format invalid_metadata_schema " +
			"metadata_too_large invalid_form_data invalid_charset attachment_payload_limit_exceeded invalid_arguments invalid_something_new msg_something_new",
		notify.BadSettings: "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission not_allowed_token_type channel_not_found not_in_channel " +
			"is_archived restricted_action restricted_action_read_only_channel ekm_access_denied access_denied two_factor_setup_required enterprise_is_restricted " +
			"messages_tab_disabled message_not_found something_new",
	} {
		for w := range strings.FieldsSeq(words) {
			f.answers(t, bot, word(w), outcome)
		}
	}
	for _, tt := range []struct {
		answer slackSays
		want   notify.Outcome
	}{
		{word("ratelimited"), notify.Retry},
		{slackSays{503, `{"ok":false,"error":"is_archived"}`, nil}, notify.BadSettings},
		{slackSays{503, `{"ok":false,"error":"something_new"}`, nil}, notify.Retry},
		{slackSays{400, `{"ok":false,"error":"something_new"}`, nil}, notify.BadMessage},
		{slackSays{403, `{"ok":false,"error":"something_new"}`, nil}, notify.BadSettings},
		{slackSays{429, ``, nil}, notify.Retry},
		{slackSays{408, `x`, nil}, notify.Retry},
		{slackSays{500, `<html>`, nil}, notify.Retry},
		{slackSays{502, `{"ok":true,"ts":"1"}`, nil}, notify.Retry},
		{slackSays{413, ``, nil}, notify.BadMessage},
		{slackSays{404, ``, nil}, notify.BadSettings},
		{slackSays{407, ``, nil}, notify.BadSettings},
		{slackSays{302, ``, []string{"Location", "/elsewhere"}}, notify.BadSettings},
		{slackSays{200, `<html>log in</html>`, nil}, notify.BadSettings},
		{slackSays{200, ``, nil}, notify.BadSettings},
		{slackSays{200, `ok`, nil}, notify.BadSettings},
		{slackSays{200, `{}`, nil}, notify.BadSettings},
		{slackSays{200, `null`, nil}, notify.BadSettings},
		{slackSays{200, `{"ok":false}`, nil}, notify.BadSettings},
		{slackSays{200, `{"ok":true,"x":"` + strings.Repeat("x", 2<<20) + `"}`, nil}, notify.BadSettings},
		{slackSays{201, `{"ok":true}`, nil}, notify.BadSettings},
		{slackSays{200, `{"ok":true}`, nil}, -1},
		{slackSays{200, `{"ok":true,"message":{"text":"` + strings.Repeat("x", 100_000) + `"}}`, nil}, -1},
		{slackSays{200, `{"ok":true,"ts":5,"needed":[],"message":[]}`, nil}, -1},
		{slackSays{200, `{"ok":true,"ts":"1","warning":"x","message":{"blocks":[{"type":"tomorrow"}]}}`, nil}, -1},
	} {
		f.answers(t, bot, tt.answer, tt.want)
	}
	for _, c := range f.told() {
		if c.method != post {
			t.Errorf("a redirect was followed: %s", c.method)
		}
	}
}

func (f *fake) answers(t *testing.T, bot notify.Notifier, a slackSays, want notify.Outcome) {
	t.Helper()
	f.says(post, a)
	got, err := notifytest.Outcome(t, sendWith(t, bot, alert.Opened, nil))
	if got != want {
		t.Errorf("%d %.80s: outcome %d (%v), want %d", a.status, a.body, got, err, want)
	}
	if err != nil {
		noToken(t, err.Error())
	}
}

// An error says all that Slack says, and what to do about it.
func TestSlackAPIReason(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	for body, want := range map[string]string{
		`{"ok":false,"error":"not_in_channel"}`: "Slack refuses chat.postMessage: not_in_channel (invite the app to the channel)",
		`{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"users:read,x"}`: "Slack refuses chat.postMessage: missing_scope (add the scope on the app's page and install it again), " +
			"needed: chat:write, provided: users:read,x",
		`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] a [json-pointer:/blocks/1/text]","b\n\u0007","c","d"]}}`: "Slack refuses chat.postMessage: invalid_blocks; " +
			"[ERROR] a [json-pointer:/blocks/1/text]; b; c",
		`<html>` + "\r\n" + `log in`: `the receiver answered 200 OK: "<html> log in", which is not Slack's Web API: is api_url right, or did a proxy answer?`,
	} {
		f.says(post, slackSays{200, body, nil})
		if _, err := notifytest.Outcome(t, sendWith(t, bot, alert.Opened, nil)); err.Error() != want {
			t.Errorf("got %s\nwant %s", err, want)
		}
	}
}

// What Slack asks for is kept: in seconds, with a fraction, or as a date, with
// any status; and a limit without a time has one.
func TestSlackAPIRetryAfter(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	for _, tt := range []struct {
		answer   slackSays
		from, to time.Duration
	}{
		{slackSays{429, `{"ok":false,"error":"ratelimited"}`, []string{"Retry-After", "7"}}, 7 * time.Second, 7 * time.Second},
		{slackSays{429, ``, []string{"Retry-After", "1.5"}}, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{slackSays{503, ``, []string{"Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}, 40 * time.Second, time.Minute},
		{slackSays{429, ``, []string{"Retry-After", "1e9"}}, time.Hour, time.Hour},
		{word("ratelimited"), 30 * time.Second, 30 * time.Second},
		{word("rate_limited"), 30 * time.Second, 30 * time.Second},
		{word("internal_error"), 0, 0},
	} {
		f.says(post, tt.answer)
		got, err := notifytest.Outcome(t, sendWith(t, bot, alert.Opened, nil))
		if got != notify.Retry || err.RetryAfter < tt.from || err.RetryAfter > tt.to {
			t.Errorf("%v: outcome %d, after %s, want %s to %s", tt.answer, got, err.RetryAfter, tt.from, tt.to)
		}
	}
}

func noToken(t *testing.T, text string) {
	t.Helper()
	for _, c := range []string{"CANARY", "/api", "http://", "link?"} {
		if strings.Contains(text, c) {
			t.Errorf("%q is told: %s", c, text)
		}
	}
	if len(text) > 1500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%d bytes, or more than one line: %.600q", len(text), text)
	}
}

// The bot passes what every receiver must.
func TestBotReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{
		New: func(t *testing.T, address conf.Secret) notify.Notifier {
			return newTarget(t, conf.Slack{BotToken: conf.NewSecret(botToken), Channel: channel, APIURL: address.Reveal() + "&"}).To
		},
		Accepts: `{"ok":true,"channel":"C1","ts":"1.2"}`, ByBody: true,
	})
}

// Tokens and address appear in no error, also when somebody repeats the
// request.
func TestSlackAPIFaults(t *testing.T) {
	echo := func(status int, format string) string {
		return notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			w.WriteHeader(status)
			fmt.Fprintf(w, format, r.RequestURI+" "+r.Header.Get("Authorization")+" "+string(text[:min(len(text), 300)]))
		}).URL
	}
	quoted, _ := json.Marshal(`token=` + botToken + " " + appToken)
	for name, tt := range map[string]struct {
		url  string
		want notify.Outcome
	}{
		"echo":     {echo(200, "%s"), notify.BadSettings},
		"echo 500": {echo(500, strings.Repeat("x", 4050)+" %s"), notify.Retry},
		"echo in words": {notifytest.Answering(t, 200,
			`{"ok":false,"error":`+string(quoted)+`,"needed":`+string(quoted)+`,"response_metadata":{"messages":[`+string(quoted)+`]}}`), notify.BadSettings},
		"no address": {"http://x.invalid:port/CANARY", notify.BadSettings},
	} {
		f := newFake(t)
		bot := f.bot(withButtons, func(c *conf.Slack) { c.APIURL = tt.url + "/api/" }).To
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		got, err := notifytest.Outcome(t, notifytest.Send(ctx, bot, alerttest.Alert(alert.Opened), false))
		cancel()
		if got != tt.want {
			t.Errorf("%s: outcome %d (%v), want %d", name, got, err, tt.want)
			continue
		}
		noToken(t, err.Error())
	}
}
