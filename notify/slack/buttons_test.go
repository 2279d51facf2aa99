package slack_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/slacktest"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/slack"
)

// slacktest prints each closed connection with package log.
func init() { log.SetOutput(io.Discard) }

// A press is acknowledged to Slack, counts with who did it, and whoever pressed
// reads what became of it.
func TestButtons(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	for i, tt := range []struct {
		id     string
		snooze time.Duration
	}{{"acknowledge", 0}, {"snooze-1h", time.Hour}, {"snooze-24h", 24 * time.Hour}} {
		f.told()
		tell(t, conn, envelope(tt.id, "actions", action(tt.id, "incident <1>", fmt.Sprint("1.", i))))
		if id := got(t, f.acks); id != tt.id {
			t.Errorf("acknowledged %q, want %q", id, tt.id)
		}
		p := got(t, l.presses)
		if d := time.Since(p.At); d < 0 || d > time.Minute {
			t.Errorf("at %s", p.At)
		}
		if p.At = (time.Time{}); !reflect.DeepEqual(p, alert.Press{Incident: "incident <1>", Snooze: tt.snooze, By: "Ann", UserID: "U1"}) {
			t.Errorf("%s: got %+v", tt.id, p)
		}
		var said []slackCall
		testkit.Eventually(t, "an answer to the person", func() bool {
			said = append(said, f.told()...)
			return len(said) > 0 && said[len(said)-1].method == "chat.postEphemeral"
		})
		if last := said[len(said)-1]; last.Get("channel") != channel || last.Get("user") != "U1" || last.Get("text") != "Noted &lt;Ann&gt;." {
			t.Errorf("said %v", last)
		}
	}
	if text := l.logged(); text != "" {
		t.Errorf("logged %s", text)
	}
}

// What does not count is acknowledged as well, or Slack would tell it again and
// show a warning: links, strangers, repeats, nonsense, and other events.
func TestButtonsThatDoNotCount(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	for i, text := range []string{
		envelope("", "actions", action("link-1", "x", "1.1")),
		envelope("", "actions", action("delete", "x", "1.1")),
		envelope("", "actions", `[]`),
		envelope("", "actions", `{}`),
		envelope("", "type", `"view_submission"`),
		envelope("", "channel", `{"id":"CELSEWHERE"}`),
		envelope("", "channel", `null`, "container", `{"channel_id":"CELSEWHERE"}`),
		envelope("", "channel", `null`, "container", `null`),
		envelope("", "team", `{"id":"T2"}`),
		envelope("", "enterprise", `{"id":"E2"}`, "team", `null`),
		envelope("", "user", `{"id":"<!channel>"}`),
		envelope("", "user", `{}`),
		envelope("", "user", `5`),
		envelope("", "actions", action("acknowledge", "", "1.1")),
		envelope("", "actions", action("acknowledge", strings.Repeat("x", 301), "1.1")),
		envelope("", "actions", action("acknowledge", "a\nb", "1.1")),
		envelope("", "actions", action("acknowledge", "a\u202eb", "1.1")),
		envelope("", "actions", action("acknowledge", "x", "")),
		envelope("", "actions", action("acknowledge", "x", strings.Repeat("1", 33))),
		`{"envelope_id":"","type":"interactive","payload":"x"}`,
		`{"envelope_id":"","type":"events_api","payload":{"type":"event_callback","event":{"type":"message"}}}`,
		`{"envelope_id":"","type":"slash_commands","payload":{"command":"/x"}}`,
		`{"envelope_id":"","type":"of tomorrow","payload":{}}`,
	} {
		id := fmt.Sprint("e", i)
		tell(t, conn, strings.Replace(text, `"envelope_id":""`, `"envelope_id":"`+id+`"`, 1))
		if ack := got(t, f.acks); ack != id {
			t.Errorf("acknowledged %q, want %q", ack, id)
		}
	}
	for _, text := range []string{`[]`, `{"type":5}`, `{"type":"interactive"}`} { // no envelope: nothing to acknowledge
		tell(t, conn, text)
	}
	tell(t, conn, envelope("last", "actions", action("acknowledge", "the last", "9.9")))
	if p := got(t, l.presses); p.Incident != "the last" {
		t.Errorf("this counted: %+v", p)
	}
	l.stop()
	if len(l.presses) != 0 {
		t.Errorf("%d more count", len(l.presses))
	}
}

// A press that Slack tells twice counts once, also over two connections; one of
// another person or time is another.
func TestButtonsTwice(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	tell(t, conn, envelope("a"))
	tell(t, conn, envelope("b"))
	conn.Close()
	conn = got(t, f.conns)
	tell(t, conn, envelope("c"))
	tell(t, conn, envelope("d", "user", `{"id":"U2"}`))
	tell(t, conn, envelope("e", "actions", action("acknowledge", "incident-2", "1.2")))
	one, two, three := got(t, l.presses), got(t, l.presses), got(t, l.presses)
	if one.UserID != "U1" || two.UserID != "U2" || two.By != "U2" || three.Incident != "incident-2" {
		t.Errorf("got %+v, %+v, %+v", one, two, three)
	}
	for i := range 1500 { // more than are remembered
		tell(t, conn, envelope("f", "actions", action("acknowledge", "incident-3", fmt.Sprint("2.", i))))
		got(t, l.presses)
	}
}

