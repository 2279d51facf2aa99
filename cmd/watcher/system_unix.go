//go:build unix

package main

import (
	"os"
	"syscall"
)

const noFollow = syscall.O_NOFOLLOW

// obeysStyles reports whether a terminal understands text.Styles.
func obeysStyles(*os.File) bool { return true }
