package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// oracle is what the evidence in a node's logs proves, told by the lines and the times at
// which they can be read. It knows nothing of the program's own state.
type oracle struct {
	n     *node
	dice  *dice
	loose bool          // lines are read a little later than they could be
	quick time.Duration // for how long evidence is waited for
	proof time.Duration // how long after its request was read a test has succeeded

	now       time.Duration
	clicks    []*line             // that have been read
	asked     map[string]bool     // flows whose GET the access log has shown
	failed    map[string]bool     // flows
	bound     map[string]*mailbox // flows whose configuration is known
	proofs    []*proof            // that are due
	worked    map[*mailbox]time.Duration
	runs      map[string]*want  // the last incident of each key
	same      map[string]string // the key of what else an incident is known by
	tries     map[string]*want  // by who failed with what
	sightings map[int]*sighting // by the fetch of mail
	servers   map[*mailbox]*server
	wants     []*want
}

// want is an incident that the model expects, with its alerts.
type want struct {
	key            string
	who            string // made its last attempt
	open           bool
	box            *mailbox // whose configuration is known, nil = none is
	idents         []string // what it has been called by
	boxes          []*mailbox
	first, last    time.Duration // by the node's clock
	test           bool          // its last failure is that of a test
	mail           bool          // a mailbox failed, too
	cause          string
	told           map[string]bool
	awaits, closes time.Duration
	ended          time.Duration // by evidence; 0 = not
	alerts         []wanted
}

// wanted is one alert that the model expects.
type wanted struct {
	kind   alert.Kind
	cause  string
	idents []string // one of these
	names  []string // one of these; "" = none
}

type proof struct {
	due, asked time.Duration
	flow       string
	done       bool
}

// sighting is where one log's report of a failed fetch was placed.
type sighting struct {
	log      int
	in       *want
	blank    bool // nothing shows the mailbox of the incident
	repeated bool
}

type server struct {
	up         bool
	lost, back time.Duration // by the node's clock, 0 = never
}

func newOracle(n *node, d *dice, loose bool) *oracle {
	return &oracle{
		n: n, dice: d, loose: loose, quick: 15 * time.Second, proof: 10 * time.Second,
		asked: map[string]bool{}, failed: map[string]bool{}, bound: map[string]*mailbox{},
		worked: map[*mailbox]time.Duration{}, runs: map[string]*want{}, same: map[string]string{},
		tries: map[string]*want{}, sightings: map[int]*sighting{}, servers: map[*mailbox]*server{},
	}
}

// lag is how much later something happens than it could.
func (o *oracle) lag(usual, most time.Duration) time.Duration {
	if !o.loose {
		return usual
	}
	return o.dice.pause(most)
}

// up is the time from which the daemon runs, at or after a time.
func (o *oracle) up(at, after time.Duration) time.Duration {
	for _, op := range o.n.ops {
		if at >= op.at && at < op.back+after {
			at = op.back + after
		}
	}
	return at
}

// tick is when the daemon looks at what is due by time.
func (o *oracle) tick(at time.Duration) time.Duration {
	return o.up(at+o.lag(time.Second, 2200*time.Millisecond), 2*time.Second)
}

// run reads all lines in their order, and returns the incidents.
func (o *oracle) run() []*want {
	type read struct {
		*line
		at time.Duration
	}
	var all []read
	for log := range logs {
		reads := o.n.reads(log)
		lines := slices.DeleteFunc(slices.Clone(o.n.lines), func(l *line) bool { return l.log != log || !reads })
		before := time.Duration(0)
		for i, l := range lines {
			if l.says == "debug" && i+1 < len(lines) { // is complete with the next header
				l = &line{says: "debug", box: l.box, at: l.at, due: lines[i+1].due}
			}
			before = max(before, o.up(l.due, 0)+o.lag(20*time.Millisecond, 400*time.Millisecond))
			all = append(all, read{l, before})
		}
	}
	slices.SortStableFunc(all, func(a, b read) int { return cmp.Compare(a.at, b.at) })
	for _, r := range all {
		o.settle(r.at)
		o.now = r.at
		o.take(r.line)
	}
	o.settle(never)
	return o.wants
}

// reads reports whether the daemon reads a log.
func (n *node) reads(log int) bool {
	return [logs]bool{appLog: true, mailLog: n.jira && n.mail, probeLog: n.jira && n.probes, accessLog: n.access}[log]
}

func (o *oracle) take(l *line) {
	switch l.says {
	case "post", "debug", "get":
		if o.n.jira {
			o.click(l)
		}
	case "failure":
		if o.failed[l.flow] = true; o.n.jira {
			o.click(l)
		}
		o.tested(l)
	case "poll":
		o.fetched(l)
	case "probe":
		o.probed(l)
	}
}

