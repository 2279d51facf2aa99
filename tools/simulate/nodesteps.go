package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// newNode draws a node: its settings, the evidence that there is, and what happens.
func newNode(w *world) *node {
	n := &node{w: w, dice: newDice(w.Seed, 99)}
	w.node = n
	d := n.dice
	if n.jira = !d.chance(5); n.jira {
		n.access, n.debug, n.mail, n.probes = !d.chance(3), d.chance(3), !d.chance(3), !d.chance(3)
		n.rest = d.pick("", "", "answers", "logs", "refuses")
	} else {
		n.debug = d.chance(3)
	}
	n.named = d.pick("", "configuration", "app_id", "mail_server")
	n.quiet = time.Duration(20+20*d.IntN(2)) * time.Minute
	if d.chance(2) {
		n.fold = 15 * time.Minute
	}
	if !d.chance(3) {
		n.skew = (d.pause(4*time.Minute) - 2*time.Minute).Round(time.Millisecond)
	}
	n.zone = time.FixedZone("", 3600*(d.IntN(5)-2))
	if d.chance(3) { // the access log gets another name in the middle
		w.machine.begin = w.machine.begin.Add(15*time.Hour + 45*time.Minute)
	}
	for i := range logs {
		if d.chance(2) {
			n.delay[i] = d.pause(4 * time.Second)
		}
	}
	n.delay[accessLog] /= 2
	for _, path := range []string{"log/atlassian-jira.log", "log/atlassian-jira-incoming-mail.log",
		"log/atlassian-jira-ipd-monitoring.log", "tomcat/access_log.%Y-%m-%d", "log/atlassian-jira-outgoing-mail.log"} {
		d := &disk{w: w, path: filepath.Join(w.dir, path), name: filepath.Base(path), configured: true, blank: true}
		w.must(os.MkdirAll(filepath.Dir(d.path), 0o755))
		w.disks = append(w.disks, d)
	}
	n.settle()
	from := time.Minute
	for range 1 + d.IntN(3)/2 {
		to := from + time.Duration(10+d.IntN(12))*time.Minute
		n.period(from, to)
		from = to.Truncate(time.Minute) + n.quiet + 5*time.Minute // Jira is stopped
	}
	n.order()
	n.operate()
	return n
}

// settle draws the mailboxes and who looks after them.
func (n *node) settle() {
	d := n.dice
	admins := 1 + d.IntN(3)
	shared := d.chance(4) // one application for two integrations
	for i := range 1 + d.IntN(4) {
		a := d.IntN(admins)
		b := &mailbox{
			n: i, config: fmt.Sprintf("c0000000-0000-4000-8000-%012d", i), name: fmt.Sprintf("Mailbox %d", i),
			app: fmt.Sprintf("a0000000-0000-4000-8000-%012d", i), server: fmt.Sprintf("Server %d", i),
			session: fmt.Sprintf("1sess%d", a), user: fmt.Sprintf("admin%d", a),
		}
		switch {
		case i > 0 || d.chance(2):
			b.handler = fmt.Sprint(10000 + i)
		default:
			b.blank = d.chance(2)
		}
		if i == 1 && shared {
			b.app = n.boxes[0].app
		}
		n.boxes = append(n.boxes, b)
	}
}

// period draws what happens while Jira runs.
func (n *node) period(from, to time.Duration) {
	d := n.dice
	minutes := int((to - from) / time.Minute)
	for _, b := range n.boxes {
		for start := from + 35*time.Second + time.Duration(d.IntN(minutes/2))*time.Minute; start < to && !d.chance(3); {
			end := start + time.Duration(1+d.IntN(8))*time.Minute + time.Duration(d.IntN(2)*23)*time.Second
			kind := d.IntN(4)
			b.outages = append(b.outages, outage{start, end, reasons[d.IntN(len(reasons))], kind != 0, kind != 1})
			if start = end; !d.chance(3) { // else it only fails for another cause
				start = end.Truncate(time.Minute) + time.Duration(2+d.IntN(4))*time.Minute + 35*time.Second
			}
		}
	}
	sessions := map[string]bool{}
	for _, b := range n.boxes {
		if !sessions[b.session] {
			sessions[b.session] = true
			n.administer(b.session, from, to)
		}
	}
	for minute := from; minute < to; minute += time.Minute {
		n.fetch(minute, from)
		n.say(&line{log: appLog, at: minute + 50*time.Second, text: n.stamp(minute+50*time.Second) +
			" Caesium-1-2 INFO ServiceRunner     [c.a.j.p.X] AADSTS7000222 is in the title of an issue\n"})
	}
}

