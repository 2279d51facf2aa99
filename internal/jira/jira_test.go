package jira_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/jira"
)

// token is that of all tests; no error shows it.
const token = "NjI2NTU2canaryMTk4OoQ7gVbT2hunter2"

// microsoft is an integration as Jira answers with it.
const microsoft = `{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","name":"Mail 365","description":"d",` +
	`"type":"MICROSOFT","clientId":"79c86cf8-e761-4fdc-bc20-a629c5d04260","clientSecret":null,` +
	`"authorizationEndpoint":"https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize",` +
	`"tokenEndpoint":"https://login.microsoftonline.com/contoso/oauth2/v2.0/token",` +
	`"scopes":["https://outlook.office.com/IMAP.AccessAsUser.All","offline_access"],"redirectUriSuffix":"0f8fad5b"}`

var mail365 = jira.Integration{
	ID: "0f8fad5b-d9cb-469f-a165-70867728950e", Name: "Mail 365", Type: "MICROSOFT",
	ClientID:              "79c86cf8-e761-4fdc-bc20-a629c5d04260",
	AuthorizationEndpoint: "https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize",
	TokenEndpoint:         "https://login.microsoftonline.com/contoso/oauth2/v2.0/token",
	Scopes:                []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"},
	RedirectURISuffix:     "0f8fad5b",
}

// serve is a Jira that answers each request with answer, and a client for it.
func serve(t *testing.T, answer http.HandlerFunc) *jira.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/jira"+jira.Path ||
			r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("Accept") != "application/json" ||
			r.Header.Get("User-Agent") != "jira-oauth-watcher" {
			t.Errorf("the request is %s %s %v", r.Method, r.URL, r.Header)
		}
		w.Header().Set("X-AREQUESTID", "@SMHTOXx755x4397x2")
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return newClient(t, s.URL+"/jira/")
}

