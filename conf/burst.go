package conf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of a burst.
const (
	maxBurst       = 1000
	maxBurstWithin = 24 * time.Hour
)

// Burst is how many incidents may open within a time, with one cause or of one application,
// before further ones share one alert. The zero value is off.
type Burst struct {
	Count  int
	Within time.Duration
}

// UnmarshalText reads a text such as "10 in 10m", or "0".
func (b *Burst) UnmarshalText(text []byte) error {
	*b = Burst{}
	if string(text) == "0" {
		return nil
	}
	number, within, found := strings.Cut(string(text), " in ")
	count, err := strconv.Atoi(strings.TrimSpace(number))
	if !found || err != nil {
		return fmt.Errorf(`cannot read %s, write a number of incidents and a time such as "10 in 10m", or "0" for off`,
			quote(string(text)))
	}
	d, err := ParseDuration(strings.TrimSpace(within))
	switch {
	case err != nil:
		return err
	case count < 1 || count > maxBurst:
		return fmt.Errorf(`expected a number of incidents from 1 to %d, such as "10 in 10m", or "0" for off`, maxBurst)
	case d <= 0 || d > maxBurstWithin:
		return errors.New(`expected a time of at most 24h, such as "10 in 10m"`)
	}
	*b = Burst{count, d}
	return nil
}
