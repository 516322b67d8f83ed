#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The rules of the protocol, held against a peer that does what it is told, right
# or wrong (tests/tools/wirepeer.c). In virtual time: the limits are those of
# production, and minutes of silence cost nothing.
vm='-i -t 1800'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/peer.sh"

test_what_cannot_be_sent_is_told() {
	begin
	fails idly ip netns exec near ping -c 1 -W 1 10.9.0.77 >$run/ping
	grep -q 'Destination Host Unreachable' $run/ping
	fails idly ip netns exec near ping -c 1 -W 1 fd09::77 >$run/ping
	grep -q 'Destination unreachable: Address unreachable' $run/ping
	is tx_no_peer "$(stat tx_no_peer)" 2
	fails idly ip netns exec near ping -c 1 -W 1 10.9.0.2 >$run/ping
	grep -q 'Destination Host Unreachable' $run/ping
	fails idly ip netns exec near ping -c 1 -W 1 fd09::2 >$run/ping
	grep -q 'Destination unreachable: Address unreachable' $run/ping
	is tx_no_endpoint "$(stat tx_no_endpoint)" 2
}

test_what_has_no_way_was_not_sent() {
	begin 'Endpoint = 203.0.113.9:51820'
	datagrams 1
	pass 12
	is hs_initiation_sent "$(stat hs_initiation_sent)" 0
	between 2 "$(stat tx_no_route)" 3
	ip -n near route add 203.0.113.9 via 192.0.2.2
	pass 6
	is hs_initiation_sent "$(stat hs_initiation_sent)" 1
	ip -n near route del 203.0.113.9
}

test_source_outside_of_allowed_ips() {
	begin
	session 0
	told send 0 + 10.9.0.2 10.9.0.1
	told send 0 + 10.9.0.3 10.9.0.1
	told send 0 + 192.0.2.2 10.9.0.1
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in" "$(got)" 2
	is rx_source "$(stat rx_source)" 2
}

# A response alone shows nobody that its session works.
test_responder_sends_nothing_before_confirmation() {
	begin
	told initiate
	hears 'response 0' 1000
	datagrams 1
	hears nothing 3000
	told send 0 + empty
	hears 'data 0 0 29' 1000
	# With a session that works, it goes on with that.
	told initiate
	hears 'response 1' 1000
	datagrams 1
	hears 'data 0 1 29' 1000
	told send 1 + empty
	datagrams 1
	hears 'data 1 0 29' 1000
}

test_initiator_confirms_at_once() {
	begin "$endpoint" 'PersistentKeepalive = 20'
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	hears 'data 0 0 0' 1000
}

# The next, the current and the previous one: what is older is gone.
test_three_sessions() {
	begin
	session 0
	session 1
	told send 0 + 10.9.0.2 10.9.0.1
	is "under the previous one" "$(got)" 1
	told initiate
	hears 'response 2' 1000
	told send 1 + 10.9.0.2 10.9.0.1
	is "under the current one" "$(got)" 2
	told send 2 + 10.9.0.2 10.9.0.1
	is "under the next one" "$(got)" 3
	told send 1 + 10.9.0.2 10.9.0.1
	is "under the previous one" "$(got)" 4
	is rx_no_session "$(stat rx_no_session)" 0
	told send 0 + 10.9.0.2 10.9.0.1
	is "under the one before" "$(got)" 4
	is rx_no_session "$(stat rx_no_session)" 1
}

# Both have begun one: what comes under the other's, which nobody has confirmed yet, is
# under way, and what came before it is over.
test_unconfirmed_session_becomes_the_previous_one() {
	begin "$endpoint"
	session 0
	pass 0.03
	told initiate
	hears 'response 1' 1000
	datagrams 1
	hears 'data 0 0 29' 1000
	hears 'initiation mac2=no' 20000
	is "answer" "$(peer respond)" "session 2"
	hears 'data 2 0 0' 1000
	told send 1 + 10.9.0.2 10.9.0.1
	is "under the one that was not confirmed" "$(got) $(stat rx_no_session)" "1 0"
	told send 2 + 10.9.0.2 10.9.0.1
	is "under the current one" "$(got) $(stat rx_no_session)" "2 0"
	told send 0 + 10.9.0.2 10.9.0.1
	is "under the one before" "$(got) $(stat rx_no_session)" "2 1"
}

