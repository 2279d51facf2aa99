package slack

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

const (
	maxEnvelope  = 1 << 20          // bytes: a press repeats the message
	connectTime  = 15 * time.Second // for a request or a handshake
	ackTime      = 3 * time.Second  // what Slack waits for
	connectEvery = 5 * time.Second  // at most, to begin with
	shortLived   = time.Minute      // a connection that ends sooner is bad …
	manyShort    = 5                // … and so many in a row are worth a line in the log
	firstRefused = 5 * time.Minute  // pause after settings were rejected; doubles
	maxRefused   = time.Hour
)

// Buttons listen to the buttons on the messages of an app, over a connection
// that is opened from here (Socket Mode). There is one for all channels of an
// app: Slack sends each press to one connection only.
type Buttons struct {
	bots     map[string]*Bot // by channel
	opener   *slack.Client
	throttle *throttled
	dialer   *websocket.Dialer
	redactor *apiTransport
	refuse   time.Duration // the first pause after settings were rejected
}

// newButtons makes the buttons of an app. What reaches its Web API reaches its
// websocket.
func newButtons(c conf.Slack, transport *http.Transport, api *apiTransport) *Buttons {
	b := &Buttons{
		bots:     map[string]*Bot{},
		throttle: &throttled{next: api, minimum: connectEvery},
		redactor: api,
		refuse:   firstRefused,
		dialer: &websocket.Dialer{
			Proxy:            transport.Proxy,
			HandshakeTimeout: connectTime,
			WriteBufferSize:  32 << 10, // Slack drops fragmented messages
			// Without the protocols: no websocket over HTTP/2.
			TLSClientConfig: &tls.Config{RootCAs: transport.TLSClientConfig.RootCAs},
		},
	}
	options := append(apiOptions(c, &http.Client{Transport: b.throttle}),
		slack.OptionAppLevelToken(c.AppToken.Reveal()))
	b.opener = slack.New("", options...)
	return b
}

// Run listens until ctx is done, which is no error. Buttons are optional: failures are
// logged and retried, and never end the program. press returns a sentence for the
// person who pressed, "" = nothing to say.
func (b *Buttons) Run(ctx context.Context, log *slog.Logger, press func(alert.Press) (string, error)) error {
	presses := make(chan *pressed, maxWaiting)
	s := &socket{b: b, log: log, presses: presses}
	var work sync.WaitGroup
	work.Go(func() {
		for p := range presses {
			p.apply(ctx, log, press)
		}
	})
	defer work.Wait()
	defer close(presses)
	for pause := b.refuse; ; pause = min(2*pause, maxRefused) {
		err := s.listen(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if s.worked {
			s.worked, pause = false, b.refuse
		}
		if !s.refused {
			log.Error("Slack rejected the connection for buttons, alerts are sent without them: "+
				"enable Socket Mode and Interactivity on the app's page, "+
				"and fix app_token (xapp-…, scope connections:write)", "in", pause, "err", err)
		}
		s.refused, s.down = true, true
		clock.Wait(ctx, nil, pause)
	}
}

// socket is the connection for buttons, across reconnects.
type socket struct {
	b       *Buttons
	log     *slog.Logger
	presses chan<- *pressed
	seen    []string // stamps of the last presses, which are few

	up      time.Time // since when it is connected; zero = it is not
	short   int       // short-lived connections in a row
	down    bool      // its absence was logged …
	refused bool      // … and that the settings are rejected
	worked  bool      // since the last refusal
}

// listen is one run of slack-go's client, which connects again by itself. It ends with
// ctx, or with an error when the settings are rejected.
func (s *socket) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(s.b.opener, socketmode.OptionDialer(s.b.dialer), socketmode.OptionReadLimit(maxEnvelope),
		socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	for {
		select {
		case err := <-ended:
			s.closed()
			return cmp.Or(context.Cause(ctx), errors.New(s.clean(err)))
		case e := <-client.Events:
			if err := s.event(ctx, client, e); err != nil {
				cancel(err)
			}
		}
	}
}

// event handles one event. An error means that the settings are rejected: slack-go
// would retry for ever for most of the reasons.
func (s *socket) event(ctx context.Context, client *socketmode.Client, e socketmode.Event) error {
	switch data := e.Data.(type) {
	case *slack.ConnectingEvent:
		s.closed()
	case *socketmode.ConnectedEvent:
		s.opened()
	case *slack.ConnectionErrorEvent:
		if failed, ok := errors.AsType[*notify.Error](data.ErrorObj); ok && failed.Outcome != notify.Retry {
			return failed
		}
		if !s.down && ctx.Err() == nil {
			s.down = true
			s.log.Warn("no connection for Slack's buttons, will be retried", "in", data.Backoff, "err",
				s.clean(data.ErrorObj))
		}
	}
	id, payload := envelope(e)
	if id != "" {
		ack, cancel := context.WithTimeout(ctx, ackTime)
		err := client.AckCtx(ack, id, nil)
		cancel()
		if err != nil {
			s.log.Debug("button press not acknowledged to Slack", "err", err)
		}
	}
	if payload != nil {
		s.pressed(payload)
	}
	return nil
}

// envelope is what an event came in: its ID, and its payload when that is of a
// button. slack-go may have failed to read the payload.
func envelope(e socketmode.Event) (id string, payload []byte) {
	req := e.Request
	if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
		req = new(socketmode.Request)
		if json.Unmarshal(bad.Message, req) != nil {
			return "", nil
		}
	}
	if req == nil {
		return "", nil
	}
	if req.Type == socketmode.RequestTypeInteractive {
		payload = req.Payload
	}
	return req.EnvelopeID, payload
}

