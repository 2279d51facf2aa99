package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1", "2"), &receiver{})
		time.AfterFunc(time.Hour, func() { b.add("3") })
		b.run(t, 2*time.Hour)
		b.want(t, []string{"1", "2", "3"}, nil, 0)
		if b.at[2] != time.Hour {
			t.Errorf("the third went at %s, want at once when queued", b.at[2])
		}
	})
}

// The pauses are those the queue was told, exactly; what the receiver asked
// for is kept; and the delivery arrives once.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []error{failing(notify.Retry, 0), failing(notify.Retry, 2*time.Second), failing(notify.Retry, time.Minute), nil, nil}
		b := newBench(newQueue("1", "2"), &receiver{answer: func(n int, _ bool) error { return answers[n-1] }})
		b.run(t, time.Hour)
		b.want(t, []string{"1", "2"}, []string{"1", "1", "1", "1", "2"}, 0)
		if len(b.retries) != 3 {
			t.Fatalf("%d retries, want 3", len(b.retries))
		}
		for i, d := range b.retries {
			if got, want := b.at[i+1], b.pauses[i].Sub(b.start); got != want || d.Attempts != i+1 || d.Reason != "no" {
				t.Errorf("attempt %d at %s, want %s (%+v)", i+2, got, want, d)
			}
		}
		if first := b.at[1]; first < 500*time.Millisecond || first > time.Second {
			t.Errorf("first pause %s, want half a second to one", first)
		}
		if second, third := b.at[2]-b.at[1], b.at[3]-b.at[2]; second != 2*time.Second || third != time.Minute {
			t.Errorf("pauses %s and %s, want 2s and 1m", second, third)
		}
	})
}

// Pauses grow from half a second to five minutes, are left to chance by half,
// and are not the same for two.
func TestBackoff(t *testing.T) {
	pauses := func() (p []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(newQueue("1"), &receiver{answer: func(int, bool) error { return failing(notify.Retry, 0) }})
			b.run(t, time.Hour)
			for i := range len(b.at) - 1 {
				p = append(p, b.at[i+1]-b.at[i])
			}
		})
		return p
	}
	one, other := pauses(), pauses()
	if slices.Equal(one, other) {
		t.Error("two senders come back at the same times")
	}
	if len(one) < 15 {
		t.Errorf("only %d pauses in an hour", len(one))
	}
	for i, p := range one {
		if full := min(time.Second<<min(i, 20), 5*time.Minute); p < full/2 || p > full {
			t.Errorf("pause %d is %s, want %s to %s", i+1, p, full/2, full)
		}
	}
}

// A receiver that hangs has its time limit, and gets the alert when it is well
// again.
func TestHangingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1"), &receiver{hang: time.Hour, hangs: 1})
		b.run(t, time.Minute)
		b.want(t, []string{"1"}, nil, 0)
		if pause := b.at[1] - b.at[0]; pause < 10*time.Second || pause > 11*time.Second {
			t.Errorf("second attempt after %s", pause)
		}
	})
}

// What was sent whole and not answered in time may have been accepted: it is sent again after
// a minute at the earliest, and is given three times as long then, also after a restart.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := &notify.Error{Unsure: true, Err: errors.New("no answer in time")}
		var given []time.Duration
		to := &receiver{answer: func(n int, _ bool) error {
			if n < 4 {
				return late
			}
			return nil
		}}
		q := newQueue("1", "2")
		b := newBench(q, to)
		to.limits = &given
		b.run(t, time.Hour)
		b.want(t, []string{"1", "2"}, []string{"1", "1", "1", "1", "2"}, 0)
		for i := range 3 {
			if pause := b.at[i+1] - b.at[i]; pause < time.Minute {
				t.Errorf("attempt %d after %s, want a minute at least", i+2, pause)
			}
		}
		if want := []time.Duration{10 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second, 10 * time.Second}; !slices.Equal(given, want) {
			t.Errorf("given %v, want %v", given, want)
		}
	})
}

