package tailer

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	tries      = 20          // listings of a directory that is being rotated, before the next poll
	maxPinned  = 64          // newer files kept open at a time; further ones are only remembered
	gapAllowed = time.Second // how long the path may be empty during a rotation
)

var errRotating = errors.New("files are being renamed")

// pinner is the goroutine that opens the files that the log becomes while the
// consumer is busy. It runs from the first Block to Close, and polls only while no call of
// Block is active: during a call, the reader polls.
type pinner struct {
	changed chan struct{}      // a name changed; capacity 1
	tick    *time.Ticker       // runs while no call of Block is active
	stop    context.CancelFunc // nil: it was not started
	running sync.WaitGroup
}

func (f *Follower) startPinner() {
	if f.pinner.stop != nil || f.opt.Once || f.opt.ByHand {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	f.pinner.stop = stop
	f.pinner.running.Go(func() { f.pin(ctx) })
}

func (f *Follower) pin(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.pinner.changed:
		case <-f.pinner.tick.C:
		}
		f.Discover()
	}
}

// Discover polls the path and its rotated files once. The consumer sees the result at its next
// step. The pinner calls Discover unless Options.ByHand is set.
func (f *Follower) Discover() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cur == nil {
		if f.started { // where to begin is decided by the first Block
			f.open()
		}
		return
	}
	// This records how much could be lost, and what identifies a copy. The reader finds
	// out what became of a file.
	f.cur.verify(0)
	if g := f.youngest(); g != f.cur && g.f != nil {
		g.verify(0)
	}
	f.discover() // has no error outside of Once mode
	f.update(func(s *Stats) { s.Lag = f.lag() })
}

func (f *Follower) youngest() *file {
	if n := len(f.younger); n > 0 {
		return f.younger[n-1]
	}
	return f.cur
}

// discover pins every file that is newer than the open ones. The error is final.
func (f *Follower) discover() error {
	f.reopen()
	last := f.youngest()
	fi, id, err := f.stat()
	if err == nil && last.f != nil && id == last.id {
		f.readable()
		return nil
	}
	if err == nil {
		err = regular(fi)
	}
	linked := true // what earlier tries opened is certain to follow last
	for range tries {
		list := listLog(f.path)
		next, sure := f.successors(last, list)
		if n := len(f.opened); n == 0 {
			linked = sure
		} else if !sure && linked {
			_, sure = f.successors(f.opened[n-1], list)
		}
		opened, trouble := f.openAll(next)
		f.opened = merge(opened, f.opened)
		if !errors.Is(trouble, errRotating) && sameFiles(list, listLog(f.path)) {
			if !sure && len(f.opened) > 0 {
				f.lose(-1, "the log was removed by rotation before its successor was found", nil)
			}
			f.adopt(list)
			return f.absent(errors.Join(err, trouble))
		}
	}
	return nil // the next poll may fall outside a rotation
}

// merge puts a file that was opened before, and has lost its name since, where it belongs: between
// its neighbours of then. A file that is listed only now may be older than all of them. In a dated
// log, dates alone decide.
func merge(opened, before []*file) []*file {
	for i, g := range before {
		if slices.Contains(opened, g) {
			continue
		}
		at := slices.IndexFunc(opened, func(o *file) bool { return slices.Contains(before, o) })
		if i > 0 {
			at = slices.Index(opened, before[i-1]) + 1
		}
		opened = slices.Insert(opened, max(at, 0), g)
	}
	slices.SortStableFunc(opened, func(a, b *file) int { return strings.Compare(a.stamp, b.stamp) })
	return opened
}

// openAll opens files, unless an earlier try has, and closes those for which there
// is no room. An error other than errRotating is why the last ones were left for
// later.
func (f *Follower) openAll(list []entry) (opened []*file, err error) {
	for _, s := range list {
		if i := slices.IndexFunc(f.opened, func(g *file) bool { return g.id == s.id }); i >= 0 {
			opened = append(opened, f.opened[i])
			continue
		}
		g, err := s.open()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return opened, errRotating
		case errors.Is(err, fs.ErrPermission) && !s.active:
			f.giveUp(s, err) // better to miss one old file than all that follow
			continue
		case err != nil:
			return opened, err
		}
		if g.id != s.id {
			g.close()
			return opened, errRotating
		}
		opened = append(opened, g)
		if len(f.younger)+len(opened) > maxPinned {
			g.close()
		}
	}
	return opened, nil
}

// giveUp skips a rotated file that may not be read.
func (f *Follower) giveUp(s entry, err error) {
	if f.barred[s.id] {
		return
	}
	f.barred[s.id] = true
	lost := s.size
	if s.zipped {
		lost = -1
	}
	f.lose(lost, "a rotated log cannot be read, its lines are skipped", err)
}

// adopt queues what was opened and remembers what is older.
func (f *Follower) adopt(list []entry) {
	for _, g := range f.younger {
		for _, s := range list {
			if g.f == nil && s.id == g.id && s.size > g.maxSize {
				g.refresh(s)
			}
		}
	}
	if len(f.opened) > 0 {
		f.younger = append(f.younger, f.opened...)
		f.opened = nil
		youngest := f.youngest().id
		if i := slices.IndexFunc(list, func(s entry) bool { return s.id == youngest }); i >= 0 {
			list = list[:i] // what follows could not be opened yet, and is not older
		}
		f.remember(list, youngest)
	}
}

// refresh records how far a file that is only remembered has grown.
func (g *file) refresh(s entry) {
	now, err := s.open()
	if err != nil {
		return
	}
	defer now.close()
	if now.gz == nil && g.isNow(now) {
		g.prefix, g.fingerprint, g.maxSize, g.mtime = now.prefix, now.fingerprint, now.maxSize, now.mtime
	}
}

// reopen opens the files that were only remembered, as far as there is room.
func (f *Follower) reopen() error {
	if !slices.ContainsFunc(f.younger[:min(len(f.younger), maxPinned)], func(g *file) bool { return g.f == nil }) {
		return nil
	}
	list := listLog(f.path)
	var kept, gone []*file
	for i, g := range f.younger {
		if g.f == nil && i-len(gone) < maxPinned {
			again := f.openRemembered(g, list)
			if again == nil {
				gone = append(gone, g)
				continue
			}
			g = again
		}
		kept = append(kept, g)
	}
	if !sameFiles(list, listLog(f.path)) && len(gone) > 0 {
		for _, g := range kept {
			if !slices.Contains(f.younger, g) {
				g.close()
			}
		}
		return errRotating
	}
	for _, g := range gone {
		f.lose(g.maxSize, "a rotated log was deleted while too many logs were waiting to be read", nil)
	}
	f.younger = kept
	return nil
}

// openRemembered opens what g is by now, plain or compressed. It returns nil if
// there is no such file.
func (f *Follower) openRemembered(g *file, list []entry) *file {
	at := g.filePosition()
	for _, s := range list {
		if s.id == g.id || s.zipped && at.FingerprintLen > 0 {
			if again := openAt(s, at, false); again != nil {
				again.maxSize = max(again.maxSize, g.maxSize)
				return again
			}
		}
	}
	return nil
}
