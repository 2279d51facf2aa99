package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/notifytest"
)

// Each kind of alert is the text of its golden file.
func TestConsole(t *testing.T) {
	for _, kind := range alerttest.Kinds {
		testkit.Golden(t, fmt.Sprintf("testdata/console-%s.golden.txt", kind), console.Render(alerttest.Alert(kind), text.Style{}))
	}
	for _, kind := range []alert.Kind{alert.Storm, alert.Blind, alert.Sighted} {
		testkit.Golden(t, fmt.Sprintf("testdata/console-%s.golden.txt", kind), console.Render(alerttest.Example(t, kind), text.Style{}))
	}
	testkit.Golden(t, "testdata/console-summary.golden.txt", console.Render(alerttest.Summary(t), text.Style{}))
	testkit.Golden(t, "testdata/console-color.golden.txt", console.Render(alerttest.Alert(alert.Opened), text.Style{Color: true, Width: 60}))
}

// No control character of a log reaches the terminal, from whatever field; in
// color, only our own do.
func TestConsoleEscapes(t *testing.T) {
	testkit.Pure(t)
	for name, s := range alerttest.Monsters {
		for _, kind := range alerttest.SomeKinds() {
			a := alerttest.Monstrous(kind, "\x1b[31m"+s+"\x1b]0;title\x07\u009b2J\r\b", 3)
			for _, style := range []text.Style{{}, {Color: true}, {Width: 20}} {
				got := console.Render(a, style)
				if style.Color {
					got = strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(got)
				}
				if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
					t.Errorf("%s, %s: at %d in %q", name, kind, i, got[max(0, i-40):min(len(got), i+40)])
				}
				if !utf8.ValidString(got) || !strings.HasSuffix(got, "\n") {
					t.Errorf("%s, %s: not a text", name, kind)
				}
			}
		}
	}
}

// A line is no wider than asked for, except for a word that is.
func TestConsoleWidth(t *testing.T) {
	a := alerttest.Alert(alert.Opened)
	a.Data.Diagnosis = strings.Repeat("ünicode words ", 50)
	a.Data.Cause.Title = "short" // a headline stays on one line
	a.Data.Links, a.Data.Log.Excerpt = nil, strings.Repeat("line of a log ", 20)
	for line := range strings.Lines(console.Render(a, text.Style{Width: 70})) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 70 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

// With no notifier configured, alerts are printed, each in one write.
func TestConsoleByDefault(t *testing.T) {
	var out bytes.Buffer
	to := console.New(&out, text.Style{})
	if err := notifytest.Send(context.Background(), to, alerttest.Alert(alert.Opened), false); err != nil ||
		out.String() != console.Render(alerttest.Alert(alert.Opened), text.Style{}) {
		t.Errorf("%v: %s", err, out.String())
	}
}

// A terminal that is gone is tried again.
func TestConsoleGone(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("gone"))
	to := console.New(w, text.Style{})
	if got, err := notifytest.Outcome(t, notifytest.Send(context.Background(), to, alerttest.Alert(alert.Opened), false)); got != notify.Retry ||
		err.Error() != "writing to standard output: gone" {
		t.Errorf("outcome %d, %v", got, err)
	}
}
