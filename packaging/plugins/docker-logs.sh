#!/bin/sh
# Feeds the log of a Jira container to the watcher: CONTAINER, and a configuration with a notifier.
# What is lost when one of the two ends: docs/plugins.md.
docker logs -f --since 1m "${1:-jira}" 2>&1 | jira-oauth-watcher run --config "${2:-config.toml}" --log -
