package notify_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

// What is done about a refused alert is said as it is: a webhook has no plain
// form.
func TestRefusedWords(t *testing.T) {
	for plain, want := range map[bool]string{true: "retried as plain text", false: "retried once"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(newQueue("1"), &receiver{answer: func(int, bool) error { return failing(notify.BadMessage, 0) }})
			target := notify.Target{Notifier: conf.Notifier{Name: "hub", Timeout: time.Second, RetryFor: time.Hour}, PlainText: plain, To: b.receiver}
			b.worker = notify.NewWorker(target, b.queue, slog.New(slog.NewTextHandler(b.logged, nil)))
			b.run(t, time.Minute)
			if b.count(want) != 1 || b.count("plain text")+b.count("retried once") != 1 {
				t.Errorf("plain text %t: %s", plain, b.logged)
			}
		})
	}
}

// What is kept of a receiver that is gone, and told through others, says that
// nothing more is sent.
func TestGoneWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1"), &receiver{answer: func(int, bool) error {
			return &notify.Error{Outcome: notify.Gone, Err: errors.New("410")}
		}})
		b.run(t, time.Minute)
		const want = "410; nothing more is sent until a reload"
		if b.health.Circuit != notify.Disabled || b.health.Reason != want || b.waiting[0].Reason != want {
			t.Errorf("%+v, %+v, want %q", b.health, b.waiting, want)
		}
	})
}
