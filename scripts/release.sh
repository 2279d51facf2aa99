#!/usr/bin/env bash
# All files of a release, into dist/: archives for every platform, packages, the container image,
# and SHA256SUMS. They are built from a commit with a version tag and nothing else, and nothing
# is published. docs/releasing.md says how a release is made.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."

refuse() {
	echo "make release: $*" >&2
	exit 1
}

changes=$(git status --porcelain)
[ -z "$changes" ] || refuse "the working tree has changes (${changes%%$'\n'*}): commit or remove them first"
tags=$(git -c versionsort.suffix=-rc tag --points-at HEAD --sort=-version:refname |
	sed -nE '/^v(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-rc[1-9][0-9]*)?$/p')
[ -n "$tags" ] || refuse "this commit has no tag of the form v1.2.3: check out the tag of a release, or set one with git tag"
version=${tags%%$'\n'*} # v1.2.3 if v1.2.3-rc1 is the same commit
version=${version#v}

export VERSION=${version/-/\~} SOURCE_DATE_EPOCH TARGET=dist
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export PLATFORMS=${PLATFORMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64}
mkdir -p dist
rm -f dist/jira-oauth-watcher[-_]* dist/SHA256SUMS
scripts/packages.sh
cp "$(go env GOROOT)/lib/time/zoneinfo.zip" dist/stage
go -C tools/release run . -version "$version" -revision "$(git rev-parse HEAD)" -stage ../../dist/stage -to ../../dist
cd dist
sha256sum jira-oauth-watcher[-_]* >SHA256SUMS
cat SHA256SUMS
