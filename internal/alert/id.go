package alert

import (
	"strconv"
	"strings"
	"time"
)

// ID names an alert, or without its number the incident that the alert belongs
// to:
//
//	NODE/KEY@20211116T113550.956Z#2
//
// NODE is the node that the first alert of the incident named, KEY the
// deduplication key of the incident, the time that of its first failure in UTC;
// the number counts the alerts of the incident from 1. All of it is stored
// state, so that an alert that is sent again has the same ID. A node has no
// slash. A key may hold an @ or a #; time and number hold none. IDs of earlier
// versions have no node, and no slash.
type ID string

const idTime = "20060102T150405.000Z"

// NewID is the ID of an incident. node is one that Node has made, or "" for an incident of an
// earlier version.
func NewID(node, key string, first time.Time) ID {
	if node != "" {
		node += "/"
	}
	return ID(node + key + "@" + first.UTC().Format(idTime))
}

// Node is the name of a node as an ID may have it: letters, digits, dots, hyphens and
// underscores. What else is in it becomes an underscore.
func Node(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '_'
	}, name)
}

// Alert is the ID of the nth alert of incident id.
func (id ID) Alert(n int) ID { return id + "#" + ID(strconv.Itoa(n)) }

// Failure is the ID of the nth failure of incident id. It is not the ID of an alert.
func (id ID) Failure(n int) ID { return id + "!" + ID(strconv.Itoa(n)) }

// Incident is the ID of the incident.
func (id ID) Incident() ID {
	incident, _ := id.cut()
	return incident
}

// Key is the key of the incident; all of an ID without a time.
func (id ID) Key() string {
	incident := string(id.Incident())
	incident = incident[strings.IndexByte(incident, '/')+1:] // without the node, if it has one
	if i := strings.LastIndexByte(incident, '@'); i >= 0 {
		return incident[:i]
	}
	return incident
}

// Number is which alert of its incident it is, from 1; 0 for an incident's ID.
func (id ID) Number() int {
	_, n := id.cut()
	return n
}

func (id ID) cut() (incident ID, number int) {
	i := strings.LastIndexByte(string(id), '#')
	if i < 0 {
		return id, 0
	}
	n, err := strconv.Atoi(string(id[i+1:]))
	if err != nil || n < 1 {
		return id, 0
	}
	return id[:i], n
}
