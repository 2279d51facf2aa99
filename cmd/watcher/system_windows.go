package main

import (
	"os"
	"syscall"
)

const (
	noFollow = 0 // a device such as NUL cannot become a link
	usualLog = `"C:\Program Files\Atlassian\Application Data\JIRA\log\atlassian-jira.log"`
)

var setConsoleMode = syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")

// obeysStyles makes a console obey text.Styles, and reports whether it can: since Windows 10.
func obeysStyles(console *os.File) bool {
	const terminalProcessing = 4 // ENABLE_VIRTUAL_TERMINAL_PROCESSING
	var mode uint32
	if syscall.GetConsoleMode(syscall.Handle(console.Fd()), &mode) != nil {
		return false
	}
	ok, _, _ := setConsoleMode.Call(console.Fd(), uintptr(mode|terminalProcessing))
	return ok != 0
}
