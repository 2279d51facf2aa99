package scan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
)

const (
	expiredSecret = "AADSTS7000222: The provided client secret keys for app '6b2d1d92-7018-4182-b70e-821127bec500' are expired."
	refreshFails  = "com.atlassian.oauth2.client.api.storage.token.exception.RecoverableTokenException: An error has occurred while refreshing OAuth token\n" +
		"\tat com.atlassian.oauth2.client.storage.DefaultTokenHandler.handleFailure(DefaultTokenHandler.java:187)\n" +
		"Caused by: com.atlassian.oauth2.client.api.lib.token.TokenServiceException: " + expiredSecret + "\n" +
		"\tat com.atlassian.oauth2.client.lib.token.DefaultTokenService.getToken(DefaultTokenService.java:155)\n"
	pulls     = "Exception when MailPullerWorker pulls emails"
	helpDesk  = "0a7ab1d9-5ad1-4b9e-8f4f-6c2d3f1b0c11" // configurations in Jira
	personnel = "5ce90b2e-7f0e-4b64-9d56-0d5f2a3c4d22"
)

// The lines of Jira's logs at a time: of a failed refresh in atlassian-jira.log and in a mail
// log, of a failed test, of the diagnostics, and of an access log.
func refreshed(at time.Time) string {
	return stamp(at) + " Caesium-1-3 ERROR ServiceRunner     [c.a.j.i.m.processor.feature.puller.MailPullerWorker] " + pulls + "\n" + refreshFails
}

func mailed(at time.Time, server string) string {
	return stamp(at) + " ERROR [" + server + "] Caesium-1-3 ServiceRunner " + pulls + ": x\n" + refreshFails
}

func tested(at time.Time, request, session string, flow int, message string) string {
	return strings.NewReplacer("600x1x1", request, "4eic3i", session).Replace(failure(at, flow, message))
}

func probed(at time.Time, server string, connected bool) string {
	name, _ := json.Marshal(server)
	return stamp(at) + fmt.Sprintf(` IPDMONITORING {"timestamp":"%d","label":"MAIL.INCOMING.CONNECTION.STATE",`+
		`"tags":{"serverName":%s},"attributes":{"connected":"%v","totalFailures":"23"}}`+"\n", at.Unix(), name, connected)
}

func requested(at time.Time, request, session, asked string) string {
	return fmt.Sprintf(`10.0.0.1 %s admin [%s] "%s HTTP/1.1" 200 97 12 "-" "Mozilla/5.0" "%s"`+"\n",
		request, at.Format("02/Jan/2006:15:04:05 -0700"), asked, session)
}

const flowPath = "/rest/oauth2-client/latest/config/flow"

// night is what Jira writes into its logs in a night, by kind: the client secret of the help
// desk expires at 02:13. In the morning its test fails at 08:30, and that of another
// integration at 08:35; the first one succeeds at 08:41, and at 08:50 its mail comes again.
func night(day time.Time, server string) map[conf.Kind][]entry {
	logs := map[conf.Kind][]entry{}
	write := func(kind conf.Kind, hour, minute, second, ms int, line func(at time.Time) string) {
		at := day.Add(time.Duration(hour*3600+minute*60+second)*time.Second + time.Duration(ms)*time.Millisecond)
		logs[kind] = append(logs[kind], entry{at, line(at)})
	}
	ask := func(hour, minute, second int, request, session, asked string) {
		write(conf.KindAccess, hour, minute, second, 0, func(at time.Time) string { return requested(at, request, session, asked) })
	}
	app := func(hour, minute, second int, line func(at time.Time) string) {
		write(conf.KindApplication, hour, minute, second, 123, line)
	}
	app(-2, 0, 0, ordinary)
	write(conf.KindIncoming, -2, 0, 0, 0, func(at time.Time) string { return stamp(at) + " INFO [] Caesium-1-3 ServiceRunner ok\n" })
	for m := range 4 {
		app(2+2*m, 13, 0, refreshed)
		write(conf.KindIncoming, 2+2*m, 13, 0, 163, func(at time.Time) string { return mailed(at, server) })
	}
	app(8, 30, 20, func(at time.Time) string { return tested(at, "510x11x1", "se1", 1, expiredSecret) })
	app(8, 30, 30, ordinary)
	app(8, 35, 20, func(at time.Time) string { return tested(at, "515x21x1", "se2", 3, badProxy) })
	app(9, 30, 0, ordinary)
	for m := -60; m < 600; m += 10 {
		write(conf.KindDiagnostics, 0, m, 1, 0, func(at time.Time) string { return probed(at, server, m < 130 || m > 520) })
		write(conf.KindDiagnostics, 0, m, 2, 0, func(at time.Time) string { return probed(at, "Personnel", true) })
	}
	ask(-1, 0, 0, "1300x1x1", "se1", "GET /")
	ask(8, 30, 1, "510x10x1", "se1", "POST "+flowPath+"?id="+helpDesk)
	ask(8, 30, 20, "510x11x1", "se1", "GET "+flowPath+"/"+flowID(1))
	ask(8, 35, 1, "515x20x1", "se2", "POST "+flowPath+"?id="+personnel)
	ask(8, 35, 20, "515x21x1", "se2", "GET "+flowPath+"/"+flowID(3))
	ask(8, 41, 1, "521x10x1", "se1", "POST "+flowPath+"?id="+helpDesk)
	ask(8, 41, 20, "521x11x1", "se1", "GET "+flowPath+"/"+flowID(2))
	return logs
}

