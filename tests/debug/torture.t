#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All that an administrator may do to a relay at work, at random and all at once:
# then it has to work again, and to leave nothing behind. The seed is printed;
# KRELAY_SEED=N repeats it. KRELAY_TORTURE is for how many seconds.
# What may be told to fail (A) is the memory of packets, not that of the kernel's
# own bug hunters, who give up without any.
vm='-c 2 -a slub_debug=FZPU;FZPUA,skbuff_head_cache,skbuff_fclone_cache,kmalloc-*'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/lifecycle.sh"

faults=/sys/kernel/debug/failslab

setup() {
	topology_up && services_up || return
	file_make big 8M
	file_make half 512K
	# Where devices are moved to, and where some have their sockets.
	ip netns add elsewhere-bridge && ip netns add elsewhere-home && passing_make || return
	relay_up
}

# With a route to where the peers of kr-torture are said to be.
passing_make() {
	ip netns add passing && ip -n passing link add wan0 type dummy &&
		ip -n passing link set wan0 up && ip -n passing address add 203.0.113.9/24 dev wan0
}

# below N: a random number in $below. Not printed: a subshell would have its own.
below() {
	below=$((RANDOM % $1))
}

# Most of what follows may find nothing to act upon, since all happens at once.
try() {
	"$@" >/dev/null 2>&1 || :
}

# hosts_random: one of the two ends in $host, its outer netdev in $outer.
hosts_random() {
	below 2
	if [ $below = 0 ]; then
		host=bridge outer=ens3
	else
		host=home outer=eth0
	fi
}

# A netdev that was down or lost its address has lost its routes, too.
outer_restore() {
	if [ $host = bridge ]; then
		try ip -n bridge address add $PUBLIC/24 dev ens3
		try ip -n bridge address add 2001:db8:113::1/64 dev ens3 nodad
		try ip -n bridge route replace default via 203.0.113.254
		try ip -n bridge -6 route replace default via 2001:db8:113::fe
	else
		try ip -n home address add $HOME_WAN/24 dev eth0
		try ip -n home address add 2001:db8:64::2/64 dev eth0 nodad
		try ip -n home route replace default via 100.64.0.1
		try ip -n home -6 route replace default via 2001:db8:64::1
	fi
}

step_down_up() {
	try end_down $host
	try end_up $host
}

step_link_down_up() {
	try ip -n $host link set relay0 down
	try ip -n $host link set relay0 up
}

step_mtu() {
	below 1400
	try ip -n $host link set relay0 mtu $((100 + below))
	below 1400
	try ip -n $host link set $outer mtu $((1280 + below / 7))
	try ip -n $host link set relay0 mtu 1420
	try ip -n $host link set $outer mtu 1500
}

step_outer_down_up() {
	try ip -n $host link set $outer down
	sleep 0.2
	try ip -n $host link set $outer up
	outer_restore
}

step_outer_gone() {
	try ip -n $host link del $outer
	sleep 0.2
	if [ $host = bridge ]; then
		try ip link add ens3 netns bridge type veth peer name bridge0 netns internet
		try ip -n internet link set bridge0 up
		try ip -n internet address add 203.0.113.254/24 dev bridge0
		try ip -n internet address add 2001:db8:113::fe/64 dev bridge0 nodad
	else
		try ip link add eth0 netns home type veth peer name home0 netns cgnat
		try ip -n cgnat link set home0 up
		try ip -n cgnat address add 100.64.0.1/24 dev home0
		try ip -n cgnat address add 2001:db8:64::1/64 dev home0 nodad
	fi
	try ip -n $host link set $outer up
	outer_restore
}

step_outer_renamed() {
	try ip -n $host link set $outer down
	try ip -n $host link set $outer name other0
	try ip -n $host link set other0 up
	sleep 0.1
	try ip -n $host link set other0 down
	try ip -n $host link set other0 name $outer
	try ip -n $host link set $outer up
	outer_restore
}

# The peer is there, too, so that a session begins and ends meanwhile.
step_private_key() {
	local key
	key=$(wg genkey)
	try in_$host kr-setpeer relay0 device key "$key"
	sleep 0.2
	try in_$host kr-setpeer relay0 device key "$(<$run/$host.key)"
}

# peer_of HOST: the other end's public key.
peer_of() {
	if [ $1 = bridge ]; then
		cat $run/home.pub
	else
		cat $run/bridge.pub
	fi
}

# At both ends, or nothing begins until the next one.
step_preshared_key() {
	local psk at
	psk=$(wg genpsk)
	for at in bridge home; do
		try in_$at kr-setpeer relay0 "$(peer_of $at)" psk "$psk"
	done
	sleep 0.5
}

# The peer of the other end, with what is under way to it.
step_peer_gone() {
	try in_$host kr-setpeer relay0 "$(peer_of $host)" remove
	sleep 0.2
	step_down_up
}

step_addresses() {
	try ip -n $host address flush dev $outer
	try ip -n $host address flush dev relay0
	sleep 0.1
	outer_restore
	if [ $host = bridge ]; then
		try ip -n bridge address add $BRIDGE_TUN/24 dev relay0
	else
		try ip -n home address add $HOME_TUN/24 dev relay0
	fi
}

step_moved() {
	local there=elsewhere-$host
	try ip -n $host link set relay0 netns $there
	try ip -n $there link set relay0 up
	sleep 0.1
	below 2
	if [ $below = 0 ]; then
		try ip -n $there link set relay0 netns $host
		try ip -n $host link set relay0 up
	else
		try ip netns del $there
		try ip netns add $there
	fi
}

step_deleted() {
	try ip -n $host link del relay0
}

