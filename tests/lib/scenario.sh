# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# To be sourced first by tests/scenarios/*.t. On the host it runs the file in
# the virtual machine (with the options in $vm); in there it gives the file the
# topology and the words below. A test is a function test_NAME in which every
# command has to succeed; `scenario NAME...` runs them in order, as TAP.
# The machine has one processor, for a second one doubles what everything takes;
# files that look for what happens at once ask for two. A file about nothing but figures
# says so ($figures) and is left out where they would be a debug kernel's.
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ -z "${KRELAY_VM:-}" ]; then
	log=${KRELAY_OUT:-$lib/../../build/check}/$(basename "$0" .t)
	mkdir -p "$(dirname "$log")"
	export KRELAY_VM_LOG=$log.console
	if [ -n "${figures:-}" ] && [ -e "${KRELAY_KVER:-}/slow" ]; then
		echo "1..0 # SKIP a debug kernel's figures say nothing" | tee "$log.tap"
		exit 0
	fi
	boot() {
		# shellcheck disable=SC2086
		"$lib/../vm/run" ${KRELAY_KVER:+-k $KRELAY_KVER} -t 1200 -c 1 ${vm:-} \
			"$(realpath "$0")" >"$log.tap"
	}
	boot
	status=$?
	# Not even the kernel's watchdogs had a word: that was the emulator.
	if [ $status = 98 ]; then
		sed -i 's/^/# /' "$log.tap"
		cat "$log.tap"
		boot
		status=$?
	fi
	cat "$log.tap"
	exit $status
fi

. "$lib/../vm/topology.sh"

# setup may be replaced by the file, before it calls scenario.
setup() {
	topology_up && services_up && relay_up
}

diag() {
	sed 's/^/# /'
}

# What helps to understand a failure.
state() {
	local host
	for host in bridge home; do
		echo "-- $host"
		[ -n "$(ip netns list | grep -w $host)" ] || continue
		in_host $host relayctl show relay0 | grep -E "^  (endpoint|latest|transfer|forward)" | grep -v " 0 B in"
		in_host $host relayctl stats relay0
	done
	echo "-- dmesg"
	dmesg | grep -vE "entered|becomes ready|taint" | tail -n 20
}

scenario() {
	local name n=0 failed=0 out=/run/krelay-test.out status
	if [ -n "${KRELAY_ONLY:-}" ]; then
		set -- "$KRELAY_ONLY"
	fi
	echo "1..$#"
	# For what a test says in any case.
	exec 3>&1
	if ! setup >$out 2>&1; then
		# No "Bail out!", which would stop the other files, too.
		for name; do
			n=$((n + 1))
			echo "not ok $n - $name"
		done
		echo "# The setup failed."
		{ cat $out; state; } 2>&1 | diag
		exit 1
	fi
	for name; do
		n=$((n + 1))
		dmesg -C
		(
			set -e
			"test_$name"
		) >$out 2>&1
		status=$?
		if [ $status = 77 ]; then
			echo "ok $n - $name # SKIP $(tail -n 1 $out)"
		elif [ $status = 0 ]; then
			echo "ok $n - $name"
		else
			echo "not ok $n - $name"
			failed=1
			{ cat $out; state; } 2>&1 | diag
		fi
	done
	services_stop
	exit $failed
}

# is WHAT GOT WANTED
is() {
	[ "$2" = "$3" ] && return
	echo "$1: got '$2', wanted '$3'"
	return 1
}

# quiet_dmesg [LEVELS]
quiet_dmesg() {
	# An emulated CPU is slow now and then, or stands still, for which its clocks are
	# blamed; a debug kernel whose allocations are made to fail gives up counting
	# references, and hosts have a word for what is fuzzed.
	local words='hrtimer: interrupt took|clocksource: |TSC (found )?unstable'
	words="$words|sched_clock: Marking unstable"
	words="$words|unreliable refcount tracker|Received fragmented ndisc packet"
	is "what the kernel said" \
		"$(dmesg -l "${1:-emerg,alert,crit,err,warn}" | grep -vE "$words")" ""
}

