package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
)

// standing is an open incident whose alert was told some time ago.
func standing(t *testing.T, n int, ago time.Duration) notify.OpenIncident {
	t.Helper()
	d := current(alert.Reminder).Data
	d.Integration.ID = fmt.Sprint("integration-", n)
	d.ID = alert.ID(d.Integration.ID + "@20211116T113550.956Z")
	receipt, err := json.Marshal(map[string]any{"labels": map[string]string{"alertname": "JiraOAuthIntegrationFailing", "integration": d.Integration.ID,
		"cause": "told"}, "sent": time.Now().Add(-ago)})
	if err != nil {
		t.Fatal(err)
	}
	return notify.OpenIncident{Data: d, Receipt: receipt}
}

// Alerts that were told more than a minute ago are told again, in one request
// to each member, with their labels as they were and all else as it is.
func TestAlertmanagerKeep(t *testing.T) {
	one, other := newMember(t), newMember(t)
	to := newNotifier(t, one.url, other.url)
	foreign := standing(t, 4, time.Hour)
	foreign.Receipt = notify.Receipt(`"1700000000.000100"`)
	all := []notify.OpenIncident{standing(t, 1, 2*time.Minute), standing(t, 2, 20*time.Second), standing(t, 3, -time.Hour), foreign}
	changed, next, err := to.Refresh(notifytest.Patience(t), all)
	if err != nil {
		t.Fatal(err)
	}
	if len(one.posts) != 1 || len(other.posts) != 1 || len(one.last(t)) != 2 {
		t.Fatalf("got %v and %v", one.posts, other.posts)
	}
	for i, want := range []int{1, 3} { // the third was told by a clock that was ahead
		got := one.last(t)[i]
		if got.Labels["integration"] != fmt.Sprint("integration-", want) || got.Labels["cause"] != "told" || got.Annotations["failures"] != "3" {
			t.Errorf("got %v", got)
		}
		about(t, "endsAt", got.EndsAt, all[0].Data.Failures.Last.Add(quietAfter))
	}
	if next < 30*time.Second || next > 40*time.Second {
		t.Errorf("next in %s, want when the second is due", next)
	}
	want := []alert.ID{"integration-1@20211116T113550.956Z", "integration-3@20211116T113550.956Z", "integration-4@20211116T113550.956Z"}
	if got := slices.Sorted(maps.Keys(changed)); !slices.Equal(got, want) || changed[want[2]] != nil {
		t.Errorf("changed %q, want %q", got, want)
	}
	all[0].Receipt = changed[want[0]]
	if changed, next, err := to.Refresh(notifytest.Patience(t), all[:1]); err != nil || len(changed) != 0 || next < 55*time.Second || len(one.posts) != 1 {
		t.Errorf("once more: %v, %s, %v", changed, next, err)
	}
	if _, next, err := to.Refresh(notifytest.Patience(t), nil); err != nil || next != time.Minute {
		t.Errorf("none: %s, %v", next, err)
	}
}

// Many alerts go in several requests; those that were not accepted keep their
// receipt.
func TestAlertmanagerKeepMany(t *testing.T) {
	m := newMember(t)
	var all []notify.OpenIncident
	for i := range 250 {
		all = append(all, standing(t, i, time.Hour))
	}
	changed, next, err := newNotifier(t, m.url).Refresh(notifytest.Patience(t), all)
	if err != nil || len(changed) != 250 || next != time.Minute {
		t.Errorf("%d receipts, %s, %v", len(changed), next, err)
	}
	for i, want := range []int{100, 100, 50} {
		if len(m.posts) != 3 || len(m.posts[i]) != want {
			t.Fatalf("%d posts, post %d of %d", len(m.posts), i, len(m.posts[i]))
		}
	}

	m = newMember(t, 503)
	changed, _, err = newNotifier(t, m.url).Refresh(notifytest.Patience(t), all)
	if got, _ := notifytest.Outcome(t, err); got != notify.Retry || len(changed) != 0 || len(m.posts) != 1 {
		t.Errorf("%v, %d receipts, %d posts", err, len(changed), len(m.posts))
	}
}

// A member that missed the end of a cause hears of it again, for a while.
func TestAlertmanagerKeepEnded(t *testing.T) {
	m := newMember(t)
	to := newNotifier(t, m.url)
	s := standing(t, 1, 0)
	change := current(alert.Changed)
	change.Data.ID = s.Data.ID + "#2"
	r := deliver(t, to, change, s.Receipt)
	aged := func(r notify.Receipt, by time.Duration) notify.Receipt {
		var fields map[string]any
		if err := json.Unmarshal(r, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"sent", "ended_at"} {
			if at, ok := fields[name].(string); ok {
				parsed, err := time.Parse(time.RFC3339, at)
				if err != nil {
					t.Fatal(err)
				}
				fields[name] = parsed.Add(-by)
			}
		}
		r, _ = json.Marshal(fields)
		return r
	}
	for _, want := range []int{2, 2, 1, 1} {
		s.Receipt = aged(r, 7*time.Minute)
		changed, _, err := to.Refresh(notifytest.Patience(t), []notify.OpenIncident{s})
		if err != nil {
			t.Fatal(err)
		}
		r = changed[s.Data.Incident()]
		got := m.last(t)
		if len(got) != want || got[0].Labels["cause"] != change.Data.Cause.ID {
			t.Fatalf("got %v, want %d alerts", got, want)
		}
		if want == 2 && (got[1].Labels["cause"] != "told" || got[1].EndsAt.After(time.Now()) || got[1].StartsAt.After(got[1].EndsAt)) {
			t.Errorf("got %v", got[1])
		}
	}
}
