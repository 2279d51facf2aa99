package notify_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/notify"
)

// A proxy that would be passed over in silence is an error, which names the
// variable and not the password in it.
func TestMalformedProxy(t *testing.T) {
	for _, tt := range []struct {
		value string
		ok    bool
	}{
		{"", true}, {"http://proxy.corp:3128", true}, {"http://proxy.corp:3128/", true}, {"proxy.corp:3128", true}, {"proxy", true}, {"10.0.0.1:80", true},
		{"https://svc:p%40ss@proxy.corp", true}, {"svc:pass@proxy.corp:3128", true}, {"http://[2001:db8::1]:3128", true}, {"socks5://proxy:1080", true},
		{"socks5h://proxy", true},
		{"http//proxy.corp:3128", false}, {"http:/proxy.corp:3128", false}, {"htp://proxy:3128", false}, {"socks4://proxy:1080", false}, {"http://", false},
		{":3128", false}, {"//proxy:3128", false},
		{"http://proxy:port", false}, {"http://proxy:99999", false}, {"http://proxy:0", false}, {"http://proxy:", false}, {" http://proxy", false},
		{"http://pro xy:3128", false}, {"http://proxy:3128\n", false},
		{"http://svc:hunter2#x@proxy:3128", false}, {"http://svc:hunter2/x@proxy:3128", false}, {"http://svc:hunter2%@proxy", false},
		{"http://proxy,other", false}, {"http://2001:db8::1:3128", false}, {"http://proxy/pac?x=hunter2", false},
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
			t.Run(name+"="+tt.value, func(t *testing.T) {
				t.Setenv(name, tt.value)
				err := notify.CheckProxies()
				if (err == nil) != tt.ok {
					t.Errorf("got %v", err)
				}
				if err != nil && (!strings.HasPrefix(err.Error(), name+" ") || strings.Contains(err.Error(), "hunter2")) {
					t.Errorf("it says %q", err)
				}
			})
		}
	}
}
