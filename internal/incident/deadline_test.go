package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

const day = 24 * time.Hour

// Jira gives up seven days after the first failed refresh at the latest, at once where
// the event says so, and at an unknown time as long as only a person's test has failed.
func TestGivesUpAt(t *testing.T) {
	test, refresh := matchers.Impact{Phase: alert.PhaseTest}, matchers.Impact{Phase: alert.PhaseRefresh}
	type seen struct {
		cause  string
		impact matchers.Impact
		at     time.Duration
	}
	for name, tt := range map[string]struct {
		seen []seen
		want time.Time
	}{
		"test":                   {[]seen{{"a", test, 0}}, time.Time{}},
		"refresh":                {[]seen{{"a", refresh, 0}}, t0.Add(7 * day)},
		"refresh again":          {[]seen{{"a", refresh, 0}, {"b", refresh, time.Hour}}, t0.Add(7 * day)},
		"test, then refresh":     {[]seen{{"a", test, 0}, {"a", refresh, time.Hour}}, t0.Add(time.Hour + 7*day)},
		"30 days are over":       {[]seen{{"jira-refresh-token-expired", refresh, 0}}, t0},
		"given up in the middle": {[]seen{{"a", refresh, 0}, {"jira-token-unrecoverable", refresh, time.Hour}}, t0.Add(time.Hour)},
	} {
		r, s := rules(nil), incident.State{}
		var last *alert.Alert
		for _, each := range tt.seen {
			f := failure(cause(each.cause, conf.SeverityHigh), t0.Add(each.at))
			f.Impact = each.impact
			var a *alert.Alert
			if s, a = r.Step(s, f, incident.Source{}, f.Time); a != nil {
				last = a
			}
		}
		if got := s.Current().GivesUpAt; !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if len(tt.seen) == 1 && !last.Data.GivesUpAt.Equal(tt.want) {
			t.Errorf("%s: the alert says %v", name, last.Data.GivesUpAt)
		}
	}
}

// Two days before Jira gives up there is one reminder more, whatever the interval, unless
// somebody has acknowledged.
func TestReminderBeforeJiraGivesUp(t *testing.T) {
	for _, acknowledged := range []bool{false, true} {
		r := rules(func(a *conf.Alerts) { a.RepeatInterval = 20 * day })
		f := failure(cause("a", conf.SeverityHigh), t0)
		f.Impact.Phase = alert.PhaseRefresh
		s, _ := r.Step(incident.State{}, f, incident.Source{}, t0)
		if acknowledged {
			s = r.Acknowledge(s, alert.Press{By: "mira", At: t0})
		}
		var reminders []time.Duration
		for at := time.Duration(0); at < 8*day; at += 6 * time.Hour {
			f.Time = t0.Add(at)
			var a *alert.Alert
			if s, a = r.Step(s, f, incident.Source{}, f.Time); a != nil {
				reminders = append(reminders, at)
			}
		}
		if want := 1; acknowledged && len(reminders) != 0 || !acknowledged && (len(reminders) != want || reminders[0] != 5*day) {
			t.Errorf("acknowledged %v: reminders after %v", acknowledged, reminders)
		}
	}
}
