package notify_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// answering is a receiver that says the same to all.
func answering(t *testing.T, status int, body string, header ...string) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}).URL
}

// raw is a receiver that reads the request and then does what it wants with
// the connection.
func raw(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 64<<10))
				do(conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func Reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond) // slower than the time limit of the test's requests
	}
}

func closed(t *testing.T) string {
	url := raw(t, func(net.Conn) {})
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	defer listener.Close()
	return url[:strings.LastIndexByte(url, ':')] + listener.Addr().String()[len("127.0.0.1"):]
}

type request struct {
	method string
	header http.Header
	body   []byte
}

// recorded is a receiver that accepts all and keeps it. What comes has to be
// an alert as the schema has it.
func recorded(t *testing.T) (url string, requests <-chan request) {
	return recording(t, func(text []byte) {
		if err := againstSchema(t, text); err != nil {
			t.Error(err)
		}
	})
}

// recording is a receiver that accepts all and keeps it, after a look at it.
func recording(t *testing.T, look func(body []byte)) (url string, requests <-chan request) {
	got := make(chan request, 10)
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		look(text)
		got <- request{r.Method, r.Header, text}
		io.WriteString(w, "ok")
	}).URL, got
}

// send is one attempt at an alert.
func send(ctx context.Context, to notify.Notifier, a alert.Alert, plain bool) error {
	_, err := to.Send(ctx, notify.Delivery{Alert: a, Plain: plain})
	return err
}

// outcome of a Send; -1 is success.
func outcome(t *testing.T, err error) (notify.Outcome, *notify.Error) {
	t.Helper()
	if err == nil {
		return -1, nil
	}
	var failed *notify.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no *notify.Error", err)
	}
	return failed.Outcome, failed
}

func soon(t *testing.T) context.Context {
	ctx, cancel := testkit.WithPatience(t)
	t.Cleanup(cancel)
	return ctx
}

const (
	canaryPath   = "T0CANARYPATH/B0CANARYPATH"
	canaryQuery  = "canaryquery1"
	canaryHeader = "canaryheader"
)

func noCanary(t *testing.T, text string) {
	t.Helper()
	for _, c := range []string{"CANARYPATH", "services/", "canaryq", "canaryh", secret[6:20], "Post "} {
		if strings.Contains(text, c) {
			t.Errorf("%q is told: %s", c, text)
		}
	}
	if n := len([]rune(text)); n > 500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%d characters, or more than one line: %.600q", n, text)
	}
}

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
