package matchers

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
)

// The hosts that issue the tokens of Microsoft's clouds, and of Google.
const (
	microsoftTokens    = "login.microsoftonline.com"
	usGovernmentTokens = "login.microsoftonline.us"
	chinaTokens        = "login.partner.microsoftonline.cn"
	googleTokens       = "oauth2.googleapis.com"
)

// knownHosts are those of hosts.txt, each with the host that issues the tokens for it.
var knownHosts = readHosts()

func readHosts() map[string]string {
	all := map[string]string{}
	for _, s := range sections(hostsText) {
		for _, name := range s.lines {
			all[name] = s.head
		}
	}
	return all
}

// clouds are the registrable domains of which Microsoft alone has all hosts.
var clouds = map[string]string{
	"microsoft.us": usGovernmentTokens, "office365.us": usGovernmentTokens, "microsoftonline.us": usGovernmentTokens,
	"outlook.cn": chinaTokens, "microsoftonline.cn": chinaTokens,
}

// TokenHost is the host from which an integration with a token endpoint gets its tokens, "" if it
// is not one that the catalogue knows.
func TokenHost(endpoint string) string {
	if name := hostOf(endpoint); knownHost(name) {
		return name
	}
	return ""
}

// beforeHost are the words before the host that a connection was for.
var (
	beforeHost = regexp.MustCompile(`(?i)\bconnect to (?:host, port: )?([\pL\pN._-]{1,253})`)
	likeHost   = regexp.MustCompile(`[\pL\pN._-]{1,253}`)
)

// Host is the host that a failure was on the way to, "" where that is not known or the failure is
// not of the network, a proxy or TLS. It is one that the catalogue or the configuration knows,
// never another name out of a log. configured are the IDs and hosts of the configuration in lower
// case. Where the failure names no host, it is assumed: the token host that everything which is
// configured or known of other incidents leads to, else Microsoft's.
func (f Failure) Host(configured map[string]string) (host string, assumed bool) {
	if !slices.Contains(beforeAnswer, f.Cause.Tier) {
		return "", false
	}
	names := []string{f.Facts.Text("unknown_host"), f.Facts.Text("certificate_host")}
	if found := beforeHost.FindStringSubmatch(f.Text); found != nil {
		names = append(names, found[1])
	}
	if f.Impact.Phase == alert.PhaseMail {
		names = append(names, f.Mailbox.Server)
	}
	for _, name := range names {
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		if name != "" && (knownHost(name) || configured[name] != "") {
			return name, false
		}
	}
	if token := cmp.Or(f.Integration.Tokens, ProviderTokens(f.Cause.Provider)); token != "" {
		return token, false
	}
	for _, name := range likeHost.FindAllString(f.Text, -1) {
		if knownHost(name) {
			return knownHosts[strings.ToLower(name)], false
		}
	}
	if strings.Join(names, "") != "" || f.Impact.Phase == alert.PhaseMail {
		return "", false
	}
	likely := map[string]bool{f.Integration.Likely: true}
	for name := range configured {
		likely[knownHosts[name]] = true
		if strings.HasSuffix(name, ".apps.googleusercontent.com") {
			likely[googleTokens] = true
		}
	}
	delete(likely, "")
	if hosts := slices.Collect(maps.Keys(likely)); len(hosts) == 1 {
		return hosts[0], true
	}
	return microsoftTokens, true
}

// ProviderTokens is the host that issues a provider's tokens, "" = it is not one provider.
func ProviderTokens(provider string) string {
	return map[string]string{"microsoft": microsoftTokens, "google": googleTokens}[provider]
}

func knownHost(name string) bool { return knownHosts[strings.ToLower(name)] != "" }

// cloudOf is the cloud of scopes, as the host that issues its tokens: the first one that is not Microsoft's worldwide.
func cloudOf(scopes []string) string {
	for _, s := range scopes {
		name := hostOf(s)
		labels := strings.Split(name, ".")
		domain := strings.Join(labels[max(len(labels)-2, 0):], ".")
		if c := cmp.Or(knownHosts[name], clouds[domain]); c == usGovernmentTokens || c == chinaTokens {
			return c
		}
	}
	return microsoftTokens
}

var schemeAndHost = regexp.MustCompile(`^(?:https?://)?(` + host + `)(?::\d{1,5})?(?:/|$)`)

// hostOf is the host of a scope or resource in lower case, without its port;
// where there is no scheme, what precedes the first slash. It is "" when
// that is no host name.
func hostOf(resource string) string {
	if found := schemeAndHost.FindStringSubmatch(resource); found != nil {
		return strings.ToLower(found[1])
	}
	return ""
}
