// Command release makes the archives and the container image of a release from what
// scripts/packages.sh left in its stage. The same stage and the same SOURCE_DATE_EPOCH give the
// same bytes. It is a module of its own, so that its libraries are not the program's.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is what is made, and of what.
type release struct {
	version, revision string
	date              time.Time // of every file
	stage, to         string    // directories
}

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "`VERSION` without v, such as 1.2.3")
	flag.StringVar(&r.revision, "revision", "", "full hash of the `COMMIT`")
	flag.StringVar(&r.stage, "stage", "", "`DIRECTORY` that scripts/packages.sh filled")
	flag.StringVar(&r.to, "to", "", "`DIRECTORY` to write to")
	flag.Parse()
	if err := r.make(os.Getenv("SOURCE_DATE_EPOCH"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// make writes all files and lists the image's layers on out.
func (r *release) make(epoch string, out io.Writer) error {
	if r.version == "" || r.revision == "" || r.stage == "" || r.to == "" {
		return fmt.Errorf("-version, -revision, -stage and -to are required")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	r.date = time.Unix(seconds, 0).UTC()
	programs, err := filepath.Glob(filepath.Join(r.stage, "bin", "*", "*", "jira-oauth-watcher*"))
	if err != nil || len(programs) == 0 {
		return fmt.Errorf("no program in %s: run scripts/packages.sh first (%w)", r.stage, err)
	}
	slices.Sort(programs)
	if err := r.archives(programs); err != nil {
		return err
	}
	return r.image(programs, out)
}

// platform is the GOOS and GOARCH of a program in the stage.
func platform(program string) (system, arch string) {
	parts := strings.Split(filepath.ToSlash(program), "/")
	return parts[len(parts)-3], parts[len(parts)-2]
}

// write writes a file of the release.
func (r *release) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(r.to, name), data, 0o644)
}
