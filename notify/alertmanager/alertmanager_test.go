package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/alertmanager"
	"jira-oauth-watcher/notify/notifytest"
)

const quietAfter = 24 * time.Hour

// posted is an alert as Alertmanager's API has it.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// member is a receiver that only resembles an Alertmanager.
type member struct {
	url    string
	mu     sync.Mutex
	posts  [][]posted
	paths  []string
	header http.Header
}

func newMember(t *testing.T, status ...int) *member {
	m := &member{}
	m.url = notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var alerts []posted
		if err := json.Unmarshal(text, &alerts); err != nil {
			t.Error(err)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.posts, m.paths, m.header = append(m.posts, alerts), append(m.paths, r.URL.Path), r.Header
		if len(status) > 0 {
			w.WriteHeader(status[0])
			fmt.Fprintf(w, "no %s", r.RequestURI)
		}
	}).URL
	return m
}

// last is what was posted last.
func (m *member) last(t *testing.T) []posted {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.posts) == 0 {
		t.Fatal("nothing was posted")
	}
	return m.posts[len(m.posts)-1]
}

func newNotifier(t *testing.T, urls ...string) notify.Refresher {
	t.Helper()
	m := conf.Alertmanager{Notifier: conf.Notifier{Name: "am"},
		Client: conf.Client{Headers: map[string]conf.Secret{"Authorization": conf.NewSecret("Bearer " + notifytest.CanaryHeader)}}}
	for _, u := range urls {
		m.URLs = append(m.URLs, conf.NewSecret(u))
	}
	to, err := alertmanager.New(quietAfter, "https://jira.example.com")(m)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// current is an alert about a failure of just now.
func current(kind alert.Kind) alert.Alert {
	a := alerttest.Alert(kind)
	now := time.Now()
	a.Data.Failures.First, a.Data.Failures.Last = now.Add(-time.Hour), now.Add(-time.Minute)
	return a
}

func deliver(t *testing.T, to notify.Notifier, a alert.Alert, r notify.Receipt) notify.Receipt {
	t.Helper()
	r, err := to.Send(notifytest.Patience(t), notify.Delivery{Alert: a, Receipt: r})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func about(t *testing.T, name string, got, want time.Time) {
	t.Helper()
	if d := got.Sub(want); d < -5*time.Second || d > 5*time.Second {
		t.Errorf("%s is %s, want about %s", name, got, want)
	}
}

// The Alertmanager passes what every receiver must.
func TestReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{New: func(t *testing.T, address conf.Secret) notify.Notifier {
		return newNotifier(t, address.Reveal())
	}})
}