// A refused message is sent once more, plain, and then set aside; the next one
// goes on.
func TestRefusedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1", "2", "3"), &receiver{answer: func(n int, _ bool) error {
			if n <= 3 {
				return failing(notify.BadMessage, 0)
			}
			return nil
		}})
		b.run(t, time.Minute)
		b.want(t, []string{"2 plain", "3"}, []string{"1", "1 plain", "2", "2 plain", "3"}, 1)
		if b.count("level=ERROR") != 1 || b.aside[0].Alert.Data.ID != "1" || b.aside[0].Reason != "no" {
			t.Errorf("aside %+v\n%s", b.aside, b.logged)
		}
	})
}

// Refused settings hold the queue for as long as it takes, also beyond
// retry_for; that is said once; probes come at growing pauses; then all is
// delivered as it is, and that is said too. Which incident is first is left to
// chance: the probe that is accepted may be of another one than the oldest.
func TestRefusedSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBench(newQueue("1", "2"), &receiver{answer: func(n int, _ bool) error {
			hours := time.Since(start).Hours()
			switch {
			case hours >= 72 || n > 1000:
				return nil
			case hours > 30 && hours < 34:
				return failing(notify.Retry, 0) // also a probe can meet a broken network
			}
			return failing(notify.BadSettings, 0)
		}})
		time.AfterFunc(72*time.Hour, func() { b.add("3") })
		b.run(t, 74*time.Hour)
		slices.Sort(b.got)
		b.want(t, []string{"1", "2", "3"}, nil, 0)
		if b.count("level=ERROR") != 1 || b.count("works again") != 1 {
			t.Errorf("said %d times and %d times\n%s", b.count("level=ERROR"), b.count("works again"), b.logged)
		}
		if want := []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute}; !slices.Equal(b.at[:4], want) {
			t.Errorf("probes at %s, want %s", b.at[:4], want)
		}
		if n := len(b.at); n > 72+6+12*8 {
			t.Errorf("%d attempts in three days, want about one an hour, and one in five minutes without a network", n)
		}
		if last := b.at[len(b.at)-3] - b.at[len(b.at)-4]; last > time.Hour {
			t.Errorf("probes are %s apart in the end, want at most 1h", last)
		}
	})
}

// A delivery that fails for retry_for is set aside and the next one tried.
func TestRetryFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1"), &receiver{answer: func(int, bool) error { return failing(notify.Retry, 0) }})
		time.AfterFunc(12*time.Hour, func() { b.add("2") })
		b.run(t, 25*time.Hour)
		if len(b.aside) != 1 || b.aside[0].Alert.Data.ID != "1" || b.count("level=ERROR") != 1 || b.asked[len(b.asked)-1] != "2" {
			t.Errorf("aside %+v, last asked %s\n%s", b.aside, b.asked[len(b.asked)-1], b.logged)
		}
	})
}

// A delivery that is set aside does not end the pause that its receiver asked for.
func TestRetryForKeepsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Time
		b := newBench(newQueue("1", "2"), &receiver{answer: func(int, bool) error {
			asked = append(asked, time.Now())
			return failing(notify.Retry, 45*time.Minute)
		}})
		b.run(t, 30*time.Hour)
		for i := 1; i < len(asked); i++ {
			if pause := asked[i].Sub(asked[i-1]); pause < 45*time.Minute {
				t.Errorf("request %d came %s after the one before, which asked for 45m", i+1, pause)
			}
		}
		if len(b.aside) == 0 {
			t.Error("nothing was set aside")
		}
	})
}

// What waited while the program was down for long has its retry_for anew.
func TestRetryForAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("1")
		time.Sleep(100 * time.Hour)
		b := newBench(q, &receiver{answer: func(n int, _ bool) error {
			if n < 5 {
				return failing(notify.Retry, 0)
			}
			return nil
		}})
		b.run(t, time.Hour)
		b.want(t, []string{"1"}, nil, 0)
	})
}

