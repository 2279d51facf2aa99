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
	*user.User
	gids   []uint32 // of all groups
	groups string   // their names
	other  bool     // it is not the user that runs this program
}

func newAccount(u *user.User) account {
	a := account{User: u, other: u.Uid != strconv.Itoa(os.Geteuid())}
	var names []string
	ids, _ := u.GroupIds()
	for _, id := range ids {
		n, _ := strconv.ParseUint(id, 10, 32)
		a.gids, names = append(a.gids, uint32(n)), append(names, groupName(id))
	}
	a.groups = strings.Join(names, ", ")
	return a
}

// ownAccount is the user that runs this program; in a container it may have no name.
func ownAccount() account {
	id := strconv.Itoa(os.Geteuid())
	u, err := user.LookupId(id)
	if err != nil {
		u = &user.User{Uid: id, Gid: strconv.Itoa(os.Getegid()), Username: id}
	}
	a := newAccount(u)
	a.other = false
	return a
}

func groupName(id string) string {
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

// open opens a file to be read, if the user may.
func (a account) open(name string) (f *os.File, err error) {
	err = become(a, func() error {
		f, err = os.Open(name)
		return err
	})
	return f, err
}

// denied is an error of access without the path, and with a command that gives the user the right.
func (a account) denied(err error, run string) error {
	if os.IsPermission(err) {
		return fmt.Errorf("user %s (groups %s) has no permission, run: %s", a.Username, a.groups, run)
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
	if enough && gid > 0 && !slices.Contains(a.gids, gid) {
		return fmt.Sprintf("usermod -aG %s %s", groupName(fmt.Sprint(gid)), a.Username)
	}
	return fmt.Sprintf("setfacl -m u:%[1]s:rx %[2]s && setfacl -d -m u:%[1]s:r %[2]s && setfacl -m u:%[1]s:r %[3]s",
		a.Username, dir, file)
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
