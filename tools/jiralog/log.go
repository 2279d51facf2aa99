package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say what a log holds.
type Options struct {
	Seed         uint64
	Every        int     // one event in so many is a failure of the flow; 0 = none
	Provider     int     // one event in so many is of Jira's own OAuth 2.0 provider, which names oauth2 too; 0 = none
	Integrations int     // how many fail; at least 1
	PerSecond    float64 // events per second of the log's own time
	From         time.Time
}

// Log makes events, one after the other.
type Log struct {
	options  Options
	random   *rand.PCG
	failures []template // of the causes' own texts
	causes   []string   // what failures[i] is a failure of
	flows    []flow
	now      time.Time
	gap      uint64 // mean nanoseconds between two events
	stamp    []byte // of now, up to the second
	second   int64
	event    fields
	written  Written
}

// Written is what was written so far.
type Written struct {
	Events, Failures int
	Causes           map[string]int // failures by cause
	From, To         time.Time
}

func (w Written) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d events, %d failures of the flow", w.Events, w.Failures)
	for _, id := range slices.Sorted(maps.Keys(w.Causes)) {
		fmt.Fprintf(&b, "\n%8d %s", w.Causes[id], id)
	}
	return b.String()
}

// flow is an integration that fails, for one cause at a time.
type flow struct {
	id    string
	cause int
}

// fields are what one event says in several places.
type fields struct{ user, session, address, path, flow int }

// New makes a log.
func New(o Options) (*Log, error) {
	o.Integrations = max(o.Integrations, 1)
	if o.PerSecond <= 0 {
		o.PerSecond = 50
	}
	l := &Log{options: o, random: rand.NewPCG(o.Seed, 1), now: o.From, second: -1, written: Written{Causes: map[string]int{}, From: o.From}}
	l.gap = uint64(1e9 / o.PerSecond)
	var err error
	if l.failures, l.causes, err = failureTemplates(); err != nil {
		return nil, err
	}
	for range o.Integrations {
		l.flows = append(l.flows, flow{string(l.guid(nil)), l.n(len(l.failures))})
	}
	return l, nil
}

// Written is what was made so far.
func (l *Log) Written() Written {
	w := l.written
	w.To = l.now
	return w
}

// Append adds one event with its line ends.
func (l *Log) Append(b []byte) []byte {
	l.now = l.now.Add(time.Duration(l.random.Uint64() % (2*l.gap + 1)))
	l.written.Events++
	bits := l.random.Uint64()
	l.event = fields{user: int(bits & 0xffff % 211), session: int(bits >> 16 & 0xffff), address: int(bits >> 32 & 0xffff), path: int(bits >> 48)}
	if l.options.Every > 0 && l.written.Events%l.options.Every == 0 {
		return l.failure(b)
	}
	if l.options.Provider > 0 && l.written.Events%l.options.Provider == 0 {
		return provider[l.n(len(provider))].fill(b, l)
	}
	if l.written.Events%nearEvery == 0 {
		return near[l.n(len(near))].fill(b, l)
	}
	return ordinary[pick[l.random.Uint64()%uint64(len(pick))]].fill(b, l)
}

// failure adds a failure of the flow. One integration in 50 has another cause
// from then on.
func (l *Log) failure(b []byte) []byte {
	l.event.flow = l.n(len(l.flows))
	f := &l.flows[l.event.flow]
	if l.n(50) == 0 {
		f.cause = l.n(len(l.failures))
	}
	l.written.Failures++
	l.written.Causes[l.causes[f.cause]]++
	return l.failures[f.cause].fill(b, l)
}

func (l *Log) n(limit int) int { return int(l.random.Uint64() % uint64(limit)) }

const hex = "0123456789abcdef"

// guid adds a random UUID.
func (l *Log) guid(b []byte) []byte {
	hi, lo := l.random.Uint64(), l.random.Uint64()
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		bits := hi
		if i >= 16 {
			bits = lo
		}
		b = append(b, hex[bits>>(4*uint(i%16))&15])
	}
	return b
}

// date adds the time of the event as Jira writes it.
func (l *Log) date(b []byte) []byte {
	if s := l.now.Unix(); s != l.second {
		l.second = s
		l.stamp = l.now.AppendFormat(l.stamp[:0], "2006-01-02 15:04:05")
	}
	ms := l.now.Nanosecond() / 1e6
	b = append(b, l.stamp...)
	return append(b, ',', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), '+', '0', '0', '0', '0')
}

// number adds a random number below limit.
func (l *Log) number(b []byte, limit int) []byte { return strconv.AppendInt(b, int64(l.n(limit)), 10) }
