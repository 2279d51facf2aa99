package matchers_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// Every sample of the catalogue, whole or behind a header, and in the shapes
// that a log brings it in, has its own cause; nothing that is not ours is. The
// confusion matrix by tiers is printed with -v: all of it must stand on the
// diagonal.
func TestConfusion(t *testing.T) {
	s := builtin(t)
	const notOurs = "not ours"
	columns := []string{notOurs}
	counts := map[[2]string]int{}
	add := func(want, got string) {
		for _, name := range []string{want, got} {
			if !strings.Contains("|"+strings.Join(columns, "|")+"|", "|"+name+"|") {
				columns = append(columns, name)
			}
		}
		counts[[2]string{want, got}]++
	}
	diagnose := func(want *matchers.Cause, text string) {
		v := s.Diagnose(text, nil)
		got := notOurs
		if v.Ours {
			got = v.Failure.Cause.TierName()
		}
		if want == nil {
			add(notOurs, got)
			if v.Ours {
				t.Errorf("not ours, but explained by %s: %.300s", v.Failure.Cause.ID, text)
			}
			return
		}
		add(want.TierName(), got)
		if !v.Ours || v.Failure.Cause != want {
			t.Errorf("a sample of %s is %s (%s): %.300s", want.ID, got, v.Failure.Signal, text)
		}
	}
	for _, c := range s.Causes() {
		logs, texts := c.Proofs()
		for _, text := range texts {
			logs = append(logs, carrier(text))
			other := strings.Replace(carrier(text), "["+logger+"]", "[c.a.j.plugin.webhooks.Poster]", 1)
			diagnose(nil, strings.Replace(other, flowURL, "/rest/api/2/issue", 1))
			diagnose(nil, strings.Replace(carrier(text), " ERROR ", " INFO ", 1))
		}
		for _, log := range logs {
			diagnose(c, log)
			diagnose(c, strings.ReplaceAll(log, "\n", "\r\n"))
		}
	}
	files, _ := filepath.Glob("../../shared/samples/*.log")
	for _, file := range files {
		diagnose(nil, testkit.Read(t, file))
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "is \\ called\t%s\t\n", strings.Join(columns, "\t"))
	for _, want := range columns {
		fmt.Fprintf(w, "%s\t", want)
		for _, got := range columns {
			fmt.Fprintf(w, "%d\t", counts[[2]string{want, got}])
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	t.Logf("\n%s", table.String())
}
