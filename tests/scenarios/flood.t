#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whoever floods the port with handshake messages, 5,000 a second, neither takes
# the tunnel away nor keeps a new peer out, and makes nothing grow. Measured on
# the clock that counts instructions, next to the kernel's own WireGuard
# (docs/testing.md says how).
vm='-i -t 2400'
figures=yes
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/flood.sh"

setup() {
	modprobe krelay && modprobe wireguard && flood_world_up || return
	flood_measure krelay && flood_measure wireguard || return
	flood_table >$run/table
	diag <$run/table >&3
}

exec 3>&1

# each VALUE-OF TEST: the value has to pass it under each kind of flood, each time.
each() {
	local kind status=0
	for kind in $kinds; do
		passes "$kind" "$1" "$2" && continue
		echo "$kind: $1 is $(result krelay "$kind" "$1" | xargs), wanted $2"
		status=1
	done
	return $status
}

# passes KIND VALUE-OF TEST
passes() {
	result krelay "$1" "$2" | awk "!(\$1 $3) { bad = 1 } END { exit bad || !NR }"
}

# What is answered by a cookie each time keeps 92 %, what can be told at the door 98
# and more.
test_session_keeps_its_goodput() {
	each kept '>= 90'
}

test_new_peer_gets_in_within_10_seconds() {
	each newcomer '<= 10'
}

# Of the kernel's memory 2 MiB are noise here; a queue of 4096 messages is more. Over all
# kinds that is less than 32 bytes a message.
test_memory_does_not_grow() {
	each memory '<= 2048'
	each available '<= 4096'
	echo "all: $(result krelay all memory) KiB of $(result krelay all sent) messages"
	[ "$(result krelay all memory)" -le 2048 ]
	[ "$(result krelay all sent)" -ge 65536 ]
}

test_processor_was_busy_all_the_time() {
	each busy '>= 98'
	passes sink busy '>= 98'
}

# The floods were of that size, and each went where it was meant to go.
test_every_message_is_counted_for_what_it_is() {
	each rate '>= 4900'
	each counted '>= 99.9'
	each counted '<= 100.1'
}

test_cookies_are_asked_for() {
	local kind
	for kind in spoofed replayed; do
		echo "$kind: cookies $(result krelay $kind cookies) %"
		awk "BEGIN { exit !($(result krelay $kind cookies) >= 90) }"
	done
}

scenario session_keeps_its_goodput new_peer_gets_in_within_10_seconds \
	memory_does_not_grow processor_was_busy_all_the_time \
	every_message_is_counted_for_what_it_is cookies_are_asked_for