test_session_ends_after_180_seconds() {
	local from
	begin
	session 0
	from=$(now)
	# A slow kernel takes seconds over what is looked at in time.
	pass $((180 - 2 * KRELAY_SLOW))
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in in time" "$(got)" 1
	datagrams 1
	hears 'data 0 0 29' 500
	between $((180 - 2 * KRELAY_SLOW)) "$(since "$from")" 179.9
	pass $((1 + 2 * KRELAY_SLOW))
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in" "$(got)" 1
	is rx_expired "$(stat rx_expired)" 1
	# What is to be sent waits for a new one, which is asked for.
	datagrams 1
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 1"
	hears 'data 1 0 29' 1000
}

test_keys_are_wiped_after_540_seconds() {
	begin
	session 0
	pass 535
	told send 0 + empty
	pass 0.1
	is rx_expired "$(stat rx_expired)" 1
	is rx_no_session "$(stat rx_no_session)" 0
	# So long a time is rounded up by the kernel, by 16 s at most.
	pass 25
	told send 0 + empty
	pass 0.1
	is rx_expired "$(stat rx_expired)" 1
	is rx_no_session "$(stat rx_no_session)" 1
}

# The initiator begins anew when it sends after 120 s, the responder does not.
test_initiator_begins_anew_after_120_seconds() {
	begin "$endpoint"
	datagrams 1
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	hears 'data 0 0 29' 1000
	told send 0 + empty
	pass 100
	datagrams 1
	hears 'data 0 1 29' 1000
	told send 0 + empty
	hears nothing 15000
	pass 5
	datagrams 1
	hears 'data 0 2 29' 1000
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 1"
	hears 'data 1 0 0' 1000
	datagrams 1
	hears 'data 1 1 29' 1000
	# And now the other way around.
	begin
	session 0
	pass 130
	datagrams 1
	hears 'data 0 0 29' 1000
	told send 0 + empty
	hears nothing 20000
}

# Who only listens has to begin anew, too, before it is too late.
test_initiator_that_only_receives() {
	local n from
	begin "$endpoint"
	datagrams 1
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	from=$(now)
	hears 'data 0 0 29' 1000
	for n in $(seq 16); do
		told send 0 + empty
		hears nothing 10000
	done
	between 158 "$(since "$from")" 164.9
	pass 6
	told send 0 + empty
	hears 'initiation mac2=no' 1000
	is "initiations sent" "$(stat hs_initiation_sent)" 2
}

test_silence_for_15_seconds_asks_for_a_handshake() {
	local from
	begin
	session 0
	datagrams 1
	from=$(now)
	hears 'data 0 0 29' 1000
	hears 'initiation mac2=no' 20000
	between 14.9 "$(since "$from")" 15.8
}

test_passive_keepalive() {
	local from
	begin
	session 0
	told send 0 + 10.9.0.2 10.9.0.1
	from=$(now)
	hears 'data 0 0 0' 20000
	between 9.9 "$(since "$from")" 10.5
	# A keepalive is not answered.
	told send 0 + empty
	hears nothing 60000
	# One is for all that has come in those ten seconds.
	told send 0 + 10.9.0.2 10.9.0.1
	from=$(now)
	pass 9
	told send 0 + 10.9.0.2 10.9.0.1
	hears 'data 0 1 0' 20000
	between 9.9 "$(since "$from")" 10.5
	hears nothing 60000
}