// An alert is posted to every member, and says all that an operator needs.
func TestAlertmanagerOpened(t *testing.T) {
	one, other := newMember(t), newMember(t)
	a := current(alert.Opened)
	r := deliver(t, newNotifier(t, one.url, other.url+"/alertmanager/"), a, nil)
	if got, want := one.paths, []string{"/api/v2/alerts"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got, want := other.paths, []string{"/alertmanager/api/v2/alerts"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if one.header.Get("Authorization") != "Bearer "+notifytest.CanaryHeader || one.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("got %v", one.header)
	}
	if !reflect.DeepEqual(one.last(t), other.last(t)) || len(one.last(t)) != 1 {
		t.Fatalf("the members got %v and %v", one.posts, other.posts)
	}
	got := one.last(t)[0]
	labels := map[string]string{
		"alertname": "JiraOAuthIntegrationFailing", "integration": "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", "cause": "entra-single-tenant-common-endpoint",
		"severity": "high", "provider": "microsoft",
	}
	if !maps.Equal(got.Labels, labels) {
		t.Errorf("labels %v, want %v", got.Labels, labels)
	}
	annotations := map[string]string{
		"summary":     "Jira mail connection is failing: The app is for one tenant, the endpoint for all",
		"description": "The app <Jira & mail> accepts accounts of one tenant only.",
		"steps":       "1. [Jira admin] Put the tenant ID in place of common.\n2. [Entra admin] Or make the app multi-tenant.",
		"confirm":     "Test connection succeeds.",
		"node":        "jira-node-1",
		"flow":        "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40",
		"failures":    "3",
		"first":       a.Data.Failures.First.Format(time.RFC3339),
		"last":        a.Data.Failures.Last.Format(time.RFC3339),
		"user":        "julien",
		"excerpt":     "2021-11-16 12:35:50,956+0100 ERROR <x>\n at a.b",
		"links":       "Atlassian <KB>: https://confluence.atlassian.com/x?a=1|2\nMicrosoft: https://learn.microsoft.com/y",
		"runbook_url": "https://confluence.atlassian.com/x?a=1|2",
		"reference":   "entra-single-tenant-common-endpoint, root cause 1 of Atlassian's article, AADSTS50194",
		"incident":    "jira-node-1/d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z",
	}
	if !maps.Equal(got.Annotations, annotations) {
		t.Errorf("annotations\n got %q\nwant %q", got.Annotations, annotations)
	}
	about(t, "startsAt", got.StartsAt, a.Data.Failures.First)
	about(t, "endsAt", got.EndsAt, a.Data.Failures.Last.Add(quietAfter))
	if got.GeneratorURL != "https://jira.example.com" {
		t.Errorf("generatorURL %q", got.GeneratorURL)
	}
	var receipt struct {
		Labels map[string]string
		Sent   time.Time
	}
	if err := json.Unmarshal(r, &receipt); err != nil || !maps.Equal(receipt.Labels, labels) {
		t.Errorf("receipt %s: %v", r, err)
	}
	about(t, "sent", receipt.Sent, time.Now())
}

// Labels are the same from each node, and hold what tells incidents apart.
func TestAlertmanagerLabels(t *testing.T) {
	unknown := current(alert.Opened)
	unknown.Data.ID, unknown.Data.Integration = "unknown-0a1b2c3d@20211116T113550.956Z#1", alert.Integration{ID: alert.Unknown, KnownBy: "nothing"}
	failing := current(alert.Blind)
	failing.Data.Log, failing.Data.Facts = alert.Log{}, map[string]any{"notifier": "hub"}
	after := current(alert.Storm)
	after.Data.Facts = map[string]any{"maintenance_to": "2024-11-18T02:00:00+01:00"}
	const cause = " cause=entra-single-tenant-common-endpoint "
	for _, tt := range []struct {
		name string
		a    alert.Alert
		want string
	}{
		{"opened", current(alert.Opened), "alertname=JiraOAuthIntegrationFailing" + cause +
			"integration=d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40 provider=microsoft severity=high"},
		{"unknown", unknown, "alertname=JiraOAuthIntegrationFailing" + cause + "integration=unknown-0a1b2c3d provider=microsoft severity=high"},
		{"storm", current(alert.Storm), "alertname=JiraOAuthIntegrationFailing" + cause + "integration=many provider=microsoft severity=high"},
		{"after maintenance", after, "alertname=JiraOAuthIntegrationFailing" + cause + "integration=many maintenance=2024-11-18T02:00:00+01:00 " +
			"provider=microsoft severity=high"},
		{"blind", current(alert.Blind), "alertname=JiraOAuthWatcherBlind" + cause + "log=jira node=NODE severity=high"},
		{"a notifier", failing, "alertname=JiraOAuthWatcherBlind" + cause + "node=NODE notifier=hub severity=high"},
		{"sighted", current(alert.Sighted), "alertname=JiraOAuthWatcherBlind" + cause + "log=jira node=NODE severity=high"},
		{"test", current(alert.Test), "alertname=JiraOAuthWatcherTest" + cause + "provider=microsoft severity=high"},
	} {
		m := newMember(t)
		for _, node := range []string{"jira-node-1", "jira-node-2"} {
			tt.a.Data.Node, tt.a.Data.Request.User, tt.a.Data.Failures.Count = node, "user of "+node, len(node)
			deliver(t, newNotifier(t, m.url), tt.a, nil)
			var got []string
			for name, value := range m.last(t)[0].Labels {
				got = append(got, name+"="+value)
			}
			slices.Sort(got)
			if want := strings.Replace(tt.want, "NODE", node, 1); strings.Join(got, " ") != want {
				t.Errorf("%s\n got %s\nwant %s", tt.name, strings.Join(got, " "), want)
			}
		}
	}
}

// Another cause ends the alert of the one before and begins its own, in one
// request; what is quiet ends.
func TestAlertmanagerLife(t *testing.T) {
	m := newMember(t)
	to := newNotifier(t, m.url)
	opened := deliver(t, to, current(alert.Opened), nil)
	before := m.last(t)[0].Labels

	change := current(alert.Changed)
	change.Data.Cause.ID, change.Data.Cause.Severity = "net-connect-timeout", conf.SeverityCritical
	changed := deliver(t, to, change, opened)
	got := m.last(t)
	if len(m.posts) != 2 || len(got) != 2 {
		t.Fatalf("got %v", m.posts)
	}
	after := maps.Clone(before)
	after["cause"], after["severity"] = "net-connect-timeout", "critical"
	if !maps.Equal(got[0].Labels, after) || !maps.Equal(got[1].Labels, before) {
		t.Errorf("labels %v and %v", got[0].Labels, got[1].Labels)
	}
	about(t, "endsAt", got[0].EndsAt, change.Data.Failures.Last.Add(quietAfter))
	about(t, "the end of the one before", got[1].EndsAt, time.Now())
	if d := got[1].Annotations["description"]; d != "The cause is net-connect-timeout now." {
		t.Errorf("the one before says %q", d)
	}

	reminder := change
	reminder.Data.Kind = alert.Reminder
	reminded := deliver(t, to, reminder, changed)
	if got := m.last(t); len(got) != 1 || !maps.Equal(got[0].Labels, after) {
		t.Errorf("a reminder posts %v", got)
	}

	worse := reminder
	worse.Data.Cause.Severity = conf.SeverityHigh
	deliver(t, to, worse, reminded)
	if got := m.last(t); len(got) != 2 || got[1].Annotations["description"] != "The severity is high now." {
		t.Errorf("another severity posts %v", got)
	}

	quiet := current(alert.Quiet)
	if r := deliver(t, to, quiet, reminded); r != nil {
		t.Errorf("the receipt is %s still", r)
	}
	got = m.last(t)
	if len(got) != 1 || !maps.Equal(got[0].Labels, after) || !strings.HasPrefix(got[0].Annotations["description"], "No failure since ") {
		t.Errorf("got %v", got)
	}
	about(t, "endsAt", got[0].EndsAt, time.Now())
	if got[0].StartsAt.After(got[0].EndsAt) {
		t.Errorf("from %s to %s", got[0].StartsAt, got[0].EndsAt)
	}
}

// Times that a clock or a zone got wrong make no alert that is refused or that
// does not last until the next minute.
func TestAlertmanagerTimes(t *testing.T) {
	m := newMember(t)
	now := time.Now()
	for _, tt := range []struct {
		name               string
		kind               alert.Kind
		first, last        time.Time
		wantStart, wantEnd time.Time
	}{
		{"old", alert.Opened, now.Add(-time.Hour * 24 * 30), now.Add(-time.Hour * 24 * 29), now.Add(-time.Hour * 24 * 30), now.Add(5 * time.Minute)},
		{"ahead", alert.Opened, now.Add(time.Hour), now.Add(time.Hour), now, now.Add(time.Hour + quietAfter)},
		{"ahead and quiet", alert.Quiet, now.Add(time.Hour), now.Add(time.Hour), now, now},
		{"none", alert.Blind, time.Time{}, time.Time{}, now, now.Add(5 * time.Minute)},
		{"test", alert.Test, now, now, now, now.Add(5 * time.Minute)},
	} {
		a := alerttest.Alert(tt.kind)
		a.Data.Failures.First, a.Data.Failures.Last = tt.first, tt.last
		r := deliver(t, newNotifier(t, m.url), a, nil)
		about(t, tt.name+" startsAt", m.last(t)[0].StartsAt, tt.wantStart)
		about(t, tt.name+" endsAt", m.last(t)[0].EndsAt, tt.wantEnd)
		if stands := tt.kind == alert.Opened || tt.kind == alert.Blind; (r != nil) != stands {
			t.Errorf("%s: receipt %s", tt.name, r)
		}
	}
}

// The alert of a notifier that was told without its name keeps its labels until
// it ends: others would be an alert that nobody ends.
func TestAlertmanagerNotifierKnown(t *testing.T) {
	m := newMember(t)
	a := current(alert.Blind)
	a.Data.Facts = map[string]any{"notifier": "hub"}
	known := map[string]string{"alertname": "JiraOAuthWatcherBlind", "node": "jira-node-1", "cause": a.Data.Cause.ID, "severity": "high", "log": "jira"}
	receipt, _ := json.Marshal(map[string]any{"labels": known, "sent": time.Now()})
	deliver(t, newNotifier(t, m.url), a, receipt)
	if got := m.last(t); len(got) != 1 || !maps.Equal(got[0].Labels, known) {
		t.Errorf("got %v, want %v", got, known)
	}
}

// A storm names its integrations in an annotation.
func TestAlertmanagerStorm(t *testing.T) {
	m := newMember(t)
	a := alerttest.Example(t, alert.Storm)
	deliver(t, newNotifier(t, m.url), a, nil)
	ids := a.Data.Facts["integrations"].([]string)
	if got := m.last(t)[0].Annotations["integrations"]; !strings.HasPrefix(got, "81 integrations: "+ids[0]+", ") ||
		!strings.HasSuffix(got, ids[39]+", and 41 more") {
		t.Errorf("got %s", got)
	}
}
