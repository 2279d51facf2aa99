package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

var heads = []string{"writer", "lines/s", "reader", "written", "read", "lost", "(unreadable)", "repeated", "out of order", "damaged", "gaps reported",
	"bytes in gaps", "kills", "rotations", "peak MB", "p50 ms", "p99 ms"}

func (r result) cells() []string {
	cells := []string{r.trial.writer.name, number(r.trial.rate), r.reader.name}
	for _, n := range []int64{r.written, r.read, r.lost, r.inherent, r.repeated, r.disordered, r.damaged, int64(len(r.gaps)), r.counted, int64(r.kills)} {
		cells = append(cells, number(n))
	}
	if r.reader.peer {
		cells[10], cells[11] = "-", "-" // it has no such thing
	}
	p50, p99, rotations := "-", "-", "-"
	if f := r.final; f != nil && !r.reader.kill {
		if !r.reader.peer {
			rotations = number(f.Rotations)
		}
		if !r.reader.stall {
			p50, p99 = quantiles(f.Latency)
		}
	}
	return append(cells, rotations, fmt.Sprintf("%.1f", float64(r.peak)/1024), p50, p99)
}

func quantiles(h histogram) (p50, p99 string) {
	a, ok := h.percentile(50)
	b, _ := h.percentile(99)
	if !ok {
		return "-", "-"
	}
	return millis(a), millis(b)
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

// number writes n with its thousands apart.
func number(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// writeTable writes rows under their heads, aligned for a terminal.
func writeTable(w io.Writer, heads []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heads}, rows...) {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// writeMarkdown adds the same to a file for a document; "" is no file.
func writeMarkdown(path string, heads []string, rows [][]string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	fmt.Fprintf(f, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(f, "| %s |\n", strings.Join(escaped(row), " | "))
	}
	fmt.Fprintln(f)
	return f.Close()
}

// escaped are cells in which a bar does not end the cell.
func escaped(row []string) (cells []string) {
	for _, c := range row {
		cells = append(cells, strings.ReplaceAll(c, "|", `\|`))
	}
	return cells
}
