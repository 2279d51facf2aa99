package incident_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// node is what a watcher of several logs knows.
type node struct {
	e    incident.Evidence
	open map[string]incident.State
}

// fails takes a failure of a mailbox from a log: log, what it is known by with + between,
// seconds. It returns what became of it.
func (n *node) fails(log, known string, second float64) string {
	f := failure(cause("a", conf.SeverityHigh), t0.Add(time.Duration(second*float64(time.Second))))
	f.Impact.Phase, f.Known = alert.PhaseRefresh, nil
	own := "unknown-" + log
	if known != "" {
		f.Known = strings.Split(known, "+")
		own = f.Known[0]
	}
	var key string
	var repeated bool
	n.e, key, repeated = n.e.Place(f, own, f.Time, log, func(key string) bool { return n.open[key].Open })
	switch s, was := n.open[key]; {
	case repeated:
		return "repeated"
	case was:
		s.Last = f.Time
		n.open[key] = s
		return "counted in " + key
	default:
		n.open[key] = incident.State{Key: key, Open: true, First: f.Time, Last: f.Time, Content: alert.Data{Phase: alert.PhaseRefresh}}
		return "opened " + key
	}
}

// Two logs have one failure once, in whichever order, and mailboxes are told apart by what
// the better log shows.
func TestPlace(t *testing.T) {
	type step struct {
		log, known string
		second     float64
		want       string
	}
	for name, steps := range map[string][]step{
		"one failure in two logs": {{"app", "", 0, "opened unknown-app"}, {"mail", "server", .5, "repeated"}, {"app", "", 60, "counted in unknown-app"},
			{"mail", "server", 60, "repeated"}},
		"the mail log first": {{"mail", "server", 0, "opened server"}, {"app", "", .5, "repeated"}, {"mail", "server", 60, "counted in server"}, {"app", "", 60, "repeated"}},
		"the mail log first, then the other": {{"mail", "server", 0, "opened server"}, {"app", "", .5, "repeated"}, {"app", "", 60, "counted in server"},
			{"mail", "server", 60, "repeated"}},
		"one first, then the other": {{"app", "", 0, "opened unknown-app"}, {"mail", "server", 0, "repeated"}, {"mail", "server", 60, "counted in unknown-app"},
			{"app", "", 60, "repeated"}},
		"by application": {{"app", "x", 0, "opened x"}, {"mail", "x+server", 0, "repeated"}, {"mail", "server", 90, "counted in x"}},
		"by handler": {{"app", "handler-1", 0, "opened handler-1"}, {"mail", "server+handler-1", 1, "repeated"}, {"mail", "server+handler-1", 60, "counted in handler-1"},
			{"app", "handler-1", 60, "repeated"}},
		"another handler": {{"app", "handler-1", 0, "opened handler-1"}, {"app", "handler-2", 0, "opened handler-2"}, {"mail", "s2+handler-2", 1, "repeated"},
			{"mail", "s1+handler-1", 1, "repeated"}},
		"two mailboxes at once": {{"app", "", 0, "opened unknown-app"}, {"app", "", .1, "counted in unknown-app"}, {"mail", "s1", .2, "repeated"},
			{"mail", "s2", .3, "opened s2"}},
		"two mailboxes at once, the mail log first": {{"mail", "s1", 0, "opened s1"}, {"mail", "s2", .1, "opened s2"}, {"app", "", .2, "repeated"}, {"app", "", .3, "repeated"}},
		"too late to be the same":                   {{"app", "", 0, "opened unknown-app"}, {"mail", "server", 3, "opened server"}},
		"one log only":                              {{"app", "", 0, "opened unknown-app"}, {"app", "", 1, "counted in unknown-app"}},
	} {
		n := &node{open: map[string]incident.State{}}
		for i, s := range steps {
			if got := n.fails(s.log, s.known, s.second); got != s.want {
				t.Errorf("%s, step %d: %s, want %s", name, i+1, got, s.want)
			}
		}
	}
}

