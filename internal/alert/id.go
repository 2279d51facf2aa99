package alert

import (
	"strconv"
	"strings"
	"time"
)

// ID names an alert, or without its number the incident that the alert belongs
// to:
//
//	KEY@20211116T113550.956Z#2
//
// KEY is the deduplication key of the incident, the time that of its first
// failure in UTC, the number counts the alerts of the incident from 1. All of
// it is stored state, so that an alert that is sent again has the same ID. A
// key may hold an @ or a #; time and number hold none.
type ID string

const idTime = "20060102T150405.000Z"

// NewID is the ID of an incident.
func NewID(key string, first time.Time) ID { return ID(key + "@" + first.UTC().Format(idTime)) }

// Alert is the ID of the nth alert of incident id.
func (id ID) Alert(n int) ID { return id + "#" + ID(strconv.Itoa(n)) }

// Incident is the ID of the incident.
func (id ID) Incident() ID {
	incident, _ := id.cut()
	return incident
}

// Key is the key of the incident; all of an ID without a time.
func (id ID) Key() string {
	incident := string(id.Incident())
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
