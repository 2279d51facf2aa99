package matchers_test

import (
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

// The requests of a test are found in the access logs of Tomcat and Jira, and in Jira's log;
// requests that were refused and all others are none.
func TestClicks(t *testing.T) {
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	const (
		flow = "0f8fad5b-d9cb-469f-a165-70867728950e"
		at   = ` 755x4397x2 julien [16/Nov/2021:12:35:50 +0100] `
		rest = ` 12 "https://jira.example.com/plugins/servlet/x" "Mozilla/5.0 (\"x\")" "1hk2aem"`
		path = `/rest/oauth2-client/latest/config/flow`
	)
	for line, want := range map[string]string{
		`10.0.0.7` + at + `"POST ` + path + `?id=D4EC2ed5-fa07&callbackUrl=https%3A%2F%2Fx HTTP/1.1" 200 97` + rest:              "post d4ec2ed5-fa07",
		`10.0.0.7` + at + `"POST /jira` + path + `?callbackUrl=x&id=7 HTTP/2.0" 200 97` + rest:                                   "post 7",
		`10.0.0.7` + at + `"GET ` + path + `/` + flow + ` HTTP/1.1" 200 97` + rest:                                               "get " + flow,
		`0:0:0:0:0:0:0:1` + at + `"GET http://localhost:8080` + path + `/` + flow + ` HTTP/1.1" 200 97 0.0330 "-" "x" "1hk2aem"`: "get " + flow,
		`10.0.0.7` + at + `"GET ` + path + `/` + flow + `?_=1676074886672 HTTP/1.1" 200 97` + rest:                               "get " + flow,
		`10.0.0.7` + at + `"GET ` + path + `/` + flow + ` HTTP/1.1" 401 97` + rest:                                               "",
		`10.0.0.7` + at + `"POST ` + path + `?id=7 HTTP/1.1" 403 97` + rest:                                                      "",
		`10.0.0.7` + at + `"POST ` + path + `?id=a%20b HTTP/1.1" 200 97` + rest:                                                  "post ?",
		`10.0.0.7` + at + `"POST /a/b` + path + `?id=7 HTTP/1.1" 200 97` + rest:                                                  "",
		`10.0.0.7` + at + `"POST /rest%2Foauth2-client/latest/config/flow?id=7 HTTP/1.1" 200 97` + rest:                          "",
		`10.0.0.7` + at + `"GET /x?y=` + path + `/` + flow + ` HTTP/1.1" 200 97` + rest:                                          "",
		`10.0.0.7` + at + `"GET /x HTTP/1.1" 200 97 12 "` + path + `/` + flow + `" "POST ` + path + `?id=7 HTTP/1.1" "1hk2aem"`:  "",
		`10.0.0.7` + at + `"GET ` + path + `/` + flow + ` HTTP/1.1" 200 97 1 "-" "` + path + `\" 200 1 \"" "1hk2aem"`:            "get " + flow,
		path + `/` + flow: "",
	} {
		got := ""
		if c, ok := matchers.ClickIn([]byte(line), c.Jira.AccessLine, time.UTC); ok {
			got = "get " + c.Flow
			if c.Config != "" {
				got = "post " + c.Config
			}
			if c.Session != matchers.SessionOf("1hk2aem") || c.Request != "755x4397x2" || c.At.Unix() != 1637062550 {
				t.Errorf("%s: %+v", line, c)
			}
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
	const head = "2021-11-16 12:35:50,956+0100 http-nio-8080-exec-7 %s julien 755x4397x2 1hk2aem 127.0.0.1 %s [%s] %s"
	const own, post, says = "c.a.o.c.rest.resource.ClientConfigurationResource", path, "Testing connection for configId d4ec2ed5-fa07"
	for _, tt := range []struct {
		level, url, logger, message string
		ok                          bool
	}{
		{"DEBUG", post, own, says, true},
		{"INFO", post, own, says, false},
		{"DEBUG", "/rest/api/2/issue", own, says, false},
		{"DEBUG", post, "c.a.j.issue.X", says, false},
		{"DEBUG", post, own, "A title: " + says, false},
		{"DEBUG", post, own, says + "\n    more", false},
	} {
		text := fmt.Sprintf(head, tt.level, tt.url, tt.logger, tt.message)
		c, ok := matchers.TestedIn(event.Event{Text: []byte(text)}, nil)
		if ok != tt.ok || ok && (c.Config != "d4ec2ed5-fa07" || c.Request != "755x4397x2" || c.Session == "") {
			t.Errorf("%s: %+v %v", text, c, ok)
		}
	}
}
