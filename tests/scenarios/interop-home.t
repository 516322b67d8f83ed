#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own WireGuard at home, with the recipe's CONNMARK and ip rule;
# the bridge is krelay, and responder.
export KRELAY_HOME=wireguard
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/relaying.sh"

setup() {
	topology_up || return
	# The recipe loses what a UDP server bound to 0.0.0.0 answers, so here it
	# is bound to the tunnel's address.
	KRELAY_ECHO_BIND=$HOME_TUN services_up || return
	start bridge kr-echo serve 22 bridge
	file_make some 1M
	relay_up
}

# The module is the bridge's alone here, so it can be taken from below a
# running home: what the bridge knew is gone, and home does not notice.
test_bridge_module_reload_in_mid_download() {
	local pid
	download slower/some &
	pid=$!
	mid_download
	rmmod krelay
	modprobe krelay
	end_up bridge
	kill -0 $pid
	wait $pid
}

scenario page_from_container_with_visitors_address tcp_by_port udp_by_port \
	tcp_port_translation udp_port_translation 64_parallel_downloads \
	bridge_keeps_its_own_ssh_port sessions_are_renewed bridge_module_reload_in_mid_download
