package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
)

// receiver is where a webhook's requests arrive, in this process.
type receiver struct {
	w          *world
	name       string
	mode       string
	heals      time.Duration // when it works again
	configured bool
	left       bool          // it was removed from the configuration at some time
	task       *task         // of its notifier
	sending    bool          // a request is under way
	until      time.Duration // the end of a limit

	accepted []alert.ID            // IDs, in order, with repeats
	alerts   []alert.Alert         // in order, without repeats
	content  map[alert.ID][32]byte // of each ID
	refused  map[alert.ID]bool     // IDs that were refused or failed at least once
}

// modes are what a receiver may do with a request. Two of them accept it and let
// the answer get lost.
var modes = []string{
	"well", "well", "well", "slow", "failing", "refusing", "settings", "gone", "limiting",
	"lost answer", "late answer", "absent", "now and then",
}

func newReceiver(w *world, name string) *receiver {
	return &receiver{
		w: w, name: name, mode: "well", configured: true,
		content: map[alert.ID][32]byte{}, refused: map[alert.ID]bool{},
	}
}

func (w *world) receiver(name string) *receiver {
	for _, r := range w.receivers {
		if r.name == name {
			return r
		}
	}
	return nil
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.w.checkRedacted("the body of a request", string(body))
	r.sending, r.task = true, r.w.machine.current
	defer func() { r.sending = false }()
	if r.until > r.w.machine.mono {
		early := r.until - r.w.machine.mono
		r.w.fail("Retry-After is kept", "%s was asked again %s before its Retry-After was over", r.name, early)
	}
	if r.w.machine.mono > r.heals {
		r.mode = "well"
	}
	mode := r.mode
	if mode == "now and then" {
		mode = []string{"well", "failing"}[r.w.machine.chance.IntN(2)]
	}
	a := r.alert(body)
	switch mode {
	case "well", "slow", "lost answer", "late answer":
		r.accept(a, body)
	default:
		r.refused[a.Data.ID] = true
	}
	pause := 20 * time.Millisecond
	switch mode {
	case "slow":
		pause = 3 * time.Second
	case "late answer":
		pause = 10 * time.Second
	}
	clock.Wait(context.Background(), nil, pause)
	if r.w.daemon.killed {
		return nil, errors.New("killed")
	}
	return r.answer(mode)
}

func (r *receiver) answer(mode string) (*http.Response, error) {
	status, header := http.StatusOK, http.Header{}
	switch mode {
	case "absent":
		return nil, errors.New("connection refused")
	case "lost answer":
		return nil, errors.New("connection reset by peer")
	case "late answer":
		return nil, context.DeadlineExceeded
	case "failing":
		status = http.StatusInternalServerError
	case "refusing":
		status = http.StatusBadRequest
	case "settings":
		status = http.StatusUnauthorized
	case "gone":
		status = http.StatusGone
	case "limiting":
		status = http.StatusTooManyRequests
		after := time.Duration(1+r.w.machine.chance.IntN(100)) * time.Second
		r.until = r.w.machine.mono + after
		header.Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("so it is"))}, nil
}

func (r *receiver) alert(body []byte) alert.Alert {
	var a alert.Alert
	r.w.must(json.Unmarshal(body, &a))
	return a
}

// accept checks what arrives: one content per ID, in order per incident, and a repeat
// only of the last one.
func (r *receiver) accept(a alert.Alert, body []byte) {
	id := a.Data.ID
	sum := sha256.Sum256(bytes.TrimSpace(body))
	if before, known := r.content[id]; known && before != sum && !r.w.model.confused() {
		r.w.fail("one content per ID", "%s: two contents under one ID %s\n%s", r.name, id, body)
	}
	if _, known := r.content[id]; !known {
		if r.alerts = append(r.alerts, a); r.w.node != nil {
			r.w.narrate("ALERT %s", shown(a.Data))
		}
	}
	r.content[id] = sum
	last := 0
	for _, before := range r.accepted {
		if before.Incident() == id.Incident() {
			last = max(last, before.Number())
		}
	}
	if id.Number() < last && !r.w.model.confused() {
		r.w.fail("order per incident", "%s: %s came after number %d", r.name, id, last)
	}
	r.accepted = append(r.accepted, id)
}
