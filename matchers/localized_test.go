package matchers_test

import (
	"testing"
)

// What an operating system says in its own language has the cause of the English message,
// damaged on its way through code pages or not; an unknown language has the general one.
func TestLocalizedMessages(t *testing.T) {
	s := builtin(t)
	for text, want := range map[string]string{
		"java.net.ConnectException: Verbindungsaufbau abgelehnt":                           "net-connection-refused",
		"java.net.ConnectException: Connexion refusée":                                     "net-connection-refused",
		"java.net.ConnectException: Connexion refus\xe9e":                                  "net-connection-refused",
		"java.net.ConnectException: Connexion refusÃ©e":                                    "net-connection-refused",
		"java.net.ConnectException: Connexion refus?e (Connection refused)":                "net-connection-refused",
		"java.io.IOException: Une connexion existante a d? ?tre ferm?e par l?h?te distant": "net-connection-reset",
		"java.io.IOException: Une connexion existante a dû être fermée par l'hôte distant": "net-connection-reset",
		"java.io.IOException: ПРОГРАММА НА ВАШЕМ ХОСТ-КОМПЬЮТЕРЕ РАЗОРВАЛА установленное подключение": "net-connection-reset",
		"java.io.IOException: 由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。":                                    "net-connect-timeout",
		"java.net.SocketException: Muitos arquivos abertos":                                                    "node-files-exhausted",
		"java.lang.RuntimeException: java.net.NoRouteToHostException: Brak trasy do hosta":                     "net-no-route",
		"Connect to login.example:443 failed: java.net.ConnectException: 接続がタイムアウトしました":                        "net-connect-timeout",
		"java.net.ConnectException: Savienojums noraidīts":                                                     "net-connect-other",
		"com.example.Exception: Verbindungsaufbau zu lang":                                                     "unknown",
		"java.io.FileNotFoundException: /opt/jira/conf/cacerts (Permission denied)":                            "tls-truststore-unreadable",
		"java.net.UnknownHostException: login.microsoftonline.com: Der Name oder der Dienst ist nicht bekannt": "net-dns-unknown-host",
	} {
		if f := diagnose(t, s, carrier(text)); f.Cause.ID != want {
			t.Errorf("%s: %s by %s, want %s", text, f.Cause.ID, f.Signal, want)
		}
	}
	text := "java.net.SocketException: Muitos arquivos abertos"
	if v := s.Text(text); v.Failure.Text != text {
		t.Errorf("the text is shown as %q", v.Failure.Text)
	}
}