step_noise_gone() {
	try ip -n $host link del noise0
	try ip -n $host link add noise0 type krelay
}

step_public_gone() {
	try ip -n $host link del pub0
	try ip -n $host link add pub0 type dummy
}

# The namespace of its socket goes before the device does.
step_socket_namespace_gone() {
	try ip -n passing link add noise1 type krelay
	try ip -n passing link set noise1 up
	try ip -n passing link set noise1 netns $host
	try ip -n $host link set noise1 up
	try timeout 1 ip netns exec $host kr-torture noise1 $n
	try ip netns del passing
	try passing_make
	try ip -n $host link set noise1 up
	below 2
	[ $below = 0 ] || try ip -n $host link del noise1
}

step_module() {
	try rmmod krelay
	try modprobe krelay
}

STEPS='down_up link_down_up mtu outer_down_up outer_gone outer_renamed private_key
	preshared_key peer_gone addresses moved deleted noise_gone public_gone
	socket_namespace_gone module'

# Random commands to devices at work and to some that only stand there.
commands() {
	local at
	for at in bridge home; do
		host=$at
		step_noise_gone
		step_public_gone
		try ip -n $at link add pub1 type dummy
		ip netns exec $at kr-torture relay0 $((seed + 1)) some >>$run/torture.log 2>&1 &
		echo $! >>$run/commands
		ip netns exec $at kr-torture noise0 $((seed + 2)) >>$run/torture.log 2>&1 &
		echo $! >>$run/commands
	done
}

# They go on to the end, unless the kernel has given them an answer that is none.
commands_stop() {
	local pid status=0
	for pid in $(cat $run/commands); do
		kill $pid || status=1
	done
	# shellcheck disable=SC2046
	wait $(cat $run/commands) 2>/dev/null || :
	cat $run/torture.log
	return $status
}

test_everything_at_random() {
	local end step host outer n=0
	# shellcheck disable=SC2206
	local steps=($STEPS)
	seed=${KRELAY_SEED:-$RANDOM}
	echo "# KRELAY_SEED=$seed" >&3
	RANDOM=$seed
	traffic
	commands
	end=$((SECONDS + ${KRELAY_TORTURE:-30} * KRELAY_SLOW))
	while [ $SECONDS -lt $end ]; do
		hosts_random
		below ${#steps[@]}
		step=${steps[below]}
		n=$((n + 1))
		echo "$n: $step, $host"
		"step_$step"
		# What was taken away is put back now and then.
		below 3
		[ $below != 0 ] || try end_up $host
	done
	echo "# $n steps" >&3
	commands_stop
	traffic_stop
}

# Whatever has become of it.
test_it_works_again() {
	local host outer
	for host in bridge home; do
		try ip -n $host link del relay0
		try ip -n $host link del noise0
		try ip -n $host link del noise1
		ip netns del elsewhere-$host
	done
	host=bridge outer=ens3
	step_outer_gone
	host=home outer=eth0
	step_outer_gone
	eventually 20 neighbours
	# A port is free again when the last device is gone that had it.
	eventually 20 end_up bridge
	eventually 20 end_up home
	wait_handshake
	eventually 20 ask tcp $PUBLIC 7 x
	ask udp $PUBLIC 7 x
	download half
}

# allocations_fail PERCENT: of those that cannot wait for memory.
allocations_fail() {
	[ -e $faults ] || skip "this kernel lets no allocation fail"
	echo 0 >$faults/verbose
	echo Y >$faults/ignore-gfp-wait
	echo Y >$faults/cache-filter
	echo 1000000 >$faults/times
	echo "$1" >$faults/probability
}

# Prints how many have failed.
allocations_succeed() {
	echo 0 >$faults/probability
	echo $((1000000 - $(cat $faults/times)))
}

# Packets are lost, and nothing else is.
test_memory_is_short_under_traffic() {
	local end host name counted=0
	allocations_fail 3
	traffic
	end=$((SECONDS + 15 * KRELAY_SLOW))
	while [ $SECONDS -lt $end ]; do
		sleep $((2 * KRELAY_SLOW))
		# A session begins, too. What fails may be the link itself.
		try end_down home
		until end_up home; do try end_down home; done
	done
	echo "# $(allocations_succeed) allocations failed" >&3
	traffic_stop
	for host in bridge home; do
		for name in rx_no_memory tx_no_memory bridge_no_memory; do
			echo "$host: $name $(counter $host $name)" | tee -a /dev/fd/3
			counted=$((counted + $(counter $host $name)))
		done
	done
	[ $counted -gt 0 ]
	eventually 20 ask tcp $PUBLIC 7 x
	ask udp $PUBLIC 7 x
	download half
	quiet_dmesg
}

test_a_lost_keepalive_is_not_the_last() {
	local before
	home_config 'PersistentKeepalive = 1' >/etc/netns/home/krelay/relay0.conf
	end_down home
	end_up home
	wait_handshake
	allocations_fail 100
	sleep $((3 * KRELAY_SLOW))
	[ "$(allocations_succeed)" -gt 0 ]
	before=$(counter bridge rx_keepalive)
	eventually 20 keepalives_since "$before"
	configs_write
}

keepalives_since() {
	[ "$(counter bridge rx_keepalive)" -gt $(($1 + 3)) ]
}

test_namespaces_go_under_traffic() {
	ties_make bridge home passing
	traffic
	sleep 1
	topology_down
	ip netns del passing
	traffic_stop
	eventually 20 no_tie_is_left
}

scenario everything_at_random it_works_again memory_is_short_under_traffic \
	a_lost_keepalive_is_not_the_last namespaces_go_under_traffic nothing_is_left_after_unload
