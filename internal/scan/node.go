package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime/debug"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/tailer"
)

// node is one log of a node with its rotated files, oldest first, and the
// results of reading them.
type node struct {
	name   string
	inputs []*input
	parts  chan chan result // of the logs, in order

	part    chan result
	now     result
	next    int       // in now.sightings
	clock   time.Time // greatest time so far
	stopped bool      // something was not read: what comes behind it does not count
}

// lead reads the logs of a node, one after the other; several at once as far
// as parts has room. Whole files go to the workers in pieces. When ctx is done
// it ends soon, and so do those who read; who takes the parts takes them all.
func (s *scanner) lead(ctx context.Context, n *node) {
	defer close(n.parts)
	for _, in := range n.inputs {
		switch {
		case ctx.Err() != nil:
			return
		case in.Problem != "":
			s.failed(n, in)
		case !in.IsPlain():
			s.stream(ctx, n, in)
		default:
			s.plain(ctx, n, in)
		}
	}
}

// failed says that a log cannot be read at all.
func (s *scanner) failed(n *node, in *input) {
	part := make(chan result, 1)
	part <- result{in: in, problem: in.Problem, whole: true, end: true}
	close(part)
	n.parts <- part
}

// plain gives a file to the workers, in pieces.
func (s *scanner) plain(ctx context.Context, n *node, in *input) {
	file, err := in.Open()
	if err != nil {
		in.Problem = logfiles.Reason(err)
		s.failed(n, in)
		return
	}
	defer file.Release()
	info, err := file.Stat()
	if err != nil {
		in.Problem = logfiles.Reason(err)
		s.failed(n, in)
		return
	}
	size := info.Size()
	for from, begun := min(in.Start, size), false; from < size || !begun; begun = true {
		to := min(max(from+s.options.Piece, tailer.NextData(file.File, from)), size) // a hole is in one piece, whatever its size
		p := piece{in: in, file: file, from: from, to: to, size: size, out: make(chan result, 1)}
		if ctx.Err() != nil {
			return
		}
		n.parts <- p.out
		file.Share()
		s.work <- p // the workers take all that there is
		from = to
	}
}

// worker reads pieces until there are no more.
func (s *scanner) worker(ctx context.Context) {
	debug.SetPanicOnFault(true) // of a mapped file that has shrunk, see piece.mapped
	e, w := newEye(s.set, s.options), newWindow()
	for p := range s.work {
		if ctx.Err() == nil {
			r := p.read(e, w)
			s.options.Progress.add(r.size)
			p.out <- r
		}
		close(p.out)
		p.file.Release()
	}
}

const (
	atOnce = 512     // sightings of one result of a stream
	steps  = 4 << 20 // bytes of one

	prefixSize = 64 << 10 // a log of fewer bytes needs no buffers
)

// stream reads what must be unpacked, or cannot be read twice: one goroutine
// unpacks, another looks.
func (s *scanner) stream(ctx context.Context, n *node, in *input) {
	part := make(chan result, 1)
	n.parts <- part
	s.streams.Go(func() {
		defer close(part)
		r, err := in.Unpack(func(n int) { s.options.Progress.add(int64(n)) })
		if err != nil {
			part <- result{in: in, problem: logfiles.Reason(err), whole: true, end: true}
			return
		}
		defer r.Close()
		damage := &lenient{r: r}
		t := s.tools.Get().(*tools)
		e := t.eye
		e.begin(in)
		var all io.Reader = damage
		if !in.IsStream() { // a small log needs no buffers of its own
			n, err := io.ReadFull(damage, t.head)
			if err != nil {
				part <- e.whole(t.head[:n], damage)
				s.tools.Put(t)
				return
			}
			all = io.MultiReader(bytes.NewReader(t.head), damage)
		}
		lines := tailer.Stream(all)
		defer lines.Close()
		for {
			b, err := lines.Block(ctx, time.Minute)
			e.look(b.Text)
			e.seen.size += int64(len(b.Text))
			if err != nil {
				e.flush()
				r := e.result()
				r.whole = errors.Is(err, io.EOF) // else it was stopped
				if r.end = r.whole; r.end && damage.err != nil {
					r.problem = logfiles.Reason(damage.err)
				}
				part <- r
				if r.whole { // else the reader may still hold the tools
					s.tools.Put(t)
				}
				return
			}
			// While an older log is being read, this one goes on as far as what it
			// finds is little.
			if len(e.seen.sightings) >= atOnce || e.seen.size >= steps && len(part) < cap(part) {
				part <- e.result()
			}
		}
	})
}

// tools are what it takes to read a stream, to be used again.
type tools struct {
	eye  *eye
	head []byte
}

// whole is the result of a log that is at hand.
func (e *eye) whole(text []byte, damage *lenient) result {
	e.look(text)
	e.flush()
	e.seen.size, e.seen.whole, e.seen.end = int64(len(text)), true, true
	if damage.err != nil {
		e.seen.problem = logfiles.Reason(damage.err)
	}
	return e.result()
}

// lenient ends where reading fails: what stands before a damage is read.
type lenient struct {
	r   io.Reader
	err error
}

func (l *lenient) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if err != nil && err != io.EOF {
		l.err, err = err, io.EOF
	}
	return n, err
}

// following is the next failure of a node, with a time that can be: the log's,
// or else that of the event before. False means that there is none.
func (s *scanner) following(n *node) (f sighting, ok bool) {
	for n.next >= len(n.now.sightings) {
		if !n.fetch() {
			return f, false
		}
	}
	f = n.now.sightings[n.next]
	n.next++
	f.dated = !f.at.IsZero()
	at, can := incident.PlausibleTime(f.at, s.options.Now)
	switch {
	case can:
		f.at = at
	case !n.clock.IsZero():
		f.at = n.clock
	case !n.now.in.First.IsZero():
		f.at = n.now.in.First
	default:
		f.at = s.options.Now
	}
	if f.at.After(n.clock) {
		n.clock = f.at
	}
	return f, true
}

// fetch takes the next result of a node.
func (n *node) fetch() bool {
	for {
		if n.part == nil {
			part, ok := <-n.parts
			if !ok {
				return false
			}
			n.part, n.now = part, result{}
		}
		r, ok := <-n.part
		switch {
		case !ok:
			n.stopped = n.stopped || !n.now.whole
			n.part = nil
		case !n.stopped:
			n.now, n.next = r, 0
			r.in.account(r)
			return true
		}
	}
}
