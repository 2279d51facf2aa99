package main

import (
	"context"
	_ "embed" // help.txt
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

// defaultConfig is where the package puts the configuration.
var defaultConfig = filepath.Join(conf.Directory, "config.toml")

// app is what a command works with.
type app struct {
	in        io.Reader
	out, errw io.Writer
}

// errReported ends a command that has printed already why it failed.
var errReported = errors.New("failed")

// wrong is an error in how the program was called or configured.
type wrong struct{ error }

func (w wrong) Unwrap() error { return w.error }

// usage is an error in how the program was called.
func usage(format string, args ...any) error {
	return wrong{fmt.Errorf(format, args...)}
}

// run is the program: args[0] is the name it was called by. It returns the
// exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	name := filepath.Base(args[0])
	out, errw = &screen{to: out, color: terminal(out).Color}, &screen{to: errw} // names in errors may hold styles
	root := newRoot(name, &app{in: in, out: out, errw: errw})
	root.SetArgs(args[1:])
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if unknown := unknownCommand(root, args[1:]); unknown != nil {
		err = unknown
	}
	status := exitFailed
	if _, ok := errors.AsType[wrong](err); ok {
		status = exitUsage
	}
	if problems, ok := errors.AsType[conf.Problems](err); ok {
		fmt.Fprintln(errw, problems) // FILE:LINE:COL is prefix enough
	} else if !errors.Is(err, errReported) {
		fmt.Fprintf(errw, "%s: %v\n", name, err)
	}
	return status
}

// unknownCommand is the error of a command that does not exist, nil when it does.
// cobra's own error for it has no type.
func unknownCommand(root *cobra.Command, args []string) error {
	word := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if _, _, err := root.Find(args); err == nil || word < 0 {
		return nil
	}
	meant := ""
	if like := root.SuggestionsFor(args[word]); len(like) > 0 {
		meant = fmt.Sprintf(", did you mean %q?", like[0])
	}
	return usage("unknown command %q for %q%s; run '%s help' to see the commands",
		args[word], root.Name(), meant, root.Name())
}

func newRoot(name string, a *app) *cobra.Command {
	root := &cobra.Command{Use: name, Version: version(), SilenceErrors: true, SilenceUsage: true}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%v%s; run '%s --help' to see the flags", err, flagMeant(c, err), c.CommandPath())
	})
	root.AddCommand(a.runCommand(), a.scanCommand(), a.explainCommand(), a.checkCommand(), a.testAlertCommand(),
		a.causesCommand(), a.statusCommand(), a.doctorCommand(), a.demoCommand(), a.versionCommand())
	addHelp(root, "PROGRAM", name)
	for _, c := range root.Commands() {
		addHelp(c, c.Name(), name)
	}
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil { // cobra's own succeeds at a topic that does not exist
		help.Run, help.RunE = nil, func(_ *cobra.Command, topic []string) error {
			if err := unknownCommand(root, topic); err != nil {
				return err
			}
			of, _, _ := root.Find(topic)
			of.InitDefaultHelpFlag()
			return of.Help()
		}
	}
	return root
}

//go:embed help.txt
var helpText string

// addHelp gives a command what help.txt says under its title.
func addHelp(c *cobra.Command, title, program string) {
	_, section, _ := strings.Cut(helpText, "\n== "+title+": ")
	section, _, _ = strings.Cut(section, "\n== ")
	short, rest, _ := strings.Cut(section, "\n")
	long, examples, _ := strings.Cut(rest, "Examples:\n")
	c.Short, c.Long = short, strings.TrimSpace(long)
	c.Example = strings.ReplaceAll(strings.TrimRight(examples, "\n"), "PROGRAM", program)
}

// flagMeant names the flag that is nearest to a misspelled one.
func flagMeant(c *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if n := conf.Nearest(unknown.GetSpecifiedName(), names); n != "" {
		return fmt.Sprintf(", did you mean --%s?", n)
	}
	return ""
}

// atMost refuses more arguments than n in words.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return usage("%s takes no argument %q; run '%[1]s --help' to see the usage", c.CommandPath(), args[n])
		}
		return nil
	}
}

// choice is a flag with a fixed set of words.
type choice struct {
	word    string
	allowed []string
}

func (f *choice) String() string { return f.word }

func (f *choice) Type() string { return strings.Join(f.allowed, "|") }

func (f *choice) Set(s string) error {
	if !slices.Contains(f.allowed, s) {
		return fmt.Errorf("write one of: %s", strings.Join(f.allowed, ", "))
	}
	f.word = s
	return nil
}

// choiceFlag adds a flag with one of the allowed words; the first is the default.
func choiceFlag(c *cobra.Command, name, usage string, allowed ...string) *string {
	f := &choice{allowed[0], allowed}
	c.Flags().Var(f, name, usage)
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	return &f.word
}

func formatFlag(c *cobra.Command, allowed ...string) *string {
	return choiceFlag(c, "format", "output format", allowed...)
}

// configFlag adds --config, whose default may be in the environment.
func configFlag(c *cobra.Command) *string {
	path := c.Flags().String("config", "", "configuration `FILE` (default $WATCHER_CONFIG, else "+defaultConfig+")")
	*path = os.Getenv("WATCHER_CONFIG")
	return path
}

// loadConfig reads the configuration: the given file, else the package's, else
// the defaults where optional is set.
func loadConfig(path string, optional bool) (*conf.Config, error) {
	if path == "" {
		path = defaultConfig
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if optional {
				return wrongConfig(conf.Default())
			}
			return nil, usage("there is no %s: name your configuration with --config FILE", path)
		}
	}
	return wrongConfig(conf.Load(path))
}

func wrongConfig(c *conf.Config, err error) (*conf.Config, error) {
	if err != nil {
		return nil, wrong{err}
	}
	return c, nil
}

// withCauses are a configuration and its catalogue. Causes with problems are an error.
func withCauses(c *conf.Config, err error) (*conf.Config, *matchers.Set, error) {
	if err != nil {
		return nil, nil, err
	}
	set, err := catalogue(c, matchers.Load)
	if err != nil {
		return nil, nil, err
	}
	return c, set(), nil
}

// catalogue is the built-in one with the operator's causes, which load reads, and has every cause
// that the configuration names. Without them it has been proved by the tests, and is compiled when
// it is first needed: that takes as long as the rest of a start.
func catalogue(c *conf.Config, load func(dir string) (*matchers.Set, error)) (func() *matchers.Set, error) {
	dir := c.Causes.Dir
	if _, err := os.Stat(dir); err != nil {
		if c.Causes.DirGiven || !errors.Is(err, fs.ErrNotExist) {
			return nil, usage("causes.dir: %w", err)
		}
		dir = ""
	}
	if own, err := matchers.HasCauses(dir); err == nil && !own && len(c.CheckCauses(nil, incident.OwnCauses)) == 0 {
		return sync.OnceValue(func() *matchers.Set {
			set, err := matchers.Builtin()
			if err != nil {
				panic(err) // the program is not what its tests have tested
			}
			return set
		}), nil
	}
	set, err := load(dir)
	if err != nil {
		return nil, wrong{err}
	}
	if problems := c.CheckCauses(causeIDs(set), incident.OwnCauses); len(problems) > 0 {
		return nil, wrong{problems}
	}
	return func() *matchers.Set { return set }, nil
}

func causeIDs(set *matchers.Set) []string {
	return each(set.Causes(), func(c *matchers.Cause) string { return c.ID })
}

// each is what f makes of each value.
func each[T, R any](values []T, f func(T) R) []R {
	all := make([]R, len(values))
	for i, v := range values {
		all[i] = f(v)
	}
	return all
}