// A payload that slack-go cannot read whole, one without a team, and one of an
// enterprise count as well.
func TestButtonsOfTomorrow(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	f.says("auth.test", slackSays{200, `{"ok":true,"team_id":"T1","enterprise_id":"E1"}`, nil})
	for i, fields := range [][]string{
		{"message", `{"blocks":[{"type":"section","text":5}]}`},
		{"team", `null`},
		{"team", `{"id":"T9","enterprise_id":"E1"}`},
		{"team", `null`, "enterprise", `{"id":"E1"}`},
		{"channel", `null`},
		{"user", `{"id":"U1","username":"  "}`},
		{"user", `{"id":"U1","name":"` + strings.Repeat("x", 500) + `"}`},
	} {
		tell(t, conn, envelope("a", append(fields, "actions", action("acknowledge", fmt.Sprint(i), fmt.Sprint("1.", i)))...))
		if p := got(t, l.presses); string(p.Incident) != fmt.Sprint(i) || p.By == "" || len([]rune(p.By)) > 80 {
			t.Errorf("got %+v", p)
		}
	}
	testkit.Eventually(t, "all is answered", func() bool { return len(f.acks) == 7 })
}

// A press that could not be stored says so to whoever pressed; one whose team
// cannot be found out does not count; an answer that does not arrive is logged;
// and all goes on.
func TestButtonsFail(t *testing.T) {
	f := newFake(t)
	f.says("auth.test", word("internal_error"))
	f.says("chat.postEphemeral", word("user_not_in_channel"))
	l := listen(t, f, f.bot(withButtons).Buttons)
	l.answer = func(p alert.Press) (string, error) {
		if p.Incident == "broken" {
			return "Noted.", errors.New("disk full")
		}
		return map[string]string{"silent": "", "loud": "Noted."}[string(p.Incident)], nil
	}
	conn := got(t, f.conns)
	for i, incident := range []string{"no team", "loud", "silent", "broken"} {
		tell(t, conn, envelope("a", "actions", action("acknowledge", incident, fmt.Sprint("1.", i))))
	}
	for _, want := range []string{"loud", "silent", "broken"} {
		if p := got(t, l.presses); string(p.Incident) != want {
			t.Errorf("got %+v, want %s", p, want)
		}
	}
	l.stop()
	var said []string
	for _, c := range f.told() {
		if c.method == "chat.postEphemeral" {
			said = append(said, c.Get("text"))
		}
	}
	if len(said) == 0 || said[0] != "Noted." || len(said) > 1 && !strings.HasPrefix(said[1], "This could not be stored") {
		t.Errorf("said %q", said)
	}
	for _, want := range []string{`level=WARN msg="button press ignored" incident="no team" err="look up the app's team`,
		`incident=loud err="Slack refuses chat.postEphemeral: user_not_in_channel"`, `level=ERROR`, `err="disk full"`} {
		if !strings.Contains(l.logged(), want) {
			t.Errorf("not logged: %s\n%s", want, l.logged())
		}
	}
}

// Two channels of one app have one connection, because Slack tells a press to
// one only; each press is answered in its channel.
func TestButtonsOfOneApp(t *testing.T) {
	f := newFake(t)
	f.Start()
	one, two, other, none := f.config(), f.config(), f.config(), f.config()
	withButtons(&one)
	withButtons(&two)
	two.Channel = "C2222222222"
	other.AppToken = conf.NewSecret("xapp-other")
	targets, err := slack.Targets([]conf.Slack{one, two, other, none})
	if err != nil {
		t.Fatal(err)
	}
	if targets[0].Buttons == nil || targets[1].Buttons != nil || targets[2].Buttons == nil || targets[3].Buttons != nil {
		t.Fatal("not one connection an app")
	}
	l := listen(t, f, targets[0].Buttons)
	conn := got(t, f.conns)
	tell(t, conn, envelope("a", "channel", `{"id":"C2222222222"}`))
	tell(t, conn, envelope("b", "actions", action("acknowledge", "incident-1", "2.1")))
	got(t, l.presses)
	got(t, l.presses)
	var channels []string
	testkit.Eventually(t, "two answers", func() bool {
		for _, c := range f.told() {
			if c.method == "chat.postEphemeral" {
				channels = append(channels, c.Get("channel"))
			}
		}
		return len(channels) == 2
	})
	if channels[0] != "C2222222222" || channels[1] != channel {
		t.Errorf("answered in %q", channels)
	}
}

// Also slack-go's own server is understood.
func TestButtonsSlacktest(t *testing.T) {
	log.SetOutput(io.Discard) // it is loud about the end of a connection
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	s := slacktest.NewTestServer()
	s.Start()
	defer s.Stop()
	f := newFake(t)
	b := f.bot(withButtons, func(c *conf.Slack) { c.APIURL = s.GetAPIURL() }).Buttons
	l := listen(t, f, b)
	s.SendToWebsocket(envelope("a", "team", `null`))
	if ack := got(t, s.SeenFeed); !strings.Contains(ack, `"envelope_id":"a"`) {
		t.Errorf("acknowledged %s", ack)
	}
	if p := got(t, l.presses); p.Incident != "incident-1" || p.UserID != "U1" {
		t.Errorf("got %+v", p)
	}
}
