package message

import (
	"fmt"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Probe labels the fact about what the watcher tried and found.
const Probe = "Probe"

// probe is what the watcher found itself, in one line. steps are those with its own.
func probe(p *alert.Probe, steps int) Sentence {
	if p == nil {
		return nil
	}
	result := strings.TrimSuffix(p.Title, ".") + "."
	switch {
	case p.OK && p.Assumed:
		result = p.Host + " is reachable and trusted now. The log does not show which host failed."
	case p.OK:
		result = p.Host + " is reachable now, so the failure was temporary."
	case runs(p):
		result += fmt.Sprintf(" Step %d has the command.", steps)
	}
	of := "Probe from this node at "
	if p.Assumed && !p.OK {
		of = "Probe of " + p.Host + " (assumed, the log names no host) at "
	}
	return Sentence{{Text: of}, {At: p.At}, {Text: ": " + result}}
}

// runs reports whether a probe has found a command that fixes what is wrong.
func runs(p *alert.Probe) bool {
	return p != nil && !p.OK && !text.Blank(p.Command) && !strings.Contains(p.Command, "`") &&
		text.Printable(p.Command) == p.Command
}

// withProbe adds the command that a probe has found to the steps, as the last one.
func withProbe(steps []Step, p *alert.Probe) []Step {
	if !runs(p) {
		return steps
	}
	only := ""
	if strings.Contains(p.Command, "-importcert") {
		only = " Run it as root, and only if the network team confirms the SHA-256 of the certificate."
	}
	fix := "The probe of " + p.Host + " found the command that fixes it." + only + "\n```\n" + p.Command + "\n```"
	return append(steps, Step{len(steps) + 1, Actor(p.Who), fix, true})
}
