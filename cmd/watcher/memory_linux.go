package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
)

// Settings of the Go runtime for a program that sleeps most of the time and has little to
// remember. An operator's environment variables count more.
const (
	processors = 1  // its goroutines wake each other without waking threads: a quarter less CPU time
	garbage    = 50 // percent of what is in use, before it is collected
)

// beLight makes the process one that follows logs next to another service.
func beLight() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(processors)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

// mostMapped is how much of files may be mapped into memory before it is given back: of the
// state file, as much as was ever read stays otherwise.
const mostMapped = 32 << 20 // bytes

// giveBack returns memory that is not needed for now to the system.
func (d *daemon) giveBack() {
	debug.FreeOSMemory()
	d.unmap()
}

// unmapMuch returns pages of files if they are many.
func (d *daemon) unmapMuch() {
	text, _ := os.ReadFile("/proc/self/statm")
	var size, resident, shared int // pages
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared); err == nil && shared*os.Getpagesize() > mostMapped {
		d.unmap()
	}
}

// unmap returns the pages of the program and of the state file, which come back from the page
// cache one by one. Pages that are not as in the file, such as relocated addresses, stay.
func (d *daemon) unmap() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, _ := os.ReadFile("/proc/self/smaps")
	var from, to uintptr // of the mapping that the lines are about; 0 = of no interest
	for line := range strings.Lines(string(smaps)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 2:
		case strings.Contains(fields[0], "-"): // 00400000-00c6d000 r-xp 00000000 fe:00 1234   /usr/bin/…
			from = 0
			name := strings.HasSuffix(line, " "+program+"\n") || strings.HasSuffix(line, " "+d.store.Path()+"\n")
			if name && strings.HasPrefix(fields[1], "r-") {
				fmt.Sscanf(fields[0], "%x-%x", &from, &to)
			}
		case fields[0] == "Anonymous:" && fields[1] == "0" && from > 0:
			syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
