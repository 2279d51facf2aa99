package tailer

import "errors"

// truncated goes on after the current file was found truncated, replaced or
// shortened in place: in the copy that was made of it, if there is one.
func (f *Follower) truncated(why error) error {
	g, p := f.cur, f.cur.vouched()
	f.split.reset()
	if errors.Is(why, errShortened) {
		size := g.size()
		f.lose(max(g.seen-max(p.Offset, size), 0), "log shortened in place", why)
		g.seen = size
		return g.seek(min(p.Offset, size))
	}
	var found *file
	if p.PrintLen > 0 {
		var err error
		if found, err = f.find(p, g.mtime); err != nil && !errors.Is(err, errRotating) {
			return err
		}
	}
	if found == nil || found.id == g.id {
		if found != nil {
			found.close()
		}
		f.lose(max(g.seen-p.Offset, 0), "log truncated before it was read to its end", why)
		return g.begin()
	}
	f.log.Info("log truncated, its copy is read to the end first")
	var lost int64
	if found.gz == nil {
		lost = max(g.seen-max(found.seen, p.Offset), 0)
	}
	f.lose(lost, "log truncated: what was written after its copy was made is lost", why)
	if err := g.begin(); err != nil {
		found.close()
		return err
	}
	f.younger = append(append(f.between(found, g), g), f.younger...)
	f.cur = found
	return nil
}

// between opens the copies that were made after this one, of contents that the
// file had in the meantime.
func (f *Follower) between(copied, g *file) (opened []*file) {
	for range tries {
		list := siblings(f.path)
		from, to := -1, -1
		for i, s := range list {
			switch s.id {
			case copied.id:
				from = i + 1
			case g.id:
				to = i
			}
		}
		if from < 0 || to < from {
			return nil
		}
		opened, err := f.openAll(list[from:to])
		if err == nil && sameFiles(list, siblings(f.path)) {
			return opened
		}
		for _, each := range opened {
			each.close()
		}
	}
	return nil
}
