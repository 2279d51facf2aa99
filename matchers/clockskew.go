package matchers

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of a clock difference that is reported: less is the answer's latency, more
// is no wrong clock but an edited log.
const (
	minSkew = 5 * time.Minute
	maxSkew = 12 * time.Hour
)

// clockSkew adds how far Jira's clock is from the provider's, when the log
// shows both. Microsoft and Google refuse what is too early or too late.
// Differences of whole quarters of an hour are time zones, not clocks.
func (f *Failure) clockSkew(at time.Time) {
	provider, err := time.Parse("2006-01-02 15:04:05Z", f.Facts.Text("provider_time"))
	if err != nil || at.IsZero() {
		return
	}
	skew := at.Sub(provider)
	direction := "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	quarter := (skew + time.Minute).Truncate(15 * time.Minute)
	if skew < minSkew || skew > maxSkew || (skew-quarter).Abs() <= time.Minute {
		return
	}
	rounded := strings.TrimSuffix(skew.Round(time.Second).String(), "0s")
	f.Facts["clock_skew"] = fmt.Sprintf("%s %s the provider's", rounded, direction)
}

// notes are steps that a fact asks for, whatever the cause is.
func notes(facts Facts) []Step {
	skew := facts.Text("clock_skew")
	if skew == "" {
		return nil
	}
	return []Step{{Where: "jira-host", Text: "The clock of this Jira node is " + skew +
		": correct it (timedatectl, chronyc tracking). A wrong clock alone breaks OAuth."}}
}
