package scan

import (
	"fmt"
	"time"

	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/matchers"
)

// KeepTexts takes n failures of as many integrations into a ledger and returns
// how much text it holds.
func KeepTexts(o Options, cause *matchers.Cause, n int, text string) (size int) {
	l := newIncidents(0, time.Hour)
	for i := range n {
		l.add(finding{at: o.Now, key: fmt.Sprint(i), cause: cause, text: text}, &input{File: &logfiles.File{}}, o.Rules("here"))
	}
	for _, e := range l.open {
		size += len(e.text)
	}
	return size
}
