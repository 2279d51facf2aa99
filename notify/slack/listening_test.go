package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/slack"
)

const pause = 20 * time.Millisecond // in place of five seconds between two connects

// listening is a program that listens to buttons.
type listening struct {
	*fake
	presses chan alert.Press
	answer  func(alert.Press) (string, error)
	stop    func()
	log     testkit.Buffer
}

// logged is what was logged; no token is in it.
func (l *listening) logged() string {
	text := l.log.String()
	for _, c := range []string{"CANARY", "ticket", "http://", "ws://"} {
		if strings.Contains(text, c) {
			l.t.Errorf("%q is logged: %s", c, text)
		}
	}
	return text
}

// listen runs the buttons of the first target until the test ends.
func listen(t *testing.T, f *fake, of notify.Buttons) *listening {
	b := of.(*slack.Buttons)
	l := &listening{fake: f, presses: make(chan alert.Press, 2000)}
	l.answer = func(p alert.Press) (string, error) { return "Noted <" + p.By + ">.", nil }
	slack.Hurry(b, pause, pause)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- b.Run(ctx, slog.New(slog.NewTextHandler(&l.log, nil)), func(p alert.Press) (string, error) {
			l.presses <- p
			return l.answer(p)
		})
	}()
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { l.stop(); l.logged() })
	return l
}

// got waits for what has to come.
func got[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	testkit.Until(t, func() error {
		select {
		case v = <-from:
			return nil
		default:
			return errors.New("nothing came")
		}
	})
	return v
}

// envelope is a press as Slack tells it. fields replace parts of the payload;
// null takes one away.
func envelope(id string, fields ...string) string {
	payload := map[string]json.RawMessage{}
	json.Unmarshal([]byte(`{"type":"block_actions","user":{"id":"U1","username":"ann","name":"Ann","team_id":"T1"},"api_app_id":"A1","token":"x",
		"team":{"id":"T1","domain":"x"},"enterprise":null,"channel":{"id":"C0123456789","name":"ops"},"trigger_id":"1.2",
		"container":{"type":"message","message_ts":"1700000000.000001","channel_id":"C0123456789"},"message":{"type":"message","ts":"1700000000.000001"},
		"actions":[{"type":"button","block_id":"b","action_id":"acknowledge","value":"incident-1","action_ts":"1.1"}]}`), &payload)
	for i := 0; i < len(fields); i += 2 {
		payload[fields[i]] = json.RawMessage(fields[i+1])
	}
	text, err := json.Marshal(map[string]any{"envelope_id": id, "type": "interactive", "accepts_response_payload": false, "payload": payload})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func action(id, value, ts string) string {
	text, _ := json.Marshal([]map[string]string{{"type": "button", "action_id": id, "value": value, "action_ts": ts}})
	return string(text)
}

func tell(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
