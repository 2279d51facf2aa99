package pipeline_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

const (
	refreshFails = "com.atlassian.oauth2.client.api.storage.token.exception.RecoverableTokenException: An error has occurred while refreshing OAuth token\n" +
		"\tat com.atlassian.oauth2.client.storage.DefaultTokenHandler.handleFailure(DefaultTokenHandler.java:187)\n" +
		"Caused by: com.atlassian.oauth2.client.api.lib.token.TokenServiceException: AADSTS7000222: The provided client secret keys are expired.\n" +
		"\tat com.atlassian.oauth2.client.lib.token.DefaultTokenService.getToken(DefaultTokenService.java:155)\n"
	minute = "2026-01-02 11:%02d:00,118+0000 "
)

// night is what Jira writes into each of its logs while a mailbox cannot be fetched, and
// when it can again, by file.
func night(at func(minute int) string) map[string][]string {
	var app, mail, diagnostics []string
	for m := range 5 {
		app = append(app, at(m)+"Caesium-1-3 ERROR ServiceRunner     [c.a.j.i.m.processor.feature.puller.MailPullerWorker] Exception when MailPullerWorker pulls emails\n"+
			refreshFails)
		mail = append(mail, at(m)+"ERROR [365 IMAP] Caesium-1-3 ServiceRunner Exception when MailPullerWorker pulls emails: x\n"+refreshFails)
	}
	for m := range 9 {
		diagnostics = append(diagnostics, at(m)+fmt.Sprintf(`IPDMONITORING {"timestamp":"%d","label":"MAIL.INCOMING.CONNECTION.STATE",`+
			`"tags":{"serverName":"365 IMAP"},"attributes":{"connected":"%v","totalFailures":"%d"}}`+"\n", 1767351630+m*60, m > 5, m))
	}
	other := at(10) + "Caesium-1-2 INFO ServiceRunner     [c.a.j.X] ok\n"
	return map[string][]string{
		"atlassian-jira.log": append(app, other), "atlassian-jira-incoming-mail.log": append(mail, at(10)+"INFO [] Caesium-1-3 ServiceRunner ok\n"),
		"atlassian-jira-ipd-monitoring.log": diagnostics,
	}
}

// An outage that nobody clicked for is one incident, whatever logs tell of it and in
// whichever order they are read, and it ends when Jira's diagnostics say so.
func TestOutageInSeveralLogs(t *testing.T) {
	names := []string{"atlassian-jira.log", "atlassian-jira-incoming-mail.log", "atlassian-jira-ipd-monitoring.log"}
	for order := range 6 {
		w := newWorld(t)
		w.conf.Jira.Given, w.conf.Integrations = true, map[string]string{"365 IMAP": "Help desk"}
		texts := night(func(m int) string { return fmt.Sprintf(minute, m) })
		left := slices.Clone(names)
		for i := range names {
			n := order / []int{2, 1, 1}[i] % len(left)
			name := left[n]
			left = slices.Delete(left, n, n+1)
			path := filepath.Join(w.dir, name)
			testkit.Append(t, path, strings.Join(texts[name], ""))
			p := w.alter(func(l *pipeline.Log) { of(t, l, path) })
			testkit.Eventually(t, name+" is read", func() bool { return p.log.Ended() })
			if i < len(names)-1 {
				stop(t, p)
				continue
			}
			var got []string
			var last alert.Data
			for _, last = range p.queued(t, "hub") {
				got = append(got, fmt.Sprintf("%s %s %s %d", last.Kind, last.Cause.ID, last.Phase, last.Failures.Count))
			}
			if late := order == 1 || order > 3; !late && (last.Mailbox == nil || last.Mailbox.Server != "365 IMAP" ||
				last.Integration.Name == nil || *last.Integration.Name != "Help desk") {
				t.Errorf("order %d: the end is of %+v, mailbox %+v", order, last.Integration, last.Mailbox)
			}
			stop(t, p)
			if want := []string{"opened entra-client-secret-expired refresh 1", "resolved entra-client-secret-expired refresh"}; len(got) != 2 || got[0] != want[0] ||
				!strings.HasPrefix(got[1], want[1]) {
				t.Errorf("order %d: told %q, want %q", order, got, want)
			}
		}
	}
}

