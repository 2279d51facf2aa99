package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
)

// attempt is a failed click on Test connection.
type attempt struct {
	flow, second          int
	user, session, client string
	text                  string
}

func (a attempt) line() string {
	line := failing(a.flow, a.second, a.text)
	return strings.Replace(line, " admin 600x1x1 4eic3i 10.0.0.1 ", fmt.Sprintf(" %s 600x1x1 %s %s ", a.user, a.session, a.client), 1)
}

const (
	oneApp   = "AADSTS7000215: Invalid client secret provided for app '79c86cf8-e761-4fdc-bc20-a629c5d04260'."
	otherApp = "AADSTS7000215: Invalid client secret provided for app '11111111-e761-4fdc-bc20-a629c5d04260'."
	expired  = "AADSTS7000222: The provided client secret keys for app '79c86cf8-e761-4fdc-bc20-a629c5d04260' are expired."
)

// With fold_retries, one person's further attempts with one application and one cause
// are failures of the first one's incident; whatever differs, comes later or cannot be
// told opens another one. All of it is the same if the program ends after every attempt,
// and no session is in the state file.
func TestFoldRetries(t *testing.T) {
	again := func(n, second int) attempt { return attempt{n, second, "admin", "4eic3i", "10.0.0.1", oneApp} }
	with := func(a attempt, change func(*attempt)) attempt { change(&a); return a }
	for _, tt := range []struct {
		name   string
		window time.Duration
		then   []attempt // after the first one at 0 s
		want   []string  // incidents: flow, count
	}{
		{"off", 0, []attempt{again(2, 1)}, []string{"1 1", "2 1"}},
		{"three attempts", 15 * time.Minute, []attempt{again(2, 60), again(3, 120)}, []string{"1 3"}},
		{"a retry that fails twice", 15 * time.Minute, []attempt{again(2, 60), again(2, 61)}, []string{"1 3"}},
		{"each within the time of the last", 15 * time.Minute, []attempt{again(2, 900), again(3, 1800)}, []string{"1 3"}},
		{"later", 15 * time.Minute, []attempt{again(2, 901), again(3, 902)}, []string{"1 1", "2 2"}},
		{"another log is behind", 15 * time.Minute, []attempt{again(2, -899)}, []string{"1 2"}},
		{"another session", 15 * time.Minute, []attempt{with(again(2, 1), func(a *attempt) { a.session = "zzzzzz" })}, []string{"1 1", "2 1"}},
		{"one session, another address", 15 * time.Minute, []attempt{with(again(2, 1), func(a *attempt) { a.client = "10.0.0.2" })}, []string{"1 2"}},
		{"another application", 15 * time.Minute, []attempt{with(again(2, 1), func(a *attempt) { a.text = otherApp }), again(3, 2)}, []string{"1 2", "2 1"}},
		{"one without an application", 15 * time.Minute, []attempt{with(again(2, 1), func(a *attempt) { a.text = refused })}, []string{"1 1", "2 1"}},
		{"both without an application", 15 * time.Minute, []attempt{
			with(again(2, 1), func(a *attempt) { a.text = refused }), with(again(3, 2), func(a *attempt) { a.text = refused })}, []string{"1 1", "2 2"}},
		{"another cause, and back", 15 * time.Minute, []attempt{with(again(2, 1), func(a *attempt) { a.text = expired }), again(3, 2),
			with(again(4, 3), func(a *attempt) { a.text = expired })}, []string{"1 2", "2 2"}},
		{"the first one has another cause now", 15 * time.Minute, []attempt{with(again(1, 1), func(a *attempt) { a.text = expired }), again(2, 2),
			with(again(3, 3), func(a *attempt) { a.text = expired })}, []string{"1 3", "2 1"}},
		{"no session, one user and address", 15 * time.Minute, []attempt{
			with(again(2, 1), func(a *attempt) { a.session = "-" }), with(again(3, 2), func(a *attempt) { a.session = "-" })}, []string{"1 1", "2 2"}},
		{"no session, other people", 15 * time.Minute, []attempt{
			with(again(2, 1), func(a *attempt) { a.session = "-" }), with(again(3, 2), func(a *attempt) { a.session, a.user = "-", "mira" }),
			with(again(4, 3), func(a *attempt) { a.session, a.client = "-", "10.0.0.2" })}, []string{"1 1", "2 1", "3 1", "4 1"}},
		{"nobody", 15 * time.Minute, []attempt{
			with(again(2, 1), func(a *attempt) { a.session, a.user = "-", "anonymous" }),
			with(again(3, 2), func(a *attempt) { a.session, a.user = "-", "anonymous" })}, []string{"1 1", "2 1", "3 1"}},
	} {
		for _, restart := range []bool{false, true} {
			w := newWorld(t)
			w.conf.Alerts.FoldRetries, w.conf.Integrations = tt.window, map[string]string{"79c86cf8-e761-4fdc-bc20-a629c5d04260": "Help desk 365"}
			p := w.live()
			for i, a := range append([]attempt{again(1, 0)}, tt.then...) {
				w.write(a.line())
				p.counted(t, i+1)
				if restart {
					if err := p.stop(); err != nil {
						t.Fatal(err)
					}
					p = w.live()
				}
			}
			var got, opened, told []string
			p.store.View(func(tx *store.Tx) {
				all := tx.Incidents()
				for _, s := range all {
					got = append(got, fmt.Sprintf("%c %d", s.Key[7], s.Count))
					opened = append(opened, "opened "+s.Key[:8])
				}
			})
			for _, line := range lines(p.queued(t, "hub")) {
				if strings.HasPrefix(line, "opened") {
					told = append(told, line)
				}
			}
			if !slices.Equal(got, tt.want) || !slices.Equal(told, opened) {
				t.Errorf("%s, restarted %t: incidents %q, told %q; want %q, each opened once", tt.name, restart, got, told, tt.want)
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if state, err := os.ReadFile(filepath.Join(w.dir, "state", "state.db")); err != nil || strings.Contains(string(state), "4eic3i") {
				t.Errorf("%s: the state file holds the session (%v)", tt.name, err)
			}
		}
	}
}

// What a folded retry shows of the integration is shown: its flow, and a name; key and ID
// stay those of the first attempt. If more lines of it show another cause, the incident
// is corrected.
func TestFoldedContent(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.FoldRetries = time.Hour
	w.conf.Integrations = map[string]string{"10100": "wrong", "79c86cf8-e761-4fdc-bc20-a629c5d04260": "Help desk 365"}
	p := w.live()
	first, second := attempt{1, 0, "admin", "4eic3i", "10.0.0.1", "something new"}, attempt{2, 120, "admin", "4eic3i", "10.0.0.1", "something new"}
	w.write(first.line())
	p.counted(t, 1)
	w.write(second.line())
	p.counted(t, 2)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = w.live()
	w.write("Caused by: x.Y: " + oneApp + "\n" + ordinary)
	testkit.Eventually(t, "the cause is corrected", func() bool {
		waiting, _, err := p.store.Waiting()
		return err == nil && waiting["hub"] == 2
	})
	all := p.queued(t, "hub")
	a := all[1]
	if a.Kind != "changed" || a.Integration.ID != testkit.FlowID(1) || a.ID.Incident() != all[0].ID.Incident() || a.Failures.Count != 2 ||
		a.Integration.Flow == nil || *a.Integration.Flow != testkit.FlowID(2) || a.Integration.Name == nil || *a.Integration.Name != "Help desk 365" {
		t.Errorf("told %+v\nafter %+v", a, all[0])
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}
