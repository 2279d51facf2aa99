package scan

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zip"
)

// input is one log to read: a file, a member of a zip, or a stream.
type input struct {
	path    string // as it is shown
	node    string
	size    int64       // bytes to be read for it, of what is compressed or not; 0 = unknown
	first   time.Time   // of its first event; else of the last write, or zero
	info    fs.FileInfo // of the file, nil for a stream
	file    string      // its path on disk, or that of the zip it is in
	zip     *archive    // it is in, nil = in none
	member  *zip.File   // of that zip
	start   int64       // where its content begins: before it is a hole
	stream  io.Reader   // when it cannot be opened again
	gzipped bool
	problem string // why it cannot be read whole

	// What has been read of it.
	read     int64
	ended    bool
	headed   bool // an event of Jira's was in it
	from, to time.Time
}

// name is the last element of its path, which a rotation changes.
func (in *input) name() string {
	return in.path[strings.LastIndexAny(in.path, "/!"+string(filepath.Separator))+1:]
}

// family is what the files of one rotated log have in common: where they are,
// and their name without what a rotation changes.
func (in *input) family() string {
	name := in.name()
	if isLog(name) {
		name = "atlassian-jira.log"
	}
	return strings.TrimSuffix(in.path, in.name()) + rotated.ReplaceAllString(name, "")
}

// finder looks for the logs that arguments name.
type finder struct {
	node  string // of logs whose path names none
	stdin io.Reader
	found []*input

	walked int // directories
}

// Stdin is the argument that means standard input, and its name in reports.
const (
	Stdin     = "-"
	stdinName = "standard input"
)

// find turns arguments into logs, each once.
func (f *finder) find(args []string) []*input {
	for _, arg := range args {
		if arg == Stdin {
			f.addStream(stdinName, f.stdin)
			continue
		}
		arg = filepath.Clean(arg)
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			f.bad(arg, because(err))
		case info.IsDir():
			f.directory(arg)
		case info.Mode()&fs.ModeNamedPipe != 0:
			f.pipe(arg)
		case !info.Mode().IsRegular():
			f.bad(arg, "it is neither a file nor a directory")
		default:
			f.file(arg, info)
		}
	}
	return f.found
}

func (f *finder) bad(path, problem string) {
	if !slices.ContainsFunc(f.found, func(in *input) bool { return in.path == path }) {
		f.found = append(f.found, &input{path: path, node: nodeOf(f.node, filepath.Dir(path)), problem: problem})
	}
}

func (f *finder) addStream(name string, r io.Reader) {
	for _, in := range f.found {
		if in.path == name {
			return
		}
	}
	f.found = append(f.found, &input{path: name, node: f.node, stream: r})
}

// pipe is what a shell makes of <(zcat x.gz). One that nobody writes to has
// nothing in it: it is not waited for.
func (f *finder) pipe(path string) {
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		f.bad(path, because(err))
		return
	}
	f.addStream(path, r)
}

// file adds a file, or what is in it. A file is the same under another name.
func (f *finder) file(path string, info fs.FileInfo) {
	for _, in := range f.found {
		if in.info != nil && os.SameFile(in.info, info) {
			return
		}
	}
	in := &input{path: path, file: path, info: info, size: info.Size(), node: nodeOf(f.node, filepath.Dir(path)), first: info.ModTime()}
	head, start, err := fileHead(path)
	in.start = start
	switch kind := kindOf(head); {
	case err != nil:
		in.problem = because(err)
	case kind == zipped:
		f.zip(in)
		return
	case kind == gzipped:
		in.gzipped = true
		f.peek(in)
	default:
		in.problem = refusal(head, in.size)
		if at := firstTime(head); !at.IsZero() {
			in.first = at
		}
	}
	f.found = append(f.found, in)
}

// directory adds the logs in a directory; if it holds none, those in the
// directories below it, such as the folders of several nodes.
func (f *finder) directory(dir string) {
	before := len(f.found)
	if f.logs(dir) || f.below(dir, maxDepth) {
		return
	}
	if len(f.found) == before {
		f.bad(dir, "it holds no atlassian-jira.log")
	}
}

// Bounds of the search below a directory.
const (
	maxDepth  = 4      // levels
	maxWalked = 10_000 // directories
)

func (f *finder) below(dir string, depth int) (any bool) {
	f.walked++
	entries, err := os.ReadDir(dir)
	if err != nil || depth == 0 || f.walked > maxWalked {
		return false
	}
	for _, e := range entries {
		if sub := filepath.Join(dir, e.Name()); e.IsDir() && !strings.HasPrefix(e.Name(), ".") && (f.logs(sub) || f.below(sub, depth-1)) {
			any = true
		}
	}
	return any
}

// listTries bounds how often a directory is listed until two lists agree.
const listTries = 5

// logs adds the logs and support zips that stand in a directory itself, and
// tells whether there are any. A list that was made during a rotation shows
// itself by being different the next time.
func (f *finder) logs(dir string) bool {
	list, err := listed(dir)
	for range listTries {
		again, againErr := listed(dir)
		same := slices.EqualFunc(list, again, func(a, b fs.FileInfo) bool { return a.Name() == b.Name() && os.SameFile(a, b) })
		if list, err = again, againErr; same {
			break
		}
	}
	if err != nil {
		f.bad(dir, because(err))
		return true
	}
	for _, info := range list {
		f.file(filepath.Join(dir, info.Name()), info)
	}
	return len(list) > 0
}

// listed is what a directory has of Jira's log and of support zips.
func listed(dir string) (list []fs.FileInfo, err error) {
	entries, err := os.ReadDir(dir)
	plain := map[string]bool{}
	for _, e := range entries {
		plain[e.Name()] = true
	}
	for _, e := range entries {
		unpacked, packed := strings.CutSuffix(e.Name(), ".gz")
		if packed && plain[unpacked] { // it is being compressed: the plain one goes when the other is complete
			continue
		}
		if !isLog(e.Name()) && !supportZip.MatchString(e.Name()) {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			list = append(list, info)
		}
	}
	return list, err
}
