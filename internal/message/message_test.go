package message_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
)

// What an alert of each kind says, whatever draws it.
func TestKinds(t *testing.T) {
	for _, kind := range append(alerttest.AllKinds, "new") {
		m, err := json.MarshalIndent(message.Of(alerttest.Example(t, kind).Data), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, "testdata/"+string(kind)+".golden.json", string(m)+"\n")
	}
	m, err := json.MarshalIndent(message.Of(alerttest.Summary(t).Data), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "testdata/summary.golden.json", string(m)+"\n")
}

// An end has no steps, nothing to confirm and nobody to call, and one link at most;
// only the first alert of an incident calls people.
func TestWhoActs(t *testing.T) {
	for _, kind := range alerttest.AllKinds {
		d := alerttest.Example(t, kind).Data
		m := message.Of(d)
		if m.Ends != (kind.Closes() || kind == alert.Sighted || kind == alert.Started) {
			t.Errorf("%s: it ends: %t", kind, m.Ends)
		}
		if m.Ends && (len(m.Steps) > 0 || m.Confirm != "" || m.Calls || m.Actionable || len(m.Links) > 1) {
			t.Errorf("%s: an end asks for something: %+v", kind, m)
		}
		if want := kind == alert.Opened || kind == alert.Storm || kind == alert.Blind; m.Calls != want {
			t.Errorf("%s: it calls people: %t, want %t", kind, m.Calls, want)
		}
		d.ID = d.Incident().Alert(2)
		if message.Of(d).Calls {
			t.Errorf("%s: the second alert of an incident calls people", kind)
		}
	}
}

// Steps of the same person that follow each other are one turn; those left out
// begin another one.
func TestTurns(t *testing.T) {
	step := func(n int, who string) message.Step { return message.Step{Number: n, Who: who} }
	for _, tt := range []struct {
		steps []message.Step
		want  string
	}{
		{nil, ""},
		{[]message.Step{step(1, "a"), step(2, "a"), step(3, "b"), step(4, "a")}, "aa b a"},
		{[]message.Step{step(1, "a"), step(3, "a"), step(4, "a")}, "a aa"},
	} {
		var got []string
		for _, turn := range message.Turns(tt.steps) {
			who := ""
			for _, s := range turn {
				who += s.Who
			}
			got = append(got, who)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%v: %q, want %q", tt.steps, got, tt.want)
		}
	}
}

// Facts of a stored alert have been JSON, and are the same.
func TestStoredFacts(t *testing.T) {
	d := alerttest.Example(t, alert.Changed).Data
	d.Facts["scopes"] = []string{"a", "b"}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var stored alert.Data
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if got, want := message.Of(stored).Summary(), message.Of(d).Summary(); got != want {
		t.Errorf("stored it says %q, want %q", got, want)
	}
	if got, want := message.Of(stored).Facts, message.Of(d).Facts; len(got) != len(want) {
		t.Errorf("stored it has %v, want %v", got, want)
	}
}

// Only web pages are linked to, without a user and with a host.
func TestLinks(t *testing.T) {
	d := alerttest.Example(t, alert.Opened).Data
	d.Links = nil
	for _, url := range []string{
		"javascript:alert(1)", "data:text/html,x", "//evil.example/x", "http:", "/etc/passwd", "https://u:p@evil.example/",
		"https://example.com/a b", "https://example.com/\u202e", "https://example.com/" + strings.Repeat("x", 1000),
		"https://example.com/a?b=c",
	} {
		d.Links = append(d.Links, alert.Link{Title: "page", URL: url})
	}
	if got := message.Of(d).Links; len(got) != 1 || got[0].URL != "https://example.com/a?b=c" {
		t.Errorf("links %v", got)
	}
}

// Who acknowledged or snoozed is said in one way.
func TestAcknowledged(t *testing.T) {
	at := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	for want, a := range map[string]alert.Acknowledged{
		"Acknowledged by mira":                             {By: "mira", At: at},
		"Snoozed by mira until 2026-01-02 11:00:00 +00:00": {By: "mira", At: at, Until: at.Add(time.Hour)},
		"Acknowledged by mira evil":                        {By: "mira\x1b evil\u202e", At: at},
	} {
		d := alerttest.Example(t, alert.Opened).Data
		d.Acknowledged = &a
		m := message.Of(d)
		if got := m.Acknowledged.String(); got != want || m.Mark != "🟡" {
			t.Errorf("got %q with %s, want %q", got, m.Mark, want)
		}
	}
}

