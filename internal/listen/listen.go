// Package listen is an HTTP listener with the limits of what untrusted clients can use, and its
// login.
package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Bounds of what untrusted clients can use.
const (
	maxHeader   = 16 << 10
	headerTime  = 5 * time.Second
	requestTime = 10 * time.Second
	answerTime  = 10 * time.Second // from the request to the last byte of its answer
	idleTime    = time.Minute
	stopTime    = 2 * time.Second // for unfinished answers at the end
)

// Server answers on one address.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// On takes an address. Nothing is answered before Serve. key is the address's key in the
// configuration. At most so many connections are open at a time.
func On(key, address string, connections int, h http.Handler, log *slog.Logger) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use by another program: "+
			"stop that one, or choose another port", key, address)
	case err != nil:
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return nil, fmt.Errorf("%s: %s: %w", key, address, err)
	}
	return &Server{
		listener: listener,
		http: &http.Server{
			Addr:              address,
			Handler:           h,
			ReadHeaderTimeout: headerTime,
			ReadTimeout:       requestTime,
			WriteTimeout:      answerTime,
			IdleTimeout:       idleTime,
			MaxHeaderBytes:    maxHeader,
			ConnState:         (&open{most: connections}).changed,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
	}, nil
}

// open are the open connections, the longest inactive first.
type open struct {
	most int
	mu   sync.Mutex
	open []net.Conn
}

// changed notes that a connection is new, has a request, has its answer or is
// closed. One more than allowed closes the first, so clients that do not read
// cannot lock others out.
func (c *open) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(known net.Conn) bool { return known == conn })
	if state == http.StateClosed {
		return
	}
	if c.open = append(c.open, conn); len(c.open) > c.most {
		c.open[0].Close()
		c.open = c.open[1:]
	}
}

// Address is what On was given.
func (s *Server) Address() string { return s.http.Addr }

// Serve answers until Close, which is no error.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends Serve; unfinished answers get a moment. It may be called without
// Serve.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	s.listener.Close()
}
