package status

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Bounds of the answers that list incidents.
const (
	maxBodies = 8               // in memory
	freshTime = time.Second     // how long a body answers those who ask for the same
	turnTime  = 5 * time.Second // how long a request waits for its body
)

// errBusy is a request that has waited for turnTime.
var errBusy = errors.New("too many requests at once")

// bodies makes answers, one at a time. All who ask for the same within freshTime
// share one, however slowly they read it.
type bodies struct {
	making chan struct{}
	room   chan struct{} // holds one for each body in memory

	mu    sync.Mutex
	fresh map[string]*body
}

type body struct {
	text  []byte
	next  string         // the path of the next page, "" = it is the last one
	users sync.WaitGroup // requests that send it
}

func newBodies() *bodies {
	return &bodies{
		making: make(chan struct{}, 1), room: make(chan struct{}, maxBodies), fresh: map[string]*body{},
	}
}

// get is the body for a key, which render makes if there is no fresh one. Whoever
// gets it calls users.Done once it is sent. get waits until ctx ends, and fails with errBusy then.
func (b *bodies) get(ctx context.Context, key string, render func() (*body, error)) (made *body, err error) {
	if known := b.use(key); known != nil {
		return known, nil
	}
	if !take(ctx, b.making) {
		return nil, errBusy
	}
	defer func() { <-b.making }()
	if known := b.use(key); known != nil {
		return known, nil
	}
	if !take(ctx, b.room) {
		return nil, errBusy
	}
	defer func() {
		if made == nil {
			<-b.room
		}
	}()
	if made, err = render(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	made.users.Add(1)
	b.fresh[key] = made
	time.AfterFunc(freshTime, func() {
		b.mu.Lock()
		delete(b.fresh, key)
		b.mu.Unlock()
		made.users.Wait()
		<-b.room
	})
	return made, nil
}

func take(ctx context.Context, one chan<- struct{}) bool {
	select {
	case one <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// use is the fresh body for a key, nil if there is none.
func (b *bodies) use(key string) *body {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.fresh[key]
	if known != nil {
		known.users.Add(1)
	}
	return known
}
