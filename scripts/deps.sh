#!/usr/bin/env bash
# Installs the Debian packages that tests need where it can; says what is
# missing where it cannot. With CI=true missing means failed.
set -eu

# what must be there | the packages that bring it
needs=(
	"gcc|gcc libc6-dev"                 # the race detector
	"systemd-analyze|systemd"           # checks the unit
	"logrotate|logrotate"               # rotates the logs of the torture test
	"javac|default-jdk-headless"        # writes them, with real log4j
	"/usr/share/java/log4j-1.2.jar|liblog4j1.2-java"
	"/usr/share/java/log4j-core.jar|liblog4j2-java"
	"chromium|chromium"                 # shows the report of a scan
)

there() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing() {
	for need in "${needs[@]}"; do
		there "${need%%|*}" || echo "$need"
	done
}

mapfile -t list < <(missing)
[ ${#list[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	wanted=()
	for need in "${list[@]}"; do
		read -ra some <<<"${need##*|}"
		wanted+=("${some[@]}")
	done
	if apt-get update -qq; then
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null || true
	fi
	mapfile -t list < <(missing)
	[ ${#list[@]} -eq 0 ] && exit 0
fi
for need in "${list[@]}"; do
	echo "missing: ${need%%|*} (Debian: apt-get install ${need##*|}); tests that need it are skipped" >&2
done
[ "${CI:-}" = true ] && exit 1
exit 0
