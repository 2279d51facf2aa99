package slack_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

// trips is a transport by script.
type trips func(*http.Request) (*http.Response, error)

func (f trips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that accepts and cuts at once is asked at growing pauses, of five
// seconds at least; after a long connection there is no pause.
func TestConnectPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		transport := slack.Unhurried(trips(func(r *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			switch len(at) {
			case 9:
				return nil, &notify.Error{RetryAfter: 10 * time.Minute, Err: errors.New("ratelimited")}
			case 11:
				<-r.Context().Done() // hangs
				return nil, r.Context().Err()
			}
			return nil, nil
		}))
		ask := func() {
			transport.RoundTrip(httpRequest(t.Context()))
		}
		for range 8 {
			ask() // 0 5 15 35 75 155 235 315
		}
		time.Sleep(time.Hour)
		ask() // 3915
		ask() // 4515
		ask() // 4520, for 15 s
		ask() // 4535: ten seconds later than the one before are over
		want := []int{0, 5, 15, 35, 75, 155, 235, 315, 3915, 4515, 4520, 4535}
		for i, w := range want {
			if i >= len(at) || at[i] != time.Duration(w)*time.Second {
				t.Fatalf("asked at %s, want seconds %d", at, want)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := transport.RoundTrip(httpRequest(ctx)); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 4536*time.Second {
			t.Errorf("the end of the program: %v after %s", err, time.Since(start))
		}
	})
}

func httpRequest(ctx context.Context) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://slack.invalid/", http.NoBody)
	if err != nil {
		panic(err)
	}
	return r
}

// Connections that are cut at once are opened anew without hurry, which is said
// once; when one holds, presses count again.
func TestButtonsCut(t *testing.T) {
	f := newFake(t)
	f.cut = 6
	start := time.Now()
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	if n := strings.Count(strings.Join(f.methods(), " "), "apps.connections.open"); n != 7 {
		t.Errorf("%d connects, want 7", n)
	}
	if took := time.Since(start); took < (1+2+4+8+16+16)*pause {
		t.Errorf("7 connects within %s", took)
	}
	tell(t, conn, envelope("a"))
	got(t, l.presses)
	if text := l.logged(); strings.Count(text, "cut repeatedly") != 1 || strings.Count(text, "\n") != 1 {
		t.Errorf("logged %s", text)
	}
}

// Slack asks to connect anew from time to time; that is done, and not worth a
// word.
func TestButtonsReconnect(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	tell(t, got(t, f.conns), `{"type":"disconnect","reason":"refresh_requested","debug_info":{"host":"x"}}`)
	got(t, f.conns).Close()
	tell(t, got(t, f.conns), envelope("a"))
	got(t, l.presses)
	l.stop()
	if text := l.logged(); text != "" {
		t.Errorf("logged %s", text)
	}
}

// Settings that Slack refuses are said once, with what to do, and tried again;
// so is a network that is down. When they work again, that is said too.
func TestButtonsRefused(t *testing.T) {
	for _, tt := range []struct {
		answers []slackSays
		want    []string
	}{
		{[]slackSays{word("invalid_auth"), word("missing_scope"), word("not_allowed_token_type"), {200, "<html>", nil}, {404, "", nil}},
			[]string{`level=ERROR msg="Slack rejected the connection`, "err=\"Slack refuses apps.connections.open: invalid_auth", "level=INFO"}},
		{[]slackSays{word("internal_error"), {503, "", nil}, {429, "", []string{"Retry-After", "0.1"}}, word("token_revoked"), word("internal_error")},
			[]string{`level=WARN msg="no connection`, "level=ERROR", "level=INFO"}},
		{[]slackSays{{200, `{"ok":true,"url":"ws://127.0.0.1:1/?ticket=CANARY"}`, nil}, {200, `{"ok":true,"url":"://CANARY"}`, nil}, {200, `{"ok":true}`, nil}},
			[]string{`level=WARN msg="no connection`, "level=INFO"}},
	} {
		f := newFake(t)
		f.says("apps.connections.open", tt.answers...)
		l := listen(t, f, f.bot(withButtons).Buttons)
		tell(t, got(t, f.conns), envelope("a"))
		got(t, l.presses)
		text := l.logged()
		if lines := strings.Count(text, "\n"); lines != len(tt.want) && !(strings.Contains(text, "err=\"Slack refuses apps") && lines == len(tt.want)-1) {
			t.Errorf("%d lines, want %d", lines, len(tt.want))
		}
		rest := text
		for _, want := range tt.want {
			_, after, found := strings.Cut(rest, want)
			if rest = after; !found {
				t.Errorf("not logged, or not in this order: %s in\n%s", want, text)
			}
		}
	}
}

