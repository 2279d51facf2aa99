package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/jira"
	"jira-oauth-watcher/matchers"
)

// node is one Jira node with the people who use it. What it writes is known before the world
// begins: the daemon changes nothing of it, except that Jira may log the daemon's own requests.
type node struct {
	w     *world
	dice  *dice
	boxes []*mailbox
	lines []*line // in the order in which they are in their files
	ops   []op
	asked int
	tried int // orders of lines, until the model's alerts were those that have come

	jira, access, debug, mail, probes bool   // which evidence there is
	rest                              string // what Jira's REST API does: "" = it is not asked
	named                             string // by what the operator names integrations, "" = not at all
	fold, quiet                       time.Duration
	skew                              time.Duration // of the node's clock
	zone                              *time.Location
	delay                             [logs]time.Duration // between writing a line and its being in the file
}

// The logs of a node, in the order in which they are configured.
const (
	appLog = iota
	mailLog
	probeLog
	accessLog
	logs
)

// flushEvery is how often Tomcat writes its access log.
const flushEvery = 10 * time.Second

// mailbox is an integration, the mailbox that it is for, and its administrator.
type mailbox struct {
	n                 int
	config, name, app string
	server, handler   string // no handler: it is fetched by JSM's puller
	session, user     string
	blank             bool // the mail log does not show its server
	outages           []outage
}

// outage is a time in which a mailbox cannot be used.
type outage struct {
	from, to   time.Duration
	cause      *reason
	test, mail bool // what fails
}

// reason is why something fails.
type reason struct {
	id, text string
	app      bool // the text has the application's ID
}

var reasons = []*reason{
	{"entra-client-secret-expired", "AADSTS7000222: The provided client secret keys for app '%s' are expired.", true},
	{"entra-client-secret-invalid", "AADSTS7000215: Invalid client secret provided.", false},
	{"entra-consent-required", "AADSTS65001: The user or administrator has not consented to use the application " +
		"with ID '%s' named 'Jira'.", true},
	{"net-dns-unknown-host", "java.net.UnknownHostException: login.microsoftonline.com", false},
	{"net-read-timeout", "java.net.SocketTimeoutException: Read timed out", false},
}

func (r *reason) of(b *mailbox) string {
	if r.app {
		return fmt.Sprintf(r.text, b.app)
	}
	return r.text
}

// fails is why a test or a fetch of mail fails at a time, nil = it does not.
func (b *mailbox) fails(at time.Duration, mail bool) *reason {
	for _, o := range b.outages {
		if o.from <= at && at < o.to && (mail && o.mail || !mail && o.test) {
			return o.cause
		}
	}
	return nil
}

// line is what Jira writes at a time. It is in its file when it is due.
type line struct {
	log     int
	at, due time.Duration
	text    string

	// What it says, for the story and the model.
	says   string // post, get, debug, failure, poll or probe; "" = nothing of interest
	box    *mailbox
	flow   string
	reason *reason
	fetch  int // which fetch of mail has failed: two logs have it
	up     bool
	dull   bool // not in the story
}

func (l *line) String() string {
	said := []string{[]string{"application", "mail", "diagnostics", "access"}[l.log] + " log:", l.says, l.box.name}
	if l.flow != "" {
		said = append(said, "flow "+l.flow[len(l.flow)-4:])
	}
	if l.reason != nil {
		said = append(said, l.reason.id)
	}
	if l.says == "probe" {
		said = append(said, fmt.Sprintf("connected %t", l.up))
	}
	return strings.Join(said, " ") + fmt.Sprintf(" (of %s)", l.at.Round(time.Millisecond))
}

// op is something that is done to the daemon, which then is down for a time.
type op struct {
	do       string
	at, back time.Duration
}

// simulateNode runs the world of a node, and returns what is wrong.
func simulateNode(seed uint64, set *matchers.Set, model func(*oracle)) (*node, *broken) {
	w, err := newWorld(Setup{Seed: seed, Tmpfs: true, Receivers: 1, Start: "end", RetryFor: "24h", Repeat: "0"}, set)
	if err != nil {
		panic(err)
	}
	defer w.remove()
	n := newNode(w)
	return n, n.play(model)
}

