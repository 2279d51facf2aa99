// Package alertmanager keeps open incidents as alerts at a Prometheus
// Alertmanager.
package alertmanager

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/notify"
)

const (
	resend    = time.Minute      // an open alert is sent again this often, as Prometheus does
	outlive   = 5 * time.Minute  // an open alert lasts at least so long without being sent again
	endAgain  = 15 * time.Minute // an alert that a change has ended is sent again as ended for so long
	lateGrace = 2 * time.Second  // for members that are slower than the first that accepts
	maxPosted = 100              // alerts in one request
)

// Alertmanager keeps open incidents as alerts at a Prometheus Alertmanager, or
// at all members of a cluster of them, which group, silence and route them
// (https://prometheus.io/docs/alerting/latest/alerts_api/).
type Notifier struct {
	client *http.Client
	conf   conf.Alertmanager

	quietAfter time.Duration
	generator  string // page that the alerts link to, "" = none
}

// New makes notifiers whose alerts end after quietAfter without a failure, and
// link to a page, "" = none.
func New(quietAfter time.Duration, page string) func(conf.Alertmanager) (*Notifier, error) {
	return func(c conf.Alertmanager) (*Notifier, error) {
		if len(c.URLs) == 0 {
			return nil, errors.New("urls: there is no address")
		}
		client, err := notify.NewClient(c.Notifier, c.Client)
		return &Notifier{client: client, conf: c, quietAfter: quietAfter, generator: page}, err
	}
}

// posted is an alert as Alertmanager's API has it.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// amReceipt is what is known about an incident at the Alertmanager. An alert is known
// there by its labels, so these are kept until it is sent that another cause is at
// work: a cause that comes and goes must not notify again.
type receipt struct {
	Labels map[string]string `json:"labels"`
	Sent   time.Time         `json:"sent"`

	// The alert before a change of the cause: a member that missed its end would
	// otherwise keep it for quiet_after.
	Ended   map[string]string `json:"ended,omitempty"`
	EndedAt time.Time         `json:"ended_at,omitzero"`
}

func readReceipt(r notify.Receipt) receipt {
	var known receipt
	_ = json.Unmarshal(r, &known) // an unreadable receipt counts as none
	return known
}

// Send begins, changes or ends the alert of an incident. It is delivered when
// one member has accepted it: members gossip about what they have notified,
// and Refresh brings the others up to date.
func (a *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	now, data := clock.Now(), d.Alert.Data
	known := readReceipt(d.Receipt)
	m := message.Of(data)
	labels := labelsOf(data, m, known.Labels)
	current := a.alert(data, labels, now)
	if d.Plain {
		maps.DeleteFunc(current.Annotations,
			func(name, _ string) bool { return name != "summary" && name != "description" })
	}
	alerts := []posted{current}
	next := receipt{Labels: labels, Sent: now}
	switch {
	case m.Ends, m.Subject == message.Trial:
		next = receipt{}
	case known.Labels != nil && !maps.Equal(known.Labels, labels):
		next.Ended, next.EndedAt = known.Labels, now
		alerts = append(alerts, a.superseded(data, next))
	case now.Sub(known.EndedAt) < endAgain:
		next.Ended, next.EndedAt = known.Ended, known.EndedAt
	}
	if err := a.postAll(ctx, alerts); err != nil {
		return nil, err
	}
	if next.Labels == nil {
		return nil, nil
	}
	return json.Marshal(next)
}

// Groups is true: Alertmanager groups alerts into notifications.
func (a *Notifier) Groups() bool { return true }

// Refresh sends open alerts again before they end by themselves, with their current
// state.
func (a *Notifier) Refresh(ctx context.Context, open []notify.OpenIncident) (changed map[alert.ID]notify.Receipt,
	next time.Duration, err error) {
	now := clock.Now()
	var alerts []posted
	var of []alert.ID // the incident of each alert
	renewed := map[alert.ID]notify.Receipt{}
	next = resend
	for _, s := range open {
		known, incident := readReceipt(s.Receipt), s.Data.Incident()
		if known.Labels == nil {
			renewed[incident] = nil // unknown receipt
			continue
		}
		if wait := resend - now.Sub(known.Sent); wait > 0 && wait <= resend {
			next = min(next, wait)
			continue
		}
		known.Sent = now
		alerts, of = append(alerts, a.alert(s.Data, known.Labels, now)), append(of, incident)
		if known.Ended != nil && now.Sub(known.EndedAt) < endAgain {
			alerts, of = append(alerts, a.superseded(s.Data, known)), append(of, incident)
		} else {
			known.Ended, known.EndedAt = nil, time.Time{}
		}
		if renewed[incident], err = json.Marshal(known); err != nil {
			return nil, 0, &notify.Error{Outcome: notify.BadMessage, Err: err}
		}
	}
	for len(alerts) > 0 {
		n := min(len(alerts), maxPosted)
		if err = a.postAll(ctx, alerts[:n]); err != nil {
			break
		}
		alerts, of = alerts[n:], of[n:]
	}
	for _, incident := range of { // what was not sent stays as it was
		delete(renewed, incident)
	}
	return renewed, next, err
}

// postAll posts alerts to all members at once. An error means that none of them
// has accepted.
func (a *Notifier) postAll(ctx context.Context, alerts []posted) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(time.Hour, cancel)
	defer late.Stop()
	failed := make([]*notify.Error, len(a.conf.URLs))
	var wg sync.WaitGroup
	for i, url := range a.conf.URLs {
		wg.Go(func() {
			if failed[i] = a.post(ctx, url, body); failed[i] == nil {
				late.Reset(lateGrace) // one that hangs must not delay the queue
			}
		})
	}
	wg.Wait()
	if slices.Contains(failed, nil) {
		return nil
	}
	return combined(failed)
}

func (a *Notifier) post(ctx context.Context, to conf.Secret, body []byte) *notify.Error {
	url := conf.NewSecret(strings.TrimRight(to.Reveal(), "/") + "/api/v2/alerts")
	_, err := notify.Request{
		Client: a.client, To: url, Header: notify.ExtraHeaders(a.conf.Client), Body: body,
		Public: []string{"alerts"}, // every address ends with it
	}.Send(ctx)
	failed, _ := errors.AsType[*notify.Error](err)
	return failed
}

// combined is the failure of all members in one: the one most likely to recover
// decides.
func combined(failed []*notify.Error) error {
	if len(failed) == 1 {
		return failed[0]
	}
	outlook := []notify.Outcome{notify.Retry, notify.BadSettings, notify.Gone, notify.BadMessage}
	best := slices.MinFunc(failed, func(a, b *notify.Error) int {
		return cmp.Or(cmp.Compare(slices.Index(outlook, a.Outcome), slices.Index(outlook, b.Outcome)),
			cmp.Compare(a.RetryAfter, b.RetryAfter))
	})
	var texts []string
	var errs []error
	for i, f := range failed {
		texts = append(texts, fmt.Sprintf("member %d of %d: %v", i+1, len(failed), f))
		errs = append(errs, f)
	}
	return &notify.Error{Outcome: best.Outcome, RetryAfter: best.RetryAfter, Unsure: best.Unsure,
		Err: notify.Reworded(strings.Join(texts, "; "), errors.Join(errs...))}
}
