package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
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

func always(string) bool { return true }

func never(string) bool { return false }

// lines says of each alert its kind and integration.
func lines(all []alert.Data) []string {
	var list []string
	for _, d := range all {
		list = append(list, string(d.Kind)+" "+d.Integration.ID[:min(8, len(d.Integration.ID))])
	}
	return list
}

// counted waits until so many failures are in the incidents.
func (p *process) counted(t *testing.T, n int) {
	t.Helper()
	testkit.Eventually(t, "the failures are in the incidents", func() bool {
		sum := 0
		p.store.View(func(tx *store.Tx) {
			all := tx.Incidents()
			for _, s := range all {
				if s.Members == 0 {
					sum += s.Count
				}
			}
		})
		return sum == n
	})
}

// What breaks at once is told in one alert that lists it, whatever the causes, and
// the alerts that had been queued are withdrawn; all of it again after a restart is told no more.
func TestStormIsOneAlert(t *testing.T) {
	for _, pieces := range []int{1, 4, 13} { // what one transaction sees
		w := newWorld(t)
		w.conf.Alerts.Storm = 5
		var text []string
		for i := range 12 {
			text = append(text, failing(i, i, refused))
		}
		text = append(text, failing(99, 13, "AADSTS50194: x"))
		p := w.live()
		for n := range pieces {
			from, to := n*len(text)/pieces, (n+1)*len(text)/pieces
			w.write(strings.Join(text[from:to], ""))
			p.counted(t, to)
		}
		if err := p.rec.Settle(time.Now().Add(16*time.Second), never); err != nil {
			t.Fatal(err)
		}
		all := p.queued(t, "hub")
		if got := lines(all); !slices.Equal(got, []string{"storm many"}) {
			t.Fatalf("in %d pieces: got %q", pieces, got)
		}
		list, _ := all[0].Facts["integrations"].([]any)
		if len(list) != 13 || all[0].Facts["integrations_count"] != "13" || all[0].Failures.Count != 13 ||
			!strings.HasSuffix(all[0].Cause.Title, ", and 1 other cause") || !strings.HasPrefix(all[0].Diagnosis, "13 test attempts failed") {
			t.Errorf("in %d pieces: the storm lists %v of %v: %s", pieces, list, all[0].Facts["integrations_count"], all[0].Diagnosis)
		}
		p.stop()
		p = w.live()
		w.write(strings.Join(text[:12], ""))
		p.counted(t, 25)
		if err := p.rec.Settle(time.Now().Add(2*time.Minute), never); err != nil {
			t.Fatal(err)
		}
		if got := lines(p.queued(t, "hub")); got != nil {
			t.Errorf("in %d pieces: told again: %q", pieces, got)
		}
		p.stop()
	}
}

// Where one notifier has told an incident before the storm began, its end is
// told too; the others' opened is withdrawn.
func TestStormAfterSomeWereTold(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.Storm = 2
	p := w.live(pipeline.Recipient{Name: "fast"}, pipeline.Recipient{Name: "slow"})
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	if got := lines(p.queued(t, "fast")); !slices.Equal(got, []string{"opened 00000001"}) {
		t.Fatalf("got %q", got)
	}
	w.write(failing(2, 2, refused) + failing(3, 3, refused))
	p.counted(t, 3)
	if err := p.rec.Settle(time.Now().Add(16*time.Second), never); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fast", "slow"} {
		if got := lines(p.queued(t, name)); !slices.Equal(got, []string{"storm many"}) {
			t.Errorf("%s got %q", name, got)
		}
	}
	if err := p.rec.Settle(time.Now().Add(25*time.Hour), always); err != nil {
		t.Fatal(err)
	}
	all := p.queued(t, "fast")
	if got := lines(all); !slices.Equal(got, []string{"quiet many"}) {
		t.Fatalf("at the end: %q", got)
	}
	if ids, _ := all[0].Facts["incidents"].([]any); len(ids) != 3 || !strings.Contains(fmt.Sprint(ids), "/00000001-") {
		t.Errorf("the end is of %v", ids)
	}
	p.stop()
}

// A storm that is still to be told when all input has ended is told then.
func TestStormAtTheEnd(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.Storm = 1
	p := w.live()
	w.write(failing(1, 1, refused) + failing(2, 2, refused))
	p.counted(t, 2)
	if err := p.rec.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := lines(p.queued(t, "hub")); !slices.Equal(got, []string{"storm many"}) {
		t.Errorf("got %q", got)
	}
	p.stop()
}

