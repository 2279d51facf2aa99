package alert

import "time"

// Press is what a person did with a button on a message.
type Press struct {
	Incident ID            // of the incident
	Snooze   time.Duration // 0 = acknowledge
	By       string        // name of the person
	UserID   string
	At       time.Time
}
