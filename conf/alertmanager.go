package conf

import (
	"regexp"
	"slices"
)

// Alertmanager is a Prometheus Alertmanager, or all members of a cluster of
// them.
type Alertmanager struct {
	URL     string   `toml:"url"` // only while the file is read, as Members: URLs has them
	Members []string `toml:"urls"`
	URLs    []Secret // base addresses, at least one
	Client
	Notifier
}

// maxMembers is how many members a cluster of Alertmanagers can have here:
// each alert is sent to each of them.
const maxMembers = 10

var alertmanagerAPI = regexp.MustCompile(`/api/v[12](/alerts)?$`)

func (b *builder) alertmanager(at string, a *Alertmanager) {
	b.notifier(at, &a.Notifier)
	b.client(at, &a.Client)
	one, all := at+".url", at+".urls"
	switch hasOne, hasAll := b.source.Has(one), b.source.Has(all); {
	case !hasOne && !hasAll:
		b.problem(at, `url is missing, write url = "http://host:9093", or urls for the members of a cluster`)
	case hasOne && hasAll:
		b.problem(all, "url is also set, at line %d, remove one of them", b.source.location(one).value.line)
	case b.good(all) && (len(a.Members) == 0 || len(a.Members) > maxMembers):
		b.problem(all, `expected 1 to %d addresses, each such as "http://host:9093"`, maxMembers)
	}
	again := false // one warning is enough
	member := func(path, address string) {
		if !b.good(path) {
			return
		}
		base := b.base(path, address)
		b.plain(path, base)
		if alertmanagerAPI.MatchString(base) {
			b.problem(path, "remove /api and everything after it, because the program appends it")
		}
		if base != "" && slices.ContainsFunc(a.URLs, func(u Secret) bool { return u.Reveal() == base }) {
			b.problem(path, "this address is already in the list, remove it")
		}
		a.URLs = append(a.URLs, NewSecret(base))
		again = again || b.sendsTo(at, base)
	}
	member(one, a.URL)
	for i, address := range a.Members {
		member(element(all, i), address)
	}
	a.URL, a.Members = "", nil
}
