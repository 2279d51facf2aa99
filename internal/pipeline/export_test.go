package pipeline

import "time"

// Look is a look at how well a log is seen.
func Look(l *Log, now time.Time, text bool, waiting error) error { return l.look(now, text, waiting) }
