package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/status"
)

const (
	statusTime = 10 * time.Second // how long the service may take to answer
	maxStatus  = 64 << 20         // bytes of its answer: a page of incidents
)

func (a *app) statusCommand() *cobra.Command {
	c := &cobra.Command{Use: "status", Args: atMost(0)}
	config, form := configFlag(c), formatFlag(c, "text", "json")
	c.RunE = func(*cobra.Command, []string) error { return a.status(c.Context(), *config, *form) }
	return c
}

func (a *app) status(ctx context.Context, config, form string) error {
	c, err := loadConfig(config, false)
	if err != nil {
		return err
	}
	if !c.HTTP.On() {
		return fmt.Errorf("%s has no [http] listen, so the service cannot be queried: add the lines\n\n"+
			"    [http]\n    listen = \"127.0.0.1:9494\"\n\nand run: systemctl reload jira-oauth-watcher", c.File)
	}
	if form != "json" {
		report, err := askStatus(ctx, c.HTTP, "")
		if err != nil {
			return err
		}
		return status.Text(a.out, report)
	}
	report, err := askAll(ctx, c.HTTP)
	if err != nil {
		return err
	}
	return printJSON(a.out, report)
}

// askAll asks the service for all pages of its status, as one.
func askAll(ctx context.Context, h conf.HTTP) (status.Report, error) {
	all, err := askStatus(ctx, h, "?per_page=500")
	for page := 2; page <= all.Pages && err == nil; page++ {
		var r status.Report
		r, err = askStatus(ctx, h, fmt.Sprintf("?per_page=500&page=%d", page))
		all.Open, all.Closed = append(all.Open, r.Open...), append(all.Closed, r.Closed...)
	}
	all.Pages, all.Next = 1, ""
	return all, err
}

// askStatus asks the service for a page of its status, without a proxy.
func askStatus(ctx context.Context, h conf.HTTP, query string) (report status.Report, err error) {
	client := http.Client{Timeout: statusTime, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Local()+"/api/v1/status"+query, nil)
	if err != nil {
		return report, err
	}
	if user, password, ok := strings.Cut(h.BasicAuth.Reveal(), ":"); ok {
		request.SetBasicAuth(user, password)
	}
	response, err := client.Do(request)
	if err != nil {
		return report, unreachable(h, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxStatus))
	switch {
	case err != nil:
		return report, unreachable(h, err)
	case response.StatusCode == http.StatusUnauthorized:
		return report, fmt.Errorf("the service at %s rejected the user and password: it runs with an older configuration; "+
			"run: systemctl reload jira-oauth-watcher", h.Local())
	case response.StatusCode != http.StatusOK:
		return report, fmt.Errorf("the service at %s answers %s", h.Local(), response.Status)
	case json.Unmarshal(answer, &report) != nil || report.Schema == 0:
		return report, fmt.Errorf("another program answers at %s: "+
			"find out which one uses the port, or change [http] listen", h.Local())
	case report.Pages == 0:
		return report, fmt.Errorf("the service at %s runs an older version: "+
			"run: systemctl restart jira-oauth-watcher", h.Local())
	}
	return report, nil
}

// unreachable says what to do when the service cannot be asked.
func unreachable(h conf.HTTP, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("the service does not answer at %s: start it with: systemctl start jira-oauth-watcher; "+
			"if it is running, it has not loaded [http] listen yet: systemctl reload jira-oauth-watcher", h.Local())
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("the service does not answer at %s: %w", h.Local(), err)
}
