package listen

import "time"

// Refuse is one refused login after the other, at these times: how many each
// log line counts, 0 where there is none, and how long the next login waits.
func Refuse(at ...time.Time) (logged []int, pause time.Duration) {
	var l Logins
	for _, now := range at {
		logged = append(logged, l.refuse(now))
	}
	return logged, l.pause(at[len(at)-1].Add(59 * time.Second))
}
