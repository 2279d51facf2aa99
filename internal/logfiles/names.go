package logfiles

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/tailer"
)

// jiraLog is Jira's log under any name that a rotation gives it, compressed or
// not. Others such as atlassian-jira-security.log are none.
var jiraLog = regexp.MustCompile(`^atlassian-jira(` + tailer.Rotated + `)?\.log(` + tailer.Rotated + `)?(?:\.gz)?$`)

// rotated is what a rotation appends to any name.
var rotated = regexp.MustCompile(`(?:` + tailer.Rotated + `)?(?:\.gz)?$`)

func isLog(name string) bool { return jiraLog.MatchString(name) }

// unrotated is a name without what a rotation puts into it.
func unrotated(name string) string {
	if isLog(name) {
		return "atlassian-jira.log"
	}
	return rotated.ReplaceAllString(name, "")
}

// rotation is what a rotation put into the name of a log: a number, or those of
// a date.
func rotation(name string) (number int, date []int) {
	m := jiraLog.FindStringSubmatch(name)
	if m == nil || m[1]+m[2] == "" {
		return 0, nil
	}
	number, date = tailer.RotationNumber(m[1] + m[2])
	return max(number, 0), date
}

// supportZip are Jira's support zips; some versions name the node.
var (
	supportZip = regexp.MustCompile(`(?i)^jira.*support.*\.zip$`)
	zipNode    = regexp.MustCompile(`(?i)^jira[_-](.+?)[_-]support`)
)

// general are names of folders that name no node.
var general = []string{
	"", ".", "..", "/", "log", "logs", "application-logs", "data", "application-data", "atlassian", "local", "shared",
	"jira", "jira-home", "jirahome", "jira_home", "home", "localhome", "local-home",
	"var", "opt", "srv", "mnt", "tmp", "usr", "archive", "archives", "old", "backup", "backups", "support", "zip",
}

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
	if !supportZip.MatchString(base) {
		return nodeOf(node, filepath.Join(filepath.Dir(zip), strings.TrimSuffix(base, filepath.Ext(base))))
	}
	return nodeOf(node, filepath.Dir(zip))
}

// members chooses Jira's logs among the names in a zip, by their numbers:
// those in a folder of logs if there are such, else all. A packed one next to
// its plain one is the same log.
func members(names []string) []int {
	first := map[string]int{}
	for i, name := range names {
		if _, twice := first[slashed(name)]; !twice {
			first[slashed(name)] = i
		}
	}
	var all, inFolder []int
	for i, name := range names {
		name = slashed(name)
		plain, packed := strings.CutSuffix(name, ".gz")
		_, both := first[plain]
		if first[name] != i || packed && both || !isLog(path.Base(name)) || strings.HasSuffix(name, "/") {
			continue
		}
		all = append(all, i)
		if slices.Contains([]string{"application-logs", "log", "logs"}, path.Base(path.Dir(name))) {
			inFolder = append(inFolder, i)
		}
	}
	if len(inFolder) > 0 {
		return inFolder
	}
	return all
}

// slashed is a name in a zip as it should be: some tools of Windows write it
// with backslashes.
func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }
