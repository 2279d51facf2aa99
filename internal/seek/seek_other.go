//go:build !amd64

package seek

const (
	stride = 64
	fast   = false
)

func pairs(*byte, int, *[4]byte, *[4]int) int { return -1 }
