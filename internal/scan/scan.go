// Package scan reads old logs to their end and reports what was broken, since
// when, and why.
//
// As many goroutines as there are cores match the lines of a log. What they find
// is put in order again, by file and, of several logs, by time, before it is
// counted by incident: a report does not depend on the number of goroutines.
// What the logs of one node say together is decided as in the running service, by
// incident.Correlator.
package scan

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/matchers"
)

// Options are what is tunable. Rules is needed.
type Options struct {
	Rules    func(node string) *incident.Rules // of a node; called from several goroutines
	Zone     *time.Location                    // of timestamps without an offset; nil = time.Local
	Access   *regexp.Regexp                    // of lines of an access log, see matchers.ClickIn; nil = none is read
	Since    time.Time                         // failures before it are left out; zero = none
	Until    time.Time                         // failures after it are left out; zero = none
	Now      time.Time                         // later events have impossible times
	Progress *Progress                         // nil = not wanted
	Cores    int                               // 0 = runtime.GOMAXPROCS
	Chunk    int64                             // bytes that one core reads at a time; 0 = by the number of cores
	Limit    int                               // incidents that are reported, more are counted; 0 = 2,000
}

// Progress is how far reading is, in bytes as they are stored. It may be read
// while Scan runs. Total is 0 while it is unknown.
type Progress struct{ Read, Total atomic.Int64 }

// Chunks are small where many cores have one each.
const (
	minChunk  = 256 << 10
	maxChunk  = 2 << 20
	allChunks = 16 << 20 // of all cores
)

func (o Options) filled() Options {
	o.Cores = cmp.Or(max(o.Cores, 0), runtime.GOMAXPROCS(0))
	if o.Chunk <= 0 {
		o.Chunk = min(max(allChunks/int64(o.Cores), minChunk), maxChunk)
	}
	o.Progress = cmp.Or(o.Progress, &Progress{})
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

type scanner struct {
	set      func() *matchers.Set
	options  Options
	work     chan chunk
	streams  sync.WaitGroup
	matchers sync.Pool // for streams
}

// Scan reads logs, once. When ctx is done it reports what it has read by then.
// What cannot be read is in the report.
//
// set is asked for the catalogue, from several goroutines, when the first
// failure may have been found: until then it can be loading.
func Scan(ctx context.Context, logs logfiles.List, set func() *matchers.Set, o Options) report.Report {
	o = o.filled()
	s := &scanner{set: set, options: o, work: make(chan chunk)}
	s.matchers.New = func() any { return newMatcher(set, o) }
	sources := s.sources(logs)
	l := newIncidents(o.Limit, o.Rules("").QuietAfter())
	l.join(sources, o.Rules)
	repeats := newRepeats()
	s.read(ctx, sources, func(f finding, src *source) {
		now := src.clock
		switch {
		case !o.Since.IsZero() && f.at.Before(o.Since) || !o.Until.IsZero() && f.at.After(o.Until):
		case f.cause != nil && f.dated && len(logs) > 1 && repeats.has(f, src.now.in):
		case src.jira != nil:
			src.jira.take(f, src.now.in, now)
		default:
			l.prove(now)
			l.add(f, src.now.in, o.Rules(src.node))
		}
	})
	return s.report(ctx, sources, l)
}

// sources sorts logs by family and age.
func (s *scanner) sources(logs logfiles.List) (sources []*source) {
	total := int64(0)
	families := map[string]*source{}
	for _, log := range logs {
		in := &input{File: log}
		src := families[in.Family()]
		if src == nil {
			src = &source{node: in.Node, number: len(sources)}
			families[in.Family()] = src
			sources = append(sources, src)
		}
		src.inputs = append(src.inputs, in)
		if in.Problem == "" {
			total += in.Size
		}
	}
	if !slices.ContainsFunc(logs, (*logfiles.File).IsStream) {
		s.options.Progress.Total.Store(total)
	}
	for _, src := range sources {
		slices.SortStableFunc(src.inputs, func(a, b *input) int { return logfiles.ByAge(a.File, b.File) })
		src.parts = make(chan chan findings, 2*s.options.Cores/len(sources))
	}
	return sources
}

// read reads all sources at once and calls take for each finding, in the order of
// their time as far as each log is.
func (s *scanner) read(ctx context.Context, sources []*source, take func(f finding, src *source)) {
	var leads, workers sync.WaitGroup
	for range s.options.Cores {
		workers.Go(func() { s.worker(ctx) })
	}
	defer func() {
		leads.Wait()
		close(s.work)
		workers.Wait()
		s.streams.Wait()
	}()
	var all []*source // the one that comes first at the front
	advance := func(src *source) {
		if s.advance(src) {
			i, _ := slices.BinarySearchFunc(all, src, (*source).compare)
			all = slices.Insert(all, i, src)
		}
	}
	led := 0
	for i, src := range sources {
		for ; led < min(i+ahead, len(sources)); led++ {
			lead := sources[led]
			leads.Go(func() { s.lead(ctx, lead) })
		}
		advance(src)
	}
	for len(all) > 0 {
		src := all[0]
		all = slices.Delete(all, 0, 1)
		take(src.finding, src)
		advance(src)
	}
}

// ahead is how many sources are begun before the first failure of the ones before
// them is known.
const ahead = 64

// input is a log with what has been read of it.
type input struct {
	*logfiles.File
	read     int64
	ended    bool
	headed   bool // it has an event
	joined   bool // its node has logs of several kinds
	from, to time.Time
}

// account notes what findings say about their log.
func (in *input) account(r findings) {
	in.read += r.size
	in.ended = in.ended || r.end
	in.Problem = cmp.Or(r.problem, in.Problem)
	in.headed = in.headed || r.headed
	in.from = cmp.Or(in.from, r.first)
	in.to = cmp.Or(r.last, in.to)
}

// verdict is why a log was not read whole, "" = it was.
func (in *input) verdict(stopped bool) string {
	switch {
	case in.Problem != "":
		return in.Problem
	case !in.ended && stopped:
		return fmt.Sprintf("the scan was stopped: everything after byte %d is missing from this report", in.read)
	case in.read > 0 && !in.headed:
		return "it has no line in the format of a Jira log"
	}
	return ""
}
