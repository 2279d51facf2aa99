package slack

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// api calls methods of Slack's Web API. The requests are ours and not slack-go's, which decodes
// answers whole, so that a message that Slack has accepted would count as failed, and be sent again
// and again, when its echo holds something newer than the library; and whose errors lack the reason,
// or hold the address.
type api struct {
	client  *http.Client
	url     string
	token   conf.Secret
	secrets []conf.Secret // appear in no error
}

// apiAnswer is what is used of an answer.
type apiAnswer struct {
	OK       bool
	Error    string
	Needed   string // scopes …
	Provided string // … when one is missing
	Metadata struct {
		Messages []string
	} `json:"response_metadata"`

	TS           string
	URL          string // of apps.connections.open
	TeamID       string `json:"team_id"`       // of auth.test …
	EnterpriseID string `json:"enterprise_id"` // … as well
	Message      struct {
		ThreadTS string `json:"thread_ts"`
	}
}

// call calls a method. What is not as expected in an answer is left out: some of it is kept in the
// state file. An error is a *notify.Error.
func (a *api) call(ctx context.Context, method string, form url.Values) (said apiAnswer, err error) {
	got, err := notify.Request{Client: a.client, To: conf.NewSecret(a.url + method),
		Header: http.Header{"Authorization": {"Bearer " + a.token.Reveal()}}, Body: []byte(form.Encode()),
		Type: "application/x-www-form-urlencoded", Secrets: a.secrets, Limit: maxAPIAnswer}.Send(ctx)
	if got.Status == 0 {
		return said, err
	}
	invalid := json.Unmarshal(got.Raw, &said)
	_, odd := errors.AsType[*json.UnmarshalTypeError](invalid) // a field does not have its documented type
	isJSON := invalid == nil || odd
	for _, id := range []*string{&said.TS, &said.Message.ThreadTS, &said.TeamID, &said.EnterpriseID} {
		if !isID.MatchString(*id) {
			*id = ""
		}
	}
	switch {
	case got.Status == http.StatusOK && isJSON && said.OK:
		return said, nil
	case isJSON && said.Error != "":
		return said, refused(method, got, said)
	}
	failed := got.Failed()
	if got.Status < 300 && got.Broken == nil {
		failed.Outcome = notify.BadSettings
		failed.Err = fmt.Errorf("%w, which is not Slack's Web API: is api_url right, or did a proxy answer?", failed.Err)
	}
	return said, failed
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
func refused(method string, got notify.Answer, said apiAnswer) *notify.Error {
	text := "Slack refuses " + method + ": " + got.Clean(said.Error)
	meaning, known := knownErrors[said.Error]
	if meaning.remedy != "" {
		text += " (" + meaning.remedy + ")"
	}
	for _, scope := range []struct{ name, value string }{{"needed", said.Needed}, {"provided", said.Provided}} {
		if scope.value != "" {
			text += fmt.Sprintf(", %s: %s", scope.name, got.Clean(scope.value))
		}
	}
	for _, complaint := range said.Metadata.Messages[:min(len(said.Metadata.Messages), maxComplaints)] {
		text += "; " + got.Clean(complaint)
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
