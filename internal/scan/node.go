package scan

import (
	"context"
	"errors"
	"io"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/tailer"
)

// node is the logs of one node, oldest first, and the results of reading them.
type node struct {
	name   string
	inputs []*input
	parts  chan chan result // of the logs, in order

	part  chan result
	now   result
	next  int       // in now.sightings
	clock time.Time // greatest time so far
}

// lead reads the logs of a node, one after the other; several at once as far
// as parts has room. Whole files go to the workers in pieces.
func (s *scanner) lead(ctx context.Context, n *node) {
	defer close(n.parts)
	for _, in := range n.inputs {
		switch {
		case ctx.Err() != nil:
			return
		case in.problem != "":
			s.failed(ctx, n, in)
		case in.stream != nil || in.inZip || in.gzipped:
			s.stream(ctx, n, in)
		default:
			s.plain(ctx, n, in)
		}
	}
}

// failed says that a log cannot be read at all.
func (s *scanner) failed(ctx context.Context, n *node, in *input) {
	part := make(chan result, 1)
	part <- result{in: in, problem: in.problem, end: true}
	close(part)
	offer(ctx, n, part)
}

func offer(ctx context.Context, n *node, part chan result) bool {
	select {
	case n.parts <- part:
		return true
	case <-ctx.Done():
		return false
	}
}

// plain gives a file to the workers, in pieces.
func (s *scanner) plain(ctx context.Context, n *node, in *input) {
	file, err := in.open()
	if err != nil {
		in.problem = because(err)
		s.failed(ctx, n, in)
		return
	}
	open := &shared{File: file}
	open.users.Add(1)
	defer open.release()
	info, err := file.Stat()
	if err != nil {
		in.problem = because(err)
		s.failed(ctx, n, in)
		return
	}
	size := info.Size()
	for from := int64(0); from < max(size, 1); from += s.options.Piece {
		p := piece{in: in, file: open, from: from, to: min(from+s.options.Piece, size), size: size, out: make(chan result, 1)}
		if !offer(ctx, n, p.out) {
			return
		}
		open.users.Add(1)
		s.work <- p // the workers take all that there is
	}
}

// worker reads pieces until there are no more.
func (s *scanner) worker(ctx context.Context) {
	e, w := newEye(s.set, s.options), newWindow()
	for p := range s.work {
		if ctx.Err() == nil {
			r := p.read(e, w)
			s.options.Progress.add(r.size)
			p.out <- r
		}
		close(p.out)
		p.file.release()
	}
}

const (
	atOnce = 512     // sightings of one result of a stream
	steps  = 4 << 20 // bytes of one
)

// stream reads what must be unpacked, or cannot be read twice: one goroutine
// unpacks, another looks.
func (s *scanner) stream(ctx context.Context, n *node, in *input) {
	part := make(chan result, 1)
	if !offer(ctx, n, part) {
		return
	}
	s.streams.Go(func() {
		defer close(part)
		send := func(r result) bool {
			select {
			case part <- r:
				return true
			case <-ctx.Done():
				return false
			}
		}
		r, err := in.unpack(func(n int) { s.options.Progress.add(int64(n)) })
		if err != nil {
			send(result{in: in, problem: because(err), end: true})
			return
		}
		damage := &lenient{r: r}
		lines := tailer.Stream(damage)
		defer r.Close()
		defer lines.Close()
		e := newEye(s.set, s.options)
		e.begin(in)
		for ended := false; !ended; {
			b, err := lines.Block(ctx, time.Minute)
			ended = errors.Is(err, io.EOF)
			if err != nil && !ended {
				return // stopped
			}
			e.look(b.Text)
			e.seen.size += int64(len(b.Text))
			if ended {
				e.flush()
			}
			// While an older log is being read, this one goes on as far as what it
			// finds is little.
			if !ended && len(e.seen.sightings) < atOnce && (e.seen.size < steps || len(part) == cap(part)) {
				continue
			}
			r := e.result()
			r.end = ended
			if ended && damage.err != nil {
				r.problem = because(damage.err)
			}
			if !send(r) {
				return
			}
		}
	})
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
// or else that of the event before. False means that there is none, or that
// ctx is done.
func (s *scanner) following(ctx context.Context, n *node) (f sighting, ok bool) {
	for n.next >= len(n.now.sightings) {
		if !s.fetch(ctx, n) {
			return f, false
		}
	}
	f = n.now.sightings[n.next]
	n.next++
	at, can := incident.Believable(f.at, s.options.Now)
	switch {
	case can:
		f.at = at
	case !n.clock.IsZero():
		f.at = n.clock
	case !n.now.in.first.IsZero():
		f.at = n.now.in.first
	default:
		f.at = s.options.Now
	}
	if f.at.After(n.clock) {
		n.clock = f.at
	}
	return f, true
}

// fetch takes the next result of a node.
func (s *scanner) fetch(ctx context.Context, n *node) bool {
	for {
		if n.part == nil {
			select {
			case part, ok := <-n.parts:
				if !ok {
					return false
				}
				n.part = part
			case <-ctx.Done():
				return false
			}
		}
		select {
		case r, ok := <-n.part:
			if ok {
				n.now, n.next = r, 0
				r.in.account(r)
				return true
			}
			n.part = nil
		case <-ctx.Done():
			return false
		}
	}
}
