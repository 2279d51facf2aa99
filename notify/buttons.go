package notify

import (
	"context"
	"log/slog"
	"time"
)

// Press is what somebody did with a button on a message.
type Press struct {
	Incident string        // as Data.Incident has it
	Snooze   time.Duration // 0 = acknowledge
	By       string        // name of the person
	UserID   string
	At       time.Time
}

// Buttons listen to the buttons of one notifier's messages.
type Buttons struct{}

// Run listens until ctx is done, which is no error. Buttons are a luxury: when
// they do not work, that is logged and tried again, and never ends the program.
// press returns a sentence for the person who pressed, "" = nothing to say.
func (b *Buttons) Run(ctx context.Context, log *slog.Logger, press func(Press) (string, error)) error {
	<-ctx.Done()
	return nil
}
