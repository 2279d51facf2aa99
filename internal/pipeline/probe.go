package pipeline

import (
	"context"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/store"
)

const (
	probeEvery   = 5 * time.Minute  // between two probes of one host
	probeTimeout = 10 * time.Second // of one probe
)

// probed is the last probe of a host. It is stored when it begins, so that a restart causes no
// other one.
type probed struct {
	Began time.Time    `json:"began"`
	Found *alert.Probe `json:"found,omitempty"` // redacted; nil = it has not ended
}

// Prober returns what probes the hosts of open incidents until its context is done, one after the
// other. It must be called before anything is recorded. Nothing waits for a probe: an alert is
// queued without it. Its result becomes part of the incident, and of the next alerts. probe tries
// to reach a host until ctx is done; nil = it cannot be probed.
func (r *Recorder) Prober(probe func(ctx context.Context, host string) *alert.Probe) func(context.Context) error {
	r.unprobed = make(chan struct{}, 1)
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			host, wait, err := r.nextProbe(clock.Now())
			if err != nil {
				return err
			}
			if host == "" {
				clock.Wait(ctx, r.unprobed, wait)
				continue
			}
			limited, cancel := context.WithTimeout(ctx, probeTimeout)
			found := probe(limited, host)
			cancel()
			if ctx.Err() != nil || found == nil { // one that was cut short proves nothing
				continue
			}
			if err := r.endProbe(host, *found); err != nil {
				return err
			}
		}
		return nil
	}
}

// nextProbe begins the next probe and returns its host. "" = there is none for some time, or, if
// that is negative, until an incident needs one. An incident whose host was probed recently gets
// that result.
func (r *Recorder) nextProbe(now time.Time) (host string, wait time.Duration, err error) {
	wait = -1
	err = r.Store.Update(func(tx *store.Tx) {
		r.schedule(tx)
		last := map[string]probed{}
		tx.Note(store.Probes, &last)
		maps.DeleteFunc(last, func(_ string, p probed) bool { return now.Sub(p.Began).Abs() >= probeEvery })
		for _, key := range slices.Sorted(maps.Keys(r.due)) {
			of := r.due[key].host
			p, recent := last[of]
			switch early := probeEvery - now.Sub(p.Began); {
			case of == "":
			case !recent && host == "":
				host = of
				last[host] = probed{Began: now}
				tx.SetNote(store.Probes, last)
			case recent && p.Found != nil:
				r.set(tx, tx.Incident(key).WithProbe(*p.Found))
			case recent && (wait < 0 || early < wait):
				wait = early
			}
		}
	})
	return host, wait, err
}

// endProbe stores the result of a probe. nextProbe adds it to the incidents that wait for it.
func (r *Recorder) endProbe(host string, found alert.Probe) error {
	found = r.Rules.Probed(found)
	return r.Store.Update(func(tx *store.Tx) {
		last := map[string]probed{}
		tx.Note(store.Probes, &last)
		last[host] = probed{last[host].Began, &found}
		tx.SetNote(store.Probes, last)
	})
}

// likely is the host of the tokens of all open incidents whose provider is known, "" = not one.
func (r *Recorder) likely() (host string) {
	for _, d := range r.due {
		switch {
		case d.from == "" || d.from == host:
		case host != "":
			return ""
		default:
			host = d.from
		}
	}
	return host
}
