package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// A receiver that answers 500, then 429 with Retry-After, then 200 gets every
// alert in order, and no earlier than it asked.
func TestReceiverAsksToWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t).then(status(500), status(429, "Retry-After", "2"))
	w, _, log := follow(t, dir, hub, "")
	appendAs(t, log, failure(1, 1, badSecret)+failure(2, 2, badSecret)+failure(3, 3, badSecret))
	inOrder(t, hub, 3)
	w.stop()
	all := hub.all()
	if len(all) != 5 {
		t.Fatalf("%d requests, want 2 failed ones and 3", len(all))
	}
	if pause := all[2].at.Sub(all[1].at); pause < 2*time.Second {
		t.Errorf("the next attempt came %v after Retry-After: 2", pause)
	}
	if id := all[0].header.Get("webhook-id"); id == "" || id != all[2].header.Get("webhook-id") {
		t.Errorf("the attempts have the IDs %q and %q, want the same", id, all[2].header.Get("webhook-id"))
	}
}

// inOrder waits for the alerts of the flows 1 to n, and checks their order.
func inOrder(t *testing.T, hub *receiver, n int) {
	t.Helper()
	for i, a := range hub.alerts(n) {
		if a.Data.Integration.ID != flowID(i+1) {
			t.Errorf("alert %d is of %s, want %s", i+1, a.Data.Integration.ID, flowID(i+1))
		}
	}
}

// While nobody listens, alerts wait; then they come in order. A receiver that is down or
// hangs delays only itself, and one that answers late is not sent the same alert again at once.
func TestReceiverDownAndHanging(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slack := receive(t)
	hang := make(chan struct{})
	hub := receive(t).then(func(w http.ResponseWriter) int {
		<-hang
		return 0
	})
	t.Cleanup(func() { close(hang) })
	address := hub.Listener.Addr().String()
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := down.Addr().String()
	down.Close() // now connections to it are refused
	w, _, log := follow(t, dir, hub, fmt.Sprintf("timeout = \"1s\"\n[[slack]]\nwebhook_url = \"%s/s\"\n[[webhook]]\nname = \"down\"\nurl = \"http://%s/\"\n",
		slack.URL, refused))
	appendAs(t, log, failure(1, 1, badSecret)+failure(2, 2, badSecret))
	testkit.Until(t, func() error {
		if n := len(slack.accepted()); n != 2 {
			return fmt.Errorf("%d messages to the receiver that works, want 2", n)
		}
		return nil
	})
	w.says("connection refused")
	w.says("the request may have been accepted")
	back := receive(t)
	back.Close()
	back = &receiver{t: t, ok: "ok"}
	listener, err := net.Listen("tcp", refused)
	if err != nil {
		t.Skipf("the port was taken by somebody else: %v", err)
	}
	back.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: back}}
	back.Server.Start()
	t.Cleanup(back.Close)
	inOrder(t, back, 2)
	if n := len(hub.all()); n > 0 {
		t.Errorf("the receiver that hangs was sent %d more requests", n)
	}
	w.stop()
	if strings.Contains(w.stderr.String(), address+"/hook") {
		t.Errorf("the address is in the log:\n%s", w.stderr)
	}
}

// Refused settings hold the queue and are said once, loudly; a reload tries
// again at once.
func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	slack := receive(t).then(func(w http.ResponseWriter) int {
		w.WriteHeader(404)
		fmt.Fprint(w, "no_service")
		return 404
	})
	w, _, log := follow(t, dir, hub, fmt.Sprintf("[[slack]]\nwebhook_url = \"%s/services/canary\"\n", slack.URL))
	appendAs(t, log, failure(1, 1, badSecret)+failure(2, 2, badSecret))
	w.says("receiver rejected the notifier's settings")
	w.says("no_service")
	hub.alerts(2)
	w.signal(hangup)
	testkit.Until(t, func() error {
		if n := len(slack.accepted()); n != 2 {
			return fmt.Errorf("%d messages after the reload, want 2", n)
		}
		return nil
	})
	w.stop()
	if n := strings.Count(w.stderr.String(), "receiver rejected the notifier's settings"); n != 1 {
		t.Errorf("said %d times, want once", n)
	}
	if strings.Contains(w.stderr.String(), "canary") {
		t.Errorf("the secret address is in the log:\n%s", w.stderr)
	}
}

// A message that Slack refuses is sent once more as plain text, then set
// aside; the next one is not held up.
func TestRefusedMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refuse := func(w http.ResponseWriter) int {
		w.WriteHeader(400)
		fmt.Fprint(w, "invalid_blocks")
		return 400
	}
	slack := receive(t).then(refuse, refuse)
	w, _, log := follow(t, dir, receive(t), fmt.Sprintf("[[slack]]\nwebhook_url = \"%s/s\"\n", slack.URL))
	appendAs(t, log, failure(1, 1, badSecret)+failure(2, 2, badSecret))
	testkit.Until(t, func() error {
		if n := len(slack.accepted()); n != 1 {
			return fmt.Errorf("%d messages accepted, want 1", n)
		}
		return nil
	})
	w.stop()
	all := slack.all()
	if len(all) != 3 || !strings.Contains(string(all[0].body), `"blocks"`) || strings.Contains(string(all[1].body), `"blocks"`) ||
		!strings.Contains(string(all[2].body), flowID(2)) {
		t.Errorf("got %d requests, want the first alert with and without blocks, then the second alert", len(all))
	}
	w.says("moved to the dead-letter queue")
}
