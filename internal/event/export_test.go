package event

import "jira-oauth-watcher/tailer"

// End is the position after the last line taken, also while an event is given out.
func (a *Assembler) End() tailer.Position { return a.end }

// Bare is a line without what a collector put before it.
func Bare(line string) string { return string(bare([]byte(line))) }

// Unwrapped is a line without what collectors put before and around it.
func Unwrapped(line string) string { return string(unwrap(bare([]byte(line)), 0)) }

// Stripped is a text without what a collector and a page put before it.
func Stripped(text string) string { return string(trimPasted(bare([]byte(text)))) }

// IsJSON reports whether a line is an event in Jira's JSON layout.
func IsJSON(line string) bool { return isJSON([]byte(line)) }
