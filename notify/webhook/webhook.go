// Package webhook delivers alerts to a webhook, as they are or in the form of a
// template.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/template"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

// Notifier posts alerts as Standard Webhooks 1.0 says
// (https://github.com/standard-webhooks/standard-webhooks). The header
// webhook-id is the alert's ID, so that a receiver can recognize a repeat.
type Notifier struct {
	client *http.Client
	conf   conf.Webhook
	form   *template.Template // nil = the alert as it is
}

// New returns a notifier. Its template is parsed and tried on samples.
func New(c conf.Webhook) (*Notifier, error) {
	client, err := notify.NewClient(c.Notifier, c.Client)
	if err != nil {
		return nil, err
	}
	w := &Notifier{client: client, conf: c}
	if c.Template != "" {
		if w.form, err = parseTemplate(c.Template); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Over makes w send over another transport, as the simulator does.
func (w *Notifier) Over(t http.RoundTripper) { w.client.Transport = t }

// Send posts the alert, unless the template makes nothing of it. There is one form of
// it, plain or not.
func (w *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := w.body(d.Alert)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	if body == nil {
		return nil, nil
	}
	header, err := w.sign(string(d.Alert.Data.ID), clock.Now(), body)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadSettings, Err: err}
	}
	got, err := notify.Request{Client: w.client, To: w.conf.URL, Header: header, Body: body}.Send(ctx)
	if failed, ok := errors.AsType[*notify.Error](err); ok && got.Status == http.StatusGone {
		failed.Outcome = notify.Gone // "disable the endpoint", says the specification
	}
	return nil, err
}

func (w *Notifier) body(a alert.Alert) ([]byte, error) {
	if w.form != nil {
		return fill(w.form, a)
	}
	return json.Marshal(a)
}

// sign makes the headers. During secret rotation the previous secret signs too; either
// signature is enough for a receiver.
func (w *Notifier) sign(id string, at time.Time, body []byte) (http.Header, error) {
	header := notify.ExtraHeaders(w.conf.Client)
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	var signatures []string
	for _, s := range []struct {
		key    string
		secret conf.Secret
	}{{"secret", w.conf.Secret}, {"previous_secret", w.conf.PreviousSecret}} {
		if s.secret.IsZero() {
			continue
		}
		signer, err := standardwebhooks.NewWebhook(s.secret.Reveal())
		if err != nil {
			return nil, fmt.Errorf("the %s is not of the form whsec_…", s.key)
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return nil, fmt.Errorf("signing with the %s: %w", s.key, err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) > 0 {
		header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	}
	return header, nil
}
