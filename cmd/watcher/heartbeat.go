package main

import (
	"context"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

const (
	beatEvery   = time.Minute      // how often the address of [heartbeat] is requested at most
	beatTimeout = 10 * time.Second // for one request
)

// beat requests the address of [heartbeat] while all is well. It is a task of its own, so that
// no alert waits for it, and a request that fails is not retried: the next one follows anyway.
func (d *daemon) beat(g *generation) []task {
	to := g.conf.Heartbeat
	if to.IsZero() {
		return nil
	}
	return []task{func(ctx context.Context) error {
		client, err := notify.NewClient(conf.Notifier{}, conf.Client{})
		if err != nil {
			return err
		}
		failed := false
		for ctx.Err() == nil {
			now := time.Now()
			if early := beatEvery - now.Sub(d.beaten); early > 0 {
				clock.Wait(ctx, nil, early)
				continue
			}
			if len(d.site.Ailing(now)) > 0 {
				clock.Wait(ctx, nil, settleEvery)
				continue
			}
			d.beaten = now
			err := request(ctx, notify.Request{Client: client, To: to})
			switch {
			case err == nil && failed:
				d.log.Info("heartbeat accepted again")
			case err != nil && !failed && ctx.Err() == nil:
				d.log.Warn("heartbeat failed, further failures are not logged", "err", err)
			}
			failed = err != nil
		}
		return nil
	}}
}

// request makes a request in the time that it may take.
func request(ctx context.Context, r notify.Request) error {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	got, err := r.Get(ctx)
	if err == nil && (got.Status < 200 || got.Status > 299) {
		return got.Failed()
	}
	return err
}
