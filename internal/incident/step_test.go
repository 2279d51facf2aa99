package incident_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

const flow = "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"

// t0 has an offset and milliseconds, as the log's times have.
var t0 = time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))

func rules(change func(*conf.Alerts)) *incident.Rules {
	c := &conf.Config{Node: "jira-node-1", Alerts: conf.Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour}}
	if change != nil {
		change(&c.Alerts)
	}
	return incident.NewRules(c)
}

func cause(id string, severity conf.Severity) *matchers.Cause {
	return &matchers.Cause{
		ID: id, RootCause: 1, Provider: "microsoft", Title: "title of " + id, Severity: severity, Confidence: "certain",
		Diagnosis: "App {app_id|none}.", Confirm: "It works.", Fix: []matchers.Step{{Text: "Mend {app_id|it}.", Where: "jira-admin"}},
	}
}

func failure(c *matchers.Cause, at time.Time) matchers.Failure {
	return matchers.Failure{
		Time: at, Cause: c, Confidence: c.Confidence, Codes: []string{"AADSTS50194"}, Facts: matchers.Facts{"app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "scopes": []string{"a",
			"b"}},
		Integration: matchers.Integration{ID: flow, Flow: flow, KnownBy: alert.ByFlow}, Links: []alert.Link{{Title: "KB", URL: "https://x.example/"}},
		Header: event.Header{User: "julien", RequestID: "755x4397x2", Session: "1hk2aem", Client: "127.0.0.1", URL: "/rest/oauth2-client/x",
			Logger: "c.a.o.c.X"},
		Text: "2021 ERROR julien 755x4397x2 1hk2aem 127.0.0.1 /rest/oauth2-client/x [c.a.o.c.X] text",
	}
}

