package matchers

import (
	"regexp"
	"strings"
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
