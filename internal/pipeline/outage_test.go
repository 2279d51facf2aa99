package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// outage is a receiver that is down until it is up.
type outage struct {
	up       time.Time
	attempts int
	got      []string
	ids      map[string]bool
}

func (o *outage) Send(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	o.attempts++
	if time.Now().Before(o.up) {
		return nil, &notify.Error{Err: errors.New("connection refused")}
	}
	o.ids[string(d.Alert.Data.ID)] = true
	o.got = append(o.got, fmt.Sprintf("%s %s %d", d.Alert.Data.Kind, d.Alert.Data.Integration.ID, d.Alert.Data.Failures.Count))
	return nil, nil
}

// Integrations that fail every minute through an outage of hours are told in
// few messages when it is over: each opened, and one reminder with all that
// came since; each ID once, each incident in order. Time is virtual, the state
// file is real.
func TestOutageOfHours(t *testing.T) {
	for _, hours := range []int{1, 14} {
		synctest.Test(t, func(t *testing.T) {
			s, err := store.Open(filepath.Join(t.TempDir(), "state"), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c, err := conf.Default()
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			to := &outage{up: start.Add(time.Duration(hours) * time.Hour), ids: map[string]bool{}}
			rec := &pipeline.Recorder{Store: s, Rules: incident.NewRules(c), Recipients: []pipeline.Recipient{{Name: "hub"}}}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() {
				ended <- notify.NewWorker(notify.Target{Notifier: conf.Notifier{Name: "hub", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}, To: to},
					s, slog.New(slog.DiscardHandler)).Run(ctx)
			}()
			for range hours * 60 {
				var all []matchers.Failure
				for n := range 3 {
					all = append(all, matchers.Failure{Time: time.Now(), Cause: &matchers.Cause{ID: "a", Severity: conf.SeverityHigh},
						Integration: matchers.Integration{ID: fmt.Sprint(n)}})
				}
				if err := rec.Record(all...); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
			time.Sleep(10 * time.Minute)
			stop()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			want := []string{"opened 0 1", "opened 1 1", "opened 2 1"}
			if hours == 14 { // reminders after 4 and 12 hours: the second has the first one's place
				want = append(want, "reminder 0 721", "reminder 1 721", "reminder 2 721")
			}
			for i := 0; i < len(to.got); i += 3 { // among incidents the order is left open
				slices.Sort(to.got[i:min(i+3, len(to.got))])
			}
			if !slices.Equal(to.got, want) {
				t.Errorf("after %d hours it got\n%s\nwant\n%s", hours, strings.Join(to.got, "\n"), strings.Join(want, "\n"))
			}
			if len(to.ids) != len(want) || to.attempts > len(want)+10+24*hours {
				t.Errorf("%d IDs, %d attempts", len(to.ids), to.attempts)
			}
			t.Logf("outage of %d hours: %d failures, %d attempts, %d messages", hours, hours*60*3, to.attempts, len(to.got))
		})
	}
}
