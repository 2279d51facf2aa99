package notifytest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

// Server is a receiver until the test ends.
func Server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// Answering is a receiver that says the same to all.
func Answering(t *testing.T, status int, body string, header ...string) string {
	return Server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}).URL
}

// Raw is a receiver that reads the request and then does what it wants with
// the connection.
func Raw(t *testing.T, do func(net.Conn)) string {
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
				if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					io.Copy(io.Discard, req.Body) // else its sender may fail while it writes
				}
				do(conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// Closed is an address that no one listens on.
func Closed(t *testing.T) string {
	url := Raw(t, func(net.Conn) {})
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	defer listener.Close()
	return url[:strings.LastIndexByte(url, ':')] + listener.Addr().String()[len("127.0.0.1"):]
}

// Request is what a receiver was sent.
type Request struct {
	Method string
	Header http.Header
	Body   []byte
}

// Recorded is a receiver that accepts and keeps everything. A request must be a
// valid alert.
func Recorded(t *testing.T) (url string, requests <-chan Request) {
	return Recording(t, func(text []byte) {
		if err := Valid(t, text); err != nil {
			t.Error(err)
		}
	})
}

// Recording is a receiver that accepts and keeps everything, after look has seen
// it.
func Recording(t *testing.T, look func(body []byte)) (url string, requests <-chan Request) {
	got := make(chan Request, 10)
	return Server(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		look(text)
		got <- Request{r.Method, r.Header, text}
		io.WriteString(w, "ok")
	}).URL, got
}

// Send is one attempt at an alert.
func Send(ctx context.Context, to notify.Notifier, a alert.Alert, plain bool) error {
	_, err := to.Send(ctx, notify.Delivery{Alert: a, Plain: plain})
	return err
}

// Outcome is that of a Send; -1 is success.
func Outcome(t *testing.T, err error) (notify.Outcome, *notify.Error) {
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

// Patience is a context that ends as testkit.Until gives up.
func Patience(t *testing.T) context.Context {
	ctx, cancel := testkit.WithPatience(t)
	t.Cleanup(cancel)
	return ctx
}

// Secrets of a receiver that appear in no error.
const (
	CanaryPath   = "T0CANARYPATH/B0CANARYPATH"
	CanaryQuery  = "canaryquery1"
	CanaryHeader = "canaryheader"
	Secret       = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
)

// NoCanary fails the test for a text, such as an error, that holds a secret of
// the address or the headers, or is no short line.
func NoCanary(t *testing.T, text string) {
	t.Helper()
	for _, c := range []string{"CANARYPATH", "services/", "canaryq", "canaryh", Secret[6:20], "Post "} {
		if strings.Contains(text, c) {
			t.Errorf("%q appears in %s", c, text)
		}
	}
	if n := len([]rune(text)); n > 500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%d characters, or more than one line: %.600q", n, text)
	}
}

// Valid is nil when a text is a valid body of a webhook.
func Valid(t *testing.T, text []byte) error {
	t.Helper()
	const name = "alert.schema.json"
	_, here, _, _ := runtime.Caller(0)
	file, err := os.Open(filepath.Join(filepath.Dir(here), "..", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	schema, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
