package message_test

import (
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
)

// Of a storm some are tests, and some not: what is said holds for both.
func TestEffectOfMany(t *testing.T) {
	d := alert.Data{Kind: alert.Storm, Diagnosis: "A firewall is in the way."}
	d.Integration.ID, d.Request.Path, d.Cause.Severity = alert.Many, "/x", conf.SeverityHigh
	if got := message.Of(d).Summary(); !strings.Contains(got, "No mail in or out for mailboxes that need a new token") {
		t.Error(got)
	}
}

// A failed test does not prove that mail is down; where a log does not show what Jira was doing, nothing does.
func TestStateByPhase(t *testing.T) {
	for phase, want := range map[string]string{
		alert.PhaseTest: "Cause changed, connection test failed", alert.PhaseRefresh: "Cause changed, Jira mail still down",
		alert.PhaseMail: "Cause changed, Jira mail still down", "": "Cause changed, Jira mail connection is still failing",
	} {
		if got := message.Of(alert.Data{Kind: alert.Changed, Facts: map[string]any{}, Phase: phase}).State; got != want {
			t.Errorf("%s: %q, want %q", phase, got, want)
		}
	}
	if got := message.Of(alert.Data{Kind: "new", Phase: alert.PhaseTest}).State; got != "new" {
		t.Errorf("a kind that is not known: %q", got)
	}
}

// What a failure means for mail follows from its phase: a failed test does not prove
// that mail has stopped, a failed refresh does. A diagnosis that says it is not
// repeated.
func TestEffect(t *testing.T) {
	flow := "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"
	path := "/plugins/servlet/oauth2/client/callback/x"
	const older, soon, now = "may still work with its older token", "expect the background refresh to fail, too",
		"No mail in or out until this is fixed"
	const critical = "Until this is fixed, there is no mail in or out"
	tests := []struct {
		name      string
		flow      *string
		path      string
		severity  conf.Severity
		diagnosis string
		want      string // "" = nothing of the below
	}{
		{"test", &flow, "", conf.SeverityHigh, "The Client ID is wrong.", older},
		{"test that names a mailbox", &flow, "", conf.SeverityHigh, "Not the mailbox's account signed in.", older},
		{"sign-in", nil, path, conf.SeverityMedium, "The Client ID is wrong.", older},
		{"test of what every token needs", &flow, "", conf.SeverityCritical, "The secret has expired.", soon},
		{"a person's slip", &flow, "", conf.SeverityLow, "Somebody pressed Cancel.", "not known to be affected"},
		{"refresh", nil, "", conf.SeverityHigh, "The Client ID is wrong.", now},
		{"refresh, critical", nil, "", conf.SeverityCritical, "The secret has expired.", critical},
		{"said already", &flow, "", conf.SeverityCritical, "It has expired. Mail stays off until then.", ""},
		{"said already of a refresh", nil, "", conf.SeverityHigh, "Mail stops every day.", ""},
		{"about mail itself", nil, "", conf.SeverityHigh, "IMAP is off for the mailbox.", ""},
	}
	for _, tt := range tests {
		d := alert.Data{Kind: alert.Opened, Diagnosis: tt.diagnosis}
		d.Integration.ID, d.Integration.Flow, d.Request.Path = "x", tt.flow, tt.path
		d.Cause.Severity, d.Phase = tt.severity, alert.PhaseRefresh
		if tt.flow != nil || tt.path != "" {
			d.Phase = alert.PhaseTest
		}
		got := message.Of(d).Summary()
		for _, words := range []string{older, soon, now, "not known to be affected", critical} {
			if strings.Contains(got, words) != (words == tt.want) {
				t.Errorf("%s: %s", tt.name, got)
			}
		}
	}
}

// Until when a fix is enough is said as a date, where it is known.
func TestDeadline(t *testing.T) {
	last := time.Date(2026, 12, 2, 2, 13, 0, 0, time.FixedZone("", 3600))
	for name, tt := range map[string]struct {
		phase string
		at    time.Time
		want  string
	}{
		"test":     {alert.PhaseTest, last.AddDate(0, 0, 7), ""},
		"date":     {alert.PhaseRefresh, last.AddDate(0, 0, 7), "Fix it before 2026-12-09 02:13:00 +01:00: then Jira gives up on this token, and the mailbox must be authorized again."},
		"given up": {alert.PhaseRefresh, last, "Jira has given up on this token: the mailbox must be authorized again."},
		"unknown":  {alert.PhaseRefresh, time.Time{}, "If it lasts, Jira gives up on this token"},
	} {
		d := alert.Data{Kind: alert.Opened, Diagnosis: "The secret has expired.", Phase: tt.phase, GivesUpAt: tt.at}
		d.Integration.ID, d.Failures.Last = "x", last
		m := message.Of(d)
		if got := m.Summary(); !strings.Contains(got, tt.want) || (tt.want == "") != (len(m.Notes) == 0) {
			t.Errorf("%s: %s, and %v", name, got, m.Notes)
		}
	}
}
