package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"jira-oauth-watcher/internal/jira"
	"jira-oauth-watcher/internal/pipeline"
)

// restAPI has one integration.
type restAPI struct{}

const inJira, appInJira = "c0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000001"

func (restAPI) Integrations(context.Context) (jira.Answer, error) {
	return jira.Answer{Integrations: []jira.Integration{{ID: inJira, Name: "Help desk", ClientID: appInJira}}}, nil
}

func asking(l *pipeline.Log) { l.Recorder.Jira = restAPI{} }

// What Jira has answered is known after a restart: else a retry would look like a failure of another
// integration.
func TestJiraIsAskedAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.conf.Jira.Given = true
	for n := 1; n <= 2; n++ {
		w.write(failing(n, n, "AADSTS65001: The user has not consented to use the application with ID '"+appInJira+"'."))
		p := w.alter(asking)
		p.counted(t, n)
		if got := p.queued(t, "hub"); len(got) != 2-n {
			t.Errorf("after start %d: %+v", n, got)
		}
		stop(t, p)
	}
}

// silentAPI is a Jira that does not answer.
type silentAPI struct{}

func (silentAPI) Integrations(context.Context) (jira.Answer, error) {
	return jira.Answer{}, errors.New("it does not answer")
}

// What one Jira has answered is not used for another one.
func TestAnotherJira(t *testing.T) {
	for url, want := range map[string]int{"https://one.example": 0, "https://other.example": 1} {
		w := newWorld(t)
		w.conf.Jira.Given, w.conf.Alerts.JiraURL = true, "https://one.example"
		for n, change := range []func(*pipeline.Log){asking, func(l *pipeline.Log) { l.Recorder.Jira = silentAPI{} }} {
			w.write(failing(n+1, n+1, "AADSTS65001: The user has not consented to use the application with ID '"+appInJira+"'."))
			p := w.alter(change)
			p.counted(t, n+1)
			if got := p.queued(t, "hub"); n == 1 && len(got) != want {
				t.Errorf("%s: %d alerts about the second failure, want %d", url, len(got), want)
			}
			stop(t, p)
			w.conf.Alerts.JiraURL = url
		}
	}
}

// An incident stays known by the configuration, also if a later failure shows less.
func TestConfigurationStaysKnown(t *testing.T) {
	w := newWorld(t)
	w.conf.Jira.Given = true
	for i, said := range []string{
		"java.net.UnknownHostException: login.microsoftonline.com",
		"com.atlassian.oauth2.client.api.lib.token.TokenServiceException: AADSTS7000222: The secret keys for app '" + appInJira + "' are expired.",
		"com.atlassian.oauth2.client.api.lib.token.TokenServiceException: AADSTS7000215: Invalid client secret provided.",
	} {
		w.write(fmt.Sprintf(minute, i) + "Caesium-1-3 ERROR anonymous    Sales [c.a.mail.incoming.mailfetcherservice] Sales[10001]: Exception: x\n" +
			"com.atlassian.oauth2.client.api.storage.token.exception.RecoverableTokenException: An error has occurred while refreshing OAuth token\n" +
			"Caused by: " + said + "\n\tat com.atlassian.oauth2.client.lib.token.DefaultTokenService.getToken(DefaultTokenService.java:155)\n")
	}
	p := w.alter(asking)
	p.counted(t, 3)
	var got []string
	for _, d := range p.queued(t, "hub") {
		got = append(got, string(d.Kind)+" "+d.Integration.KnownBy)
	}
	if want := []string{"opened handler", "changed configuration", "changed configuration"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	stop(t, p)
}
