package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// tells counts what is tallied.
type tells struct{ causes []string }

func (t *tells) Failure(_, cause string, _ time.Time) { t.causes = append(t.causes, cause) }
func (t *tells) Alert(*alert.Alert, []string)         {}

// A mail server that Jira's diagnostics alone know to be lost is alerted to after three
// probes in a row, and only if the operator wants it; a failure that says why is one incident
// with it, whenever it comes.
func TestUnreachable(t *testing.T) {
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	server := matchers.ServerID("Sales")
	for name, tt := range map[string]struct {
		steps  string // - and + are probes, x is a failure that shows the server, b one that shows nothing, l one of when it was lost that comes late; each a minute later
		off    bool
		want   []string
		counts int
	}{
		"three in a row":              {"+ - - -", false, []string{"opened " + server + "#1"}, 1},
		"off":                         {"+ - - - - -", true, nil, 1},
		"two":                         {"+ - - + - -", false, nil, 0},
		"it is back":                  {"- - - - +", false, []string{"opened " + server + "#1", "resolved " + server + "#2"}, 1},
		"lost again":                  {"- - - + - - -", false, []string{"opened " + server + "#1", "resolved " + server + "#2", "opened " + server + "#1"}, 2},
		"a failure has said why":      {"+ x - - - -", false, []string{"opened " + server + "#1"}, 0},
		"one without a name has":      {"+ b - - - -", false, []string{"opened unknown#1"}, 0},
		"a failure says why later":    {"- - - x", false, []string{"opened " + server + "#1", "changed " + server + "#2"}, 1},
		"one without a name does":     {"- - - l", false, []string{"opened " + server + "#1", "changed " + server + "#2"}, 1},
		"one without a name, and +":   {"- - - l +", false, []string{"opened " + server + "#1", "changed " + server + "#2", "resolved " + server + "#3"}, 1},
		"one that is from long after": {"- - - - - - b", false, []string{"opened " + server + "#1", "opened unknown#1"}, 1},
	} {
		for _, mortal := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", name, mortal), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, tally := newShift(t), &tells{}
					s.conf.Jira.Given = true
					s.restart()
					began := time.Now()
					for step := range strings.FieldsSeq(tt.steps) {
						if mortal {
							s.restart()
						}
						s.rec.Tally, s.rec.AlertUnreachable = tally, !tt.off
						time.Sleep(time.Minute)
						p := matchers.Probe{Direction: "incoming", Server: "Sales", Connected: step == "+", At: time.Now()}
						f := matchers.Failure{Time: time.Now(), Impact: matchers.Impact{Phase: alert.PhaseRefresh},
							Cause:       &matchers.Cause{ID: "why", Title: "why", Severity: conf.SeverityHigh, Confidence: "certain"},
							Integration: matchers.Integration{ID: matchers.Unknown, KnownBy: alert.ByNothing}}
						switch step {
						case "x":
							f.Integration = matchers.Integration{ID: server, KnownBy: alert.ByMailServer}
							f.Known = []string{server}
							err = s.rec.Record(f)
						case "l":
							f.Time = began.Add(90 * time.Second)
							fallthrough
						case "b":
							err = s.rec.Record(f)
						default:
							err = s.rec.RecordProbe(p, set.Unreachable(p, []byte("a line"), nil))
						}
						if err != nil {
							t.Fatal(err)
						}
					}
					all := s.queued("hub", tt.want...)
					if i := slices.Index(tally.causes, "mail-server-unreachable"); tt.counts > 0 != (i >= 0) {
						t.Errorf("counted %q", tally.causes)
					}
					if len(all) > 0 && all[0].Data.Cause.ID == "mail-server-unreachable" && (all[0].Data.Cause.Severity != conf.SeverityLow ||
						!strings.Contains(all[0].Data.Diagnosis, "They do not say why") || all[0].Data.Mailbox.Server != "Sales") {
						t.Errorf("it says %+v", all[0].Data)
					}
				})
			})
		}
	}
}

// A probe with a time in the future ends nothing that comes before that time.
func TestProbeFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t)
		s.conf.Jira.Given = true
		s.restart()
		server := matchers.ServerID("Sales")
		fail := func() {
			f := matchers.Failure{Time: time.Now(), Impact: matchers.Impact{Phase: alert.PhaseRefresh}, Known: []string{server},
				Cause:       &matchers.Cause{ID: "why", Title: "why", Severity: conf.SeverityHigh, Confidence: "certain"},
				Integration: matchers.Integration{ID: server, KnownBy: alert.ByMailServer}}
			if err := s.rec.Record(f); err != nil {
				t.Fatal(err)
			}
		}
		fail()
		for i, at := range []time.Time{time.Now(), time.Now().Add(20 * time.Hour)} {
			time.Sleep(time.Minute)
			p := matchers.Probe{Direction: "incoming", Server: "Sales", Connected: i > 0, At: at}
			if err := s.rec.RecordProbe(p, matchers.Failure{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		fail()
		s.queued("hub", "opened "+server+"#1", "resolved "+server+"#2", "opened "+server+"#1")
	})
}
