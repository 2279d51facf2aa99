// Package slack delivers alerts to Slack: to an incoming webhook, or with a bot
// token as one message per incident that is updated in place.
package slack

import (
	"cmp"
	"fmt"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

// Targets makes the notifiers of all [[slack]] sections.
func Targets(sections []conf.Slack) ([]notify.Target, error) {
	var targets []notify.Target
	apps := map[string]*Buttons{}            // by app-level token
	limits := map[string]*notify.RateLimit{} // by address, or by token and channel
	for _, c := range sections {
		t, err := target(c, apps)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", c.Name, err)
		}
		destination := c.APIURL + " " + c.BotToken.Reveal() + " " + c.Channel + c.WebhookURL.Reveal()
		limits[destination] = cmp.Or(limits[destination], notify.NewRateLimit(postEvery))
		t.RateLimit = limits[destination]
		targets = append(targets, t)
	}
	return targets, nil
}

// target makes the notifier of one [[slack]]. apps are the buttons made so far.
func target(c conf.Slack, apps map[string]*Buttons) (notify.Target, error) {
	t := notify.Target{Notifier: c.Notifier, Kind: "slack", PlainText: true}
	if c.BotToken.IsZero() {
		client, err := notify.NewClient(c.Notifier, conf.Client{})
		t.To = &Webhook{client: client, url: c.WebhookURL, mention: c.Mention, text: c.Text}
		return t, err
	}
	bot, buttons, err := newBot(c)
	if err != nil {
		return t, err
	}
	t.To = bot
	if buttons != nil {
		app := c.APIURL + " " + c.AppToken.Reveal()
		if apps[app] == nil {
			apps[app], t.Buttons = buttons, buttons // of all channels: see Buttons
		}
		apps[app].bots[c.Channel] = bot
	}
	return t, nil
}