func newClient(t testing.TB, base string) *jira.Client {
	t.Helper()
	c, err := jira.New(base, conf.NewSecret(token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(jira.HTTP(c).CloseIdleConnections)
	return c
}

// says answers with a status, a body and headers in pairs.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestIntegrations(t *testing.T) {
	other := mail365
	other.Type, other.ClientID = "GOOGLE", "12-a_b.apps.googleusercontent.com"
	google := strings.NewReplacer(mail365.Type, other.Type, mail365.ClientID, other.ClientID).Replace(microsoft)
	want := jira.Answer{RequestID: "755x4397x2", Integrations: []jira.Integration{mail365, other}}
	c := serve(t, says(200, "["+microsoft+",\n"+google+"]", "Content-Type", "application/json"))
	for range 2 { // over one connection
		got, err := c.Integrations(t.Context())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	if got, err := serve(t, says(200, " [ ]\n")).Integrations(t.Context()); err != nil || got.Integrations != nil {
		t.Errorf("none: got %+v, %v", got, err)
	}
}

// The request ID is that of Jira's log lines, in which the node is not named.
func TestRequestID(t *testing.T) {
	for header, want := range map[string]string{
		"755x4397x2": "755x4397x2", "@SMHTOXx759x64x0": "759x64x0", "*1JBGOVZx723x1x0": "723x1x0",
		"": "", "3755c266a371a3de6f4ac4e217c9c2cf": "", "1x2": "", "1x2x3x4": "", "1x2x3 <b>": "",
		strings.Repeat("1", 99) + "x1x1": "",
	} {
		c := serve(t, says(401, "", "X-AREQUESTID", header))
		if got, err := c.Integrations(t.Context()); got.RequestID != want || err == nil {
			t.Errorf("X-AREQUESTID: %s: got %q, %v, want %q", header, got.RequestID, err, want)
		}
	}
}

// Whatever the texts of integrations are, what is kept of them is little and can be shown.
func TestHostileIntegrations(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for name, tt := range map[string]struct {
		json string
		want jira.Integration // the zero value: it is left out
	}{
		"control characters": {`{"id":"a","clientId":"b","name":"\u0007Mail\u001b[31m\r\n\u0000365\n"}`,
			jira.Integration{ID: "a", ClientID: "b", Name: "Mail[31m 365"}},
		"other direction": {`{"id":"a","clientId":"b","name":"\u202eliaM\u2066\u200b","scopes":["\u202e"]}`,
			jira.Integration{ID: "a", ClientID: "b", Name: "liaM"}},
		"half a character": {`{"id":"a","clientId":"b","name":"\ud800` + "\xff" + `"}`,
			jira.Integration{ID: "a", ClientID: "b", Name: "\ufffd\ufffd"}},
		"long texts": {`{"id":"a","clientId":"b","name":"` + long + `","tokenEndpoint":"` + long + `"}`,
			jira.Integration{ID: "a", ClientID: "b", Name: long[:95] + "… cut", TokenEndpoint: long[:495] + "… cut"}},
		"many scopes": {`{"id":"a","clientId":"b","scopes":["s"` + strings.Repeat(`,"s"`, 99) + `]}`,
			jira.Integration{ID: "a", ClientID: "b", Scopes: strings.Split(strings.Repeat("s", 50), "")}},
		"wrong types": {`{"id":"a","clientId":"b","name":[1],"type":{},"scopes":[1,null,"s",[]]}`,
			jira.Integration{ID: "a", ClientID: "b", Scopes: []string{"s"}}},
		"null":           {`{"id":"a","clientId":"b","name":null,"scopes":null}`, jira.Integration{ID: "a", ClientID: "b"}},
		"a reserved ID":  {`{"id":"Many","clientId":"b"}`, jira.Integration{}},
		"a path as ID":   {`{"id":"..","clientId":"b"}`, jira.Integration{}},
		"the token":      {`{"id":"a","clientId":"b","name":"` + token + `"}`, jira.Integration{ID: "a", ClientID: "b", Name: "[redacted]"}},
		"a number as ID": {`{"id":1,"clientId":"b"}`, jira.Integration{}},
		"no client ID":   {`{"id":"a"}`, jira.Integration{}},
		"markup in ID":   {`{"id":"<!here>","clientId":"b"}`, jira.Integration{}},
		"a line end":     {`{"id":"a\n","clientId":"b"}`, jira.Integration{}},
		"a long ID":      {`{"id":"` + long + `","clientId":"b"}`, jira.Integration{}},
		"not an object":  {`"a"`, jira.Integration{}},
		"null instead":   {`null`, jira.Integration{}},
	} {
		got, err := serve(t, says(200, "["+tt.json+","+microsoft+"]")).Integrations(t.Context())
		want := []jira.Integration{tt.want, mail365}
		if tt.want.ID == "" {
			want = want[1:]
		}
		if err != nil || !reflect.DeepEqual(got.Integrations, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got.Integrations, want)
		}
	}

	var all []string
	for i := range 600 {
		all = append(all, fmt.Sprintf(`{"id":"i%d","clientId":"c","name":"%s\u202e"}`, i, long[:1000]))
	}
	got, err := serve(t, says(200, "["+strings.Join(all, ",")+"]")).Integrations(t.Context())
	if err != nil || len(got.Integrations) != 500 || got.Integrations[499].ID != "i499" {
		t.Errorf("of 600 integrations: %d, %v", len(got.Integrations), err)
	}
}

// Each way to fail has its own clause, with the status and the pause that Jira asked for.
func TestFailures(t *testing.T) {
	const page = "<!DOCTYPE html><html><title>Sign in</title><form action=/login></form></html>"
	const notList = "answered with something other than a JSON list of integrations"
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, "["+strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	}
	brokenOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "["+microsoft)
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
		pause  time.Duration
	}{
		"401": {says(401, page), "answered 401: the token in token_file is wrong, expired or revoked", 0},
		"403": {says(403, `{"message":"no","status-code":403}`),
			"answered 403: the user of the token is not a system administrator of Jira", 0},
		"CAPTCHA": {says(403, "", "X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=http://x/login.jsp"),
			"answered 403: Jira asks the user of the token for a CAPTCHA: sign in to Jira in a browser as that user", 0},
		"404": {says(404, page),
			"answered 404: url in [jira] is not Jira's base URL with its context path, or Jira's OAuth 2.0 client plugin is disabled", 0},
		"429": {says(429, ""), "answered 429: too many requests", 0},
		"429 and seconds": {says(429, "", "Retry-After", "300"),
			"answered 429: too many requests; the next request is sent after 5 min", 5 * time.Minute},
		"429 and a day": {says(429, "", "Retry-After", "86400"),
			"answered 429: too many requests; the next request is sent after 60 min", time.Hour},
		"429 and nothing": {says(429, "", "Retry-After", "soon"), "answered 429: too many requests", 0},
		"400":             {says(400, `{"errors":["Base URL must be “https”","\u202ex"]}`), `answered 400: “Base URL must be "https"; x”`, 0},
		"400 and echo": {says(400, `{"errors":["Bearer `+token+` is wrong"]}`),
			"answered 400: “Bearer [secret] is wrong”", 0},
		"400 and much": {says(400, `{"errors":["`+strings.Repeat("x", 5000)+`"]}`), "answered 400: Bad Request", 0},
		"400 and page": {says(400, page), "answered 400: Bad Request", 0},
		"500":          {says(500, page), "answered 500: Internal Server Error", 0},
		"503": {says(503, page, "Retry-After", "60"),
			"answered 503: Jira is down, starting or under maintenance; the next request is sent after 60 s", time.Minute},
		"299": {says(299, ""), "answered 299: an unexpected status", 0},
		"sign-in": {says(200, page, "Content-Type", "text/html; charset=utf-8"),
			"answered with a web page instead of JSON: something in front of Jira asks for a sign-in", 0},
		"page as text": {says(200, " \n"+page, "Content-Type", "text/plain"),
			"answered with a web page instead of JSON: something in front of Jira asks for a sign-in", 0},
		"1 MiB": {says(200, "["+strings.Repeat(" ", 1<<20-1)), notList, 0},
		"over 1 MiB": {says(200, "[]"+strings.Repeat(" ", 1<<20-1)),
			"sent a response larger than 1 MiB", 0},
		"endless":    {endless, "sent a response larger than 1 MiB", 0},
		"broken off": {brokenOff, "did not complete its response: the connection was closed", 0},
		"cut":        {says(200, "["+microsoft), notList, 0},
		"cut in one": {says(200, "["+microsoft[:99]), notList, 0},
		"an object":  {says(200, `{"values":[`+microsoft+`]}`), notList, 0},
		"null":       {says(200, `null`), notList, 0},
		"empty":      {says(200, ""), notList, 0},
		"deep":       {says(200, strings.Repeat("[", 100_000)), notList, 0},
	} {
		got, err := serve(t, tt.answer).Integrations(t.Context())
		is, ok := errors.AsType[*jira.Error](err)
		if !ok || err.Error() != "Jira's REST API "+tt.want || is.RetryAfter != tt.pause ||
			!reflect.DeepEqual(got, jira.Answer{RequestID: "755x4397x2"}) {
			t.Errorf("%s:\n got %v, %+v\nwant Jira's REST API %s", name, err, got, tt.want)
		}
		hides(t, err)
	}
}

