package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/slacktest"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

const mentioned = "<!subteam^S0123>"

func mentioning(c *conf.Slack)  { c.Mention = mentioned }
func withButtons(c *conf.Slack) { c.AppToken = conf.NewSecret(appToken) }

// sent is a Send that has to go well.
func sent(t *testing.T, to notify.Notifier, kind alert.Kind, r notify.Receipt) notify.Receipt {
	t.Helper()
	r, err := to.Send(notifytest.Patience(t), notify.Delivery{Alert: alerttest.Alert(kind), Receipt: r})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return r
}

func drawnAs(t *testing.T, c slackCall, kind alert.Kind, mention string, buttons, reply bool) {
	t.Helper()
	text, blocks := slack.Drawn(alerttest.Alert(kind).Data, mention, buttons, reply)
	if c.Get("text") != text || c.Get("blocks") != blocks {
		t.Errorf("%s of %s\n got %s\n     %s\nwant %s\n     %s", c.method, kind, c.Get("text"), c.Get("blocks"), text, blocks)
	}
}

func methods(t *testing.T, f *fake, want ...string) {
	t.Helper()
	if got := f.methods(); !slices.Equal(got, want) {
		t.Errorf("Slack was told %q, want %q", got, want)
	}
}

const post, edit = "chat.postMessage", "chat.update"

// An incident is one message: edited first, then answered in its thread. Only
// the first message calls somebody; what must not be missed is shown in the
// channel too; after the end nothing is kept.
func TestSlackBotStory(t *testing.T) {
	for _, buttons := range []bool{false, true} {
		f := newFake(t)
		bot := f.bot(mentioning, func(c *conf.Slack) {
			if buttons {
				withButtons(c)
			}
		}).To
		r := sent(t, bot, alert.Opened, nil)
		first := f.told()
		if len(first) != 1 || first[0].method != post || first[0].Has("thread_ts") || first[0].Get("unfurl_links") != "false" ||
			first[0].Get("unfurl_media") != "false" {
			t.Fatalf("first %v", first)
		}
		drawnAs(t, first[0], alert.Opened, mentioned, buttons, false)
		const ts = "1700000000.000001"
		for _, tt := range []struct {
			kind      alert.Kind
			broadcast string
			ends      bool
		}{
			{alert.Changed, "true", false}, {alert.Reminder, "", false}, {alert.Storm, "true", false}, {alert.Blind, "", false}, {alert.Opened, "", false},
			{alert.Quiet, "", true}, {alert.Sighted, "true", true},
		} {
			next := sent(t, bot, tt.kind, r)
			got := f.told()
			if len(got) != 2 || got[0].method != edit || got[1].method != post {
				t.Fatalf("%s: %v", tt.kind, got)
			}
			if got[0].Get("ts") != ts || got[0].Get("channel") != channel || got[1].Get("thread_ts") != ts || got[1].Get("reply_broadcast") != tt.broadcast {
				t.Errorf("%s: edited %s, answered %s, broadcast %q", tt.kind, got[0].Get("ts"), got[1].Get("thread_ts"), got[1].Get("reply_broadcast"))
			}
			drawnAs(t, got[0], tt.kind, "", buttons, false)
			drawnAs(t, got[1], tt.kind, "", buttons, true)
			if (next == nil) != tt.ends {
				t.Errorf("%s: receipt %s", tt.kind, next)
			}
		}
	}
}

