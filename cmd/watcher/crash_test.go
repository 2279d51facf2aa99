package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// kill -9 between any two lines, with a restart in between, loses no failure
// and tells none twice, except with the same ID.
func TestKillBetweenAnyTwoLines(t *testing.T) {
	story := []string{
		failure(1, 1, badSecret),
		ordinary,
		failure(2, 2, "AADSTS28000: Scope https://outlook.office.com/IMAP.AccessAsUser.All https://graph.microsoft.com/Mail.Send is not valid."),
		"    Trace ID: e32c07cf-b6b5-46e0-a570-00f7bd524700\n",
		"    Correlation ID: f42c3c1f-7755-4154-a793-859caf0e3565\n",
		failure(1, 3, badSecret),
		failure(1, 4, badTLS),
		"\tat java.base/sun.security.ssl.Alert.createSSLException(Unknown Source)\n",
		ordinary,
		failure(3, 5, "null"),
		"java.lang.IllegalStateException: a later line of the same event\n",
		ordinary,
		failure(2, 6, badSecret),
		ordinary,
	}
	want := []string{
		flowID(1) + " opened entra-client-secret-invalid",
		flowID(2) + " opened entra-scopes-multiple-resources",
		flowID(1) + " changed tls-certificate-untrusted",
		flowID(3) + " opened unknown",
		flowID(2) + " changed entra-client-secret-invalid",
	}
	for cut := range len(story) + 1 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			hub := receive(t)
			w, config, log := follow(t, dir, hub, "")
			for _, line := range story[:cut] {
				appendAs(t, log, line)
			}
			w.kill()
			appendAs(t, log, strings.Join(story[cut:], ""))
			w = start(t, dir, "run", "--config", config)
			hub.alerts(len(want))
			appendAs(t, log, failure(9, 50, badSecret)) // comes last
			testkit.Until(t, func() error {
				if list := told(hub); list[len(list)-1] != flowID(9)+" opened entra-client-secret-invalid" {
					return fmt.Errorf("the last failure is not told: %v", list)
				}
				return nil
			})
			w.stop()
			if got := told(hub); fmt.Sprint(got[:len(got)-1]) != fmt.Sprint(want) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// told are the alerts that a receiver got, each ID once.
func told(r *receiver) []string {
	var list []string
	seen := map[alert.ID]bool{}
	for _, a := range r.alerts(0) {
		if !seen[a.Data.ID] {
			seen[a.Data.ID] = true
			list = append(list, fmt.Sprintf("%s %s %s", a.Data.Integration.ID, a.Data.Kind, a.Data.Cause.ID))
		}
	}
	return list
}

// What is written while the program is down is told after the restart, also
// when no event had been complete before, and over a rotation.
func TestDowntime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	config, log := settings(t, dir, hub, "")
	testkit.Write(t, log, failure(1, 1, badSecret)) // before the first start, which begins at the end
	w := start(t, dir, "run", "--config", config)
	w.follows()
	w.kill()
	appendAs(t, log, failure(2, 2, badSecret))
	rename(t, log, log+".1")
	appendAs(t, log, failure(3, 3, badSecret))
	w = start(t, dir, "run", "--config", config)
	hub.alerts(2)
	w.stop()
	want := []string{flowID(2) + " opened entra-client-secret-invalid", flowID(3) + " opened entra-client-secret-invalid"}
	if got := told(hub); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// When the file that was being read is gone with what follows it, the program
// says what it may have missed, and goes on with what is there.
func TestMissedLinesAreSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, config, log := follow(t, dir, hub, "")
	appendAs(t, log, failure(1, 1, badSecret))
	hub.alerts(1)
	w.kill()
	rename(t, log, log+".gone")
	rename(t, filepath.Join(dir, "atlassian-jira.log.gone"), filepath.Join(t.TempDir(), "elsewhere"))
	appendAs(t, log, failure(2, 2, badSecret))
	w = start(t, dir, "run", "--config", config)
	testkit.Until(t, func() error {
		if got := told(hub); len(got) < 3 { // an alert may come twice, with one ID
			return fmt.Errorf("told %v, want 3 alerts", got)
		}
		return nil
	})
	w.stop()
	kinds := map[string]alert.Data{}
	for _, a := range hub.alerts(0) {
		kinds[string(a.Data.Kind)+" "+a.Data.Cause.ID] = a.Data
	}
	blind, ok := kinds["blind log-lines-lost"]
	if !ok || !strings.Contains(blind.Diagnosis, log) || blind.Log.Path != log || len(blind.Fix) == 0 {
		t.Errorf("no alert says that lines may be missing: %v", kinds)
	}
	if got := told(hub); !slices.Contains(got, flowID(2)+" opened entra-client-secret-invalid") {
		t.Errorf("the failure behind the gap is not told: %v", got)
	}
}

