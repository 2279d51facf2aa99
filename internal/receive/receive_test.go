package receive_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/receive"
	"jira-oauth-watcher/internal/testkit"
)

const protobuf, jsonType = "application/x-protobuf", "application/json"

// world is a receiver whose streams are read by the test.
type world struct {
	t      *testing.T
	r      *receive.Receiver
	mu     sync.Mutex
	lines  map[receive.Source]string
	stored bool // what is read is stored at once
}

func newWorld(t *testing.T, rules conf.HTTP) *world {
	w := &world{t: t, lines: map[receive.Source]string{}, stored: true}
	rules.Listen = "127.0.0.1:4318"
	w.r = receive.New(rules, slog.New(slog.DiscardHandler), func(from receive.Source, s *receive.Stream) func(context.Context) error {
		return func(ctx context.Context) error {
			for {
				b, err := s.Block(ctx, time.Hour)
				if err != nil {
					return nil
				}
				w.mu.Lock()
				w.lines[from] += string(b.Text)
				if w.stored {
					s.Stored()
				}
				w.mu.Unlock()
			}
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return w
}

func (w *world) send(body []byte, media string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	q := httptest.NewRequest("POST", "http://127.0.0.1:4318/v1/logs", bytes.NewReader(body))
	q.Header.Set("Content-Type", media)
	for _, e := range edit {
		e(q)
	}
	answer := httptest.NewRecorder()
	w.r.ServeHTTP(answer, q)
	return answer
}

func (w *world) got() map[receive.Source]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines
}

// logs is a request with each kind of body and each kind of source.
func logs() plog.Logs {
	all := plog.NewLogs()
	file := all.ResourceLogs().AppendEmpty()
	file.Resource().Attributes().PutStr("host.name", "jira-\x1b[31m7\u202e")
	records := file.ScopeLogs().AppendEmpty().LogRecords()
	add := func(text string) plog.LogRecord {
		r := records.AppendEmpty()
		r.Attributes().PutStr("log.file.path", "/var/log/atlassian-jira.log")
		r.Body().SetStr(text)
		return r
	}
	add("one\n\ttwo\n")
	add("").Body().SetEmptyMap().PutStr("log", "three\n")
	add("").Body().SetEmptyBytes().FromRaw([]byte("four"))
	add("").Body().SetInt(5)
	add("")
	pod := all.ResourceLogs().AppendEmpty()
	for name, value := range map[string]string{
		"k8s.namespace.name": "prod", "k8s.pod.name": "jira-0", "k8s.container.name": "jira", "service.name": "unused",
	} {
		pod.Resource().Attributes().PutStr(name, value)
	}
	r := pod.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.Body().SetStr("five")
	r.Attributes().PutStr("host.name", strings.Repeat("h", 300))
	all.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("six")
	return all
}

// Both encodings lead to the same lines of the same streams, and are answered as the specification
// says.
func TestEncodings(t *testing.T) {
	binary, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs())
	if err != nil {
		t.Fatal(err)
	}
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs())
	if err != nil {
		t.Fatal(err)
	}
	want := map[receive.Source]string{
		{Node: "jira-[31m7", Log: "/var/log/atlassian-jira.log"}:                           "one\n\ttwo\n{\"log\":\"three\\n\"}\nfour\n",
		{Node: strings.Repeat("h", 255-len("… cut")+2) + "… cut", Log: "prod/jira-0/jira"}: "five\n",
		{}: "six\n",
	}
	zip := func(q *http.Request) { q.Header.Set("Content-Encoding", "gzip") }
	for _, tt := range []struct {
		media, answer string
		body          []byte
		edit          func(*http.Request)
	}{
		{protobuf, "", binary, func(*http.Request) {}},
		{jsonType, "{}", text, func(*http.Request) {}},
		{jsonType + "; charset=utf-8", "{}", []byte(testkit.Gzip(string(text))), zip},
		{protobuf, "", []byte(testkit.Gzip(string(binary))), zip},
	} {
		w := newWorld(t, conf.HTTP{})
		answer := w.send(tt.body, tt.media, tt.edit)
		if media, _, _ := strings.Cut(tt.media, ";"); answer.Code != 200 || answer.Body.String() != tt.answer || answer.Header().Get("Content-Type") != media {
			t.Errorf("%s: %d %q %v", tt.media, answer.Code, answer.Body, answer.Header())
		}
		if got := w.got(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.media, got, want)
		}
	}
}

// What cannot be taken is refused with a Status in the encoding of the request.
func TestRefused(t *testing.T) {
	w := newWorld(t, conf.HTTP{})
	header := func(name, value string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set(name, value) }
	}
	bomb := []byte(testkit.Gzip(strings.Repeat(" ", 17<<20)))
	for _, tt := range []struct {
		body  []byte
		media string
		edit  func(*http.Request)
		want  int
	}{
		{[]byte("\xff\xff"), protobuf, header("X", "x"), 400},
		{[]byte(`{"resourceLogs":`), jsonType, header("X", "x"), 400},
		{[]byte("no gzip"), jsonType, header("Content-Encoding", "gzip"), 400},
		{[]byte("{}"), jsonType, header("Content-Encoding", "zstd"), 415},
		{[]byte("{}"), "text/plain", header("X", "x"), 415},
		{[]byte("{}"), jsonType, func(q *http.Request) { q.Method = "GET" }, 405},
		{[]byte("{}"), jsonType, func(q *http.Request) { q.URL.Path = "/v1/traces" }, 404},
		{[]byte("{}"), jsonType, func(q *http.Request) { q.Host = "evil.example.com" }, 421},
		{make([]byte, 17<<20), protobuf, header("X", "x"), 413},
		{bomb, jsonType, header("Content-Encoding", "gzip"), 413},
		{[]byte("{}"), jsonType, header("X", "x"), 200}, // nothing of the others is in flight any more
	} {
		answer := w.send(tt.body, tt.media, tt.edit)
		if answer.Code != tt.want {
			t.Errorf("%.20q as %s: %d %s, want %d", tt.body, tt.media, answer.Code, answer.Body, tt.want)
		}
		if tt.want != 200 && tt.media == jsonType && !strings.HasPrefix(answer.Body.String(), `{"message":"`) ||
			tt.want != 200 && tt.media == protobuf && !strings.HasPrefix(answer.Body.String(), "\x12") {
			t.Errorf("%d as %s: %q", tt.want, tt.media, answer.Body)
		}
	}
}

