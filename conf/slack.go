package conf

import (
	"cmp"
	"regexp"
	"strings"
)

// Slack is an incoming webhook of Slack, or a bot token with a channel.
type Slack struct {
	WebhookURL Secret        `toml:"webhook_url,file"` // unset with a bot token
	BotToken   Secret        `toml:"bot_token,file"`   // xoxb-…
	Channel    string        `toml:"channel"`          // ID of the channel for the bot token
	Mention    string        `toml:"mention"`          // of someone in an incident's first message, such as <@U0123>
	APIURL     string        `toml:"api_url"`          // of the Web API, with a slash at the end
	AppToken   Secret        `toml:"app_token,file"`   // xapp-…, for buttons over Socket Mode; unset = no buttons
	Format     messageFormat `toml:"format"`           // only while the file is read: Text has it
	Text       bool          // text instead of blocks, for receivers that only resemble Slack
	Notifier
}

const (
	defaultSlackAPI = "https://slack.com/api/"

	channelHelp = `write the channel's ID such as "C0123456789", found in Slack at the bottom of the channel's details`
	mentionHelp = `expected "<!subteam^S0123456789>" for a user group, "<@U0123456789>" for a person, "<!here>" or ` +
		`"<!channel>"`
)

// tokenKind is a kind of tokens.
type tokenKind struct {
	key   string
	begin *regexp.Regexp
	help  string
}

var (
	botToken = tokenKind{"bot_token", regexp.MustCompile(`^(xoxe\.)?xoxb-`), // xoxe: of an app whose tokens rotate
		`must begin with xoxb-, copy the "Bot User OAuth Token" from the app's page "OAuth & Permissions"`}
	appToken = tokenKind{"app_token", regexp.MustCompile(`^xapp-`),
		`must begin with xapp-, copy it from the app's page "Basic Information", "App-Level Tokens"`}

	wholeToken   = regexp.MustCompile(`^[!-~]+$`)
	slackChannel = regexp.MustCompile(`^[CGD][A-Z0-9]{7,}$`)
	slackMention = regexp.MustCompile(`^<(!subteam\^S[A-Z0-9]+|@[UW][A-Z0-9]+|!here|!channel)>$`)
)

func (b *builder) slack(at string, s *Slack) {
	s.Text, s.Format = s.Format == formatText, ""
	b.notifier(at, &s.Notifier)
	b.secretURL(at, "webhook_url", &s.WebhookURL)
	b.token(at, botToken, &s.BotToken)
	b.token(at, appToken, &s.AppToken)
	if channel := at + ".channel"; b.good(channel) && !slackChannel.MatchString(s.Channel) {
		b.problem(channel, channelHelp)
	}
	if mention := at + ".mention"; b.good(mention) && !slackMention.MatchString(s.Mention) {
		b.problem(mention, mentionHelp)
	}
	if b.api(at, &s.APIURL); s.APIURL != "" {
		s.APIURL += "/"
	}

	hook, bot := b.given(at, "webhook_url"), b.given(at, "bot_token")
	switch {
	case hook == "" && bot == "":
		b.problem(at, "webhook_url or bot_token is missing; each may be in a file, named by webhook_url_file or "+
			"bot_token_file")
	case hook != "" && bot != "":
		b.problem(bot, "%s is also set, at line %d, remove one of them", strings.TrimPrefix(hook, at+"."),
			b.source.location(hook).value.line)
	case bot != "":
		if !b.source.Has(at + ".channel") {
			b.problem(at, "channel is missing, %s", channelHelp)
		}
		if s.Text {
			b.problem(at+".format", `"text" is for receivers that resemble Slack and have a webhook_url, leave it out `+
				`with bot_token`)
		}
		s.APIURL = cmp.Or(s.APIURL, defaultSlackAPI)
		b.sendsTo(at, s.APIURL+" "+s.Channel)
	default:
		for _, key := range []string{"channel", "api_url", "app_token", "app_token_file"} {
			if path := at + "." + key; b.source.Has(path) {
				b.keyProblem(path, "requires bot_token, remove it if you use webhook_url")
			}
		}
		b.sendsTo(at, s.WebhookURL.Reveal())
	}
}

// token is a secret that begins as those of its kind do.
func (b *builder) token(at string, kind tokenKind, s *Secret) {
	from := b.secret(at, kind.key, s)
	switch token := s.Reveal(); {
	case s.IsZero():
	case !kind.begin.MatchString(token):
		b.problem(from, "%s", kind.help)
	case !wholeToken.MatchString(token):
		b.problem(from, "contains a space, a line break or another character that tokens never contain")
	}
}
