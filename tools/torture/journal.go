package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"jira-oauth-watcher/tailer"
)

// record is what a reader keeps of one read, as a service would: what it has taken and
// where to go on, in one append. A killed reader resumes at the last complete record.
type record struct {
	Runs    [][2]int64      `json:"runs,omitempty"`    // numbers of lines in the order of arrival, as runs of consecutive ones
	Damaged int64           `json:"damaged,omitempty"` // lines that no writer has written so
	Next    json.RawMessage `json:"next,omitempty"`    // where to go on
	Gaps    []tailer.Gap    `json:"gaps,omitempty"`    // what the reader says it may have lost
	Final   *final          `json:"final,omitempty"`   // its report when it is stopped
}

type final struct {
	Rotations int64     `json:"rotations"`
	Latency   histogram `json:"latency"`
}

// take notes a line, without its line end, and returns when it was written.
func (r *record) take(line []byte) (at time.Time, ok bool) {
	seq, at, ok := parseLine(line)
	if !ok {
		r.Damaged++
		return at, false
	}
	r.add(seq)
	return at, true
}

func (r *record) add(seq int64) {
	if n := len(r.Runs); n > 0 && r.Runs[n-1][1]+1 == seq {
		r.Runs[n-1][1] = seq
		return
	}
	r.Runs = append(r.Runs, [2]int64{seq, seq})
}

func (r *record) empty() bool {
	return len(r.Runs) == 0 && r.Damaged == 0 && len(r.Gaps) == 0 && r.Final == nil
}

// journal is the file of a reader's records.
type journal struct{ f *os.File }

// openJournal opens the journal at path, without a torn last record, and returns
// where the last whole one says to go on; nil is the beginning.
func openJournal(path string) (journal, json.RawMessage, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return journal{}, nil, err
	}
	whole, last, err := tailOf(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	return journal{f}, last.Next, err
}

func (j journal) append(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = j.f.Write(append(b, '\n'))
	return err
}

// tailOf returns where the last whole record ends and that record with, if it
// has none, the place of the last one that has.
func tailOf(f *os.File) (whole int64, last record, err error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, last, err
	}
	from := max(fi.Size()-(1<<20), 0)
	b := make([]byte, fi.Size()-from)
	if _, err := f.ReadAt(b, from); err != nil && err != io.EOF {
		return 0, last, err
	}
	b = b[:bytes.LastIndexByte(b, '\n')+1]
	whole = from + int64(len(b))
	for b = bytes.TrimSuffix(b, []byte("\n")); len(b) > 0 && last.Next == nil; {
		var r record
		i := bytes.LastIndexByte(b, '\n') + 1
		if err := json.Unmarshal(b[i:], &r); err != nil {
			return 0, last, err
		}
		if last.empty() {
			last = r
		}
		last.Next = r.Next
		b = b[:max(i-1, 0)]
	}
	return whole, last, nil
}

// lastRecord is the last whole record of the journal at path, empty if there is
// none.
func lastRecord(path string) (record, int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, 0, nil
	} else if err != nil {
		return record{}, 0, err
	}
	defer f.Close()
	size, last, err := tailOf(f)
	return last, size, err
}

// records calls each for all whole records of the journal at path.
func records(path string, each func(record)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); ; {
		var r record
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		each(r)
	}
}