// hides fails if an error, or one that it wraps, shows the token.
func hides(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, token) || strings.Contains(s, "hunter2") {
			t.Errorf("it shows the token: %s", s)
		}
	}
}

// A redirect is not followed: another server never gets the token.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server got %s %s %v", r.Method, r.URL, r.Header)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		_, err := serve(t, says(status, "", "Location", other.URL+"/login?os_destination=x")).Integrations(t.Context())
		want := fmt.Sprintf("Jira's REST API answered %d: a redirect, so url in [jira] is not Jira's base URL, "+
			"or something in front of Jira asks for a sign-in", status)
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// What is not an answer of HTTP, or no connection at all, is said without the address.
func TestUnreachable(t *testing.T) {
	const transport = "net/http: HTTP/1.x transport connection broken: "
	for name, tt := range map[string]struct{ answer, want string }{
		"down":         {"", "connection refused"},
		"hangs up":     {"\x00", "the connection was closed"},
		"echoes":       {"SSH-2.0 Bearer " + token + "\r\n\r\n", transport + `malformed HTTP status code "Bearer"`},
		"echoes again": {"HTTP/1.1 " + token + "\r\n\r\n", transport + `malformed HTTP status code "[secret]"`},
		"many headers": {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 100) + "\r\n[]",
			transport + "net/http: server response headers exceeded 65536 bytes; aborted"},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(t, "http://"+listener.Addr().String())
		done := make(chan struct{})
		if tt.answer == "" {
			listener.Close()
		}
		go func() {
			defer close(done)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			conn.Read(make([]byte, 4<<10))
			io.WriteString(conn, strings.Trim(tt.answer, "\x00"))
		}()
		got, err := c.Integrations(t.Context())
		want := "Jira's REST API could not be reached: " + tt.want
		if err == nil || err.Error() != want || !reflect.DeepEqual(got, jira.Answer{}) {
			t.Errorf("%s:\n got %v, %+v\nwant %s", name, err, got, want)
		}
		hides(t, err)
		listener.Close()
		<-done
	}
}

