package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jira-oauth-watcher/conf"
)

// Webhook posts alerts as Standard Webhooks 1.0 says
// (https://github.com/standard-webhooks/standard-webhooks). The header
// webhook-id is the alert's ID, so that a receiver can tell a repeat.
type Webhook struct {
	client *http.Client
	conf   conf.Webhook
}

// Send posts the alert. There is one form of it, plain or not.
func (w *Webhook) Send(ctx context.Context, d Delivery) (Receipt, error) {
	body, err := json.Marshal(d.Alert)
	if err != nil {
		return nil, &Error{Outcome: BadMessage, Err: err}
	}
	header, err := w.sign(d.Alert.Data.ID, time.Now(), body)
	if err != nil {
		return nil, &Error{Outcome: BadSettings, Err: err}
	}
	got, err := post(ctx, w.client, w.conf.URL, header, body)
	if err != nil {
		return nil, err
	}
	if got.status >= 200 && got.status < 300 {
		return nil, nil
	}
	return nil, got.failed()
}

func (w *Webhook) sign(id string, at time.Time, body []byte) (http.Header, error) {
	header := http.Header{}
	for name, value := range w.conf.Headers {
		header.Set(name, value.Reveal())
	}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	if w.conf.Secret.IsZero() {
		return header, nil
	}
	signer, err := standardwebhooks.NewWebhook(w.conf.Secret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("the secret is not of the form whsec_…")
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return header, nil
}
