package notify

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// CheckProxies complains about a proxy in the environment whose address cannot
// be used. net/http passes over such a one in silence and connects directly.
// The address is not shown: it may hold a password.
func CheckProxies() error {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if value := os.Getenv(name); value != "" && !isProxy(value) {
			return fmt.Errorf("%s in the environment is not the address of a proxy: "+
				"write one such as http://proxy.example.com:3128, "+
				"with special characters of the password as %%XX, or unset it", name)
		}
	}
	return nil
}

// isProxy reports whether net/http can use an address of a proxy, which may lack
// its scheme.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return false
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Hostname() != "" && !strings.ContainsAny(u.Hostname(), " %/,;\"'<>") && !strings.HasSuffix(u.Host, ":") &&
		(u.Port() == "" || err == nil && port > 0) && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" &&
		u.Fragment == ""
}