// pressed passes a press on. Slack sends it again when it does not get our
// acknowledgment.
func (s *socket) pressed(payload []byte) {
	p, err := s.b.read(payload)
	if err != nil {
		s.log.Warn("button press ignored", "err", err)
	}
	if p == nil || slices.Contains(s.seen, p.stamp) {
		return
	}
	s.seen = append(s.seen[max(0, len(s.seen)+1-maxSeen):], p.stamp)
	select {
	case s.presses <- p:
	default:
		s.log.Warn("button press ignored", "incident", p.Incident, "err", "too many wait")
	}
}

func (s *socket) opened() {
	if s.down {
		s.log.Info("Slack's buttons work again")
	}
	s.up, s.down, s.refused, s.worked = clock.Now(), false, false, true
}

// closed notes the end of a connection, if there was one.
func (s *socket) closed() {
	if s.up.IsZero() {
		return
	}
	if s.short++; clock.Since(s.up) >= shortLived {
		s.short = 0
	}
	s.up = time.Time{}
	if s.short == manyShort {
		s.log.Warn("the connection for Slack's buttons is cut repeatedly: " +
			"does a proxy or firewall close long-lived websockets?")
	}
}

// clean is an error of slack-go without address and tokens.
func (s *socket) clean(err error) string {
	if err == nil {
		return "the connection ended"
	}
	if failed, ok := errors.AsType[*notify.Error](err); ok {
		return failed.Error()
	}
	if bad, ok := errors.AsType[*url.Error](err); ok {
		err = bad.Err
	}
	return notify.OneLine(s.b.redactor.redactor(&url.URL{}).Redact(err.Error()))
}

// throttled keeps a pause between requests, which grows while they follow each other
// quickly: slack-go connects again at once after a cut, and Slack allows few
// connections a minute. It is used by one goroutine at a time.
type throttled struct {
	next    http.RoundTripper
	minimum time.Duration
	quick   int       // requests soon after the one before
	last    time.Time // of the last request
	until   time.Time // what Slack asked for
}

// RoundTrip implements http.RoundTripper. next hands on whole answers.
func (u *throttled) RoundTrip(req *http.Request) (*http.Response, error) {
	const patience = 24 // times least: more than the longest pause
	due := u.until
	if since := clock.Since(u.last); since > patience*u.minimum {
		u.quick = 0
	} else if soon := u.last.Add(u.minimum << u.quick); soon.After(due) {
		due, u.quick = soon, min(u.quick+1, 4)
	}
	clock.Wait(req.Context(), nil, max(clock.Until(due), 0))
	if err := req.Context().Err(); err != nil {
		return nil, &notify.Error{Err: err}
	}
	u.last = clock.Now()
	ctx, cancel := context.WithTimeout(req.Context(), connectTime)
	defer cancel()
	resp, err := u.next.RoundTrip(req.Clone(ctx))
	if failed, ok := errors.AsType[*notify.Error](err); ok {
		u.until = clock.Now().Add(failed.RetryAfter)
	}
	return resp, err
}
