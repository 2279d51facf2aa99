//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// endWithChildren has the end of the context kill what the command has started, too.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
