package main

import (
	"context"
	"errors"
	"sync"
)

// task runs until its context is done.
type task func(context.Context) error

// group is tasks that run at the same time. golang.org/x/sync/errgroup would do,
// but for the errors after the first.
type group struct {
	done chan struct{} // closed when all have returned
	err  error         // of all of them, then
}

// start starts tasks; the first that fails stops the others.
func start(ctx context.Context, tasks []task) *group {
	ctx, stop := context.WithCancel(ctx)
	g := &group{done: make(chan struct{})}
	errs := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i, t := range tasks {
		wg.Go(func() {
			if errs[i] = t(ctx); errs[i] != nil {
				stop()
			}
		})
	}
	go func() {
		wg.Wait()
		stop()
		g.err = errors.Join(errs...)
		close(g.done)
	}()
	return g
}

func (g *group) wait() error {
	<-g.done
	return g.err
}

// together runs tasks and waits for all of them.
func together(ctx context.Context, tasks []task) error { return start(ctx, tasks).wait() }
