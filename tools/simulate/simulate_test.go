package main

import (
	"testing"

	"jira-oauth-watcher/matchers"
)

func BenchmarkWorlds(b *testing.B) {
	defer unprivileged()()
	set, err := matchers.LoadProven("")
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		simulate(draw(uint64(i+1)), set)
	}
}
