package slack

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

const (
	maxAPIAnswer  = 1 << 20          // bytes of an answer of the Web API: it repeats the message
	limitPause    = 30 * time.Second // after "ratelimited" without Retry-After
	maxComplaints = 3                // of what Slack says about blocks
)

// isID is a message's place in its channel, or the ID of a team.
var isID = regexp.MustCompile(`^[0-9A-Z.]{1,64}$`)

// apiTransport is a transport to Slack's Web API that reads the answers itself.
// slack-go decodes them whole, so that a message that Slack has accepted would
// count as failed, and be sent again and again, when its echo holds something
// newer than the library; and its errors lack the reason, or hold the address.
// What is handed on to slack-go is only what is asked for here; everything but
// success becomes an *Error.
type apiTransport struct {
	next    http.RoundTripper
	secrets []conf.Secret // appear in no error
}

// apiAnswer is what is used of an answer.
type apiAnswer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error,omitempty"`
	Needed   string `json:"needed,omitempty"`   // scopes …
	Provided string `json:"provided,omitempty"` // … when one is missing
	Metadata struct {
		Messages []string `json:"messages,omitempty"`
	} `json:"response_metadata"`

	TS           string `json:"ts,omitempty"`
	URL          string `json:"url,omitempty"`           // of apps.connections.open
	TeamID       string `json:"team_id,omitempty"`       // of auth.test …
	EnterpriseID string `json:"enterprise_id,omitempty"` // … as well
	Message      struct {
		ThreadTS string `json:"thread_ts,omitempty"`
	} `json:"message"`
}

// RoundTrip implements http.RoundTripper.
func (t *apiTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	redactor := t.redactor(req.URL)
	ctx, sent := notify.Traced(req.Context())
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", "jira-oauth-watcher")
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, notify.Unanswered(err, sent, redactor)
	}
	defer resp.Body.Close()
	limit := notify.MaxReply
	if resp.StatusCode == http.StatusOK {
		limit = maxAPIAnswer
	}
	text, broken := io.ReadAll(io.LimitReader(resp.Body, int64(limit)))
	var said apiAnswer
	invalid := json.Unmarshal(text, &said)
	_, odd := errors.AsType[*json.UnmarshalTypeError](invalid) // a field is of another type than the documented one
	isJSON := invalid == nil || odd
	if resp.StatusCode == http.StatusOK && isJSON && said.OK {
		return handOn(resp, said)
	}
	got := notify.Answered(resp, text, limit, broken, redactor)
	if isJSON && said.Error != "" {
		return nil, refused(path.Base(req.URL.Path), got, said, redactor)
	}
	e := got.Failed()
	if got.Status < 300 && broken == nil {
		e.Outcome = notify.BadSettings
		e.Err = fmt.Errorf("%w, which is not Slack's Web API: is api_url right, or did a proxy answer?", e.Err)
	}
	return nil, e
}

// handOn makes an answer of what is asked for. Some of it is kept in the state file, so
// that anything unexpected is left out.
func handOn(resp *http.Response, said apiAnswer) (*http.Response, error) {
	for _, id := range []*string{&said.TS, &said.Message.ThreadTS, &said.TeamID, &said.EnterpriseID} {
		if !isID.MatchString(*id) {
			*id = ""
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// refusal is an error code of Slack with an explanation.
type refusal struct {
	code string
	text string
}

func (r *refusal) Error() string { return r.text }

//go:embed errors.txt
var errorText string

// knownError is what an error code of Slack means.
type knownError struct {
	outcome notify.Outcome
	remedy  string // what to do about it, "" for most
	lost    bool   // the message is gone
}

var knownErrors = readErrors(errorText)

func readErrors(text string) map[string]knownError {
	outcomes := map[string]notify.Outcome{
		"message": notify.BadMessage, "settings": notify.BadSettings, "lost": notify.BadSettings, "retry": notify.Retry,
	}
	all := map[string]knownError{}
	for line := range strings.Lines(text) {
		if word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word != "#" {
			code, remedy, _ := strings.Cut(rest, " ")
			all[code] = knownError{outcomes[word], remedy, word == "lost"}
		}
	}
	return all
}

// refused makes an Error of Slack's error code: by the code, then by the status.
func refused(method string, got notify.Answer, said apiAnswer, redactor *notify.Redactor) *notify.Error {
	clean := func(s string) string { return notify.OneLine(redactor.Redact(s)) }
	text := "Slack refuses " + method + ": " + clean(said.Error)
	meaning, known := knownErrors[said.Error]
	if meaning.remedy != "" {
		text += " (" + meaning.remedy + ")"
	}
	for _, scope := range []struct{ name, value string }{{"needed", said.Needed}, {"provided", said.Provided}} {
		if scope.value != "" {
			text += fmt.Sprintf(", %s: %s", scope.name, clean(scope.value))
		}
	}
	for _, complaint := range said.Metadata.Messages[:min(len(said.Metadata.Messages), maxComplaints)] {
		text += "; " + clean(complaint)
	}
	e := &notify.Error{RetryAfter: got.RetryAfter, Err: &refusal{said.Error, text}}
	switch {
	case known:
		e.Outcome = meaning.outcome
	case got.Status != http.StatusOK:
		e.Outcome = got.Failed().Outcome
	case strings.HasPrefix(said.Error, "invalid_"), strings.HasPrefix(said.Error, "msg_"),
		strings.HasPrefix(said.Error, "too_"):
		e.Outcome = notify.BadMessage
	default:
		e.Outcome = notify.BadSettings // nothing is lost, and a person reads the code
	}
	if limited := said.Error == "ratelimited" || said.Error == "rate_limited"; limited && e.RetryAfter == 0 {
		e.RetryAfter = limitPause
	}
	return e
}

// redactor redacts what must not be shown: tokens and what follows the host.
func (t *apiTransport) redactor(u *url.URL) *notify.Redactor {
	header := http.Header{}
	for _, s := range t.secrets {
		if !s.IsZero() {
			header.Add("Authorization", s.Reveal())
			header.Add("Authorization", url.QueryEscape(s.Reveal())) // as in the body of a request
		}
	}
	return notify.NewRedactor(u, header)
}

// apiError is the *Error of apiTransport in what slack-go returned: only that is
// without the address. Any other error is of a request that was never sent.
func apiError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*notify.Error](err); ok {
		return e
	}
	if bad, ok := errors.AsType[*url.Error](err); ok {
		return &notify.Error{Outcome: notify.BadSettings, Err: fmt.Errorf("api_url: %w", bad.Err)}
	}
	return &notify.Error{Outcome: notify.BadMessage, Err: err}
}
