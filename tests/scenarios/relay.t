#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The main job: what a visitor asks of the bridge is answered by home.
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/relaying.sh"

setup() {
	topology_up && services_up || return
	start bridge kr-echo serve 22 bridge
	start internet kr-echo serve 9 internet
	relay_up
}

test_bridge_does_not_need_ip_forward() {
	is ip_forward "$(in_bridge sysctl -n net.ipv4.ip_forward)" 0
	fetch http://$PUBLIC/ >/dev/null
	is ip_forward "$(in_bridge sysctl -n net.ipv4.ip_forward)" 0
}

test_two_visitors_on_one_port() {
	local one two
	one=$(ask udp $PUBLIC 7 one)
	two=$(in_visitor socat -T 3 - UDP:$PUBLIC:7,bind=$VISITOR2 <<<two)
	is "first" "${one%% *}" $VISITOR
	is "second" "${two%% *}" $VISITOR2
}

scenario page_from_container_with_visitors_address tcp_by_port udp_by_port \
	tcp_port_translation udp_port_translation two_visitors_on_one_port \
	homes_own_traffic_leaves_by_its_wan bridge_keeps_its_own_ssh_port \
	no_answer_on_a_port_that_is_not_forwarded \
	bridge_does_not_need_ip_forward 64_parallel_downloads
