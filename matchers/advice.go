package matchers

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
)

// advise adds what can be worked out from the facts, beyond what the log says.
func (f *Failure) advise() {
	if scopes, ok := f.Facts["scopes"].([]string); ok {
		if suggested := correctScopes(scopes); suggested != nil && !sameScopes(suggested, scopes) {
			f.Facts["suggested_scopes"] = suggested
		}
		if slices.Contains(f.Codes, clientCredentials) {
			delete(f.Facts, "suggested_scopes")
			if only := appScopes[cloudOf(scopes)]; only != "" && !slices.Contains(scopes, only) {
				f.Facts["suggested_scopes"] = []string{only}
			}
		}
	}
	f.Facts.set("suggested_resource", nearestResource(f.Facts.Text("resource")))
	if len(f.Also) > 0 {
		f.Facts["also"] = f.Also
	}
	for _, which := range []string{"expected", "actual"} {
		for _, endpoint := range authorizationEndpoints { // which of them a Redirect URL was made for
			if f.Facts.Text(which+"_suffix") == redirectSuffix(endpoint) {
				f.Facts[which+"_endpoint"] = endpoint
			}
		}
	}
}

// clientCredentials is Microsoft's refusal of scopes that name permissions, where
// an app asks without a user.
const clientCredentials = "AADSTS1002012"

// appScopes are, by cloud, the one scope that Jira can ask for without a user, at Microsoft Graph. There is none
// for the US Government clouds: GCC High and DoD share a mail host, but not a Graph.
var appScopes = map[string]string{
	microsoftTokens: "https://graph.microsoft.com/.default",
	chinaTokens:     "https://microsoftgraph.chinacloudapi.cn/.default",
}

// mailHosts are what precedes the permissions of mail, by cloud.
var mailHosts = map[string]string{
	microsoftTokens:    "https://outlook.office.com/",
	usGovernmentTokens: "https://outlook.office365.us/",
	chinaTokens:        "https://partner.outlook.cn/",
}

// mailScopes are the permissions of the mail protocols, those of Exchange Online
// whatever host precedes them: "Authenticate an IMAP, POP or SMTP connection using
// OAuth" on Microsoft Learn.
var mailScopes = []string{"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send", "SMTP.SendAsApp",
	"IMAP.AccessAsApp", "POP.AccessAsApp"}

// hostless are the OpenID scopes, which belong to no resource.
var hostless = []string{"offline_access", "openid", "profile", "email"}

// knownScope reports whether a scope is one of OpenID or of mail at a provider's host.
func knownScope(scope string) bool {
	name := scope[strings.LastIndexByte(scope, '/')+1:]
	host := strings.TrimSuffix(strings.TrimPrefix(scope, "https://"), "/"+name)
	return slices.Contains(hostless, scope) || slices.Contains(mailScopes, name) && knownHost(host)
}

// shortNames are what people write for a permission of mail.
var shortNames = map[string]string{
	"imap": mailScopes[0], "imap4": mailScopes[0], "imap.accessasuser": mailScopes[0],
	"pop": mailScopes[1], "pop3": mailScopes[1], "pop.accessasuser": mailScopes[1],
	"smtp": mailScopes[2], "smtp.accessasuser.all": mailScopes[2],
}

// permission is the permission of mail that a name stands for, "" for another one: in the right letters,
// from a short name, or one or two letters away.
func permission(name string) string {
	if full, ok := shortNames[strings.ToLower(name)]; ok {
		return full
	}
	const delegated = 3
	if i := slices.IndexFunc(mailScopes, func(known string) bool { return strings.EqualFold(name, known) }); i >= 0 {
		return mailScopes[i]
	}
	return nearest(name, mailScopes[:delegated])
}

// nearest is the known word that a misspelled one was meant to be, one or two letters away; "" = none.
func nearest(word string, known []string) string {
	const away = 2
	found := conf.Nearest(word, known)
	if max(len(found), len(word))-min(len(found), len(word)) > away { // Nearest also takes the beginning of a word for it
		return ""
	}
	return found
}

// splitScopes are scopes that commas separate too.
func splitScopes(scopes []string) []string {
	return strings.FieldsFunc(strings.Join(scopes, " "), func(r rune) bool { return r == ' ' || r == ',' })
}

