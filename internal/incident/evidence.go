package incident

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Several logs of one Jira say something of one failure of a mailbox: atlassian-jira.log and
// a mail log have the same exception, with more or less of what the mailbox is known by, and
// the diagnostics log says when its server can be reached again. Nothing says in which order
// they come.

const (
	sameFailure  = 2 * time.Second // two logs have one failure within this
	turnedFalse  = 2 * time.Minute // a server that was lost within this of an incident may be its
	maxSightings = 64
	maxSame      = 1000
	maxServers   = 200
	maxProbed    = 1000 // mail servers whose last probes are remembered
)

// Evidence is what several logs have reported about mailboxes. The zero value is empty.
type Evidence struct {
	// Same maps an identifier of a mailbox to the key of its incident, if that key is different.
	Same map[string]string `json:"same,omitempty"`
	// Recent are the last failures without a flow.
	Recent []Sighting `json:"recent,omitempty"`
	// Servers are mail servers by direction and name.
	Servers map[string]Server `json:"servers,omitempty"`
	// Ended is when an incident ended by evidence. An earlier failure that arrives late does not
	// open another incident.
	Ended map[string]time.Time `json:"ended,omitempty"`
	// Clicks are the last requests in tests of integrations, ordered by time.
	Clicks []matchers.Click `json:"clicks,omitempty"`
	// Flows are the last tests.
	Flows []Flow `json:"flows,omitempty"`
	// Blind is when lines of Jira's log were last found to be missing.
	Blind time.Time `json:"blind,omitzero"`
	// Own are the watcher's last requests to Jira.
	Own []Own `json:"own,omitempty"`
}

// Sighting is a failure as reported by one log.
type Sighting struct {
	At    time.Time `json:"at"`
	Key   string    `json:"key"`
	Cause string    `json:"cause"`
	Log   string    `json:"log"`
	Blank bool      `json:"blank,omitempty"` // nothing identifies the mailbox of the incident
	Twin  bool      `json:"twin,omitempty"`  // the other log's report of it has been found
}

// Server is what Jira's diagnostics report about a mail server.
type Server struct {
	ID        string    `json:"id"` // the integration ID derived from the server
	Connected bool      `json:"connected,omitempty"`
	Failed    int       `json:"failed,omitempty"` // probes in a row, at most UnreachableAfter
	Lost      time.Time `json:"lost,omitzero"`    // when the connection was last lost, or found to be lost
	Turned    bool      `json:"turned,omitempty"` // there was a connection before that
	Back      time.Time `json:"back,omitzero"`    // when it was restored after that
}

// UnreachableAfter is how many probes in a row must fail before a mail server counts as
// unreachable.
const UnreachableAfter = 3

// Place finds the incident of a failure without a flow: an open one that shares an identifier with
// the event, or the one of the same failure that another log has just reported. repeated reports
// that the failure was already counted there.
func (e Evidence) Place(f matchers.Failure, own string, at time.Time, log string, open func(key string) bool) (
	_ Evidence, key string, repeated bool) {
	e.Same, e.Recent = maps.Clone(e.Same), slices.Clone(e.Recent)
	known := f.Known
	if len(known) == 0 { // until the next failure that shows more, for this cause
		known = []string{own + "/" + f.Cause.ID}
	}
	over := func(key string) bool { return !open(key) && !at.After(e.Ended[key]) }
	for _, id := range append(slices.Clone(known), own) {
		if to := e.KeyOf(id); over(to) {
			return e.saw(Sighting{at, to, f.Cause.ID, log, false, false}), to, true
		}
	}
	maps.DeleteFunc(e.Same, func(id, to string) bool { return slices.Contains(known, id) && !open(to) })
	key = own
	found := slices.IndexFunc(known, func(id string) bool { return open(e.KeyOf(id)) })
	if found >= 0 {
		key = e.KeyOf(known[found])
	}
	if found < 0 && len(f.Known) == 0 && !open(own) {
		key = cmp.Or(e.unexplained(at, open), key)
	}
	if i := e.twin(f, key, found >= 0, at, log); i >= 0 {
		twin := &e.Recent[i]
		twin.Twin, repeated = true, true
		if len(f.Known) == 0 || found < 0 {
			key = twin.Key
		}
	}
	if key != own || len(f.Known) > 0 {
		e.join(known, key, open)
	}
	return e.saw(Sighting{at, key, f.Cause.ID, log, len(f.Known) == 0 && key == own, repeated}), key, repeated
}

