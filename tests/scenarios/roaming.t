#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Home's line changes below the tunnel: mappings age, addresses and ports move.
. "$(dirname "$0")/../lib/scenario.sh"

setup() {
	topology_up && services_up || return
	# A CGNAT that forgets an idle mapping after 30 s, as some do.
	in_cgnat sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30 \
		net.netfilter.nf_conntrack_udp_timeout_stream=30
	file_make some 1M
	relay_up
}

# cgnat_moves ADDRESS PORTS: another public address, other ports, no mapping.
cgnat_moves() {
	local old
	old=$(ip -n cgnat -4 -o address show dev wan0 | awk '{ print $4 }')
	ip -n cgnat -batch - <<-END
	address del $old dev wan0
	address add $1/24 dev wan0
	route replace default via 192.0.2.1
	END
	in_cgnat nft -f - <<-END
	flush chain ip nat postrouting
	add rule ip nat postrouting oifname wan0 meta l4proto { tcp, udp } masquerade to :$2
	END
	in_cgnat conntrack -F 2>/dev/null
}

test_idle_mapping_is_kept_alive() {
	ask udp $PUBLIC 7 before
	sleep 45
	ask udp $PUBLIC 7 after
	ask tcp $PUBLIC 7 after
}

test_address_and_port_change_in_mid_download() {
	local before pid
	before=$(endpoint bridge)
	download slower/some &
	pid=$!
	mid_download
	cgnat_moves 192.0.2.3 30000-39999
	kill -0 $pid # else it was not in mid-download
	eventually 20 has_moved
	[ "$(endpoint bridge)" != "$before" ]
	wait $pid
}

has_moved() {
	is "the bridge's view of home" "$(endpoint bridge | sed 's/:3....$/:port/')" 192.0.2.3:port
}

# What a new lease does: the address and every route by it go and come.
test_own_address_changes_in_mid_download() {
	local pid
	download slower/some &
	pid=$!
	mid_download
	ip -n home address flush dev eth0 scope global
	sleep 0.5
	ip -n home address add 100.64.0.7/24 dev eth0
	ip -n home route add default via 100.64.0.1
	kill -0 $pid
	wait $pid
}

test_idle_home_is_found_after_a_move() {
	cgnat_moves 192.0.2.4 40000-49999
	# The next keepalive tells the bridge, at the latest after 25 s.
	eventually 30 ask udp $PUBLIC 7 again
	is "the bridge's view of home" "$(endpoint bridge | sed 's/:4....$/:port/')" 192.0.2.4:port
}

scenario idle_mapping_is_kept_alive address_and_port_change_in_mid_download \
	own_address_changes_in_mid_download idle_home_is_found_after_a_move
