package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
	page "jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/alertmanager"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/pagerduty"
	"jira-oauth-watcher/notify/slack"
)

// Slack and a webhook get an integration's name in place of its UUID, one incident for one
// person's repeated tests, and one mention for one cause: also when the program restarts
// after each alert. A reload changes the name for the alerts that follow.
func TestNamesRetriesAndMentions(t *testing.T) {
	t.Parallel()
	const app = "AADSTS7000215: Invalid client secret provided for app '%s'."
	help, sales := fmt.Sprintf(app, "79c86cf8-e761-4fdc-bc20-a629c5d04260"), fmt.Sprintf(app, "11111111-e761-4fdc-bc20-a629c5d04260")
	dir := t.TempDir()
	hub, slack := receive(t), receive(t)
	more := fmt.Sprintf(`[[slack]]
webhook_url = "%s/services/T0/B0/canary"
mention = "<!here>"
[alerts]
fold_retries = "15m"
[integrations]
"79C86CF8-e761-4fdc-bc20-a629c5d04260" = "Help desk <365>"
`, slack.URL)
	w, config, log := follow(t, dir, hub, more)
	told := func(n int) {
		t.Helper()
		testkit.Until(t, func() error {
			if got := len(slack.accepted()); got != n {
				return fmt.Errorf("%d messages to Slack, want %d", got, n)
			}
			return nil
		})
	}
	for i, tt := range []struct {
		log, name, mention string
	}{
		{failure(1, 0, help), "Help desk &lt;365&gt;", "<!here> "},
		{failure(2, 60, help) + failure(3, 120, help) + failure(4, 180, sales), "", ""},
		{failure(5, 240, help) + failure(6, 300, badTLS), "", "<!here> "},
	} {
		appendAs(t, log, tt.log+ordinary)
		hub.alerts(i + 1)
		told(i + 1)
		message := string(slack.accepted()[i].body)
		name := ""
		if got := hub.alerts(i + 1)[i].Data.Integration.Name; got != nil {
			name = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(*got)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(message, `{"text":"`), `\n`)
		title = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(title)
		if name != tt.name || strings.HasPrefix(title, "<!here> ") != (tt.mention != "") || tt.name != "" && !strings.Contains(title, " · "+tt.name+". ") {
			t.Errorf("alert %d: the name is %q, Slack's title %q; want %q, mention %q", i+1, name, title, tt.name, tt.mention)
		}
		w.stop()
		w = start(t, dir, "run", "--config", config)
		w.follows()
	}
	all := hub.alerts(3)
	for i, flow := range []int{1, 4, 6} {
		if d := all[i].Data; d.Kind != "opened" || d.Integration.ID != flowID(flow) || d.Failures.Count != 1 {
			t.Errorf("alert %d is %s of %s with %d failures", i+1, d.Kind, d.Integration.ID, d.Failures.Count)
		}
	}
	testkit.Write(t, config, strings.Replace(testkit.Read(t, config), "Help desk <365>", "Service desk", 1))
	w.signal(syscall.SIGHUP)
	w.says("configuration reloaded")
	appendAs(t, log, testkit.Failure(testkit.Begin.Add(5*time.Hour), flowID(1), help)+ordinary)
	d := hub.alerts(4)[3].Data
	if d.Kind != "reminder" || d.Integration.ID != flowID(1) || d.Integration.Name == nil || *d.Integration.Name != "Service desk" || d.Failures.Count != 5 {
		t.Errorf("after a reload: %s of %+v with %d failures", d.Kind, d.Integration, d.Failures.Count)
	}
	told(4)
	w.stop()
}

// Wherever an integration has a name, it is shown: in the title on every receiver, on the status
// page and in the reports.
func TestNamesInTitles(t *testing.T) {
	body := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		body <- string(got)
		io.WriteString(w, "ok")
	}))
	defer hook.Close()
	a := alerttest.Example(t, alert.Opened)
	d := &a.Data
	d.Integration.Name = new("Help desk 365")
	url, title := conf.NewSecret(hook.URL), d.Cause.Title+" · Help desk 365"
	said := func(to notify.Notifier, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Send(t.Context(), notify.Delivery{Alert: a}); err != nil {
			t.Fatal(err)
		}
		return <-body
	}
	written := func(write func(io.Writer) error) string {
		t.Helper()
		var out strings.Builder
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	targets, err := slack.Targets([]conf.Slack{{WebhookURL: url}, {WebhookURL: url, Text: true}})
	if err != nil {
		t.Fatal(err)
	}
	manager, managerErr := alertmanager.New(time.Hour, "")(conf.Alertmanager{URLs: []conf.Secret{url}})
	duty, dutyErr := pagerduty.New("")(conf.PagerDuty{APIURL: hook.URL, RoutingKey: conf.NewSecret("0123456789abcdef0123456789abcdef")})
	scanned := report.Report{Incidents: []report.Incident{{Data: *d, Open: true}}}
	for where, tt := range map[string]struct{ got, want string }{
		"Slack":        {said(targets[0].To, nil), `"text":"🔴 Connection test failed: ` + title + `"`},
		"notification": {said(targets[0].To, nil), `"text":"🔴 Connection test failed: ` + title + `. `},
		"plain text":   {said(targets[1].To, nil), `"text":"🔴 Connection test failed: ` + title + `\n`},
		"Alertmanager": {said(manager, managerErr), `"summary":"Jira mail connection is failing: ` + title + `"`},
		"PagerDuty":    {said(duty, dutyErr), `"summary":"Connection test failed: ` + title + `"`},
		"console":      {console.Render(a, text.Style{Width: 200}), "🔴 Connection test failed: " + title + "\n"},
		"status": {written(func(w io.Writer) error {
			return page.Text(w, page.Report{Incidents: page.Incidents{Open: []page.Incident{{State: "open", Data: *d}}}})
		}), "  - Help desk 365 (" + d.Integration.ID + "): "},
		"report": {written(func(w io.Writer) error { return report.Text(w, scanned, text.Style{Width: 100}) }), "\nHelp desk 365  "},
		"HTML":   {written(func(w io.Writer) error { return html.Write(w, scanned) }), ">Help desk 365<"},
	} {
		if !strings.Contains(tt.got, tt.want) {
			t.Errorf("%s: %q is not in\n%s", where, tt.want, tt.got)
		}
	}
}
