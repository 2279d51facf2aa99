package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// serviceUser is the account that the packages create.
const serviceUser = "jira-oauth-watcher"

// account is a user of this machine whose access to files is checked.
type account struct {
	name, group string // group is the primary one
	uid, gid    int
	gids        []uint32 // of all groups
	groups      string   // their names
	other       bool     // it is not the user that runs this program
}

// lookUp finds a user by name.
func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, err
	}
	a := account{name: u.Username, group: groupName(u.Gid)}
	a.uid, _ = strconv.Atoi(u.Uid)
	a.gid, _ = strconv.Atoi(u.Gid)
	a.other = a.uid != os.Geteuid()
	ids, err := u.GroupIds()
	var names []string
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.gids, names = append(a.gids, uint32(n)), append(names, groupName(id))
		}
	}
	a.groups = strings.Join(names, ", ")
	return a, err
}

// ownAccount is the user that runs this program; in a container it may have no name.
func ownAccount() account {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		if a, err := lookUp(u.Username); err == nil {
			return a
		}
	}
	return account{name: id, groups: "unknown"}
}

func groupName(id string) string {
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

// by says whose access was checked, if that is not obvious.
func (a account) by() string {
	if !a.other {
		return ""
	}
	return " by user " + a.name
}

// as runs f with the rights of the user to files.
func (a account) as(f func() error) error {
	if !a.other {
		return f()
	}
	return become(a, f)
}

// open opens a file to be read, if the user may.
func (a account) open(name string) (f *os.File, err error) {
	err = a.as(func() error {
		f, err = os.Open(name)
		return err
	})
	return f, err
}

// denied is an error of access without the path, and with a command that gives it to the user.
func (a account) denied(err error, run string) error {
	if os.IsPermission(err) {
		return fmt.Errorf("user %s (groups %s) has no permission, run: %s", a.name, a.groups, run)
	}
	return text.WithoutPath(err)
}

// letRead is the command that lets the user read a log and those that rotation makes: membership
// in their group, or an ACL where that is not enough or would give too much.
func (a account) letRead(file string) string {
	dir := filepath.Dir(file)
	gid, mode := groupOf(file)
	ofDir, dirMode := groupOf(dir)
	enough := mode&0o040 != 0 && (dirMode&0o005 == 0o005 || ofDir == gid && dirMode&0o050 == 0o050)
	if enough && gid > 0 && !slices.Contains(a.gids, uint32(gid)) {
		return fmt.Sprintf("usermod -aG %s %s", groupName(strconv.Itoa(gid)), a.name)
	}
	return fmt.Sprintf("setfacl -m u:%[1]s:rx %[2]s && setfacl -d -m u:%[1]s:r %[2]s && setfacl -m u:%[1]s:r %[3]s", a.name, dir, file)
}

// reason is an error without the path, which the line names already, and with a remedy
// where permissions are missing.
func reason(err error, advice string) error {
	err = text.WithoutPath(err)
	if os.IsPermission(err) {
		return fmt.Errorf("%w; %s", err, advice)
	}
	return err
}
