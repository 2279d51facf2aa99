#!/bin/sh
# Feeds the log of a Jira pod to the watcher: POD or deploy/NAME, and a configuration with a notifier.
# What is lost when one of the two ends: docs/plugins.md.
kubectl logs -f --since=1m "${1:-deploy/jira}" | jira-oauth-watcher run --config "${2:-config.toml}" --log -
