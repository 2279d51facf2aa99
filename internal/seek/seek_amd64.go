package seek

import "golang.org/x/sys/cpu"

// stride is how many places pairs compares at once.
const stride = 64

var fast = cpu.X86.HasAVX2

// pairs is the first i < n where text[i+places[2]] is the second of bytes and
// the first is at places[0] or places[3], or where text[i+places[1]] and
// text[i+places[2]] are the last two; -1 = there is none. n is a multiple of
// stride, and text has n bytes after the greatest of places.
//
//go:noescape
func pairs(text *byte, n int, bytes *[4]byte, places *[4]int) int
