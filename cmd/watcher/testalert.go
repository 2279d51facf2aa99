package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

func (a *app) testAlertCommand() *cobra.Command {
	var config, to string
	c := &cobra.Command{
		Use:   "test-alert",
		Short: "Send a sample alert, marked as a test, to all notifiers or one",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.testAlert(c.Context(), config, to) },
	}
	configFlag(c, &config)
	c.Flags().StringVar(&to, "to", "", "only the notifier `NAME`")
	return c
}

// sampleCause is the cause that a test alert shows: the commonest when an
// integration is set up.
const sampleCause = "entra-single-tenant-common-endpoint"

func (a *app) testAlert(ctx context.Context, config, to string) error {
	c, err := loadConfig(config, true)
	if err != nil {
		return err
	}
	set, err := loadCauses(c)
	if err != nil {
		return err
	}
	targets, err := notify.New(c, a.out, terminal(a.out))
	if err != nil {
		return &exit{exitUsage, err}
	}
	cause, ok := set.Cause(sampleCause)
	if !ok {
		return fmt.Errorf("there is no cause %s", sampleCause)
	}
	alert := incident.NewRules(c).Sample(set.Diagnose(cause.Example(), nil).Failure, time.Now())
	sent, failed := 0, 0
	for _, t := range targets {
		if to != "" && t.Name != to {
			continue
		}
		sent++
		sending, cancel := context.WithTimeout(ctx, t.Timeout)
		_, err := t.To.Send(sending, notify.Delivery{Alert: alert})
		cancel()
		if err != nil {
			failed++
			fmt.Fprintf(a.errw, "notifier %q (%s): not delivered: %v\n", t.Name, t.Kind, err)
			continue
		}
		fmt.Fprintf(a.out, "notifier %q (%s): delivered\n", t.Name, t.Kind)
	}
	if sent == 0 {
		return usage("there is no notifier %q in %s", to, c.File)
	}
	if failed > 0 {
		return &exit{status: exitFailed}
	}
	return nil
}
