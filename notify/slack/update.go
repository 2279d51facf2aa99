package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/notify"
)

const (
	editEvery = time.Minute // a message at most, unless its incident was acknowledged
	editNext  = time.Second // when more messages are to be edited
)

// stale is a message that is out of date.
type stale struct {
	notify.OpenIncident
	at     receipt
	answer bool          // details or the probe are due in its thread
	rank   int           // 0 = it was acknowledged or probed, or an answer is due
	in     time.Duration // until it may be edited
}

// Refresh posts the details of a new message into its thread, or edits the message that has waited
// longest. Details and an acknowledgment come at once, numbers once a minute.
func (s *Bot) Refresh(ctx context.Context, open []notify.OpenIncident) (map[alert.ID]notify.Receipt, time.Duration,
	error) {
	changed := map[alert.ID]notify.Receipt{}
	var all []stale
	for _, st := range open {
		at, ok := s.place(st.Receipt)
		now := showing(st.Data)
		w, every := stale{OpenIncident: st, at: at}, time.Duration(0)
		w.answer = at.DetailsDue || at.Threaded && now.Probe == at.Shown.Probe && now.Probe != "" && now.Probe != at.Probe
		switch {
		case !ok:
			changed[st.Data.Incident()] = nil
			continue
		case w.answer:
			every = postEvery
		case now == at.Shown:
			continue
		case now.Acknowledged == at.Shown.Acknowledged && now.Probe == at.Shown.Probe:
			w.rank, every = 1, editEvery
		}
		if early := every - clock.Since(at.Edited); early <= every { // otherwise the clock was set back
			w.in = max(early, 0)
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		return changed, 0, nil
	}
	slices.SortStableFunc(all, func(a, b stale) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.in, b.in), a.at.Edited.Compare(b.at.Edited))
	})
	oldest := all[0]
	if oldest.in > 0 {
		return changed, max(oldest.in, editNext), nil
	}
	var next time.Duration
	if len(all) > 1 {
		next = max(all[1].in, editNext)
	}
	var err error
	var done notify.Receipt
	answer, was := oldest.answer, oldest.at
	if m := message.Of(oldest.Data); answer {
		err = s.postDetails(ctx, oldest.at, m)
		oldest.at.DetailsDue, oldest.at.Probe = false, probeOf(oldest.Data)
		done = oldest.at.encoded()
		next = editNext // it may have to be edited, too
	} else {
		err = s.edit(ctx, oldest.at, m, false)
		done = oldest.at.shows(oldest.Data)
	}
	failed, _ := errors.AsType[*notify.Error](err)
	switch incident := oldest.Data.Incident(); {
	case err == nil:
		changed[incident] = done
	case lost(err):
		changed[incident], err = nil, nil // the next alert is a new message
	case failed.Outcome == notify.BadMessage || answer && failed.Unsure:
		changed[incident] = done // as if edited: otherwise nothing else would ever be edited
	case answer: // after the others
		was.Edited = clock.Now().UTC()
		changed[incident] = was.encoded()
	}
	return changed, next, err
}
