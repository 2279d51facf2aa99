// Package slack delivers alerts to Slack: to an incoming webhook, or with a bot
// token as one message per incident that is updated in place.
package slack

import (
	"cmp"
	"fmt"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

// shared is what notifiers of one configuration share at Slack.
type shared struct {
	rateLimits map[string]*notify.RateLimit // by address, or by token and channel
	buttons    map[string]*Buttons          // by app-level token
}

// Targets makes the notifiers of all [[slack]] sections.
func Targets(sections []conf.Slack) ([]notify.Target, error) {
	var targets []notify.Target
	shared := shared{rateLimits: map[string]*notify.RateLimit{}, buttons: map[string]*Buttons{}}
	for _, c := range sections {
		t, err := shared.target(c)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", c.Name, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// target makes the notifier of one [[slack]].
func (s *shared) target(c conf.Slack) (notify.Target, error) {
	t := notify.Target{Notifier: c.Notifier, Kind: "slack", PlainText: true}
	if c.BotToken.IsZero() {
		client, err := notify.NewClient(c.Notifier, conf.Client{})
		if err != nil {
			return notify.Target{}, err
		}
		t.To = &Webhook{client: client, url: c.WebhookURL, mention: c.Mention, text: c.Text}
		t.RateLimit = s.rateLimit(c.WebhookURL.Reveal())
		return t, nil
	}
	bot, buttons, err := newBot(c)
	if err != nil {
		return notify.Target{}, err
	}
	t.To = bot
	t.RateLimit = s.rateLimit(c.APIURL + " " + c.BotToken.Reveal() + " " + c.Channel)
	if buttons != nil {
		app := c.APIURL + " " + c.AppToken.Reveal()
		if s.buttons[app] == nil {
			s.buttons[app], t.Buttons = buttons, buttons // of all channels: see Buttons
		}
		s.buttons[app].bots[c.Channel] = bot
	}
	return t, nil
}

func (s *shared) rateLimit(destination string) *notify.RateLimit {
	s.rateLimits[destination] = cmp.Or(s.rateLimits[destination], notify.NewRateLimit(postEvery))
	return s.rateLimits[destination]
}
