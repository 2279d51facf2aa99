package alertmanager_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/alertmanager"
	"jira-oauth-watcher/notify/notifytest"
)

// One member that accepts is enough; when none does, the best outlook of all
// decides, and the reasons of all are told without what is secret.
func TestAlertmanagerMembers(t *testing.T) {
	down := notifytest.Closed(t)
	for _, tt := range []struct {
		statuses []int
		want     notify.Outcome
	}{
		{[]int{200}, -1},
		{[]int{500, 200}, -1},
		{[]int{404, 0, 200}, -1},
		{[]int{0}, notify.Retry},
		{[]int{429}, notify.Retry},
		{[]int{400}, notify.BadMessage},
		{[]int{401}, notify.BadSettings},
		{[]int{403}, notify.BadSettings},
		{[]int{404}, notify.BadSettings},
		{[]int{302}, notify.BadSettings},
		{[]int{400, 503}, notify.Retry},
		{[]int{401, 0}, notify.Retry},
		{[]int{400, 404}, notify.BadSettings},
		{[]int{400, 400}, notify.BadMessage},
	} {
		var urls []string
		for _, status := range tt.statuses {
			url := down
			if status > 0 {
				url = newMember(t, status).url
			}
			urls = append(urls, url+"/"+notifytest.CanaryPath+"/services?sig="+notifytest.CanaryQuery)
		}
		got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newNotifier(t, urls...), current(alert.Opened), false))
		if got != tt.want {
			t.Errorf("%v: outcome %d (%v), want %d", tt.statuses, got, err, tt.want)
		}
		if err != nil {
			notifytest.NoCanary(t, err.Error())
			if n := len(tt.statuses); n > 1 && (!strings.Contains(err.Error(), fmt.Sprintf("member 1 of %d: ", n)) ||
				!strings.Contains(err.Error(), fmt.Sprintf("; member %d of %d: ", n, n))) {
				t.Errorf("%v: %v", tt.statuses, err)
			}
		}
	}
	if _, err := alertmanager.New(quietAfter, "")(conf.Alertmanager{}); err == nil {
		t.Error("no member at all is accepted")
	}
}

// A member that hangs holds up neither the others nor, for long, the queue;
// when all hang, it is tried again.
func TestAlertmanagerHangs(t *testing.T) {
	hanging := notifytest.Raw(t, func(c net.Conn) { c.Read(make([]byte, 1)) })
	m := newMember(t)
	deliver(t, newNotifier(t, hanging, m.url), current(alert.Opened), nil)
	if len(m.posts) != 1 {
		t.Errorf("%d posts, want 1", len(m.posts))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if got, err := notifytest.Outcome(t, notifytest.Send(ctx, newNotifier(t, hanging, hanging), current(alert.Opened), false)); got != notify.Retry {
		t.Errorf("outcome %d, %v", got, err)
	}
}

// Whatever a log holds, an alert stays small and without control characters;
// a refused one is sent again with the least.
func TestAlertmanagerBounded(t *testing.T) {
	m := newMember(t)
	to := newNotifier(t, m.url)
	for _, kind := range alerttest.AllKinds {
		a := alerttest.HostileAlert(kind)
		deliver(t, to, a, nil)
		total := 0
		for name, value := range m.last(t)[0].Annotations {
			if total += len(value); strings.ContainsAny(value, "\x00\x1b\u202e") || name == "excerpt" && len([]rune(value)) > 2000 {
				t.Errorf("%s: %.300q", name, value)
			}
		}
		if total > 40_000 {
			t.Errorf("%s: %d bytes", kind, total)
		}
	}
	if err := notifytest.Send(notifytest.Patience(t), to, current(alert.Opened), true); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(m.last(t)[0].Annotations)); !slices.Equal(got, []string{"description", "summary"}) {
		t.Errorf("the plain form has %q", got)
	}
}
