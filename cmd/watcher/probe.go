package main

import (
	"context"

	"jira-oauth-watcher/internal/alert"
)

// probes is the task that probes the hosts of open incidents; none unless the configuration wants
// it. probe tries to reach one host.
func (g *generation) probes(probe func(ctx context.Context, host string) *alert.Probe) []task {
	if !g.conf.Probe.OnAlert || probe == nil {
		return nil
	}
	return []task{g.recorder.Prober(probe)}
}