// A receipt is where the message is and what it shows, and no more.
func TestSlackReceipt(t *testing.T) {
	f := newFake(t)
	a := alerttest.Alert(alert.Opened)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	a.Data.Acknowledged = &alert.Acknowledged{By: "Ann", UserID: "U1", At: at, Until: at.Add(time.Hour)}
	r, err := f.bot().To.Send(notifytest.Patience(t), notify.Delivery{Alert: a})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	json.Unmarshal(r, &got)
	edited, _ := time.Parse(time.RFC3339, got["edited"].(string))
	if delete(got, "edited"); time.Since(edited) > time.Minute {
		t.Errorf("edited %s", edited)
	}
	text, _ := json.Marshal(got)
	const want = `{"channel":"C0123456789","details_due":true,"shown":{"acknowledged":"U1 2026-01-02T02:04:05Z 2026-01-02T03:04:05Z","cause":"entra-single-tenant-common-endpoint","count":3},"threaded":true,"ts":"1700000000.000001"}`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

// Each kind can be the first that Slack hears of an incident, when the receipt
// is lost, unreadable or of another channel: that is a message of its own, and
// there is no mention for what began before.
func TestSlackBotWithoutReceipt(t *testing.T) {
	f := newFake(t)
	bot := f.bot(mentioning).To
	for _, r := range []string{``, `null`, `{`, `[]`, `{"channel":"C0123456789"}`, `{"channel":"COTHER","ts":"1700000000.000001"}`} {
		for kind, mention := range map[alert.Kind]string{
			alert.Opened: mentioned, alert.Storm: mentioned, alert.Blind: mentioned,
			alert.Changed: "", alert.Reminder: "", alert.Quiet: "", alert.Sighted: "", alert.Test: "",
		} {
			got := sent(t, bot, kind, notify.Receipt(r))
			told := f.told()
			if len(told) != 1 || told[0].method != post || told[0].Has("thread_ts") {
				t.Fatalf("%s with %s: %v", kind, r, told)
			}
			drawnAs(t, told[0], kind, mention, false, false)
			if none := kind == alert.Quiet || kind == alert.Sighted || kind == alert.Test; (got == nil) != none {
				t.Errorf("%s with %s: receipt %s", kind, r, got)
			}
		}
	}
}

// A test alert is a message of its own, whatever there is.
func TestSlackBotTest(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	r := sent(t, bot, alert.Opened, nil)
	if r := sent(t, bot, alert.Test, r); r != nil {
		t.Errorf("receipt %s", r)
	}
	methods(t, f, post, post)
}

// A message that cannot be edited or answered any more is replaced by a new
// one, once: the next alert goes on with that.
func TestSlackBotLostMessage(t *testing.T) {
	for _, tt := range []struct {
		method string
		words  []string
		told   []string
	}{
		{edit, []string{"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}, []string{edit, post}},
		{post, []string{"cannot_reply_to_message", "thread_not_found", "restricted_action_thread_locked"}, []string{edit, post, post}},
	} {
		for _, w := range tt.words {
			f := newFake(t)
			bot := f.bot(mentioning).To
			r := sent(t, bot, alert.Opened, nil)
			f.told()
			f.says(tt.method, word(w))
			r = sent(t, bot, alert.Reminder, r)
			told := f.told()
			if len(told) != len(tt.told) || told[len(told)-1].Has("thread_ts") {
				t.Fatalf("%s: told %v", w, told)
			}
			drawnAs(t, told[len(told)-1], alert.Reminder, "", false, false)
			sent(t, bot, alert.Changed, r)
			if again := f.told(); len(again) != 2 || again[0].Get("ts") != "1700000000.000002" {
				t.Errorf("%s: then %v", w, again)
			}
		}
	}
}

// When the new message is refused as well, that is an error and no loop.
func TestSlackBotNoLoop(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	r := sent(t, bot, alert.Opened, nil)
	f.told()
	f.delete("1700000000.000001")
	f.says(post, word("message_not_found"), word("message_not_found"))
	if got, err := notifytest.Outcome(t, sendWith(t, bot, alert.Reminder, r)); got != notify.BadSettings {
		t.Errorf("outcome %d, %v", got, err)
	}
	methods(t, f, edit, post)
}

func sendWith(t *testing.T, to notify.Notifier, kind alert.Kind, r notify.Receipt) error {
	_, err := to.Send(notifytest.Patience(t), notify.Delivery{Alert: alerttest.Alert(kind), Receipt: r})
	return err
}

// A message deleted between edit and answer: the answer stands in the channel
// and is not said again, and the message is forgotten.
func TestSlackBotDeletedInBetween(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	r := sent(t, bot, alert.Opened, nil)
	f.delete("1700000000.000001")
	f.says(edit, slackSays{200, `{"ok":true,"channel":"C0123456789","ts":"1700000000.000001"}`, nil})
	if r = sent(t, bot, alert.Changed, r); r != nil {
		t.Errorf("receipt %s", r)
	}
	methods(t, f, post, edit, post)
}

// An attempt that fails after the edit begins with the edit again.
func TestSlackBotOrder(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	r := sent(t, bot, alert.Opened, nil)
	f.says(post, word("internal_error"))
	f.says(edit, word("internal_error"))
	for range 2 {
		if got, err := notifytest.Outcome(t, sendWith(t, bot, alert.Changed, r)); got != notify.Retry {
			t.Errorf("outcome %d, %v", got, err)
		}
	}
	sent(t, bot, alert.Changed, r)
	methods(t, f, post, edit, edit, post, edit, post)
}

// A plain one has text and no blocks; an edit takes the old ones away.
func TestSlackBotPlain(t *testing.T) {
	f := newFake(t)
	bot := f.bot().To
	var r notify.Receipt
	for _, kind := range []alert.Kind{alert.Opened, alert.Changed} {
		var err error
		if r, err = bot.Send(notifytest.Patience(t), notify.Delivery{Alert: alerttest.Alert(kind), Receipt: r, Plain: true}); err != nil {
			t.Fatal(err)
		}
	}
	got := f.told()
	if len(got) != 3 || got[0].Has("blocks") || got[1].Get("blocks") != "[]" || got[2].Has("blocks") || got[1].Get("text") == "" {
		t.Errorf("got %v", got)
	}
}

// Whatever an alert says, Slack takes it, also from slack-go's own server.
func TestSlackBotMonsters(t *testing.T) {
	testkit.Pure(t)
	f := newFake(t)
	bot := f.bot(withButtons).To
	s := slacktest.NewTestServer()
	s.Start()
	defer s.Stop()
	other := f.bot(func(c *conf.Slack) { c.APIURL = s.GetAPIURL() }).To
	for name, text := range alerttest.Monsters {
		for _, kind := range []alert.Kind{alert.Opened, alert.Quiet} {
			a := alerttest.Monstrous(kind, text, min(300, 1+300_000/(len(text)+1)))
			var r notify.Receipt
			for range 2 {
				var err error
				if r, err = bot.Send(notifytest.Patience(t), notify.Delivery{Alert: a, Receipt: r}); err != nil {
					t.Errorf("%s %s: %v", name, kind, err)
				}
			}
			if _, err := other.Send(notifytest.Patience(t), notify.Delivery{Alert: a}); err != nil {
				t.Errorf("%s %s: slacktest: %v", name, kind, err)
			}
		}
	}
}

// The end of the program cuts a Send off, and that can be seen.
func TestSlackBotCanceled(t *testing.T) {
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.bot().To.Send(ctx, notify.Delivery{Alert: alerttest.Alert(alert.Opened)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What an odd server says about a message's place is not kept: neither much of
// it nor what is no place.
func TestSlackReceiptBounds(t *testing.T) {
	for ts, kept := range map[string]bool{
		"1700000000.000001": true, strings.Repeat("1", 64): true, strings.Repeat("1", 65): false, strings.Repeat("1", 900_000): false,
		"1700000000.00000x": false, "1700000000.000001\\n": false, "../1": false, "": false,
	} {
		f := newFake(t)
		f.says(post, slackSays{200, `{"ok":true,"ts":"` + ts + `","channel":"` + strings.Repeat("C", 900_000-len(ts)) + `"}`, nil})
		r := sent(t, f.bot().To, alert.Opened, nil)
		if (r != nil) != kept || len(r) > 500 {
			t.Errorf("%.80s: receipt of %d bytes %.100s", ts, len(r), r)
		}
	}
}
