package testkit

import (
	"os"
	"os/exec"
	"testing"
)

// Slow skips a test in make test, which runs go test -short. It says what makes
// the test slow; make test-all runs it.
func Slow(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("make test-all runs it: " + why)
	}
}

// Pure marks an expensive test in which no goroutines meet: make test runs it
// without the race detector only.
func Pure(t testing.TB) {
	t.Helper()
	if Race && testing.Short() {
		t.Skip("no goroutines meet in it: it runs without the race detector")
	}
}

// Fewer is n in make test-all and short in make test: how often a test repeats
// what it does with other random input.
func Fewer(short, n int) int {
	if testing.Short() {
		return short
	}
	return n
}

// Program is the path of a program that scripts/deps.sh installs. Without it the
// test is skipped, except in CI, where it fails.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, err.Error()+"; scripts/deps.sh installs it")
	}
	return path
}

// Missing skips a test that lacks something of the machine, and fails it in CI,
// where everything must be there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