// A Jira that never answers, or stops in the middle, is waited for for two seconds, and no
// longer than the caller wants to.
func TestSlow(t *testing.T) {
	const status = "HTTP/1.1 200 OK\r\nX-AREQUESTID: 1x2x3\r\n"
	for _, begin := range []string{"", status, status + "\r\n[" + microsoft} {
		for _, stopped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				c, err := jira.New("http://jira.example.com", conf.NewSecret(token))
				if err != nil {
					t.Fatal(err)
				}
				transport := jira.HTTP(c).Transport.(*http.Transport)
				transport.Proxy = nil
				transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					go func() {
						there.Read(make([]byte, 4<<10))
						io.WriteString(there, begin)
						io.Copy(io.Discard, there)
					}()
					return here, nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				within, want := jira.Timeout, "Jira's REST API did not answer within 2 s"
				if stopped {
					within, want = time.Second, "Jira's REST API request was canceled: context canceled"
					time.AfterFunc(within, cancel)
				}
				start := time.Now()
				_, err = c.Integrations(ctx)
				took := time.Since(start)
				if err == nil || err.Error() != want || took != within || errors.Is(err, context.Canceled) != stopped {
					t.Errorf("%q: after %s %v\nwant after %s %s", begin, took, err, within, want)
				}
				transport.CloseIdleConnections()
			})
		}
	}
}

// Whatever Jira answers, what is kept is bounded and can be shown.
func FuzzIntegrations(f *testing.F) {
	for _, s := range []string{
		"[" + microsoft + "]", "[", "[null,1,{}]", `[{"ID":"a","CLIENTID":"b","scopes":["\u202e"]}]`, "null", "<html>", "[[[",
		`{"errors":["x"]}`,
	} {
		f.Add(200, s)
		f.Add(400, s)
	}
	c, err := jira.New("http://jira.example.com", conf.NewSecret(token))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		jira.HTTP(c).Transport = transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		got, err := c.Integrations(t.Context())
		if err != nil && (got.Integrations != nil || strings.Contains(err.Error(), token) ||
			strings.ContainsAny(err.Error(), "\n\u202e")) {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
		if all, _ := json.Marshal(got); len(got.Integrations) > 500 || strings.ContainsAny(string(all), "\u202e\x1b") {
			t.Errorf("%q: %s", body, all)
		}
		for _, i := range got.Integrations {
			if i.ID == "" || i.ClientID == "" || strings.ContainsAny(i.ID+i.ClientID, "<>@/ ") || len(i.Scopes) > 50 ||
				len([]rune(i.Name)) > 100 {
				t.Errorf("%q: %+v", body, i)
			}
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
