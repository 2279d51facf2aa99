package jiraoauthprocessor

import (
	"fmt"
	"time"
	_ "time/tzdata" // time_zone must work in containers without zone files

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/matchers"
)

// Config are the settings of the processor. The names are those of the daemon's configuration.
type Config struct {
	// CausesDir is a directory with your own causes and overrides, "" = only the built-in ones.
	// They must pass their samples, or the collector does not start.
	CausesDir string `mapstructure:"causes_dir"`

	// Mask are kinds of personal data that the attributes must not contain. Secrets are always
	// redacted.
	Mask []conf.Mask `mapstructure:"mask"`

	// TimeZone is an IANA name. It applies to Jira's timestamps that have no offset; "" = that of
	// the collector.
	TimeZone string `mapstructure:"time_zone"`

	// Integrations are names for people: application ID, tenant, mail server or the like = name.
	Integrations map[string]string `mapstructure:"integrations"`

	// OnlyFailures drops the records that are no failures.
	OnlyFailures bool `mapstructure:"only_failures"`
}

// Validate reports the first setting that cannot work. Causes are tried when the processor is
// created.
func (c *Config) Validate() error {
	if _, err := matchers.HasCauses(c.CausesDir); err != nil {
		return fmt.Errorf("causes_dir: %w", err)
	}
	_, err := c.zone()
	return err
}

func (c *Config) zone() (*time.Location, error) {
	if c.TimeZone == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, fmt.Errorf(`time_zone: unknown time zone %q, write an IANA name such as "Europe/Paris"`, c.TimeZone)
	}
	return zone, nil
}
