package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/jira"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// askEvery is the minimum time between two requests to Jira.
const askEvery = time.Minute

// Integrations is Jira's REST API.
type Integrations interface {
	// Integrations waits for at most jira.Timeout. Its errors are clauses for an alert.
	Integrations(ctx context.Context) (jira.Answer, error)
}

// answers is what Jira has reported about its integrations. It is stored, so that a restart and a
// reload do not cause more requests.
type answers struct {
	URL    string             `json:"url"`
	Due    time.Time          `json:"due"` // when Jira may be asked again
	Known  []jira.Integration `json:"known,omitempty"`
	Failed string             `json:"failed,omitempty"` // why Jira did not answer the last time, "" = it did
}

// answers is what the Jira of the configuration has reported so far.
func (r *Recorder) answers(tx *store.Tx) (now answers) {
	if r.Jira != nil {
		tx.Note(store.Settings, &now)
	}
	if now.URL != r.Rules.JiraURL() {
		return answers{URL: r.Rules.JiraURL()}
	}
	return now
}

// ask asks Jira, if a minute has passed since the last time. Its answer is used for what is
// recorded next.
func (r *Recorder) ask(ctx context.Context) error {
	if r.Jira == nil {
		return nil
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	var now answers
	if err := r.Store.View(func(tx *store.Tx) { now = r.answers(tx) }); err != nil {
		return err
	}
	began := clock.Now()
	if began.Before(now.Due) && now.Due.Sub(began) <= time.Hour { // else the clock was set back
		return nil
	}
	now.Due = began.Add(askEvery)
	if err := r.asked(now, incident.Own{From: began}); err != nil {
		return err
	}
	answer, err := r.Jira.Integrations(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if refused, ok := errors.AsType[*jira.Error](err); ok && refused.RetryAfter > askEvery {
		now.Due = began.Add(refused.RetryAfter)
	}
	if err != nil {
		now.Failed = err.Error()
	} else {
		now.Known, now.Failed = answer.Integrations, ""
	}
	return r.asked(now, incident.Own{From: began, Request: answer.RequestID, Fine: err == nil})
}

// asked stores what is known now, and about one of our own requests: errors that Jira logs about it are
// not failures.
func (r *Recorder) asked(now answers, o incident.Own) error {
	return r.Store.Update(func(tx *store.Tx) {
		tx.SetEvidence(tx.Evidence().Ask(o))
		tx.SetNote(store.Settings, now)
	})
}

// of finds the integration of a failure: by the ID of its configuration, or else as the only one
// with a value that the failure shows. id is the ID of its configuration, "" = not known. why says
// why nothing else is known.
func (a answers) of(f matchers.Failure, config string) (found *jira.Integration, id, why string) {
	var names []string
	if known := a.byID(config); known != nil && f.Contradicts(settingsOf(*known)) {
		config = "" // what the failure itself shows counts more
	}
	for _, known := range a.Known {
		if strings.ToLower(known.ID) == config || config == "" && f.Of(settingsOf(known)) {
			found, names = &known, append(names, known.Name)
		}
	}
	switch {
	case a.Failed != "":
		why = a.Failed
	case len(names) > 1:
		why = fmt.Sprintf("it may be one of %d integrations in Jira: %s", len(names), text.Cut(strings.Join(names, ", "), maxNames))
	case found == nil && config != "":
		why = "no integration in Jira has this ID anymore"
	case found == nil && f.Facts.Text("app_id") != "":
		why = "no integration in Jira has this application ID"
	case found == nil:
		why = fmt.Sprintf("the log does not show which of the %s in Jira it is", text.Count(len(a.Known), "integration"))
	}
	if len(names) != 1 {
		return nil, config, why
	}
	return found, strings.ToLower(found.ID), why
}

// tokens is the host from which the integrations with an application ID get their tokens, or all
// there are if it is "". It is "" if that is not one host that the catalogue knows.
func (a answers) tokens(client string) (host string) {
	for _, known := range a.Known {
		of := matchers.TokenHost(known.TokenEndpoint)
		if client != "" && client != known.ClientID {
			continue
		}
		if of == "" || host != "" && host != of {
			return ""
		}
		host = of
	}
	return host
}

func settingsOf(i jira.Integration) matchers.Settings {
	return matchers.Settings{
		ClientID: i.ClientID, AuthorizationEndpoint: i.AuthorizationEndpoint, TokenEndpoint: i.TokenEndpoint, Scopes: i.Scopes,
	}
}

// byID is the integration with an ID, nil = not known.
func (a answers) byID(config string) *jira.Integration {
	for _, known := range a.Known {
		if strings.ToLower(known.ID) == config {
			return &known
		}
	}
	return nil
}

const maxNames = 200 // characters of a list of integrations

// redacted is a name from Jira, because people wrote it.
func (r *Recorder) redacted(name string) string { return text.Unlink(r.Rules.Mask(name)) }

// Called is the name in Jira of the integration with an ID, "" = not known.
func (s storage) Called(config string) string {
	if known := s.recorder.answers(s.Tx).byID(config); known != nil {
		return s.recorder.redacted(known.Name)
	}
	return ""
}

// compare is a failure with what Jira reports about its integration. config is the ID of the
// configuration, "" = not known.
func (r *Recorder) compare(tx *store.Tx, f matchers.Failure, config string) matchers.Failure {
	if r.Jira != nil {
		answers := r.answers(tx)
		found, id, why := answers.of(f, config)
		config, f.Unchecked = id, why
		if found != nil {
			f.Integration.Name, f.Integration.Client = r.redacted(found.Name), found.ClientID
			if why == "" {
				f.Compared = f.Compare(settingsOf(*found))
			}
		}
		f.Integration.Tokens = answers.tokens(f.Integration.Client)
	}
	if config != "" {
		f = f.OfConfiguration(config)
	}
	return f
}
