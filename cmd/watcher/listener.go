package main

import (
	"fmt"
	"net"
	"runtime"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/mask"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/status"
)

// newSite makes what the [http] listener serves, and the counters, which are
// there without a listener, too.
func (d *daemon) newSite() {
	version, commit := build()
	d.site = status.New(status.Program{Version: version, Commit: commit, Go: runtime.Version()}, d.store, d.log)
	d.stats = map[incident.Source]pipeline.Stats{}
}

// listen binds the address of a generation, unless it is bound already. Nothing
// is served there before show.
func (d *daemon) listen(g *generation) (err error) {
	address := g.conf.HTTP.Listen
	if !g.conf.HTTP.On() || d.server != nil && d.server.Address() == address {
		return nil
	}
	g.server, err = status.Listen(address, d.site.Handler(), d.log)
	if err != nil && d.server != nil && port(d.server.Address()) == port(address) {
		return fmt.Errorf("%w; this service itself uses the port at %s: restart it to change only the address",
			err, d.server.Address())
	}
	return err
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// show makes the listener serve the state of a generation. One that stays is not
// interrupted.
func (d *daemon) show(g *generation) {
	d.site.Show(&status.Running{
		Conf: g.conf, Node: mask.New(g.conf.Alerts.Mask, g.conf.Node).Node(g.conf.Node),
		Logs: g.logs, Targets: g.targets, Causes: func() []string { return causeIDs(g.set()) },
	})
	if g.server == nil && g.conf.HTTP.On() {
		return
	}
	d.closeListener()
	if g.server == nil {
		return
	}
	d.server = g.server
	d.serving.Go(func() {
		if err := g.server.Serve(); err != nil {
			d.log.Error("status page unavailable until the service is restarted", "err", err)
		}
	})
	d.log.Info("status page", "url", g.conf.HTTP.URL())
}

// closeListener closes the listener, if there is one.
func (d *daemon) closeListener() {
	if d.server != nil {
		d.server.Close()
		d.serving.Wait()
		d.server = nil
	}
}

// keep remembers what a generation counted, for the next one to continue.
func (d *daemon) keep(g *generation) {
	for _, l := range g.logs {
		d.stats[l.Source] = l.Stats()
	}
}