// play writes the lines when they are due, and does to the daemon what is done to it.
func (n *node) play(model func(*oracle)) (wrong *broken) {
	defer func() { wrong = brokenBy(recover()) }()
	w := n.w
	w.narrate("%s", n.settings())
	for i := range logs { // there are no outgoing mails
		n.write(&line{log: i, text: n.stamp(0) + " main INFO      [c.a.jira.startup.JiraStartupLogger] Jira starts\n"})
	}
	w.must(w.start())
	due := slices.Clone(n.lines)
	slices.SortStableFunc(due, func(a, b *line) int { return int(a.due - b.due) })
	for _, o := range n.ops {
		due = n.until(due, o.at)
		w.narrate("%s", o.do)
		switch o.do {
		case "reload":
			w.must(w.reload())
			continue
		case "kill":
			w.must(w.kill())
		case "stop":
			w.must(w.stop())
		}
		due = n.until(due, o.back)
		w.narrate("start")
		w.must(w.start())
	}
	n.until(due, never)
	for range 10 { // time passes for the daemon when something may happen
		w.pass(n.quiet / 9)
	}
	w.checkStateRedacted()
	w.must(w.stop())
	n.checkTruth()
	n.check(model)
	return nil
}

// until writes what is due before a time, and returns the rest.
func (n *node) until(due []*line, at time.Duration) []*line {
	for len(due) > 0 && due[0].due <= at {
		n.w.pass(max(0, due[0].due-n.w.machine.mono))
		n.w.machine.busy = n.w.machine.mono
		n.write(due[0])
		due = due[1:]
	}
	if at != never {
		n.w.pass(max(0, at-n.w.machine.mono))
	}
	return due
}

// write appends a line to its log.
func (n *node) write(l *line) {
	d := n.w.disks[l.log]
	path := d.path
	if l.log == accessLog {
		path = filepath.Join(filepath.Dir(path), "access_log."+n.time(l.at).Format("2006-01-02"))
	}
	if d.active == nil || d.active.name != path {
		if d.active != nil {
			d.rotated = append(d.rotated, d.active)
		}
		d.active = d.create(path, nil)
	}
	d.append(d.active, l.text)
	if l.says != "" && !l.dull {
		n.w.narrate("%s", l)
	}
}

func (n *node) settings() string {
	return fmt.Sprintf("[jira] %t, access log %t, debug %t, mail log %t, diagnostics %t, REST %q, named by %q, fold %s, "+
		"quiet %s, skew %s, delays %v", n.jira, n.access, n.debug, n.mail, n.probes, n.rest, n.named, n.fold, n.quiet, n.skew, n.delay)
}

// time is what the node's clock shows.
func (n *node) time(at time.Duration) time.Time { return n.w.machine.begin.Add(at + n.skew).In(n.zone) }

func (n *node) stamp(at time.Duration) string { return stamp(n.time(at)) }

// config is the configuration of the daemon.
func (n *node) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "node = \"jira-1\"\nstate_dir = %q\n", n.w.stateDir())
	b.WriteString("[alerts]\nrepeat_interval = \"0\"\nstorm = 0\n")
	fmt.Fprintf(&b, "quiet_after = %q\nfold_retries = %q\n", n.quiet, n.fold)
	if b.WriteString("[integrations]\n"); n.named != "" {
		for _, box := range n.boxes {
			id := map[string]string{"configuration": box.config, "app_id": box.app, "mail_server": box.server}[n.named]
			if n.named != "app_id" || n.unique(box) {
				fmt.Fprintf(&b, "%q = %q\n", id, box.name)
			}
		}
	}
	if n.jira {
		fmt.Fprintf(&b, "[jira]\nhome = %q\nmail_logs = %t\ndiagnostics_log = %t\n", n.w.dir, n.mail, n.probes)
		if n.access {
			fmt.Fprintf(&b, "access_log = %q\n", n.w.disks[accessLog].path)
		}
	} else {
		fmt.Fprintf(&b, "[[log]]\npath = %q\n", n.w.disks[appLog].path)
	}
	fmt.Fprintf(&b, "[[webhook]]\nname = \"a\"\nurl = \"https://a.example/hook/%s\"\n", n.w.secret("Hook"))
	return b.String()
}

