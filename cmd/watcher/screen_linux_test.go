package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A name in an error is printed without what a terminal would obey, our own
// styles included.
func TestErrorsHaveNoStyles(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	host, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	fd := int(host.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	run(t.Context(), []string{"watcher", "explain", "no\x1b[1msuch\x1b[0m"}, nil, terminal, terminal)
	if got, err := bufio.NewReader(host).ReadString('\n'); err != nil || got != "watcher: no[1msuch[0m: no such file or directory\r\n" {
		t.Errorf("%q, %v", got, err)
	}
}
