package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
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
	text, err := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 2 {
		if pages, _ := strconv.Atoi(fields[2]); pages*os.Getpagesize() > mostMapped {
			d.unmap()
		}
	}
}

// unmap returns the pages of the program and of the state file, which come back from the page
// cache one by one.
func (d *daemon) unmap() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var access string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &access)
		if err == nil && strings.HasPrefix(access, "r-") &&
			(strings.HasSuffix(lines.Text(), " "+program) || strings.HasSuffix(lines.Text(), " "+d.store.Path())) {
			syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
