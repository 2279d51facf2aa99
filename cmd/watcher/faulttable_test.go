package main_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
)

// fault is one way in which a receiver fails, and how it ends.
type fault struct {
	name string
	says string                    // what the program's log says of it
	do   func(http.ResponseWriter) // answers each of the first requests
	n    int                       // how many requests it lasts
	heal string                    // "": by itself; "reload": somebody mends it and reloads
	lost int                       // alerts that are dead-lettered instead of delivered
	smtp *smtpFault                // of a mail relay, instead of do
}

func replies(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// hijacked writes by hand, to break off in the middle.
func hijacked(write func(net.Conn)) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		write(conn)
	}
}

func reset(c net.Conn) {
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\no")
	c.(*net.TCPConn).SetLinger(0)
}

const canaryAddress = "/services/CANARY"

// faults are the ways in which each kind of receiver is made to fail.
func faults() map[string][]fault {
	common := []fault{
		{"429 with Retry-After: 1", "ratelimited", replies(429, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "1"), 2, "", 0, nil},
		{"500", "500", replies(500, "oops"), 2, "", 0, nil},
		{"503 with Retry-After as a date", "503", replies(503, "", "Retry-After", time.Now().UTC().Format(http.TimeFormat)), 2, "", 0, nil},
		{"connection cut before an answer", "closed the connection without a response", hijacked(func(net.Conn) {}), 2, "", 0, nil},
		{"302 to a login page", "rejected the notifier's settings", replies(302, "", "Location", "https://login.invalid/"), 1, "reload", 0, nil},
		{unresolved, "no such host", nil, 0, "reload", 0, nil},
		{untrusted, "certificate", nil, 0, "reload", 0, nil},
	}
	slack := []fault{
		{"404 no_service", "rejected the notifier's settings", replies(404, "no_service"), 1, "reload", 0, nil},
		{"200 with a login page", "did a proxy answer", replies(200, "<html>Please log in</html>"), 1, "reload", 0, nil},
		{"connection reset in the middle of the body", "not delivered", hijacked(reset), 1, "", 0, nil},
		{"400 invalid_blocks, twice for one alert", "dead-letter queue", replies(400, "invalid_blocks"), 2, "", 1, nil},
		{"410 channel_is_archived", "rejected the notifier's settings", replies(410, "channel_is_archived"), 1, "reload", 0, nil},
	}
	hook := []fault{
		{"404", "rejected the notifier's settings", replies(404, ""), 1, "reload", 0, nil},
		{"400, twice for one alert", "dead-letter queue", replies(400, "bad"), 2, "", 1, nil},
		{"410", "delivery is disabled", replies(410, ""), 1, "reload", 0, nil},
	}
	bot := []fault{
		{"200 with internal_error", "internal_error", replies(200, `{"ok":false,"error":"internal_error"}`), 1, "", 0, nil},
		{"200 with a login page", "rejected the notifier's settings", replies(200, "<html>Please log in</html>"), 1, "reload", 0, nil},
		{"200 with invalid_auth", "rejected the notifier's settings", replies(200, `{"ok":false,"error":"invalid_auth"}`), 1, "reload", 0, nil},
		{"200 with missing_scope", "chat:write", replies(200, `{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"x"}`), 1, "reload", 0, nil},
		{"200 with invalid_blocks, twice for one alert", "dead-letter queue", replies(200, `{"ok":false,"error":"invalid_blocks"}`), 2, "", 1, nil},
		{"connection reset in the middle of the body", "not delivered", hijacked(reset), 1, "", 0, nil},
	}
	teams := []fault{
		{"404, the workflow is gone", "rejected the notifier's settings", replies(404, ""), 1, "reload", 0, nil},
		{"401, the address is old", "rejected the notifier's settings", replies(401, ""), 1, "reload", 0, nil},
		{"413, twice for one alert", "dead-letter queue", replies(413, ""), 2, "", 1, nil},
	}
	pagerduty := []fault{
		{"400 Invalid routing key", "rejected the notifier's settings", replies(400, `{"errors":["Invalid routing key"]}`), 1, "reload", 0, nil},
		{"400 invalid event, twice for one alert", "dead-letter queue", replies(400, `{"status":"invalid event"}`), 2, "", 1, nil},
	}
	return map[string][]fault{"webhook": append(hook, common...), "slack webhook": append(slack, common...), "slack bot": append(bot, common...),
		"teams": append(teams, common...), "pagerduty": append(pagerduty, common...), "email": emailFaults}
}

const (
	unresolved = "name that does not resolve"
	untrusted  = "certificate that is not trusted"
)

// faulty is a receiver that fails as a fault says, then takes all.
type faulty struct {
	*receiver
	relay *notifytest.Relay // of mail; nil = it is a receiver
	fault
	kind, name string
	ca         string // the file with its certificate
}

