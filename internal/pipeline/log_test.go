package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

var catalogue = sync.OnceValues(matchers.Builtin)

const (
	ordinary = testkit.Ordinary
	refused  = testkit.RefusedSecret
)

var failing = testkit.FailureAt

// world is a log, a state directory and the queue that alerts end in.
type world struct {
	t    *testing.T
	dir  string
	conf *conf.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{t: t, dir: t.TempDir(), conf: newConf(t)}
}

func newConf(t testing.TB) *conf.Config {
	t.Helper()
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Node = "n1"
	return c
}

func (w *world) log() string { return filepath.Join(w.dir, "jira.log") }

func (w *world) write(text string) {
	w.t.Helper()
	testkit.Append(w.t, w.log(), text)
}

// process is one life of the program between opening the state and dying.
type process struct {
	store *store.Store
	log   *pipeline.Log
	rec   *pipeline.Recorder
	stop  func() error
}

// live starts reading; the log's positions and alerts go to the state.
func (w *world) live(targets ...pipeline.Recipient) *process {
	w.t.Helper()
	return w.alter(func(*pipeline.Log) {}, targets...)
}

// alter is live with another Log.
func (w *world) alter(change func(*pipeline.Log), targets ...pipeline.Recipient) *process {
	w.t.Helper()
	s, err := store.Open(filepath.Join(w.dir, "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	set, err := catalogue()
	if err != nil {
		w.t.Fatal(err)
	}
	from, _, err := s.Position(w.log())
	if err != nil {
		w.t.Fatal(err)
	}
	f := tailer.Follow(w.log(), from, tailer.Options{Start: tailer.Beginning})
	if len(targets) == 0 {
		targets = []pipeline.Recipient{{Name: "hub"}}
	}
	rec := &pipeline.Recorder{Store: s, Rules: incident.NewRules(w.conf), Recipients: targets}
	l := &pipeline.Log{
		Source: incident.Source{Name: "jira", Path: w.log()}, Zone: time.UTC, Reader: f, Set: func() *matchers.Set { return set }, Recorder: rec,
		Checkpoint: &pipeline.Checkpoint{Key: w.log(), Begin: f.Position},
	}
	change(l)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	return &process{s, l, rec, func() error {
		cancel()
		err := <-done
		f.Close()
		s.Close()
		return err
	}}
}

// still is live where nothing runs: a test that is the clock must be the only one that looks at the state.
func (w *world) still() *process {
	w.t.Helper()
	p := w.live()
	p.stop()
	s, err := store.Open(filepath.Join(w.dir, "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	rec := &pipeline.Recorder{Store: s, Rules: p.rec.Rules, Recipients: p.rec.Recipients, Logs: []incident.Source{p.log.Source}}
	return &process{s, p.log, rec, s.Close}
}

// queued are the alerts that wait for a notifier, oldest first.
func (p *process) queued(t *testing.T, notifier string) []alert.Data {
	t.Helper()
	var list []alert.Data
	for {
		d, ok, err := p.store.Oldest(notifier)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		list = append(list, d.Alert.Data)
		if err := p.store.Done(notifier, d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
}

// script is a reader of a few blocks, an empty one for a silence. It notes how long each of
// them was waited for.
type script struct {
	blocks []tailer.Block
	waited []time.Duration
}

func (s *script) Block(_ context.Context, wait time.Duration) (tailer.Block, error) {
	s.waited = append(s.waited, wait)
	if len(s.blocks) == 0 {
		return tailer.Block{}, io.EOF
	}
	b := s.blocks[0]
	s.blocks = s.blocks[1:]
	return b, nil
}

func (s *script) Stats() tailer.Stats { return tailer.Stats{} }

func (s *script) Gaps() []tailer.Gap { return nil }

// Where the cause is certain, a second look a millisecond later completes an event. Not so if
// the read ended within a line, nor where the cause is not certain: there more may come.
func TestSecondLook(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		part       bool
		want       time.Duration
	}{
		{"certain", failing(1, 1, refused), false, time.Millisecond},
		{"certain, and a part of a line", failing(1, 1, refused), true, time.Second},
		{"unknown", failing(1, 1, "something new"), false, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{blocks: []tailer.Block{{Text: []byte(tt.text), Part: tt.part}, {Part: tt.part}, {Part: tt.part}}}
			p := newWorld(t).alter(func(l *pipeline.Log) { l.Reader, l.Checkpoint = s, nil })
			testkit.Eventually(t, "the log has ended", p.log.Ended)
			if got := p.queued(t, "hub"); len(got) != 1 {
				t.Errorf("got %q", lines(got))
			}
			p.stop()
			// Once it has counted, the next wait is that of a quiet log.
			if s.waited[1] != tt.want || s.waited[2] == tt.want {
				t.Errorf("waited %v, want %v for the second look, and something else after it", s.waited[1:], tt.want)
			}
		})
	}
}

// The catalogue, which takes time and memory to compile, is asked for at the first failure, not
// at an ordinary line.
func TestCatalogueIsAskedForAtTheFirstFailure(t *testing.T) {
	for text, want := range map[string]bool{ordinary + ordinary: false, ordinary + failing(1, 1, refused): true} {
		s, asked := &script{blocks: []tailer.Block{{Text: []byte(text)}, {}, {}}}, false
		p := newWorld(t).alter(func(l *pipeline.Log) {
			set := l.Set
			l.Reader, l.Checkpoint, l.Set = s, nil, func() *matchers.Set { asked = true; return set() }
		})
		testkit.Eventually(t, "the log has ended", p.log.Ended)
		p.stop()
		if asked != want {
			t.Errorf("%.60q…: asked for is %v, want %v", text, asked, want)
		}
	}
}

// Stop anywhere, lose nothing: the program ends after every single line of a
// story and begins again, and what is told is the same as without the end.
func TestStopAnywhere(t *testing.T) {
	story := []string{
		failing(1, 1, refused), ordinary, "\tat a.B.c(B.java:1)\n",
		failing(2, 2, "AADSTS28000: Scope https://a/b is not valid."), "    Trace ID: e32c07cf-b6b5-46e0-a570-00f7bd524700\n",
		failing(1, 3, refused), failing(1, 4, "AADSTS50194: y"), ordinary,
		failing(3, 5, "something new"), "more of it\n", ordinary, failing(1, 6, refused), ordinary,
	}
	want := []string{"1 opened entra-client-secret-invalid 1", "2 opened entra-scopes-multiple-resources 1",
		"1 changed entra-single-tenant-common-endpoint 3", "3 opened unknown 1"}
	for cut := range len(story) + 1 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(strings.Join(story[:cut], ""))
			p := w.live()
			testkit.Eventually(t, "the log is current", func() bool { return p.log.Current() }) // all lines taken, the last event perhaps open
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			w.write(strings.Join(story[cut:], ""))
			p = w.live()
			testkit.Eventually(t, "the story is read", func() bool {
				position, _, err := p.store.Position(w.log())
				return err == nil && position.Offset >= int64(len(strings.Join(story, ""))-len(ordinary)) && p.log.Current()
			})
			var got []string
			for _, d := range p.queued(t, "hub") {
				got = append(got, fmt.Sprintf("%c %s %s %d", d.Integration.ID[7], d.Kind, d.Cause.ID, d.Failures.Count))
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A notifier gets only what is as severe as it asks for.
func TestMinSeverityOfANotifier(t *testing.T) {
	w := newWorld(t)
	w.write(failing(1, 1, refused) + failing(2, 2, "AADSTS7000222: expired") + ordinary)
	p := w.live(pipeline.Recipient{Name: "all"}, pipeline.Recipient{Name: "worst", MinSeverity: conf.SeverityCritical})
	testkit.Eventually(t, "two alerts wait", func() bool { waiting, _, _ := p.store.Waiting(); return waiting["all"] == 2 })
	if list := p.queued(t, "worst"); len(list) != 1 || list[0].Cause.ID != "entra-client-secret-expired" {
		t.Errorf("the notifier for critical alerts got %d: %v", len(list), list)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}

// Settle writes only when something is due; then the incident is closed with
// its alert, in one transaction.
func TestSettle(t *testing.T) {
	w := newWorld(t)
	w.write(failing(1, 1, refused) + ordinary)
	p := w.live()
	testkit.Eventually(t, "one alert waits", func() bool { waiting, _, _ := p.store.Waiting(); return waiting["hub"] == 1 })
	p.queued(t, "hub")
	now := time.Now()
	for _, step := range []struct {
		after time.Duration
		want  []alert.Kind
	}{{time.Hour, nil}, {23 * time.Hour, nil}, {25 * time.Hour, []alert.Kind{alert.Quiet}}, {50 * time.Hour, nil}} {
		if err := p.rec.Settle(now.Add(step.after), always); err != nil {
			t.Fatal(err)
		}
		var got []alert.Kind
		for _, d := range p.queued(t, "hub") {
			got = append(got, d.Kind)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("after %v: %v, want %v", step.after, got, step.want)
		}
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}

// While the log cannot be read, it is not current, so that silence means
// nothing.
func TestNotCurrentWhileBlind(t *testing.T) {
	w := newWorld(t)
	p := w.live()
	testkit.Eventually(t, "the log was opened", func() bool { return !p.log.Heartbeat().IsZero() })
	if p.log.Current() {
		t.Error("a log that is not there is current")
	}
	w.write(ordinary)
	testkit.Eventually(t, "the log is current", func() bool { return p.log.Current() })
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if !p.log.Ended() {
		t.Error("a log that was stopped has not ended")
	}
}

// A stop before the first look stores nothing: where reading begins was not
// decided yet.
func TestStopBeforeTheFirstLook(t *testing.T) {
	w := newWorld(t)
	w.write(failing(1, 1, refused))
	var f *tailer.Follower
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := w.alter(func(l *pipeline.Log) {
		f = tailer.Follow(w.log(), tailer.Position{}, tailer.Options{})
		l.Reader, l.Checkpoint.Begin = stopped{f, ctx}, f.Position
	})
	testkit.Eventually(t, "the log has ended", p.log.Ended)
	if at, known, err := p.store.Position(w.log()); known || err != nil {
		t.Errorf("a position is stored: %+v, %v", at, err)
	}
	f.Close()
	p.stop()
}

// stopped is a reader whose program is stopped before it looks.
type stopped struct {
	*tailer.Follower
	ctx context.Context
}

func (s stopped) Block(_ context.Context, wait time.Duration) (tailer.Block, error) {
	return s.Follower.Block(s.ctx, wait)
}