// A mail server that can be reached again ends the incident that is joined to it, or the
// only one that began when only this one was lost; nothing else does.
func TestRecovery(t *testing.T) {
	s1, s2 := matchers.ServerID("Support"), matchers.ServerID("Sales")
	for _, tt := range []struct {
		name   string
		fails  []string // known by
		probes string   // server, sign and minute
		want   string
	}{
		{"joined", []string{s1}, "Support-0 Support+5", s1},
		{"joined by application", []string{"x+" + s1}, "Support-0 Support+5", "x"},
		{"of two that are joined, one is back", []string{"x+" + s1, "x+" + s2}, "Support-0 Sales-0 Support+5", ""},
		{"both are back", []string{"x+" + s1, "x+" + s2}, "Support-0 Sales-0 Support+5 Sales+6", "x"},
		{"the only one", []string{""}, "Support+-3 Support-1 Support+5", "unknown-app"},
		{"first seen without a connection", []string{""}, "Support-1 Support+5", ""},
		{"two were lost, one of them is back", []string{""}, "Support+-3 Sales+-3 Support-0 Sales-0 Support+5", ""},
		{"of two that are joined, the other was never lost", []string{"x+" + s1, "x+" + s2}, "Support-0 Support+5", ""},
		{"never lost", []string{s1}, "Support+0 Support+5", ""},
		{"lost too early", []string{""}, "Support--5 Support+5", ""},
		{"two were lost", []string{""}, "Support-0 Sales-0 Support+5", ""},
		{"two incidents", []string{"", "y"}, "Support-0 Support+5", ""},
		{"of another server", []string{s2}, "Support-0 Support+5", ""},
		{"back before the last failure", []string{s1}, "Support-0 Support+-1", ""},
		{"still lost", []string{s1}, "Support-0", ""},
	} {
		for _, late := range []bool{false, true} { // the failures come before the probes, or after
			n := &node{open: map[string]incident.State{}}
			fail := func() {
				for i, known := range tt.fails {
					n.fails("app", known, float64(i)*.1)
				}
			}
			if !late {
				fail()
			}
			for _, probe := range strings.Fields(tt.probes) {
				at := strings.IndexAny(probe, "+-")
				var minute int
				fmt.Sscan(probe[at+1:], &minute)
				n.e, _ = n.e.Observe(matchers.Probe{Direction: "incoming", Server: probe[:at], Connected: probe[at] == '+',
					At: t0.Add(time.Duration(minute)*time.Minute + time.Second)})
			}
			if late {
				fail()
			}
			var open []incident.State
			for _, s := range n.open {
				open = append(open, s)
			}
			slices.SortFunc(open, func(a, b incident.State) int { return strings.Compare(a.Key, b.Key) })
			if got, _ := n.e.Recovery(open); got.Key != tt.want {
				t.Errorf("%s, failures late %v: %q, want %q", tt.name, late, got.Key, tt.want)
			}
		}
	}
}

// The end by evidence says when and after what, once; a failure after it is news, and one of
// before that comes late is none.
func TestResolve(t *testing.T) {
	r := rules(nil)
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Impact.Phase = alert.PhaseRefresh
	s, _ := r.Step(incident.State{}, f, incident.Source{}, t0)
	if after, a := r.Resolve(s, t0.Add(-time.Second)); !after.Open || a != nil {
		t.Error("evidence from before the last failure ends it")
	}
	s, a := r.Resolve(s, t0.Add(time.Hour))
	if s.Open || a == nil || a.Data.Kind != alert.Resolved || !a.Data.ResolvedAt.Equal(t0.Add(time.Hour)) || a.Data.ID != s.ID().Alert(2) {
		t.Fatalf("%+v", a)
	}
	if _, a := r.Resolve(s, t0.Add(2*time.Hour)); a != nil {
		t.Error("it ends twice")
	}
	e := incident.Evidence{}.End("k", t0)
	open := func(string) bool { return false }
	if _, _, repeated := e.Place(f, "k", t0.Add(-time.Second), "app", open); !repeated {
		t.Error("a late failure of before the end is news")
	}
	if _, _, repeated := e.Place(f, "k", t0.Add(time.Second), "app", open); repeated {
		t.Error("a failure after the end is none")
	}
}

// In whichever order the logs are read, each mailbox has one incident.
func TestPlaceInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for world := range 2000 {
		n := &node{open: map[string]incident.State{}}
		mailboxes, opened, story := 1+random.IntN(3), 0, ""
		for minute := range 6 {
			var steps [][2]string
			for m := range mailboxes {
				if minute < m*(world%3) {
					continue // it begins to fail later
				}
				steps = append(steps, [2]string{"app", ""}, [2]string{"mail", fmt.Sprint("server", m)})
			}
			random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			for i, s := range steps {
				got := n.fails(s[0], s[1], float64(minute*60)+float64(i)*.1)
				story += fmt.Sprintln(minute, s, got)
				if strings.HasPrefix(got, "opened") {
					opened++
				}
			}
		}
		if opened != mailboxes {
			t.Fatalf("world %d: %d incidents of %d mailboxes:\n%s", world, opened, mailboxes, story)
		}
	}
}

