package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const (
	failures    = 200
	warmUp      = 20 * time.Second // until the first request of a program that has started
	answerIn    = 5 * time.Second  // a request that comes later did not come
	settleAfter = 2 * time.Second  // requests of the warm-up may still come
)

// compareRequest measures from the write of a failure to the HTTP request that reports
// it, one failure at a time.
func compareRequest(ctx context.Context, dir string, progress io.Writer) (rows [][]string, err error) {
	for i, s := range senders {
		if why := s.missing(); why != "" {
			fmt.Fprintln(progress, why)
			continue
		}
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, err
		}
		took, err := requests(ctx, sub, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		row := []string{s.name, "-", "-", "-", number(int64(len(took)))}
		if n := len(took); n > 0 {
			slices.Sort(took)
			copy(row[1:], []string{millis(took[n/2]), millis(took[n*99/100]), millis(took[n-1])})
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// requests runs one sender and returns how long each request took.
func requests(ctx context.Context, dir string, s sender) (took []time.Duration, err error) {
	arrived := make(chan time.Time, 10*failures)
	url, stopServing, err := receive(func(_ []byte, at time.Time) { arrived <- at })
	if err != nil {
		return nil, err
	}
	defer stopServing()
	a, err := openAppender(filepath.Join(dir, "atlassian-jira.log"))
	if err != nil {
		return nil, err
	}
	defer a.f.Close()
	_, said, stop, err := s.start(dir, a.path, url)
	if err != nil {
		return nil, err
	}
	defer stop()
	n, err := warm(ctx, a.f, arrived)
	if err != nil {
		text, _ := os.ReadFile(said)
		return nil, fmt.Errorf("%w; it said %q", err, text)
	}
	for i := range failures {
		written := time.Now()
		if _, err := io.WriteString(a.f, failure(n+i)); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case at := <-arrived:
			took = append(took, at.Sub(written))
		case <-time.After(answerIn):
		}
		time.Sleep(20 * time.Millisecond)
	}
	return took, nil
}

// receive starts a receiver on loopback that passes on what requests arrive, and when.
func receive(take func(text []byte, at time.Time)) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		at := time.Now()
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		take(text, at)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return "http://" + listener.Addr().String() + "/hook", func() { server.Close(); <-served }, nil
}

// start starts the sender and returns its process group, the file with its output, and what
// stops it with all its children.
func (s sender) start(dir, log, url string) (group int, said string, stop func(), err error) {
	cmd, err := s.command(dir, log, url)
	if err != nil {
		return 0, "", nil, err
	}
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return 0, "", nil, err
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a pipeline is ended as one
	if err := cmd.Start(); err != nil {
		return 0, "", nil, err
	}
	group = cmd.Process.Pid
	return group, output.Name(), func() {
		syscall.Kill(-group, syscall.SIGTERM)
		late := time.AfterFunc(settleAfter, func() { syscall.Kill(-group, syscall.SIGKILL) })
		cmd.Wait()
		late.Stop()
	}, nil
}

// warm writes failures until one is reported, and returns how many.
func warm(ctx context.Context, log io.Writer, arrived <-chan time.Time) (n int, err error) {
	for end := time.Now().Add(warmUp); time.Now().Before(end); {
		if _, err := io.WriteString(log, failure(n)); err != nil {
			return n, err
		}
		n++
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-arrived:
			time.Sleep(settleAfter)
			for len(arrived) > 0 {
				<-arrived
			}
			return n, nil
		case <-time.After(time.Second / 2):
		}
	}
	return n, errors.New("no request came")
}

// missing is a sentence on what the sender lacks, "" if nothing.
func (s sender) missing() string {
	for _, n := range s.needs {
		if _, err := exec.LookPath(n.path); err != nil {
			return fmt.Sprintf("%s is left out: no %s (Debian: apt-get install %s)", s.name, n.path, n.pkg)
		}
	}
	return ""
}
