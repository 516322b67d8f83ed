#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own WireGuard as bridge, with the recipe's iptables rules; home
# is krelay, and initiator.
export KRELAY_BRIDGE=wireguard
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/relaying.sh"

setup() {
	topology_up && services_up || return
	start bridge kr-echo serve 22 bridge
	start internet kr-echo serve 9 internet
	relay_up
}

scenario page_from_container_with_visitors_address tcp_by_port udp_by_port \
	tcp_port_translation udp_port_translation 64_parallel_downloads \
	homes_own_traffic_leaves_by_its_wan bridge_keeps_its_own_ssh_port \
	sessions_are_renewed