// A stored pause longer than any there is does not count: the clock was wrong.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("1")
		q.health.NotBefore = time.Now().Add(1000 * time.Hour)
		b := newBench(q, &receiver{})
		b.run(t, time.Minute)
		b.want(t, []string{"1"}, nil, 0)
	})
}

// A Send under way at the end has ten more seconds, and what is not accepted
// then still waits.
func TestShutdown(t *testing.T) {
	for _, tt := range []struct {
		hang, ends time.Duration
		got        []string
	}{
		{5 * time.Second, 5 * time.Second, []string{"1"}},
		{9 * time.Second, 9 * time.Second, []string{"1"}},
		{time.Hour, 10 * time.Second, nil}, // the time limit of the Send comes first
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(newQueue("1", "2"), &receiver{hang: tt.hang})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if err := b.worker.Run(ctx); err != nil || time.Since(b.start) != tt.ends {
				t.Errorf("hang %s: %v after %s, want %s", tt.hang, err, time.Since(b.start), tt.ends)
			}
			b.want(t, tt.got, []string{"1"}, 0)
			if got, want := len(b.waiting), 2-len(tt.got); got != want {
				t.Errorf("hang %s: %d wait, want %d", tt.hang, got, want)
			}
		})
	}
}

// The grace is ten seconds, however long the time limit of a Send is.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1"), &receiver{hang: time.Hour})
		target := notify.Target{Notifier: conf.Notifier{Name: "hub", Timeout: 5 * time.Minute, RetryFor: time.Hour}, To: b.receiver}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := notify.NewWorker(target, b.queue, slog.New(slog.DiscardHandler)).Run(ctx); err != nil || time.Since(b.start) != 11*time.Second {
			t.Errorf("%v after %s, want 11s", err, time.Since(b.start))
		}
		if len(b.waiting) != 1 || len(b.retries) != 0 {
			t.Errorf("%+v waits", b.waiting)
		}
	})
}

// Drain ends when nothing waits, and when the settings are refused.
func TestDrain(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome notify.Outcome
		got     []string
		waiting int
	}{{"empty", -1, []string{"1", "2"}, 0}, {"after a retry", notify.Retry, []string{"1", "2"}, 0}, {"held", notify.BadSettings, nil, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(newQueue("1", "2"), &receiver{answer: func(n int, _ bool) error {
				if n == 1 && tt.outcome >= 0 {
					return failing(tt.outcome, 0)
				}
				return nil
			}})
			if err := b.worker.Drain(t.Context()); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			b.want(t, tt.got, nil, 0)
			if len(b.waiting) != tt.waiting {
				t.Errorf("%s: %d wait, want %d", tt.name, len(b.waiting), tt.waiting)
			}
		})
	}
}

// A queue that fails ends Run with its error, wherever it fails.
func TestBrokenQueue(t *testing.T) {
	broken := errors.New("disk full")
	for _, o := range []notify.Outcome{-1, notify.Retry, notify.BadMessage, notify.BadSettings} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue("1")
			b := newBench(q, &receiver{answer: func(int, bool) error {
				q.broken = broken
				if o >= 0 {
					return failing(o, 0)
				}
				return nil
			}})
			if err := b.worker.Run(t.Context()); !errors.Is(err, broken) {
				t.Errorf("outcome %d: %v, want %v", o, err, broken)
			}
			if err := b.worker.Run(t.Context()); !errors.Is(err, broken) { // Oldest fails
				t.Errorf("outcome %d: %v, want %v", o, err, broken)
			}
		})
	}
}

// An error of another kind counts as one to try again.
func TestOtherError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(newQueue("1"), &receiver{answer: func(n int, _ bool) error {
			if n == 1 {
				return fmt.Errorf("odd")
			}
			return nil
		}})
		b.run(t, time.Minute)
		b.want(t, []string{"1"}, nil, 0)
	})
}