# The longer one's end is not waited for. The kernel's timers of 20 s may be 2 s late.
test_shorter_keepalive_interval() {
	local from
	begin 'PersistentKeepalive = 3600'
	session 0
	hears 'data 0 0 0' 1000
	in_near kr-setpeer relay0 "$(<$run/far.pub)" keepalive 20
	hears 'data 0 1 0' 1000
	from=$(now)
	hears 'data 0 2 0' 30000
	between 19.9 "$(since "$from")" 22.2
}

# spread NUMBER...: from the least to the greatest.
spread() {
	printf '%s\n' "$@" | awk 'NR == 1 { low = high = $1 }
		$1 < low { low = $1 }
		$1 > high { high = $1 }
		END { print high - low }'
}

test_attempts_end_after_90_seconds() {
	local from last took intervals=()
	begin "$endpoint"
	datagrams 1
	from=$(now)
	hears 'initiation mac2=no' 1000
	last=$(now)
	while [ "$(peer next 20000)" = 'initiation mac2=no' ]; do
		took=$(since "$last")
		last=$(now)
		# It is heard of some time later, longer where the kernel is slow.
		between $((50 - KRELAY_SLOW))e-1 "$took" $((57 + KRELAY_SLOW))e-1
		intervals+=("$took")
	done
	between 17 ${#intervals[@]} 19
	# Or all who have lost a bridge would come back to it at the same moment.
	between 0.1 "$(spread "${intervals[@]}")" 2
	between 110 "$(since "$from")" 124
	hears nothing 200000
	# What waited is dropped. More to send is a reason to try again.
	is tx_staged "$(stat tx_staged)" 1
	datagrams 1
	hears 'initiation mac2=no' 1000
}

test_128_packets_wait_for_a_session() {
	local n
	begin "$endpoint"
	datagrams 200
	is tx_staged "$(stat tx_staged)" 72
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	# The oldest are given up.
	for n in $(seq 0 127); do
		hears "data 0 $n $((28 + 73 + n))" 1000
	done
	hears nothing 1000
}

# Nor do they fill its socket, which may have more to send elsewhere.
test_what_waits_does_not_block_its_sender() {
	begin "$endpoint"
	datagrams 1000
	is tx_staged "$(stat tx_staged)" 872
}

test_replayed_initiations() {
	begin
	session 0
	is "endpoint" "$(near_endpoint)" 192.0.2.2:51820
	pass 1
	told bind 40000
	told again
	told initiate age 100
	hears nothing 500
	is hs_replayed "$(stat hs_replayed)" 2
	is "endpoint" "$(near_endpoint)" 192.0.2.2:51820
	# A new one moves it, and so does data.
	told initiate
	hears 'response 1' 1000
	is "endpoint" "$(near_endpoint)" 192.0.2.2:40000
	told bind 40001
	told send 1 + empty
	pass 0.1
	is "endpoint" "$(near_endpoint)" 192.0.2.2:40001
	# What is not authentic does not.
	told bind 40002
	told send 1 0 empty
	told initiate nomac
	pass 0.1
	is rx_replay "$(stat rx_replay)" 1
	is hs_bad_mac1 "$(stat hs_bad_mac1)" 1
	is "endpoint" "$(near_endpoint)" 192.0.2.2:40001
}

test_points_of_low_order() {
	local n
	begin "$endpoint"
	for n in 0 1 2 3 4 5 6; do
		told initiate low $n
		hears nothing 100
	done
	is hs_invalid "$(stat hs_invalid)" 7
	datagrams 1
	hears 'initiation mac2=no' 1000
	for n in 0 1 2 3 4 5 6; do
		told respond low $n
		hears nothing 100
	done
	# An index that nobody waits for any more counts the same.
	is hs_invalid "$(stat hs_invalid)" 14
	is hs_response_received "$(stat hs_response_received)" 0
	# The genuine answer is taken after all.
	is "answer" "$(peer respond)" "session 0"
	hears 'data 0 0 29' 1000
}

test_replay_window() {
	begin
	session 0
	told send 0 0 10.9.0.2 10.9.0.1
	is "again" "$(got) $(stat rx_replay)" "0 1"
	told send 0 9000 10.9.0.2 10.9.0.1
	told send 0 873 10.9.0.2 10.9.0.1
	is "in the window" "$(got) $(stat rx_replay)" "2 1"
	told send 0 872 10.9.0.2 10.9.0.1
	told send 0 873 10.9.0.2 10.9.0.1
	told send 0 9000 10.9.0.2 10.9.0.1
	is "not in the window, or not new" "$(got) $(stat rx_replay)" "2 4"
	told send 0 8999 10.9.0.2 10.9.0.1
	told send 0 9001 10.9.0.2 10.9.0.1
	is "in the window" "$(got) $(stat rx_replay)" "4 4"
	# The last that a session may use, and the first that it may not.
	told send 0 0xffffffffffffdffe 10.9.0.2 10.9.0.1
	told send 0 0xffffffffffffdfff 10.9.0.2 10.9.0.1
	is "at the end" "$(got) $(stat rx_replay)" "5 5"
}

# An address of no netdev in particular, to which two uplinks lead.
test_peer_comes_by_another_uplink() {
	ip -n near address add 203.0.113.8/32 dev lo
	ip -n far address replace 203.0.113.9/32 dev lo
	ways 192.0.2.1 192.0.2.2
	near_address=203.0.113.8 begin
	told bind 51820 203.0.113.9
	session 0
	datagrams 1
	hears 'data 0 0 29' 1000
	in_far nft -f - <<-END
	table inet seen {
		counter same { }
		chain input {
			type filter hook input priority 0;
			iifname eth1 ip saddr 203.0.113.8 udp sport 51820 counter name same
		}
	}
	END
	ways 198.51.100.1 198.51.100.2
	told send 0 + empty
	pass 0.1
	datagrams 1
	hears 'data 0 1 29' 1000
	is "from where far sends to" "$(nft_counter list far inet seen same)" 1
	in_far nft delete table inet seen
	ip -n near address del 203.0.113.8/32 dev lo
	ip -n far address del 203.0.113.9/32 dev lo
	ip -n near route del 203.0.113.9
	ip -n far route del 203.0.113.8
}

# ways NEAR FAR: by which cable they reach each other's address.
ways() {
	ip -n near route replace 203.0.113.9 via "$2"
	ip -n far route replace 203.0.113.8 via "$1"
}

test_fwmark_chooses_the_way() {
	local from
	ip -n near route add 203.0.113.9 via 192.0.2.2
	ip -n near route add 203.0.113.9 via 198.51.100.2 table 33
	ip -n near rule add fwmark 0x33 table 33
	ip -n far address add 203.0.113.9/32 dev lo
	begin 'Endpoint = 203.0.113.9:51820'
	told bind 51820 203.0.113.9
	datagrams 1
	hears 'initiation mac2=no' 1000
	from=$(packets near eth1 tx)
	is "answer" "$(peer respond)" "session 0"
	datagrams 5
	pass 0.5
	is "sent by eth1 without a mark" $(($(packets near eth1 tx) - from)) 0

	interface='FwMark = 0x33' begin 'Endpoint = 203.0.113.9:51820'
	told bind 51820 203.0.113.9
	from=$(packets near eth1 tx)
	datagrams 1
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	datagrams 4
	pass 0.5
	is "sent by eth1 with a mark" $(($(packets near eth1 tx) - from)) 6
	ip -n near rule del fwmark 0x33 table 33
	ip -n near route del 203.0.113.9
}

# Of whom nobody answers for: that they leave is enough.
test_fwmark_chooses_the_way_in_ipv6() {
	ip -n near address add 2001:db8:8::8/128 dev lo
	ip -n near route add 2001:db8:9::9 via fe80::2 dev eth0
	ip -n near route add 2001:db8:9::9 via fe80::2 dev eth1 table 33
	ip -n near -6 rule add fwmark 0x33 table 33
	in_near nft -f - <<-END
	table ip6 ways {
		counter eth0 { }
		counter eth1 { }
		chain postrouting {
			type filter hook postrouting priority 0;
			ip6 daddr 2001:db8:9::9 udp dport 51820 counter name oifname map { "eth0" : "eth0", "eth1" : "eth1" }
		}
	}
	END
	begin 'Endpoint = [2001:db8:9::9]:51820'
	datagrams 1
	pass 0.1
	is "sent without a mark, by eth0 and eth1" "$(sent_by)" "1 0"
	interface='FwMark = 0x33' begin 'Endpoint = [2001:db8:9::9]:51820'
	datagrams 1
	pass 0.1
	is "sent with a mark, by eth0 and eth1" "$(sent_by)" "0 1"
	in_near nft delete table ip6 ways
	ip -n near -6 rule del fwmark 0x33 table 33
	ip -n near route del 2001:db8:9::9
	ip -n near address del 2001:db8:8::8/128 dev lo
}

sent_by() {
	echo "$(nft_counter list near ip6 ways eth0)" "$(nft_counter list near ip6 ways eth1)"
}

# The device goes elsewhere; where it was made, its socket stays.
test_device_in_another_namespace() {
	begin "$endpoint"
	ip -n near link set relay0 netns inner
	configure inner <<-END
	address add 10.9.0.1/24 dev relay0
	link set relay0 up
	END
	in_near ss -Hlun 'sport = :51820' | grep -q 51820
	is "sockets in inner" "$(in_inner ss -Hlun 'sport = :51820')" ""
	in_inner bash -c 'echo hello >/dev/udp/10.9.0.2/9001'
	hears 'initiation mac2=no' 1000
	is "answer" "$(peer respond)" "session 0"
	hears 'data 0 0 34' 1000
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in" "$(got inner) $(got near)" "1 0"
	in_inner relayctl down relay0
}

# As with `wg set`: an address belongs to one peer, the last that was given it.
test_allowed_ips_move_between_peers() {
	local key pub
	key=$(wg genkey)
	pub=$(wg pubkey <<<"$key")
	begin '[Peer]' "PublicKey = $pub" "PresharedKey = $(<$run/psk)" 'AllowedIPs = 10.9.7.0/24'
	session 0
	told key "$key"
	session 1
	in_near kr-setpeer relay0 "$pub" add 10.9.0.2/32
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in of the first" "$(got) $(stat rx_source)" "0 1"
	told send 1 + 10.9.0.2 10.9.0.1
	told send 1 + 10.9.7.5 10.9.0.1
	is "came in of the second" "$(got) $(stat rx_source)" "2 1"
	datagrams 1
	hears 'data 1 0 29' 1000
	in_near kr-setpeer relay0 "$pub" replace 10.9.7.0/25
	told send 1 + 10.9.0.2 10.9.0.1
	told send 1 + 10.9.7.200 10.9.0.1
	is "came in of the second" "$(got) $(stat rx_source)" "2 3"
	datagrams 1
	is tx_no_peer "$(stat tx_no_peer)" 1
}

test_removed_peer() {
	begin
	session 0
	datagrams 1
	hears 'data 0 0 29' 1000
	in_near kr-setpeer relay0 "$(<$run/far.pub)" remove
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in" "$(got) $(stat rx_no_session)" "0 1"
	datagrams 1
	is tx_no_peer "$(stat tx_no_peer)" 1
	told initiate
	hears nothing 1000
	is hs_invalid "$(stat hs_invalid)" 1
}

# By netlink, for relayctl gives a device its key when it makes it.
test_new_private_key() {
	local key
	key=$(wg genkey)
	begin "$endpoint"
	session 0
	in_near kr-setpeer relay0 device key "$(<$run/near.key)"
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in, with the same key" "$(got) $(stat rx_no_session)" "1 0"
	in_near kr-setpeer relay0 device key "$key"
	told send 0 + 10.9.0.2 10.9.0.1
	is "came in" "$(got) $(stat rx_no_session)" "1 1"
	told initiate
	hears nothing 500
	is hs_bad_mac1 "$(stat hs_bad_mac1)" 1
	told remote "$(wg pubkey <<<"$key")"
	session 1
	datagrams 1
	hears 'data 1 0 29' 1000
	# It begins them with that key, too.
	hears 'initiation mac2=no' 20000
	is "answer" "$(peer respond)" "session 2"
	hears 'data 2 0 0' 1000
}

# What there is goes on; who does not know the new one begins nothing.
test_new_preshared_key() {
	local psk
	psk=$(wg genpsk)
	begin
	session 0
	in_near kr-setpeer relay0 "$(<$run/far.pub)" psk "$psk"
	datagrams 1
	hears 'data 0 0 29' 1000
	pass 0.1
	told initiate
	hears 'invalid 2' 1000
	told psk "$psk"
	pass 0.1
	session 1
	datagrams 1
	hears 'data 1 0 29' 1000
}

test_nobody_is_its_own_peer() {
	begin
	fails in_near kr-setpeer relay0 "$(<$run/near.pub)" add 10.9.7.1/32
	fails in_near kr-setpeer relay0 device key "$(<$run/far.key)"
	session 0
}

test_many_peers() {
	local n said keys=() count=100
	mapfile -t keys < <(for n in $(seq $count); do wg genkey; done)
	begin "$(
		for n in $(seq $count); do
			printf '[Peer]\nName = peer%d\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = 10.8.%d.0/24\n' \
				"$n" "$(wg pubkey <<<"${keys[n - 1]}")" "$(<$run/psk)" "$n"
		done
	)"
	ip -n near route add 10.8.0.0/16 dev relay0
	for n in $(seq $count); do
		pass 0.1 # handshakes may not take more than their share of time
		told key "${keys[n - 1]}"
		told initiate
		hears "response $((n - 1))" 1000 response
		told send $((n - 1)) + 10.8."$n".1 10.9.0.1
		# Another's address.
		told send $((n - 1)) + 10.8.$((n % count + 1)).1 10.9.0.1
	done
	is "came in" "$(got)" $count
	is rx_source "$(stat rx_source)" $count
	# Until all have got their passive keepalives.
	pass 25
	until [ "$(peer next 100)" = nothing ]; do :; done
	for n in 1 77 $count; do
		datagrams 1 10.8."$n".1
		said=$(peer next 1000)
		[[ $said == "data $((n - 1)) "*' 29' ]] || { echo "$said"; false; }
	done
}

scenario what_cannot_be_sent_is_told what_has_no_way_was_not_sent \
	source_outside_of_allowed_ips \
	responder_sends_nothing_before_confirmation initiator_confirms_at_once three_sessions \
	unconfirmed_session_becomes_the_previous_one \
	session_ends_after_180_seconds keys_are_wiped_after_540_seconds \
	initiator_begins_anew_after_120_seconds initiator_that_only_receives \
	silence_for_15_seconds_asks_for_a_handshake passive_keepalive \
	shorter_keepalive_interval \
	attempts_end_after_90_seconds 128_packets_wait_for_a_session \
	what_waits_does_not_block_its_sender replayed_initiations points_of_low_order \
	replay_window fwmark_chooses_the_way fwmark_chooses_the_way_in_ipv6 \
	device_in_another_namespace allowed_ips_move_between_peers removed_peer \
	new_private_key new_preshared_key nobody_is_its_own_peer many_peers \
	peer_comes_by_another_uplink
