package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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

// settings is what Jira has reported about its integrations.
type settings struct {
	asking sync.Mutex
	read   bool      // what was stored has been read
	due    time.Time // when Jira may be asked again

	mu     sync.Mutex // of what follows; held in transactions, and never while waiting
	known  []jira.Integration
	failed string // why Jira did not answer the last time, "" = it did
}

// stored is what survives a restart and a reload, so that these do not cause more requests.
type stored struct {
	URL    string             `json:"url"`
	Due    time.Time          `json:"due"`
	Known  []jira.Integration `json:"known,omitempty"`
	Failed string             `json:"failed,omitempty"`
}

// ask asks Jira, if a minute has passed since the last time. Its answer is used for what is
// recorded next.
func (r *Recorder) ask(ctx context.Context) error {
	if r.Jira == nil {
		return nil
	}
	s := &r.settings
	s.asking.Lock()
	defer s.asking.Unlock()
	if err := s.restore(r); err != nil {
		return err
	}
	began := clock.Now()
	if began.Before(s.due) && s.due.Sub(began) <= time.Hour { // else the clock was set back
		return nil
	}
	s.due = began.Add(askEvery)
	if err := r.asked(incident.Own{From: began}); err != nil {
		return err
	}
	answer, err := r.Jira.Integrations(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if refused, ok := errors.AsType[*jira.Error](err); ok && refused.RetryAfter > askEvery {
		s.due = began.Add(refused.RetryAfter)
	}
	s.learn(answer.Integrations, err)
	return r.asked(incident.Own{From: began, Request: answer.RequestID, Fine: err == nil})
}

// restore reads, once, what was stored for the same Jira.
func (s *settings) restore(r *Recorder) error {
	if s.read {
		return nil
	}
	var was stored
	err := r.Store.View(func(tx *store.Tx) { tx.Note(store.Settings, &was) })
	if err != nil || was.URL != r.Rules.JiraURL() {
		s.read = err == nil
		return err
	}
	s.read, s.due = true, was.Due
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.failed = was.Known, was.Failed
	return nil
}

// learn takes an answer.
func (s *settings) learn(known []jira.Integration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed = err.Error()
		return
	}
	s.known, s.failed = known, ""
}

// asked stores what is known about one of our own requests: errors that Jira logs about it are not
// failures.
func (r *Recorder) asked(o incident.Own) error {
	return r.Store.Update(func(tx *store.Tx) {
		r.settings.mu.Lock()
		now := stored{r.Rules.JiraURL(), r.settings.due, r.settings.known, r.settings.failed}
		r.settings.mu.Unlock()
		tx.SetEvidence(tx.Evidence().Ask(o))
		tx.SetNote(store.Settings, now)
	})
}

// own reports whether a failure was caused by one of our own requests.
func (r *Recorder) own(tx *store.Tx, f matchers.Failure) bool {
	return r.Jira != nil && tx.Evidence().IsOwn(f, jira.Path)
}

// of finds the integration of a failure: by the ID of its configuration, or else as the only one
// with a value that the failure shows. id is the ID of its configuration, "" = not known. why says
// why nothing else is known.
func (s *settings) of(f matchers.Failure, config string) (found *jira.Integration, id, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	if known := s.byID(config); known != nil && f.Contradicts(settingsOf(*known)) {
		config = "" // what the failure itself shows counts more
	}
	for i, known := range s.known {
		if strings.ToLower(known.ID) == config || config == "" && f.Of(settingsOf(known)) {
			found, names = &s.known[i], append(names, known.Name)
		}
	}
	switch {
	case s.failed != "":
		why = s.failed
	case len(names) > 1:
		why = fmt.Sprintf("it may be one of %d integrations in Jira: %s", len(names), text.Cut(strings.Join(names, ", "), maxNames))
	case found == nil && config != "":
		why = "no integration in Jira has this ID anymore"
	case found == nil && f.Facts.Text("app_id") != "":
		why = "no integration in Jira has this application ID"
	case found == nil:
		why = fmt.Sprintf("the log does not show which of the %s in Jira it is", text.Count(len(s.known), "integration"))
	}
	if len(names) != 1 {
		return nil, config, why
	}
	return found, strings.ToLower(found.ID), why
}

// tokens is the host from which the integrations with an application ID get their tokens, or all
// there are if it is "". It is "" if that is not one host that the catalogue knows.
func (s *settings) tokens(client string) (host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.known {
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

// name is what Jira calls the integration with an ID, "" = not known.
func (s *settings) name(config string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.byID(config); i != nil {
		return i.Name
	}
	return ""
}

func (s *settings) byID(config string) *jira.Integration {
	for i := range s.known {
		if strings.ToLower(s.known[i].ID) == config {
			return &s.known[i]
		}
	}
	return nil
}

const maxNames = 200 // characters of a list of integrations

// called is a name from Jira, redacted, because people wrote it.
func (r *Recorder) called(name string) string { return text.Unlink(r.Rules.Mask(name)) }

// compare is a failure with what Jira reports about its integration. config is the ID of the
// configuration, "" = not known.
func (r *Recorder) compare(f matchers.Failure, config string) matchers.Failure {
	if r.Jira != nil {
		found, id, why := r.settings.of(f, config)
		config, f.Unchecked = id, why
		if found != nil {
			f.Integration.Name, f.Integration.Client = r.called(found.Name), found.ClientID
			if why == "" {
				f.Compared = f.Compare(settingsOf(*found))
			}
		}
	}
	if r.Jira != nil {
		f.Integration.Tokens = r.settings.tokens(f.Integration.Client)
	}
	if config != "" {
		f = f.OfConfiguration(config)
	}
	return f
}
