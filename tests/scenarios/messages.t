#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The limits of a session in messages, with counters that begin just before.
export KRELAY_FLAVOUR=selftest
vm='-i -t 1800'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/peer.sh"

# first_nonce BELOW-2^64: where the counters of sessions begin from now on.
first_nonce() {
	printf '%u' "$1" >/sys/module/krelay/parameters/first_nonce
}

# Whoever began the session.
test_a_new_session_after_2_to_60_messages() {
	first_nonce $((2 ** 60 - 3))
	begin
	session 0
	pass 6
	datagrams 4
	hears "data 0 $((2 ** 60 - 3)) 29" 1000
	hears "data 0 $((2 ** 60 - 2)) 30" 1000
	hears "data 0 $((2 ** 60 - 1)) 31" 1000
	hears "data 0 $((2 ** 60)) 32" 1000
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 1"
	first_nonce $((2 ** 60 - 4))
	begin
	session 0
	pass 6
	datagrams 4
	hears "data 0 $((2 ** 60 - 4)) 29" 1000
	hears nothing 1000 initiation
}

# 2^64 - 2^13 - 1 is the first that is not used, and none comes after it.
test_no_message_after_the_last() {
	local n
	first_nonce $((-8193 - 3))
	begin
	session 0
	pass 6
	datagrams 3
	for n in 3 2 1; do
		hears "data 0 $(printf %u $((-8193 - n))) $((32 - n))" 1000 data
	done
	datagrams 1
	hears nothing 1000 data
	# As many as would lead the counter back to 0.
	for n in $(seq 10); do
		datagrams 1000
	done
	hears nothing 1000 data
	# Under a new session it goes on.
	first_nonce 0
	told initiate
	hears 'response 1' 1000 response
	told send 1 + empty
	hears 'data 1 0 901' 1000 data
}

scenario a_new_session_after_2_to_60_messages no_message_after_the_last