// Integrations is Jira's REST API. It answers at once: the daemon's logs wait for each other
// with a lock here, of which simulated time knows nothing.
func (n *node) Integrations(context.Context) (jira.Answer, error) {
	n.asked++
	a := jira.Answer{RequestID: fmt.Sprintf("755x9%dx1", n.asked)}
	if n.rest == "logs" { // a failure of the daemon's own request
		now := n.w.machine.mono
		n.write(&line{log: appLog, at: now, text: n.stamp(now) + " http-nio-8080-exec-9 ERROR watcher " + a.RequestID +
			" 1own 10.9.9.9 /rest/oauth2-client/latest/config [c.a.o.c.rest.resource.ClientConfigurationResource] " +
			"Error occurred: java.net.ConnectException: Connection timed out\n"})
	}
	if n.rest == "refuses" {
		return a, &jira.Error{Err: errors.New("refused the token")}
	}
	for _, b := range n.boxes {
		a.Integrations = append(a.Integrations, jira.Integration{
			ID: b.config, Name: b.name, ClientID: b.app,
			Scopes:                []string{"https://outlook.office365.com/IMAP.AccessAsUser.All"},
			AuthorizationEndpoint: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
			TokenEndpoint:         "https://login.microsoftonline.com/common/oauth2/v2.0/token",
		})
	}
	return a, nil
}

// check compares what has arrived with what the model expects. Lines that become readable at
// almost the same time may be read in either order: one of the model's orders has to fit.
func (n *node) check(model func(*oracle)) {
	var closest []string
	for try := range uint64(200) {
		n.tried++
		o := newOracle(n, newDice(n.w.Seed, try), try > 0)
		if model != nil {
			model(o)
		}
		wrong := n.differences(o.run())
		if len(wrong) == 0 {
			return
		}
		if try == 0 || len(wrong) < len(closest) {
			closest = wrong
		}
	}
	n.w.fail("the alerts are what the evidence proves", "\n  %s", strings.Join(closest, "\n  "))
}

// differences are the incidents that have been alerted to and are not wanted, and the others.
func (n *node) differences(wants []*want) (wrong []string) {
	of := map[alert.ID][]alert.Data{}
	var order []alert.ID
	for _, a := range n.w.receivers[0].alerts {
		id := a.Data.ID.Incident()
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], a.Data)
	}
	wants = slices.DeleteFunc(slices.Clone(wants), func(w *want) bool { return len(w.alerts) == 0 })
	for _, id := range order {
		i := slices.IndexFunc(wants, func(w *want) bool { return w.is(of[id]) })
		if i >= 0 {
			wants = slices.Delete(wants, i, i+1)
			continue
		}
		var said []string
		for _, d := range of[id] {
			said = append(said, shown(d))
		}
		wrong = append(wrong, "came: "+strings.Join(said, "; "))
	}
	for _, w := range wants {
		wrong = append(wrong, "want: "+w.String())
	}
	return wrong
}

// checkTruth compares what has arrived with what was the case, whatever could be known of it:
// an alert is about a mailbox that has failed for this cause, and at the end one of its works.
func (n *node) checkTruth() {
	for _, a := range n.w.receivers[0].alerts {
		d := a.Data
		ident := d.Integration.KnownBy + " " + d.Integration.ID
		of := func(l *line) bool {
			b := l.box
			return slices.Contains([]string{"flow " + l.flow, "configuration " + b.config, "app_id " + b.app,
				serverIdent(b), "handler handler-" + b.handler, "nothing unknown"}, ident)
		}
		at := d.ResolvedAt.Sub(n.w.machine.begin) - n.skew
		so := slices.ContainsFunc(n.lines, func(l *line) bool {
			if mail := d.Phase != alert.PhaseTest; d.Kind == alert.Resolved {
				return l.reason != nil && of(l) && (l.box.fails(at, mail) == nil || l.box.fails(at+time.Second, mail) == nil) // it has whole seconds
			}
			return l.reason != nil && of(l) && l.reason.id == d.Cause.ID
		})
		if !so {
			n.w.fail("an alert is true", "%s", shown(d))
		}
	}
}

// shown is an alert in a few words.
func shown(d alert.Data) string {
	return fmt.Sprintf("%s %s of %s %s, named %q", d.Kind, d.Cause.ID, d.Integration.KnownBy, d.Integration.ID, nameOf(d))
}

func nameOf(d alert.Data) string {
	if d.Integration.Name == nil {
		return ""
	}
	return *d.Integration.Name
}
