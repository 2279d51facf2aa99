package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// draw makes the world of a seed.
func draw(seed uint64) Script {
	r := rand.New(rand.NewPCG(seed, 77))
	s := Script{Setup: Setup{
		Seed: seed, Tmpfs: r.IntN(2) == 0, Logs: 1 + r.IntN(5)/4, Keep: 1 + r.IntN(10),
		Start: "end", Receivers: 1 + r.IntN(3),
		Integrations: 1 + r.IntN(6), Repeat: []string{"4h", "4h", "0", "30m"}[r.IntN(4)],
		RetryFor: []string{"24h", "1h"}[r.IntN(2)],
	}}
	for range s.Logs {
		s.Style = append(s.Style, styles[r.IntN(len(styles))])
	}
	if r.IntN(4) == 0 {
		s.Start = "beginning"
	}
	if r.IntN(6) == 0 {
		s.Storm = 1 + r.IntN(3)
	}
	if r.IntN(5) == 0 {
		s.Slow = 2 * time.Second
	}
	if r.IntN(5) == 0 {
		s.Burst = fmt.Sprintf("%din%dm", 1+r.IntN(3), []int{1, 10, 60}[r.IntN(3)])
	}
	s.Picky = r.IntN(5) == 0
	if r.IntN(12) == 0 {
		s.MaxOpen = 1 + r.IntN(3)
	}
	var deck []string
	for _, do := range slices.Sorted(keys(weights)) {
		deck = append(deck, slices.Repeat([]string{do}, weights[do])...)
	}
	for range 3 + r.IntN(40) {
		step := Step{After: pause(r), Do: deck[r.IntN(len(deck))], On: r.IntN(6), Dice: r.Uint64N(100_000)}
		s.Steps = append(s.Steps, step)
	}
	return s
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// pause is mostly short, and sometimes weeks.
func pause(r *rand.Rand) time.Duration {
	most := []time.Duration{
		5 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 20 * time.Second, 10 * time.Minute, 6 * time.Hour,
	}
	n := r.IntN(60)
	switch {
	case n == 0:
		return time.Duration(r.Int64N(int64(21*24*time.Hour))) + 1
	case n < 4:
		return time.Duration(r.Int64N(int64(most[5]))) + 1
	case n < 10:
		return time.Duration(r.Int64N(int64(most[4]))) + 1
	}
	return time.Duration(r.Int64N(int64(most[n%4]))) + 1
}