// A rename rotation and a truncation while the program runs lose nothing.
func TestRotationWhileRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, _, log := follow(t, dir, hub, "")
	appendAs(t, log, failure(1, 1, badSecret))
	hub.alerts(1)
	for i := 2; i <= 6; i++ {
		appendAs(t, log, failure(i, i, badSecret))
		if i%2 == 0 {
			rename(t, log, fmt.Sprintf("%s.%d", log, 9-i))
			continue
		}
		hub.alerts(i)
		testkit.Write(t, log, "") // truncated in place
	}
	appendAs(t, log, failure(7, 7, badSecret))
	alerts := hub.alerts(7)
	w.stop()
	if n := len(hub.all()); n != 7 {
		t.Errorf("%d requests, want 7", n)
	}
	for i, a := range alerts {
		if a.Data.Integration.ID != flowID(i+1) || a.Data.Kind != alert.Opened {
			t.Errorf("alert %d: %s of %s", i+1, a.Data.Kind, a.Data.Integration.ID)
		}
	}
}

// A damaged state file is set aside with a warning, and neither used nor
// deleted.
func TestDamagedStateFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	config, log := settings(t, dir, hub, "")
	testkit.Write(t, log, "")
	makeDir(t, filepath.Join(dir, "state"))
	garbage := strings.Repeat("not a state file\n", 1000)
	testkit.Write(t, filepath.Join(dir, "state", "state.db"), garbage)
	w := start(t, dir, "run", "--config", config)
	w.says("state file was damaged")
	w.says("state.db.damaged-")
	w.follows()
	appendAs(t, log, failure(1, 1, badSecret))
	hub.alerts(1)
	w.stop()
	aside, err := filepath.Glob(filepath.Join(dir, "state", "state.db.damaged-*"))
	if err != nil || len(aside) != 1 || testkit.Read(t, aside[0]) != garbage {
		t.Errorf("set aside: %v %v, want one file with the old bytes", aside, err)
	}
}

// Two programs on one state file: the second one says so and ends.
func TestStateInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, config, _ := follow(t, dir, receive(t), "")
	second := start(t, dir, "run", "--config", config)
	if status := second.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	second.says("is in use by another instance: stop that instance, or give this one its own state_dir")
	w.stop()
}

// now is a failure of a flow at this moment, and so many seconds ago.
func now(flow, ago int) string {
	return testkit.Failure(time.Now().Add(-time.Duration(ago)*time.Second).UTC(), flowID(flow), badSecret)
}

func opened(flows ...int) (list []string) {
	for _, flow := range flows {
		list = append(list, flowID(flow)+" opened entra-client-secret-invalid")
	}
	return list
}

