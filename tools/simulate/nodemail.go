package main

import (
	"fmt"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// idents are what a failed fetch of mail shows of its mailbox in a log, the best first.
func (o *oracle) idents(l *line) (ids []string) {
	b := l.box
	if o.n.jira && o.identified(l) != nil {
		ids = append(ids, "configuration "+b.config)
	}
	if l.reason.app {
		ids = append(ids, "app_id "+b.app)
	}
	if l.log == mailLog && !b.blank {
		ids = append(ids, serverIdent(b))
	}
	if b.handler != "" {
		ids = append(ids, "handler handler-"+b.handler)
	}
	return ids
}

// fetched takes a failed fetch of mail, as one log has it.
func (o *oracle) fetched(l *line) {
	ids := o.idents(l)
	own := fmt.Sprint("nothing ", l.log)
	ident := "nothing unknown"
	if len(ids) > 0 {
		own, ident = ids[0], ids[0]
	}
	if !o.n.jira {
		w := o.runs[own]
		if w == nil || !w.open {
			w = o.begin(l.at, own)
		}
		o.step(w, l.at, l.reason.id, false, ident, l.box)
		return
	}
	w, counted := o.place(l, ids, own)
	if counted {
		return
	}
	if w.box == nil {
		w.box = o.identified(l)
	}
	o.step(w, l.at, l.reason.id, false, ident, l.box)
	o.recovered()
}

// place finds the incident of a failed fetch. counted says that the other log has reported it
// already, or that it is over.
func (o *oracle) place(l *line, ids []string, own string) (w *want, counted bool) {
	known := ids
	if len(known) == 0 {
		known = []string{own + " " + l.reason.id}
	}
	for _, id := range append(slices.Clone(known), own) {
		if is := o.runs[o.key(id)]; is != nil && !is.open && is.ended > 0 && l.at <= is.ended {
			return is, true
		}
	}
	for _, id := range known {
		switch is := o.runs[o.key(id)]; {
		case is == nil || !is.open:
			delete(o.same, id)
		case w == nil:
			w = is
		}
	}
	found := w != nil
	if is := o.runs[own]; w == nil && is != nil && is.open {
		w = is
	}
	if w == nil && len(ids) == 0 {
		w = o.onlyLost(l.at)
	}
	twin := o.sightings[l.fetch]
	switch {
	case twin == nil || twin.repeated || twin.log == l.log:
	case len(ids) == 0 || twin.in == w || twin.blank && !found && !o.claimed(twin.in):
		if twin.repeated, counted = true, true; len(ids) == 0 || !found {
			w = twin.in
		}
	}
	if w == nil {
		w = o.begin(l.at, own)
	}
	for _, id := range known {
		if id != w.key && (len(ids) > 0 || w.key != own) {
			o.same[id] = w.key
		}
	}
	o.sightings[l.fetch] = &sighting{l.log, w, len(ids) == 0 && w.key == own, counted}
	return w, counted
}

// claimed reports whether an incident is that of a known mailbox.
func (o *oracle) claimed(w *want) bool {
	for _, key := range o.same {
		if key == w.key {
			return true
		}
	}
	return false
}

const nearby = 2 * time.Minute

// onlyLost is the incident of the only server that was lost when a failure came.
func (o *oracle) onlyLost(at time.Duration) (w *want) {
	lost := 0
	for b, s := range o.servers {
		if !s.up && (s.lost-at).Abs() <= nearby {
			lost++
			w = o.runs[o.key(serverIdent(b))]
		}
	}
	if lost != 1 || w == nil || !w.open {
		return nil
	}
	return w
}

// probed takes what the diagnostics say.
func (o *oracle) probed(l *line) {
	s, at := o.servers[l.box], l.at.Truncate(time.Second)
	if s == nil { // one that is seen for the first time was not lost just now
		s = &server{up: l.up}
		o.servers[l.box] = s
	}
	was := s.up
	if s.up = l.up; was && !l.up {
		s.lost = at
	}
	if !was && l.up {
		s.back = at
		o.recovered()
	}
}

// recovered ends the incident of a mailbox whose server is back.
func (o *oracle) recovered() {
	for _, b := range o.n.boxes {
		if s := o.servers[b]; s != nil && s.up && s.back > 0 {
			if w := o.outageOf(b); w != nil && w.last <= s.back && w.first <= s.back {
				o.end(w, alert.Resolved, s.back)
				return
			}
		}
	}
}

// outageOf is the incident that a server which is back has ended: its own, or else the only
// one in the background, which no server is known of and which began when only this was lost.
func (o *oracle) outageOf(b *mailbox) *want {
	var background []*want
	for _, w := range o.wants {
		if w.open && w.mail {
			background = append(background, w)
		}
	}
	if w := o.runs[o.key(serverIdent(b))]; w != nil && slices.Contains(background, w) {
		for _, other := range o.n.boxes {
			s := o.servers[other]
			if joined := o.key(serverIdent(other)) == w.key; joined && (s == nil || !s.up || s.back == 0) {
				return nil
			}
		}
		return w
	}
	if len(background) != 1 {
		return nil
	}
	w, mine := background[0], false
	for _, other := range o.n.boxes {
		if o.key(serverIdent(other)) == w.key {
			return nil
		}
		s := o.servers[other]
		switch near := s != nil && s.lost > 0 && (s.lost-w.first).Abs() <= nearby; {
		case near && other != b:
			return nil
		case near:
			mine = true
		}
	}
	if !mine {
		return nil
	}
	return w
}
