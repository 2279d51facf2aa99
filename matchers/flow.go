package matchers

import "strings"

// flowURLs are how the paths of the flow's requests begin, after a context path of
// at most one segment.
var flowURLs = []string{"/rest/oauth2-client/", "/plugins/servlet/oauth2/client/callback"}

// isFlowURL reports whether a request belongs to the flow.
func isFlowURL(url string) bool {
	begins := func(url string) bool {
		return strings.HasPrefix(url, flowURLs[0]) || strings.HasPrefix(url, flowURLs[1])
	}
	if begins(url) {
		return true
	}
	if len(url) < 2 || url[0] != '/' {
		return false
	}
	i := strings.IndexByte(url[1:], '/')
	return i > 0 && !strings.ContainsAny(url[1:1+i], " \t\n\f\r?;#") && begins(url[1+i:])
}

// inFlow comes before the UUID of a flow.
const inFlow = "config/flow/"

// flowID is the UUID of the flow in a URL, "" when there is none.
func flowID(url string) string {
	for {
		_, rest, ok := strings.Cut(url, inFlow)
		if !ok {
			return ""
		}
		if shaped(rest, uuidShape) {
			return rest[:len(uuidShape)]
		}
		url = rest
	}
}
