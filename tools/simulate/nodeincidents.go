package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

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
