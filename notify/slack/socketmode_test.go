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

	"github.com/gorilla/websocket"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

// trips is a transport by script.
type trips func(*http.Request) (*http.Response, error)

func (f trips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that accepts and cuts at once is asked at growing pauses, of five
// seconds at least; after a long connection there is no pause.
func TestConnectPauses(t *testing.T) {
	got := slack.Pauses(0, 0, time.Second, 0, 0, 0, 100*time.Second, time.Hour, 7*time.Second, 0)
	want := []time.Duration{5, 10, 19, 40, 80, 80, 0, 0, 0, 10}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(got, want) {
		t.Errorf("paused for %s, want %s", got, want)
	}
}

// The pause that Slack asks for is kept, and a request that hangs ends.
func TestConnectHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, _ := connects(t, 1000*time.Second, func(n int, r *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"600"}}, Body: http.NoBody}, nil
			case 2:
				<-r.Context().Done() // hangs
				return nil, r.Context().Err()
			}
			return nil, errors.New("refused")
		})
		want := []time.Duration{0, 600, 615, 635, 675, 755, 835, 915, 995} // 615: after 15 s, in which the pause of 10 s is over
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(at, want) {
			t.Errorf("asked at %s, want %s", at, want)
		}
	})
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

// Settings that are refused again after they have worked are said again; and what is too large
// for a press ends the connection.
func TestButtonsRefusedAgain(t *testing.T) {
	f := newFake(t)
	f.says("apps.connections.open", word("invalid_auth"))
	l := listen(t, f, f.bot(withButtons).Buttons)
	conn := got(t, f.conns)
	f.says("apps.connections.open", word("invalid_auth"))
	conn.WriteMessage(websocket.TextMessage, []byte(envelope("a", "x", `"`+strings.Repeat("x", 2<<20)+`"`)))
	got(t, f.conns)
	testkit.Eventually(t, "two refusals", func() bool { return strings.Count(l.logged(), "level=ERROR") == 2 })
}

// A connection without pings is dead, whatever else the system says of it.
func TestButtonsSilence(t *testing.T) {
	f := newFake(t)
	b := f.bot(withButtons).Buttons
	slack.Silence(b.(*slack.Buttons), pause)
	listen(t, f, b)
	got(t, f.conns)
	got(t, f.conns)
}

// A connection that sends what is not JSON is left for a new one.
func TestButtonsGarbage(t *testing.T) {
	f := newFake(t)
	l := listen(t, f, f.bot(withButtons).Buttons)
	for _, garbage := range []string{"", "{", "<html>"} {
		tell(t, got(t, f.conns), garbage)
	}
	tell(t, got(t, f.conns), envelope("a"))
	got(t, l.presses)
}

// A handshake that is never answered, or without end, holds up neither the end of the program nor
// takes memory without a limit.
func TestButtonsHandshake(t *testing.T) {
	for what, answers := range map[string]func(net.Conn){
		"silent": func(net.Conn) {},
		"endless": func(c net.Conn) {
			const most = 64 << 20 // far more than the buffers of a connection hold
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n")
			for sent := 0; sent < most; sent += 1 << 20 {
				if _, err := io.WriteString(c, "X: "+strings.Repeat("x", 1<<20)+"\r\n"); err != nil {
					return
				}
			}
			t.Errorf("%d bytes of headers were taken", most)
		},
	} {
		server, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		begun, over := make(chan struct{}, 100), make(chan struct{}, 100)
		go func() {
			for c, err := server.Accept(); err == nil; c, err = server.Accept() {
				begun <- struct{}{}
				answers(c)
				io.Copy(io.Discard, c) // until it is closed
				c.Close()
				over <- struct{}{}
			}
		}()
		f := newFake(t)
		f.says("apps.connections.open", slackSays{200, `{"ok":true,"url":"ws://` + server.Addr().String() + `/?ticket=CANARY"}`, nil})
		b := f.bot(withButtons).Buttons
		slack.Patience(b.(*slack.Buttons), time.Hour)
		l := listen(t, f, b)
		got(t, begun)
		if what == "endless" {
			got(t, f.conns) // the next one
		}
		l.stop()
		got(t, over)
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
		at, logged := connects(t, 4*time.Hour, func(int, *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"ok":false,"error":"token_expired"}`))}, nil
		})
		want := []time.Duration{0, 5 * time.Minute, 15 * time.Minute, 35 * time.Minute, 75 * time.Minute, 135 * time.Minute, 195 * time.Minute}
		if !slices.Equal(at, want) || strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "token_expired") {
			t.Errorf("asked at %s, want %s\n%s", at, want, logged)
		}
	})
}

// connects is when buttons try to connect within a time, and what they log, if each request has an
// answer by its number, from 1.
func connects(t *testing.T, within time.Duration, answer func(int, *http.Request) (*http.Response, error)) (at []time.Duration, logged string) {
	targets, err := slack.Targets([]conf.Slack{{BotToken: conf.NewSecret(botToken), AppToken: conf.NewSecret(appToken), Channel: channel}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	slack.Opener(targets[0].Buttons.(*slack.Buttons), trips(func(r *http.Request) (*http.Response, error) {
		at = append(at, time.Since(start).Truncate(time.Second))
		return answer(len(at), r)
	}))
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var log strings.Builder
	if err := targets[0].Buttons.Run(ctx, slog.New(slog.NewTextHandler(&log, nil)), nil); err != nil {
		t.Error(err)
	}
	return at, log.String()
}
