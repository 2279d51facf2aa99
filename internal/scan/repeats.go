package scan

import (
	"hash/maphash"
	"strings"
)

// maxRepeats bounds the failures that are remembered twice over: copies of a log
// are read at the same time as far as their folders or zips differ, so that what
// is the same comes close together.
const maxRepeats = 1 << 16

// repeats knows the latest failures, so that one that is in several inputs counts
// once: a directory and a support zip made of it, a log and its copy. What is the
// same is the first line, since a copy may end within an event. In one input the
// same line may come several times; then it counts as often.
type repeats struct {
	seed        maphash.Seed
	now, before map[uint64]copies
}

// copies is in which inputs a line came, the latest two, and how often.
type copies struct {
	in   [2]*input
	n    [2]int32
	most int32
}

func newRepeats() *repeats {
	return &repeats{seed: maphash.MakeSeed(), now: map[uint64]copies{}}
}

// has reports whether a failure has come from another input before.
func (r *repeats) has(f finding, in *input) bool {
	line, _, _ := strings.Cut(f.text, "\n")
	key := maphash.String(r.seed, line)
	c, known := r.now[key]
	if !known {
		if len(r.now) >= maxRepeats {
			r.before, r.now = r.now, map[uint64]copies{}
		}
		c = r.before[key]
	}
	i := 0
	if c.in[0] != nil && c.in[0] != in {
		i = 1
	}
	if c.in[i] != in {
		c.in[i], c.n[i] = in, 0
	}
	c.n[i]++
	again := c.n[i] <= c.most
	c.most = max(c.most, c.n[i])
	r.now[key] = c
	return again
}
