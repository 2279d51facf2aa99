package matchers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/matchers"
)

// old are the built-in causes that were checked before a time.
func old(causes []*matchers.Cause, before time.Time) []string {
	var ids []string
	for _, c := range causes {
		if c.ID != matchers.Unknown && c.Checked.Before(before) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Lists the built-in causes that nobody has compared with their sources for a year:
// make lint prints them. They are work to do, and no failure.
func TestOldCauses(t *testing.T) {
	causes := builtin(t).Causes()
	for _, id := range old(causes, time.Now().AddDate(-1, 0, 0)) {
		t.Logf("not checked for a year: %s", id)
	}
	day := causes[0].Checked.Time
	if all := old(causes, day.AddDate(10, 0, 0)); len(all) != len(causes)-1 {
		t.Errorf("%d of %d causes are old in ten years, want all but the unknown one", len(all), len(causes))
	}
	if none := old(causes[:1], day); none != nil {
		t.Errorf("checked on that day, but old: %q", none)
	}
}

// Every built-in cause says when it was checked, and none is certain without a page
// of a vendor that says so.
func TestEvidence(t *testing.T) {
	first := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) // the first audit
	for _, c := range builtin(t).Causes() {
		if c.ID == matchers.Unknown {
			continue
		}
		if c.Checked.Before(first) {
			t.Errorf("%s has no date of its last check: compare it with its sources and write "+
				`checked = "YYYY-MM-DD"`, c.ID)
		}
		if c.Confidence == "certain" && len(c.Sources) == 0 {
			t.Errorf("%s is certain without a source: name a vendor's page in sources or in a link, or make it likely",
				c.ID)
		}
	}
}

// Links to a vendor's pages are sources; those of others are not.
func TestSources(t *testing.T) {
	s := mustLoad(t, strings.Replace(own, "diagnosis =", `checked = "2027-02-03"
sources = ["https://wiki.example/fw"]
diagnosis =`, 1)+`
[[cause.link]]
title = "Wiki"
url = "https://wiki.example/microsoft.com/fw"
[[cause.link]]
title = "Microsoft"
url = "https://learn.microsoft.com/fw"
[[cause.link]]
title = "Not Microsoft"
url = "https://notmicrosoft.com/"
`)
	c, _ := s.Cause("own-firewall")
	if want := []string{"https://wiki.example/fw", "https://learn.microsoft.com/fw"}; !slices.Equal(c.Sources, want) {
		t.Errorf("sources %q, want %q", c.Sources, want)
	}
	if got := c.Checked.Format(time.DateOnly); got != "2027-02-03" {
		t.Errorf("checked on %s", got)
	}
	if c, _ := mustLoad(t, own).Cause("own-firewall"); !c.Checked.IsZero() || c.Sources != nil {
		t.Errorf("without both: checked %v, sources %q", c.Checked, c.Sources)
	}
	over := "[[cause]]\nid = 'net-connection-reset'\nchecked = '2028-01-01'\nsources = ['https://wiki.example/']\n"
	c, _ = mustLoad(t, over).Cause("net-connection-reset")
	if c.Checked.Year() != 2028 || c.Sources[0] != "https://wiki.example/" {
		t.Errorf("overridden: checked %v, sources %q", c.Checked, c.Sources)
	}
}
