package logfiles

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/tailer"
)

// Options are the tunable settings.
type Options struct {
	Node  string    // node of logs whose path does not name one; "" = the zip's name, else Unnamed
	Stdin io.Reader // what the argument "-" reads

	// FreeLog and FreeZip are the number of bytes of one log, and of all logs of a zip, that may
	// be unpacked regardless of the compressed size; 0 = 1 GiB, 4 GiB.
	FreeLog, FreeZip int64
}

// Stdin is the argument that means standard input, and its name in reports.
const (
	Stdin     = "-"
	stdinName = "standard input"
)

// List is the list of logs that arguments name.
type List []*File

// Find finds the logs that arguments name: files, directories, zips, and "-" for standard input.
// Each log is listed once. A log that cannot be read is listed, too, with its problem.
func Find(args []string, o Options) List {
	f := finder{options: o}
	for _, arg := range args {
		if arg == Stdin {
			f.stream(stdinName, o.Stdin)
			continue
		}
		arg = filepath.Clean(arg)
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			f.bad(arg, Reason(err))
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

// Holds reports whether a file is one of the logs, or a zip with one.
func (l List) Holds(info fs.FileInfo) bool {
	return slices.ContainsFunc(l, func(f *File) bool { return f.info != nil && os.SameFile(f.info, info) })
}

// finder looks for the logs that arguments name.
type finder struct {
	options Options
	found   List
	walked  int // directories
}

func (f *finder) bad(path, problem string) {
	f.named(&File{Path: path, Node: f.node(path), Problem: problem})
}

// named adds what is known by its path alone.
func (f *finder) named(in *File) {
	in.Kind = conf.KindOf(in.Path)
	if !slices.ContainsFunc(f.found, func(other *File) bool { return other.Path == in.Path }) {
		f.found = append(f.found, in)
	}
}

// node is the node of a log.
func (f *finder) node(path string) string {
	return cmp.Or(nodeOf(f.options.Node, filepath.Dir(path)), Unnamed)
}

func (f *finder) stream(name string, r io.Reader) {
	f.named(&File{Path: name, Node: cmp.Or(f.options.Node, Unnamed), stream: r})
}

// pipe is what a shell makes of <(zcat x.gz). One without a writer is empty: it
// is not waited for.
func (f *finder) pipe(path string) {
	r, err := tailer.Open(path)
	if err != nil {
		f.bad(path, Reason(err))
		return
	}
	f.stream(path, r)
}

// file adds a file, or what is in it. A file is the same under another name.
func (f *finder) file(path string, info fs.FileInfo) {
	if f.found.Holds(info) || !os.SameFile(info, info) { // Windows identifies it at the first comparison
		return
	}
	in := &File{
		Path: path, path: path, info: info, Size: info.Size(), First: info.ModTime(), freeLog: f.options.FreeLog,
		Node: f.node(path), Kind: conf.KindOf(path),
	}
	prefix, start, err := prefixOf(path)
	in.Start = start
	switch {
	case err != nil:
		in.Problem = Reason(err)
	case isZip(prefix):
		f.zip(in)
		return
	case isGzip(prefix):
		in.gzipped = true
		in.peek()
	default:
		in.sniff(prefix)
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
		f.bad(dir, "it contains no atlassian-jira.log")
	}
}

// Bounds of the search below a directory.
const (
	maxDepth  = 4      // levels
	maxWalked = 10_000 // directories
)

func (f *finder) below(dir string, depth int) (found bool) {
	f.walked++
	entries, err := os.ReadDir(dir)
	if err != nil || depth == 0 || f.walked > maxWalked {
		return false
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if sub := filepath.Join(dir, e.Name()); f.logs(sub) || f.below(sub, depth-1) {
			found = true
		}
	}
	return found
}

// listTries bounds how often a directory is listed until two lists agree.
const listTries = 5

// logs adds the logs and support zips in a directory itself, and reports whether there
// are any. A list that was made during a rotation is different the next time.
func (f *finder) logs(dir string) bool {
	list, err := listed(dir)
	for range listTries {
		again, againErr := listed(dir)
		same := slices.EqualFunc(list, again, func(a, b fs.FileInfo) bool {
			return a.Name() == b.Name() && os.SameFile(a, b)
		})
		if list, err = again, againErr; same {
			break
		}
	}
	if err != nil {
		f.bad(dir, Reason(err))
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
