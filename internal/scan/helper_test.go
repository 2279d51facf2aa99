package scan_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// loaded is the built-in catalogue, read once.
var loaded = sync.OnceValues(func() (*matchers.Set, error) { return matchers.Load("") })

func builtin(t testing.TB) *matchers.Set {
	t.Helper()
	s, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// now is when all scans of these tests are made.
var now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// t0 is when their logs begin.
var t0 = testkit.Begin

func alerts() conf.Alerts {
	return conf.Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour}
}

// rulesOf are rules for each node.
func rulesOf(a conf.Alerts) func(string) *incident.Rules {
	return func(node string) *incident.Rules { return incident.NewRules(&conf.Config{Node: node, Alerts: a}) }
}

func options() scan.Options {
	return scan.Options{Rules: rulesOf(alerts()), Zone: time.UTC, Now: now}
}

func scanned(t testing.TB, o scan.Options, args ...string) report.Report {
	t.Helper()
	return reportOn(t, o, find(args...))
}

func reportOn(t testing.TB, o scan.Options, logs logfiles.List) report.Report {
	t.Helper()
	return scan.Scan(t.Context(), logs, func() *matchers.Set { return builtin(t) }, o)
}

func find(args ...string) logfiles.List { return logfiles.Find(args, logfiles.Options{Node: "here"}) }

// failure is a failure of a flow as Jira logs it.
func failure(at time.Time, flow int, message string) string {
	return testkit.Failure(at, testkit.FlowID(flow), message)
}

var flowID, stamp, ordinary = testkit.FlowID, testkit.Stamp, testkit.OrdinaryAt

const (
	badSecret = testkit.BadSecret
	badTLS    = testkit.BadTLS
	badProxy  = "java.io.IOException: Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 407 Proxy Authentication Required\""
)

// asJSON is a report as text, to be compared.
func asJSON(t testing.TB, r report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(b.String())) {
		t.Fatalf("no JSON: %s", b.String())
	}
	return b.String()
}

// randomLog is a log of everything that a reader can meet, and the time at its
// end.
func randomLog(random *rand.Rand, at time.Time, events int) (string, time.Time) {
	var b strings.Builder
	messages := []string{badSecret, badTLS, badProxy, "null", "AADSTS50194: Application 'x' is not multi-tenant. Trace ID: " + flowID(random.IntN(1000)) +
		" Timestamp: 2026-01-02 10:00:00Z", "something else"}
	end := func() string {
		if random.IntN(6) == 0 {
			return "\r\n"
		}
		return "\n"
	}
	for range events {
		at = at.Add([]time.Duration{0, time.Second, time.Second, 7 * time.Minute, 5 * time.Hour, 25 * time.Hour, -time.Minute}[random.IntN(7)])
		switch random.IntN(14) {
		case 0, 1, 2, 3:
			b.WriteString(strings.TrimSuffix(failure(at, random.IntN(6), messages[random.IntN(len(messages))]), "\n") + end())
			for range random.IntN(3) {
				b.WriteString("    Trace ID: oauth2" + end())
			}
		case 4:
			b.WriteString(strings.Replace(failure(at, 1, badTLS), "config/flow/"+flowID(1), "config", 1)) // whose?
		case 5:
			b.WriteString(strings.Replace(failure(at, 2, badTLS), stamp(at), "2026-01-02 10:72:00,000+0000", 1)) // no time
		case 6:
			b.WriteString(strings.Replace(failure(at, 3, badTLS), "2026-", "2126-", 1)) // from the future
		case 7:
			b.WriteString(strings.Replace(failure(at, 4, badTLS), "ERROR", "DEBUG", 1))
		case 8:
			b.WriteString(ordinary(at) + "java.lang.IllegalStateException: oauth2" + end() +
				strings.Repeat("\tat a.B.c(B.java:1) [c.a.o.c.X]"+end(), random.IntN(20)) + end())
		case 9:
			if random.IntN(2) == 0 { // Jira as a provider: oauth2, and not the flow
				b.WriteString(stamp(at) + " http-nio-8080-exec-3 ERROR anonymous 600x1x1 4eic3i 10.0.0.1 /rest/oauth2/latest/token " +
					"[c.a.oauth2.provider.rest.X] refused" + end())
				continue
			}
			b.WriteString("\tat com.atlassian.oauth2.client.X" + end())
		case 10:
			if random.IntN(8) == 0 {
				b.WriteString(strings.Repeat("oauth2 x", event.MaxText/8*random.IntN(6)) + end())
			}
		case 11:
			if random.IntN(30) == 0 {
				b.WriteString(strings.TrimSuffix(failure(at, 5, badSecret), "\n") + strings.Repeat("y", event.MaxText*random.IntN(6)) + end())
			}
		default:
			b.WriteString(ordinary(at))
		}
	}
	text := b.String()
	if random.IntN(3) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	return text, at
}
