package main_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/testkit"
)

// doctorOf runs the command for one host, with this trust store.
func doctorOf(t *testing.T, store, dir, host string) (r doctor.Report, stderr string, status int) {
	t.Helper()
	config := testkit.Write(t, filepath.Join(t.TempDir(), "config.toml"), fmt.Sprintf("[probe]\ntrust_store = %q\n", store))
	cmd := exec.Command(binary, "doctor", "--config", config, "--format", "json", "--save", dir, host)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	if out.Len() > 0 {
		if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
	}
	return r, errs.String(), cmd.ProcessState.ExitCode()
}

// The missing certificate is saved, and the printed command, as it is, makes the same host reachable. A file
// that somebody else put there is neither overwritten nor taken for the certificate.
func TestDoctorSave(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := "https://user:hunter2@" + s.Listener.Addr().String() + "/token"
	dir := t.TempDir()
	store := filepath.Join(dir, "cacerts")
	keytool(t, "-genkeypair -storetype JKS -keyalg EC -dname CN=other -alias other -storepass changeit -keystore", store)

	r, stderr, status := doctorOf(t, store, dir, host)
	if status != 1 || stderr != "" || r.Verdict.ID != "self-signed" || r.Endpoints[0].Missing == nil {
		t.Fatalf("status %d, %s: %+v", status, stderr, r)
	}
	if strings.Contains(fmt.Sprintf("%+v", r), "hunter2") {
		t.Errorf("the password of the URL is shown: %+v", r)
	}
	file := r.Endpoints[0].Missing.File
	if block, _ := pem.Decode([]byte(testkit.Read(t, file))); string(block.Bytes) != string(s.Certificate().Raw) {
		t.Errorf("%s is not the server's certificate", file)
	}

	testkit.Write(t, file, "planted by somebody else")
	if _, stderr, status := doctorOf(t, store, dir, host); status != 1 || !strings.Contains(stderr, file+" exists and is another file") {
		t.Errorf("with another file of its name: status %d, %s", status, stderr)
	}
	if testkit.Read(t, file) != "planted by somebody else" {
		t.Errorf("%s was overwritten", file)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for range 2 { // saved again: the same file will do
		if r, stderr, status = doctorOf(t, store, dir, host); status != 1 || stderr != "" {
			t.Fatalf("status %d, %s", status, stderr)
		}
	}
	if out, err := exec.Command("sh", "-c", r.Verdict.Command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", r.Verdict.Command, err, out)
	}
	if r, stderr, status := doctorOf(t, store, dir, host); status != 0 || !r.Verdict.OK {
		t.Errorf("after the import: status %d, %s: %+v", status, stderr, r)
	}
}

// Stopped, it gives no verdict: a connection that we closed is no fault.
func TestDoctorStopped(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.Command(binary, "doctor", l.Addr().String())
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err != nil { // it is in the handshake
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 1 || out.Len() > 0 ||
		!strings.Contains(errs.String(), "stopped before all hosts were probed") {
		t.Errorf("status %d, %s%s", status, out.String(), errs.String())
	}
}

func keytool(t *testing.T, args, store string) {
	t.Helper()
	cmd := exec.Command(testkit.Program(t, "keytool"), append(strings.Fields(args), store)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}