// settle does what is due by time.
func (o *oracle) settle(until time.Duration) {
	for {
		due, what := until, func() {}
		for _, w := range o.wants {
			if w.open && w.awaits > 0 && w.awaits < due {
				due, what = w.awaits, func() { o.overdue(w) }
			}
			if w.open && w.closes < due {
				due, what = w.closes, func() { o.end(w, alert.Quiet, 0) }
			}
		}
		for _, p := range o.proofs {
			if !p.done && p.due < due {
				due, what = p.due, func() { o.prove(p) }
			}
		}
		if due == until {
			return
		}
		o.now = due
		what()
	}
}

// click takes a request. Once it is known which POSTs there were before it, a flow is that of
// the only configuration that waits for one in its session.
func (o *oracle) click(l *line) {
	if l.says == "get" && !o.asked[l.flow] {
		o.asked[l.flow] = true
		o.proofs = append(o.proofs, &proof{o.tick(o.now + o.proof), l.at, l.flow, false})
	}
	o.clicks = append(o.clicks, l)
	of := o.assign(l.box.session)
	for _, flow := range slices.Sorted(maps.Keys(of)) {
		if o.bound[flow] == nil && (o.asked[flow] || o.n.debug) {
			o.bound[flow] = of[flow]
			o.known(flow, of[flow])
		}
	}
}

// assign is the configuration of each flow of a session, as far as it is known.
func (o *oracle) assign(session string) map[string]*mailbox {
	var clicks []*line
	for _, c := range o.clicks {
		twice := slices.ContainsFunc(clicks, func(x *line) bool {
			return x.box == c.box && x.flow == c.flow && (x.at == c.at || c.flow != "")
		})
		if c.box.session == session && !twice {
			clicks = append(clicks, c)
		}
	}
	slices.SortStableFunc(clicks, func(a, b *line) int { return cmp.Compare(a.at, b.at) })
	of := map[string]*mailbox{}
	var posts []*line
	var unclear []*line // flows that are of one of these
	for _, c := range clicks {
		if c.flow == "" {
			posts = append(posts, c)
			continue
		}
		old := func(x *line) bool { return c.at-x.at > 10*time.Minute }
		posts, unclear = slices.DeleteFunc(posts, old), slices.DeleteFunc(unclear, old)
		switch {
		case len(posts) == 0:
			continue
		case len(unclear) == 0 && !slices.ContainsFunc(posts, func(p *line) bool { return p.box != posts[0].box }):
			of[c.flow] = posts[0].box
			posts = posts[1:]
		default:
			unclear = append(unclear, c)
		}
		if len(unclear) >= len(posts) {
			posts, unclear = nil, nil
		}
	}
	return of
}

// known is a flow whose configuration has become known: its incident is that of the
// configuration, and a retry if it waits and there is one already.
func (o *oracle) known(flow string, box *mailbox) {
	w, other := o.runs["flow "+flow], o.runs[o.key("configuration "+box.config)]
	switch {
	case w == nil || !w.open || w.box != nil:
	case other != nil && other.open && other != w && w.awaits > 0:
		w.open, w.ended = false, 0
		o.wants = slices.DeleteFunc(o.wants, func(x *want) bool { return x == w })
		o.step(other, w.last, w.cause, w.test, "", box)
		o.tries[w.who] = other
	default:
		if w.box = box; other == nil || !other.open {
			o.same["configuration "+box.config] = w.key
		}
		if w.awaits > 0 {
			o.tell(w, alert.Opened)
			o.tries[w.who] = w
		}
	}
}

// overdue is an incident for which no evidence has come: a retry, or a new one.
func (o *oracle) overdue(w *want) {
	if try := o.tries[w.who]; o.retries(try, w.cause, w.last) {
		w.open = false
		o.wants = slices.DeleteFunc(o.wants, func(x *want) bool { return x == w })
		o.step(try, w.last, w.cause, true, "", w.boxes[0])
		return
	}
	o.tell(w, alert.Opened)
	o.tries[w.who] = w
}

func (o *oracle) retries(try *want, cause string, at time.Duration) bool {
	return o.n.fold > 0 && try != nil && try.open && try.cause == cause && (at-try.last).Abs() <= o.n.fold
}

// identified is the mailbox whose configuration Jira's REST API knows by what a failure shows.
func (o *oracle) identified(l *line) *mailbox {
	if o.n.answers() && l.reason.app && o.n.unique(l.box) {
		return l.box
	}
	return nil
}

// unique reports whether no other integration has the same application.
func (n *node) unique(box *mailbox) bool {
	return !slices.ContainsFunc(n.boxes, func(b *mailbox) bool { return b != box && b.app == box.app })
}

func (n *node) answers() bool { return n.rest == "answers" || n.rest == "logs" }