func (e Evidence) saw(s Sighting) Evidence {
	e.Recent = added(e.Recent, s, maxSightings)
	return e
}

// KeyOf is the key of the incident that an identifier of a mailbox belongs to.
func (e Evidence) KeyOf(id string) string { return cmp.Or(e.Same[id], id) }

// twin is the report of the same failure by another log, -1 = none. A report that does not
// identify its mailbox is a twin of any; its incident accepts only one mailbox.
func (e Evidence) twin(f matchers.Failure, key string, placed bool, at time.Time, log string) int {
	return slices.IndexFunc(e.Recent, func(s Sighting) bool {
		switch {
		case s.Twin, s.Log == log, s.Cause != f.Cause.ID, s.At.Sub(at).Abs() > sameFailure:
			return false
		case len(f.Known) == 0 || s.Key == key:
			return true
		}
		return s.Blank && !placed && !slices.Contains(slices.Collect(maps.Values(e.Same)), s.Key)
	})
}

// join notes that a mailbox belongs to an incident.
func (e *Evidence) join(known []string, key string, open func(key string) bool) {
	if e.Same == nil {
		e.Same = map[string]string{}
	}
	if len(e.Same) >= maxSame {
		maps.DeleteFunc(e.Same, func(_, to string) bool { return !open(to) })
	}
	for _, id := range known {
		if id != key && len(e.Same) < maxSame {
			e.Same[id] = key
		}
	}
}

// Probes count how many probes have failed in a row, by mail server. The zero value is empty.
type Probes struct{ failed map[string]int }

// Changes records a probe, and reports whether it is news to Observe.
func (p *Probes) Changes(of matchers.Probe) bool {
	before, known := p.failed[of.Name()]
	if known && (of.Connected && before == 0 || !of.Connected && before == UnreachableAfter) {
		return false
	}
	if p.failed == nil || len(p.failed) > maxProbed {
		p.failed = map[string]int{}
	}
	if p.failed[of.Name()] = 0; !of.Connected {
		p.failed[of.Name()] = before + 1
	}
	return true
}

// Observe adds a probe to the evidence. News is what the probe means beyond itself.
func (e Evidence) Observe(p matchers.Probe) (_ Evidence, news News) {
	s, known := e.Servers[p.Name()]
	if !known && len(e.Servers) >= maxServers {
		return e, Nothing
	}
	if p.Connected {
		if known && !s.Connected {
			s.Back, news = p.At, Back
		}
		s.Failed = 0
	} else {
		if s.Connected || !known {
			s.Lost, s.Turned = p.At, known
		}
		if s.Failed < UnreachableAfter {
			if s.Failed++; s.Failed == UnreachableAfter && !e.explained(s) {
				news = Unreachable
			}
		}
	}
	s.ID, s.Connected = matchers.ServerID(p.Server), p.Connected
	e.Servers = with(e.Servers, p.Name(), s)
	return e, news
}

// News is what a probe means beyond itself.
type News int

// The kinds of news.
const (
	Nothing     News = iota
	Back             // the server can be reached again after it was lost
	Unreachable      // it cannot be reached, and no failure has said why
)

// KnowsLater reports whether a server is known to be back at or after a time. A failure from that
// time may then already be over.
func (e Evidence) KnowsLater(at time.Time) bool {
	for _, s := range e.Servers {
		if s.Connected && !s.Back.Before(at) {
			return true
		}
	}
	return false
}

// Recovery is the end of a background incident that is shown by a server that was lost and can be
// reached again: the incident and the time, zero = none. A failure may reach its log later than that.
func (e Evidence) Recovery(open []State) (over State, at time.Time) {
	for _, name := range slices.Sorted(maps.Keys(e.Servers)) {
		s := e.Servers[name]
		if !s.Connected || s.Back.IsZero() {
			continue
		}
		over, found := e.recovered(s.ID, open)
		if found && !over.Last.After(s.Back) && !over.First.After(s.Back) {
			return over, s.Back
		}
	}
	return State{}, time.Time{}
}

// recovered is the incident that ends because a server can be reached again, false = none does.
// It is the incident that the server belongs to, once all servers of that incident are back.
// Otherwise, it is the only open background incident, if no server belongs to it and this is the
// only server that was lost when it began.
func (e Evidence) recovered(id string, open []State) (State, bool) {
	key := e.KeyOf(id)
	background := slices.DeleteFunc(slices.Clone(open), func(s State) bool { return !s.background() })
	if i := slices.IndexFunc(background, func(s State) bool { return s.Key == key }); i >= 0 {
		return background[i], e.allBack(background[i])
	}
	if len(background) != 1 || e.hasServer(background[0].Key) {
		return State{}, false
	}
	lost := 0
	for _, s := range e.Servers {
		if s.Turned && s.Lost.Sub(background[0].First).Abs() <= turnedFalse {
			lost++
			if s.ID != id || !s.Connected {
				return State{}, false
			}
		}
	}
	return background[0], lost > 0
}

