package pipeline_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

const tomcat = "02-Jan-2026 10:00:00.021 INFO [main] org.apache.catalina.startup.X.y password=hunter2\n"

// enveloped is a record of a collector with lines of a log.
func enveloped(lines ...string) string {
	text, _ := json.Marshal(strings.Join(lines, ""))
	return fmt.Sprintf(`{"log":%s,"stream":"stdout"}`+"\n", text)
}

// A log is reported when at least 20 lines were read, the first of them 5
// minutes ago or the last one for ever, and none has a header of Jira's.
func TestForeign(t *testing.T) {
	start := time.Now()
	for _, tt := range []struct {
		name  string
		text  string
		after time.Duration
		ended bool
		want  bool
	}{
		{"nothing", "", time.Hour, true, false},
		{"few lines", strings.Repeat(tomcat, 19), time.Hour, true, false},
		{"soon", strings.Repeat(tomcat, 500), 5*time.Minute - 1, false, false},
		{"in time", strings.Repeat(tomcat, 20), 5 * time.Minute, false, true},
		{"at the end", strings.Repeat(tomcat, 20), 0, true, true},
		{"the rest of a stack trace", strings.Repeat("\tat a.B.c(B.java:1)\n", 100) + "\n", time.Hour, true, false},
		{"JSON of another program", strings.Repeat(enveloped("ok"), 20), 5 * time.Minute, false, true},
		{"another log with a date", strings.Repeat("2026-01-02 10:00:00.021  INFO 1 --- [main] o.s.Boot : x\n", 20), 5 * time.Minute, false, true},
	} {
		f, jira := pipeline.Foreign{}.With(tt.text, start)
		f, _ = f.With("\n", start.Add(tt.after))
		if got := f.Reported(start.Add(tt.after), tt.ended); got != tt.want || jira {
			t.Errorf("%s: reported %v, one of Jira's %v", tt.name, got, jira)
		}
	}
	for _, header := range []string{ordinary, failing(1, 1, refused), enveloped(ordinary), enveloped("x\n", ordinary), "jira-1 | " + ordinary} {
		if _, jira := (pipeline.Foreign{}).With(strings.Repeat(tomcat, 100)+header, start); !jira {
			t.Errorf("%q is no header", header)
		}
	}
}

// Such a log is told of once, with its first line redacted; lines of Jira's
// end that, and whoever has seen them once never speaks of it again, restarted
// or reloaded.
func TestForeignIsToldOnce(t *testing.T) {
	w := newWorld(t)
	read := func(text string, change func(*pipeline.Log)) (list []string, counts pipeline.Stats) {
		t.Helper()
		p := w.alter(func(l *pipeline.Log) {
			in := tailer.Stream(strings.NewReader(text))
			l.Reader, l.Checkpoint.Begin = in, func() tailer.Position { return tailer.Position{FilePosition: tailer.FilePosition{Offset: 1}} }
			change(l)
		})
		testkit.Eventually(t, "the log has ended", p.log.Ended)
		for _, d := range p.queued(t, "hub") {
			list = append(list, string(d.Kind)+" "+d.Cause.ID)
			if d.Kind == alert.Blind && (strings.Contains(d.Log.Excerpt, "hunter2") || !strings.Contains(d.Log.Excerpt, "org.apache.catalina")) {
				t.Errorf("its first line is %q", d.Log.Excerpt)
			}
		}
		counts = p.log.Stats()
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		return list, counts
	}
	none := strings.Repeat(tomcat, 30)
	for i, step := range []struct {
		text string
		want []string
	}{
		{none, []string{"blind log-not-jira"}},
		{none, nil},
		{tomcat + ordinary, []string{"sighted log-not-jira"}},
		{none, nil},
	} {
		if got, _ := read(step.text, func(*pipeline.Log) {}); !slices.Equal(got, step.want) {
			t.Errorf("input %d: told %q, want %q", i, got, step.want)
		}
	}
	stream := func(earlier pipeline.Stats) func(*pipeline.Log) {
		return func(l *pipeline.Log) { l.Checkpoint, l.Source.Path, l.Earlier = nil, "-", earlier }
	}
	_, before := read(ordinary, stream(pipeline.Stats{}))
	if got, _ := read(none, stream(before)); got != nil {
		t.Errorf("after a reload: told %q", got)
	}
	if got, _ := read(none, stream(pipeline.Stats{})); len(got) != 1 {
		t.Errorf("another stream: told %q", got)
	}
}

// Stop anywhere, lose nothing, and count nothing twice: also where one line of
// the log holds several events.
func TestStopAnywhereInEnvelopes(t *testing.T) {
	story := []string{
		enveloped(ordinary), enveloped(failing(1, 1, refused)), enveloped("    Trace ID: e32c07cf-b6b5-46e0-a570-00f7bd524700\n"),
		enveloped("\tat a.B.c(B.java:1)\n", failing(2, 2, refused), "    more\n", failing(3, 3, refused)),
		strings.ReplaceAll(enveloped(failing(4, 4, refused)), "/", `\/`), enveloped(ordinary),
	}
	whole := strings.Join(story, "")
	for cut := range len(story) + 1 {
		w := newWorld(t)
		w.write(strings.Join(story[:cut], ""))
		p := w.live()
		testkit.Eventually(t, "the log is current", func() bool { return p.log.Current() })
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		w.write(strings.Join(story[cut:], ""))
		p = w.live()
		testkit.Eventually(t, "the story is read", func() bool {
			position, _, err := p.store.Position(w.log())
			return err == nil && position.Offset == int64(len(whole)-len(story[len(story)-1])) && p.log.Current()
		})
		got := ""
		p.store.View(func(tx *store.Tx) {
			all := tx.Incidents()
			for _, s := range all {
				got += fmt.Sprintf("%c %d, ", s.Key[strings.IndexByte(s.Key, '-')-1], s.Count)
			}
		})
		if want := "1 1, 2 1, 3 1, 4 1, "; got != want {
			t.Errorf("stopped after %d lines: counted %q, want %q", cut, got, want)
		}
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
	}
}
