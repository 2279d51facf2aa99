package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

func (a *app) testAlertCommand() *cobra.Command {
	c := &cobra.Command{Use: "test-alert", Args: atMost(0)}
	config := configFlag(c)
	to := c.Flags().String("to", "", "only the notifier `NAME`")
	cause := c.Flags().String("cause", sampleCause, "show what an alert about the cause `ID` looks like")
	kind := c.Flags().String("kind", string(alert.Test), "show what an alert of this `KIND` looks like: "+kinds())
	c.RegisterFlagCompletionFunc("cause", completeCauses)
	c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(strings.Split(kinds(), ", "), cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("to", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		settings, err := loadConfig(*config, true)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		targets, _ := newNotifiers(settings, a.out, text.Style{})
		return namesOf(targets), cobra.ShellCompDirectiveNoFileComp
	})
	c.RunE = func(*cobra.Command, []string) error { return a.testAlert(c, *config, *to, *cause, *kind) }
	return c
}

// sampleCause is the cause that a test alert shows: the commonest when an
// integration is set up.
const sampleCause = "entra-single-tenant-common-endpoint"

func (a *app) testAlert(cmd *cobra.Command, config, to, id, kind string) error {
	c, set, err := withCauses(loadConfig(config, true))
	if err != nil {
		return err
	}
	targets, err := newNotifiers(c, a.out, terminal(a.out))
	if err != nil {
		return wrong{err}
	}
	cause, err := knownCause(cmd, set, id)
	if err != nil {
		return err
	}
	if !slices.Contains(alert.Kinds, alert.Kind(kind)) {
		return usage("there is no kind of alert %q (there are: %s)", kind, kinds())
	}
	sample := incident.NewRules(c).Sample(set.Diagnose(cause.Example(), nil).Failure, alert.Kind(kind), time.Now())
	sample.Data = sample.Data.In(c.Alerts.DisplayZone)
	sent, failed := 0, 0
	for _, t := range targets {
		if to != "" && t.Name != to {
			continue
		}
		sent++
		sending, cancel := context.WithTimeout(cmd.Context(), t.Timeout)
		_, err := t.To.Send(sending, notify.Delivery{Alert: sample})
		cancel()
		if err != nil {
			failed++
			fmt.Fprintf(a.errw, "notifier %q (%s): not delivered: %v\n", t.Name, t.Kind, err)
			continue
		}
		fmt.Fprintf(a.out, "notifier %q (%s): delivered\n", t.Name, t.Kind)
	}
	if sent == 0 {
		return usage("there is no notifier %q in %s (there are: %s)", to, c.File, strings.Join(namesOf(targets), ", "))
	}
	if failed > 0 {
		return errReported
	}
	return nil
}

// kinds lists the kinds of alerts.
func kinds() string {
	return strings.Join(each(alert.Kinds, func(k alert.Kind) string { return string(k) }), ", ")
}
