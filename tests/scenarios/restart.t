#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Devices, modules and namespaces come and go under traffic, and nothing is
# left behind.
vm='-c 2 -a slub_debug=FZPU'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/lifecycle.sh"
. "$lib/pktgen.sh"

setup() {
	topology_up && services_up || return
	file_make big 8M
	file_make some 1M
	relay_up
}

test_bridge_restarts_in_mid_download() {
	local pid
	[ "$KRELAY_SLOW" = 1 ] || skip "down fades out for a second, too short to be up again here"
	download slower/some &
	pid=$!
	mid_download
	end_down bridge
	fails ip -n bridge link show relay0 2>/dev/null
	end_up bridge
	kill -0 $pid
	wait $pid
}

test_forwards_are_set_in_mid_download() {
	local pid n=0
	download slow/big &
	pid=$!
	mid_download
	while kill -0 $pid 2>/dev/null; do
		in_bridge relayctl forward set relay0
		n=$((n + 1))
	done
	wait $pid
	# The last may have come too late.
	[ $n -gt 1 ]
}

is_down() {
	in_bridge relayctl show relay0 | grep -qx '  state: down'
}

# It fades out for a second, in which the signal has to come. A shell that is there already
# sees to it, for where a kernel is slow a program takes as long to start.
test_down_is_not_interrupted() {
	local pid said
	coproc in_bridge timeout $((60 * KRELAY_SLOW)) bash -c "$interrupts"
	# Bash closes its own when the shell has ended.
	exec 5<&"${COPROC[0]}"
	read -ru 5 said
	is "the shell" "$said" ready
	ip netns exec bridge relayctl down relay0 &
	pid=$!
	echo $pid >&"${COPROC[1]}"
	read -ru 5 said || said=late
	is "the signal" "$said" "in time"
	wait $pid
	fails ip -n bridge link show relay0 2>/dev/null
	end_up bridge
}

# Whoever is read, as soon as the link is down (IFF_UP is the lowest flag).
interrupts='echo ready
read -r pid
while read -r flags </sys/class/net/relay0/flags && ((flags & 1)); do
	:
done
kill $pid && [ -e /sys/class/net/relay0 ] && echo in time'

test_show_says_what_is_down() {
	fails is_down
	ip -n bridge link set relay0 down
	is_down
	in_bridge relayctl show relay0 -j | grep -q '"up": *false'
	ip -n bridge link set relay0 up
	fails is_down
	in_bridge relayctl show relay0 -j | grep -q '"up": *true'
}

test_down_and_up_under_traffic() {
	local n
	traffic
	for n in 1 2 3 4 5; do
		relay_down
		relay_up
		sleep 1
	done
	traffic_stop
	ask tcp $PUBLIC 7 x
	quiet_dmesg
}

test_module_unload_under_traffic() {
	local n
	traffic
	for n in 1 2 3; do
		rmmod krelay
		fails ip -n bridge link show relay0 2>/dev/null
		fails ip -n home link show relay0 2>/dev/null
		relay_up
		sleep 1
	done
	traffic_stop
	ask tcp $PUBLIC 7 x
	quiet_dmesg
}

# For who is away and has no session, whatever several processors have for him at once.
test_no_more_than_128_packets_wait() {
	local n count=$((40000 / KRELAY_SLOW))
	modprobe pktgen || skip "no pktgen here"
	end_down home
	end_down bridge
	end_up bridge
	for n in 0 1; do
		pktgen_words $n bridge ens3@$n $count $PUBLIC "udp_dst_min 7" "udp_dst_max 7" \
			"src_min $VISITOR" "src_max $VISITOR"
	done | pktgen_start bridge
	eventually 300 generated bridge ens3@0
	eventually 300 generated bridge ens3@1
	is "relayed" "$(relayed_packets)" $((2 * count))
	[ $((2 * count - $(counter bridge tx_staged))) -le 128 ]
	end_up home
	wait_handshake
}

test_namespace_removal_under_traffic() {
	ties_make bridge home
	traffic
	sleep 1
	topology_down
	traffic_stop
	eventually 60 no_tie_is_left
	quiet_dmesg
}

scenario bridge_restarts_in_mid_download forwards_are_set_in_mid_download \
	down_is_not_interrupted show_says_what_is_down down_and_up_under_traffic \
	module_unload_under_traffic no_more_than_128_packets_wait \
	namespace_removal_under_traffic nothing_is_left_after_unload
