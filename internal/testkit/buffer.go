package testkit

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// Buffer is what has been written so far, such as by a program or a logger that
// goes on writing.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Gzip is a text as gzip compresses it.
func Gzip(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text)) // a buffer takes everything
	z.Close()
	return b.String()
}
