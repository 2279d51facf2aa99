package jiraoauthprocessor

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // time_zone must work in containers without zone files

	"jira-oauth-watcher/conf"
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
	if _, err := c.zone(); err != nil {
		return err
	}
	if c.CausesDir == "" {
		return nil
	}
	switch info, err := os.Stat(c.CausesDir); {
	case err != nil:
		return fmt.Errorf("causes_dir: %w", err)
	case !info.IsDir():
		return fmt.Errorf("causes_dir: %s is not a directory", c.CausesDir)
	}
	return nil
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
