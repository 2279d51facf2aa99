package logfiles

import (
	"cmp"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/tailer"
)

// jiraLog is one of the logs that mention integrations, under any name that a rotation gives
// it, compressed or not: Jira's own, those of mail, of the diagnostics and of requests. Others
// such as atlassian-jira-security.log are none.
var jiraLog = regexp.MustCompile(
	`^(?:(atlassian-jira(?:-incoming-mail|-outgoing-mail|-ipd-monitoring|-http-access)?)(` + tailer.Rotated + `)?\.log|` +
		`((?:localhost_)?access_log)(` + tailer.Rotated + `)?(?:\.log|\.txt)?)(` + tailer.Rotated + `)?(?:\.gz)?$`)

// rotated is what a rotation appends to any name.
var rotated = regexp.MustCompile(`(?:` + tailer.Rotated + `)?(?:\.gz)?$`)

func isLog(name string) bool { return jiraLog.MatchString(name) }

// unrotated is a name without what a rotation puts into it.
func unrotated(name string) string {
	if m := jiraLog.FindStringSubmatch(name); m != nil {
		return m[1] + m[3] + ".log"
	}
	return rotated.ReplaceAllString(name, "")
}

// rotation is what a rotation put into the name of a log: a number, or those of
// a date.
func rotation(name string) (number int, date []int) {
	m := jiraLog.FindStringSubmatch(name)
	if m == nil || m[2]+m[4]+m[5] == "" {
		return 0, nil
	}
	number, date = tailer.RotationNumber(m[2] + m[4] + m[5])
	return max(number, 0), date
}

// supportZip are Jira's support zips; some versions name the node.
var (
	supportZip = regexp.MustCompile(`(?i)^jira.*support.*\.zip$`)
	zipNode    = regexp.MustCompile(`(?i)^jira[_-](.+?)[_-]support`)
)

// general are names of folders that name no node.
var general = []string{
	"", ".", "..", "/", "log", "logs", "application-logs", "tomcat-logs", "data", "application-data",
	"atlassian", "local", "shared",
	"jira", "jira-home", "jirahome", "jira_home", "home", "localhome", "local-home",
	"var", "opt", "srv", "mnt", "tmp", "usr", "archive", "archives", "old", "backup", "backups", "support", "zip",
}

// Unnamed is the node of logs that name none. It is never this machine's name: the logs may
// come from any other.
const Unnamed = "not shown"

// nodeOf is the node that a log's folder names: the nearest element of the
// path that is not general; else the given one.
func nodeOf(node, dir string) string {
	dir = filepath.ToSlash(dir)
	for dir != "" && dir != "." && dir != "/" {
		name := path.Base(dir)
		if !slices.Contains(general, strings.ToLower(name)) {
			return name
		}
		dir = path.Dir(dir)
	}
	return node
}

// zipNodeOf is the node of a member of a zip: named by a folder in it, by the
// zip, or by the zip's folder.
func zipNodeOf(node, zip, member string) string {
	if inside := nodeOf("", path.Dir(path.Clean("/"+member))); inside != "" {
		return inside
	}
	base := filepath.Base(zip)
	if m := zipNode.FindStringSubmatch(base); m != nil {
		return m[1]
	}
	plain := strings.TrimSuffix(base, filepath.Ext(base))
	if !supportZip.MatchString(base) {
		return nodeOf(cmp.Or(node, plain), filepath.Join(filepath.Dir(zip), plain))
	}
	return nodeOf(cmp.Or(node, plain), filepath.Dir(zip))
}

// members chooses Jira's logs among the names in a zip, by their numbers: of
// each kind those in a folder of logs if there are such, else all. A packed one
// next to its plain one is the same log.
func members(names []string) []int {
	first := map[string]int{}
	for i, name := range names {
		if _, twice := first[slashed(name)]; !twice {
			first[slashed(name)] = i
		}
	}
	var all []int
	inFolder := map[conf.Kind]bool{}
	isIn := func(i int) bool {
		folder := path.Base(path.Dir(slashed(names[i])))
		return slices.Contains([]string{"application-logs", "tomcat-logs", "log", "logs"}, folder)
	}
	for i, name := range names {
		name = slashed(name)
		plain, packed := strings.CutSuffix(name, ".gz")
		_, both := first[plain]
		if first[name] != i || packed && both || !isLog(path.Base(name)) || strings.HasSuffix(name, "/") {
			continue
		}
		all = append(all, i)
		kind := conf.KindOf(name)
		inFolder[kind] = inFolder[kind] || isIn(i)
	}
	return slices.DeleteFunc(all, func(i int) bool { return inFolder[conf.KindOf(slashed(names[i]))] && !isIn(i) })
}

// slashed is a name in a zip as it should be: some tools of Windows write it
// with backslashes.
func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }
