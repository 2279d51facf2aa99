package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets of a sixteenth of their power of two, so
// that its size does not grow with what is measured.
type histogram []int64

func (h *histogram) add(d time.Duration) {
	n := uint64(max(d, 16))
	shift := bits.Len64(n) - 5
	i := shift<<4 | int(n>>shift)&15
	for len(*h) <= i {
		*h = append(*h, 0)
	}
	(*h)[i]++
}

// percentile is the upper end of the bucket that holds it; false if nothing was
// measured.
func (h histogram) percentile(p int64) (time.Duration, bool) {
	total := int64(0)
	for _, n := range h {
		total += n
	}
	rank := (total*p + 99) / 100
	for i, n := range h {
		if rank -= n; n > 0 && rank <= 0 {
			return time.Duration(i&15+17) << (i >> 4), true
		}
	}
	return 0, false
}
