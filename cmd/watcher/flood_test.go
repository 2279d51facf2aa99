package main_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// sevenReasons are error texts of seven causes.
var sevenReasons = []string{
	badSecret, badTLS,
	"AADSTS7000222: The provided client secret keys for app are expired.",
	"AADSTS50194: Application is not configured as a multi-tenant application.",
	"AADSTS700016: Application with identifier was not found in the directory.",
	"AADSTS28000: Provided value for the input parameter scope is not valid.",
	"java.net.UnknownHostException: login.microsoftonline.com",
}

// flood is a minute's failures of some integrations, at random for one of the
// seven reasons, and the pairs of integration and reason in it.
func flood(failures, integrations int) (text []string, pairs map[string]bool) {
	random := rand.New(rand.NewPCG(1, 2))
	pairs = map[string]bool{}
	for i := range failures {
		flow, reason := random.IntN(integrations)+1, random.IntN(len(sevenReasons))
		pairs[fmt.Sprintf("%s %d", flowID(flow), reason)] = true
		text = append(text, failure(flow, i*60/failures, sevenReasons[reason]))
	}
	return text, pairs
}

// Ten thousand failures of 48 integrations, with two others fewer than a storm, for seven causes within a minute
// become one opened for each integration and one changed for each of its other
// causes, and nothing else; memory does not grow with them.
func TestFlood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, _, log := follow(t, dir, hub, "")
	many := testkit.Fewer(1000, 10_000)
	if testkit.Race { // all that counts is counted without it, see scripts/test.sh
		many = 300
	}
	text, pairs := flood(many, 48)
	appendAs(t, log, strings.Join(text[:many/10], "")+failure(900, 59, badSecret))
	hub.tells(900)
	before := w.rss()
	for part := range slices.Chunk(text[many/10:], 500) {
		appendAs(t, log, strings.Join(part, ""))
	}
	appendAs(t, log, failure(901, 59, badSecret))
	hub.tells(901)
	hub.alerts(len(pairs) + 2) // the causes take turns: that one was not the last
	peak := w.peak()
	w.stop()
	kinds, told := map[alert.Kind]int{}, map[string]int{}
	for _, a := range hub.alerts(1) {
		if a.Data.Integration.ID != flowID(900) && a.Data.Integration.ID != flowID(901) {
			kinds[a.Data.Kind]++
			told[a.Data.Integration.ID+" "+a.Data.Cause.ID]++
		}
	}
	all := kinds[alert.Opened] + kinds[alert.Changed]
	if len(kinds) != 2 || all != len(pairs) || len(told) != len(pairs) || kinds[alert.Opened] != 48 {
		t.Errorf("%v about %d pairs of integration and cause, want 48 opened and %d changed", kinds, len(told), len(pairs)-48)
	}
	t.Logf("%d failures: %v; %.1f MiB resident after the first tenth, at most %d MiB", many, kinds, before, peak)
	if grown := float64(peak) - before; grown > 16*float64(memoryFactor[testkit.Race]) {
		t.Errorf("memory grew by %.1f MiB", grown)
	}
}

// tells waits until a webhook has accepted an alert about a flow.
func (r *receiver) tells(flow int) {
	r.t.Helper()
	testkit.Until(r.t, func() error {
		for _, q := range r.accepted() {
			if strings.Contains(string(q.body), flowID(flow)) {
				return nil
			}
		}
		return fmt.Errorf("no alert about %s", flowID(flow))
	})
}
