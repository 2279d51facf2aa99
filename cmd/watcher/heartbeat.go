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

// beat requests the address of [heartbeat] while all is well. It is a separate task, so that no
// alert waits for it. A request that fails is not retried: the next one follows anyway.
func (d *daemon) beat(to conf.Secret) task {
	return func(ctx context.Context) error {
		client, err := notify.NewClient(conf.Notifier{}, conf.Client{})
		if err != nil {
			return err
		}
		client.Timeout = beatTimeout
		for failed := false; ctx.Err() == nil; {
			now := time.Now()
			if early := beatEvery - now.Sub(d.beaten); early > 0 || !d.site.Well(now) {
				clock.Wait(ctx, nil, max(early, settleEvery))
				continue
			}
			d.beaten = now
			got, err := notify.Request{Client: client, To: to}.Get(ctx)
			if err == nil && (got.Status < 200 || got.Status > 299) {
				err = got.Failed()
			}
			switch {
			case err == nil && failed:
				d.log.Info("heartbeat accepted again")
			case err != nil && !failed && ctx.Err() == nil:
				d.log.Warn("heartbeat failed, further failures are not logged", "err", err)
			}
			failed = err != nil
		}
		return nil
	}
}
