package conf

import (
	"regexp"
	"strings"
)

// Slack is an incoming webhook of Slack, or a bot token with a channel.
type Slack struct {
	Notifier
	WebhookURL Secret // unset with a bot token
	BotToken   Secret // xoxb-…
	Channel    string // ID of the channel for the bot token
	AppToken   Secret // xapp-…, for buttons over Socket Mode; unset = no buttons
	APIURL     string // of the Web API, with a slash at the end
	Mention    string // such as <!subteam^S0123> or <@U0123>, for the first message of an incident; "" = no one
	Text       bool   // text instead of blocks, for receivers that only resemble Slack
}

type rawSlack struct {
	WebhookURL     *Secret       `toml:"webhook_url"`
	WebhookURLFile *string       `toml:"webhook_url_file"`
	BotToken       *Secret       `toml:"bot_token"`
	BotTokenFile   *string       `toml:"bot_token_file"`
	Channel        *string       `toml:"channel"`
	Mention        *string       `toml:"mention"`
	APIURL         *string       `toml:"api_url"`
	AppToken       *Secret       `toml:"app_token"`
	AppTokenFile   *string       `toml:"app_token_file"`
	Format         messageFormat `toml:"format"`
	rawNotifier
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

func (b *builder) slack(at string, f *rawSlack) Slack {
	s := Slack{Notifier: b.notifier(at, "slack", &f.rawNotifier), Text: f.Format == formatText}
	s.WebhookURL = b.secretURL(at, "webhook_url", f.WebhookURL, f.WebhookURLFile)
	s.BotToken = b.token(at, botToken, f.BotToken, f.BotTokenFile)
	s.AppToken = b.token(at, appToken, f.AppToken, f.AppTokenFile)
	b.slackChannel(&s, at, f)

	hook, bot := b.given(at, "webhook_url"), b.given(at, "bot_token")
	switch {
	case hook == "" && bot == "":
		b.problem(at, "webhook_url or bot_token is missing; each may be in a file, named by webhook_url_file or "+
			"bot_token_file")
	case hook != "" && bot != "":
		b.problem(bot, "%s is also set, at line %d, remove one of them", strings.TrimPrefix(hook, at+"."),
			b.source.location(hook).value.line)
	case bot != "":
		b.withToken(&s, at)
		b.sendsTo(at, s.APIURL+" "+s.Channel)
	default:
		b.withoutToken(at)
		b.sendsTo(at, s.WebhookURL.Reveal())
	}
	return s
}

// slackChannel checks the channel of a message, and who is mentioned.
func (b *builder) slackChannel(s *Slack, at string, f *rawSlack) {
	if f.Channel != nil {
		s.Channel = *f.Channel
		if !slackChannel.MatchString(s.Channel) {
			b.problem(at+".channel", channelHelp)
		}
	}
	if f.Mention != nil {
		s.Mention = *f.Mention
		if !slackMention.MatchString(s.Mention) {
			b.problem(at+".mention", mentionHelp)
		}
	}
	if f.APIURL != nil {
		path := at + ".api_url"
		if base := b.base(path, *f.APIURL); base != "" {
			s.APIURL = base + "/"
			b.private(path, b.url(path, NewSecret(base)))
		}
	}
}

// withToken checks the settings that a bot token needs.
func (b *builder) withToken(s *Slack, at string) {
	if !b.source.Has(at + ".channel") {
		b.problem(at, "channel is missing, %s", channelHelp)
	}
	if !b.source.Has(at + ".api_url") {
		s.APIURL = defaultSlackAPI
	}
	if s.Text {
		b.problem(at+".format", `"text" is for receivers that resemble Slack and have a webhook_url, leave it out `+
			`with bot_token`)
	}
}

// withoutToken refuses settings that only a bot can use.
func (b *builder) withoutToken(at string) {
	for _, key := range []string{"channel", "api_url", "app_token", "app_token_file"} {
		if path := at + "." + key; b.source.Has(path) {
			b.keyProblem(path, "requires bot_token, remove it if you use webhook_url")
		}
	}
}

// token is a secret that begins as those of its kind do.
func (b *builder) token(at string, kind tokenKind, inline *Secret, file *string) Secret {
	v, from := b.secret(at, kind.key, inline, file)
	switch token := v.Reveal(); {
	case v.IsZero():
	case !kind.begin.MatchString(token):
		b.problem(from, "%s", kind.help)
	case !wholeToken.MatchString(token):
		b.problem(from, "contains a space, a line break or another character that tokens never contain")
	}
	return v
}
