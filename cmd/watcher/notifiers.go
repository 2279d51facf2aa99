package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/alertmanager"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/slack"
	"jira-oauth-watcher/notify/webhook"
)

// newNotifiers makes the notifiers of a configuration; with none configured, the
// console on out.
func newNotifiers(c *conf.Config, out io.Writer, style text.Style) ([]notify.Target, error) {
	if err := notify.CheckProxies(); err != nil {
		return nil, err
	}
	targets, err := slack.Targets(c.Slack)
	if err != nil {
		return nil, err
	}
	add := func(kind string, n conf.Notifier, to notify.Notifier, err error) error {
		if err != nil {
			return fmt.Errorf("notifier %q: %w", n.Name, err)
		}
		targets = append(targets, notify.Target{Notifier: n, Kind: kind, To: to})
		return nil
	}
	for _, w := range c.Webhooks {
		to, err := webhook.New(w)
		if err := add("webhook", w.Notifier, to, err); err != nil {
			return nil, err
		}
	}
	for _, m := range c.Alertmanagers {
		to, err := alertmanager.New(m, c.Alerts.QuietAfter, cmp.Or(c.HTTP.URL(), c.Alerts.JiraURL))
		if err := add("alertmanager", m.Notifier, to, err); err != nil {
			return nil, err
		}
	}
	if len(targets) == 0 {
		rules := conf.Notifier{Name: "console", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
		targets = append(targets, notify.Target{Notifier: rules, Kind: "console", To: console.New(out, style)})
	}
	return targets, nil
}
