package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/listen"
	"jira-oauth-watcher/internal/mask"
	"jira-oauth-watcher/internal/receive"
	"jira-oauth-watcher/internal/status"
)

const statusConnections = 64 // that are open at a time

// listener is one that lives longer than a generation, unless its address changes.
type listener struct {
	key     string         // of its address in the configuration
	server  *listen.Server // nil = off
	serving sync.WaitGroup
}

// bind binds an address, unless it is bound already or "". Nothing is served there before replace.
func (l *listener) bind(d *daemon, address string, connections int, h http.Handler) (*listen.Server, error) {
	if address == "" || l.server != nil && l.server.Address() == address {
		return nil, nil
	}
	next, err := listen.On(l.key, address, connections, h, d.log)
	if err != nil && l.server != nil && port(l.server.Address()) == port(address) {
		return nil, fmt.Errorf("%w; this service itself uses the port at %s: restart it to change only the address",
			err, l.server.Address())
	}
	return next, err
}

// replace serves at next. It returns whether that is new; an address that stays is not interrupted.
func (l *listener) replace(d *daemon, next *listen.Server, on bool) bool {
	if next != nil || !on {
		l.close()
	}
	if next == nil {
		return false
	}
	l.server = next
	l.serving.Go(func() {
		if err := next.Serve(); err != nil {
			d.log.Error(l.key+" unavailable until the service is restarted", "err", err)
		}
	})
	return true
}

func (l *listener) close() {
	if l.server != nil {
		l.server.Close()
		l.serving.Wait()
		l.server = nil
	}
}

// listen binds the addresses of a generation, unless they are bound already.
func (d *daemon) listen(g *generation) (err error) {
	if g.http, err = d.http.bind(d, g.conf.HTTP.Listen, statusConnections, d.site.Handler()); err != nil {
		return err
	}
	running := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.receiver.Load().ServeHTTP(w, r) })
	g.otlp, err = d.otlp.bind(d, g.conf.Receive.Listen, receive.Connections, running)
	if err != nil && g.http != nil {
		g.http.Close()
	}
	return err
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// show makes the listeners serve a generation.
func (d *daemon) show(g *generation) {
	d.site.Show(&status.Running{
		Conf: g.conf, Node: mask.New(g.conf.Alerts.Mask, g.conf.Node).Node(g.conf.Node),
		Logs: g.logs, Targets: g.targets, Causes: func() []string { return causeIDs(g.set()) },
	})
	if d.http.replace(d, g.http, g.conf.HTTP.On()) {
		d.log.Info("status page", "url", g.conf.HTTP.URL())
	}
	d.receiver.Store(g.receiver)
	if d.otlp.replace(d, g.otlp, g.conf.Receive.On()) {
		d.log.Info("OTLP receiver", "url", g.conf.Receive.URL()+"v1/logs")
	}
}

// otlpName is the name in metrics of all streams together.
const otlpName = "otlp"

// receiveLogs adds the receiver, as one log for all its streams.
func (g *generation) receiveLogs(d *daemon) {
	all := g.newLog(d, conf.Log{Name: otlpName, Path: g.conf.Receive.Listen, Kind: conf.KindApplication})
	g.receiver = receive.New(g.conf.Receive, d.log, func(from receive.Source, s *receive.Stream) func(context.Context) error {
		l := conf.Log{Name: otlpName, Path: from.Log, TimeZone: time.Local}
		if from.Log != "" {
			l.Name = path.Base(strings.ReplaceAll(from.Log, `\`, "/"))
		}
		l.Kind = conf.KindOf(l.Name)
		stream := g.stream(l)
		stream.Reader, stream.Node, stream.Of = s, from.Node, all
		return stream.Run
	})
	all.Reader = g.receiver
}
