package testkit

import (
	"net"
	"testing"
)

// FreeAddress is an address of 127.0.0.1 that no process listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
