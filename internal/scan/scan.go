// Package scan reads old logs to their end and says what was broken, since
// when, and why.
//
// The lines of a log are looked at by as many goroutines as there are cores.
// What they find is put in order again, by file and, of several nodes, by time,
// before it is taken into incidents: so a report does not depend on them.
package scan

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/matchers"
)

// Options are what is tunable. Rules is needed.
type Options struct {
	Rules    func(node string) *incident.Rules // of a node; called from several goroutines
	Zone     *time.Location                    // of timestamps without an offset; nil = time.Local
	Since    time.Time                         // failures before it are left out; zero = none
	Until    time.Time                         // failures behind it are left out; zero = none
	Now      time.Time                         // events from the future of it cannot be
	Progress *Progress                         // nil = nobody looks
	Cores    int                               // 0 = runtime.GOMAXPROCS
	Piece    int64                             // bytes of a file that one core reads at a time; 0 = by the number of cores
	Limit    int                               // incidents that are told, more are counted; 0 = 2,000
}

// Progress is how far reading is. It may be looked at while Scan runs.
type Progress struct{ Read, Total atomic.Int64 } // bytes as they are stored; Total is 0 while nobody knows

func (p *Progress) add(n int64) {
	if p != nil {
		p.Read.Add(n)
	}
}

// Pieces are small where many cores have one each.
const (
	minPiece = 256 << 10
	maxPiece = 2 << 20
	allPiece = 16 << 20 // of all cores
)

func (o Options) filled() Options {
	o.Cores = cmp.Or(max(o.Cores, 0), runtime.GOMAXPROCS(0))
	if o.Piece <= 0 {
		o.Piece = min(max(allPiece/int64(o.Cores), minPiece), maxPiece)
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

type scanner struct {
	set     func() *matchers.Set
	options Options
	work    chan piece
	streams sync.WaitGroup
	tools   sync.Pool
}

// Scan reads logs, once. When ctx is done it reports what it has read by then.
// What cannot be read is said in the report.
//
// set is asked for the catalogue, from several goroutines, when the first
// failure may have been found: until then it can be loading.
func Scan(ctx context.Context, logs logfiles.List, set func() *matchers.Set, o Options) Report {
	o = o.filled()
	s := &scanner{set: set, options: o, work: make(chan piece)}
	s.tools.New = func() any { return &tools{newEye(set, o), make([]byte, prefixSize)} }
	nodes := s.nodes(logs)
	l := newLedger(o.Limit, o.Rules("").QuietAfter())
	repeats := newRepeats()
	s.read(ctx, nodes, func(f sighting, n *node) {
		if !o.Since.IsZero() && f.at.Before(o.Since) || !o.Until.IsZero() && f.at.After(o.Until) {
			return
		}
		if f.dated && len(logs) > 1 && repeats.is(f, n.now.in) {
			return
		}
		l.add(f, n.now.in, o.Rules(n.name))
	})
	return s.report(ctx, nodes, l)
}

// nodes sorts logs by family and age.
func (s *scanner) nodes(logs logfiles.List) (nodes []*node) {
	total := int64(0)
	families := map[string]*node{}
	for _, log := range logs {
		in := &input{File: log}
		n := families[in.Family()]
		if n == nil {
			n = &node{name: in.Node}
			families[in.Family()] = n
			nodes = append(nodes, n)
		}
		n.inputs = append(n.inputs, in)
		if in.Problem == "" {
			total += in.Size
		}
	}
	if p := s.options.Progress; p != nil && !slices.ContainsFunc(logs, (*logfiles.File).IsStream) {
		p.Total.Store(total)
	}
	for _, n := range nodes {
		slices.SortStableFunc(n.inputs, func(a, b *input) int { return logfiles.ByAge(a.File, b.File) })
		n.parts = make(chan chan result, 2*s.options.Cores/len(nodes))
	}
	return nodes
}

// read reads all nodes at once and calls take for each failure, in the order of
// their time as far as each log is.
func (s *scanner) read(ctx context.Context, nodes []*node, take func(sighting, *node)) {
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
	var all heads
	led := 0
	for i, n := range nodes {
		for ; led < min(i+ahead, len(nodes)); led++ {
			lead := nodes[led]
			leads.Go(func() { s.lead(ctx, lead) })
		}
		if f, ok := s.following(n); ok {
			all = append(all, head{f, n.clock, n, i})
		}
	}
	heap.Init(&all)
	for len(all) > 0 {
		h := &all[0]
		take(h.failure, h.node)
		var ok bool
		if h.failure, ok = s.following(h.node); !ok {
			heap.Pop(&all)
			continue
		}
		h.at = h.node.clock
		heap.Fix(&all, 0)
	}
}

// ahead is how many nodes are begun before the first failure of the ones before
// them is known.
const ahead = 64

// head is the next failure of a node. at is when its log had come to it, which
// does not go back.
type head struct {
	failure sighting
	at      time.Time
	node    *node
	number  int // of the node
}

// heads are a heap: the one that comes first is at its top; of equal ones, that
// of the first node.
type heads []head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), cmp.Compare(h[i].number, h[j].number)) < 0
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// input is a log with what has been read of it.
type input struct {
	*logfiles.File
	read     int64
	ended    bool
	headed   bool // it has an event
	from, to time.Time
}

// account notes what a result says about its log.
func (in *input) account(r result) {
	in.read += r.size
	in.ended = in.ended || r.end
	if r.problem != "" {
		in.Problem = r.problem
	}
	in.headed = in.headed || r.headed
	if in.from.IsZero() {
		in.from = r.first
	}
	if !r.last.IsZero() {
		in.to = r.last
	}
}

// verdict is why a log was not read whole, "" = it was.
func (in *input) verdict(stopped bool) string {
	switch {
	case in.Problem != "":
		return in.Problem
	case !in.ended && stopped:
		return fmt.Sprintf("the scan was stopped: what comes behind byte %d is not in this report", in.read)
	case in.read > 0 && !in.headed:
		return "no line of it is in the form of Jira's log"
	}
	return ""
}
