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
	client, err := notify.NewClient(c.Notifier, conf.Client{})
	if err != nil || c.BotToken.IsZero() {
		t.To = &Webhook{client, c}
		return t, err
	}
	with := func(token conf.Secret) *api {
		return &api{client, c.APIURL, token, []conf.Secret{c.BotToken, c.AppToken}}
	}
	bot := &Bot{api: with(c.BotToken), conf: c, buttons: !c.AppToken.IsZero()}
	t.To = bot
	if bot.buttons {
		app := c.APIURL + " " + c.AppToken.Reveal()
		if apps[app] == nil { // one for all channels: see Buttons
			apps[app] = newButtons(with(c.AppToken))
			t.Buttons = apps[app]
		}
		apps[app].bots[c.Channel] = bot
	}
	return t, nil
}
