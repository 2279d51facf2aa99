package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack/slacktest"
)

// workspace is slack-go's own test server, with the methods it lacks.
type workspace struct {
	*slacktest.Server
	t *testing.T

	mu    sync.Mutex
	calls []workspaceCall
	gone  map[string]bool // ts of deleted messages
}

type workspaceCall struct {
	method string
	url.Values
}

func newWorkspace(t *testing.T) *workspace {
	w := &workspace{t: t, gone: map[string]bool{}}
	w.Server = slacktest.NewTestServer(func(c slacktest.Customize) {
		for _, method := range []string{"chat.postMessage", "chat.update", "chat.postEphemeral"} {
			c.Handle("/"+method, func(rw http.ResponseWriter, r *http.Request) { w.answer(rw, r, method) })
		}
	})
	log.SetOutput(io.Discard) // the server is loud about the end of a connection
	w.Start()
	t.Cleanup(w.Stop)
	go func() { // the server blocks otherwise
		for range w.SeenFeed {
		}
	}()
	return w
}

func (w *workspace) answer(rw http.ResponseWriter, r *http.Request, method string) {
	r.ParseForm()
	w.mu.Lock()
	defer w.mu.Unlock()
	if method == "chat.update" && w.gone[r.Form.Get("ts")] {
		fmt.Fprint(rw, `{"ok":false,"error":"message_not_found"}`)
		return
	}
	w.calls = append(w.calls, workspaceCall{method, r.Form})
	ts := r.Form.Get("ts")
	if ts == "" {
		ts = fmt.Sprintf("1700000000.%06d", len(w.calls))
	}
	message := map[string]any{"type": "message", "ts": ts}
	if parent := r.Form.Get("thread_ts"); parent != "" {
		message["thread_ts"] = parent
	}
	json.NewEncoder(rw).Encode(map[string]any{"ok": true, "channel": r.Form.Get("channel"), "ts": ts, "message_ts": ts, "message": message})
}

// heard waits until Slack was told n things, and returns them.
func (w *workspace) heard(n int) []workspaceCall {
	w.t.Helper()
	var calls []workspaceCall
	eventually(w.t, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if calls = append([]workspaceCall(nil), w.calls...); len(calls) < n {
			return fmt.Errorf("Slack was told %d things, want %d", len(calls), n)
		}
		return nil
	})
	return calls
}

func (w *workspace) delete(ts string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone[ts] = true
}

// is checks what a call was: its method, and what stands in it.
func (c workspaceCall) is(t *testing.T, method string, holds ...string) {
	t.Helper()
	text := fmt.Sprint(c.Values)
	if c.method != method {
		t.Errorf("%s, want %s: %.300s", c.method, method, text)
	}
	for _, h := range holds {
		if !strings.Contains(text, h) {
			t.Errorf("%s does not hold %q: %.2000s", c.method, h, text)
		}
	}
}

// One message an incident: edited when somebody presses its button, which also
// stops nothing but reminders; edited and answered when the cause changes, also
// after kill -9; and posted anew when it was deleted.
func TestBot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newWorkspace(t)
	w, config, log := follow(t, dir, receive(t), fmt.Sprintf(`[[slack]]
bot_token = "xoxb-canary"
app_token = "xapp-canary"
channel = "C0123456789"
mention = "<!subteam^S0123ABC>"
api_url = %q
`, s.GetAPIURL()))
	appendAs(t, log, failure(1, 1, badSecret))
	post := s.heard(1)[0]
	post.is(t, "chat.postMessage", "<!subteam^S0123ABC>", flowID(1), "acknowledge", "snooze-24h")
	incident := flowID(1) + "@20260102T100001.000Z"
	press := func() {
		payload, _ := json.Marshal(map[string]any{"envelope_id": fmt.Sprint(time.Now().UnixNano()), "type": "interactive", "payload": map[string]any{
			"type": "block_actions", "user": map[string]string{"id": "U0ADA", "username": "ada"}, "channel": map[string]string{"id": "C0123456789"},
			"actions": []map[string]string{{"type": "button", "action_id": "acknowledge", "block_id": "incident", "value": incident, "action_ts": "1.1"}},
		}})
		s.SendToWebsocket(string(payload))
	}
	eventually(t, func() error { // it may not have connected yet; a press that comes twice counts once
		press()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.calls) < 3 {
			return fmt.Errorf("the press had no effect")
		}
		return nil
	})
	pressed := map[string]workspaceCall{}
	for _, c := range s.heard(3)[1:] {
		pressed[c.method] = c
	}
	pressed["chat.update"].is(t, "chat.update", "<@U0ADA>", "1700000000.000001")
	pressed["chat.postEphemeral"].is(t, "chat.postEphemeral", "Acknowledged")
	if strings.Contains(fmt.Sprint(pressed["chat.update"].Values), "subteam") {
		t.Error("the edit calls for people again")
	}
	w.kill()
	n := len(s.heard(3))
	w = start(t, dir, "run", "--config", config)
	appendAs(t, log, failure(1, 2, badTLS))
	calls := s.heard(n + 2)
	calls[n].is(t, "chat.update", "ts:[1700000000.000001]", "PKIX")
	calls[n+1].is(t, "chat.postMessage", "thread_ts:[1700000000.000001]", "reply_broadcast:[true]")

	s.delete("1700000000.000001")
	appendAs(t, log, failure(1, 3, "AADSTS50194: Application is not configured as a multi-tenant application."))
	calls = s.heard(n + 3)
	calls[n+2].is(t, "chat.postMessage", "AADSTS50194")
	if calls[n+2].Get("thread_ts") != "" {
		t.Error("what stands for a deleted message is an answer to it")
	}
	appendAs(t, log, failure(1, 4, "AADSTS7000222: The provided client secret keys are expired."))
	ts := fmt.Sprintf("ts:[1700000000.%06d]", n+3)
	calls = s.heard(n + 5)
	calls[n+3].is(t, "chat.update", ts)
	calls[n+4].is(t, "chat.postMessage", "thread_"+ts)
	w.stop()
	if strings.Contains(w.stderr.String(), "canary") {
		t.Errorf("a token is in the log:\n%s", w.stderr)
	}
}
