#!/usr/bin/env bash
# The program for each system that it runs on, into dist/. The version is in what git says of
# the source, as with make build.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
for system in linux/amd64 linux/arm64 windows/amd64 darwin/amd64 darwin/arm64; do
	export GOOS=${system%/*} GOARCH=${system#*/}
	file=dist/jira-oauth-watcher-$GOOS-$GOARCH
	[ "$GOOS" != windows ] || file=$file.exe
	go build -buildvcs=true -trimpath -ldflags='-s -w' -o "$file" ./cmd/watcher
	ls -l "$file"
done
