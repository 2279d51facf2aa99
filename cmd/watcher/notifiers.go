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
	"jira-oauth-watcher/notify/email"
	"jira-oauth-watcher/notify/pagerduty"
	"jira-oauth-watcher/notify/ship"
	"jira-oauth-watcher/notify/slack"
	"jira-oauth-watcher/notify/teams"
	"jira-oauth-watcher/notify/webhook"
)

// newNotifiers makes the notifiers of a configuration; with none configured, the
// console on out.
func newNotifiers(c *conf.Config, out io.Writer, style text.Style) ([]notify.Target, error) {
	if err := notify.CheckProxies(); err != nil {
		return nil, err
	}
	page := cmp.Or(c.HTTP.URL(), c.Alerts.JiraURL)
	targets, err := slack.Targets(c.Slack)
	err = cmp.Or(err,
		add(&targets, "webhook", c.Webhooks, webhook.New),
		add(&targets, "alertmanager", c.Alertmanagers, alertmanager.New(c.Alerts.QuietAfter, page)),
		add(&targets, "pagerduty", c.PagerDuty, pagerduty.New(page)),
		add(&targets, "email", c.Email, email.New),
		add(&targets, "teams", c.Teams, teams.New),
	)
	if len(targets) == 0 {
		rules := conf.Notifier{Name: "console", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
		targets = []notify.Target{{Notifier: rules, Kind: "console", To: console.New(out, style)}}
	}
	for i := range targets {
		targets[i].Zone = c.Alerts.DisplayZone
	}
	return targets, err
}

// withShip adds to the notifiers what writes failures. It needs standard output for itself, if that
// is where they go.
func withShip(c *conf.Config, targets []notify.Target, out io.Writer, confirm bool) ([]notify.Target, error) {
	switch {
	case c.Ship.File == "":
		return targets, nil
	case c.Ship.File == conf.Stdout && confirm:
		return nil, usage("ship.file: failures cannot go to standard output with --confirm, which answers there: " +
			"write the path of a file")
	case c.Ship.File == conf.Stdout && targets[0].Kind == "console":
		return nil, usage("ship.file: failures and alerts cannot both go to standard output: write the path of a file, " +
			"or add a notifier")
	}
	return append(targets, notify.Target{Notifier: conf.Notifier{Name: notify.Ship, Timeout: time.Minute}, Kind: "ship",
		To: ship.New(c.Ship.File, out), Endless: true}), nil
}

func namesOf(targets []notify.Target) []string {
	return each(targets, func(t notify.Target) string { return t.Name })
}

// add makes the notifiers of the sections of one kind. It returns the first error.
func add[C interface{ Rules() conf.Notifier }, N notify.Notifier](targets *[]notify.Target, kind string, sections []C,
	build func(C) (N, error)) (first error) {
	for _, c := range sections {
		to, err := build(c)
		if err != nil {
			first = cmp.Or(first, fmt.Errorf("notifier %q: %w", c.Rules().Name, err))
		}
		*targets = append(*targets, notify.Target{Notifier: c.Rules(), Kind: kind, To: to})
	}
	return first
}