// tested takes a test that has failed.
func (o *oracle) tested(l *line) {
	box := cmp.Or(o.bound[l.flow], o.identified(l))
	who := fmt.Sprint(l.box.session, l.reason.id)
	if l.reason.app {
		who += l.box.app
	}
	key, ident := "flow "+l.flow, "flow "+l.flow
	if box != nil {
		key, ident = "configuration "+box.config, "configuration "+box.config
	}
	w := o.runs[o.key(key)]
	try := o.tries[who]
	if box == nil && (w == nil || !w.open) && o.retries(try, l.reason.id, l.at) && !(o.n.access && try.test) {
		w = try
	}
	if w != nil && !w.open && w.ended > 0 && l.at <= w.ended {
		return
	}
	if w == nil || !w.open {
		delete(o.same, key)
		w = o.begin(l.at, key)
	}
	if w.box == nil {
		w.box = box
	}
	w = o.step(w, l.at, l.reason.id, true, ident, l.box)
	if w.who = who; w.awaits == 0 {
		o.tries[who] = w
	}
	if box != nil {
		o.worksAgain(box)
	}
}

// key is that of the incident of what a mailbox is known by.
func (o *oracle) key(id string) string { return cmp.Or(o.same[id], id) }

// begin is a new incident.
func (o *oracle) begin(at time.Duration, key string) *want {
	w := &want{key: key, open: true, first: at, last: at, told: map[string]bool{}}
	o.runs[key] = w
	o.wants = append(o.wants, w)
	return w
}

// step adds a failure to an incident.
func (o *oracle) step(w *want, at time.Duration, cause string, test bool, ident string, box *mailbox) *want {
	if at-w.last >= o.n.quiet {
		w.open = false
		box := w.box
		w = o.begin(at, w.key)
		w.box = box
	}
	w.last, w.test, w.cause = max(w.last, at), test, cause
	w.mail = w.mail || !test
	w.closes = o.tick(o.now + o.n.quiet + o.lag(0, idleSettle))
	if ident != "" && !slices.Contains(w.idents, ident) {
		w.idents = append(w.idents, ident)
	}
	if !slices.Contains(w.boxes, box) {
		w.boxes = append(w.boxes, box)
	}
	others := func(x *want) bool { return x != w && x.open && x.test }
	switch {
	case w.awaits > 0 && test && w.box == nil: // not longer for a page that is loaded again
	case len(w.alerts) == 0 && test && w.box == nil && o.n.access && slices.ContainsFunc(o.wants, others):
		w.awaits = o.tick(o.now + o.quick)
	case len(w.alerts) == 0:
		o.tell(w, alert.Opened)
	case !w.told[cause]:
		o.tell(w, alert.Changed)
	}
	return w
}

// tell adds an alert.
func (o *oracle) tell(w *want, kind alert.Kind) {
	w.awaits, w.told[w.cause] = 0, true
	a := wanted{kind: kind, cause: w.cause, idents: w.idents, names: []string{""}}
	if w.box != nil {
		a.idents = []string{"configuration " + w.box.config}
		if o.n.named == "configuration" || o.n.answers() {
			a.names = nil
		}
	}
	for _, b := range w.boxes {
		a.names = append(a.names, b.name)
	}
	w.alerts = append(w.alerts, a)
}

// end ends an incident.
func (o *oracle) end(w *want, kind alert.Kind, at time.Duration) {
	if w.open, w.ended = false, at; len(w.alerts) > 0 {
		o.tell(w, kind)
	}
}

// prove is a test that is known by now to have succeeded, if it has.
func (o *oracle) prove(p *proof) {
	p.done = true
	box := o.bound[p.flow]
	if box == nil || o.failed[p.flow] {
		return
	}
	o.worked[box] = max(o.worked[box], p.asked)
	o.worksAgain(box)
}

// worksAgain ends the incidents of tests from before the last one that succeeded.
func (o *oracle) worksAgain(box *mailbox) {
	at := o.worked[box]
	for _, w := range slices.Clone(o.wants) {
		if w.open && w.box == box && !w.mail && w.last <= at {
			o.end(w, alert.Resolved, at)
		}
	}
}

func (w *want) String() string {
	var b strings.Builder
	for _, a := range w.alerts {
		fmt.Fprintf(&b, "%s %s of %q, named %q; ", a.kind, a.cause, a.idents, a.names)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// is reports whether these are the alerts of an incident.
func (w *want) is(alerts []alert.Data) bool {
	return slices.EqualFunc(w.alerts, alerts, func(a wanted, d alert.Data) bool {
		name := nameOf(d)
		ident := d.Integration.KnownBy + " " + d.Integration.ID
		return a.kind == d.Kind && a.cause == d.Cause.ID && slices.Contains(a.idents, ident) &&
			slices.Contains(a.names, name)
	})
}

func serverIdent(b *mailbox) string { return "mail_server " + matchers.ServerID(b.server) }