// say is Jira writing a line.
func (n *node) say(l *line) { n.lines = append(n.lines, l) }

// fetch is a minute of Jira's mail handlers and of its diagnostics.
func (n *node) fetch(minute, from time.Duration) {
	d := n.dice
	for _, b := range n.boxes {
		at := minute + time.Duration(3+8*b.n)*time.Second + d.pause(500*time.Millisecond)
		if why := b.fails(at, true); why != nil {
			fetch := len(n.lines) + 1
			later := at + d.pause(500*time.Millisecond)
			poll := line{log: appLog, at: at, text: n.appLine(b, why, at), says: "poll", box: b, reason: why, fetch: fetch}
			n.say(&poll)
			again := poll
			again.log, again.at, again.text = mailLog, later, n.mailLine(b, why, later)
			n.say(&again)
		}
		at = minute + 45*time.Second + time.Duration(b.n)*time.Millisecond
		up := b.fails(at, true) == nil
		dull := minute > from && up == (b.fails(at-time.Minute, true) == nil)
		text := fmt.Sprintf(`%s Caesium-1-1 INFO anonymous     [ipd-monitoring-data-logger] IPDMONITORING `+
			`{"timestamp":"%d","label":"MAIL.INCOMING.CONNECTION.STATE","tags":{"serverName":"%s"},`+
			`"attributes":{"connected":"%t","totalFailures":"1"}}`+"\n", n.stamp(at), n.time(at).Unix(), b.server, up)
		n.say(&line{log: probeLog, at: at, text: text, says: "probe", box: b, up: up, dull: dull})
	}
}

// thrown is what a token that cannot be refreshed leaves in a log.
func (b *mailbox) thrown(why *reason) string {
	const exception = "com.atlassian.oauth2.client.api.storage.token.exception.RecoverableTokenException: " +
		"An error has occurred while refreshing OAuth token\n" +
		"\tat com.atlassian.oauth2.client.storage.DefaultTokenHandler.handleFailure(DefaultTokenHandler.java:187)\n" +
		"Caused by: %s\n" +
		"\tat com.atlassian.oauth2.client.lib.token.DefaultTokenService.getToken(DefaultTokenService.java:155)\n"
	said := why.of(b)
	if !strings.HasPrefix(said, "java.") {
		said = "com.atlassian.oauth2.client.api.lib.token.TokenServiceException: " + said
	}
	return fmt.Sprintf(exception, said)
}

func (n *node) appLine(b *mailbox, why *reason, at time.Duration) string {
	head := "ServiceRunner     [c.a.j.i.m.processor.feature.puller.MailPullerWorker] " +
		"Exception when MailPullerWorker pulls emails"
	if b.handler != "" {
		head = fmt.Sprintf("anonymous    Handler %d [c.a.mail.incoming.mailfetcherservice] "+
			"Handler %[1]d[%s]: Exception: x", b.n, b.handler)
	}
	return n.stamp(at) + " Caesium-1-3 ERROR " + head + "\n" + b.thrown(why)
}

func (n *node) mailLine(b *mailbox, why *reason, at time.Duration) string {
	server, message := b.server, "Exception when MailPullerWorker pulls emails: x"
	if b.handler != "" {
		message = fmt.Sprintf("Handler %d[%s]: Exception: x", b.n, b.handler)
	}
	if b.blank {
		server = ""
	}
	return fmt.Sprintf("%s ERROR [%s] Caesium-1-3 ServiceRunner %s\n%s", n.stamp(at), server, message, b.thrown(why))
}

