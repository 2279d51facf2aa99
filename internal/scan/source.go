package scan

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/tailer"
)

// source is one log of a node with its rotated files, oldest first, and what is
// found in them.
type source struct {
	node   string
	number int // among the sources
	inputs []*input
	parts  chan chan findings // of the inputs, in order

	part    chan findings
	now     findings  // all = what has not come yet
	finding finding   // that has come
	jira    *jira     // what the node's logs say together; nil = there is one kind of log
	clock   time.Time // greatest time so far
	stopped bool      // something was not read: what comes after it does not count
}

// compare orders sources by how far they have come, which does not go back; of equal ones, the first
// comes first.
func (src *source) compare(other *source) int {
	return cmp.Or(src.clock.Compare(other.clock), cmp.Compare(src.number, other.number))
}

// lead reads the inputs of a source, one after the other; several at once as far as
// parts has room. Plain files go to the workers in chunks. When ctx is done it ends
// soon, and so do those who read. The receiver of the parts must drain them.
func (s *scanner) lead(ctx context.Context, src *source) {
	defer close(src.parts)
	for _, in := range src.inputs {
		if ctx.Err() != nil {
			return
		}
		var err error
		switch {
		case in.Problem != "":
			err = errors.New(in.Problem)
		case in.IsPlain():
			err = s.plain(ctx, src, in)
		default:
			err = s.stream(ctx, src, in)
		}
		if err != nil { // it cannot be read at all
			part := make(chan findings, 1)
			part <- findings{in: in, problem: logfiles.Reason(err), whole: true, end: true}
			close(part)
			src.parts <- part
		}
	}
}

// plain gives a file to the workers, in chunks.
func (s *scanner) plain(ctx context.Context, src *source, in *input) error {
	file, err := in.Open()
	if err != nil {
		return err
	}
	defer file.Release()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	for from, begun := min(in.Start, size), false; from < size || !begun; begun = true {
		// A hole is in one chunk, whatever its size.
		to := min(max(from+s.options.Chunk, tailer.NextData(file.File, from)), size)
		c := chunk{in: in, file: file, from: from, to: to, size: size, out: make(chan findings, 1)}
		if ctx.Err() != nil {
			return nil
		}
		src.parts <- c.out
		file.Share()
		s.work <- c // the workers drain the channel
		from = to
	}
	return nil
}

// worker reads chunks until there are no more.
func (s *scanner) worker(ctx context.Context) {
	m, w := newMatcher(s.set, s.options), newWindow()
	for c := range s.work {
		if ctx.Err() == nil {
			found := c.read(m, w)
			s.options.Progress.Read.Add(found.size)
			c.out <- found
		}
		close(c.out)
		c.file.Release()
	}
}

const (
	streamFindings = 512     // of one result of a stream
	streamBytes    = 4 << 20 // of one
)

// stream reads what must be unpacked, or cannot be read twice: one goroutine
// unpacks, another matches.
func (s *scanner) stream(ctx context.Context, src *source, in *input) error {
	r, err := in.Unpack(func(n int) { s.options.Progress.Read.Add(int64(n)) })
	if err != nil {
		return err
	}
	part := make(chan findings, 1)
	src.parts <- part
	s.streams.Go(func() {
		defer close(part)
		defer r.Close()
		m := s.matchers.Get().(*matcher)
		defer s.matchers.Put(m)
		m.start(in)
		err := m.stream(ctx, r, part)
		m.flush()
		whole := err != ctx.Err() // what precedes damage is read
		m.found.whole, m.found.end = whole, whole
		if whole && err != io.EOF {
			m.found.problem = logfiles.Reason(err)
		}
		part <- m.drain()
	})
	return nil
}

// stream reads a log until there is an error, io.EOF at its end.
func (m *matcher) stream(ctx context.Context, r io.Reader, part chan findings) error {
	lines := tailer.Stream(r)
	defer lines.Close()
	for {
		b, err := lines.Block(ctx, time.Minute)
		if err != nil {
			return err
		}
		m.add(b.Text)
		m.found.size += int64(len(b.Text))
		// While an older log is being read, this one goes on as far as little is
		// found in it.
		if len(m.found.all) >= streamFindings || m.found.size >= streamBytes && len(part) < cap(part) {
			part <- m.drain()
		}
	}
}

// advance goes to the next finding of a source, with a plausible time: the log's,
// or else that of the event before. False means that there is none.
func (s *scanner) advance(src *source) bool {
	for len(src.now.all) == 0 {
		if !src.fetch() {
			return false
		}
	}
	f := src.now.all[0]
	src.now.all = src.now.all[1:]
	f.dated = !f.at.IsZero()
	at, plausible := incident.PlausibleTime(f.at, s.options.Now)
	if !plausible {
		at = cmp.Or(src.clock, src.now.in.First, s.options.Now)
	}
	f.at = at
	src.finding, src.clock = f, latest(src.clock, at)
	return true
}

// fetch takes the next findings of a source.
func (src *source) fetch() bool {
	for {
		if src.part == nil {
			part, ok := <-src.parts
			if !ok {
				return false
			}
			src.part, src.now = part, findings{}
		}
		found, ok := <-src.part
		switch {
		case !ok:
			src.stopped = src.stopped || !src.now.whole
			src.part = nil
		case !src.stopped:
			src.now = found
			found.in.account(found)
			return true
		}
	}
}