// A notifier whose settings are refused, that is gone, or whose alerts are set
// aside is told of through the others, once; so is its recovery. A notifier
// taken out of the configuration is not waited for.
func TestNotifierFailing(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name   string
		health notify.Health
		want   bool
	}{
		{"well", notify.Health{Succeeded: now}, false},
		{"tried again", notify.Health{Circuit: notify.Waiting, Since: now.Add(-14 * time.Minute), Reason: "no answer"}, false},
		{"tried again for long", notify.Health{Circuit: notify.Waiting, Since: now.Add(-16 * time.Minute), Reason: "no answer"}, true},
		{"refused just now", notify.Health{Circuit: notify.Suspended, Since: now.Add(-30 * time.Second), Reason: "no_service"}, false},
		{"refused", notify.Health{Circuit: notify.Suspended, Since: now.Add(-2 * time.Minute), Reason: "no_service"}, true},
		{"gone", notify.Health{Circuit: notify.Disabled, Since: now, Reason: "410 Gone"}, true},
		{"set aside", notify.Health{SetAside: 1, Succeeded: now, Reason: "invalid_blocks"}, true},
	} {
		w := newWorld(t)
		p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "ops"})
		w.write(failing(1, 1, refused))
		p.counted(t, 1)
		d, _, _ := p.store.Oldest("ops")
		if err := p.store.Retry("ops", d, tt.health); err != nil {
			t.Fatal(err)
		}
		p.queued(t, "hub")
		for range 3 {
			if err := p.rec.CheckNotifiers(now); err != nil {
				t.Fatal(err)
			}
		}
		got := p.queued(t, "hub")
		if !tt.want {
			if len(got) > 0 {
				t.Errorf("%s: told %q", tt.name, lines(got))
			}
			p.stop()
			continue
		}
		if len(got) != 1 || got[0].Kind != alert.Blind || got[0].Cause.ID != "notifier-failing" || !strings.Contains(got[0].Diagnosis, tt.health.Reason) ||
			got[0].Facts["notifier"] != "ops" {
			t.Fatalf("%s: told %+v", tt.name, got)
		}
		if ops := lines(p.queued(t, "ops")); !slices.Equal(ops, []string{"opened 00000001"}) {
			t.Errorf("%s: it is told of itself: %q", tt.name, ops)
		}
		if err := p.store.Done("ops", d, nil, notify.Health{SetAside: tt.health.SetAside, Succeeded: now.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := p.rec.CheckNotifiers(now.Add(2 * time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.queued(t, "hub"); len(got) != 1 || got[0].Kind != alert.Sighted {
			t.Errorf("%s: its recovery is told as %q", tt.name, lines(got))
		}
		p.stop()
	}
}

// What was told of a notifier that is no longer configured is forgotten.
func TestForget(t *testing.T) {
	w := newWorld(t)
	p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "ops"})
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	d, _, _ := p.store.Oldest("ops")
	if err := p.store.Retry("ops", d, notify.Health{Circuit: notify.Disabled, Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := p.rec.CheckNotifiers(time.Now()); err != nil {
		t.Fatal(err)
	}
	p.rec.Recipients = p.rec.Recipients[:1]
	if err := p.rec.CloseUnconfigured(); err != nil {
		t.Fatal(err)
	}
	p.store.View(func(tx *store.Tx) {
		all := tx.Incidents()
		if len(all) != 1 {
			t.Errorf("%d incidents are left, want the integration's", len(all))
		}
	})
	p.stop()
}

// A log that cannot be read, or is silent, is told of when that has lasted, and
// its end too, also after a restart; a short time is not.
func TestLogTroubles(t *testing.T) {
	w := newWorld(t)
	p := w.still()
	defer p.stop()
	at := time.Now()
	told := func(l *pipeline.Log, after time.Duration, text bool, waiting error) []string {
		t.Helper()
		if err := pipeline.CheckHealth(l, at.Add(after), text, waiting); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, d := range p.queued(t, "hub") {
			list = append(list, string(d.Kind)+" "+d.Cause.ID)
		}
		return list
	}
	fresh := func() *pipeline.Log {
		return &pipeline.Log{Source: p.log.Source, Recorder: p.rec, Silent: time.Hour}
	}
	l := fresh()
	for _, tt := range []struct {
		after   time.Duration
		text    bool
		waiting error
		want    []string
	}{
		{0, true, nil, nil},
		{10 * time.Second, false, os.ErrPermission, nil},
		{40 * time.Second, true, nil, nil},
		{50 * time.Second, false, os.ErrPermission, nil},
		{109 * time.Second, false, os.ErrPermission, nil},
		{111 * time.Second, false, os.ErrPermission, []string{"blind log-unreadable"}},
		{150 * time.Second, false, os.ErrPermission, nil},
		{-1, false, nil, nil}, // a restart
		{160 * time.Second, false, os.ErrPermission, nil},
		{225 * time.Second, false, os.ErrPermission, nil},
		{230 * time.Second, false, nil, []string{"sighted log-unreadable"}},
		{232 * time.Second, false, nil, nil},
		{235 * time.Second, true, nil, nil},
		{59 * time.Minute, false, nil, nil},
		{64*time.Minute + 10*time.Second, false, nil, []string{"blind log-silent"}},
		{70 * time.Minute, false, nil, nil},
		{71 * time.Minute, true, nil, []string{"sighted log-silent"}},
		{72 * time.Minute, false, nil, nil},
	} {
		if tt.after < 0 {
			l = fresh()
			continue
		}
		if got := told(l, tt.after, tt.text, tt.waiting); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("after %s: told %q, want %q", tt.after, got, tt.want)
		}
	}
}

// A button's press is stored, and answered in words; one about an incident
// that is over, or of another watcher, changes nothing.
func TestPress(t *testing.T) {
	w := newWorld(t)
	p := w.live()
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	d := p.queued(t, "hub")[0]
	for _, tt := range []struct{ incident, want string }{
		{string(d.Incident()), "Acknowledged: "},
		{string(d.Incident() + "0"), "not open here"},
		{"", "not open here"},
		{strings.Repeat("x", 300), "not open here"},
	} {
		said, err := p.rec.Acknowledge(alert.Press{Incident: alert.ID(tt.incident), By: "Ada", UserID: "U1", At: time.Now()})
		if err != nil || !strings.Contains(said, tt.want) {
			t.Errorf("%q: said %q %v, want %q", tt.incident, said, err, tt.want)
		}
	}
	if said, err := p.rec.Acknowledge(alert.Press{Incident: d.Incident(), Snooze: time.Hour, By: "Ada", UserID: "U1", At: time.Date(2026, 1, 2, 3, 4, 5, 0,
		time.UTC)}); err != nil || !strings.Contains(said, "until 2026-01-02 04:04 +00:00") {
		t.Errorf("said %q %v", said, err)
	}
	p.stop()
}

// A notifier's min_severity holds for storms too.
func TestStormSeverity(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.Storm = 1
	p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "few", MinSeverity: conf.SeverityCritical})
	for i := range 3 {
		w.write(failing(i, i, refused))
	}
	p.counted(t, 3)
	if err := p.rec.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(lines(p.queued(t, "hub")), lines(p.queued(t, "few"))); got != "[storm many] []" {
		t.Errorf("got %s", got)
	}
	p.stop()
}

