package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// table is what is measured side by side.
type table struct {
	title string
	rows  []row
}

// row is one program on one log.
type row struct {
	name  string
	log   string         // a file of the bench's directory, for its size
	words string         // for sh, in that directory; {log} is the log
	needs string         // a program that may not be installed
	cores int            // 0 = all
	count *regexp.Regexp // of what it found; nil = lines of SEC

	size int64
	runs []ran
}

var (
	lastNumber = regexp.MustCompile(`(\d+)\s*$`)
	ofReport   = regexp.MustCompile(`"failures": (\d+),\s+"left_out"`)
	ofMtail    = regexp.MustCompile(`"Value": (\d+)`)
)

// bySize is the table that is drawn as well.
const bySize = "By size, one core"

const scanWords = "./jira-oauth-watcher scan --format json {log}"

// parts is how many compressed parts a log is cut into.
const parts = 8

func partName(i int) string { return fmt.Sprintf("part%d.log.gz", i) }

func scans(log string, cores int) row {
	return row{name: "jira-oauth-watcher scan", log: log, words: scanWords, cores: cores, count: ofReport}
}

func rg(log, pattern string) row {
	return row{name: "rg -c " + pattern, log: log, words: "rg -c " + pattern + " {log}", needs: "rg", cores: 1, count: lastNumber}
}

// both is what scan looks for, for programs that take patterns.
const both = `-e oauth2 -e '\[c\.a\.o\.c\.'`

// peers are the programs that are not made for large logs: they get a small one.
func peers() []row {
	return []row{
		{name: "perl -ne", words: `perl -ne '$n++ if /oauth2/; END { print $n }' {log}`, needs: "perl", count: lastNumber},
		{name: "python3", words: `python3 -c 'import sys; print(sum(b"oauth2" in l for l in open(sys.argv[1], "rb")))' {log}`, needs: "python3",
			count: lastNumber},
		{name: "mtail --one_shot", words: "mtail --one_shot --progs progs --logs {log}", needs: "mtail", count: ofMtail},
		{name: "SEC", words: "sec --conf=sec.conf --input={log} --notail --quiet 2>&-", needs: "sec"},
		{name: "lnav -n", words: `HOME=. lnav -n -c ";SELECT count(*) FROM all_logs WHERE log_raw_text LIKE '%oauth2%'" {log}`, needs: "lnav",
			count: lastNumber},
	}
}

func (b *bench) tables() []table {
	big := fmt.Sprintf("%d GiB", b.big)
	one := []row{scans("one.log", 1), scans("one.log", 0), rg("one.log", "oauth2"), rg("one.log", both),
		{name: "grep -c oauth2", log: "one.log", words: "grep -c oauth2 {log}", cores: 1, count: lastNumber}}
	small := append([]row{scans("small.log", 1), rg("small.log", "oauth2")}, peers()...)
	for i := range small {
		small[i].log, small[i].cores = "small.log", 1
	}
	var partNames []string
	for i := range parts {
		partNames = append(partNames, partName(i))
	}
	all := strings.Join(partNames, " ")
	packed := []row{
		{name: "jira-oauth-watcher scan", log: "one.log", words: "./jira-oauth-watcher scan --format json one.log.gz", cores: 1, count: ofReport},
		{name: "zcat \\| rg -c oauth2", log: "one.log", words: "zcat one.log.gz | rg -c oauth2", needs: "rg", cores: 1, count: lastNumber},
		{name: "jira-oauth-watcher scan", log: "one.log", words: "./jira-oauth-watcher scan --format json one.log.gz", count: ofReport},
		{name: "zcat \\| rg -c oauth2", log: "one.log", words: "zcat one.log.gz | rg -c oauth2", needs: "rg", count: lastNumber},
		{name: "jira-oauth-watcher scan, 8 files", log: "one.log", words: "./jira-oauth-watcher scan --format json " + all, count: ofReport},
		{name: "zcat \\| rg -c oauth2, 8 files", log: "one.log", words: "zcat " + all + " | rg -c oauth2", needs: "rg", count: lastNumber},
		{name: "jira-oauth-watcher scan, storm", log: "storm.log", words: "./jira-oauth-watcher scan --format json storm.log.gz", count: ofReport},
		{name: "zcat \\| rg -c oauth2, storm", log: "storm.log", words: "zcat storm.log.gz | rg -c oauth2", needs: "rg", count: lastNumber},
	}
	var sizes []row
	for _, log := range []string{"small.log", "256.log", "one.log", "2048.log", "big.log"} {
		sizes = append(sizes, scans(log, 1))
	}
	return []table{
		{title: "1 GiB, 1 failure in 10,000 events", rows: one},
		{title: big + ", 1 failure in 10,000 events", rows: []row{scans("big.log", 1), scans("big.log", 0), rg("big.log", "oauth2"), rg("big.log", both),
			{name: "grep -c oauth2", log: "big.log", words: "grep -c oauth2 {log}", cores: 1, count: lastNumber}}},
		{title: "A storm: 1 GiB, 1 failure in 10 events, 50 integrations",
			rows: []row{scans("storm.log", 1), scans("storm.log", 0), rg("storm.log", "oauth2"),
				{name: "grep -c oauth2", log: "storm.log", words: "grep -c oauth2 {log}", cores: 1, count: lastNumber}}},
		{title: "A flood: 1 GiB, 1 failure in 2 events, 100,000 integrations",
			rows: []row{scans("flood.log", 1), scans("flood.log", 0), rg("flood.log", "oauth2")}},
		{title: "Jira as an OAuth 2.0 provider: 512 MiB, 1 event in 6 contains oauth2 for another reason",
			rows: []row{scans("provider.log", 1), rg("provider.log", "/rest/oauth2-client"), rg("provider.log", "oauth2")}},
		{title: "1 GiB compressed with gzip (sizes are uncompressed)", rows: packed},
		{title: "64 MiB, with programs that are not designed for larger logs", rows: small},
		{title: bySize, rows: sizes},
	}
}

// peerFiles writes what other programs are configured with.
func (b *bench) peerFiles() error {
	progs := filepath.Join(b.dir, "progs")
	if err := os.MkdirAll(progs, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(progs, "oauth2.mtail"), []byte("counter lines\n/oauth2/ {\n  lines++\n}\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "sec.conf"), []byte("type=Single\nptype=RegExp\npattern=oauth2\ndesc=oauth2\naction=write - hit\n"), 0o644)
}

// machine says what was measured on, and with which versions.
func machine(b *bench) string {
	first := func(words ...string) string {
		out, _ := exec.Command(words[0], words[1:]...).CombinedOutput()
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	_, memory, _ := room(b.dir)
	versions := []string{runtime.Version()}
	for _, v := range [][]string{{"rg", "--version"}, {"grep", "--version"}, {"gzip", "--version"}, {"mtail", "--version"}, {"sec", "--version"},
		{"lnav", "-V"}, {"perl", "-e", `print "perl $^V"`}, {"python3", "--version"}} {
		if _, err := exec.LookPath(v[0]); err == nil {
			version, _, _ := strings.Cut(first(v...), " git ")
			versions = append(versions, version)
		}
	}
	cpu := "?"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(text); m != nil {
			cpu = string(m[1])
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	before, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%d cores (%s), %d GiB of memory, Linux %s, logs in the page cache; %s. Load average at the start: %s (others use this machine, too). Medians of %d runs. Programs on one core are started with GOMAXPROCS=1 taskset -c %d.\n\n",
		runtime.NumCPU(), cpu, memory, first("uname", "-r"), strings.Join(versions, ", "), before, b.rounds, runtime.NumCPU()-1)
}