// expect waits for the alerts of a list, and for no others before the failure of
// one more flow.
func expect(t *testing.T, hub *receiver, log string, want []string) {
	t.Helper()
	testkit.Until(t, func() error {
		if got := told(hub); len(got) < len(want) {
			return fmt.Errorf("told %v, want %v", got, want)
		}
		return nil
	})
	appendAs(t, log, now(99, 0))
	want = append(want, opened(99)...)
	testkit.Until(t, func() error {
		if got := told(hub); !slices.Contains(got, want[len(want)-1]) {
			return fmt.Errorf("told %v, want %v", got, want)
		}
		return nil
	})
	if got := told(hub); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A log with one line that is no failure, or none, is left; all that is written
// while the program is down is told, however the log rotates meanwhile.
func TestRotationsFromTheFirstLine(t *testing.T) {
	copied := func(t *testing.T, log string) {
		for n := 2; n > 0; n-- {
			os.Rename(fmt.Sprint(log, ".", n), fmt.Sprint(log, ".", n+1))
		}
		testkit.Write(t, log+".1", testkit.Read(t, log))
		testkit.Write(t, log, "")
	}
	renamed := func(t *testing.T, log string) { // a chain of ten backups
		os.Remove(log + ".10")
		for n := 9; n > 0; n-- {
			os.Rename(fmt.Sprint(log, ".", n), fmt.Sprint(log, ".", n+1))
		}
		rename(t, log, log+".1")
	}
	for _, first := range []string{"", ordinary} {
		for _, tt := range []struct {
			name   string
			rotate func(*testing.T, string)
			times  int
		}{{"copied and truncated", copied, 3}, {"renamed", renamed, 3}, {"renamed until the first file is gone", renamed, 11}} {
			t.Run(fmt.Sprintf("%s, %.4q", tt.name, first), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				hub := receive(t)
				config, log := settings(t, dir, hub, "")
				testkit.Write(t, config, strings.Replace(testkit.Read(t, config), `name = "jira"`, "name = \"jira\"\nstart = \"beginning\"", 1))
				testkit.Write(t, log, first)
				w := start(t, dir, "run", "--config", config)
				w.follows()
				w.kill()
				var want []string
				for i := 1; i <= tt.times; i++ {
					time.Sleep(10 * time.Millisecond) // the time of the last write tells what is newer
					if tt.times == 11 {
						tt.rotate(t, log)
					}
					appendAs(t, log, now(i, 0))
					want = append(want, opened(i)...)
					if tt.times < 11 {
						tt.rotate(t, log)
					}
				}
				if tt.times == 11 { // what was written to the first file after it was left cannot be known
					want = append([]string{"unknown blind log-lines-lost"}, want...)
				} else {
					testkit.Write(t, log, "")
				}
				w = start(t, dir, "run", "--config", config)
				testkit.Until(t, func() error {
					if got := told(hub); len(got) < len(want) {
						return fmt.Errorf("told %v, want %v", got, want)
					}
					return nil
				})
				w.stop()
				got := told(hub)
				slices.Sort(got)
				slices.Sort(want)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}

// A log that cannot be read at the first look: what happened since then is told,
// and nothing older, whether it becomes readable while the program runs or not.
func TestFirstLookAtNothing(t *testing.T) {
	old := now(50, 5) + now(51, 3600) + now(52, 400*24*3600) + ordinary
	for _, restart := range []bool{false, true} {
		for name, tt := range map[string]struct {
			appears func(t *testing.T, log string)
			want    []string
		}{
			"an old log appears": {func(t *testing.T, log string) { rename(t, testkit.Write(t, log+".new", old), log) }, nil},
			"an old log appears, with failures since": {func(t *testing.T, log string) {
				rename(t, testkit.Write(t, log+".new", old+now(1, 0)+now(2, 0)), log)
			}, opened(1, 2)},
			"Jira starts and rotates twice": {func(t *testing.T, log string) {
				testkit.Write(t, log, now(1, 0))
				rename(t, log, log+".1")
				testkit.Write(t, log, now(2, 0))
				rename(t, log+".1", log+".2")
				rename(t, log, log+".1")
				testkit.Write(t, log, now(3, 0))
			}, opened(1, 2, 3)},
		} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				hub := receive(t)
				config, log := settings(t, dir, hub, "")
				w := start(t, dir, "run", "--config", config)
				w.follows()
				if restart {
					w.kill()
				}
				tt.appears(t, log)
				if restart {
					w = start(t, dir, "run", "--config", config)
				}
				expect(t, hub, log, tt.want)
				w.stop()
			})
		}
	}
}

// A stack trace that comes long after its header, here after the program was
// killed, corrects the cause of a failure that is counted once.
func TestStackTraceComesLate(t *testing.T) {
	for _, killed := range []bool{false, true} {
		dir := t.TempDir()
		hub := receive(t)
		w, config, log := follow(t, dir, hub, "")
		appendAs(t, log, failure(1, 1, "something else"))
		hub.alerts(1)
		if killed {
			w.kill()
		}
		appendAs(t, log, "\tat a.b.C.d(E.java:1)\nCaused by: "+badTLS+"\n")
		if killed {
			w = start(t, dir, "run", "--config", config)
		}
		want := []string{flowID(1) + " opened unknown", flowID(1) + " changed tls-certificate-untrusted"}
		expect(t, hub, log, want)
		w.stop()
		for _, a := range hub.alerts(2)[:2] {
			if f := a.Data.Failures; a.Data.Integration.ID == flowID(1) && f.Count != 1 {
				t.Errorf("%s: %d failures, want 1", a.Data.Kind, f.Count)
			}
		}
	}
}