// administer is what an administrator does, in one session.
func (n *node) administer(session string, from, to time.Duration) {
	d := n.dice
	mine := slices.DeleteFunc(slices.Clone(n.boxes), func(b *mailbox) bool { return b.session != session })
	for at := from + d.pause(4*time.Minute); at < to; {
		b := mine[d.IntN(len(mine))]
		switch d.IntN(8) {
		case 0: // the window is closed
			n.post(b, at)
			at += 3 * time.Second
		case 1, 2: // two tabs
			other := mine[d.IntN(len(mine))]
			n.post(b, at)
			at += d.pause(4*time.Second) + 1500*time.Millisecond
			n.post(other, at)
			if d.chance(2) {
				b, other = other, b
			}
			at = n.result(b, at+d.pause(8*time.Second)+2*time.Second)
			at = n.result(other, at+d.pause(8*time.Second)+2*time.Second)
		default:
			n.post(b, at)
			at = n.result(b, at+d.pause(14*time.Second)+2*time.Second)
		}
		at += 2*time.Second + d.pause([]time.Duration{15 * time.Second, time.Minute, 4 * time.Minute}[d.IntN(3)])
	}
}

// post is a click on "Test connection".
func (n *node) post(b *mailbox, at time.Duration) {
	request := n.request()
	n.say(&line{log: accessLog, at: at, says: "post", box: b,
		text: n.accessLine(b, request, "POST", "?id="+b.config, at)})
	if n.debug {
		n.say(&line{log: appLog, at: at, says: "debug", box: b, text: n.webLine(b, request, "DEBUG", "", at) +
			"Testing connection for configId " + b.config + "\n"})
	}
}

// result is the browser asking for the result of a new flow, and perhaps for the same page
// again. It returns when that is over.
func (n *node) result(b *mailbox, at time.Duration) time.Duration {
	d := n.dice
	flow := fmt.Sprintf("f0000000-0000-4000-8000-%012d", len(n.lines))
	why := b.fails(at, false)
	for n.get(b, flow, why, at); d.chance(4); n.get(b, flow, why, at) {
		at += 2*time.Second + d.pause(time.Minute)
	}
	if d.chance(12) { // and much later
		n.get(b, flow, why, at+15*time.Minute+d.pause(10*time.Minute))
	}
	return at
}

func (n *node) get(b *mailbox, flow string, why *reason, at time.Duration) {
	request := n.request()
	n.say(&line{log: accessLog, at: at, says: "get", box: b, flow: flow,
		text: n.accessLine(b, request, "GET", "/"+flow, at)})
	if why != nil {
		n.say(&line{log: appLog, at: at, says: "failure", box: b, flow: flow, reason: why,
			text: n.webLine(b, request, "ERROR", "/"+flow, at) + "Error occurred while authorizing an integration. " +
				"The error message is: " + why.of(b) + "\n"})
	}
}

func (n *node) request() string { return fmt.Sprintf("755x%dx2", len(n.lines)) }

func (n *node) webLine(b *mailbox, request, level, path string, at time.Duration) string {
	return fmt.Sprintf("%s http-nio-8080-exec-%d %s %s %s %s 10.1.2.3 /rest/oauth2-client/latest/config/flow%s "+
		"[c.a.o.c.rest.resource.ClientConfigurationResource] ", n.stamp(at), b.n, level, b.user, request, b.session, path)
}

func (n *node) accessLine(b *mailbox, request, method, path string, at time.Duration) string {
	return fmt.Sprintf("10.1.2.3 @1IOQ6UPx%s %s [%s] \"%s /rest/oauth2-client/latest/config/flow%s HTTP/1.1\" 200 85 17 "+
		"\"https://jira.example/\" \"Mozilla/5.0 (X11)\" \"%s\"\n",
		request, b.user, n.time(at).Format("02/Jan/2006:15:04:05 -0700"), method, path, b.session)
}

// order puts the lines into the order of their files, and delays them.
func (n *node) order() {
	slices.SortStableFunc(n.lines, func(a, b *line) int { return int(a.at - b.at) })
	flush := n.dice.pause(flushEvery)
	for _, l := range n.lines {
		l.due = l.at + n.delay[l.log]
		if l.log == accessLog {
			l.due = (l.at - flush).Truncate(flushEvery) + flushEvery + flush + n.delay[accessLog]
		}
	}
}

// operate draws what is done to the daemon.
func (n *node) operate() {
	last := n.lines[len(n.lines)-1].at
	at := 30 * time.Second
	for range n.dice.IntN(4) {
		at += n.dice.pause(last)
		if at > last {
			break
		}
		o := op{n.dice.pick("kill", "kill", "stop", "reload"), at, at}
		if o.do != "reload" {
			o.back += n.dice.pause(time.Minute)
		}
		n.ops = append(n.ops, o)
		at = o.back + 5*time.Second
	}
}
