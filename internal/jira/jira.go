// Package jira asks Jira's REST API what its OAuth 2.0 integrations are.
package jira

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

// Path is what is requested, below Jira's base URL. A failure that Jira logs for this path
// and the request ID of an Answer is one of our own request. The resource is
// com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource of Jira's plugin.
const Path = "/rest/oauth2-client/latest/config"

// Timeout is for how long one answer is waited for in all.
const Timeout = 2 * time.Second

const maxBody = 1 << 20 // bytes of an answer; an integration takes about 600

// Client asks one Jira.
type Client struct {
	address string
	token   conf.Secret
	client  *http.Client
}

// New makes a client for the Jira at a base URL, as conf has checked it. The token is a personal
// access token of a system administrator. Nothing is requested yet.
func New(base string, token conf.Secret) (*Client, error) {
	client, err := notify.NewClient(conf.Notifier{}, conf.Client{})
	if err != nil {
		return nil, err
	}
	return &Client{address: strings.TrimRight(base, "/") + Path, token: token, client: client}, nil
}

// Answer is what Jira said.
type Answer struct {
	RequestID    string // as Jira's log lines have it, "" = unknown; it may be known with an error, too
	Integrations []Integration
}

// Integrations makes one request and waits for its answer for at most Timeout. It follows
// no redirect, so the token goes to this Jira only. An error is an *Error.
func (c *Client) Integrations(ctx context.Context) (Answer, error) {
	within, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(within, http.MethodGet, c.address, nil)
	if err != nil {
		return Answer{}, c.broken(ctx, "could not be reached", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "jira-oauth-watcher")
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	resp, err := c.client.Do(req)
	if err != nil {
		return Answer{}, c.broken(ctx, "could not be reached", err)
	}
	defer resp.Body.Close()
	answer := Answer{RequestID: requestID(resp.Header)}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case resp.StatusCode != http.StatusOK: // the status says enough, whatever became of the body
		return answer, c.refused(resp, body)
	case err != nil:
		return answer, c.broken(ctx, "did not complete its response", err)
	case len(body) > maxBody:
		return answer, &Error{Err: errors.New("sent a response larger than 1 MiB")}
	case isPage(resp, body):
		return answer, &Error{Err: errors.New("answered with a web page instead of JSON: " +
			"something in front of Jira asks for a sign-in")}
	}
	body = bytes.ReplaceAll(body, []byte(c.token.Reveal()), []byte("[redacted]")) // a Jira that echoes it
	if answer.Integrations, err = decode(body); err != nil {
		return answer, &Error{Err: errors.New("answered with something other than a JSON list of integrations")}
	}
	return answer, nil
}

// idHeader is the value of X-AREQUESTID: the request ID of Jira's log, in Data Center with
// that of the node before it, such as @SMHTOXx759x64x0.
var idHeader = regexp.MustCompile(`^(?:[@*][0-9A-Za-z]{1,20}x)?([0-9]{1,10}x[0-9]{1,10}x[0-9]{1,10})$`)

func requestID(h http.Header) string {
	m := idHeader.FindStringSubmatch(h.Get("X-AREQUESTID"))
	if m == nil {
		return ""
	}
	return m[1]
}
