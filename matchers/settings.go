package matchers

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// Settings are those of an integration in Jira. They are what an administrator typed: as
// little ours as a log.
type Settings struct {
	ClientID              string
	AuthorizationEndpoint string
	TokenEndpoint         string
	Scopes                []string
}

// Of reports whether a failure shows a value that these settings have: the application, or
// else the scopes that were refused, their host, or the tenant.
func (f Failure) Of(s Settings) bool {
	resource, tenant := hostOf(f.Facts.Text("resource")), strings.ToLower(f.Facts.Text("tenant_id"))
	scopes, _ := f.Facts["scopes"].([]string)
	switch app := f.Facts.Text("app_id"); {
	case app != "":
		return strings.EqualFold(app, s.ClientID)
	case len(scopes) > 0:
		return sameScopes(splitScopes(scopes), splitScopes(s.Scopes))
	case resource != "":
		return slices.ContainsFunc(splitScopes(s.Scopes), func(scope string) bool { return hostOf(scope) == resource })
	case isGUID.MatchString(tenant):
		return strings.Contains(strings.ToLower(s.AuthorizationEndpoint+" "+s.TokenEndpoint), "/"+tenant+"/")
	}
	return false
}

// Contradicts reports whether a failure shows an application that these settings do not have.
func (f Failure) Contradicts(s Settings) bool {
	app := f.Facts.Text("app_id")
	return isGUID.MatchString(app) && isGUID.MatchString(s.ClientID) && !strings.EqualFold(app, s.ClientID)
}

// Compare says which of the settings is wrong and what it should be, where the cause is one
// that they can show; "" for any other cause. Settings that do not show it may have been
// corrected since.
func (f Failure) Compare(s Settings) string {
	switch f.Cause.ID {
	case "entra-single-tenant-common-endpoint":
		return f.compareEndpoints(s)
	case "entra-resource-principal-not-found":
		return f.compareHosts(s)
	case "entra-scopes-multiple-resources":
		return compareScopes(s)
	}
	return ""
}

const corrected = " It may have been corrected since this failure."

// compareEndpoints looks for Microsoft's shared address.
func (f Failure) compareEndpoints(s Settings) string {
	tenant := f.Facts.Text("tenant_id")
	if !isGUID.MatchString(tenant) {
		tenant = "<TENANT_ID>"
	}
	var wrong []string
	for _, field := range []struct{ name, value string }{
		{"Authorization endpoint", s.AuthorizationEndpoint}, {"Token endpoint", s.TokenEndpoint},
	} {
		if right := strings.Replace(field.value, "/common/", "/"+tenant+"/", 1); right != field.value {
			wrong = append(wrong, field.name+" is "+setting(field.value)+" and should be "+setting(right))
		}
	}
	if wrong == nil {
		return "In Jira, neither endpoint contains /common now: Authorization endpoint is " + setting(s.AuthorizationEndpoint) +
			", Token endpoint is " + setting(s.TokenEndpoint) + "." + corrected
	}
	return "In Jira, " + strings.Join(wrong, "; ") + "."
}

// compareHosts looks for the scopes with the host that the provider does not know.
func (f Failure) compareHosts(s Settings) string {
	refused := hostOf(f.Facts.Text("resource"))
	var wrong []string
	for _, scope := range splitScopes(s.Scopes) {
		of := hostOf(scope)
		if of == "" || of != refused && refused != "" || refused == "" && nearestResource(scope) == "" {
			continue
		}
		name := scope[strings.LastIndexByte(scope, '/')+1:]
		right := scope
		if full := permission(name); full != "" {
			right = mailHosts[cloudOf(s.Scopes)] + full
		} else if known := nearestResource(scope); known != "" {
			right = known + "/" + name
		}
		is := setting(scope)
		if right != scope {
			is += ", should be " + setting(right)
		}
		wrong = append(wrong, is)
	}
	if wrong == nil {
		return "In Jira, Scopes are " + settings(s.Scopes) + ": none of them has this host now." + corrected
	}
	return "In Jira, Scopes has " + strings.Join(wrong, "; ") + "."
}

// compareScopes looks for more than one host.
func compareScopes(s Settings) string {
	var hosts []string
	for _, scope := range splitScopes(s.Scopes) {
		if of := hostOf(scope); of != "" && !slices.Contains(hosts, of) {
			hosts = append(hosts, of)
		}
	}
	are := "In Jira, Scopes are " + settings(s.Scopes)
	switch right := correctScopes(s.Scopes); {
	case len(hosts) < 2:
		return are + ": they all belong to one host now." + corrected
	case right == nil:
		return are + ", which belong to the hosts " + settings(hosts) + ": keep only those of one host."
	default:
		return are + " and should be " + settings(right) + "."
	}
}

const (
	maxSetting  = 300 // characters
	maxSettings = 12  // scopes
)

var literal = regexp.MustCompile("^[!-_a-~]+$")

// setting is a value of a field, in code style if it can be: to be read letter by letter.
func setting(value string) string {
	value = text.Cut(text.Printable(value), maxSetting)
	if literal.MatchString(value) {
		return "`" + value + "`"
	}
	return "“" + strings.NewReplacer("“", "'", "”", "'", "`", "'").Replace(value) + "”"
}

func settings(values []string) string {
	var all []string
	for _, v := range values[:min(len(values), maxSettings)] {
		all = append(all, setting(v))
	}
	return cmp.Or(strings.Join(all, " "), "empty")
}
