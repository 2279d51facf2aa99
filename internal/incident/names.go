package incident

import (
	"maps"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// names are what people call integrations, by what an event may show of one. They never
// decide which failures belong together.
type names struct {
	exact map[string]string // as the operator wrote them
	lower map[string]string // with keys in lower case
}

func newNames(given map[string]string) names {
	lower := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(given)) { // of keys that differ in case only, always the same one counts
		lower[strings.ToLower(id)] = given[id]
	}
	return names{given, lower}
}

// of is the name of an integration, nil if none is known: the operator's, else Jira's.
func (n names) of(i matchers.Integration, f matchers.Facts, m matchers.Mailbox) *string {
	if name := n.given(i, f, m); name != nil || text.Blank(i.Name) {
		return name
	}
	return &i.Name
}

// given is the name that the operator has given an integration, nil if none. What an event
// shows of it counts in this order, the most specific first.
func (n names) given(i matchers.Integration, f matchers.Facts, m matchers.Mailbox) *string {
	if len(n.exact) == 0 {
		return nil
	}
	suffixes, ids := []string{i.Callback, f.Text("actual_suffix")}, []string{}
	switch i.KnownBy {
	case alert.BySuffix:
		suffixes = append(suffixes, i.ID)
	case alert.ByNothing:
	default:
		ids = append(ids, i.ID)
	}
	if m.HandlerID != "" {
		ids = append(ids, "handler-"+m.HandlerID)
	}
	for _, suffix := range suffixes {
		if name, ok := n.exact[suffix]; ok {
			return &name
		}
	}
	for _, id := range append(ids, m.Server, i.Client, f.Text("app_id"), f.Text("tenant_id"), f.Text("tenant")) {
		if name, ok := n.lower[strings.ToLower(id)]; ok {
			return &name
		}
	}
	return nil
}

// rename is the name of an incident as the configuration is now: the one stored may be
// from before a reload. A name that an earlier failure has shown stays, and Jira's too.
func (n names) rename(d alert.Data, called string) *string {
	i := matchers.Integration{ID: d.Integration.ID, KnownBy: d.Integration.KnownBy, Name: called}
	if d.Integration.ID == alert.Many {
		return nil
	}
	var m matchers.Mailbox
	if d.Mailbox != nil {
		m = matchers.Mailbox(*d.Mailbox)
	}
	if name := n.given(i, d.Facts, m); name != nil {
		return name
	}
	if name := d.Integration.Name; name != nil && slices.Contains(slices.Collect(maps.Values(n.exact)), *name) {
		return name
	}
	return n.of(i, nil, matchers.Mailbox{})
}
