package scan

import (
	"fmt"
	"time"

	"jira-oauth-watcher/matchers"
)

// KeepTexts takes n failures of as many integrations into a ledger and returns
// how much text it holds.
func KeepTexts(o Options, cause *matchers.Cause, n int, text string) (size int) {
	l := newLedger(0, time.Hour)
	for i := range n {
		l.add(sighting{at: o.Now, key: fmt.Sprint(i), cause: cause, text: text}, &input{}, o.Rules("here"))
	}
	for _, e := range l.open {
		size += len(e.text)
	}
	return size
}

// Members and NodeOf choose and name what is in a zip.
var (
	Members = members
	NodeOf  = zipNodeOf
)

// FreeOf lowers how much may be unpacked whatever the packed size, and returns
// what undoes it.
func FreeOf(member, zip int64) func() {
	m, z := freeMember, freeZip
	freeMember, freeZip = member, zip
	return func() { freeMember, freeZip = m, z }
}
