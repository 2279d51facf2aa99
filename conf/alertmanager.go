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
	var addresses []string
	if b.good(one) {
		addresses = append(addresses, b.member(one, a.URL))
	}
	for i, u := range a.Members {
		path := element(all, i)
		if !b.good(path) {
			continue
		}
		address := b.member(path, u)
		if address != "" && slices.Contains(addresses, address) {
			b.problem(path, "this address is already in the list, remove it")
		}
		addresses = append(addresses, address)
	}
	again := false // one warning is enough
	for _, address := range addresses {
		a.URLs = append(a.URLs, NewSecret(address))
		again = again || b.sendsTo(at, address)
	}
	a.URL, a.Members = "", nil
}

// member is the base address of one Alertmanager.
func (b *builder) member(path, address string) string {
	base := b.base(path, address)
	b.plain(path, base)
	if alertmanagerAPI.MatchString(base) {
		b.problem(path, "remove /api and everything after it, because the program appends it")
	}
	return base
}
