package main_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"jira-oauth-watcher/notify/notifytest"
)

// smtpFault is what a mail relay answers to a command instead of what is usual.
type smtpFault struct{ command, reply string }

const (
	refused = "connection refused"
	slow    = "no answer within the timeout"
)

// emailFaults are the ways in which a mail relay is made to fail.
var emailFaults = []fault{
	{refused, "connection refused", nil, 0, "reload", 0, nil},
	{"421 at the greeting", "421", nil, 2, "", 0, &smtpFault{"", "421 4.3.2 too busy"}},
	{"454 at the login", "454", nil, 2, "", 0, &smtpFault{"AUTH", "454 4.7.0 later"}},
	{"535 at the login", "rejected the notifier's settings", nil, 1, "reload", 0, &smtpFault{"AUTH", "535 5.7.8 not with CANARY-password"}},
	{"450 for the recipient (greylisting)", "450", nil, 2, "", 0, &smtpFault{"RCPT", "450 4.2.0 greylisted"}},
	{"550 for the recipient", "rejected the notifier's settings", nil, 1, "reload", 0, &smtpFault{"RCPT", "550 5.1.1 no such user"}},
	{"451 after the mail", "451", nil, 2, "", 0, &smtpFault{".", "451 4.3.0 try again"}},
	{"554 after the mail, twice for one alert", "dead-letter queue", nil, 2, "", 1, &smtpFault{".", "554 5.7.1 rejected"}},
	{"connection cut in the session", "EOF", nil, 2, "", 0, &smtpFault{"MAIL", notifytest.Cut}},
	{slow, "no response in time", nil, 1, "", 0, &smtpFault{"", notifytest.Hang}},
	{unresolved, "no such host", nil, 0, "reload", 0, nil},
	{untrusted, "certificate", nil, 0, "reload", 0, nil},
}

// startRelay starts the relay of a row.
func (f *faulty) startRelay(t *testing.T) {
	f.relay = &notifytest.Relay{Offers: "PLAIN LOGIN", Reply: func(session int, command string) string {
		if x := f.smtp; x != nil && session <= f.n && (command == x.command || x.command != "" && strings.HasPrefix(command, x.command)) {
			return x.reply
		}
		return ""
	}}
	if f.fault.name == untrusted {
		ca := notifytest.NewAuthority(t)
		own, err := tls.LoadX509KeyPair(ca.Issue(t, "relay.test"))
		if err != nil {
			t.Fatal(err)
		}
		f.relay.TLS, f.relay.Implicit = &tls.Config{Certificates: []tls.Certificate{own}}, true
		f.ca = notifytest.PemFile(t, "ca.pem", "CERTIFICATE", ca.Cert.Raw)
	}
	f.relay.Start(t)
}

func (f *faulty) emailTable(fixed bool) string {
	address, more := "smtp://"+f.relay.Addr, "timeout = \"30s\"\n"
	switch {
	case f.ca != "":
		address = "smtps://" + f.relay.Addr
		if fixed {
			more += fmt.Sprintf("ca_file = %q\n", f.ca)
		}
	case f.fault.name == unresolved && !fixed:
		address = "smtps://nosuch.invalid"
	case f.fault.name == refused && !fixed:
		address = "smtp://127.0.0.1:1"
	case f.fault.name == slow:
		more = "timeout = \"1s\"\n"
	}
	return fmt.Sprintf("[[email]]\nname = %q\nsmtp = %q\nfrom = \"jira@example.com\"\nto = [\"%[1]s@example.com\"]\nusername = \"watcher\"\n"+
		"password = \"CANARY-password\"\n%[3]s", f.name, address, more)
}
