package main

import (
	"context"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/doctor"
)

// probes is the task that probes the hosts of open incidents; none unless the configuration wants
// it.
func (g *generation) probes() []task {
	if !g.conf.Probe.OnAlert {
		return nil
	}
	return []task{g.recorder.Prober(func(ctx context.Context, host string) *alert.Probe {
		found := newDoctor(g.conf).Probe(ctx, doctor.ForHost(host)) // Jira's Java may be another one by now
		return found.Alert()
	})}
}