// correctScopes is the list of scopes that works, from one that was refused: the mail
// permissions on the one host that serves them, without repeats and without .default, and
// offline_access. It is nil when there is no such list: when other permissions
// are among them, they need a separate integration.
func correctScopes(scopes []string) []string {
	scopes = splitScopes(scopes)
	host := mailHosts[cloudOf(scopes)]
	var out []string
	for _, s := range scopes {
		s = strings.TrimSuffix(s, "/")
		name := s[strings.LastIndexByte(s, '/')+1:]
		full := permission(name)
		switch {
		case slices.Contains(hostless, strings.ToLower(name)), name == ".default":
			continue
		case full == "" || strings.Contains(full, "AsApp"):
			return nil
		case !slices.Contains(out, host+full):
			out = append(out, host+full)
		}
	}
	if out == nil {
		return nil
	}
	return append(out, "offline_access")
}

// sameScopes reports whether two lists have the same scopes, separated in the same way.
func sameScopes(one, other []string) bool {
	one, other = slices.Sorted(slices.Values(one)), slices.Sorted(slices.Values(other))
	return slices.Equal(slices.Compact(one), slices.Compact(other))
}

// resourceHosts are the hosts that can precede a mail scope, in the
// worldwide, US Government and China clouds and at Google.
var resourceHosts = []string{
	"graph.microsoft.com", "outlook.office.com", "outlook.office365.com", "graph.microsoft.us",
	"dod-graph.microsoft.us",
	"outlook.office365.us", "partner.outlook.cn", "microsoftgraph.chinacloudapi.cn", "mail.google.com",
}

// nearestResource is the known resource that a misspelled one was meant to be:
// one or two letters away. It is "" when the name is right or too far off.
func nearestResource(resource string) string {
	host := hostOf(resource)
	found := nearest(host, resourceHosts)
	if found == "" || found == host {
		return ""
	}
	return "https://" + found
}

// natures are what an error can be by its looks, where no cause explains it: what to do first differs.
var natures = []string{"provider", "tls", "answer", "network", "java", "jira"}

var (
	aboutTLS = regexp.MustCompile(`javax\.net\.ssl|java\.security|sun\.security|bouncycastle|` +
		`\b(?:SSL|TLS|PKIX)|(?i:certificate|keystore|trust ?store)`)
	aboutAnswer  = regexp.MustCompile(`com\.nimbusds|ProtocolException|(?i:http (?:response|status)|status code|json)`)
	aboutNetwork = regexp.MustCompile(`^(?:java\.(?:net|nio)\.|java\.io\.\w*(?:IO|EOF|Interrupted)|` +
		`org\.apache\.h|okhttp|io\.netty)|Socket|Connect`)
)

// natureOf is the nature of an unexplained error.
func natureOf(facts Facts) string {
	exception, message := facts.Text("exception"), facts.Text("message")
	switch text := exception + " " + message; {
	case facts.Text("code")+facts.Text("error")+facts.Text("error_description")+facts.Text("endpoint") != "":
		return "provider"
	case aboutTLS.MatchString(text):
		return "tls"
	case aboutAnswer.MatchString(text):
		return "answer"
	case exception == "":
		return "jira"
	case aboutNetwork.MatchString(exception):
		return "network"
	}
	return "java"
}

// Bounds of a clock difference that is reported: less is the answer's latency, more
// is no wrong clock but an edited log.
const (
	minSkew = 5 * time.Minute
	maxSkew = 12 * time.Hour
)

// clockSkew adds how far Jira's clock is from the provider's, when the log
// shows both. Microsoft and Google refuse what is too early or too late.
// Differences of whole quarters of an hour are time zones, not clocks.
func (f *Failure) clockSkew(at time.Time) {
	provider, err := time.Parse("2006-01-02 15:04:05Z", f.Facts.Text("provider_time"))
	if err != nil || at.IsZero() {
		return
	}
	skew := at.Sub(provider)
	direction := "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	quarter := (skew + time.Minute).Truncate(15 * time.Minute)
	if skew < minSkew || skew > maxSkew || (skew-quarter).Abs() <= time.Minute {
		return
	}
	rounded := strings.TrimSuffix(skew.Round(time.Second).String(), "0s")
	f.Facts["clock_skew"] = fmt.Sprintf("%s %s the provider's", rounded, direction)
}

// redirectSuffix is the last segment of the Redirect URL that Jira makes for an
// Authorization endpoint: the MD5 of its address in base64url without padding.
// It was read in a published build of Jira's OAuth client plugin, and is a hint:
// what Jira itself shows counts.
func redirectSuffix(authorizationEndpoint string) string {
	sum := md5.Sum([]byte(authorizationEndpoint))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorizationEndpoints are those that Jira's forms come with, and the ones
// that Microsoft's documentation names.
var authorizationEndpoints = []string{
	"https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
	"https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize",
	"https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize",
	"https://accounts.google.com/o/oauth2/v2/auth",
	"https://accounts.google.com/o/oauth2/auth",
}
