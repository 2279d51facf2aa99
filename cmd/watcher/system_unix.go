//go:build unix

package main

import (
	"os"
	"syscall"
)

const (
	noFollow = syscall.O_NOFOLLOW
	usualLog = "/var/atlassian/application-data/jira/log/atlassian-jira.log" // of Jira's installer
)

// obeysStyles reports whether a terminal obeys text.Styles.
func obeysStyles(*os.File) bool { return true }
