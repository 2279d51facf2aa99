#!/usr/bin/env bash
# All tests: with the race detector where there is a C compiler for it, and the
# program's own once more without it, since memory is measured there.
set -eu
if command -v gcc >/dev/null; then
	CGO_ENABLED=1 go test -race ./...
	go test ./cmd/watcher
else
	echo "no gcc: the tests run without the race detector" >&2
	go test ./...
fi
scripts/fuzz.sh
if [ "${WATCHER_SYSTEM:-}" = 1 ]; then
	make test-system
fi
