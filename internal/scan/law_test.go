package scan_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// slowly is the failures of a log by looking at every line, one after the
// other.
func slowly(t testing.TB, text string) (failures []matchers.Failure) {
	t.Helper()
	var open []string
	size := 0
	complete := func() {
		if v := builtin(t).Diagnose(strings.Join(open, "\n"), time.UTC); v.Ours {
			failures = append(failures, v.Failure)
		}
		open, size = nil, 0
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		line = string(event.Kept([]byte(line)))
		if len(open) > 0 && (event.Begins([]byte(line)) || size+1+len(line) > event.MaxText) {
			complete()
		}
		size += len(line) + min(len(open), 1)
		open = append(open, line)
	}
	complete()
	return failures
}

// occurrence is a failure of a node at the time it counts for.
type occurrence struct {
	matchers.Failure
	node  string
	order time.Time // when the log had come to it
	from  incident.Source
}

// occurrences are the failures of a node's logs, oldest first.
func occurrences(t testing.TB, node string, logs, texts []string, begun []time.Time) (all []occurrence) {
	t.Helper()
	var clock time.Time
	for i, text := range texts {
		for _, f := range slowly(t, text) {
			if f.Time.IsZero() || f.Time.After(now.Add(48*time.Hour)) {
				if f.Time = clock; clock.IsZero() {
					f.Time = begun[i]
				}
			}
			if f.Time.After(clock) {
				clock = f.Time
			}
			all = append(all, occurrence{f, node, clock, incident.Source{Name: filepath.Base(logs[i]), Path: logs[i]}})
		}
	}
	return all
}

// told are the incidents of failures, by Rules.Step and a Settle at every
// moment at which something may be due.
func told(rules func(string) *incident.Rules, quiet time.Duration, all []occurrence, end time.Time) (list []report.Incident) {
	type running struct {
		state incident.State
		alert *alert.Alert
		said  occurrence
		last  occurrence
		all   []occurrence
	}
	open := map[string]*running{}
	settle := func(r *running, now time.Time) {
		for _, at := range []time.Time{r.state.Last.Add(quiet - 1), now} {
			if at.After(now) {
				continue
			}
			var alert *alert.Alert
			if r.state, alert = rules(r.last.node).Settle(r.state, at); alert != nil {
				r.alert = alert
			}
		}
	}
	tell := func(r *running) {
		i := report.Incident{Data: rules(r.last.node).Summary(r.state, r.alert, r.said.Failure, r.said.from), Open: r.state.Open, Causes: []report.Spell{},
			Hours: []report.Hour{}}
		for _, o := range r.all {
			if !slices.Contains(i.Nodes, o.node) {
				i.Nodes = append(i.Nodes, o.node)
			}
			at := slices.IndexFunc(i.Causes, func(s report.Spell) bool { return s.Cause == o.Cause.ID })
			if at < 0 {
				at = len(i.Causes)
				i.Causes = append(i.Causes, report.Spell{Cause: o.Cause.ID, Title: o.Cause.Title, First: o.Time, Last: o.Time})
			}
			s := &i.Causes[at]
			s.Failures++
			if o.Time.Before(s.First) {
				s.First = o.Time
			}
			if o.Time.After(s.Last) {
				s.Last = o.Time
			}
			hour := o.Time.UTC().Truncate(time.Hour)
			at = slices.IndexFunc(i.Hours, func(h report.Hour) bool { return h.Cause == o.Cause.ID && h.At.Equal(hour) })
			if at < 0 {
				at = len(i.Hours)
				i.Hours = append(i.Hours, report.Hour{At: hour, Cause: o.Cause.ID})
			}
			i.Hours[at].Failures++
		}
		slices.Sort(i.Nodes)
		slices.SortStableFunc(i.Causes, func(a, b report.Spell) int {
			return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Cause, b.Cause))
		})
		slices.SortFunc(i.Hours, func(a, b report.Hour) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Cause, b.Cause)) })
		list = append(list, i)
	}
	for _, o := range all {
		key, callback := rules(o.node).Key(o.Failure), o.Integration.Callback
		if r := open[callback]; r != nil && r.state.Continues(callback, o.Cause, o.Time) {
			key = callback
		}
		r := open[key]
		if r != nil {
			if o.Time.Sub(r.state.Last) >= quiet {
				settle(r, o.Time)
				tell(r)
				r = nil
			} else {
				settle(r, o.Time.Add(-1))
			}
		}
		if r == nil {
			r = &running{}
			open[key] = r
		}
		seen, before := o.Time, r.state
		if r.state.Last.After(seen) {
			seen = r.state.Last
		}
		var alert *alert.Alert
		if r.state, alert = rules(o.node).Step(r.state, o.Failure, o.from, seen); alert != nil {
			r.alert = alert
		}
		r.last, r.all = o, append(r.all, o)
		now := incident.Occurrence{Cause: o.Cause, Impact: o.Impact}
		if before.Alerts == 0 || !rules(o.node).Mutes(r.state, now) {
			r.said = o
		}
	}
	for _, r := range open {
		settle(r, end)
		tell(r)
	}
	slices.SortFunc(list, func(a, b report.Incident) int {
		return cmp.Or(a.Data.Failures.First.Compare(b.Data.Failures.First), strings.Compare(string(a.Data.ID), string(b.Data.ID)))
	})
	return list
}

