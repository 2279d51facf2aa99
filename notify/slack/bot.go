package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
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

const postMessage = "chat.postMessage"

// Bot writes with a bot token: one message per incident, which is edited in
// place and always shows the current state. News is posted in its thread.
type Bot struct {
	api     *api
	conf    conf.Slack
	buttons bool // they work

	own []string // team and enterprise of the app, for its presses
}

// Send posts the first message of an incident; later it edits that one and then says in
// its thread what is new. The edit comes first because it can be repeated: an attempt
// that fails between the two repeats nothing. A message that cannot be edited or
// answered is dropped, and a new one is posted.
func (s *Bot) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	m := message.Of(d.Alert.Data)
	switch at, ok := s.place(d.Receipt); {
	case d.Covered && !ok:
		return nil, nil
	case d.Covered:
		if err := s.edit(ctx, at, m, d.Plain); !lost(err) {
			return nil, err
		}
		return nil, nil
	case ok && m.Subject != message.Trial:
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
	l := options{mention: mentionFor(d, m, s.conf.Mention), buttons: s.buttons, thread: threaded(m)}
	posted, err := s.api.call(ctx, postMessage, s.newMessage(m, l, d.Plain))
	if err != nil || posted.TS == "" || !l.thread {
		return nil, err
	}
	at := receipt{Channel: s.conf.Channel, TS: posted.TS, Threaded: !d.Plain, DetailsDue: !d.Plain}
	return at.shows(d.Alert.Data), nil
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
	details := s.form("Details: "+inline(m.Title(), maxNotification-20), blocks)
	details.Set("thread_ts", at.TS)
	reply, err := s.api.call(ctx, postMessage, details)
	if err == nil && reply.Message.ThreadTS == "" { // the message was deleted in between
		return &refusal{code: "thread_not_found"}
	}
	return err
}

// followUp edits a message and answers it. There is no receipt when the message cannot be
// used again.
func (s *Bot) followUp(ctx context.Context, at receipt, d notify.Delivery, m message.Message) (notify.Receipt, error) {
	if err := s.edit(ctx, at, m, d.Plain); err != nil {
		return nil, err
	}
	answer := s.newMessage(m, options{buttons: s.buttons, reply: true}, d.Plain)
	answer.Set("thread_ts", at.TS)
	if m.Broadcast {
		answer.Set("reply_broadcast", "true")
	}
	reply, err := s.api.call(ctx, postMessage, answer)
	// Without a thread, the message was deleted in between, and the answer
	// is in the channel: it was delivered.
	if err != nil || reply.Message.ThreadTS == "" || m.Ends {
		return nil, err
	}
	return at.shows(d.Alert.Data), nil
}

// edit makes a message show m. It mentions no one.
func (s *Bot) edit(ctx context.Context, at receipt, m message.Message, plain bool) error {
	form := s.newMessage(m, options{buttons: s.buttons, thread: at.Threaded && !m.Ends}, plain)
	form.Set("ts", at.TS)
	if plain {
		form.Set("blocks", "[]") // none: otherwise the old ones stay
	}
	_, err := s.api.call(ctx, "chat.update", form)
	return err
}

// newMessage is an alert as a new message. A plain one has no blocks.
func (s *Bot) newMessage(m message.Message, l options, plain bool) url.Values {
	if plain {
		return s.form(l.text(m, plain), nil)
	}
	return s.form(l.text(m, plain), draw(m, l))
}

// form is a message of a text, which is escaped, and of blocks, if there are any.
func (s *Bot) form(text string, blocks []slack.Block) url.Values {
	form := url.Values{"channel": {s.conf.Channel}, "text": {text}, "unfurl_links": {"false"}, "unfurl_media": {"false"}}
	if len(blocks) > 0 {
		words, _ := json.Marshal(blocks) // texts, numbers and lists of them: that cannot fail
		form.Set("blocks", string(words))
	}
	return form
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
	return at, err == nil && at.Channel == s.conf.Channel && at.TS != ""
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
