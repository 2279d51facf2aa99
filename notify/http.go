package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/text"
)

const (
	MaxReply      = 4 << 10   // bytes of an answer that are used: enough for any reason a receiver gives
	maxHeaders    = 64 << 10  // bytes of an answer's headers
	maxReason     = 200       // characters of an answer that are shown
	maxRetryAfter = time.Hour // a longer pause is ignored
	maxPEM        = 1 << 20   // bytes of a file of certificates
)

// NewClient makes an HTTP client for one receiver: it follows no redirect,
// heeds the proxy variables of the environment, trusts the CAs of the notifier in
// addition to the system's, and has the client certificate of c, if any.
func NewClient(n conf.Notifier, c conf.Client) (*http.Client, error) {
	secure, err := TLSConfig(n)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = maxHeaders
	transport.MaxIdleConnsPerHost = 1
	transport.IdleConnTimeout = 30 * time.Second
	transport.TLSClientConfig = secure
	if c.ClientCert != "" || c.ClientKey != "" {
		own, err := clientCertificate(c)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{own}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// TLSConfig trusts the CAs of the notifier in addition to the system's.
func TLSConfig(n conf.Notifier) (*tls.Config, error) {
	if n.CAFile == "" {
		return &tls.Config{}, nil
	}
	pem, err := ReadFile("ca_file", n.CAFile, maxPEM)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s contains no certificate in PEM format", n.CAFile)
	}
	return &tls.Config{RootCAs: roots}, nil
}

func clientCertificate(c conf.Client) (tls.Certificate, error) {
	var own tls.Certificate
	cert, certErr := ReadFile("client_cert", c.ClientCert, maxPEM)
	key, keyErr := ReadFile("client_key", c.ClientKey, maxPEM)
	err := cmp.Or(certErr, keyErr)
	if err != nil {
		return own, err
	}
	if own, err = tls.X509KeyPair(cert, key); err != nil {
		return own, fmt.Errorf("client_cert: %s with the client_key %s: %w", c.ClientCert, c.ClientKey, err)
	}
	return own, nil
}

// ReadFile reads the file that a key of the configuration names, of at most so many bytes. Errors
// begin with the key.
func ReadFile(key, file string, most int64) ([]byte, error) {
	if file == "" {
		return nil, fmt.Errorf("%s is missing", key)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s: %s is larger than %d bytes", key, file, most)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return content, nil
}

// ExtraHeaders are the operator's own for each request.
func ExtraHeaders(c conf.Client) http.Header {
	h := http.Header{}
	for name, value := range c.Headers {
		h.Set(name, value.Reveal())
	}
	return h
}

// Answer is what a receiver said.
type Answer struct {
	Status     int
	Body       string // its beginning, one line, printable, redacted
	Raw        []byte // as it was received
	RetryAfter time.Duration
	Broken     error // the body is incomplete

	redactor *Redactor
}

// Clean makes a part of Raw fit to be shown.
func (a Answer) Clean(s string) string { return OneLine(a.redactor.Redact(s)) }

// Request is one to a receiver: a POST, or a GET when there is no body.
type Request struct {
	Client  *http.Client
	To      conf.Secret // the address
	Header  http.Header
	Body    []byte
	Type    string        // media type of the body, "" = JSON
	Secrets []conf.Secret // of the body: they appear in no error
	Public  []string      // words of the address that are not secret
	Limit   int64         // of the bytes read of the answer; 0 = MaxReply
}

// Send sends the request. An error is an *Error: there is no answer, or one with another status
// than 2xx, which is returned too. It is without what is secret: net/http puts the whole URL into
// its own errors, and receivers echo the request in their answers.
func (r Request) Send(ctx context.Context) (Answer, error) {
	var sent atomic.Bool // all of the request
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(w httptrace.WroteRequestInfo) { sent.Store(w.Err == nil) },
	})
	method := http.MethodGet
	if r.Body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, r.To.Reveal(), bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, &Error{Outcome: BadSettings, Err: errors.New("the address is not a URL")}
	}
	maps.Copy(req.Header, r.Header)
	secrets := req.Header.Clone()
	for _, s := range r.Secrets {
		secrets.Add("Authorization", s.Reveal())
	}
	redactor := NewRedactor(req.URL, secrets, r.Public...)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", cmp.Or(r.Type, "application/json; charset=utf-8"))
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "jira-oauth-watcher")
	}
	resp, err := r.Client.Do(req)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err
		}
		return Answer{}, unanswered(err, sent.Load(), redactor)
	}
	defer resp.Body.Close()
	answer := Answer{Status: resp.StatusCode, RetryAfter: RetryAfter(resp.Header.Get("Retry-After"), clock.Now()),
		redactor: redactor}
	answer.Raw, answer.Broken = io.ReadAll(io.LimitReader(resp.Body, cmp.Or(r.Limit, MaxReply)))
	beginning := answer.Raw[:min(len(answer.Raw), MaxReply)]
	if len(beginning) == MaxReply { // the cut could split a secret, which would not be redacted
		beginning = beginning[:bytes.LastIndexAny(beginning, " \t\r\n")+1]
	}
	answer.Body = answer.Clean(string(beginning))
	if answer.Status < 200 || answer.Status > 299 {
		return answer, answer.Failed()
	}
	return answer, nil
}

// unanswered is the error of a request without an answer. sent is whether all of it was written.
func unanswered(err error, sent bool, redactor *Redactor) *Error {
	e := &Error{}
	switch {
	case errors.Is(err, io.EOF):
		err = Reworded("the receiver closed the connection without a response: is the address right?", err)
	case errors.Is(err, context.DeadlineExceeded):
		words := "no response in time: is the address right, and is a proxy required (HTTPS_PROXY)?"
		if e.Unsure = sent; e.Unsure {
			words = "no response in time, but the request may have been accepted: is a longer timeout required?"
		}
		err = Reworded(words, err)
	}
	e.Err = Reworded(OneLine(redactor.Redact(err.Error())), err)
	return e
}

// Reworded is err in other words.
func Reworded(words string, err error) error { return &reworded{words, err} }

type reworded struct {
	text string
	err  error
}

func (r *reworded) Error() string { return r.text }

func (r *reworded) Unwrap() error { return r.err }

// RetryAfter reads the header of that name: seconds, also with a fraction, or
// a date (RFC 9110, section 10.2.3).
func RetryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		d = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// Failed makes an Error of an answer, by its status.
func (a Answer) Failed() *Error {
	e := &Error{RetryAfter: a.RetryAfter,
		Err: fmt.Errorf("the receiver answered %d %s: %q", a.Status, http.StatusText(a.Status), a.Body)}
	if a.Broken != nil {
		e.Err = fmt.Errorf("%w, and then: %w", e.Err, a.Broken)
	}
	switch a.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		e.Outcome = BadMessage
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		e.Outcome = Retry
	case http.StatusGatewayTimeout: // a proxy has passed it on
		e.Unsure = true
	default:
		if a.Status >= 300 && a.Status < 500 {
			e.Outcome = BadSettings
		}
	}
	return e
}

// OneLine makes a receiver's answer fit for a log line: an HTML page is shortened,
// control characters are removed.
func OneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	})
	return text.Cut(strings.Join(words, " "), maxReason)
}
