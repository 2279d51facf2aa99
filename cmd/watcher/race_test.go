//go:build race

package main_test

// Tests built with the race detector try a program built with it.
func init() { buildFlags = append(buildFlags, "-race") }
