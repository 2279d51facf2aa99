package alert

import "time"

// Probe is what the watcher found when it tried to reach the host of a failure from its machine.
// It holds no credentials, and what a peer has sent is redacted.
type Probe struct {
	Host    string    `json:"host"` // of the catalogue or of the configuration
	Port    int       `json:"port"`
	At      time.Time `json:"at"`
	Assumed bool      `json:"assumed"` // the log does not show which host failed
	OK      bool      `json:"ok"`      // the host is reachable now: the failure was temporary, unless the host is assumed
	Verdict string    `json:"verdict"` // ID of what is wrong
	Title   string    `json:"title"`   // the same in a few words
	Text    string    `json:"text"`    // what it means, in sentences
	Who     string    `json:"who"`     // who has to act, as Step.Where; "" = nobody
	Command string    `json:"command"` // that fixes it, on one line; "" = there is none
	Seen    []string  `json:"seen"`    // what was tried and what came, such as "DNS: …"; at most MaxSeen lines
}

// MaxSeen is how many lines a probe has at most.
const MaxSeen = 10
