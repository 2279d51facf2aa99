package slack

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

const (
	maxEnvelope  = 1 << 20          // bytes: a press repeats the message
	maxHandshake = 256 << 10        // bytes: TLS, and the headers of the answers of a proxy and of Slack
	connectTime  = 15 * time.Second // to open a connection
	ackTime      = 3 * time.Second  // what Slack waits for
	maxSilence   = time.Minute      // without a ping, of which Slack sends several
	connectEvery = 5 * time.Second  // at most, to begin with
	calm         = 24               // times that: no pause after a connection that was longer
	shortLived   = time.Minute      // a connection that ends sooner is bad …
	manyShort    = 5                // … and so many in a row are worth a line in the log
	firstRefused = 5 * time.Minute  // pause after settings were rejected; doubles
	maxRefused   = time.Hour
)

// Buttons listen to the buttons on the messages of an app, over a connection
// that is opened from here (Socket Mode, https://docs.slack.dev/apis/events-api/using-socket-mode).
// There is one for all channels of an app: Slack sends each press to one connection only.
type Buttons struct {
	bots   map[string]*Bot // by channel
	api    *api            // with the app's token
	dialer *websocket.Dialer

	connect time.Duration // for a connection
	every   time.Duration // the first pause between two connects
	refuse  time.Duration // the first pause after settings were rejected
	silence time.Duration // how long a connection may be without a ping
}

// newButtons makes the buttons of an app. What reaches its Web API reaches its
// websocket.
func newButtons(app *api) *Buttons {
	transport := app.client.Transport.(*http.Transport)
	return &Buttons{
		bots:    map[string]*Bot{},
		api:     app,
		connect: connectTime,
		every:   connectEvery,
		refuse:  firstRefused,
		silence: maxSilence,
		dialer: &websocket.Dialer{
			Proxy:           transport.Proxy,
			WriteBufferSize: 32 << 10, // Slack drops fragmented messages
			// Without the protocols: no websocket over HTTP/2.
			TLSClientConfig: &tls.Config{RootCAs: transport.TLSClientConfig.RootCAs},
		},
	}
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
	for ctx.Err() == nil {
		begun := clock.Now()
		failed := s.listen(ctx)
		pause := s.pause(clock.Since(begun))
		if failed != nil && ctx.Err() == nil {
			pause = s.failed(failed, pause)
		}
		clock.Wait(ctx, nil, pause)
	}
	return nil
}

// socket is the connection for buttons, across reconnects.
type socket struct {
	b       *Buttons
	log     *slog.Logger
	presses chan<- *pressed
	seen    []string // stamps of the last presses, which are few

	quick    int  // connections that followed each other quickly
	short    int  // short-lived connections in a row
	down     bool // the absence of a connection was logged
	refusals int  // how often the settings were rejected since they last worked
}

// listen is one connection. An error means that there was none.
func (s *socket) listen(ctx context.Context) *notify.Error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	opening, cancel := context.WithTimeout(ctx, s.b.connect)
	defer cancel()
	said, err := s.b.api.call(opening, "apps.connections.open", nil)
	if failed, ok := errors.AsType[*notify.Error](err); ok {
		return failed
	}
	address, err := url.Parse(said.URL)
	if err != nil {
		return &notify.Error{Err: errors.New("the address that Slack has given is not a URL")}
	}
	var link *handshake
	dialer := *s.b.dialer
	dialer.NetDialContext = func(opening context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(opening, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() }) // a handshake does not end with its context
		link = &handshake{conn, maxHandshake}
		return link, nil
	}
	conn, _, err := dialer.DialContext(opening, said.URL, nil)
	if err != nil {
		words := notify.NewRedactor(address, nil).Redact(err.Error())
		return &notify.Error{Err: errors.New(notify.OneLine(words))}
	}
	defer conn.Close()
	link.left = math.MaxInt // each message has its own limit
	if s.down {
		s.log.Info("Slack's buttons work again")
	}
	s.down, s.refusals = false, 0
	begun := clock.Now()
	s.read(conn)
	if s.short++; clock.Since(begun) >= shortLived {
		s.short = 0
	}
	if s.short == manyShort {
		s.log.Warn("the connection for Slack's buttons is cut repeatedly: " +
			"does a proxy or firewall close long-lived websockets?")
	}
	return nil
}

// handshake is a connection of which so many bytes may be read: a websocket's handshake has no limit.
type handshake struct {
	net.Conn
	left int
}

func (h *handshake) Read(p []byte) (int, error) {
	if h.left <= 0 {
		return 0, errors.New("the answer is too long")
	}
	n, err := h.Conn.Read(p)
	h.left -= n
	return n, err
}

// read reads presses until the connection ends, or Slack asks for a new one.
func (s *socket) read(conn *websocket.Conn) {
	conn.SetReadLimit(maxEnvelope)
	conn.SetReadDeadline(time.Now().Add(s.b.silence))
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		conn.SetReadDeadline(time.Now().Add(s.b.silence))
		return pong(data)
	})
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var envelope struct {
			Type    string
			ID      string `json:"envelope_id"`
			Payload json.RawMessage
		}
		if !json.Valid(message) {
			return
		}
		_ = json.Unmarshal(message, &envelope) // what is no envelope is ignored
		if envelope.Type == "disconnect" {
			return
		}
		if envelope.ID != "" {
			conn.SetWriteDeadline(time.Now().Add(ackTime))
			if err := conn.WriteJSON(map[string]string{"envelope_id": envelope.ID}); err != nil {
				s.log.Debug("button press not acknowledged to Slack", "err", err)
			}
		}
		if envelope.Type == "interactive" {
			s.pressed(envelope.Payload)
		}
	}
}

// pause is how long to wait after a connection. Slack allows few a minute, so it grows while they
// follow each other quickly.
func (s *socket) pause(lasted time.Duration) time.Duration {
	if lasted > calm*s.b.every {
		s.quick = 0
		return 0
	}
	pause := s.b.every<<s.quick - lasted
	s.quick = min(s.quick+1, 4)
	return max(pause, 0)
}

// failed notes that there is no connection, and makes the pause longer where that is asked for. It is
// logged once, and once more when the settings are rejected.
func (s *socket) failed(err *notify.Error, pause time.Duration) time.Duration {
	pause = max(pause, err.RetryAfter)
	if err.Outcome == notify.Retry {
		if !s.down {
			s.log.Warn("no connection for Slack's buttons, will be retried", "in", pause, "err", err)
		}
	} else {
		pause = max(pause, min(s.b.refuse<<min(s.refusals, 10), maxRefused))
		if s.refusals == 0 {
			s.log.Error("Slack rejected the connection for buttons, alerts are sent without them: "+
				"enable Socket Mode and Interactivity on the app's page, "+
				"and fix app_token (xapp-…, scope connections:write)", "in", pause, "err", err)
		}
		s.refusals++
	}
	s.down = true
	return pause
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
