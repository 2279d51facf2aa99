package slack_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify/notifytest"
)

// The same for the tokens of the Web API, in words of Slack's too.
func TestEscapedTokens(t *testing.T) {
	for _, body := range []string{
		`{"ok":false,"error":"token=` + botToken[:14] + `"}`,
		`{"ok":false,"error":"x","needed":"` + strings.ReplaceAll(botToken, "-", `\u002d`) + `"}`,
		`{"ok":false,"error":"x","response_metadata":{"messages":["` + strings.ReplaceAll(botToken, "-", "%2D") + `"]}}`,
		`<p>` + strings.ReplaceAll(appToken, "-", "&#45;"),
	} {
		f := newFake(t)
		bot := f.bot(withButtons, func(c *conf.Slack) { c.APIURL = notifytest.Answering(t, 200, body) + "/api/" }).To
		_, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), bot, alerttest.Alert(alert.Opened), false))
		if !strings.Contains(err.Error(), "[secret]") {
			t.Errorf("%s: nothing is hidden: %v", body, err)
		}
		noToken(t, err.Error())
	}
}
