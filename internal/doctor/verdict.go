package doctor

import (
	_ "embed" // faults.txt
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/text"
)

//go:embed faults.txt
var faultLines string

// faults are the lines of faults.txt by their IDs: each is one thing that can be wrong with the way to an endpoint.
var faults = sync.OnceValue(func() map[string]Verdict {
	all := map[string]Verdict{}
	for line := range strings.Lines(faultLines) {
		if f := strings.Split(strings.TrimSpace(line), " | "); !strings.HasPrefix(line, "#") {
			all[f[0]] = Verdict{ID: f[0], Who: f[1], Cause: strings.TrimPrefix(f[2], "-"), Title: f[3],
				Text: strings.Join(f[4:], "")}
		}
	}
	return all
})

const (
	reachable  = "reachable"
	notChecked = "trust-not-checked"
	restart    = "Then restart Jira, on a cluster one node after the other: Java reads the trust store when it starts."
)

// allowBasic edits Jira's setenv.sh, whose line for more arguments has one of two forms, by the version of Jira.
const allowBasic = `sed -i -E 's/^(: \$\{)?JVM_SUPPORT_RECOMMENDED_ARGS:?="/&-Djdk.http.auth.tunneling.disabledSchemes= /' ` +
	`/opt/atlassian/jira/bin/setenv.sh`

// judge completes the verdict.
func (p *probe) judge() {
	v := &p.Verdict
	switch v.ID {
	case "":
		*v = Verdict{ID: reachable, OK: true, Title: "Reachable", Text: "Everything that Jira needs from it works."}
	case "proxy-auth-basic-tunnel-disabled":
		if !p.JVM.AllowsBasic() && strings.Contains(v.Text, "disabledSchemes") {
			v.Who, v.Command = "jira-host", allowBasic
			v.Text += " The command adds that to the JVM arguments of this node; then restart Jira."
		}
	case "clock-wrong":
		v.Command = "timedatectl set-ntp true"
	case "net-dns-unknown-host", "dns-no-answer", "dns-failure":
		v.Command = "getent hosts " + p.Host
	case notChecked:
		v.Text = strings.Join(append([]string{v.Text}, p.JVM.Hidden...), " ")
	}
	if p.Missing == nil {
		return
	}
	v.Text += " Import it only if the network team confirms its SHA-256. " + restart
	p.ImportFrom("", p.JVM)
	if strings.Contains(v.Command, java.PasswordPlaceholder) {
		v.Text += " In the command, replace " + java.PasswordPlaceholder + " with the trust store's password."
	}
}

// ImportFrom sets the command that imports the missing certificate from its file in a directory; "" is
// the present one, where the command itself saves it.
func (r *Result) ImportFrom(dir string, jvm *java.JVM) {
	if r.Missing == nil {
		return
	}
	v := &r.Verdict
	alias := "jira-oauth-" + strings.ToLower(strings.ReplaceAll(r.Missing.SHA256[:11], ":", ""))
	save := ""
	if r.Missing.File = filepath.Join(dir, alias+".pem"); dir == "" {
		save = "jira-oauth-watcher doctor" + r.arguments + " --save . " + r.argument() + "; "
	}
	v.Command = save + jvm.Import(alias, r.Missing.File)
	v.Container = jvm.ImportInContainer(alias, r.Missing.File)
}

// argument is the endpoint as the command line names it.
func (e Endpoint) argument() string {
	if e.Kind == HTTPS && e.path == ForHost(e.Host).path && e.Port == 443 {
		return e.Host
	}
	if e.Kind == HTTPS || e.Kind == kindAt(e.Port) {
		return e.Address()
	}
	return string(e.Kind) + "://" + e.Address()
}

// Overall is the verdict of all endpoints: the first that is not OK, one that is certain before one that
// could not be checked.
func Overall(results []Result) Verdict {
	failed, by := 0, map[string]int{} // by ID of the verdict
	overall := Verdict{ID: reachable, OK: true, Title: "Everything that was probed is reachable"}
	for _, r := range results {
		if r.Verdict.OK {
			continue
		}
		by[r.Verdict.ID]++
		if failed++; failed == 1 || overall.ID == notChecked && r.Verdict.ID != notChecked {
			overall = r.Verdict
			overall.Title += ": " + r.Address()
		}
	}
	same := by[overall.ID]
	if same > 1 {
		overall.Title += " (and " + strconv.Itoa(same-1) + " more of " + strconv.Itoa(len(results)) + " endpoints)"
	}
	if failed > same {
		overall.Title += "; " + text.Count(failed-same, "endpoint") + " with other problems, see above"
	}
	return overall
}

// known is the fault with an ID.
func known(id string) Verdict { return faults()[id] }
