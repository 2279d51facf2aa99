package slack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/gorilla/websocket"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/slack"
)

const (
	botToken = "xoxb-111-CANARYBOT"
	appToken = "xapp-1-CANARYAPP"
	ticket   = "CANARYTICKET"
	channel  = "C0123456789"
)

// fake is a Slack that keeps what it is told, refuses what Slack refuses,
// and fails by script.
type fake struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	calls    []slackCall
	script   map[string][]slackSays // by method: said once each, before anything else
	messages map[string]bool        // ts of those that there are
	last     int
	cut      int // connections to be cut as soon as they stand

	conns chan *websocket.Conn
	acks  chan string // IDs of envelopes
}

type slackCall struct {
	method string
	url.Values
}

// slackSays is an answer; the request was heeded nevertheless if done is set.
type slackSays struct {
	status int
	body   string
	header []string
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, script: map[string][]slackSays{}, messages: map[string]bool{}, conns: make(chan *websocket.Conn, 100), acks: make(chan string, 2000)}
	f.Server = httptest.NewUnstartedServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) config() conf.Slack {
	return conf.Slack{
		Notifier: conf.Notifier{Name: "ops", Timeout: 5 * time.Second, RetryFor: time.Hour},
		BotToken: conf.NewSecret(botToken), Channel: channel, APIURL: f.URL + "/api/",
	}
}

// slackBot is a bot of the fake.
func (f *fake) bot(change ...func(*conf.Slack)) notify.Target {
	f.t.Helper()
	if f.URL == "" {
		f.Start()
	}
	c := f.config()
	for _, do := range change {
		do(&c)
	}
	targets, err := slack.Targets([]conf.Slack{c})
	if err != nil {
		f.t.Fatal(err)
	}
	return targets[0]
}

// says scripts the next answers to a method.
func (f *fake) says(method string, answers ...slackSays) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script[method] = append(f.script[method], answers...)
}

func word(w string) slackSays { return slackSays{200, `{"ok":false,"error":"` + w + `"}`, nil} }

// told is what Slack was told since the last time.
func (f *fake) told() []slackCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func (f *fake) methods() (names []string) {
	for _, c := range f.told() {
		names = append(names, c.method)
	}
	return names
}

func (f *fake) delete(ts string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.messages, ts)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if method == "/link" {
		f.link(w, r)
		return
	}
	r.ParseForm()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, slackCall{method, r.PostForm})
	if s := f.script[method]; len(s) > 0 {
		f.script[method] = s[1:]
		for i := 0; i < len(s[0].header); i += 2 {
			w.Header().Set(s[0].header[i], s[0].header[i+1])
		}
		w.WriteHeader(s[0].status)
		io.WriteString(w, s[0].body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(f.answer(method, r))
}

// answer does what Slack does.
func (f *fake) answer(method string, r *http.Request) map[string]any {
	refuse := func(word string) map[string]any { return map[string]any{"ok": false, "error": word} }
	form := r.PostForm
	if method == "apps.connections.open" {
		if r.Header.Get("Authorization") != "Bearer "+appToken {
			return refuse("invalid_auth")
		}
		return map[string]any{"ok": true, "url": "ws" + strings.TrimPrefix(f.URL, "http") + "/link?ticket=" + ticket}
	}
	if r.Header.Get("Authorization") != "Bearer "+botToken {
		return refuse("invalid_auth")
	}
	if method == "auth.test" {
		return map[string]any{"ok": true, "url": "https://x.slack.com/", "team_id": "T1", "bot_id": "B1"}
	}
	if form.Get("channel") != channel {
		return refuse("channel_not_found")
	}
	if complaint := complaints(form); complaint != "" {
		no := refuse("invalid_blocks")
		no["response_metadata"] = map[string]any{"messages": []string{complaint}}
		return no
	}
	message := map[string]any{"type": "message", "blocks": []any{map[string]any{"type": 5}}} // newer than any library
	ok := map[string]any{"ok": true, "channel": channel, "message": message}
	switch method {
	case "chat.postMessage":
		f.last++
		ts := fmt.Sprintf("1700000000.%06d", f.last)
		f.messages[ts], ok["ts"], message["ts"] = true, ts, ts
		if parent := form.Get("thread_ts"); f.messages[parent] {
			message["thread_ts"] = parent
		}
	case "chat.update":
		if !f.messages[form.Get("ts")] {
			return refuse("message_not_found")
		}
		if len(utf16.Encode([]rune(form.Get("text")))) > 4000 {
			return refuse("msg_too_long")
		}
		ok["ts"] = form.Get("ts")
	case "chat.postEphemeral":
		ok["message_ts"] = "1700000000.1"
	default:
		return refuse("unknown_method")
	}
	return ok
}

// slackLimits are the lengths of Block Kit, by where a text stands.
var slackLimits = map[string]int{
	"header.text": 150, "section.text": 3000, "section.fields": 2000, "context.elements": 3000, "button.text": 75,
	"value": 2000, "url": 3000, "action_id": 255, "block_id": 255,
}

// complaints is what Slack does not like about blocks, "" = nothing.
func complaints(form url.Values) (bad string) {
	if !form.Has("blocks") {
		return ""
	}
	var blocks []map[string]any
	if err := json.Unmarshal([]byte(form.Get("blocks")), &blocks); err != nil || len(blocks) > 50 {
		return fmt.Sprintf("%d blocks, %v", len(blocks), err)
	}
	check := func(where string, text any, limit int) {
		if s, ok := text.(string); ok && (s == "" || len(utf16.Encode([]rune(s))) > limit) {
			bad = fmt.Sprintf("[ERROR] must be less than %d characters [json-pointer:/blocks/%s]", limit+1, where)
		}
	}
	var ids []any
	var walk func(where string, b map[string]any)
	walk = func(where string, b map[string]any) {
		kind, _ := b["type"].(string)
		if id, ok := b["block_id"]; ok && slices.Contains(ids, id) {
			bad = fmt.Sprintf("block_id %v is there twice", id)
		} else if ok {
			ids = append(ids, id)
		}
		for name, value := range b {
			check(where+"/"+name, value, cmpLimit(slackLimits[name]))
			place := kind + "." + name
			switch v := value.(type) {
			case map[string]any:
				check(where+"/"+name, v["text"], cmpLimit(slackLimits[place]))
				walk(where+"/"+name, v)
			case []any:
				if limit := map[string]int{"section.fields": 10, "context.elements": 10, "actions.elements": 25}[place]; len(v) == 0 || limit > 0 &&
					len(v) > limit {
					bad = fmt.Sprintf("%d %s", len(v), place)
				}
				for i, e := range v {
					if e, ok := e.(map[string]any); ok {
						check(fmt.Sprintf("%s/%s/%d", where, name, i), e["text"], cmpLimit(slackLimits[place]))
						walk(fmt.Sprintf("%s/%s/%d", where, name, i), e)
					}
				}
			}
		}
	}
	for i, b := range blocks {
		walk(fmt.Sprint(i), b)
	}
	return bad
}

func cmpLimit(n int) int {
	if n == 0 {
		return 12_000
	}
	return n
}

// link is the websocket.
func (f *fake) link(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return r.FormValue("ticket") == ticket }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	f.mu.Lock()
	cut := f.cut > 0
	f.cut--
	f.mu.Unlock()
	if cut {
		return
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","num_connections":1,"connection_info":{"app_id":"A1"}}`))
	f.conns <- conn
	for {
		var ack struct {
			EnvelopeID string `json:"envelope_id"`
		}
		if conn.ReadJSON(&ack) != nil {
			return
		}
		f.acks <- ack.EnvelopeID
	}
}