// An integration that has a name is called by it in every title; without one, the log's
// name of its mailbox is quoted there, unless it is masked. The watcher's own troubles
// and storms have none.
func TestNames(t *testing.T) {
	mailbox := func(server, handler string) *alert.Mailbox {
		return &alert.Mailbox{Server: server, Handler: handler, HandlerID: "10100"}
	}
	for _, tt := range []struct {
		name    *string
		mailbox *alert.Mailbox
		want    string
	}{
		{nil, nil, ""},
		{new("Help desk 365"), nil, "Help desk 365"},
		{new("Help desk 365"), mailbox("365 IMAP", ""), "Help desk 365"},
		{new(" "), mailbox("365 IMAP", "Help Desk"), "“365 IMAP”"},
		{nil, mailbox("outlook.office365.com", "Help Desk"), "“Help Desk”"},
		{nil, mailbox("outlook.office365.com", ""), "“outlook.office365.com”"},
		{nil, mailbox("", "Help Desk"), "“Help Desk”"},
		{nil, mailbox("", ""), ""},
		{nil, mailbox("mail.[host]", ""), ""},
		{nil, mailbox("a”b`c\u202e www.evil.example @here", ""), "“a'b'c w\u200bww.evil.example @\u200bhere”"},
		{nil, mailbox(strings.Repeat("x", 100), ""), "“" + strings.Repeat("x", 35) + "… cut”"},
	} {
		for _, kind := range alerttest.AllKinds {
			d := alerttest.Example(t, kind).Data
			d.Integration.Name, d.Mailbox = tt.name, tt.mailbox
			m, want := message.Of(d), tt.want
			if kind == alert.Storm || kind == alert.Blind || kind == alert.Sighted || kind == alert.Started {
				want = ""
			}
			for what, title := range map[string]string{"headline": m.Headline(), "title": m.Title(), "topic": m.Topic} {
				if m.Name != want || want != "" && !strings.HasSuffix(title, " · "+want) || want == "" && strings.Contains(title, " · ") {
					t.Errorf("%s, %v, %+v: the %s is %q, want the name %q", kind, tt.name, tt.mailbox, what, title, want)
				}
			}
			if want != "" && m.Tag != want {
				t.Errorf("%s: the tag is %q, want %q", kind, m.Tag, want)
			}
		}
	}
}

// The alert after maintenance says so, of one integration and of many; its repeats and its
// end read as those of a storm; and it never says that its summary is likely.
func TestSummary(t *testing.T) {
	d := alerttest.Summary(t).Data
	one := alerttest.Summary(t).Data
	one.Facts["integrations"], one.Facts["integrations_count"] = []string{"x"}, "1"
	again, end, likely := d, d, d
	again.ID, end.ID, end.Kind, likely.Cause.Confidence = d.Incident().Alert(2), d.Incident().Alert(3), alert.Quiet, "likely"
	for _, tt := range []struct {
		d    alert.Data
		want string
	}{
		{d, "🔴 3 integrations are failing after maintenance: "}, {one, "🔴 1 integration is failing after maintenance: "},
		{again, "🔁 3 integrations are still failing: "}, {end, "⚪ No longer failing (unconfirmed), 3 integrations: "},
	} {
		if got := message.Of(tt.d).Headline(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("the headline is %q, want %q", got, tt.want)
		}
	}
	if got := message.Of(likely).Summary(); !strings.HasPrefix(got, "Maintenance from ") {
		t.Errorf("it says %q", got)
	}
	if got := message.Of(d).Topic; !strings.HasPrefix(got, "Many integrations are failing after maintenance: ") {
		t.Errorf("the topic is %q", got)
	}
	d.GivesUpAt = time.Date(2024, 11, 24, 22, 0, 0, 0, time.UTC)
	if got := message.Of(d).Summary(); !strings.Contains(got, "Jira gives up on the first of these tokens on 2024-11-24 22:00:00 +00:00 at the latest") {
		t.Errorf("it says %q", got)
	}
}