// Deep nesting must not exhaust the stack, which no program survives.
func TestNesting(t *testing.T) {
	w := newWorld(t, conf.HTTP{})
	deep := strings.Repeat(`{"arrayValue":{"values":[`, 100_000)
	if answer := w.send([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":`+deep), jsonType); answer.Code != 400 {
		t.Errorf("JSON: %d %s", answer.Code, answer.Body)
	}
	var value []byte
	tag := func(field int, of []byte) []byte {
		n := len(of)
		head := []byte{byte(field<<3 | 2)}
		for ; n >= 0x80; n >>= 7 {
			head = append(head, byte(n)|0x80)
		}
		return append(append(head, byte(n)), of...)
	}
	for range 2_000 {
		value = tag(1, tag(5, value))
	}
	if answer := w.send(tag(1, tag(2, tag(2, tag(5, tag(5, value))))), protobuf); answer.Code != 400 {
		t.Errorf("protobuf: %d %s", answer.Code, answer.Body)
	}
}

// Who does not have the password or the token is refused.
func TestLogin(t *testing.T) {
	w := newWorld(t, conf.HTTP{BasicAuth: conf.NewSecret("ops:hunter2"), Token: conf.NewSecret("t0ken")})
	for given, want := range map[string]int{
		"": 401, "Basic b3BzOmh1bnRlcjI=": 200, "Bearer t0ken": 200, "Bearer ops:hunter2": 401,
	} {
		answer := w.send([]byte("{}"), jsonType, func(q *http.Request) {
			if given != "" {
				q.Header.Set("Authorization", given)
			}
		})
		if answer.Code != want {
			t.Errorf("%q: %d", given, answer.Code)
		}
	}
}

func record(host, text string) []byte {
	return fmt.Appendf(nil, `{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":%q}}]},`+
		`"scopeLogs":[{"logRecords":[{"body":{"stringValue":%q}}]}]}]}`, host, text)
}

// A request is not answered before it is stored. When too much is in flight, further ones are
// refused with the time after which to send them again, and accepted when there is room.
func TestBackPressure(t *testing.T) {
	w := newWorld(t, conf.HTTP{})
	w.stored = false
	answers := make(chan int, 2)
	ctx, cancel := context.WithCancel(t.Context())
	for _, host := range []string{"a", "b"} {
		go func() {
			answers <- w.send(record(host, strings.Repeat("x", 15<<20)), jsonType, func(q *http.Request) { *q = *q.WithContext(ctx) }).Code
		}()
	}
	testkit.Eventually(t, "both are read", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.lines) == 2 })
	answer := w.send(record("c", strings.Repeat("x", 3<<20)), jsonType)
	if answer.Code != 429 || answer.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: %d %v", answer.Code, answer.Header())
	}
	select {
	case code := <-answers:
		t.Fatalf("answered %d before it was stored", code)
	default:
	}
	cancel() // the shippers go away; what they sent is in flight until it is stored
	for range 2 {
		if code := <-answers; code != 503 {
			t.Errorf("not stored in time: %d", code)
		}
	}
	if answer := w.send(record("c", strings.Repeat("x", 3<<20)), jsonType); answer.Code != 429 {
		t.Errorf("still in flight: %d", answer.Code)
	}
	w.mu.Lock()
	w.stored = true
	w.mu.Unlock()
	for _, host := range []string{"a", "b", "c"} {
		if answer := w.send(record(host, "small"), jsonType); answer.Code != 200 {
			t.Errorf("small: %d %s", answer.Code, answer.Body)
		}
	}
	if answer := w.send(record("c", strings.Repeat("x", 15<<20)), jsonType); answer.Code != 200 {
		t.Errorf("with room again: %d %s", answer.Code, answer.Body)
	}
}

// One request may have more streams than may be open: the oldest idle ones end.
func TestManyStreams(t *testing.T) {
	w := newWorld(t, conf.HTTP{})
	all := plog.NewLogs()
	const n = 2500
	for i := range n {
		of := all.ResourceLogs().AppendEmpty()
		of.Resource().Attributes().PutStr("host.name", fmt.Sprint(i))
		of.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("line")
	}
	body, err := (&plog.ProtoMarshaler{}).MarshalLogs(all)
	if err != nil {
		t.Fatal(err)
	}
	if answer := w.send(body, protobuf); answer.Code != 200 || len(w.got()) != n {
		t.Errorf("%d %s, %d streams", answer.Code, answer.Body, len(w.got()))
	}
}

// Whatever a body is, it is answered.
func FuzzBody(f *testing.F) {
	binary, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs())
	if err != nil {
		f.Fatal(err)
	}
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(binary, false)
	f.Add(text, true)
	f.Fuzz(func(t *testing.T, body []byte, isJSON bool) {
		if err := receive.Decode(body, isJSON); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