// allBack reports whether all mail servers that belong to an incident were lost and are back. The
// state of an outgoing server says nothing about the incoming server of the same name.
func (e Evidence) allBack(s State) bool {
	outgoing := strings.Contains(filepath.Base(s.Content.Log.Path), "outgoing")
	for _, id := range e.known(s.Key) {
		back := !matchers.IsServerID(id)
		for name, server := range e.Servers {
			if server.ID != id || strings.HasPrefix(name, "outgoing/") != outgoing {
				continue
			}
			if !server.Connected || server.Back.IsZero() {
				return false
			}
			back = true
		}
		if !back {
			return false
		}
	}
	return true
}

// evidenceAhead is how far in the future the time of evidence may be: the clock of Jira's
// machine is assumed to be ours. A later time would conceal later evidence.
const evidenceAhead = 15 * time.Minute

// evidenceTime is the time of evidence that was read at the wall-clock time now.
func evidenceTime(at, now time.Time) time.Time {
	if at, ok := PlausibleTime(at, now); ok && at.Sub(now) <= evidenceAhead {
		return at
	}
	return now
}

// End notes that evidence has ended an incident.
func (e Evidence) End(key string, at time.Time) Evidence {
	e.Ended = maps.Clone(e.Ended)
	maps.DeleteFunc(e.Ended, func(_ string, ended time.Time) bool { return at.Sub(ended) > maxInterval })
	if len(e.Ended) < maxSame {
		e.Ended = with(e.Ended, key, at)
	}
	return e
}

// unexplained is the incident of the only server that was lost when a failure occurred that does
// not identify its mailbox, "" = there is none.
func (e Evidence) unexplained(at time.Time, open func(key string) bool) (key string) {
	lost := 0
	for _, s := range e.Servers {
		if !s.Connected && s.Lost.Sub(at).Abs() <= turnedFalse {
			lost++
			key = e.KeyOf(s.ID)
		}
	}
	if lost != 1 || !open(key) {
		return ""
	}
	return key
}

// explained reports whether a failure has been seen that may be the reason why a server cannot be
// reached: one that belongs to the server, or one that began when the server was lost.
func (e Evidence) explained(s Server) bool {
	return slices.ContainsFunc(e.Recent, func(f Sighting) bool {
		if after := f.At.Sub(s.Lost); f.Cause != matchers.ServerUnreachable && after >= -turnedFalse {
			return after <= turnedFalse || f.Key == e.KeyOf(s.ID)
		}
		return false
	})
}

// known are the identifiers of the mailbox of an incident.
func (e Evidence) known(key string) []string {
	ids := []string{key}
	for id, to := range e.Same {
		if to == key {
			ids = append(ids, id)
		}
	}
	return ids
}

// hasServer reports whether a mail server belongs to an incident.
func (e Evidence) hasServer(key string) bool {
	return slices.ContainsFunc(e.known(key), matchers.IsServerID)
}

// Witnesses are the mail servers, by direction and name, that were lost while an incident was
// open: those known to belong to it, or else the only one that was lost when it began.
func (e Evidence) Witnesses(s State) map[string]Server {
	joined, lost := map[string]Server{}, map[string]Server{}
	for name, server := range e.Servers {
		switch {
		case server.Lost.IsZero() || server.Connected && server.Back.Before(s.First):
		case e.KeyOf(server.ID) == s.Key:
			joined[name] = server
		case server.Turned && server.Lost.Sub(s.First).Abs() <= turnedFalse:
			lost[name] = server
		}
	}
	if !s.background() {
		return nil
	}
	if len(joined) == 0 && len(lost) == 1 && !e.hasServer(s.Key) {
		return lost
	}
	return joined
}

// Resolve ends an incident at a time at which its connection is known to work again. It does
// nothing if the incident has failed after that time.
func (r *Rules) Resolve(s State, at time.Time) (State, *alert.Alert) {
	if !s.Open || s.Last.After(at) {
		return s, nil
	}
	s.Open, s.Resolved = false, at
	if s.Alerts == 0 || s.Suppressed {
		return s, nil
	}
	return r.raise(s, alert.Resolved, at)
}
