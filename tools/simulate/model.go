package main

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/tailer"
)

// grace is how long a failure must have been within the daemon's reach before
// it has to be counted.
const grace = 5 * time.Second

// model is what must be true: which failures were written, which of them the
// daemon could read, and what it has made of them.
type model struct {
	w        *world
	failures []*failure
	gaps     []gap
	alerts   map[alert.ID]*queuedAlert // alerts by ID
	last     map[string]*failure       // by integration
	order    []alert.ID                // their IDs
	counted  []*failure                // in this turn
	fresh    []gap                     // in this turn
	pinned   []*file                   // that the daemon has open
	open     map[alert.ID]bool         // incidents in the end
	opened   map[string]opening        // the last one by key
}

// failure is one failure in a log.
type failure struct {
	disk    *disk
	key     string
	cause   string
	at      time.Time     // as the log has it
	written time.Duration // when its last byte was
	begun   time.Duration // when its first byte was
	whole   bool          // it was written to its end
	split   bool          // it came in two parts
	in      []*file

	reach    time.Duration // since when the daemon could have read it without a break; never = it cannot
	due      bool          // it could be read for long enough
	lost     time.Duration // when no file held it any more
	fresh    bool          // it was in the log at the first poll
	seen     bool          // the daemon polled while it was there
	down     bool          // it was there while the daemon did not run
	fleeting bool          // it came and went between two polls, and is in a copy only
	barred   bool          // its rotated file could not be read
	blank    bool          // the log was empty at the previous poll
	window   bool          // it went without a trace, unless it was polled
	counted  int
	read     time.Duration // when it was counted
}

// opening is when an incident was alerted to first.
type opening struct {
	incident alert.ID
	at       time.Duration
}

type gap struct {
	disk *disk
	at   time.Duration
	tailer.Gap
}

// queuedAlert is an alert that was queued.
type queuedAlert struct {
	kind     alert.Kind
	cause    string
	to       []string
	incident alert.ID
	log      string
	stands   map[alert.ID]bool // the incidents that it names
	names    []string          // the integrations that it names
}

func (m *model) now() time.Duration { return m.w.machine.mono }

func (m *model) has(key string, at time.Time) bool {
	return m.find(key, at) != nil
}

func (m *model) find(key string, at time.Time) *failure {
	i := slices.IndexFunc(m.failures, func(x *failure) bool { return x.key == key && x.at.Equal(at) })
	if i < 0 {
		return nil
	}
	return m.failures[i]
}

// begun notes a failure whose first byte is written now, wrote that its last
// byte was.
func (m *model) begun(x *failure) {
	x.begun, x.written, x.reach, x.lost = m.now(), m.now(), never, never
	x.blank = x.disk.blank
	m.failures = append(m.failures, x)
}

func (m *model) wrote(x *failure) {
	x.written, x.whole = m.now(), true
	m.changed()
}

// polled records that the daemon polls a log now: what it sees stays readable, even if
// it is renamed.
func (m *model) polled(d *disk) {
	if !d.seen {
		d.seen, d.first = true, m.now()
		d.absent = d.active == nil || !d.visible(d.active)
		if !d.absent {
			for _, x := range d.active.failed {
				x.fresh = true
			}
		}
	}
	d.confused = d.confused || !d.ordered()
	d.blank = d.blank || !d.barred && (d.active == nil || !d.active.barred)
	opened := slices.ContainsFunc(d.files(), func(f *file) bool { return f.pinned })
	if d.active != nil && d.active.barred && !opened {
		return // a restart may wait for what it cannot read
	}
	for _, f := range d.files() {
		if d.visible(f) {
			// What was copied before an empty log tells nothing of what comes into it.
			d.blank = d.blank && (len(f.data) == 0 || d.style == "copytruncate" && f != d.active)
			if !f.pinned {
				f.pinned, f.since, m.pinned = true, m.now(), append(m.pinned, f)
			}
			if len(f.data) == 0 {
				f.since = m.now()
			}
			f.known = f.known || len(f.data) > 0 && m.now()-f.since > 3*time.Second+m.w.Slow && (!d.absent || d.read)
			for _, x := range f.failed {
				x.seen = true
			}
		}
	}
}

