#!/usr/bin/env bash
# All tests: with the race detector where there is a C compiler for it, and the
# program's own once more without it, since memory is measured there. -count=1:
# go test does not know that these build the program, and would believe an older
# result.
set -eu
if command -v gcc >/dev/null; then
	CGO_ENABLED=1 go test -race -count=1 -timeout 20m ./...
	go test -count=1 -timeout 20m ./cmd/watcher
else
	echo "no gcc: the tests run without the race detector" >&2
	go test -count=1 ./...
fi
scripts/fuzz.sh
if [ "${WATCHER_SYSTEM:-}" = 1 ]; then
	make test-system
fi
