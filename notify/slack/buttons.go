package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/text"
)

// Bounds of what a press may hold, and of what is kept of presses.
const (
	maxIncident = 300  // bytes of an incident's name
	maxName     = 80   // characters of a person's name
	maxAnswer   = 1000 // characters of the sentence for the person
	maxWaiting  = 50   // presses
	maxSeen     = 1000 // presses that are known to be repeats
	answerTime  = 10 * time.Second
)

// snoozes are the buttons that count, by action_id. All others are links.
var snoozes = map[string]time.Duration{"acknowledge": 0, "snooze-1h": time.Hour, "snooze-24h": 24 * time.Hour}

// interaction is a press as Slack sends it. It is decoded here and not by
// slack-go, which refuses all of it when the message holds a block that is
// newer than the library.
type interaction struct {
	Type                            string
	User, Team, Enterprise, Channel party

	Container struct {
		ChannelID string `json:"channel_id"`
	}
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string
		ActionTS string `json:"action_ts"`
	}
}

// party is who or what takes part in an interaction, as far as it is used.
type party struct {
	ID, Name, Username string
	EnterpriseID       string `json:"enterprise_id"`
}

// pressed is a press to apply, if it comes from the app's own team.
type pressed struct {
	alert.Press
	bot   *Bot
	teams []string // named by the payload; none = unknown
	stamp string   // identifies repeats
}

var userID = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)

// read finds the press in a payload; nil = there is none that counts, and why,
// if that is worth a line in the log.
func (b *Buttons) read(payload []byte) (*pressed, error) {
	var in interaction
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, errors.New("it cannot be read")
	}
	if in.Type != string(slack.InteractionTypeBlockActions) || len(in.Actions) == 0 {
		return nil, nil
	}
	action := in.Actions[0] // a button comes alone
	snooze, ours := snoozes[action.ActionID]
	if !ours {
		return nil, nil
	}
	bot := b.bots[cmp.Or(in.Channel.ID, in.Container.ChannelID)]
	switch {
	case bot == nil:
		return nil, errors.New("it comes from another channel than the configured one")
	case action.Value == "" || len(action.Value) > maxIncident || text.Printable(action.Value) != action.Value:
		return nil, errors.New("it names no incident")
	case !userID.MatchString(in.User.ID) || action.ActionTS == "" || len(action.ActionTS) > 32:
		return nil, errors.New("it does not say who pressed, or when")
	}
	shown := func(name string) string { return text.Cut(strings.TrimSpace(text.Printable(name)), maxName) }
	p := &pressed{
		Press: alert.Press{Incident: alert.ID(action.Value), Snooze: snooze, UserID: in.User.ID, At: clock.Now(),
			By: cmp.Or(shown(in.User.Name), shown(in.User.Username), in.User.ID)},
		bot:   bot,
		stamp: action.ActionTS + " " + in.User.ID,
	}
	p.teams = slices.DeleteFunc([]string{in.Team.ID, in.Team.EnterpriseID, in.Enterprise.ID},
		func(id string) bool { return id == "" })
	return p, nil
}

// apply applies a press. One that was confirmed to Slack still counts when ctx is done.
func (p *pressed) apply(ctx context.Context, log *slog.Logger, press func(alert.Press) (string, error)) {
	log = log.With("incident", p.Incident)
	if err := p.fromOurs(ctx); err != nil {
		log.Warn("button press ignored", "err", err)
		return
	}
	sentence, err := press(p.Press)
	if err != nil {
		log.Error("button press failed", "err", err)
		sentence = "This could not be stored, and does not count. The log of the watcher says why."
	}
	if sentence == "" {
		return
	}
	sending, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, err = p.bot.api.call(sending, "chat.postEphemeral", url.Values{"user": {p.UserID},
		"channel": {p.bot.conf.Channel}, "text": {slackutilsx.EscapeMessage(text.Cut(sentence, maxAnswer))}})
	if err != nil && ctx.Err() == nil {
		log.Warn("no answer could be sent for a button press", "err", err)
	}
}

// fromOurs returns an error for a press that comes from a team that is not the
// app's, or when that cannot be found out.
func (p *pressed) fromOurs(ctx context.Context) error {
	if len(p.teams) == 0 {
		return nil
	}
	if p.bot.own == nil {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		auth, err := p.bot.api.call(ctx, "auth.test", nil)
		if err != nil {
			return fmt.Errorf("look up the app's team: %w", err)
		}
		p.bot.own = []string{auth.TeamID, auth.EnterpriseID}
	}
	if !slices.ContainsFunc(p.teams, func(id string) bool { return slices.Contains(p.bot.own, id) }) {
		return errors.New("it comes from another team than the app's")
	}
	return nil
}
