package matchers_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/matchers"
)

const inbox = "2023-08-16 14:58:26,225+0000 ERROR [365 IMAP] Caesium-1-4 ServiceRunner "

// What a mail log reports of a mailbox of OAuth 2.0 is a failure of that mailbox.
func TestMailLog(t *testing.T) {
	const (
		fetching = "Help Desk[10100]: Messaging Exception in service 'com.atlassian.jira.service.services.mail.MailFetcherService$MessageProviderImpl' when getting mail: "
		pulling  = "Exception when MailPullerWorker pulls emails: "
		refused  = "\njavax.mail.AuthenticationFailedException: A3 NO AUTHENTICATE failed."
		signIn   = "\n\tat com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:725)"
		token    = "\n\tat com.atlassian.oauth2.client.storage.DefaultTokenHandler.execute(DefaultTokenHandler.java:90)"
	)
	for _, tt := range []struct{ name, text, cause, phase, by string }{
		{"the plugin in the stack", inbox + fetching + "A3 NO AUTHENTICATE failed." + refused + signIn + token, "mail-authenticate-failed", "mail", "mail_server"},
		{"a class of Jakarta", inbox + pulling + "x\njakarta.mail.MessagingException: x\nCaused by: jakarta.mail.AuthenticationFailedException: " +
			"AUTHENTICATE failed." + signIn + token, "mail-authenticate-failed", "mail", "mail_server"},
		{"XOAUTH2 in the server's answer", inbox + fetching + "AUTHENTICATE failed. (XOAUTH2)", "mail-authenticate-failed", "mail", "mail_server"},
		{"a provider's code", inbox + pulling + "AADSTS7000222: The provided client secret keys for app '6b2d1d92-7018-4182-b70e-821127bec500' are expired.",
			"entra-client-secret-expired", "mail", "app_id"},
		{"an exception nested as Jakarta Mail does", inbox + fetching + "x\njavax.mail.MessagingException: x;\n  nested exception is:\n" +
			"\tcom.sun.mail.util.MailConnectException: Couldn't connect to host, port: outlook.office365.com, 993" + token, "mail-server-unreachable", "mail", "mail_server"},
		{"no server", "2023-08-16 14:58:26,225+0000 ERROR [] Caesium-1-4 ServiceRunner " + fetching + "AUTHENTICATE failed." + refused + token,
			"mail-authenticate-failed", "mail", "handler"},
		{"a failed refresh", inbox + pulling + "x" + thrown(service+": "+expired), "entra-client-secret-expired", "refresh", "app_id"},
		{"a mailbox with a password", inbox + fetching + "A3 NO AUTHENTICATE failed." + refused + signIn, "", "", ""},
		{"a bad attachment", inbox + "Help Desk[10100]: Cannot decode attachment\njavax.mail.internet.ParseException: x" + signIn, "", "", ""},
		{"a subject with the words", inbox + "Help Desk[10100]: Cannot handle mail 'XOAUTH2 AUTHENTICATE failed AADSTS7000222: x'", "", "", ""},
		{"a subject with the words, and a stack", inbox + "Help Desk[10100]: Cannot handle mail 'XOAUTH2 AUTHENTICATE failed'\n" +
			"java.lang.IllegalStateException: x" + signIn, "", "", ""},
		{"a subject with Jira's words", inbox + "Help Desk[10100]: Cannot handle mail: " + pulling + "AADSTS7000222: x", "", "", ""},
		{"of OAuth, but not of the connection", inbox + fetching + "x\njavax.mail.MessagingException: Folder is read-only" + token, "", "", ""},
		{"a header of a mail with the words", inbox + "Help Desk[10100]: Cannot parse\njavax.mail.internet.ParseException: In Content-Type string " +
			"<XOAUTH2 AUTHENTICATE failed AADSTS7000222: x>, expected '/'" + signIn, "", "", ""},
		{"a recipient with the words", inbox + "x\ncom.sun.mail.smtp.SMTPAddressFailedException: 550 5.1.1 <\"535 5.7.139 XOAUTH2\"@evil.example>" + signIn, "", "", ""},
		{"a wrapped header with the words", inbox + "x\njavax.mail.MessagingException: Cannot read\nCaused by: javax.mail.internet.AddressException: XOAUTH2 " +
			"AUTHENTICATE failed" + signIn, "", "", ""},
		{"Graph", inbox + pulling + "x\ncom.microsoft.graph.models.odataerrors.ODataError: ErrorAccessDenied: Access is denied" + token, "mail-graph-access-denied",
			"mail", "mail_server"},
		{"INFO", "2023-08-16 14:58:26,225+0000 INFO [365 IMAP] Caesium-1-4 ServiceRunner " + fetching + "AUTHENTICATE failed. (XOAUTH2)", "", "", ""},
	} {
		sameSight(t, matchers.NewFastMatcher(func() *matchers.Set { return builtin(t) }), builtin(t), tt.text)
		v := builtin(t).Diagnose(tt.text, time.UTC)
		f, ours := v.Failure, v.Ours && matchers.Finder(conf.KindIncoming)([]byte(tt.text)) >= 0
		switch {
		case ours != (tt.cause != ""):
			t.Errorf("%s: ours %v, since %s", tt.name, ours, builtin(t).Diagnose(tt.text, time.UTC).Reason)
		case ours && (f.Cause.ID != tt.cause || f.Impact.Phase != tt.phase || f.Integration.KnownBy != tt.by || f.Integration.Flow != ""):
			t.Errorf("%s: %s, phase %s, integration %+v", tt.name, f.Cause.ID, f.Impact.Phase, f.Integration)
		}
	}
}

// A whole mail log is read with its Finder: it finds what Diagnose counts.
func TestFindMail(t *testing.T) {
	for text, want := range map[string]int{
		"a XOAUTH2 AADSTS1": 2, "AADSTS1 XOAUTH2": 0, "at com.atlassian.oauth2.client.X": 3, "oauth2 xoauth2": -1,
	} {
		if got := matchers.Finder(conf.KindIncoming)([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
