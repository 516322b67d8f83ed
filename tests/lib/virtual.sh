# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Virtual time (tests/vm/run -i), for scenarios that wait for minutes. There the
# clock leaps to the next timer whenever the processor has nothing to do, also
# when a process waits for the host's disk, for which no timer stands: minutes
# would pass while a command is read. So a loop that gives way to everything else
# keeps the processor busy, but for the waits that are meant.

virtual_tools='awk bash cat cut grep ip mkfifo nft paste perl ping rm sed seq sha256sum socat
	tail tc tcpdump wg relayctl kr-flood kr-wireflood kr-wirepeer'

# To be called once, by setup. Commands are copied to where no host is asked for
# them, which each of them would do for a dozen of files.
virtual_begin() {
	local tools
	export LC_ALL=C
	mapfile -t tools < <(for tool in $virtual_tools; do command -v "$tool"; done)
	ldd "${tools[@]}" 2>/dev/null | awk '$3 ~ /^\// { print $3 }' | sort -u |
		xargs touch -c /etc/ld.so.cache "${tools[@]}"
	mkfifo $run/never
	exec 7<>$run/never
	chrt --idle 0 bash -c 'while :; do :; done' &
	busy=$!
}

# pass SECONDS: they are over at once. No command is run meanwhile, but for what
# runs already.
pass() {
	kill -STOP "$busy"
	read -rt "$1" -u 7 || :
	kill -CONT "$busy"
}

# idly COMMAND...: it mostly waits, too, and is waited for in small steps, so that
# no more than one is lost while it is read.
idly() {
	local pid
	"$@" &
	pid=$!
	ends $pid
}

# ends PID: its status, when it has.
ends() {
	while kill -0 "$1" 2>/dev/null; do
		pass 0.1
	done
	wait "$1"
}

# runs PID COMMAND: it was read, and does so.
runs() {
	local comm=
	until [ "$comm" = "$2" ]; do
		read -r comm <"/proc/$1/comm"
	done
}

# eventually SECONDS COMMAND...: as elsewhere.
eventually() {
	local end=$((${EPOCHREALTIME%.*} + $1))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME%.*}" -lt $end ] || { echo "It never came true: $*"; return 1; }
		pass 0.2
	done
}

# busily SECONDS COMMAND...: the same for what a program does that is still being read:
# no time is skipped meanwhile.
busily() {
	local end=$((${EPOCHREALTIME%.*} + $1))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME%.*}" -lt $end ] || { echo "It never came true: $*"; return 1; }
	done
}

# now: seconds since 1970. since FROM: seconds. between LOW X HIGH
now() {
	echo "$EPOCHREALTIME"
}

since() {
	awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }'
}

between() {
	awk -v low="$1" -v x="$2" -v high="$3" 'BEGIN { exit !(low <= x && x <= high) }' ||
		{ echo "$2 is not between $1 and $3"; return 1; }
}
