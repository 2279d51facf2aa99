package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/notify"
)

// Bot writes with a bot token: one message per incident, which is edited in
// place and always shows the current state. News is posted in its thread.
type Bot struct {
	api     *slack.Client
	channel string
	mention string
	buttons bool // they work

	own []string // team and enterprise of the app, for its presses
}

// newBot makes the bot, and the buttons when there is a token for them.
func newBot(c conf.Slack) (*Bot, *Buttons, error) {
	client, err := notify.NewClient(c.Notifier, conf.Client{})
	if err != nil {
		return nil, nil, err
	}
	transport := client.Transport.(*http.Transport)
	api := &apiTransport{next: transport, secrets: []conf.Secret{c.BotToken, c.AppToken}}
	client.Transport = api
	bot := &Bot{api: slack.New(c.BotToken.Reveal(), apiOptions(c, client)...), channel: c.Channel, mention: c.Mention,
		buttons: !c.AppToken.IsZero()}
	if !bot.buttons {
		return bot, nil, nil
	}
	return bot, newButtons(c, transport, api), nil
}

func apiOptions(c conf.Slack, client *http.Client) []slack.Option {
	return []slack.Option{slack.OptionHTTPClient(client), slack.OptionAPIURL(c.APIURL),
		slack.OptionLog(log.New(io.Discard, "", 0))}
}

// Send posts the first message of an incident; later it edits that one and then says in
// its thread what is new. The edit comes first because it can be repeated: an attempt
// that fails between the two repeats nothing. A message that cannot be edited or
// answered is dropped, and another one posted.
func (s *Bot) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	m := message.Of(d.Alert.Data)
	at, ok := s.place(d.Receipt)
	if d.Covered {
		if !ok {
			return nil, nil
		}
		if err := s.edit(ctx, at, m, d.Plain); err != nil && !lost(err) {
			return nil, err
		}
		return nil, nil
	}
	if ok && m.Subject != message.Trial {
		if r, err := s.followUp(ctx, at, d, m); !lost(err) {
			return r, err
		}
	}
	return s.first(ctx, d, m)
}

// Groups is false: each incident is a message in the channel.
func (s *Bot) Groups() bool { return false }

// first posts the first message of an incident. Its details follow in the thread, see Refresh.
func (s *Bot) first(ctx context.Context, d notify.Delivery, m message.Message) (notify.Receipt, error) {
	l := options{mention: mentionFor(d, m, s.mention), buttons: s.buttons, thread: threaded(m)}
	_, ts, _, err := s.api.PostMessageWithResponseContext(ctx, s.channel, newMessage(m, l, d.Plain)...)
	if err != nil || ts == "" || !l.thread {
		return nil, apiError(err)
	}
	return receipt{Channel: s.channel, TS: ts, Threaded: !d.Plain, DetailsDue: !d.Plain}.shows(d.Alert.Data), nil
}

// threaded reports whether the details of a message are in its thread: not where it has none.
func threaded(m message.Message) bool {
	return m.Subject != message.Trial && !m.Ends && m.ID.Incident() != ""
}

