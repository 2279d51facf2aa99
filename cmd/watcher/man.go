//go:build man

// With the tag man the program prints a description of its commands instead, as JSON, from which
// tools/release/manual makes the manual pages: the packaged program needs no page generator.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(describe(newRoot("jira-oauth-watcher", &app{}))); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(exitFailed)
	}
}

// description is what a manual page says of a command.
type description struct {
	Use, Short, Long, Example string
	Flags                     []flagDescription
	Commands                  []description
}

type flagDescription struct{ Name, Shorthand, Value, Usage, Default string }

func describe(c *cobra.Command) description {
	d := description{Use: c.Use, Short: c.Short, Long: c.Long, Example: c.Example}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		d.Flags = append(d.Flags, flagDescription{f.Name, f.Shorthand, value, usage, f.DefValue})
	})
	for _, sub := range c.Commands() {
		if sub.Name() != "help" {
			d.Commands = append(d.Commands, describe(sub))
		}
	}
	return d
}
