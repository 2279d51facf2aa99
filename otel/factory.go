// Package jiraoauthprocessor is a processor of the OpenTelemetry Collector. It adds to the log
// records that are failures of Jira's OAuth 2.0 mail integrations what the cause is and how to fix
// it.
package jiraoauthprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/matchers"
)

// NewFactory returns the factory of the processor, whose type is jira_oauth.
func NewFactory() processor.Factory {
	return processor.NewFactory(component.MustNewType("jira_oauth"),
		func() component.Config { return &Config{} },
		processor.WithLogs(create, component.StabilityLevelAlpha))
}

func create(ctx context.Context, set processor.Settings, c component.Config, next consumer.Logs) (processor.Logs, error) {
	config := c.(*Config)
	zone, err := config.zone()
	if err != nil {
		return nil, err
	}
	causes, err := matchers.Load(config.CausesDir)
	if err != nil {
		return nil, err
	}
	settings, err := conf.Default()
	if err != nil {
		return nil, err
	}
	settings.Alerts.Mask, settings.Integrations = config.Mask, config.Integrations
	d := &diagnoser{causes: causes, settings: *settings, zone: zone, onlyFailures: config.OnlyFailures}
	return processorhelper.NewLogs(ctx, set, c, next, d.process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}))
}
