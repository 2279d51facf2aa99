package conf

import (
	"regexp"
	"strings"
)

const (
	defaultSlackAPI = "https://slack.com/api/"

	botTokenHelp = `must begin with xoxb-, copy the "Bot User OAuth Token" from the app's page "OAuth & Permissions"`
	appTokenHelp = `must begin with xapp-, copy it from the app's page "Basic Information", "App-Level Tokens"`
	channelHelp  = `write the channel's ID such as "C0123456789", found in Slack at the bottom of the channel's details`
	mentionHelp  = `want "<!subteam^S0123456789>" for a user group, "<@U0123456789>" for a person, "<!here>" or "<!channel>"`
)

var (
	botToken     = regexp.MustCompile(`^(xoxe\.)?xoxb-`) // xoxe: of an app whose tokens rotate
	appToken     = regexp.MustCompile(`^xapp-`)
	wholeToken   = regexp.MustCompile(`^[!-~]+$`)
	slackChannel = regexp.MustCompile(`^[CGD][A-Z0-9]{7,}$`)
	slackMention = regexp.MustCompile(`^<(!subteam\^S[A-Z0-9]+|@[UW][A-Z0-9]+|!here|!channel)>$`)
)

func (b *builder) slack(at string, f *fileSlack) Slack {
	s := Slack{Notifier: b.notifier(at, "slack", &f.fileNotifier), Text: f.Format == formatText}
	v, from := b.secret(at, "webhook_url", f.WebhookURL, f.WebhookURLFile)
	if !v.IsZero() {
		b.private(from, b.url(from, v))
	}
	s.WebhookURL = v
	s.BotToken = b.token(at, "bot_token", f.BotToken, f.BotTokenFile, botToken, botTokenHelp)
	s.AppToken = b.token(at, "app_token", f.AppToken, f.AppTokenFile, appToken, appTokenHelp)
	b.slackChannel(&s, at, f)
	if f.WebhookURL != nil {
		b.holdsSecret(at + ".webhook_url")
	}

	hook, bot := b.given(at, "webhook_url"), b.given(at, "bot_token")
	switch {
	case hook == "" && bot == "":
		b.problem(at, "webhook_url or bot_token is missing; each may be in a file, named by webhook_url_file or bot_token_file")
	case hook != "" && bot != "":
		b.problem(bot, "%s is given too, at line %d, leave one of them out", strings.TrimPrefix(hook, at+"."), b.source.place(hook).value.line)
	case bot != "":
		b.withToken(&s, at)
		b.sendsTo(at, s.APIURL+" "+s.Channel)
	default:
		b.withoutToken(at)
		b.sendsTo(at, s.WebhookURL.Reveal())
	}
	return s
}

// slackChannel checks where in Slack a message goes, and whom it calls.
func (b *builder) slackChannel(s *Slack, at string, f *fileSlack) {
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

// withToken checks what goes with a bot token.
func (b *builder) withToken(s *Slack, at string) {
	if !b.source.Has(at + ".channel") {
		b.problem(at, "channel is missing, %s", channelHelp)
	}
	if !b.source.Has(at + ".api_url") {
		s.APIURL = defaultSlackAPI
	}
	if s.Text {
		b.problem(at+".format", `"text" is for receivers that resemble Slack and have a webhook_url, leave it out with bot_token`)
	}
}

// withoutToken refuses what only a bot can use.
func (b *builder) withoutToken(at string) {
	for _, key := range []string{"channel", "api_url", "app_token", "app_token_file"} {
		if path := at + "." + key; b.source.Has(path) {
			b.keyProblem(path, "needs bot_token, leave it out with webhook_url")
		}
	}
}

// token is a secret of Slack, of which the first letters tell the kind.
func (b *builder) token(at, key string, inline *Secret, name *string, kind *regexp.Regexp, help string) Secret {
	v, from := b.secret(at, key, inline, name)
	switch token := v.Reveal(); {
	case v.IsZero():
	case !kind.MatchString(token):
		b.problem(from, "%s", help)
	case !wholeToken.MatchString(token):
		b.problem(from, "holds a space, a line end or a character that no token has")
	}
	if inline != nil {
		b.holdsSecret(at + "." + key)
	}
	return v
}
