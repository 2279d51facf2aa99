package receive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"jira-oauth-watcher/internal/listen"
)

// protobuf and jsonType are the media types of OTLP/HTTP.
const (
	protobuf = "application/x-protobuf"
	jsonType = "application/json"
)

// refusal is a request that is answered with an error.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

// ServeHTTP answers POST /v1/logs as the OTLP specification says
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	media, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type"))
	refused := r.serve(w, q, media)
	if media != protobuf {
		media = jsonType
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if refused != nil {
		refused.answer(w, media)
	} else if media == jsonType { // else an empty ExportLogsServiceResponse
		io.WriteString(w, "{}")
	}
}

// answer writes a google.rpc.Status, of which only the message is set.
func (r *refusal) answer(w http.ResponseWriter, media string) {
	if r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	body, _ := json.Marshal(map[string]string{"message": r.why})
	if media == protobuf {
		body = binary.AppendUvarint([]byte{2<<3 | 2}, uint64(len(r.why)))
		body = append(body, r.why...)
	}
	w.WriteHeader(r.status)
	w.Write(body)
}

func (r *Receiver) serve(w http.ResponseWriter, q *http.Request, media string) *refusal {
	compression := q.Header.Get("Content-Encoding")
	switch {
	case r.rules.Loopback() && !listen.Here(r.rules, "", q.Host): // DNS rebinding, as for the status page
		return &refusal{http.StatusMisdirectedRequest, "this service has another name: send to its IP address"}
	case q.URL.Path != "/v1/logs":
		return &refusal{http.StatusNotFound, "only /v1/logs is served here"}
	case q.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{http.StatusMethodNotAllowed, "only POST is answered"}
	case !r.logins.Allow(r.rules, q):
		w.Header().Set("WWW-Authenticate", `Basic realm="jira-oauth-watcher"`)
		return &refusal{http.StatusUnauthorized, "a password or a token is required, see [receive] in the configuration"}
	case media != protobuf && media != jsonType:
		return &refusal{http.StatusUnsupportedMediaType, "expected the content type " + protobuf + " or " + jsonType}
	case compression != "" && compression != "identity" && compression != "gzip":
		return &refusal{http.StatusUnsupportedMediaType, "expected the content encoding gzip or none"}
	}
	answers := http.NewResponseController(w)
	answers.SetReadDeadline(time.Now().Add(bodyTime))
	answers.SetWriteDeadline(time.Now().Add(bodyTime + 2*storeTime))
	p := &pending{done: make(chan struct{}), flying: &r.flying}
	p.left.Store(1)
	ctx, cancel := context.WithTimeout(q.Context(), bodyTime+storeTime)
	defer cancel()
	refused := r.take(ctx, w, q, media == jsonType, p)
	if p.add(-1); refused != nil {
		return refused
	}
	select {
	case <-p.done:
		return nil
	case <-r.ended:
		return errEnded
	case <-ctx.Done():
		return errSlow
	}
}

// take reads a request and gives its lines to their streams.
func (r *Receiver) take(ctx context.Context, w http.ResponseWriter, q *http.Request, isJSON bool, p *pending) *refusal {
	body, refused := r.body(w, q, p)
	if refused != nil {
		return refused
	}
	if tooMany(body, isJSON) {
		return &refusal{http.StatusRequestEntityTooLarge, "the request has too many records and attributes: configure smaller batches"}
	}
	r.decode.Lock()
	lines, err := decode(body, isJSON)
	r.decode.Unlock()
	if err != nil {
		return &refusal{http.StatusBadRequest, "the body is not an ExportLogsServiceRequest: " + err.Error()}
	}
	for from, text := range lines {
		if refused := r.put(ctx, from, text, p); refused != nil {
			return refused
		}
	}
	return nil
}

// body reads a request. What it takes counts as in flight until p is done.
func (r *Receiver) body(w http.ResponseWriter, q *http.Request, p *pending) ([]byte, *refusal) {
	var from io.Reader = http.MaxBytesReader(w, q.Body, maxBody)
	var err error
	if q.Header.Get("Content-Encoding") == "gzip" {
		from, err = gzip.NewReader(from)
	}
	var text bytes.Buffer
	if err == nil {
		_, err = io.Copy(&text, &metered{from, r, p})
	}
	var refused *refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{http.StatusRequestTimeout, "the body did not arrive in time"}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body cannot be read: " + err.Error()}
	}
	return text.Bytes(), nil
}

var errTooLarge = &refusal{http.StatusRequestEntityTooLarge, "the body is larger than 16 MiB: send smaller batches"}

// metered counts what is read as in flight.
type metered struct {
	from io.Reader
	r    *Receiver
	p    *pending
}

func (m *metered) Read(buf []byte) (int, error) {
	n, err := m.from.Read(buf)
	m.p.size += int64(n)
	switch flying := m.r.flying.Add(int64(n)); {
	case m.p.size > maxBody:
		return n, errTooLarge
	case flying > maxInFlight:
		return n, errBusy
	}
	return n, err
}
