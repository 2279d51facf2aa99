//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// serviceUser is the account that the packages create: root, who inspects the
// state directory of the service, trusts it.
const serviceUser = "jira-oauth-watcher"

// Guard rejects a state directory that another user who is not root owns or could replace, because
// that user would control positions and alerts. A directory to which others can only write causes
// a warning.
func Guard(dir string) (warning string, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	paths := []string{abs}
	if real, err := filepath.EvalSymlinks(abs); err == nil && real != abs {
		paths = append(paths, real)
	}
	for _, path := range paths {
		for at := path; ; at = filepath.Dir(at) {
			info, err := os.Lstat(at)
			if err == nil {
				if why := unsafe(at, info, at == path); why != "" {
					return "", fmt.Errorf("state directory %s: %s: "+
						"choose another state_dir, such as one in /var/lib", dir, why)
				}
				if at == path && info.IsDir() && info.Mode()&0o022 != 0 {
					warning = fmt.Sprintf("state directory %s can be written by other users (mode %04o), "+
						"run: chmod go-w %[1]s", dir, info.Mode().Perm())
				}
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return warning, nil
}

// unsafe says why what is at a path may be, or become, another user's; own says
// that it is the state directory, and not one above it.
func unsafe(path string, info fs.FileInfo, own bool) string {
	uid := int(info.Sys().(*syscall.Stat_t).Uid)
	if uid != 0 && uid != os.Geteuid() && !(os.Geteuid() == 0 && isService(uid)) {
		return fmt.Sprintf("%s belongs to another user (%s)", path, userName(uid))
	}
	if !own && info.IsDir() && info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Sprintf("everyone can replace the files in %s (mode %04o)", path, info.Mode().Perm())
	}
	return ""
}

func isService(uid int) bool {
	u, err := user.Lookup(serviceUser)
	return err == nil && u.Uid == strconv.Itoa(uid)
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(uid)
}

// leastFree is how many bytes must be free on the file's disk for the state to
// count as writable.
const leastFree = 1 << 20

const canWrite = 2 // W_OK of access(2)

// writable says why a file cannot be written, or that its disk is nearly full.
func writable(path string) error {
	if err := syscall.Access(path, canWrite); err != nil {
		return fmt.Errorf("state file %s cannot be written: %w", path, err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return fmt.Errorf("state file %s: %w", path, err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < leastFree {
		return fmt.Errorf("state file %s: only %d bytes are free on its disk", path, free)
	}
	return nil
}

// tryLock takes the lock that bbolt takes, too. It returns errLocked if another process has it.
func tryLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return errLocked
	}
	return err
}