// What proves less than it seems: a test proves nothing of a mailbox, nothing is proven by a log
// that has lost lines, and a time in the future is that of the reading.
func TestProvesNothing(t *testing.T) {
	of := alert.Integration{ID: "a", KnownBy: alert.ByConfiguration}
	for _, s := range []incident.State{
		{Content: alert.Data{Integration: of, Phase: alert.PhaseTest}, Background: true},
		{Content: alert.Data{Integration: of, Phase: alert.PhaseRefresh}},
		{Content: alert.Data{Integration: of, Phase: alert.PhaseTest}, Last: t0.Add(time.Second)},
	} {
		if s.EndsByTest("a", t0) {
			t.Errorf("a test ends %+v", s)
		}
	}
	click := func(e incident.Evidence, at time.Time, c matchers.Click) incident.Evidence {
		c.At, c.Session, c.Access = at, "s", true
		e, _ = e.Click(c, t0.Add(time.Minute))
		return e
	}
	e := click(click(incident.Evidence{}, t0, matchers.Click{Config: "a"}), t0.Add(2*time.Second), matchers.Click{Flow: "1"})
	if _, proven, _ := e.Proofs(t0.Add(2 * time.Minute)); len(proven) != 1 {
		t.Errorf("without a gap: %+v", proven)
	}
	if _, proven, _ := e.Gap(t0.Add(3 * time.Second)).Proofs(t0.Add(2 * time.Minute)); proven != nil {
		t.Errorf("with a gap: %+v", proven)
	}
	e = click(click(e, t0.Add(3*time.Second), matchers.Click{Config: matchers.SomeConfig}), t0.Add(5*time.Second), matchers.Click{Flow: "2"})
	if config := e.ConfigOf("2"); config != "" {
		t.Errorf("the test of some configuration is of %q", config)
	}
	e = click(e, t0.Add(3*time.Hour), matchers.Click{Config: "b"})
	if last := e.Clicks[len(e.Clicks)-1].At; len(e.Clicks) != 5 || last.After(t0.Add(time.Minute)) {
		t.Errorf("a request from the future: %d requests, the last at %s", len(e.Clicks), last)
	}
}

// A failure of the watcher's own request is none, and one of somebody else is.
func TestOwnRequest(t *testing.T) {
	const path = "/rest/oauth2-client/latest/config"
	fails := func(url, request string, after time.Duration) matchers.Failure {
		return matchers.Failure{Time: t0.Add(after), Header: event.Header{URL: url, RequestID: request}}
	}
	for name, tt := range map[string]struct {
		own  incident.Own
		f    matchers.Failure
		want bool
	}{
		"by its ID":                     {incident.Own{From: t0, Request: "7x1x1"}, fails("/jira"+path, "@Nx7x1x1", time.Minute), true},
		"answered, by its ID":           {incident.Own{From: t0, Request: "7x1x1", Fine: true}, fails(path, "7x1x1", 0), true},
		"another ID":                    {incident.Own{From: t0, Request: "7x1x1"}, fails(path, "7x2x1", 0), false},
		"the ID is not known":           {incident.Own{From: t0}, fails(path, "7x2x1", 30*time.Second), true},
		"much later":                    {incident.Own{From: t0}, fails(path, "7x2x1", 2*time.Minute), false},
		"before it":                     {incident.Own{From: t0}, fails(path, "7x2x1", -time.Minute), false},
		"answered, the ID is not known": {incident.Own{From: t0, Fine: true}, fails(path, "7x2x1", time.Second), false},
		"the result of a test":          {incident.Own{From: t0}, fails(path+"/flow/x", "7x2x1", time.Second), false},
		"the ID of another day":         {incident.Own{From: t0, Request: "7x1x1"}, fails(path, "7x1x1", 24*time.Hour), false},
	} {
		if got := (incident.Evidence{}).Ask(tt.own).IsOwn(tt.f, path); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