// The incidents are those of looking at every line in order, one failure after
// the other; and a report is the same with any number of cores, cut into
// pieces anywhere, and packed or not.
func TestAnyCut(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			a := alerts()
			a.Mute = [][]string{nil, {"tls-certificate-untrusted"}}[random.IntN(2)]
			a.RepeatInterval = []time.Duration{0, time.Hour, 4 * time.Hour}[random.IntN(3)]
			a.Mask = [][]conf.Mask{nil, {conf.MaskUser, conf.MaskIP}}[random.IntN(2)]
			rules := rulesOf(a)
			var all []occurrence
			var args []string
			for _, node := range []string{"node1", "node2"}[:1+random.IntN(2)] {
				at := t0
				var logs, texts []string
				var begun []time.Time
				for number := 1 + random.IntN(3); number >= 0; number-- {
					text := ordinary(at)
					begun = append(begun, at)
					var more string
					more, at = randomLog(random, at, random.IntN(50))
					text += more
					at = at.Add(10 * time.Minute)
					path := filepath.Join(dir, node, "log", "atlassian-jira.log")
					if number > 0 {
						path += fmt.Sprint(".", number)
					}
					content := text
					if random.IntN(3) == 0 {
						path += ".gz"
						content = testkit.Gzip(text)
					}
					logs, texts = append(logs, testkit.Write(t, path, content)), append(texts, text)
				}
				all = append(all, occurrences(t, node, logs, texts, begun)...)
				args = append(args, filepath.Join(dir, node))
			}
			slices.SortStableFunc(all, func(a, b occurrence) int { return a.order.Compare(b.order) })
			o := options()
			o.Rules = rules
			o.Cores, o.Chunk = 1, 1<<30
			want := scanned(t, o, args...)
			end := want.To
			for _, one := range all {
				if one.order.After(end) {
					end = one.order
				}
			}
			reference := want
			reference.Incidents = told(rules, a.QuietAfter, all, end)
			if reference.Failures = len(all); len(reference.Incidents) == 0 {
				reference.Incidents = []report.Incident{}
			}
			reference.Arrange()
			if got, want := asJSON(t, want), asJSON(t, reference); got != want {
				t.Fatalf("not what looking at every line gives: %s", testkit.Differ(got, want))
			}
			for _, cores := range []int{1, 3, 8} {
				o.Cores, o.Chunk = cores, int64(50+random.IntN(1+random.IntN(20_000)))
				if got, want := asJSON(t, scanned(t, o, args...)), asJSON(t, want); got != want {
					t.Fatalf("%d cores, pieces of %d bytes: %s", cores, o.Chunk, testkit.Differ(got, want))
				}
			}
		})
	}
}
