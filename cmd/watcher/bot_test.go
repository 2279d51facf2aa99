package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack/slacktest"

	"jira-oauth-watcher/internal/testkit"
)

// slacktest prints each closed connection with package log.
func init() { log.SetOutput(io.Discard) }

// workspace is slack-go's own test server, with the methods it lacks.
type workspace struct {
	*slacktest.Server
	t *testing.T

	mu    sync.Mutex
	calls []workspaceCall
	gone  map[string]bool // ts of deleted messages
}

type workspaceCall struct {
	method, ts string
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
	ts := r.Form.Get("ts")
	if ts == "" {
		ts = fmt.Sprintf("1700000000.%06d", len(w.calls)+1)
	}
	w.calls = append(w.calls, workspaceCall{method, ts, r.Form})
	message := map[string]any{"type": "message", "ts": ts}
	if parent := r.Form.Get("thread_ts"); parent != "" {
		message["thread_ts"] = parent
	}
	json.NewEncoder(rw).Encode(map[string]any{"ok": true, "channel": r.Form.Get("channel"), "ts": ts, "message_ts": ts, "message": message})
}

// says waits until Slack was told something, and returns it. An edit may come
// twice around a kill, so only what is said counts.
func (w *workspace) says(method string, holds ...string) (found workspaceCall) {
	w.t.Helper()
	testkit.Until(w.t, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range w.calls {
			text := fmt.Sprint(c.Values)
			if c.method == method && !slices.ContainsFunc(holds, func(h string) bool { return !strings.Contains(text, h) }) {
				found = c
				return nil
			}
		}
		return fmt.Errorf("Slack was not told %s with %q", method, holds)
	})
	return found
}

func (w *workspace) delete(ts string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone[ts] = true
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
	s.says("chat.postMessage", "<!subteam^S0123ABC>", flowID(1), "acknowledge", "snooze-24h")
	incident := "jira-node-1/" + flowID(1) + "@20260102T100001.000Z"
	press := func() {
		payload, _ := json.Marshal(map[string]any{"envelope_id": fmt.Sprint(time.Now().UnixNano()), "type": "interactive", "payload": map[string]any{
			"type": "block_actions", "user": map[string]string{"id": "U0ADA", "username": "ada"}, "channel": map[string]string{"id": "C0123456789"},
			"actions": []map[string]string{{"type": "button", "action_id": "acknowledge", "block_id": "incident", "value": incident, "action_ts": "1.1"}},
		}})
		s.SendToWebsocket(string(payload))
	}
	testkit.Until(t, func() error { // it may not have connected yet; a press that comes twice counts once
		press()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.calls) < 4 { // the message, its details, the connection, the answer
			return fmt.Errorf("the press had no effect")
		}
		return nil
	})
	s.says("chat.postEphemeral", "Acknowledged")
	if edit := s.says("chat.update", `\u003c@U0ADA\u003e`, "1700000000.000001"); strings.Contains(fmt.Sprint(edit.Values), "subteam") {
		t.Error("the edit calls for people again")
	}
	w.kill()
	w = start(t, dir, "run", "--config", config)
	appendAs(t, log, failure(1, 2, badTLS))
	s.says("chat.update", "ts:[1700000000.000001]", "PKIX")
	s.says("chat.postMessage", "thread_ts:[1700000000.000001]", "reply_broadcast:[true]", "does not trust")

	s.delete("1700000000.000001")
	appendAs(t, log, failure(1, 3, "AADSTS50194: Application is not configured as a multi-tenant application."))
	post := s.says("chat.postMessage", "AADSTS50194")
	if post.Get("thread_ts") != "" {
		t.Error("what stands for a deleted message is an answer to it")
	}
	appendAs(t, log, failure(1, 4, "AADSTS7000222: The provided client secret keys are expired."))
	s.says("chat.update", "ts:["+post.ts+"]", "AADSTS7000222")
	s.says("chat.postMessage", "thread_ts:["+post.ts+"]", "has expired")
	w.stop()
	if strings.Contains(w.stderr.String(), "canary") {
		t.Errorf("a token is in the log:\n%s", w.stderr)
	}
}
