package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

const maxReason = 200 // characters of a reason that others wrote

// Error is why there are no integrations: one clause for an alert, which never holds the
// token.
type Error struct {
	RetryAfter time.Duration // Jira asked for this pause, at most an hour; 0 = it did not
	Err        error
}

func (e *Error) Error() string { return "Jira's REST API " + e.Err.Error() }

// Unwrap leads to the error of the caller's context, if that has ended the request.
func (e *Error) Unwrap() error { return e.Err }

// broken is an answer that did not come, or not to its end. The errors of net/http are
// rebuilt: they hold the address, and what a receiver sent in place of an answer.
func (c *Client) broken(ctx context.Context, what string, err error) error {
	var timeout net.Error
	switch why := ctx.Err(); {
	case why != nil: // the caller's
		return &Error{Err: fmt.Errorf("request was canceled: %w", why)}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Err: errors.New("did not answer within " + text.Duration(Timeout))}
	}
	return &Error{Err: fmt.Errorf("%s: %s", what, c.reason(err))}
}

// reason is the part of an error of net/http that says what to look at.
func (c *Client) reason(err error) string {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error()
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return lookup.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed"
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return c.harmless(err.Error())
}

// harmless is a text of others without the token, which they may echo.
func (c *Client) harmless(s string) string {
	secret := http.Header{"Authorization": {c.token.Reveal()}}
	return shown(notify.NewRedactor(&url.URL{}, secret).Redact(s), maxReason)
}

// refused is an answer with a status other than 200.
func (c *Client) refused(resp *http.Response, body []byte) error {
	e := &Error{RetryAfter: notify.RetryAfter(resp.Header.Get("Retry-After"), clock.Now())}
	why := c.why(resp, body)
	if e.RetryAfter > 0 {
		why += "; the next request is sent after " + text.Duration(e.RetryAfter)
	}
	e.Err = fmt.Errorf("answered %d: %s", resp.StatusCode, why)
	return e
}

// meanings are what a status means here, and what to check.
var meanings = map[int]string{
	http.StatusUnauthorized: "the token in token_file is wrong, expired or revoked",
	http.StatusForbidden:    "the user of the token is not a system administrator of Jira",
	http.StatusNotFound: "url in [jira] is not Jira's base URL with its context path, " +
		"or Jira's OAuth 2.0 client plugin is disabled",
	http.StatusTooManyRequests:    "too many requests",
	http.StatusBadGateway:         "Jira is down, starting or under maintenance",
	http.StatusServiceUnavailable: "Jira is down, starting or under maintenance",
	http.StatusGatewayTimeout:     "Jira is down, starting or under maintenance",
}

// why is what an answer means here.
func (c *Client) why(resp *http.Response, body []byte) string {
	status := resp.StatusCode
	switch said := c.complaint(body); {
	case status == http.StatusForbidden && resp.Header.Get("X-Authentication-Denied-Reason") != "":
		// The only reason that Jira gives is CAPTCHA_CHALLENGE, after several failed sign-ins.
		return "Jira asks the user of the token for a CAPTCHA: sign in to Jira in a browser as that user"
	case status/100 == 3:
		return "a redirect, so url in [jira] is not Jira's base URL, or something in front of Jira asks for a sign-in"
	case status/100 == 4 && meanings[status] == "" && said != "":
		return said
	}
	return cmp.Or(meanings[status], http.StatusText(status), "an unexpected status")
}

// complaint is what the plugin says is wrong, as a quotation: it answers with the JSON
// {"errors": [...]}, such as when the base URL of Jira is not https.
func (c *Client) complaint(body []byte) string {
	var said struct{ Errors []string }
	if len(body) > notify.MaxReply || json.Unmarshal(body, &said) != nil {
		return ""
	}
	words := c.harmless(strings.Join(said.Errors, "; "))
	if words == "" {
		return ""
	}
	return "“" + strings.NewReplacer("“", `"`, "”", `"`).Replace(words) + "”"
}
