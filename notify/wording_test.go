package notify_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// everyForm is all that people read of an alert.
func everyForm(t *testing.T, d alert.Data) map[string]string {
	return map[string]string{
		"blocks":  string(drawn(t, d, notify.Look{})),
		"reply":   string(drawn(t, d, notify.Look{Reply: true, Buttons: true})),
		"plain":   notify.DrawPlain(d, ""),
		"console": notify.Render(alert.Alert{Data: d}, text.Style{Width: 1000}),
	}
}

func says(t *testing.T, d alert.Data, want, not string) {
	t.Helper()
	for form, text := range everyForm(t, d) {
		if !strings.Contains(text, want) || not != "" && strings.Contains(text, not) {
			t.Errorf("%s %s: want %q and not %q in %s", d.Kind, form, want, not, text)
		}
	}
}

// Only lost lines are gaps that can be counted: all else lasts from a time on.
func TestGaps(t *testing.T) {
	for _, kind := range []alert.Kind{alert.Blind, alert.Sighted} {
		d := example(t, kind).Data
		d.Cause.ID, d.Failures.Count = "notifier-failing", 5
		for form, text := range everyForm(t, d) {
			if strings.Contains(text, "gap") || strings.Contains(text, "Gaps") {
				t.Errorf("%s %s: it has gaps: %s", kind, form, text)
			}
			if word := map[alert.Kind]string{alert.Blind: "ince", alert.Sighted: "egan"}[kind]; form != "reply" && !strings.Contains(text, word) {
				t.Errorf("%s %s: %q is missing in %s", kind, form, word, text)
			}
		}
	}
	d := example(t, alert.Blind).Data
	if text := notify.DrawPlain(d, ""); !strings.Contains(text, "Gaps: 2, first ") {
		t.Errorf("lost lines: %s", text)
	}
}

// The end of a storm is of all its integrations, and of none named many.
func TestStormEnds(t *testing.T) {
	d := example(t, alert.Storm).Data
	d.Kind = alert.Quiet
	for form, text := range everyForm(t, d) {
		if strings.Contains(text, "many") || form != "reply" && !strings.Contains(text, "81 integrations") && !strings.Contains(text, "and 72 more") {
			t.Errorf("%s: %s", form, text)
		}
	}
	if text := string(drawn(t, d, notify.Look{})); !strings.Contains(text, " · the 81 integrations") || !strings.Contains(text, "\\nThe 81 integrations on jira-node-1, ") {
		t.Errorf("blocks: %s", text)
	}
}

// A storm that is told again says that it goes on, and what is new.
func TestStormAgain(t *testing.T) {
	d := example(t, alert.Storm).Data
	d.ID = d.Incident() + "#1"
	says(t, d, "81 integrations fail at once", "since the last message")
	d.ID = d.Incident() + "#2"
	d.Failures.Count, d.Failures.SinceLastAlert = 200, 119
	says(t, d, "81 integrations still fail", "fail at once")
	says(t, d, "119 more failures", "")
}

// What is done about a refused alert is said as it is: a webhook has no plain
// form.
func TestRefusedWords(t *testing.T) {
	for plain, want := range map[string]string{"plain text": "sent again as plain text", "": "tried once more"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(newQueue("1"), &receiver{answer: func(int, bool) error { return failing(notify.BadMessage, 0) }})
			target := notify.Target{Notifier: conf.Notifier{Name: "hub", Timeout: time.Second, RetryFor: time.Hour}, Plain: plain, To: b.receiver}
			b.worker = notify.NewWorker(target, b.queue, slog.New(slog.NewTextHandler(b.logged, nil)))
			b.run(t, time.Minute)
			if b.count(want) != 1 || b.count("plain text")+b.count("tried once more") != 1 {
				t.Errorf("plain form %q: %s", plain, b.logged)
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
