// Package notifytest is what every receiver must pass, and what the tests of
// receivers share. It is not in the program.
package notifytest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

// Receiver is a kind of receiver to be tested.
type Receiver struct {
	// New makes a notifier for an address, all of which is secret but the host.
	New func(t *testing.T, address conf.Secret) notify.Notifier

	Accepts string // the body of an answer with status 200 that accepts
	ByBody  bool   // the body decides: a status alone accepts nothing

	// Outcomes are those of statuses where they are not the usual ones.
	Outcomes map[int]notify.Outcome
}

// Test runs the tests that every receiver must pass.
func Test(t *testing.T, r Receiver) {
	t.Run("kinds", r.kinds)
	t.Run("statuses", r.statuses)
	t.Run("faults", r.faults)
	t.Run("address", r.address)
	t.Run("canceled", r.canceled)
}

// at makes a notifier for a server.
func (r Receiver) at(t *testing.T, url string) notify.Notifier {
	t.Helper()
	return r.New(t, conf.NewSecret(url+"/services/"+CanaryPath+"?sig="+CanaryQuery))
}

// An alert of any kind is accepted, in its usual and in its plain form, whatever
// it says.
func (r Receiver) kinds(t *testing.T) {
	Kinds(t, r.at(t, Answering(t, http.StatusOK, r.Accepts)))
}

// Kinds sends an alert of each kind, and some that say whatever a log can, in their usual
// and in their plain form. All must be accepted.
func Kinds(t *testing.T, to notify.Notifier) {
	alerts := map[string]alert.Alert{}
	for _, kind := range append(alerttest.AllKinds, "new") {
		alerts[string(kind)] = alerttest.Alert(kind)
	}
	for name, text := range alerttest.Monsters {
		a := alerttest.Monstrous(alert.Opened, text, 3)
		a.Data.ID = alerttest.Alert(alert.Opened).Data.ID // it is in the receipt
		alerts[name] = a
	}
	for name, a := range alerts {
		for _, plain := range []bool{false, true} {
			if _, err := to.Send(Patience(t), notify.Delivery{Alert: a, Plain: plain}); err != nil {
				t.Errorf("%s, plain %t: %v", name, plain, err)
			}
		}
	}
}

// Each status has its outcome, and a redirect is not followed.
func (r Receiver) statuses(t *testing.T) {
	elsewhere := Server(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }).URL
	for status, want := range map[int]notify.Outcome{
		300: notify.BadSettings, 301: notify.BadSettings, 302: notify.BadSettings, 307: notify.BadSettings,
		308: notify.BadSettings,
		401: notify.BadSettings, 403: notify.BadSettings, 404: notify.BadSettings, 405: notify.BadSettings,
		407: notify.BadSettings,
		410: notify.BadSettings, 400: notify.BadMessage, 413: notify.BadMessage, 422: notify.BadMessage,
		408: notify.Retry,
		425: notify.Retry, 429: notify.Retry, 500: notify.Retry, 502: notify.Retry, 503: notify.Retry,
		504: notify.Retry, 599: notify.Retry,
	} {
		if own, ok := r.Outcomes[status]; ok {
			want = own
		}
		to := r.at(t, Answering(t, status, "", "Location", elsewhere, "Retry-After", "7"))
		got, err := Outcome(t, Send(Patience(t), to, alerttest.Alert(alert.Opened), false))
		if got != want || err.RetryAfter != 7*time.Second {
			t.Errorf("%d: outcome %d after %s (%v), want %d after 7s", status, got, err.RetryAfter, err, want)
		}
	}
}

// fault is something that goes wrong on the way.
type fault struct {
	name, url string
	accepted  bool // the status says that it is, whatever follows
	want      notify.Outcome
	unsure    bool // all of the request is sent, and no answer comes in time
}

