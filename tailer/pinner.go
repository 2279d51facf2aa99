package tailer

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

const (
	tries      = 20          // looks at a directory that is being rotated, before the next poll
	maxPinned  = 64          // younger files held open at a time; more are only remembered
	gapAllowed = time.Second // how long the path may be empty during a rotation
)

var errRotating = errors.New("files change their names just now")

// pinner is the goroutine that opens what the log becomes while the consumer is
// busy. It begins with the first Block and ends with Close.
type pinner struct {
	stir    chan struct{} // a name changed; capacity 1
	stop    chan struct{}
	stopped chan struct{}
}

func (f *Follower) startPinner() {
	if f.pinner.stop != nil || f.opt.Once || f.opt.ByHand || f.err != nil {
		return
	}
	f.pinner = pinner{make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
	go f.pin(f.pinner)
}

func (f *Follower) stopPinner() {
	if f.pinner.stop == nil {
		return
	}
	close(f.pinner.stop)
	<-f.pinner.stopped
	f.pinner.stop = nil
}

func (f *Follower) pin(p pinner) {
	defer close(p.stopped)
	tick := time.NewTimer(f.opt.Poll)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-p.stir:
		case <-tick.C:
		}
		f.Look()
		tick.Reset(f.pace.pause())
	}
}

// Look looks once at the path and its siblings, for the consumer, which sees what
// came of it at its next step. The pinner does so unless Options.ByHand is set.
func (f *Follower) Look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cur == nil {
		if f.looked { // where to begin is decided by the first Block
			f.open()
		}
		return
	}
	// How much there is to lose, and by what a copy could be known. What has
	// become of a file is for its reader to find out.
	f.cur.glance(0)
	if g := f.youngest(); g != f.cur && g.f != nil {
		g.glance(0)
	}
	f.look() // has no error outside of Once mode
	f.update(func(s *Stats) { s.Lag = f.lag() })
}

func (f *Follower) youngest() *file {
	if n := len(f.younger); n > 0 {
		return f.younger[n-1]
	}
	return f.cur
}

// look pins every file that is younger than those held. The error is final.
func (f *Follower) look() error {
	f.hold()
	last := f.youngest()
	fi, err := os.Stat(f.path)
	if err == nil && last.f != nil && identOf(fi) == last.id {
		f.readable()
		return nil
	}
	if err == nil {
		err = regular(fi)
	}
	linked := true // what earlier tries opened follows last without a doubt
	for range tries {
		list := siblings(f.path)
		next, sure := f.youngerThan(last, list)
		if n := len(f.opened); n == 0 {
			linked = sure
		} else if !sure && linked {
			_, sure = f.youngerThan(f.opened[n-1], list)
		}
		opened, trouble := f.openAll(next)
		f.opened = merge(opened, f.opened)
		if !errors.Is(trouble, errRotating) && sameFiles(list, siblings(f.path)) {
			if !sure && len(f.opened) > 0 {
				f.lose(-1, "the log was removed by rotation before its successor was seen", nil)
			}
			f.adopt(list)
			return f.absent(errors.Join(err, trouble))
		}
	}
	return nil // the next look will be calmer
}

// merge puts what was opened before, and has lost its name since, behind what it
// followed then.
func merge(opened, before []*file) []*file {
	for i, g := range before {
		if slices.Contains(opened, g) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(opened, before[i-1]) + 1
		}
		opened = slices.Insert(opened, at, g)
	}
	return opened
}

// openAll opens files, unless an earlier try has, and lets those go for which
// there is no room. An error other than errRotating tells why the last ones were
// left for later.
func (f *Follower) openAll(list []sibling) (opened []*file, err error) {
	for _, s := range list {
		if i := slices.IndexFunc(f.opened, func(g *file) bool { return g.id == s.id }); i >= 0 {
			opened = append(opened, f.opened[i])
			continue
		}
		g, err := openFile(s.name, s.zipped)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return opened, errRotating
		case errors.Is(err, fs.ErrPermission) && !s.active:
			f.bar(s, err) // better to be blind for one old file than for all that come
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

// bar gives up a rotated file that may not be read.
func (f *Follower) bar(s sibling, err error) {
	if f.barred[s.id] {
		return
	}
	f.barred[s.id] = true
	lost := s.size
	if s.zipped {
		lost = -1
	}
	f.lose(lost, "a rotated log may not be read, its lines are missed", err)
}

// adopt queues what was opened and remembers what is older.
func (f *Follower) adopt(list []sibling) {
	for _, g := range f.younger {
		for _, s := range list {
			if g.f == nil && s.id == g.id && s.size > g.seen {
				g.renew(s)
			}
		}
	}
	if len(f.opened) > 0 {
		f.younger = append(f.younger, f.opened...)
		f.opened = nil
		youngest := f.youngest().id
		if i := slices.IndexFunc(list, func(s sibling) bool { return s.id == youngest }); i >= 0 {
			list = list[:i] // what follows could not be opened yet, and is not older
		}
		f.remember(list, youngest)
	}
}

// renew notes how far a file has grown that is only remembered.
func (g *file) renew(s sibling) {
	now, err := openFile(s.name, s.zipped)
	if err != nil {
		return
	}
	defer now.close()
	if now.gz == nil && g.isNow(now) {
		g.head, g.print, g.seen, g.mtime = now.head, now.print, now.seen, now.mtime
	}
}

// hold opens the files again that were only remembered, as far as there is room.
func (f *Follower) hold() error {
	wanted := false
	for _, g := range f.younger[:min(len(f.younger), maxPinned)] {
		wanted = wanted || g.f == nil
	}
	if !wanted {
		return nil
	}
	list := siblings(f.path)
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
	if !sameFiles(list, siblings(f.path)) && len(gone) > 0 {
		for _, g := range kept {
			if !slices.Contains(f.younger, g) {
				g.close()
			}
		}
		return errRotating
	}
	for _, g := range gone {
		f.lose(g.seen, "a rotated log was removed before there was room to hold it", nil)
	}
	f.younger = kept
	return nil
}

// openRemembered opens what g is by now, plain or compressed. It returns nil if
// there is no such file.
func (f *Follower) openRemembered(g *file, list []sibling) *file {
	at := g.place()
	for _, s := range list {
		if s.id == g.id || s.zipped && at.PrintLen > 0 {
			if again := openAt(s, at, false); again != nil {
				again.seen = max(again.seen, g.seen)
				return again
			}
		}
	}
	return nil
}