// The first failure of an integration is told at once, whole.
func TestOpened(t *testing.T) {
	s, got := rules(nil).Step(incident.State{}, failure(cause("a", conf.SeverityHigh), t0), incident.Source{Name: "jira", Path: "/log"}, t0.Add(time.Second))
	one, f := 1, flow
	want := &alert.Alert{Type: "jira.oauth.opened", Timestamp: t0, Data: alert.Data{
		Schema: 1, ID: "jira-node-1/" + flow + "@20211116T113550.956Z#1", Kind: alert.Opened, Node: "jira-node-1",
		Integration: alert.Integration{ID: flow, Flow: &f, KnownBy: alert.ByFlow},
		Cause: alert.Cause{ID: "a", RootCause: &one, Title: "title of a", Provider: "microsoft", Severity: conf.SeverityHigh, Confidence: "certain",
			Codes: []string{"AADSTS50194"}},
		Diagnosis: "App 79c86cf8-e761-4fdc-bc20-a629c5d04260.", Confirm: "It works.",
		Fix:   []alert.Step{{Text: "Mend 79c86cf8-e761-4fdc-bc20-a629c5d04260.", Where: "jira-admin"}},
		Links: []alert.Link{{Title: "KB", URL: "https://x.example/"}, {Title: "The app in Entra", URL: alert.EntraApp + "79c86cf8-e761-4fdc-bc20-a629c5d04260"}},
		Facts: map[string]any{"app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260",
			"scopes": []string{"a", "b"}},
		Request:  alert.Request{User: "julien", Client: "127.0.0.1", ID: "755x4397x2", Path: "/rest/oauth2-client/x"},
		Failures: alert.Failures{Count: 1, First: t0, Last: t0, SinceLastAlert: 1},
		Log:      alert.Log{Name: "jira", Path: "/log", Excerpt: "2021 ERROR julien 755x4397x2 [session] 127.0.0.1 /rest/oauth2-client/x [c.a.o.c.X] text"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Step(zero)\n got %+v\nwant %+v", got, want)
	}
	content := want.Data // what is kept is what was said, without what belongs to one alert
	content.Schema, content.ID, content.Kind, content.Failures = 0, "", "", alert.Failures{}
	state := incident.State{
		Key: flow, Node: "jira-node-1", Open: true, First: t0, Last: t0, Seen: t0.Add(time.Second), Count: 1, Alerts: 1, LastAlert: t0, Interval: 4 * time.Hour,
		CauseAlerted: map[string]time.Time{"a": t0}, Content: content, Causes: map[string]time.Time{"a": t0}, ContentAt: t0, Cause: "a",
	}
	if !reflect.DeepEqual(s, state) {
		t.Errorf("Step(zero)\n got %+v\nwant %+v", s, state)
	}
}

// told plays a script of failures and waits, and writes down what is said.
// "a" is a failure of cause a at the time so far, "+4h" lets time pass, "-1m"
// goes back, "settle" is a look at the wall clock, "zero" a failure of cause a
// without a time.
func told(r *incident.Rules, script string) (said []string, s incident.State) {
	at := t0
	for word := range strings.FieldsSeq(script) {
		var alert *alert.Alert
		switch {
		case word[0] == '+' || word[0] == '-':
			d, err := time.ParseDuration(word)
			if err != nil {
				panic(err)
			}
			at = at.Add(d)
		case word == "settle":
			s, alert = r.Settle(s, at)
		case word == "zero":
			s, alert = r.Step(s, failure(cause("a", conf.SeverityHigh), time.Time{}), incident.Source{}, at)
		case word == "low":
			s, alert = r.Step(s, failure(cause("low", conf.SeverityLow), at), incident.Source{}, at)
		default:
			s, alert = r.Step(s, failure(cause(word, conf.SeverityHigh), at), incident.Source{}, at)
		}
		if alert == nil {
			continue
		}
		d := alert.Data
		line := fmt.Sprintf("%s %s %d/%d", d.Kind, d.Cause.ID, d.Failures.SinceLastAlert, d.Failures.Count)
		if d.Cause.Previous != nil {
			line += " after " + *d.Cause.Previous
		}
		if string(d.ID) != fmt.Sprintf("jira-node-1/%s@%s#%d", s.Key, s.First.UTC().Format("20060102T150405.000Z"), s.Alerts) {
			line += " with ID " + string(d.ID)
		}
		said = append(said, line+" at +"+alert.Timestamp.Sub(t0).String())
	}
	return said, s
}

func TestWhenToSpeak(t *testing.T) {
	mute := func(ids ...string) func(*conf.Alerts) { return func(a *conf.Alerts) { a.Mute = ids } }
	never := func(a *conf.Alerts) { a.RepeatInterval = 0 }
	for _, tt := range []struct {
		name   string
		rules  func(*conf.Alerts)
		script string
		want   []string
	}{
		{"the same again says nothing", nil, "a +1m a a +1h a", []string{"opened a 1/1 at +0s"}},
		{"another cause is told with the one before", nil, "a +1m a +1m b", []string{"opened a 1/1 at +0s", "changed b 2/3 after a at +2m0s"}},
		{"two causes in turn are told once each, then by reminders that double", nil, "a +1m b +1m a +1m b +1m a +4h b +1m a +4h a +1m b +4h a b",
			[]string{"opened a 1/1 at +0s", "changed b 1/2 after a at +1m0s", "reminder b 4/6 at +4h4m0s", "reminder a 4/10 at +12h6m0s"}},
		{"a cause of before that comes back for good is told", nil, "a +1m b +4h b +8h b +1h b +16h a",
			[]string{"opened a 1/1 at +0s", "changed b 1/2 after a at +1m0s", "reminder b 1/3 at +4h1m0s", "reminder b 1/4 at +12h1m0s",
				"reminder a 2/6 at +29h1m0s"}},
		{"a third cause among two is told", nil, "a +1m b +1m a +1m c", []string{"opened a 1/1 at +0s", "changed b 1/2 after a at +1m0s",
			"changed c 2/4 after a at +3m0s"}},
		{"reminders double up to a day", func(a *conf.Alerts) { a.QuietAfter = 100 * time.Hour },
			"a +1h a +2h59m a +1m a +7h a +1h a +16h a +23h59m a +1m a +24h a", []string{
				"opened a 1/1 at +0s", "reminder a 3/4 at +4h0m0s", "reminder a 2/6 at +12h0m0s", "reminder a 1/7 at +28h0m0s",
				"reminder a 2/9 at +52h0m0s", "reminder a 1/10 at +76h0m0s"}},
		{"a longer repeat_interval than a day stays as it is", func(a *conf.Alerts) { a.RepeatInterval = 40 * time.Hour; a.QuietAfter = 1000 * time.Hour },
			"a +40h a +40h a", []string{"opened a 1/1 at +0s", "reminder a 1/2 at +40h0m0s", "reminder a 1/3 at +80h0m0s"}},
		{"a change starts the doubling anew", nil, "a +4h a +1h b +4h b", []string{
			"opened a 1/1 at +0s", "reminder a 1/2 at +4h0m0s", "changed b 1/3 after a at +5h0m0s", "reminder b 1/4 at +9h0m0s"}},
		{"no reminder with repeat_interval 0", never, "a +5h a +20h a +1h settle b +1h a", []string{"opened a 1/1 at +0s",
			"changed b 3/4 after a at +26h0m0s"}},
		{"a reminder is due without a further failure", nil, "a +1m a +4h settle settle", []string{"opened a 1/1 at +0s", "reminder a 1/2 at +1m0s"}},
		{"a reminder needs news", nil, "a +5h settle", []string{"opened a 1/1 at +0s"}},
		{"quiet_after closes", nil, "a +1m a +23h59m settle +1m settle settle", []string{"opened a 1/1 at +0s", "reminder a 1/2 at +1m0s",
			"quiet a 0/2 at +24h1m0s"}},
		{"a failure after quiet_after opens a new one", nil, "a +1m a +24h a", []string{"opened a 1/1 at +0s", "opened a 1/1 at +24h1m0s"}},
		{"just before quiet_after it is the same one", nil, "a +23h59m59s b", []string{"opened a 1/1 at +0s", "changed b 1/2 after a at +23h59m59s"}},
		{"a closed one opens anew", nil, "a +24h settle +1s a", []string{"opened a 1/1 at +0s", "quiet a 0/1 at +24h0m0s", "opened a 1/1 at +24h0m1s"}},
		{"times out of order", nil, "a -5m a +1m b -30h b", []string{"opened a 1/1 at +0s", "changed b 2/3 after a at -4m0s"}},
		{"an event without a time has that of its reading", nil, "+7s zero", []string{"opened a 1/1 at +7s"}},
		{"a muted cause is counted", mute("a"), "a a +25h settle", nil},
		{"a muted cause, then another", mute("a"), "a a b", []string{"opened b 3/3 at +0s"}},
		{"a muted cause in between changes nothing", mute("m"), "a +1m m +1m a +1m m +4h settle", []string{"opened a 1/1 at +0s", "reminder a 1/4 at +3m0s"}},
		{"a muted cause at the end does not hide the end", mute("m"), "a +1m m +24h settle", []string{"opened a 1/1 at +0s", "quiet a 0/2 at +24h1m0s"}},
		{"a muted cause alone brings no reminder", mute("m"), "a +1m m +5h m settle", []string{"opened a 1/1 at +0s"}},
		{"too low", func(a *conf.Alerts) { a.MinSeverity = conf.SeverityMedium }, "low low a low", []string{"opened a 3/3 at +0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := told(rules(tt.rules), tt.script)
			for i := range got {
				got[i] = strings.Replace(got[i], "+-", "-", 1)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s\n got %q\nwant %q", tt.script, got, tt.want)
			}
			if again, _ := told(rules(tt.rules), tt.script); len(again) != len(got) {
				t.Errorf("%s: the second time %q", tt.script, again)
			}
		})
	}
}

// Reminders that a reload turns on come at their interval, not with every
// failure, and double like others.
func TestRemindersTurnedOn(t *testing.T) {
	_, s := told(rules(func(a *conf.Alerts) { a.RepeatInterval = 0 }), "a")
	r, count := rules(nil), 0
	for minute := range 13 * 60 {
		at := t0.Add(time.Duration(minute) * time.Minute)
		var alert *alert.Alert
		if s, alert = r.Step(s, failure(cause("a", conf.SeverityHigh), at), incident.Source{}, at); alert != nil {
			count++
		}
	}
	if count != 2 { // after 4 and 12 hours
		t.Errorf("%d reminders in 13 hours, want 2", count)
	}
}

// A time that cannot be stored, or lies far ahead, neither stops the program
// nor silences the integration.
func TestImpossibleTimes(t *testing.T) {
	seen := t0.UTC()
	for _, tt := range []struct {
		name string
		at   time.Time
		want time.Time
	}{
		{"zone of a day", t0.In(time.FixedZone("", 24*3600)), t0.UTC()},
		{"zone of minus a day", t0.In(time.FixedZone("", -24*3600)), t0.UTC()},
		{"zone with seconds", t0.In(time.FixedZone("LMT", 561)), t0.UTC()},
		{"year 9999", time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), seen},
		{"three days ahead", seen.Add(72 * time.Hour), seen},
		{"a wrong zone", seen.Add(14 * time.Hour), seen.Add(14 * time.Hour)},
		{"year 0 east of UTC", time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), seen},
		{"year 0 and zone of a day", time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600)), seen},
	} {
		s, alert := rules(nil).Step(incident.State{}, failure(cause("a", conf.SeverityHigh), tt.at), incident.Source{}, seen)
		if s.Last.Format(time.RFC3339Nano) != tt.want.Format(time.RFC3339Nano) {
			t.Errorf("%s: taken as %s, want %s", tt.name, s.Last, tt.want)
		}
		roundTrip(t, s)
		roundTrip(t, *alert)
		_, alert = rules(nil).Settle(s, seen.Add(100*time.Hour))
		roundTrip(t, *alert)
		roundTrip(t, rules(nil).Explain(failure(cause("a", conf.SeverityHigh), tt.at), incident.Source{}))
	}
}

// Where a log shows no integration, failures of different nodes and loggers
// are kept apart, and those of one together.
func TestKeyOfUnknown(t *testing.T) {
	keys := map[string]string{}
	for _, node := range []string{"n1", "n2"} {
		for _, logger := range []string{"c.a.o.c.X", "c.a.o.c.Y", ""} {
			f := failure(cause("a", conf.SeverityHigh), t0)
			f.Integration = matchers.Integration{ID: matchers.Unknown, KnownBy: alert.ByNothing}
			f.Header.Logger = logger
			r := incident.NewRules(&conf.Config{Node: node})
			key := r.Key(f)
			if key != r.Key(f) || !strings.HasPrefix(key, "unknown-") || len(key) != len("unknown-")+8 {
				t.Errorf("key of %s %s is %q", node, logger, key)
			}
			if other, taken := keys[key]; taken {
				t.Errorf("%s %s has the key of %s", node, logger, other)
			}
			keys[key] = node + " " + logger
		}
	}
}