// Run ends at once with the program, in whatever state it is.
func TestButtonsEnd(t *testing.T) {
	f := newFake(t)
	f.says("apps.connections.open", word("invalid_auth"))
	b := f.bot(withButtons).Buttons
	slack.Hurry(b.(*slack.Buttons), time.Hour, time.Hour)
	for _, state := range []string{"refused", "waiting to connect", "not begun"} {
		ctx, cancel := context.WithCancel(t.Context())
		var asked atomic.Bool
		if state == "not begun" {
			cancel()
		} else {
			go func() {
				testkit.Eventually(t, "a connect", func() bool { return state == "waiting to connect" || asked.Swap(len(f.told()) > 0) })
				cancel()
			}()
		}
		if err := b.Run(ctx, slog.New(slog.DiscardHandler), nil); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		cancel()
	}
}

// Presses that Slack was told are received still count at the end; more than
// can wait are not taken.
func TestButtonsFull(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	hold := make(chan struct{})
	l.answer = func(alert.Press) (string, error) { <-hold; return "", nil }
	conn := got(t, f.conns)
	for i := range 60 {
		tell(t, conn, envelope("a", "actions", action("acknowledge", "x", "1."+strings.Repeat("1", i%30)+strings.Repeat("2", i/30))))
		got(t, f.acks)
	}
	testkit.Eventually(t, "too many", func() bool { return strings.Count(l.logged(), "too many wait") >= 8 })
	close(hold)
	l.stop()
	if n := len(l.presses); n < 50 || n > 52 {
		t.Errorf("%d count, want those that could wait", n)
	}
}

// The websocket goes the way of everything else: through the proxy, and with
// the authorities of ca_file.
func TestButtonsProxy(t *testing.T) {
	f := newFake(t)
	f.TLS = &tls.Config{Certificates: []tls.Certificate{notifytest.OwnCertificate(t)}}
	f.StartTLS()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.TLS.Certificates[0].Certificate[1]}), 0o600); err != nil {
		t.Fatal(err)
	}
	var connects atomic.Int32
	proxy, _ := url.Parse(notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy got %s", r.Method)
			return
		}
		connects.Add(1)
		tunnel(t, w, r.Host)
	}).URL)
	b := f.bot(withButtons, func(c *conf.Slack) { c.CAFile = file }).Buttons
	slack.Through(b.(*slack.Buttons), proxy)
	l := listen(t, f, b)
	tell(t, got(t, f.conns), envelope("a"))
	got(t, l.presses)
	if n := connects.Load(); n < 2 {
		t.Errorf("%d connections through the proxy, want that of the Web API and the websocket", n)
	}
}

func tunnel(t *testing.T, w http.ResponseWriter, host string) {
	there, err := net.Dial("tcp", host)
	if err != nil {
		t.Error(err)
		return
	}
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(there, here); there.Close() }()
	go func() { io.Copy(here, there); here.Close() }()
}

// Settings that stay refused are tried after five minutes, then ever less often
// to once an hour, and are not said again.
func TestButtonsRefusedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets, err := slack.Targets([]conf.Slack{{BotToken: conf.NewSecret(botToken), AppToken: conf.NewSecret(appToken), Channel: channel}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var at []time.Duration
		slack.Opener(targets[0].Buttons.(*slack.Buttons), trips(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(start).Truncate(time.Second))
			return nil, &notify.Error{Outcome: notify.BadSettings, Err: errors.New("token_expired")}
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
		defer cancel()
		var logged strings.Builder
		if err := targets[0].Buttons.Run(ctx, slog.New(slog.NewTextHandler(&logged, nil)), nil); err != nil {
			t.Error(err)
		}
		want := []time.Duration{0, 5 * time.Minute, 15 * time.Minute, 35 * time.Minute, 75 * time.Minute, 135 * time.Minute, 195 * time.Minute}
		if !slices.Equal(at, want) || strings.Count(logged.String(), "\n") != 1 || !strings.Contains(logged.String(), "err=token_expired") {
			t.Errorf("asked at %s, want %s\n%s", at, want, logged.String())
		}
	})
}
