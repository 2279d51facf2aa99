package main

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/tailer"
)

// hole is a run of lines that was written and cannot be read: a truncation at
// began took them away, after the copy was made.
type hole struct {
	from, to int64
	began    time.Time
}

// reportedGap is a gap that a reader reported, and the greatest number of a line that
// it had read before.
type reportedGap struct {
	tailer.Gap
	after int64
}

// tally is what became of the lines that were written.
type tally struct {
	written    int64
	read       int64 // with repetitions
	repeated   int64
	lost       int64
	inherent   int64 // of the lost ones, how many no file held any more
	unreported int64 // of the inherent ones, how many the reader did not say
	disordered int64 // came after a greater number, for the first time
	damaged    int64 // torn, merged, or never written
	gaps       []reportedGap
	counted    int64 // bytes that the reader says are lost
	final      *final
}

// count goes through a journal.
func count(path string, out outcome) (tally, error) {
	t := tally{written: out.written}
	seen := make([]bool, out.written)
	highest := int64(-1)
	err := records(path, func(r record) {
		t.damaged += r.Damaged
		for _, g := range r.Gaps {
			t.gaps = append(t.gaps, reportedGap{g, highest})
			t.counted += max(g.Bytes, 0)
		}
		if r.Final != nil {
			t.final = r.Final
		}
		for _, run := range r.Runs {
			for seq := run[0]; seq <= run[1]; seq++ {
				t.read++
				switch {
				case seq < 0 || seq >= out.written:
					t.damaged++
					continue
				case seen[seq]:
					t.repeated++
				case seq < highest:
					t.disordered++
				}
				seen[seq] = true
				highest = max(highest, seq)
			}
		}
	})
	for seq, ok := range seen {
		if !ok {
			t.lose(int64(seq), out.lost)
		}
	}
	return t, err
}

func (t *tally) lose(seq int64, inherent []hole) {
	t.lost++
	for _, h := range inherent {
		if seq < h.from || seq > h.to {
			continue
		}
		t.inherent++
		if !t.reported(h) {
			t.unreported++
		}
	}
}

// reported is whether the reader reported a gap when it came to h: after the
// truncation, and before it read anything that follows it. Lines of h itself it may
// have read, before they were taken away.
func (t *tally) reported(h hole) bool {
	return slices.ContainsFunc(t.gaps, func(g reportedGap) bool { return g.At.After(h.began) && g.after <= h.to })
}

// verdict is what a reader that promises to lose nothing has done wrong; "" is
// nothing.
//
// A writer that copies and truncates takes lines away itself, those that it was sent
// between the two. Which these are is known exactly, without any reader: they are in no
// copy and not in the log that came after. Only such a line may be lost, and only if
// the reader has reported a gap when it came there; every other line was in some file
// and must be read, once and in order. The bytes of the gap cannot be compared with the
// lines: what was written and removed between two polls was never observed, and then
// the gap says 0, "more may be missing". A copy may end in the middle of a line, so
// each may bring one damaged line.
func (t tally) verdict(copies int) string {
	var wrong []string
	for _, w := range []struct {
		lines int64
		what  string
	}{
		{t.lost - t.inherent, "lost that could be read"},
		{t.unreported, "lost without saying so"},
		{t.repeated, "repeated"},
		{t.disordered, "out of order"},
		{max(t.damaged-int64(copies), 0), "damaged"},
	} {
		if w.lines > 0 {
			wrong = append(wrong, number(w.lines)+" lines "+w.what)
		}
	}
	return strings.Join(wrong, ", ")
}
