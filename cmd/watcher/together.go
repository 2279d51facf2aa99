package main

import (
	"context"
	"errors"
	"sync"
)

// together runs all tasks and waits for all of them; the first that fails
// stops the others.
func together(ctx context.Context, tasks []task) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make(chan error, len(tasks))
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(func() {
			err := t(ctx)
			if err != nil {
				stop()
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

type task func(context.Context) error
