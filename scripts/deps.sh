#!/usr/bin/env bash
# Installs the Debian packages that tests need where it can; says what is
# missing where it cannot. With CI=true missing means failed.
set -eu

declare -A packages=(
	[gcc]="gcc libc6-dev"       # the race detector
	[systemd-analyze]="systemd" # checks the unit
)

missing() {
	for program in "${!packages[@]}"; do
		command -v "$program" >/dev/null || echo "$program"
	done
}

list=$(missing)
[ -z "$list" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	wanted=()
	for program in $list; do
		read -ra some <<<"${packages[$program]}"
		wanted+=("${some[@]}")
	done
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null || true
	list=$(missing)
	[ -z "$list" ] && exit 0
fi
for program in $list; do
	echo "missing: $program (Debian: apt-get install ${packages[$program]}); tests that need it are skipped" >&2
done
[ "${CI:-}" = true ] && exit 1
exit 0