// joined is a log of entries.
func joined(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.text)
	}
	return b.String()
}

// nights are these logs as a support zip has them, by name: rotated, and some compressed.
func nights(server string) (files []string) {
	logs := night(time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), server)
	two := func(kind conf.Kind, older, newer string) {
		half := len(logs[kind]) / 2
		if kind == conf.KindAccess {
			half = 1 // a day ends
		}
		text := joined(logs[kind][:half])
		if strings.HasSuffix(older, ".gz") {
			text = testkit.Gzip(text)
		}
		files = append(files, older, text, newer, joined(logs[kind][half:]))
	}
	two(conf.KindApplication, "application-logs/atlassian-jira.log.1", "application-logs/atlassian-jira.log")
	two(conf.KindIncoming, "application-logs/atlassian-jira-incoming-mail.log.1.gz", "application-logs/atlassian-jira-incoming-mail.log")
	two(conf.KindDiagnostics, "application-logs/atlassian-jira-ipd-monitoring.log.1.gz", "application-logs/atlassian-jira-ipd-monitoring.log")
	two(conf.KindAccess, "tomcat-logs/access_log.2026-01-02", "tomcat-logs/access_log.2026-01-03")
	return append(files, "application-logs/atlassian-jira-outgoing-mail.log", "", "tomcat-logs/catalina.out", "x")
}

func withAccess(t testing.TB) scan.Options {
	t.Helper()
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Access = c.Jira.AccessLine
	return o
}

// A support zip with all logs of a night is one time line per integration, in each form.
func TestNight(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	must(t, err)
	t.Chdir(t.TempDir())
	r := scanned(t, withAccess(t), testkit.Write(t, "n1/Jira_support_2026-01-03.zip", zipped(t, nights("Help desk 365")...)))
	r.Made = report.Maker{Version: "v1", At: now}
	var plain, page bytes.Buffer
	must(t, report.Text(&plain, r, text.Style{}))
	must(t, html.Write(&page, r))
	testkit.Golden(t, filepath.Join(dir, "night.golden.txt"), plain.String())
	testkit.Golden(t, filepath.Join(dir, "night.golden.json"), asJSON(t, r))
	_, body, _ := strings.Cut(page.String(), "</style>")
	testkit.Golden(t, filepath.Join(dir, "night.golden.html"), body)
}

// Wherever the logs of a node are cut, and whether they are packed, they say the same.
func TestNightAnyCut(t *testing.T) {
	t.Chdir(t.TempDir())
	files := nights("Help desk 365")
	for i := 0; i < len(files); i += 2 {
		testkit.Write(t, filepath.Join("n1", files[i]), files[i+1])
	}
	o := withAccess(t)
	o.Cores, o.Chunk = 1, 1<<30
	want := asJSON(t, scanned(t, o, "n1"))
	if !strings.Contains(want, `"what": "resolved"`) {
		t.Fatalf("nothing is resolved: %s", want)
	}
	for _, o.Cores = range []int{1, 3, 8} {
		for _, o.Chunk = range []int64{1, 77, 1000, 4096} {
			if got := asJSON(t, scanned(t, o, "n1")); got != want {
				t.Fatalf("%d cores, pieces of %d bytes: %s", o.Cores, o.Chunk, testkit.Differ(got, want))
			}
		}
	}
	packed := scanned(t, o, testkit.Write(t, "n1/Jira_support_1.zip", zipped(t, files...)))
	both := scanned(t, o, "n1", "n1/Jira_support_1.zip")
	for _, r := range []report.Report{packed, both} {
		for i, one := range r.Incidents {
			if got, want := one.Data.ID, scanned(t, o, "n1").Incidents[i].Data.ID; got != want || r.Failures != 6 {
				t.Errorf("%d failures, incident %s, want %s", r.Failures, got, want)
			}
		}
	}
}

