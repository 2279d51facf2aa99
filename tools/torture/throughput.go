package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	backlogSize = 1 << 30
	followSize  = 256 << 20
)

// sprinter is a program that reads a log as fast as it can.
type sprinter struct {
	name string
	run  func() (sprinted, error)
}

// medians lets all run in turn, so that a busy moment does not hit one of them.
func medians(ctx context.Context, size int64, unit float64, all []sprinter, progress io.Writer) (rows [][]string, err error) {
	times, cpu, found := make([][]time.Duration, len(all)), make([][]time.Duration, len(all)), make([]int, len(all))
	for round := range rounds {
		for i, s := range all {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			got, err := s.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			fmt.Fprintf(progress, "round %d, %s: %v\n", round+1, s.name, got.Took)
			times[i], cpu[i], found[i] = append(times[i], got.Took), append(cpu[i], got.CPU), got.Found
		}
	}
	for i, s := range all {
		slices.Sort(times[i])
		slices.Sort(cpu[i])
		median := times[i][rounds/2].Seconds()
		rows = append(rows, []string{s.name, fmt.Sprintf("%.3f", median), fmt.Sprintf("%.3f", times[i][0].Seconds()),
			fmt.Sprintf("%.3f", times[i][rounds-1].Seconds()), fmt.Sprintf("%.3f", cpu[i][rounds/2].Seconds()), fmt.Sprintf("%.2f", float64(size)/unit/median),
			number(int64(found[i]))})
	}
	return rows, nil
}

// compareBacklog counts the time from the start of a process to its end, as a
// user would; for ours also without the start, in which the causes prove themselves.
func compareBacklog(ctx context.Context, dir string, progress io.Writer) ([][]string, error) {
	log := filepath.Join(dir, "atlassian-jira.log")
	size, err := generate(log, backlogSize)
	if err != nil {
		return nil, err
	}
	core := []string{"taskset", "-c", strconv.Itoa(runtime.NumCPU() - 1)}
	if _, err := exec.LookPath("taskset"); err != nil {
		fmt.Fprintln(progress, "no taskset (Debian: apt-get install util-linux): nothing is bound to one core")
		core = nil
	}
	pinned := append(append([]string{}, core...), "env", "GOMAXPROCS=1")
	all := []sprinter{
		{"ours, one core", ours(task{Log: log, Bytes: size}, false, pinned...)},
		{"ours, one core, with process start", ours(task{Log: log, Bytes: size}, true, pinned...)},
		{"ours", ours(task{Log: log, Bytes: size}, false)},
	}
	for _, words := range []string{"grep -c oauth2", "rg -c oauth2", `rg -c -e oauth2 -e \[c\.a\.o\.c\.`} {
		args := append(strings.Fields(words), log)
		if _, err := exec.LookPath(args[0]); err != nil {
			fmt.Fprintf(progress, "%s is left out: not installed (Debian: apt-get install grep ripgrep)\n", words)
			continue
		}
		all = append(all, sprinter{words + ", one core", counting(append(append([]string{}, core...), args...))})
	}
	all = append(all, sprinter{"nxadm/tail, lines only", ours(task{Log: log, Bytes: size, Peer: true}, false)})
	if _, err := os.ReadFile(log); err != nil { // into the page cache
		return nil, err
	}
	return medians(ctx, size, 1e9, all, progress)
}

// ours runs a reader of this program, started by the command before.
func ours(t task, whole bool, before ...string) func() (sprinted, error) {
	return func() (sprinted, error) {
		cmd, err := t.command(before...)
		if err != nil {
			return sprinted{}, err
		}
		began := time.Now()
		out, err := cmd.Output()
		took := time.Since(began)
		var s sprinted
		if err == nil {
			err = json.Unmarshal(out, &s)
		}
		if whole {
			s.Took, s.CPU = took, processorTime(cmd)
		}
		return s, err
	}
}

// counting runs a program that prints a count.
func counting(words []string) func() (sprinted, error) {
	return func() (sprinted, error) {
		cmd := exec.Command(words[0], words[1:]...)
		began := time.Now()
		out, err := cmd.Output()
		took := time.Since(began)
		n, _ := strconv.Atoi(strings.TrimSpace(string(out)))
		return sprinted{took, processorTime(cmd), n}, err
	}
}

func processorTime(cmd *exec.Cmd) time.Duration {
	if cmd.ProcessState == nil {
		return 0
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// compareFollow has a reader follow a log that grows as fast as it can be
// written, a megabyte at a time, until the last line is read.
func compareFollow(ctx context.Context, dir string, progress io.Writer) ([][]string, error) {
	source := filepath.Join(dir, "source")
	size, err := generate(source, followSize)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	following := func(peer bool) func() (sprinted, error) {
		return func() (sprinted, error) {
			log := filepath.Join(dir, "atlassian-jira.log")
			return followGrowing(task{Peer: peer, Log: log, Bytes: size, Follow: true}, text)
		}
	}
	return medians(ctx, size, 1e6, []sprinter{{"ours, lines, events and causes", following(false)}, {"nxadm/tail, lines only", following(true)}}, progress)
}

func followGrowing(t task, text []byte) (s sprinted, err error) {
	f, err := os.Create(t.Log)
	if err != nil {
		return s, err
	}
	defer os.Remove(t.Log)
	defer f.Close()
	cmd, err := t.command()
	if err != nil {
		return s, err
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return s, err
	}
	time.Sleep(time.Second) // it has opened the log by then
	began := time.Now()
	for chunk := range slices.Chunk(text, 1<<20) {
		if _, err := f.Write(chunk); err != nil {
			cmd.Process.Kill()
			cmd.Wait()
			return s, err
		}
	}
	if err := cmd.Wait(); err != nil {
		return s, err
	}
	took := time.Since(began)
	err = json.Unmarshal([]byte(out.String()), &s)
	s.Took = took // its own measurement began before there was anything to read
	return s, err
}
