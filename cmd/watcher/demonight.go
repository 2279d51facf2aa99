package main

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed demomail.log
var demoMail string

// night is the last part of the demo: a client secret expires while everybody sleeps, Jira's
// mail handlers fail until an administrator fixes it in the morning, and Jira's own
// diagnostics say when the mailbox works again.
type night struct{ down, fixed time.Time }

// lastNight is the one before now.
func lastNight(now time.Time) night {
	at := func(hour, minute int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	}
	n := night{at(2, 13), at(9, 40)}
	if now.Before(n.fixed) {
		n.down, n.fixed = n.down.AddDate(0, 0, -1), n.fixed.AddDate(0, 0, -1)
	}
	return n
}

const (
	nightAlerts = 3 // opened, a reminder after repeat_interval, resolved
	pollsEvery  = 10 * time.Minute
)

// polls are the failures of the mail handler from one time to before another, as the
// incoming mail log has them.
func (n night) polls(from, to time.Time) string {
	var b strings.Builder
	for at := from; at.Before(to); at = at.Add(pollsEvery) {
		b.WriteString(strings.Replace(demoMail, "DATE", demoStamp(at), 1))
	}
	return b.String()
}

// probe is a line of the diagnostics.
func (n night) probe(at time.Time, connected bool) string {
	return fmt.Sprintf("%s Caesium-1-1 INFO anonymous     [ipd-monitoring-data-logger] IPDMONITORING {\"timestamp\":\"%d\","+
		"\"label\":\"MAIL.INCOMING.CONNECTION.STATE\",\"tags\":{\"serverName\":\"Help desk 365\"},"+
		"\"attributes\":{\"connected\":\"%t\",\"totalFailures\":\"0\"}}\n", demoStamp(at), at.Unix(), connected)
}

// scenes are what is written to which log, and what is said before it; each leads to one
// alert.
func (n night) scenes() []scene {
	later := n.down.Add(4 * time.Hour)
	clock := func(t time.Time) string { return t.Format("15:04") }
	return []scene{
		{"Now a night with nobody at work. At " + clock(n.down) + " the client secret of a mailbox has expired", []written{
			{diagnosticsLog, n.probe(n.down.Add(-time.Minute), true) + n.probe(n.down.Add(time.Minute), false)},
			{incomingLog, n.polls(n.down, n.down.Add(time.Minute))},
		}},
		{"The mail handler keeps failing every ten minutes. At " + clock(later) + " a reminder is sent", []written{
			{incomingLog, n.polls(n.down.Add(pollsEvery), later.Add(time.Minute))},
		}},
		{"In the morning, a new client secret is entered in Jira. At " + clock(n.fixed) + " the mailbox works again", []written{
			{incomingLog, n.polls(later.Add(pollsEvery), n.fixed.Add(-time.Minute))},
			{diagnosticsLog, n.probe(n.fixed, true)},
		}},
	}
}

// scene is what is written before one alert.
type scene struct {
	said  string
	files []written
}

type written struct{ log, text string }

const (
	incomingLog    = "atlassian-jira-incoming-mail.log"
	diagnosticsLog = "atlassian-jira-ipd-monitoring.log"
)

// demoStamp is a time as log4j writes it.
func demoStamp(at time.Time) string {
	return strings.Replace(at.Format("2006-01-02 15:04:05.000-0700"), ".", ",", 1)
}