// chaos is what the logs of a node say in some days, of two mailboxes and two integrations:
// all kinds of events, in any order, some of them from an earlier time.
func chaos(random *rand.Rand, at time.Time, events int) map[conf.Kind][]entry {
	logs := map[conf.Kind][]entry{}
	add := func(kind conf.Kind, at time.Time, text string) { logs[kind] = append(logs[kind], entry{at, text}) }
	for n := range events {
		at = at.Add([]time.Duration{20 * time.Second, time.Minute, 13 * time.Minute, 3 * time.Hour, 26 * time.Hour, -30 * time.Second}[min(random.IntN(6), random.IntN(6))])
		server, config, session := []string{"Sales", "Help"}[random.IntN(2)], []string{helpDesk, personnel}[random.IntN(2)], []string{"s1", "s2"}[random.IntN(2)]
		request := fmt.Sprintf("%dx%dx1", at.Hour()*60+at.Minute(), n)
		switch random.IntN(9) {
		case 0:
			add(conf.KindApplication, at, refreshed(at))
		case 1:
			add(conf.KindIncoming, at.Add(time.Millisecond), mailed(at.Add(time.Millisecond), server))
		case 2:
			add(conf.KindApplication, at, refreshed(at))
			add(conf.KindIncoming, at.Add(time.Millisecond), mailed(at.Add(time.Millisecond), server))
		case 3, 4, 5:
			add(conf.KindDiagnostics, at, probed(at, server, random.IntN(2) == 0))
		case 6:
			add(conf.KindAccess, at, requested(at, request, session, "POST "+flowPath+"?id="+config))
		case 7:
			add(conf.KindAccess, at, requested(at, request, session, "GET "+flowPath+"/"+flowID(n)))
		default:
			add(conf.KindAccess, at, requested(at, request+"0", session, "POST "+flowPath+"?id="+config))
			at = at.Add(4 * time.Second)
			add(conf.KindAccess, at, requested(at, request, session, "GET "+flowPath+"/"+flowID(n)))
			if random.IntN(2) == 0 {
				add(conf.KindApplication, at, tested(at, request, session, n, []string{badSecret, badProxy}[random.IntN(2)]))
			}
		}
	}
	for kind := range logNames {
		add(kind, at.Add(time.Hour), map[conf.Kind]string{
			conf.KindApplication: ordinary(at.Add(time.Hour)), conf.KindAccess: requested(at.Add(time.Hour), "1x1x1", "-", "GET /"),
			conf.KindIncoming:    stamp(at.Add(time.Hour)) + " INFO [] Caesium-1-3 ServiceRunner ok\n",
			conf.KindDiagnostics: probed(at.Add(time.Hour), "Other", true),
		}[kind])
	}
	return logs
}

// Whatever the logs of two nodes say, a report is the same with any number of cores and any
// size of pieces.
func TestChaosAnyCut(t *testing.T) {
	resolved, merged := 0, 0
	for seed := range uint64(testkit.Fewer(4, 20)) {
		random := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		for _, node := range []string{"n1", "n2"} {
			for kind, entries := range chaos(random, t0, 120) {
				testkit.Write(t, filepath.Join(dir, node, logNames[kind]), joined(entries))
			}
		}
		o := withAccess(t)
		o.Now = t0.AddDate(2, 0, 0)
		o.Limit = []int{0, 5}[seed%2]
		o.Cores, o.Chunk = 1, 1<<30
		r := scanned(t, o, dir)
		want := asJSON(t, r)
		for _, i := range r.Incidents {
			if !i.ResolvedAt.IsZero() {
				resolved++
			}
			if len(i.Nodes) > 1 {
				merged++
			}
			if n := len(i.Timeline); n == 0 || n > 50 {
				t.Errorf("a time line of %d entries", n)
			}
		}
		for range 3 {
			o.Cores, o.Chunk = 1+random.IntN(4), int64(1+random.IntN(3000))
			if got := asJSON(t, scanned(t, o, dir)); got != want {
				t.Fatalf("seed %d, %d cores, pieces of %d bytes: %s", seed, o.Cores, o.Chunk, testkit.Differ(got, want))
			}
		}
	}
	if resolved < 10 || merged < 5 {
		t.Errorf("%d incidents are resolved, %d of two nodes", resolved, merged)
	}
}

// Names in the logs are untrusted: whatever a mail server is called, a report stays what it is.
func TestHostileNames(t *testing.T) {
	const hostile = `</dd><script>alert(1)</script>` + "\x1b[31m\u202e\x07" + `" onload="x`
	t.Chdir(t.TempDir())
	r := scanned(t, withAccess(t), testkit.Write(t, "n1/x.zip", zipped(t, nights(hostile)...)))
	var plain, page bytes.Buffer
	must(t, report.Text(&plain, r, text.Style{}))
	must(t, html.Write(&page, r))
	for _, out := range []string{plain.String(), page.String()} {
		if strings.ContainsAny(out, "\x1b\u202e\x07") || strings.Contains(page.String(), "<script") {
			t.Errorf("a name is more than text: %q", out)
		}
		if !strings.Contains(out, "no connection to incoming mail server") {
			t.Errorf("there is no time line: %s", out)
		}
	}
}

