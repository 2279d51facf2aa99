// Command jiralog writes a log as a busy Jira Data Center does, with failures
// of the OAuth client flow among its events, for tests and measurements.
//
//	go run ./tools/jiralog -size 1GiB -every 10000 -seed 1 > atlassian-jira.log
//
// The same options write the same bytes.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program; it returns the exit status.
func run(args []string, out, errw io.Writer) int {
	var o Options
	size := size(64 << 20)
	flags := flag.NewFlagSet("jiralog", flag.ContinueOnError)
	flags.SetOutput(errw)
	flags.Var(&size, "size", "how much to write, such as 1GiB; the last event is whole")
	flags.IntVar(&o.Every, "every", 10_000, "one event in so many is a failure of the flow; 0 = none is")
	flags.IntVar(&o.Provider, "provider", 0, "one event in so many is of Jira's own OAuth 2.0 provider; 0 = none is")
	flags.IntVar(&o.Integrations, "integrations", 50, "how many integrations fail, at random")
	flags.Uint64Var(&o.Seed, "seed", 1, "another seed is another log")
	flags.Float64Var(&o.PerSecond, "per-second", 50, "events a second of the log's own time")
	from := flags.String("from", "2026-01-02T06:00:00Z", "time of the first event (RFC 3339)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var err error
	if o.From, err = time.Parse(time.RFC3339, *from); err != nil {
		fmt.Fprintf(errw, "jiralog: -from: %v\n", err)
		return 2
	}
	written, err := write(out, int64(size), o)
	if err != nil {
		fmt.Fprintf(errw, "jiralog: %v\n", err)
		return 1
	}
	fmt.Fprintln(errw, written)
	return 0
}

const atOnce = 1 << 20 // bytes of one write

// write writes whole events until there are size bytes.
func write(out io.Writer, size int64, o Options) (Written, error) {
	l, err := New(o)
	if err != nil {
		return Written{}, err
	}
	w := bufio.NewWriterSize(out, atOnce)
	buf := make([]byte, 0, atOnce)
	for n := int64(0); n < size; n += int64(len(buf)) {
		for buf = buf[:0]; n+int64(len(buf)) < size && len(buf) < atOnce; {
			buf = l.Append(buf)
		}
		if _, err := w.Write(buf); err != nil {
			return l.Written(), err
		}
	}
	return l.Written(), w.Flush()
}

// size is a number of bytes as a flag.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

func (s *size) Set(text string) error {
	unit := 1.0
	for name, bytes := range map[string]float64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(text, name); ok {
			text, unit = number, bytes
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n*unit > math.MaxInt64/2 {
		return fmt.Errorf("write one such as 512MiB or 1GiB")
	}
	*s = size(n * unit)
	return nil
}
