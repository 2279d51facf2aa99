package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

const (
	maxIntegrations = 500 // of one Jira; further ones are left out
	maxScopes       = 50
	maxName         = 100 // characters of a name, type or suffix
	maxURL          = 500 // characters of an endpoint or scope
)

// Integration is an OAuth 2.0 integration of Jira. People wrote its texts: they are made
// printable and cut, and may say anything. ID has only letters, digits, underscores and
// hyphens, ClientID dots as well.
type Integration struct {
	ID                    string
	Name                  string
	Type                  string // such as MICROSOFT, GOOGLE or CUSTOM
	ClientID              string
	AuthorizationEndpoint string
	TokenEndpoint         string
	RedirectURISuffix     string
	Scopes                []string
}

var (
	isID       = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	isClientID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,100}$`)
	reserved   = []string{alert.Unknown, alert.Many} // what stands for no ID in an alert
)

// decode reads a JSON list of RestClientConfiguration, as the plugin's class is named. What
// has no usable ID and client ID is left out. A field of the wrong type is empty.
func decode(body []byte) ([]Integration, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if first, err := d.Token(); err != nil || first != json.Delim('[') {
		return nil, errors.New("not a list")
	}
	var all []Integration
	for d.More() {
		var i Integration // its fields are named as those of the JSON, in other letters
		err := d.Decode(&i)
		if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrongType {
			return nil, err
		}
		if !isID.MatchString(i.ID) || !isClientID.MatchString(i.ClientID) || slices.Contains(reserved, strings.ToLower(i.ID)) {
			continue
		}
		if all = append(all, i.safe()); len(all) == maxIntegrations {
			return all, nil
		}
	}
	if _, err := d.Token(); err != nil { // an answer that was cut off has no end of the list
		return nil, err
	}
	return all, nil
}

// safe is an integration with texts that can be shown.
func (i Integration) safe() Integration {
	for _, s := range []*string{&i.Name, &i.Type, &i.RedirectURISuffix} {
		*s = shown(*s, maxName)
	}
	for _, s := range []*string{&i.AuthorizationEndpoint, &i.TokenEndpoint} {
		*s = shown(*s, maxURL)
	}
	var scopes []string
	for _, s := range i.Scopes[:min(len(i.Scopes), maxScopes)] {
		if s = shown(s, maxURL); s != "" {
			scopes = append(scopes, s)
		}
	}
	i.Scopes = scopes
	return i
}

func shown(s string, most int) string { return text.Cut(strings.TrimSpace(text.Printable(s)), most) }

// isPage reports whether an answer is a page for people.
func isPage(resp *http.Response, body []byte) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") ||
		bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}
