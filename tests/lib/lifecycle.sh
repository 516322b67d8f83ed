# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For files in which devices, modules and namespaces come and go under traffic.

# Traffic of every kind, until it is killed. Where a packet takes long, there are
# fewer, or nothing else would get its turn.
traffic() {
	local less=$((KRELAY_SLOW * KRELAY_SLOW))
	while :; do
		fetch -m 5 --limit-rate $((25000 / less))k -o /dev/null http://$PUBLIC/big
		ask tcp $PUBLIC 7 x
		ask udp $PUBLIC 7 x
	done >/dev/null 2>&1 &
	echo $! >>$run/traffic
	# Not by the function, whose shell would be killed instead. Paced: a flood
	# leaves an emulated CPU no time for the hooks that come and go.
	ip netns exec visitor perl -MSocket -e '
		socket(my $s, PF_INET, SOCK_DGRAM, 0);
		my $to = pack_sockaddr_in(7, inet_aton($ARGV[0]));
		while (1) { send($s, "x" x 1200, 0, $to); select(undef, undef, undef, 0.002 * $ARGV[1]) }
	' $PUBLIC $less >/dev/null 2>&1 &
	echo $! >>$run/traffic
}

traffic_stop() {
	# shellcheck disable=SC2046
	{ kill $(cat $run/traffic); wait $(cat $run/traffic); } 2>/dev/null || :
	rm -f $run/traffic
}

# ties_make HOST...: a cable from here to each. When the other end is gone, so is the
# namespace, with every device in it: something else that held it would have kept both.
ties_make() {
	local host
	for host; do
		ip link add tie-$host type veth peer name tie netns $host
	done
}

no_tie_is_left() {
	! ip -br link show type veth | grep -q '^tie-'
}

test_nothing_is_left_after_unload() {
	rmmod krelay
	is "own slab caches" "$(grep -c ^krelay /proc/slabinfo)" 0
	is "users of udp_tunnel" "$(awk '$1 == "udp_tunnel" && $4 ~ /krelay/' /proc/modules)" ""
	modprobe krelay
	rmmod krelay
	quiet_dmesg
}
