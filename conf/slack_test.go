package conf_test

import (
	"fmt"
	"reflect"
	"testing"

	"jira-oauth-watcher/conf"
)

// What Slack shows as a name is no ID: Slack would refuse the channel, and
// show the mention as it stands.
func TestSlackIDs(t *testing.T) {
	tests := []struct {
		text    string
		ok, bad []string
		key     string
		problem string
	}{
		{
			"[[slack]]\nchannel = %s\nbot_token = 'xoxb-1'\n",
			[]string{"C0123456789", "G0123456", "D0AZ9Z9Z"},
			[]string{"", "#ops", "ops", "c0123456789", "C012345", "U0123456789", "C0123456789\n", " C0123456789", "C0123456789,C0123456780"},
			"channel", `write the channel's ID such as "C0123456789", found in Slack at the bottom of the channel's details`,
		},
		{
			"[[slack]]\nmention = %s\nwebhook_url = 'https://hooks.slack.com/x'\n",
			[]string{"<!subteam^S0123>", "<@U0123>", "<@W0123456789>", "<!here>", "<!channel>"},
			[]string{"", "@ops", "here", "<!everyone>", "<!here> <!channel>", "<!here>\n", "<!subteam^S0123|ops>", "<!subteam^U0123>", "<@u0123>", "<@U>",
				"<@S0123>", "<#C0123>"},
			"mention", `expected "<!subteam^S0123456789>" for a user group, "<@U0123456789>" for a person, "<!here>" or "<!channel>"`,
		},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		for _, given := range tt.ok {
			c := load(t, dir, fmt.Sprintf(tt.text, tomlString(given)))
			if got := c.Slack[0].Channel + c.Slack[0].Mention; got != given {
				t.Errorf("%s = %q: got %q", tt.key, given, got)
			}
		}
		for _, given := range tt.bad {
			_, err := conf.Load(write(t, dir+"/config.toml", fmt.Sprintf(tt.text, tomlString(given)), 0o600))
			want := conf.Problems{{dir + "/config.toml", 2, 11, "slack." + tt.key, tt.problem}}
			if !reflect.DeepEqual(err, error(want)) {
				t.Errorf("%s = %q\n got %v\nwant %v", tt.key, given, err, want)
			}
		}
	}
}

// A token may stand in a file, in which nothing but it may stand.
func TestSlackTokenFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	write(t, dir+"/credentials/bot", "xoxb-hunter2\n", 0o600)
	write(t, dir+"/credentials/app", "xapp-hunter2\n", 0o600)
	write(t, dir+"/credentials/lines", "xapp-hunter2\n\n", 0o600)
	const text = "[[slack]]\nbot_token_file = 'bot'\napp_token_file = '%s'\nchannel = 'C0123456789'\n"
	got := load(t, dir, fmt.Sprintf(text, "app")).Slack[0]
	if got.BotToken.Reveal() != "xoxb-hunter2" || got.AppToken.Reveal() != "xapp-hunter2" {
		t.Errorf("the tokens are %q and %q", got.BotToken.Reveal(), got.AppToken.Reveal())
	}
	_, err := conf.Load(write(t, dir+"/config.toml", fmt.Sprintf(text, "lines"), 0o600))
	want := conf.Problems{{dir + "/config.toml", 3, 18, "slack.app_token_file", dir + "/credentials/lines has 2 lines, and line 2 is blank: write the secret alone, on one line"}}
	if !reflect.DeepEqual(err, error(want)) {
		t.Errorf("a file of two lines\n got %v\nwant %v", err, want)
	}
}
