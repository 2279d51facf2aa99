package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
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