// changed brings up to date what can be read.
func (m *model) changed() {
	for _, x := range m.failures {
		if x.counted > 0 || x.due || !x.whole {
			continue
		}
		x.down = x.down || x.lost == never && (m.w.daemon == nil || !x.disk.followed())
		there := slices.ContainsFunc(x.in, func(f *file) bool { return f.pinned || x.disk.visible(f) })
		x.barred = x.barred || x.disk.barred || slices.ContainsFunc(x.in, func(f *file) bool { return f.barred && f != x.disk.active })
		switch {
		case !there || m.w.daemon == nil || !x.disk.followed():
			x.reach = never
		case x.reach == never:
			x.reach = m.now()
		case m.now()-x.reach >= grace+20*m.w.Slow:
			x.due = true
		}
		gone := !slices.ContainsFunc(x.in, func(f *file) bool { return f.pinned || f.name != "" })
		if gone && x.lost == never {
			x.lost = m.now()
		}
	}
}

func (d *disk) followed() bool {
	return slices.ContainsFunc(d.w.daemon.readers, func(r *reader) bool { return r.disk == d })
}

// ended notes that a generation of the daemon has ended: its descriptors are
// closed.
func (m *model) ended() {
	for _, f := range m.pinned {
		f.pinned = false
	}
	m.pinned, m.counted, m.fresh = nil, nil, nil
	for _, x := range m.failures {
		x.seen = false // what was not read is lost
		if !x.due {
			x.reach = never
		}
	}
	m.changed()
}

// gap records that the tailer misses lines.
func (m *model) gap(d *disk, g tailer.Gap) {
	m.w.narrate("%s: the reader misses %d bytes: %s", d.name, g.Bytes, g.Why)
	m.fresh = append(m.fresh, gap{d, m.now(), g})
}

// Failure records that the daemon counts a failure.
func (m *model) Failure(key, cause string, at time.Time) {
	x := m.find(key, at)
	if x == nil {
		m.w.fail("exactly once", "a failure was counted that was never written: %s of %s at %s", cause, key, at)
	}
	x.counted++
	x.read, x.disk.read = m.now(), true
	m.last[key] = x
	m.counted = append(m.counted, x)
	if x.counted > 1 && !x.disk.confused {
		m.w.fail("exactly once", "%s was counted twice", x)
	}
	if old := m.tooOld(x); old != "" {
		m.w.fail("start", "start is %q, and %s was counted: %s", m.w.Start, x, old)
	}
}

// Alert records that an alert is queued.
func (m *model) Alert(a *alert.Alert, to []string) {
	id := a.Data.ID
	if m.alerts[id] != nil && !m.confused() {
		m.w.fail("one content per ID", "one ID for two alerts: %s", id)
	}
	s := &queuedAlert{kind: a.Data.Kind, cause: a.Data.Cause.ID, incident: id.Incident(), log: a.Data.Log.Path, to: to}
	s.stands = map[alert.ID]bool{}
	ids, _ := a.Data.Facts["incidents"].([]string)
	for _, id := range ids {
		s.stands[alert.ID(id)] = true
	}
	s.names, _ = a.Data.Facts["integrations"].([]string)
	m.alerts[id] = s
	m.checkQuiet(a)
	if a.Data.Kind == alert.Opened {
		m.opened[id.Key()] = opening{id.Incident(), m.now()}
	}
	m.order = append(m.order, id)
}

// confused reports whether the order of the files of a log could not be known, so that
// failures may be read twice.
func (m *model) confused() bool {
	return slices.ContainsFunc(m.w.disks, func(d *disk) bool { return d.confused })
}

// turned processes what a turn of a task has done.
func (m *model) turned() {
	m.changed()
	counted, fresh := m.counted, m.fresh
	if len(counted)+len(fresh) == 0 || m.w.daemon == nil || m.w.daemon.killed {
		return
	}
	m.counted, m.fresh = nil, nil
	m.checkLimit()
	m.gaps = append(m.gaps, fresh...)
	m.w.machine.busy = m.now()
	rules := m.w.daemon.recorder.Rules
	m.w.must(m.w.daemon.store.View(func(tx *store.Tx) {
		for _, x := range counted {
			s := tx.Incident(x.key)
			m.checkIncident(x, s)
		}
		for _, g := range fresh {
			s := tx.Incident(rules.LogKey(incident.Source{Name: g.disk.name, Path: g.disk.path}))
			if !s.Open || s.Alerts == 0 {
				m.w.fail("every gap is a blind", "there is none for %s (%s)", g.disk.name, g.Why)
			}
		}
	}))
}
