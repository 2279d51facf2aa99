package main

import (
	"io"
	"sync"
)

// alertCounter counts the alerts that the console prints, one a write.
type alertCounter struct {
	out io.Writer
	mu  sync.Mutex
	n   int
}

func (c *alertCounter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.out.Write(p)
}

func (c *alertCounter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
