package scan

import (
	"cmp"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// logName is Jira's log under any name that a rotation gives it: a number or a
// date behind the name or before its extension, compressed or not. Others such
// as atlassian-jira-security.log are none.
var logName = regexp.MustCompile(`^atlassian-jira(?:[-._][0-9][0-9T._:-]*)?\.log(?:[-._][0-9][0-9T._:-]*)?(?:\.gz)?$`)

// rotated is what a rotation puts behind any name.
var rotated = regexp.MustCompile(`(?:[-._][0-9][0-9T._:-]*)?(?:\.gz)?$`)

func isLog(name string) bool { return logName.MatchString(name) }

// supportZip are Jira's support zips; some versions name the node.
var (
	supportZip = regexp.MustCompile(`(?i)^jira.*support.*\.zip$`)
	zipNode    = regexp.MustCompile(`(?i)^jira[_-](.+?)[_-]support`)
)

// general are names of folders that name no node.
var general = []string{
	"", ".", "..", "/", "log", "logs", "application-logs", "jira", "jira-home", "jirahome", "jira_home", "home", "local", "localhome", "local-home", "shared",
	"data", "application-data", "atlassian", "var", "opt", "srv", "mnt", "tmp", "usr", "archive", "archives", "old", "backup", "backups", "support", "zip",
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
// those in a folder of logs if there are such, else all. A packed one beside
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
		if _, both := first[plain]; first[name] != i || packed && both || !isLog(path.Base(name)) || strings.HasSuffix(name, "/") {
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

// rotation is what a rotation put into the name of a log: a number, or those of
// a date.
func rotation(name string) (number int, date []int) {
	if !isLog(name) {
		return 0, nil
	}
	var numbers []int
	for _, group := range strings.FieldsFunc(name, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(group); err == nil {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 1 && numbers[0] < 100_000 { // else a date without hyphens
		return numbers[0], nil
	}
	return 0, numbers
}

// byAge orders the logs of one node, oldest first: by the time of the first
// event; where that is equal, by the names. The least date is the oldest file,
// and so is the greatest number; the log itself comes last, and behind it what
// nobody knows before it is read.
func byAge(a, b *input) int {
	m, x := rotation(a.name())
	n, y := rotation(b.name())
	return cmp.Or(
		cmp.Compare(btoi(a.stream != nil), btoi(b.stream != nil)),
		a.first.Compare(b.first),
		cmp.Compare(btoi(len(x) == 0), btoi(len(y) == 0)),
		slices.Compare(x, y),
		cmp.Compare(n, m),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
