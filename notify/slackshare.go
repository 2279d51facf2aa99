package notify

import (
	"fmt"

	"jira-oauth-watcher/conf"
)

// slackShared is what notifiers of one configuration share at Slack.
type slackShared struct {
	paces   map[string]*RateLimit    // by address, or by token and channel
	buttons map[string]*SlackButtons // by app-level token
}

// SlackTargets makes the notifiers of all [[slack]] sections.
func SlackTargets(sections []conf.Slack) ([]Target, error) {
	var targets []Target
	shared := slackShared{paces: map[string]*RateLimit{}, buttons: map[string]*SlackButtons{}}
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
func (s *slackShared) target(c conf.Slack) (Target, error) {
	t := Target{Notifier: c.Notifier, Kind: "slack", Plain: "plain text"}
	if c.BotToken.IsZero() {
		client, err := NewClient(c.Notifier, conf.Client{})
		if err != nil {
			return Target{}, err
		}
		t.To = &Slack{client: client, url: c.WebhookURL, mention: c.Mention, text: c.Text}
		t.Pace = s.pace(c.WebhookURL.Reveal())
		return t, nil
	}
	bot, buttons, err := newSlackBot(c)
	if err != nil {
		return Target{}, err
	}
	t.To = bot
	t.Pace = s.pace(c.APIURL + " " + c.BotToken.Reveal() + " " + c.Channel)
	if buttons != nil {
		app := c.APIURL + " " + c.AppToken.Reveal()
		if s.buttons[app] == nil {
			s.buttons[app], t.Buttons = buttons, buttons // of all channels: see Buttons
		}
		s.buttons[app].bots[c.Channel] = bot
	}
	return t, nil
}

func (s *slackShared) pace(destination string) *RateLimit {
	if s.paces[destination] == nil {
		s.paces[destination] = NewRateLimit(slackPace)
	}
	return s.paces[destination]
}