// A notifier that an incident was not severe enough for is alerted when it is: only that
// one, and it is sent the end too.
func TestWorseAlertsTheOthers(t *testing.T) {
	w := newWorld(t)
	refresh := func(second int) string {
		return fmt.Sprintf("2026-01-02 10:00:%02d,000+0000 Caesium-1-2 ERROR anonymous     [c.a.j.internal.mail.services.MailPullerService] Help desk: no mail\n"+
			"com.atlassian.oauth2.client.api.storage.token.exception.RecoverableTokenException: An error has occurred while refreshing OAuth token\n"+
			"Caused by: java.net.UnknownHostException: login.microsoftonline.com\n", second)
	}
	p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "few", MinSeverity: conf.SeverityCritical})
	got := map[string][]string{}
	look := func() {
		for _, name := range []string{"hub", "few"} {
			for _, d := range p.queued(t, name) {
				got[name] = append(got[name], fmt.Sprint(d.Kind, " ", d.Cause.Severity, " ", d.Failures.Count, " #", d.ID.Number()))
			}
		}
	}
	for i := range 3 {
		w.write(refresh(i) + ordinary)
		p.counted(t, i+1)
		look()
	}
	if err := p.rec.Settle(time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC), always); err != nil {
		t.Fatal(err)
	}
	look()
	if want := map[string][]string{
		"hub": {"opened high 1 #1", "quiet critical 3 #3"},
		"few": {"opened critical 2 #2", "quiet critical 3 #3"},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	p.stop()
}