func newFaulty(t *testing.T, x fault, kind, name, dir string) *faulty {
	f := &faulty{receiver: receive(t), fault: x, kind: kind, name: name}
	if kind == "email" {
		f.startRelay(t)
		return f
	}
	if kind == "slack bot" {
		f.ok = `{"ok":true,"channel":"C0123456789","ts":"1700000000.000001","message":{"type":"message","ts":"1700000000.000001"}}`
	}
	if x.name == untrusted {
		f.Server.Close()
		f.Server = httptest.NewUnstartedServer(f.receiver)
		f.Config.ErrorLog = log.New(io.Discard, "", 0)
		f.StartTLS()
		f.ca = testkit.Write(t, filepath.Join(dir, name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
	}
	for range x.n {
		f.then(func(w http.ResponseWriter) int {
			x.do(w)
			return 0
		})
	}
	return f
}

// table is the notifier's part of the configuration, before it is fixed and
// after.
func (f *faulty) table(fixed bool) string {
	if f.relay != nil {
		return f.emailTable(fixed)
	}
	address := f.URL
	if f.fault.name == unresolved && !fixed {
		address = "https://nosuch.invalid"
	}
	more := "timeout = \"30s\"\n" // no busy machine takes an answer for none
	if f.ca != "" && fixed {
		more += fmt.Sprintf("ca_file = %q\n", f.ca)
	}
	switch f.kind {
	case "webhook":
		return fmt.Sprintf("[[webhook]]\nname = %q\nurl = \"%s%s\"\n%s", f.name, address, canaryAddress, more)
	case "teams":
		return fmt.Sprintf("[[teams]]\nname = %q\nworkflow_url = \"%s%s?sig=CANARYSIG\"\n%s", f.name, address, canaryAddress, more)
	case "pagerduty":
		return fmt.Sprintf("[[pagerduty]]\nname = %q\nrouting_key = \"%s\"\napi_url = \"%s/v2/enqueue\"\n%s", f.name,
			"0123456789abcdefCANARY6789abcdef", address, more)
	case "slack webhook":
		return fmt.Sprintf("[[slack]]\nname = %q\nwebhook_url = \"%s%s\"\n%s", f.name, address, canaryAddress, more)
	}
	return fmt.Sprintf("[[slack]]\nname = %q\nbot_token = \"xoxb-CANARY-%s\"\nchannel = \"C0123456789\"\napi_url = \"%s/api/\"\n%s", f.name, f.name, address,
		more)
}

// flows are the integrations of the accepted messages, in order, without edits and replies.
func (f *faulty) flows() (flows []int) {
	var bodies []string
	for _, q := range f.accepted() {
		bodies = append(bodies, string(q.body))
	}
	if f.relay != nil {
		bodies = f.relay.Texts()
	}
	for _, body := range bodies {
		if form, err := url.ParseQuery(body); err == nil && f.kind == "slack bot" {
			body = form.Get("blocks")
			if form.Has("ts") || form.Has("thread_ts") {
				continue
			}
		}
		for n := 1; n <= 3; n++ {
			if strings.Contains(body, flowID(n)) {
				flows = append(flows, n)
			}
		}
	}
	return flows
}

// said tells whether a log says of a notifier what is wrong with it.
func (f *faulty) said(log string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "notifier="+f.name+" ") && strings.Contains(line, f.says) {
			return true
		}
	}
	return false
}

// Whatever a receiver does, nothing is lost, the order is kept, what is wrong is
// said, no receiver holds up another, and no secret is in what is said. The
// table of docs/reliability.md:
//
//	go test ./cmd/watcher -run TestFaultTable -v | grep '|'
func TestFaultTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all []*faulty
	kinds := faults()
	var before, after strings.Builder
	for _, kind := range []string{"webhook", "slack webhook", "slack bot", "teams", "pagerduty", "email"} {
		for _, x := range kinds[kind] {
			f := newFaulty(t, x, kind, fmt.Sprintf("n%d", len(all)), dir)
			before.WriteString(f.table(false))
			after.WriteString(f.table(true))
			all = append(all, f)
		}
	}
	w, config, log := follow(t, dir, receive(t), before.String())
	for n := 1; n <= 3; n++ {
		appendAs(t, log, failure(n, n, badSecret))
	}
	for _, f := range all {
		testkit.Until(t, func() error {
			if !f.said(w.stderr.String()) {
				return fmt.Errorf("of the %s with %q it does not say %q", f.kind, f.fault.name, f.says)
			}
			return nil
		})
	}
	text := strings.Replace(testkit.Read(t, config), before.String(), after.String(), 1)
	testkit.Write(t, config, text)
	w.signal(hangup)
	for _, f := range all {
		want := []int{1, 2, 3}[f.lost:]
		testkit.Until(t, func() error {
			if got := f.flows(); len(got) < len(want) {
				return fmt.Errorf("the %s with %q accepted %v, want %v", f.kind, f.fault.name, got, want)
			}
			return nil
		})
	}
	w.stop()
	for _, f := range all {
		f.row(t)
	}
	if said := w.stderr.String(); strings.Contains(said, "CANARY") {
		t.Errorf("a secret is in its log:\n%s", said)
	}
}

// row judges what arrived, and tells it as a row of the table.
func (f *faulty) row(t *testing.T) {
	got, want := f.flows(), []int{1, 2, 3}[f.lost:]
	if !slices.Equal(got, want) {
		t.Errorf("the %s with %q accepted %v, want %v", f.kind, f.fault.name, got, want)
	}
	healed, aside := "it stops failing", "nothing"
	if f.heal != "" {
		healed = "fixed and reloaded"
	}
	if f.lost > 0 {
		aside = "the rejected one, reported by the other notifiers"
	}
	t.Logf("| %s | %s | %s | %d of 3, in order | %s |", f.kind, f.fault.name, healed, len(got), aside)
}
