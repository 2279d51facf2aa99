package notifytest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"strings"
	"sync"
	"testing"
)

// Mail is what a relay has accepted.
type Mail struct {
	From string
	To   []string
	Text string // with line ends of one character
}

// Relay is an SMTP server that fails as it is told to.
type Relay struct {
	Addr     string
	TLS      *tls.Config // nil = it has no TLS
	Implicit bool        // TLS from the first byte
	Offers   string      // mechanisms of AUTH, "" = none

	// Reply is the answer to a command of the nth session, from 1: to "" before the first
	// one, and to "." after the mail. "" = the usual answer, Cut = none and the end of the
	// connection, Hang = none.
	Reply func(session int, command string) string

	mu       sync.Mutex
	sessions int
	mails    []Mail
	commands []string
}

// What a relay does instead of an answer.
const (
	Cut  = "cut"
	Hang = "hang"
)

// Start begins to listen, until the test ends.
func (r *Relay) Start(t testing.TB) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.Addr = l.Addr().String()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.sessions++
			n := r.sessions
			r.mu.Unlock()
			go func() {
				defer conn.Close()
				r.serve(conn, n)
			}()
		}
	}()
	return r
}

// Mails are the accepted ones, in order.
func (r *Relay) Mails() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Mail(nil), r.mails...)
}

// Texts are the accepted mails with their parts in clear.
func (r *Relay) Texts() (texts []string) {
	for _, m := range r.Mails() {
		text, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Text)))
		texts = append(texts, string(text))
	}
	return texts
}

// Commands are those of all sessions.
func (r *Relay) Commands() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.commands, "\n")
}

// answer writes the answer to a command, and reports whether the usual one was given.
func (r *Relay) answer(conn net.Conn, session int, command, usual string) (ordinary, more bool) {
	reply := usual
	if r.Reply != nil {
		if own := r.Reply(session, command); own != "" {
			reply = own
		}
	}
	switch reply {
	case Cut:
		return false, false
	case Hang:
		io.Copy(io.Discard, conn)
		return false, false
	}
	_, err := io.WriteString(conn, strings.ReplaceAll(reply, "\n", "\r\n")+"\r\n")
	return reply == usual, err == nil && !strings.HasPrefix(reply, "421")
}

func (r *Relay) serve(conn net.Conn, session int) {
	if r.Implicit {
		conn = tls.Server(conn, r.TLS)
	}
	in := bufio.NewReader(conn)
	if _, more := r.answer(conn, session, "", "220 relay.test ESMTP"); !more {
		return
	}
	var m Mail
	secure, asked := r.Implicit, 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		r.mu.Lock()
		r.commands = append(r.commands, line)
		r.mu.Unlock()
		verb, rest, _ := strings.Cut(line, " ")
		usual := "250 ok"
		switch verb {
		case "EHLO":
			usual = "250-relay.test\n250-8BITMIME"
			if r.TLS != nil && !secure {
				usual += "\n250-STARTTLS"
			}
			if r.Offers != "" {
				usual += "\n250-AUTH " + r.Offers
			}
			usual += "\n250 SMTPUTF8"
		case "STARTTLS":
			usual = "220 go ahead"
		case "AUTH":
			usual = "235 welcome"
			if rest == "LOGIN" {
				usual, asked = "334 VXNlcm5hbWU6", 2
			}
		case "DATA":
			usual = "354 go on"
		case "QUIT":
			usual = "221 bye"
		case "MAIL", "RCPT", "RSET", "NOOP":
		default: // user and password after AUTH LOGIN
			usual = "334 UGFzc3dvcmQ6"
			if asked--; asked <= 0 {
				usual = "235 welcome"
			}
		}
		ordinary, more := r.answer(conn, session, line, usual)
		if !more || verb == "QUIT" {
			return
		}
		if !ordinary {
			continue
		}
		switch verb {
		case "STARTTLS":
			conn, secure = tls.Server(conn, r.TLS), true
			in = bufio.NewReader(conn)
		case "MAIL":
			m = Mail{From: address(rest)}
		case "RCPT":
			m.To = append(m.To, address(rest))
		case "DATA":
			var ok bool
			if m.Text, ok = data(in); !ok {
				return
			}
			accepted, more := r.answer(conn, session, ".", "250 queued")
			if accepted {
				r.mu.Lock()
				r.mails = append(r.mails, m)
				r.mu.Unlock()
			}
			if !more {
				return
			}
		}
	}
}

func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

// data reads a mail until the line that ends it.
func data(in *bufio.Reader) (text string, ok bool) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", false
		}
		if line = strings.TrimSuffix(line, "\r\n"); line == "." {
			return b.String(), true
		}
		fmt.Fprintln(&b, strings.TrimPrefix(line, "."))
	}
}