// The end of an incident is told to those that were told of its beginning: not
// to a notifier whose opened a storm has withdrawn, and to one whose opened was
// under way then.
func TestStormEndsWhereItWasHeard(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.Storm = 2
	p := w.live(pipeline.Recipient{Name: "fast"}, pipeline.Recipient{Name: "slow"}, pipeline.Recipient{Name: "sending", Keeps: true})
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	p.queued(t, "fast")
	sending, _, _ := p.store.Oldest("sending")
	w.write(failing(2, 2, refused) + failing(3, 3, refused))
	p.counted(t, 3)
	if err := p.store.Done("sending", sending, notify.Receipt(`"x"`), notify.Health{}); err != nil {
		t.Fatal(err)
	}
	if err := p.rec.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := p.rec.Settle(time.Now().Add(25*time.Hour), always); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"fast": {"storm many", "quiet many"}, "slow": {"storm many", "quiet many"},
		"sending": {"storm many", "quiet 00000001", "quiet many"}, // which keeps a message for each
	} {
		if got := lines(p.queued(t, name)); !slices.Equal(got, want) {
			t.Errorf("%s got %q, want %q", name, got, want)
		}
	}
	p.stop()
}

// busy is a reader that always waits for a line and gets it. It notes after each
// line whether the log is current.
type busy struct {
	log     *pipeline.Log
	lag     int64
	current []bool
}

func (b *busy) Block(context.Context, time.Duration) (tailer.Block, error) {
	b.current = append(b.current, b.log.Current())
	if len(b.current) > 5 {
		return tailer.Block{}, io.EOF
	}
	time.Sleep(time.Millisecond) // pipeline's waitedFor
	return tailer.Block{Text: []byte(ordinary)}, nil
}

func (b *busy) Stats() tailer.Stats { return tailer.Stats{Lag: b.lag} }

func (b *busy) Gaps() []tailer.Gap { return nil }

// A log with lines all the time is current once all of it has been read.
func TestBusyLogIsCurrent(t *testing.T) {
	for lag, want := range map[int64]bool{0: true, 1: false} {
		b := &busy{lag: lag}
		p := newWorld(t).alter(func(l *pipeline.Log) { l.Reader, l.Checkpoint, b.log = b, nil, l })
		testkit.Eventually(t, "the log has ended", p.log.Ended)
		p.stop()
		if slices.Contains(b.current[1:], !want) {
			t.Errorf("with a lag of %d bytes: current %v after each line, want %v", lag, b.current[1:], want)
		}
	}
}

// A log that cannot be read holds back its own incidents only.
func TestUnreadableLogHoldsBackItsOwn(t *testing.T) {
	w := newWorld(t)
	p := w.live()
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	p.queued(t, "hub")
	for _, tt := range []struct {
		log  string
		want int
	}{{"jira", 0}, {"another", 1}} {
		if err := p.rec.Settle(time.Now().Add(25*time.Hour), func(log string) bool { return log != tt.log }); err != nil {
			t.Fatal(err)
		}
		if got := p.queued(t, "hub"); len(got) != tt.want {
			t.Errorf("while %s cannot be read: told %q", tt.log, lines(got))
		}
	}
	p.stop()
}

