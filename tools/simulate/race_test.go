//go:build race

package main

import (
	"os"
	"os/exec"
	"testing"
)

// Only one task of a world runs at a time, so the race detector has nothing to
// find and would make the worlds five times as slow: they run without it.
func TestMain(*testing.M) {
	c := exec.Command("go", "test", "-count=1", ".")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if c.Run() != nil {
		os.Exit(1)
	}
}