// postDetails answers a message with its facts and its excerpt, or later with its probe alone.
func (s *Bot) postDetails(ctx context.Context, at receipt, m message.Message) error {
	if !at.DetailsDue {
		m.Facts = slices.DeleteFunc(m.Facts, func(f message.Fact) bool { return f.Label != message.Probe })
		m.Excerpt = ""
	}
	blocks := fitted(func(b limit) []slack.Block {
		w := drawing{m, options{}, b}
		return append(w.details(), w.origin())
	})
	_, _, reply, err := s.api.PostMessageWithResponseContext(ctx, s.channel, slack.MsgOptionTS(at.TS),
		slack.MsgOptionText("Details: "+inline(m.Title(), maxNotification-20), false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	switch {
	case err != nil:
		return apiError(err)
	case reply.ThreadTimestamp == "": // the message was deleted in between
		return &refusal{code: "thread_not_found"}
	}
	return nil
}

// followUp edits a message and answers it. There is no receipt when the message cannot be
// used again.
func (s *Bot) followUp(ctx context.Context, at receipt, d notify.Delivery, m message.Message) (notify.Receipt, error) {
	if err := s.edit(ctx, at, m, d.Plain); err != nil {
		return nil, err
	}
	options := append(newMessage(m, options{buttons: s.buttons, reply: true}, d.Plain), slack.MsgOptionTS(at.TS))
	if m.Broadcast {
		options = append(options, slack.MsgOptionBroadcast())
	}
	_, _, reply, err := s.api.PostMessageWithResponseContext(ctx, s.channel, options...)
	// Without a thread, the message was deleted in between, and the answer
	// is in the channel: it was delivered.
	if err != nil || reply.ThreadTimestamp == "" || m.Ends {
		return nil, apiError(err)
	}
	return at.shows(d.Alert.Data), nil
}

// edit makes a message show m. It mentions no one.
func (s *Bot) edit(ctx context.Context, at receipt, m message.Message, plain bool) error {
	options := newMessage(m, options{buttons: s.buttons, thread: at.Threaded && !m.Ends}, plain)
	if plain {
		options = append(options, slack.MsgOptionBlocks()) // none: otherwise the old ones stay
	}
	_, _, _, err := s.api.UpdateMessageContext(ctx, at.Channel, at.TS, options...)
	return apiError(err)
}

// newMessage is an alert as a new message. A plain one has no blocks.
func newMessage(m message.Message, l options, plain bool) []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(l.text(m, plain), false), // already escaped
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if !plain {
		options = append(options, slack.MsgOptionBlocks(draw(m, l)...))
	}
	return options
}

// receipt locates the message of an incident and says what it shows: a Receipt.
type receipt struct {
	Channel string    `json:"channel"`
	TS      string    `json:"ts"`
	Shown   shown     `json:"shown"`
	Edited  time.Time `json:"edited"`

	Threaded   bool `json:"threaded,omitempty"`    // facts and excerpt are not in the message, but in its thread
	DetailsDue bool `json:"details_due,omitempty"` // they are not there yet

	Probe string `json:"probe,omitempty"` // the one whose steps are in the thread
}

// shown is what changes on a message between alerts.
type shown struct {
	Count        int    `json:"count"`
	Cause        string `json:"cause"`
	Acknowledged string `json:"acknowledged,omitempty"`
	Probe        string `json:"probe,omitempty"`
}

// place decodes a receipt. One of another channel is useless: the configuration has
// moved there, and so do the messages.
func (s *Bot) place(r notify.Receipt) (at receipt, ok bool) {
	err := json.Unmarshal(r, &at)
	return at, err == nil && at.Channel == s.channel && at.TS != ""
}

// shows is the receipt of a message that shows data now.
func (at receipt) shows(data alert.Data) notify.Receipt {
	at.Shown, at.Edited = showing(data), clock.Now().UTC()
	return at.encoded()
}

func (at receipt) encoded() notify.Receipt {
	r, _ := json.Marshal(at) // strings, a number and a time of now: that cannot fail
	return r
}

func showing(d alert.Data) shown {
	s := shown{Count: d.Failures.Count, Cause: d.Cause.ID, Probe: probeOf(d)}
	if a := d.Acknowledged; a != nil {
		s.Acknowledged = strings.Join([]string{a.UserID, a.At.UTC().Format(time.RFC3339),
			a.Until.UTC().Format(time.RFC3339)}, " ")
	}
	return s
}

// probeOf names the probe of an incident, "" = none.
func probeOf(d alert.Data) string {
	if d.Probe == nil {
		return ""
	}
	return d.Probe.At.UTC().Format(time.RFC3339)
}

// lost reports whether a message is gone, so that its receipt must be dropped.
func lost(err error) bool {
	refusal, ok := errors.AsType[*refusal](err)
	return ok && knownErrors[refusal.code].lost
}