// Whatever goes wrong on the way is retried, ends in time, and is reported
// without the address, its path, the headers or the secret, also when the
// receiver repeats them.
func (r Receiver) faults(t *testing.T) {
	for _, f := range faults(t) {
		t.Run(f.name, func(t *testing.T) {
			to, want := r.at(t, f.url), f.want
			if f.accepted && !r.ByBody {
				want = -1
			}
			var err *notify.Error
			limit := 250 * time.Millisecond // a busy machine needs more until the status is there
			testkit.Until(t, func() error {
				limit *= 2
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				var got notify.Outcome
				if got, err = Outcome(t, Send(ctx, to, alerttest.Alert(alert.Opened), false)); got != want {
					return fmt.Errorf("outcome %d (%v), want %d", got, err, want)
				}
				return nil
			})
			if err != nil {
				NoCanary(t, err.Error())
			}
			if (f.unsure || f.name == "refused" || f.name == "untrusted") && err.Unsure != f.unsure {
				t.Errorf("it may have been accepted: %v, want %v (%v)", err.Unsure, f.unsure, err)
			}
			if f.name == "endless header" && !strings.Contains(err.Error(), "exceeded 65536 bytes") {
				t.Errorf("it was not limited: %v", err)
			}
		})
	}
}

func faults(t *testing.T) []fault {
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it would say that it is not trusted
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	write := func(text string) func(net.Conn) { return func(c net.Conn) { io.WriteString(c, text) } }
	return []fault{
		{name: "refused", url: Closed(t)},
		{name: "untrusted", url: untrusted.URL},
		{name: "plain text at a TLS address", url: strings.Replace(Answering(t, 200, "ok"), "http:", "https:", 1)},
		{name: "hangs", unsure: true, url: Raw(t, func(c net.Conn) { io.Copy(io.Discard, c) })},
		{name: "reset", url: Raw(t, reset)},
		{name: "no HTTP", url: Raw(t, write("SSH-2.0-"+strings.Repeat("x", 1<<20)+"\r\n"))},
		{name: "slow header", unsure: true, url: Raw(t,
			func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("A: b\r\n", 100)) })},
		{name: "endless header", url: Raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "A: "+strings.Repeat("b", 1000)+"\r\n"); err != nil {
					return
				}
			}
		})},
		{name: "reset within the body", accepted: true, url: Raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")
			reset(c)
		})},
		{name: "slow body", accepted: true, url: Raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
			drip(c, strings.Repeat("x", 999))
		})},
		{name: "reset within the body of an error", url: Raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 503 No\r\nContent-Length: 99\r\n\r\nhalf")
			reset(c)
		})},
		{name: "endless body", accepted: true, want: notify.BadSettings,
			url: Server(t, func(w http.ResponseWriter, _ *http.Request) {
				for {
					if _, err := io.WriteString(w, strings.Repeat("endless ", 1000)); err != nil {
						return
					}
				}
			}).URL},
		{name: "repeats the request", url: Server(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprintf(w, "no %s %s %s %s", r.RequestURI, r.URL.Path, r.URL.Query(), r.Header)
		}).URL},
		{name: "repeats the request late", url: Server(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprint(w, strings.Repeat(" ", 4<<10-len(r.RequestURI)+3), r.RequestURI)
		}).URL},
	}
}

func reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond) // slower than the time limit of the test's requests
	}
}

// An address that is no URL is a bad setting, and is not shown either.
func (r Receiver) address(t *testing.T) {
	to := r.New(t, conf.NewSecret("https://x/"+CanaryPath+"\x00%zz"))
	got, err := Outcome(t, Send(Patience(t), to, alerttest.Alert(alert.Opened), false))
	if got != notify.BadSettings {
		t.Errorf("outcome %d (%v), want %d", got, err, notify.BadSettings)
	}
	NoCanary(t, err.Error())
}

// A canceled attempt ends at once and is retried.
func (r Receiver) canceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to := r.at(t, Raw(t, func(c net.Conn) { io.Copy(io.Discard, c) }))
	if got, err := Outcome(t, Send(ctx, to, alerttest.Alert(alert.Opened), false)); got != notify.Retry {
		t.Errorf("outcome %d (%v), want %d", got, err, notify.Retry)
	}
}
