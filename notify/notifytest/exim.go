package notifytest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// Exim is Debian's mail server on loopback, as an ordinary user. It requires STARTTLS and
// a login, and puts mail for example.com into one directory.
type Exim struct {
	Addr           string // with STARTTLS
	TLSAddr        string // with TLS from the first byte
	CAFile         string
	User, Password string
	dir            string
}

const eximConfig = `
daemon_smtp_ports = %[2]s : %[9]s
tls_on_connect_ports = %[9]s
local_interfaces = 127.0.0.1
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
pid_file_path = %[1]s/pid
primary_hostname = relay.test
exim_user = %[3]s
exim_group = %[4]s
never_users =
deliver_drop_privilege = true
keep_environment =
host_lookup =
tls_advertise_hosts = *
tls_certificate = %[5]s
tls_privatekey = %[6]s
auth_advertise_hosts = ${if def:tls_in_cipher{*}{}}
acl_smtp_rcpt = check
acl_smtp_data = accept
begin acl
check:
  deny message = log in first
    !authenticated = *
  accept domains = example.com
  deny message = not for us
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = %[1]s/mail
  maildir_format
  user = %[3]s
  group = %[4]s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%[7]s}}{eq{$auth3}{%[8]s}}}}
`

// StartExim starts one, until the test ends. Without the program the test is skipped.
func StartExim(t *testing.T) *Exim {
	t.Helper()
	program := testkit.Program(t, "exim4")
	ca := NewAuthority(t)
	cert, key := ca.Issue(t, "relay.test")
	dir, err := os.MkdirTemp("", "exim-") // t.TempDir is in a directory that only its owner may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, file := range []*string{&cert, &key} {
		*file = testkit.Write(t, filepath.Join(dir, filepath.Base(*file)), testkit.Read(t, *file))
	}
	e := &Exim{User: "watcher", Password: "exim-CANARYPATH-password", dir: dir,
		Addr: testkit.FreeAddress(t), TLSAddr: testkit.FreeAddress(t),
		CAFile: PemFile(t, "ca.pem", "CERTIFICATE", ca.Cert.Raw)}
	owner, err := user.Current()
	if err == nil && owner.Uid == "0" { // it would deliver nothing
		owner, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(owner.Gid)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	_, port, _ := strings.Cut(e.Addr, ":")
	_, tlsPort, _ := strings.Cut(e.TLSAddr, ":")
	config := testkit.Write(t, filepath.Join(e.dir, "exim.conf"), fmt.Sprintf(eximConfig, e.dir, port, owner.Username, group.Name, cert, key, e.User, e.Password, tlsPort))
	files := []string{e.dir, config, cert, key}
	for _, dir := range []string{"spool", "log", "mail", "mail/new", "mail/cur", "mail/tmp"} {
		if err := os.Mkdir(filepath.Join(e.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(e.dir, dir))
	}
	for _, file := range files {
		if err := os.Chown(file, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("setpriv", "--reuid", owner.Uid, "--regid", owner.Gid, "--clear-groups", program, "-C", config, "-bdf")
	if os.Getuid() != 0 {
		cmd = exec.Command(program, "-C", config, "-bdf")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(e.dir, "log", "mainlog"))
			t.Logf("exim:\n%s", log)
		}
	})
	testkit.Until(t, func() error {
		log, _ := os.ReadFile(filepath.Join(e.dir, "log", "mainlog"))
		if !strings.Contains(string(log), "daemon started") {
			return fmt.Errorf("exim does not start: %s", log)
		}
		return nil
	})
	return e
}

// Mails waits for so many mails and returns them as they are in the mailbox.
func (e *Exim) Mails(t testing.TB, n int) (mails []string) {
	t.Helper()
	testkit.Until(t, func() error {
		files, _ := filepath.Glob(filepath.Join(e.dir, "mail", "new", "*"))
		if len(files) < n {
			return fmt.Errorf("%d mails, want %d", len(files), n)
		}
		mails = nil
		for _, file := range files {
			mails = append(mails, testkit.Read(t, file))
		}
		return nil
	})
	return mails
}
