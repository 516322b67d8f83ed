#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A million packets that are wrong in every way (KRELAY_PACKETS), best on a kernel
# that looks for bugs: each of them has to be accounted for.
vm='-t 1800'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/packets.sh"
. "$lib/lifecycle.sh"

KRELAY_PACKETS=${KRELAY_PACKETS:-1000000}

setup() {
	packets_setup
}

scenario from_visitors merged_from_visitors from_a_peer_to_the_bridge from_a_bridge_to_home \
	nothing_is_left_after_unload
