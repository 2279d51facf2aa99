#!/usr/bin/env bash
# Installs the Debian packages that make test needs, or with "all" those of make
# test-all, where it can. It says what it installs, and what is missing where it
# cannot. No service is started, now or at the next boot: the tests start their own.
# With CI=true missing means failed.
set -eu

# what must be there | the packages that bring it
needs=(
	"gcc|gcc libc6-dev"                 # the race detector
	"systemd-analyze|systemd"           # checks the unit
)
case ${1:-} in
"") ;;
all)
	needs+=(
		"logrotate|logrotate"              # rotates the logs of the torture test
		"/usr/sbin/rsyslogd|rsyslog"       # feeds the watcher by omprog
		"javac|default-jdk-headless"       # writes them, with real log4j
		"/usr/share/java/log4j-1.2.jar|liblog4j1.2-java"
		"/usr/share/java/log4j-core.jar|liblog4j2-java"
		"prometheus-alertmanager|prometheus-alertmanager"
		"amtool|prometheus-alertmanager"   # checks the example of its configuration
		"promtool|prometheus"              # checks metrics, alert rules and dashboard; scrapes
		"chromium|chromium"                # opens the status page and the report of a scan
		"npm|npm"                          # brings axe-core, which checks their accessibility
		"systemd-nspawn|systemd-container" # boots the machines of make test-system
		"mmdebstrap|mmdebstrap"            # makes their images
		"lintian|lintian"                  # checks the .deb
		"tinyproxy|tinyproxy-bin"          # proxies that doctor meets
		"squid|squid"
		"rpm|rpm"                          # checks the .rpm
	)
	# Takes mail. Not where there is another mail server: apt would remove that one.
	[ -e /usr/sbin/sendmail ] && ! command -v exim4 >/dev/null || needs+=("exim4|exim4-daemon-light")
	;;
*)
	echo "usage: scripts/deps.sh [all]" >&2
	exit 2
	;;
esac

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

# units lists what systemd starts by itself.
units() { find /etc/systemd/system -type l -path '*.wants/*' -printf '%f\n' 2>/dev/null | sort -u; }

# install_quietly installs packages without starting their services: policy-rc.d
# forbids it now (invoke-rc.d(8)), and what they enabled for later is disabled.
install_quietly() {
	local policy=/usr/sbin/policy-rc.d before
	before=$(units)
	if [ ! -e $policy ]; then
		trap "rm -f $policy" EXIT
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
	local failed=$? unit
	for unit in $(comm -13 <(echo "$before") <(units)); do
		systemctl disable -q "$unit" 2>/dev/null || true
	done
	return $failed
}

mapfile -t list < <(missing)
[ ${#list[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	wanted=()
	for need in "${list[@]}"; do
		read -ra some <<<"${need##*|}"
		wanted+=("${some[@]}")
	done
	mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
	echo "installing Debian packages for the tests: ${wanted[*]}"
	install_quietly "${wanted[@]}" || echo "apt-get failed" >&2
	mapfile -t list < <(missing)
	[ ${#list[@]} -eq 0 ] && exit 0
fi
for need in "${list[@]}"; do
	echo "missing: ${need%%|*} (Debian: apt-get install ${need##*|}); tests that need it are skipped" >&2
done
[ "${CI:-}" = true ] && exit 1
exit 0
