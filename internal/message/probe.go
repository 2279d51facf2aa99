package message

import (
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Probe labels the fact about what the watcher tried and found.
const Probe = "Probe"

// probe is what the watcher found itself, in one line.
func probe(p *alert.Probe) Sentence {
	if p == nil {
		return nil
	}
	result := strings.TrimSuffix(p.Title, ".") + "."
	if p.OK {
		result = p.Host + " is reachable now, so the failure was temporary."
	}
	return Sentence{{Text: "Probe from this node at "}, {At: p.At}, {Text: ": " + result}}
}

// withProbe adds the command that a probe has found to the steps, as the last one.
func withProbe(steps []Step, p *alert.Probe) []Step {
	if p == nil || p.OK || text.Blank(p.Command) {
		return steps
	}
	fix := "The probe of " + p.Host + " found the command that fixes it:\n```\n" + p.Command + "\n```"
	return append(steps, Step{len(steps) + 1, Actor(p.Who), fix, true})
}
