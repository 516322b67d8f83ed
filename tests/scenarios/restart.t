#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Devices, modules and namespaces come and go under traffic, and nothing is
# left behind.
vm='-a slub_debug=FZPU'
. "$(dirname "$0")/../lib/scenario.sh"

setup() {
	topology_up && services_up || return
	file_make big 8M
	relay_up
}

# Traffic of every kind, until it is killed.
traffic() {
	while :; do
		fetch -m 5 -o /dev/null http://$PUBLIC/big
		ask tcp $PUBLIC 7 x
		ask udp $PUBLIC 7 x
	done >/dev/null 2>&1 &
	echo $! >>$run/traffic
	# Not by the function, whose shell would be killed instead. Paced: a flood
	# leaves an emulated CPU no time for the hooks that come and go.
	ip netns exec visitor perl -MSocket -e '
		socket(my $s, PF_INET, SOCK_DGRAM, 0);
		my $to = pack_sockaddr_in(7, inet_aton($ARGV[0]));
		while (1) { send($s, "x" x 1200, 0, $to); select(undef, undef, undef, 0.002) }
	' $PUBLIC >/dev/null 2>&1 &
	echo $! >>$run/traffic
}

traffic_stop() {
	# shellcheck disable=SC2046
	{ kill $(cat $run/traffic); wait $(cat $run/traffic); } 2>/dev/null || :
	rm -f $run/traffic
}

quiet_dmesg() {
	# An emulated CPU is slow now and then, which is no complaint.
	is "what the kernel said" \
		"$(dmesg -l emerg,alert,crit,err,warn | grep -v 'hrtimer: interrupt took')" ""
}

test_bridge_restarts_in_mid_download() {
	local pid
	[ "$KRELAY_SLOW" = 1 ] || skip "down fades out for a second, too short to be up again here"
	download slow/big &
	pid=$!
	mid_download
	end_down bridge
	fails ip -n bridge link show relay0 2>/dev/null
	end_up bridge
	kill -0 $pid
	wait $pid
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

test_namespace_removal_under_traffic() {
	traffic
	sleep 1
	# What holds on to the namespace below would keep it, and its device.
	topology_down
	traffic_stop
	eventually 20 no_device_is_left
	quiet_dmesg
}

# Devices of a namespace that is gone are only seen in what the module holds.
no_device_is_left() {
	[ "$(awk '$1 == "krelay" { print $3 }' /proc/modules)" = 0 ]
}

test_nothing_is_left_after_unload() {
	rmmod krelay
	is "own slab caches" "$(grep -c ^krelay /proc/slabinfo)" 0
	is "users of udp_tunnel" "$(awk '$1 == "udp_tunnel" && $4 ~ /krelay/' /proc/modules)" ""
	modprobe krelay
	rmmod krelay
	quiet_dmesg
}

scenario bridge_restarts_in_mid_download down_and_up_under_traffic \
	module_unload_under_traffic namespace_removal_under_traffic nothing_is_left_after_unload
