//go:build unix

package conf

// Directory is where the packages put the configuration.
const Directory = "/etc/jira-oauth-watcher"
