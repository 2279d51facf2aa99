package notify

import "jira-oauth-watcher/conf"

// slackShared is what notifiers of one configuration share at Slack.
type slackShared struct {
	paces   map[string]*Pace    // by address, or by token and channel
	buttons map[string]*Buttons // by app-level token
}

// target makes the notifier of one [[slack]].
func (s *slackShared) target(c conf.Slack) (Target, error) {
	t := Target{Notifier: c.Notifier, Kind: "slack"}
	if c.BotToken.IsZero() {
		client, err := newClient(c.Notifier)
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

func (s *slackShared) pace(destination string) *Pace {
	if s.paces[destination] == nil {
		s.paces[destination] = &Pace{every: slackPace}
	}
	return s.paces[destination]
}
