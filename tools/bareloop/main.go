// Command bareloop is the least that a program can do that follows a log: inotify, one
// search, one request. It has no state, knows no rotation and loses what is written while a
// request is under way for too long. What it costs is what ours is compared with:
//
//	go run ./tools/torture -compare live
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"

	"golang.org/x/sys/unix"
)

func main() {
	if err := follow(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bareloop:", err)
		os.Exit(1)
	}
}

// follow posts each line with the flow's word that is written to the log from now on.
func follow(log, url string) error {
	f, err := os.Open(log)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return err
	}
	if _, err := unix.InotifyAddWatch(fd, log, unix.IN_MODIFY); err != nil {
		return err
	}
	watch, events := os.NewFile(uintptr(fd), "inotify"), make([]byte, 4096)
	text, held := make([]byte, 256<<10), 0
	for {
		if _, err := watch.Read(events); err != nil {
			return err
		}
		for {
			n, err := f.Read(text[held:])
			if n == 0 {
				if err != io.EOF {
					return err
				}
				break
			}
			held += n
			end := bytes.LastIndexByte(text[:held], '\n') + 1
			if i := bytes.Index(text[:end], []byte("oauth2")); i >= 0 {
				if err := post(url, text[:end]); err != nil {
					return err
				}
			}
			held = copy(text, text[end:held])
		}
	}
}

func post(url string, text []byte) error {
	answer, err := http.Post(url, "text/plain", bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
