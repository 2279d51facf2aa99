package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// someNodes is how many worlds of a node make test runs: docs/reliability.md has a long run.
const someNodes = 25

// Whatever happens at a Jira node, the alerts are those that its evidence proves.
func TestNodes(t *testing.T) {
	defer unprivileged()()
	kinds := map[alert.Kind]int{}
	for seed := uint64(1); seed <= someNodes; seed++ {
		n, wrong := simulateNode(seed, causes(t), nil)
		for _, a := range n.w.receivers[0].alerts {
			kinds[a.Data.Kind]++
		}
		if wrong != nil {
			t.Errorf("seed %d\n%s\n=== %s", seed, strings.Join(n.w.story, "\n"), wrong)
		}
	}
	for _, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Resolved, alert.Quiet} {
		if kinds[kind] < someNodes/4 {
			t.Errorf("too little happens to these nodes: %v", kinds)
		}
	}
}

// A program that follows other rules than the model is noticed.
func TestOtherRulesAreNoticed(t *testing.T) {
	defer unprivileged()()
	for name, mutate := range map[string]func(*oracle){
		"no test succeeds":                 func(o *oracle) { o.proof = never / 2 },
		"nothing waits for the access log": func(o *oracle) { o.quick = time.Millisecond },
		"no mail server is probed":         func(o *oracle) { o.n.probes = false },
		"retries are not folded":           func(o *oracle) { o.n.fold = 0 },
	} {
		noticed := false
		for seed := uint64(1); seed <= someNodes && !noticed; seed++ {
			_, wrong := simulateNode(seed, causes(t), mutate)
			noticed = wrong != nil
		}
		if !noticed {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// A seed makes the same story each time.
func TestSameNodeAgain(t *testing.T) {
	defer unprivileged()()
	for seed := uint64(1); seed <= 3; seed++ {
		one, _ := simulateNode(seed, causes(t), nil)
		two, _ := simulateNode(seed, causes(t), nil)
		if !slices.Equal(one.w.story, two.w.story) || !reflect.DeepEqual(one.lines, two.lines) {
			t.Errorf("seed %d: two different nodes\n%s\n\n%s", seed,
				strings.Join(one.w.story, "\n"), strings.Join(two.w.story, "\n"))
		}
	}
}
