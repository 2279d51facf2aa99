package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Args: atMost(0), Run: func(c *cobra.Command, _ []string) {
		fmt.Fprintf(a.out, "%s %s\n", c.Root().Name(), version())
	}}
}

// version is version, commit and Go version in one line.
func version() string {
	version, commit := build()
	return fmt.Sprintf("%s, commit %s, %s", version, commit, runtime.Version())
}

// release and revision are version and commit of a package: scripts/packages.sh has the
// linker set them, since the toolchain stamps nothing in a git worktree, and builds
// must be reproducible in any directory.
var release, revision string

// build is what the package's build, or else the Go toolchain, stamped into the
// program.
func build() (version, commit string) {
	if release != "" {
		return release, revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)", "unknown"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit = cmp.Or(settings["vcs.revision"], "unknown")
	if settings["vcs.modified"] == "true" {
		commit += " (modified)"
	}
	return cmp.Or(info.Main.Version, "(devel)"), commit
}
