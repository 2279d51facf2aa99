package status

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of what untrusted clients can use.
const (
	maxConnections = 64
	maxHeader      = 16 << 10
	headerTime     = 5 * time.Second
	requestTime    = 10 * time.Second
	answerTime     = time.Minute
	idleTime       = time.Minute
	stopTime       = 2 * time.Second // for unfinished answers at the end
)

// Server answers on one address.
type Server struct {
	address  string
	listener net.Listener
	http     *http.Server
}

// Listen takes an address. Nothing is answered before Serve.
func Listen(address string, h http.Handler, log *slog.Logger) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("[http] listen: %s is in use by another program: "+
			"stop that one, or choose another port", address)
	case err != nil:
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("[http] listen: %s: %w", address, err)
	}
	return &Server{
		address:  address,
		listener: netutil.LimitListener(listener, maxConnections),
		http: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: headerTime,
			ReadTimeout:       requestTime,
			WriteTimeout:      answerTime,
			IdleTimeout:       idleTime,
			MaxHeaderBytes:    maxHeader,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
	}, nil
}

// Address is what Listen was given.
func (s *Server) Address() string { return s.address }

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
