package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

// play takes steps such as
//
//	post A@3  get 1@5  fail 1x@5  fail 2@8/s2  +20
//
// in the order in which they are read: a test of configuration A began at second 3, the result
// of flow 1 was asked for at 5, and logged as a failure for the cause x; one of session s2; 20
// seconds pass.
func (s *shift) play(words string) {
	s.Helper()
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	fields := strings.Fields(words)
	for i := 0; i < len(fields); i++ {
		word := fields[i]
		s.rec.AccessLog = true
		if strings.HasPrefix(word, "+") {
			pause, err := time.ParseDuration(word[1:] + "s")
			if err != nil {
				s.Fatal(err)
			}
			for range pause / time.Second {
				time.Sleep(time.Second)
				s.settle()
			}
			continue
		}
		i++
		what, at, _ := strings.Cut(fields[i], "@")
		second, session, _ := strings.Cut(at, "/")
		n, err := time.ParseDuration(second + "s")
		if err != nil {
			s.Fatal(err)
		}
		c := matchers.Click{At: start.Add(n), Session: matchers.SessionOf("s1" + session), Request: "1x" + second + "x1"}
		switch word {
		case "post":
			c.Config, c.Access = what, true
		case "debug":
			c.Config, c.Debug = what, true
		case "get":
			c.Flow, c.Access = what, true
		case "fail":
			id := what[:1]
			header := event.Header{Session: "s1" + session, RequestID: c.Request, URL: "/rest/oauth2-client/latest/config/flow/x"}
			f := matchers.Failure{Time: c.At, Header: header, Impact: matchers.Impact{Phase: alert.PhaseTest},
				Integration: matchers.Integration{ID: id, Flow: id, KnownBy: alert.ByFlow},
				Cause:       &matchers.Cause{ID: "x" + what[1:], Title: "x", Severity: conf.SeverityHigh, Confidence: "certain", Diagnosis: "It fails."}}
			if id == "?" { // the log is masked
				f.Integration = matchers.Integration{ID: matchers.Unknown, KnownBy: alert.ByNothing}
			}
			if err := s.rec.Record(f); err != nil {
				s.Fatal(err)
			}
			continue
		default:
			s.Fatalf("unknown step %q", word)
		}
		if err := s.rec.RecordClick(c); err != nil {
			s.Fatal(err)
		}
		if s.mortal {
			s.restart()
		}
	}
}

