package notify_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/slack"
)

// Two notifiers of one destination share its allowance: together they make one
// attempt a second. Others have their own.
func TestSlackPace(t *testing.T) {
	hook := func(url string) conf.Slack { return conf.Slack{WebhookURL: conf.NewSecret(url)} }
	bot := func(token, channel, api string) conf.Slack {
		return conf.Slack{BotToken: conf.NewSecret(token), Channel: channel, APIURL: api}
	}
	for _, tt := range []struct {
		name     string
		one, two conf.Slack
		want     time.Duration
	}{
		{"one webhook", hook("https://a/1"), hook("https://a/1"), 7 * time.Second},
		{"two webhooks", hook("https://a/1"), hook("https://a/2"), 3 * time.Second},
		{"one channel", bot("xoxb-1", "C1", "https://a/"), bot("xoxb-1", "C1", "https://a/"), 7 * time.Second},
		{"two channels", bot("xoxb-1", "C1", "https://a/"), bot("xoxb-1", "C2", "https://a/"), 3 * time.Second},
		{"two apps", bot("xoxb-1", "C1", "https://a/"), bot("xoxb-2", "C1", "https://a/"), 3 * time.Second},
		{"two Slacks", bot("xoxb-1", "C1", "https://a/"), bot("xoxb-1", "C1", "https://b/"), 3 * time.Second},
		{"webhook and bot", hook("https://a/1"), bot("xoxb-1", "C1", "https://a/"), 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			tt.one.Notifier = conf.Notifier{Name: "one", Timeout: time.Second, RetryFor: time.Hour}
			tt.two.Notifier = conf.Notifier{Name: "two", Timeout: time.Second, RetryFor: time.Hour}
			targets, err := slack.Targets([]conf.Slack{tt.one, tt.two})
			if err != nil {
				t.Fatal(err)
			}
			var last time.Duration
			done := make(chan *bench)
			for i := range targets {
				b := newBench(newQueue("1", "2", "3", "4"), &receiver{})
				targets[i].To = b.receiver
				b.worker = notify.NewWorker(targets[i], b.queue, slog.New(slog.DiscardHandler))
				go func() {
					b.worker.Drain(t.Context())
					done <- b
				}()
			}
			for range targets {
				b := <-done
				b.want(t, []string{"1", "2", "3", "4"}, nil, 0)
				last = max(last, b.at[3])
			}
			if last != tt.want {
				t.Errorf("%s: the last went at %s, want %s", tt.name, last, tt.want)
			}
		})
	}
}
