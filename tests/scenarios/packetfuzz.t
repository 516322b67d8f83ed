#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that are wrong in every way: each of them has to be accounted for. The
# same with a million of them is tests/debug/packets.t.
vm='-a slub_debug=FZPU'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/packets.sh"

setup() {
	packets_setup
}

scenario from_visitors merged_from_visitors from_a_peer_to_the_bridge from_a_bridge_to_home