// Failed tests of a configuration are one incident wherever the access log shows whose they
// are, at once or later, and a successful test ends it.
func TestTestsOfAConfiguration(t *testing.T) {
	for name, tt := range map[string]struct {
		steps string
		want  []string
	}{
		"the evidence first":  {"post A@1 get 1@3 fail 1@3 +20 post A@30 get 2@32 fail 2@32 +20", []string{"opened A#1"}},
		"its beginning first": {"post A@1 fail 1@3 get 1@3 +20 post A@30 fail 2@32 get 2@32 +20", []string{"opened 1#1"}},
		"at the level DEBUG":  {"debug A@1 fail 1@3 +20 debug A@30 fail 2@32 +20", []string{"opened A#1"}},
		"a window is closed": {"post A@1 +3 fail 1@9 +1 post B@7 get 1@9 +10 post A@30 +3 fail 2@33 get 2@33 +60",
			[]string{"opened 1#1", "opened 2#1"}},
		"the evidence later": {"fail 1@3 +10 post A@1 get 1@3 +1", []string{"opened 1#1"}},
		"a retry whose evidence is late": {"fail 1@3 +10 post A@1 get 1@3 +10 fail 2@23 +10 post A@20 get 2@23 +60",
			[]string{"opened 1#1"}},
		"two tries before any evidence": {"fail 1@1 +2 fail 2@4 +8 post A@0 get 1@1 post A@2 get 2@4 +60", []string{"opened 1#1"}},
		"a retry at once":               {"fail 1@3 +10 post A@1 get 1@3 fail 2@13 +8 post A@10 get 2@13 +60", []string{"opened 1#1"}},
		"a retry for another cause": {"fail 1@3 +10 post A@1 get 1@3 +10 fail 2y@23 +10 post A@20 get 2@23 +60",
			[]string{"opened 1#1", "changed A#2"}},
		"another configuration": {"fail 1@3 +10 post A@1 get 1@3 +10 fail 2@23 +10 post B@20 get 2@23 +60",
			[]string{"opened 1#1", "opened B#1"}},
		"no evidence of the second": {"fail 1@3 +10 post A@1 get 1@3 +10 fail 2@23/other +60", []string{"opened 1#1", "opened 2#1"}},
		"two in one session":        {"post A@1 get 1@3 fail 1@3 +5 post B@8 get 2@9 fail 2@9 +60", []string{"opened A#1", "opened B#1"}},
		"the access log is behind, and the last test was of another": {
			"post A@1 fail 1@3 get 1@3 +10 post A@20 fail 3@28 +5 get 2@22 post B@26 get 3@28 +60",
			[]string{"opened 1#1", "opened B#1", "resolved A#2"}},
		"two tabs at once": {"post A@1 post B@2 get 1@3 fail 1@3 get 2@4 fail 2@4 +60", []string{"opened 1#1", "opened 2#1"}},
		"after two tabs at once": {"post A@1 post B@2 get 1@3 fail 1@3 get 2@4 fail 2@4 +60 post A@64 get 3@66 fail 3@66 +60",
			[]string{"opened 1#1", "opened 2#1", "opened A#1"}},
		"the page is loaded again and again": {"fail 1@3 +10 post A@1 get 1@3 +10 fail 2@23/o +5 fail 2@28/o +5 fail 2@33/o +4 fail 2@37/o +3",
			[]string{"opened 1#1", "opened 2#1"}},
		"the page is loaded again": {"post A@1 get 1@3 fail 1@3 +5 get 1@8 fail 1@9 +60", []string{"opened A#1"}},
		"the page is loaded again much later": {"post A@1 get 1@3 fail 1@3 +60 post B@1850 get 1@1852 fail 1@1852 get 2@1855 fail 2@1855 +60",
			[]string{"opened A#1", "opened B#1"}},
		"two tabs, of which one is forgotten": {"post B@1 +300 post A@300 get 1@302 fail 1@302 +1550 post A@1850 get 2@1852 fail 2@1852 +60",
			[]string{"opened 1#1", "opened A#1"}},
		"it works": {"post A@1 get 1@3 fail 1@3 +50 post A@51 get 2@53 +5 +60", []string{"opened A#1", "resolved A#2"}},
		"it works, and the incident was known by its flow": {"fail 1@3 +10 post A@1 get 1@3 +40 post A@51 get 2@53 +60",
			[]string{"opened 1#1", "resolved A#2"}},
		"the failure of the second is late": {"post A@1 get 1@3 fail 1@3 +50 post A@51 get 2@53 +5 fail 2@53 +60", []string{"opened A#1"}},
		"the failure of the second is very late": {"post A@1 get 1@3 fail 1@3 +50 post A@51 get 2@53 +30 fail 2@53 +60",
			[]string{"opened A#1", "resolved A#2", "opened A#1"}},
		"the first failure is late": {"post A@1 get 1@3 post A@11 get 2@13 +30 fail 1@3 +30", []string{"opened A#1", "resolved A#2"}},
		"another one works":         {"post A@1 get 1@3 fail 1@3 +50 post B@51 get 2@53 +60", []string{"opened A#1"}},
		"it works, and fails again": {"post A@1 get 1@3 fail 1@3 +50 post A@51 get 2@53 +60 post A@121 get 3@123 fail 3@123 +60",
			[]string{"opened A#1", "resolved A#2", "opened A#1"}},
		"the flow is masked":      {"post A@1 get 1@3 fail ?@3 +5", []string{"opened A#1"}},
		"two tabs, then it works": {"post A@1 get 1@3 fail 1@3 +50 post A@51 post B@52 get 2@53 get 3@54 +60", []string{"opened A#1"}},
	} {
		for _, mortal := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", name, mortal), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newShift(t)
					s.conf.Jira.Given, s.mortal = true, mortal
					s.restart()
					s.play(tt.steps)
					s.queued("hub", tt.want...)
				})
			})
		}
	}
}

// Retries are folded where the access log does not show that they are of another
// configuration.
func TestFoldWaitsForEvidence(t *testing.T) {
	const first = "fail 1@3 +10 post A@1 get 1@3 +10 fail 2@23 +10 "
	for steps, want := range map[string][]string{
		first + "post A@20 get 2@23 +60": {"opened 1#1"},
		first + "post B@20 get 2@23 +60": {"opened 1#1", "opened B#1"},
		first + "+60":                    {"opened 1#1"},
		first + "+10 fail 3@43 +60":      {"opened 1#1"},
	} {
		for _, mortal := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newShift(t)
				s.conf.Jira.Given, s.conf.Alerts.FoldRetries, s.mortal = true, 15*time.Minute, mortal
				s.restart()
				s.play(steps)
				s.queued("hub", want...)
			})
		}
	}
}