// of makes a log one that is read to its end.
func of(t *testing.T, l *pipeline.Log, path string) {
	t.Helper()
	l.Source = incident.Source{Name: filepath.Base(path), Path: path}
	l.Kind = conf.NewLog(path).Kind
	f := tailer.Follow(path, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
	t.Cleanup(func() { f.Close() })
	l.Reader, l.Checkpoint = f, &pipeline.Checkpoint{Key: path, Begin: f.Position}
}

func stop(t *testing.T, p *process) {
	t.Helper()
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}

// Where nothing says that the logs are of one Jira, each is alerted to on its own.
func TestLogsThatAreNotOfOneJira(t *testing.T) {
	w := newWorld(t)
	texts := night(func(m int) string { return fmt.Sprintf(minute, m) })
	var kinds []string
	for _, name := range []string{"atlassian-jira.log", "atlassian-jira-incoming-mail.log", "atlassian-jira-ipd-monitoring.log"} {
		path := filepath.Join(w.dir, name)
		testkit.Append(t, path, strings.Join(texts[name], ""))
		p := w.alter(func(l *pipeline.Log) { of(t, l, path) })
		testkit.Eventually(t, name+" is read", func() bool { return p.log.Ended() })
		for _, d := range p.queued(t, "hub") {
			kinds = append(kinds, string(d.Kind)+" "+d.Integration.KnownBy)
		}
		stop(t, p)
	}
	if want := []string{"opened nothing", "opened mail_server"}; !slices.Equal(kinds, want) {
		t.Errorf("told %q, want %q", kinds, want)
	}
}

// An access log holds what anyone requested: nothing in it is a failure.
func TestAccessLogHasNoFailures(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.dir, "access_log.2026-01-02")
	testkit.Append(t, path, failing(1, 0, refused)+ordinary)
	p := w.alter(func(l *pipeline.Log) { of(t, l, path) })
	testkit.Eventually(t, "it is read", func() bool { return p.log.Ended() })
	if got := p.queued(t, "hub"); len(got) != 0 {
		t.Errorf("told %+v", got)
	}
	stop(t, p)
}

// A log that Jira need not write is no trouble while it does not exist, and one of Jira's own
// is.
func TestOptionalLog(t *testing.T) {
	w := newWorld(t)
	for kind, want := range map[conf.Kind]bool{
		conf.KindApplication: false, conf.KindIncoming: true, conf.KindDiagnostics: true, conf.KindAccess: true,
	} {
		path := filepath.Join(w.dir, "none", string(kind)+".log")
		f := tailer.Follow(path, tailer.Position{}, tailer.Options{Optional: true})
		l := &pipeline.Log{Kind: kind, Reader: f}
		ctx, cancel := context.WithCancel(t.Context())
		testkit.Eventually(t, "it is looked for", func() bool {
			_, err := f.Block(ctx, time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			return f.Stats().Waiting != nil
		})
		if h := l.Health(); h.Absent != want || (h.Waiting == nil) != want {
			t.Errorf("%s: %+v", kind, h)
		}
		cancel()
		f.Close()
	}
}

// The diagnostics log is read in the forms in which Jira may write it.
func TestProbes(t *testing.T) {
	for line, want := range map[string]string{
		`IPDMONITORING {"timestamp":"1692197906","label":"MAIL.INCOMING.CONNECTION.STATE","tags":{"serverName":"Help desk 365"},"attributes":{"connected":"false","totalFailures":"23"}}`: "incoming Help desk 365 false 1692197906",
		`IPDMONITORING {"timestamp":1692197906,"label":"mail.outgoing.connection.state.value","attributes":{"connected":true}}`:                                                           "outgoing  true 1692197906",
		`IPDMONITORING {"timestamp":"1692197906","label":"MAIL.INCOMING.CONNECTION.STATE.CUSTOM","tags":{},"attributes":{"connected":"TRUE"},"objectName":"x"}`:                           "incoming  true 1692197906",
		`IPDMONITORING {"timestamp":"1692197906","label":"MAIL.INCOMING.CONNECTION.STATE","attributes":{"totalFailures":"23"}}`:                                                           "",
		`IPDMONITORING {"timestamp":"1692197906","label":"DB.CONNECTION.STATE","attributes":{"connected":"false"}}`:                                                                       "",
		`IPDMONITORING {"label":"MAIL.INCOMING`:                                                               "",
		`Subject: "MAIL.INCOMING.CONNECTION.STATE" connected true`:                                            "",
		`IPDMONITORING {"label":"MAIL.INCOMING.CONNECTION.STATE","tags":7,"attributes":{"connected":"true"}}`: "",
	} {
		got := ""
		if p, ok := matchers.ProbeIn([]byte("2023-08-16 14:58:26,225+0000 Caesium-1-1 INFO anonymous     [ipd-monitoring-data-logger] " + line)); ok {
			got = fmt.Sprintf("%s %s %v %d", p.Direction, p.Server, p.Connected, p.At.Unix())
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
}