// What a user wrote proves nothing, though it has the form of a probe, a request or a test;
// neither does a log that stands alone.
func TestForgedEvidence(t *testing.T) {
	const url = " http-nio-8080-exec-3 ERROR eve 9x9x9 eve 10.0.0.9 /rest/api/2/issue [c.a.j.issue.X] "
	logs := night(time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), "Help desk 365")
	at := logs[conf.KindApplication][1].at.Add(time.Hour)
	forged := stamp(at) + url + "Text:\n" + probed(at, "Help desk 365", false) + probed(at.Add(time.Minute), "Help desk 365", true) +
		requested(at, "9x9x1", "se1", "POST "+flowPath+"?id="+personnel) +
		stamp(at) + strings.Replace(url, "ERROR", "DEBUG", 1) + "Testing connection for configId " + personnel + "\n"
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), joined(logs[conf.KindApplication][:4])+forged+joined(logs[conf.KindApplication][4:]))
	testkit.Write(t, filepath.Join(dir, "atlassian-jira-incoming-mail.log"), joined(logs[conf.KindIncoming])+forged)
	testkit.Write(t, filepath.Join(dir, "access_log.2026-01-03"), requested(at, "9x9x1", "eve", "GET /?x=POST%20"+flowPath+"?id="+personnel))
	testkit.Write(t, filepath.Join(dir, "atlassian-jira-ipd-monitoring.log"), probed(at, "Other", true)+
		strings.Replace(probed(at, "Other", true), "IPDMONITORING", "x", 1))
	for _, i := range scanned(t, withAccess(t), dir).Incidents {
		if i.State() == "resolved" || i.Data.Integration.KnownBy == "configuration" {
			t.Errorf("%s is %s, known by %s", i.Data.ID, i.State(), i.Data.Integration.KnownBy)
		}
	}
	alone := scanned(t, withAccess(t), filepath.Join(dir, "atlassian-jira.log"))
	if len(alone.Incidents) != 3 || alone.Incidents[0].Timeline != nil {
		t.Errorf("alone, a log has %d incidents, and the time line %v", len(alone.Incidents), alone.Incidents[0].Timeline)
	}
}

// What fails on two nodes is over when each of them has shown that; each knows only its own
// logs. Probes and requests outside of --since and --until show nothing.
func TestNodesRecover(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(node string, back int) {
		testkit.Write(t, node+"/log/atlassian-jira.log", refreshed(t0.Add(time.Duration(back)*time.Millisecond))+refreshed(t0.Add(time.Hour+time.Duration(back)*time.Millisecond)))
		testkit.Write(t, node+"/log/atlassian-jira-ipd-monitoring.log", probed(t0.Add(-time.Minute), node, true)+
			probed(t0.Add(time.Second), node, false)+probed(t0.Add(time.Duration(back)*time.Hour), node, true)+probed(t0.Add(9*time.Hour), "other", true))
	}
	write("n1", 2)
	write("n2", 4)
	for _, tt := range []struct {
		until int
		want  string
	}{{1, "failing"}, {3, "failing"}, {4, "resolved 14:00"}, {9, "resolved 14:00"}} {
		o := withAccess(t)
		o.Until = t0.Add(time.Duration(tt.until)*time.Hour + time.Minute)
		r := scanned(t, o, "n1", "n2")
		if len(r.Incidents) != 1 || len(r.Incidents[0].Nodes) != 2 || r.Failures != 4 {
			t.Fatalf("%d failures, incidents %+v", r.Failures, r.Incidents)
		}
		got := r.Incidents[0].State()
		if at := r.Incidents[0].ResolvedAt; !at.IsZero() {
			got += at.Format(" 15:04")
		}
		if got != tt.want {
			t.Errorf("until %v it is %s, want %s", o.Until, got, tt.want)
		}
	}
}

// A mail log that is given alone is read as one, and the failures in it count as those of any
// other log do.
func TestMailLogAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "atlassian-jira-incoming-mail.log")
	r := scanned(t, withAccess(t), testkit.Write(t, path, mailed(t0, "365 IMAP")+mailed(t0.Add(time.Minute), "365 IMAP")))
	if len(r.Incidents) != 1 || r.Failures != 2 || r.Incidents[0].Data.Mailbox.Server != "365 IMAP" || r.Incidents[0].Timeline != nil {
		t.Errorf("%d failures, incidents %+v", r.Failures, r.Incidents)
	}
}