// All alerts that were given up are told of, not only the first ones.
func TestGivenUpAreCounted(t *testing.T) {
	w := newWorld(t)
	p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "ops"})
	w.write(failing(1, 1, refused))
	p.counted(t, 1)
	d, _, _ := p.store.Oldest("ops")
	p.queued(t, "hub")
	now := time.Now()
	said := ""
	for n := 1; n <= 40; n++ {
		if err := p.store.Retry("ops", d, notify.Health{SetAside: n, Succeeded: now.Add(-time.Hour), Reason: "no"}); err != nil {
			t.Fatal(err)
		}
		if err := p.rec.CheckNotifiers(now.Add(time.Duration(n) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.store.Done("ops", d, nil, notify.Health{SetAside: 40, Succeeded: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := p.rec.CheckNotifiers(now.Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, d := range p.queued(t, "hub") {
		said += string(d.Kind) + ": " + d.Diagnosis + "\n"
	}
	if !strings.Contains(said, "blind: ") || !strings.Contains(said, "One alert was dead-lettered") || !strings.Contains(said, "39 alerts were dead-lettered") {
		t.Errorf("told\n%s", said)
	}
	p.stop()
}

// A restart while a log is silent says nothing; a single line does.
func TestSilentAcrossRestart(t *testing.T) {
	w := newWorld(t)
	p := w.still()
	defer p.stop()
	at := time.Now()
	var kinds []alert.Kind
	look := func(l *pipeline.Log, after time.Duration, text bool) {
		if err := pipeline.CheckHealth(l, at.Add(after), text, nil); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.queued(t, "hub") {
			kinds = append(kinds, d.Kind)
		}
	}
	fresh := func() *pipeline.Log { return &pipeline.Log{Source: p.log.Source, Recorder: p.rec, Silent: time.Minute} }
	l := fresh()
	look(l, 0, true)
	look(l, 61*time.Second, false)
	l = fresh()
	look(l, 62*time.Second, false)
	look(l, 70*time.Second, false)
	look(l, 70*time.Second+100*time.Millisecond, true) // between two looks
	look(l, 90*time.Second, false)
	look(l, 100*time.Second, false)
	if !slices.Equal(kinds, []alert.Kind{alert.Blind, alert.Sighted}) {
		t.Errorf("told %v", kinds)
	}
}

// A service at which nothing happens writes nothing: whatever is done now and
// then changes the file only if something has changed.
func TestIdleWritesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.live(pipeline.Recipient{Name: "hub"}, pipeline.Recipient{Name: "down"})
	w.write(failing(1, 1, refused) + failing(2, 2, "something else"))
	p.counted(t, 2)
	if err := p.store.Pause("down", notify.Health{Circuit: notify.Disabled, Reason: "410", SetAside: 2}); err != nil {
		t.Fatal(err)
	}
	p.stop() // the log is read
	s, err := store.Open(filepath.Join(w.dir, "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rec := &pipeline.Recorder{Store: s, Rules: p.rec.Rules, Recipients: p.rec.Recipients, Logs: []incident.Source{p.log.Source}}
	l := &pipeline.Log{Source: p.log.Source, Recorder: rec, Silent: time.Minute}
	now := time.Now()
	before := ""
	for i := range 4 {
		at := now.Add(time.Duration(i) * 10 * time.Second)
		err := errors.Join(rec.CheckNotifiers(at), rec.Settle(at, always), rec.CloseUnconfigured(), rec.Finish(),
			pipeline.CheckHealth(l, at, false, nil), s.SweepReceipts())
		if err != nil {
			t.Fatal(err)
		}
		file := testkit.Read(t, filepath.Join(w.dir, "state", "state.db"))
		if i > 0 && file != before {
			t.Errorf("round %d: the file has changed", i)
		}
		before = file
	}
}

// One mismatch of the Redirect URL's suffix that is logged twice is one alert.
func TestLoggedTwice(t *testing.T) {
	w := newWorld(t)
	const mismatch = "Expected provider bLYIXxRp8tLSmxkdVQqDzg but got FC8GQRj7OZO_j1_b6A-Eig."
	w.write("2026-01-02 10:00:00,000+0000 http-nio-8080-exec-7 ERROR admin 600x1x1 4eic3i 10.0.0.1 " +
		"/plugins/servlet/oauth2/client/callback/FC8GQRj7OZO_j1_b6A-Eig [c.a.o.c.lib.web.AuthorizationCodeFlowUrlsProvider] " + mismatch + "\n" +
		failing(1, 2, mismatch) + failing(2, 3, "AADSTS7000215: x") + ordinary)
	p := w.live()
	testkit.Eventually(t, "two alerts wait", func() bool { waiting, _, _ := p.store.Waiting(); return waiting["hub"] == 2 })
	if got := p.incidents(t); len(got) != 2 {
		t.Errorf("incidents %q", got)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}

// However many incidents are due at once, all of them end.
func TestManyAreDueAtOnce(t *testing.T) {
	w := newWorld(t)
	w.conf.Alerts.Storm = 0
	p := w.live()
	set, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	failures := make([]matchers.Failure, 1100)
	for i := range failures {
		failures[i] = set.Diagnose(failing(i, 1, refused), time.UTC).Failure
	}
	if err := p.rec.Record(failures...); err != nil {
		t.Fatal(err)
	}
	if err := p.rec.Settle(time.Now().Add(25*time.Hour), always); err != nil {
		t.Fatal(err)
	}
	if err := p.store.View(func(tx *store.Tx) {
		if n := tx.Open(); n > 0 {
			t.Errorf("%d of %d incidents are still open", n, len(failures))
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.stop()
}
