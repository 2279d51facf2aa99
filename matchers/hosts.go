package matchers

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
)

// cloud is one of Microsoft's clouds, or the provider's only one.
type cloud int

const (
	worldwide cloud = iota + 1
	usGovernment
	china
)

// knownHosts are the hosts of the providers that the catalogue knows, compared
// as whole names.
var knownHosts = map[string]cloud{
	"login.microsoftonline.com":        worldwide,
	"login.microsoft.com":              worldwide,
	"login.windows.net":                worldwide,
	"sts.windows.net":                  worldwide,
	"login.live.com":                   worldwide,
	"graph.microsoft.com":              worldwide,
	"outlook.office.com":               worldwide,
	"outlook.office365.com":            worldwide,
	"smtp.office365.com":               worldwide,
	"login.microsoftonline.us":         usGovernment,
	"graph.microsoft.us":               usGovernment,
	"dod-graph.microsoft.us":           usGovernment,
	"outlook.office365.us":             usGovernment,
	"login.partner.microsoftonline.cn": china,
	"login.chinacloudapi.cn":           china,
	"microsoftgraph.chinacloudapi.cn":  china,
	"partner.outlook.cn":               china,
	"accounts.google.com":              worldwide,
	"oauth2.googleapis.com":            worldwide,
	"www.googleapis.com":               worldwide,
	"gmail.googleapis.com":             worldwide,
	"mail.google.com":                  worldwide,
	"imap.gmail.com":                   worldwide,
	"pop.gmail.com":                    worldwide,
	"smtp.gmail.com":                   worldwide,
}

// clouds are the registrable domains of which Microsoft alone has all hosts.
var clouds = map[string]cloud{
	"microsoft.us": usGovernment, "office365.us": usGovernment, "microsoftonline.us": usGovernment,
	"outlook.cn": china, "microsoftonline.cn": china,
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
	if f.Cause.tier < 0 || !slices.Contains(beforeAnswer, tiers[f.Cause.tier]) {
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
			return tokensOf(strings.ToLower(name)), false
		}
	}
	if strings.Join(names, "") != "" || f.Impact.Phase == alert.PhaseMail {
		return "", false
	}
	likely := map[string]bool{}
	for name := range configured {
		if knownHost(name) || strings.HasSuffix(name, ".apps.googleusercontent.com") {
			likely[tokensOf(name)] = true
		}
	}
	if f.Integration.Likely != "" {
		likely[f.Integration.Likely] = true
	}
	for host := range likely {
		if len(likely) == 1 {
			return host, true
		}
	}
	return microsoftTokens, true
}

const (
	microsoftTokens = "login.microsoftonline.com"
	googleTokens    = "oauth2.googleapis.com"
)

// ProviderTokens is the host that issues a provider's tokens, "" = it is not one provider.
func ProviderTokens(provider string) string {
	return map[string]string{"microsoft": microsoftTokens, "google": googleTokens}[provider]
}

// tokensOf is the host that issues the tokens for a known host.
func tokensOf(name string) string {
	switch c := knownHosts[name]; {
	case strings.HasSuffix(name, "google.com") || strings.HasSuffix(name, "googleapis.com") ||
		strings.HasSuffix(name, "gmail.com") || strings.HasSuffix(name, "googleusercontent.com"):
		return googleTokens
	case c == usGovernment:
		return "login.microsoftonline.us"
	case c == china:
		return "login.partner.microsoftonline.cn"
	}
	return microsoftTokens
}

func knownHost(name string) bool { return knownHosts[strings.ToLower(name)] != 0 }

// cloudOf is the cloud that a host is in, 0 when it is not known.
func cloudOf(name string) cloud {
	if c := knownHosts[name]; c != 0 {
		return c
	}
	labels := strings.Split(name, ".")
	return clouds[strings.Join(labels[max(len(labels)-2, 0):], ".")]
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