# fails COMMAND...: it has to.
fails() {
	if "$@"; then
		echo "This should have failed: $*"
		return 1
	fi
}

skip() {
	echo "$*"
	exit 77
}

# eventually SECONDS COMMAND...: try until it succeeds. The last try begins after that
# time, however long this machine stood still during the one before.
eventually() {
	local end=$((SECONDS + $1 * KRELAY_SLOW)) now=$SECONDS
	shift
	until "$@"; do
		[ $now -lt $end ] || { echo "It never came true: $*"; return 1; }
		sleep 0.2
		now=$SECONDS
	done
}

ask() {
	in_visitor kr-echo ask "$@"
}

fetch() {
	in_visitor curl -sS -m $((60 * KRELAY_SLOW)) "$@"
}

# download [slow/]NAME [CURL OPTION...]: its sum has to be the file's.
download() {
	local name=$1
	shift
	fetch -m $((240 * KRELAY_SLOW)) "$@" "http://$PUBLIC/$name" | sha256sum | cmp - "$run/$(basename "$name").sum"
}

# mid_download: until data of a download that was just begun flows.
mid_download() {
	local from
	from=$(packets bridge ens3 tx)
	eventually 60 sent_since "$from" 100
}

sent_since() {
	[ "$(packets bridge ens3 tx)" -gt $(($1 + $2)) ]
}

# logged ADDRESS: in nginx's log, which it writes when the visitor has got everything.
logged() {
	is "address in nginx's log" "$(cut -d' ' -f1 $run/access.log)" "$1"
}

# said PROTO ADDRESS PORT: who answered, and whom it took the visitor for.
said() {
	ask "$1" "$2" "$3" x | sed 's/^::ffff://' | cut -d' ' -f1,3-
}

# from PORT ADDRESS [SERVICE]: said by UDP, always in the same flow.
from() {
	in_visitor socat -t 3 -T 3 - "UDP:$2:${3:-7},sourceport=$1,reuseaddr" <<<x |
		sed 's/^::ffff://' | cut -d' ' -f1,3-
}

# Home has the first word on port 8, of a connection that its firewall has lost: it has
# timed out, or somebody has flushed the table. Then it says what it is told.
forgetful_serve() {
	start home socat TCP6-LISTEN:8,ipv6only=0,fork,reuseaddr \
		SYSTEM:'ip netns exec home conntrack -F; echo late; read -r word; echo \$word'
	eventually 10 in_home grep -q ":0008 " /proc/net/tcp6
}

# listen_first ADDRESS: hears a word first, says one then and hears it again.
listen_first() {
	: >$run/heard-first
	{ eventually 10 [ -s $run/heard-first ]; echo again; } |
		in_visitor socat -t 5 - "$1" >>$run/heard-first
	xargs <$run/heard-first
}

# counter HOST NAME: of its device.
counter() {
	in_host "$1" relayctl stats relay0 -a | awk -v name="$2" '$1 == name { print $2 }'
}

# nft_counter list|reset HOST FAMILY TABLE NAME: packets that rules there have counted.
nft_counter() {
	in_host "$2" nft "$1" counter "$3" "$4" "$5" | awk '$1 == "packets" { print $2 }'
}

# relayed_packets: of visitors, by all forwards of the bridge so far.
relayed_packets() {
	in_bridge relayctl forward list relay0 -j | tr ',{}' '\n\n\n' |
		awk -F'[": ]+' '$2 == "in_packets" { n += $3 } END { print n + 0 }'
}

# packets HOST NETDEV rx|tx: so far.
packets() {
	ip -n "$1" -j -s link show "$2" | sed -n "s/.*\"$3\":{[^}]*\"packets\":\([0-9]*\).*/\1/p"
}
