#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing on either host changes but the device and its addresses.
. "$(dirname "$0")/../lib/scenario.sh"

setup() {
	topology_up && services_up || return
	start bridge kr-echo serve 22 bridge
	# conntrack's sysctls come with the module; home has it, as a host with
	# containers does, and a namespace cannot be without what its kernel has.
	footprint_save bridge
	footprint_save home
	relay_up
}

some_traffic() {
	fetch http://$PUBLIC/ >/dev/null
	ask udp $PUBLIC 7 x >/dev/null
	ask tcp $PUBLIC 22022 x >/dev/null
}

# What says "nothing has changed" has to see when something has.
test_a_change_is_seen() {
	in_bridge sysctl -qw net.ipv4.ip_forward=1
	fails footprint_changes bridge >$run/changes
	in_bridge sysctl -qw net.ipv4.ip_forward=0
	grep -q '^> net.ipv4.ip_forward = 1' $run/changes
	ip -n home rule add fwmark 0x77 table 77
	fails footprint_changes home >$run/changes
	ip -n home rule del fwmark 0x77 table 77
	grep -q 0x77 $run/changes
}

test_bridge_is_as_it_was_while_up() {
	some_traffic
	is "changes" "$(footprint_changes bridge)" ""
}

test_home_is_as_it_was_while_up() {
	some_traffic
	is "changes" "$(footprint_changes home)" ""
}

test_the_route_to_visitors_is_homes_own() {
	is "the way to the visitor" "$(ip -n home route get $VISITOR | awk '{ print $5; exit }')" eth0
}

test_no_conntrack_entry_on_the_bridge() {
	some_traffic
	# conntrack is at work there, so that this says something.
	ask tcp $PUBLIC 22 x
	in_bridge conntrack -L 2>/dev/null | grep -q "src=$VISITOR"
	is "entries" "$(relayed_entries)" ""
}

test_nothing_is_left_after_down() {
	relay_down
	is "changes on the bridge" "$(footprint bridge | diff $run/bridge.footprint -)" ""
	is "changes at home" "$(footprint home | diff $run/home.footprint -)" ""
	fails ip -n bridge link show relay0
	fails ip -n home link show relay0
}

scenario a_change_is_seen bridge_is_as_it_was_while_up home_is_as_it_was_while_up \
	the_route_to_visitors_is_homes_own no_conntrack_entry_on_the_bridge \
	nothing_is_left_after_down
