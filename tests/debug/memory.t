#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What do commands do when memory is short? Each allocation for each of them fails
# once. This takes a kernel that lets them fail, such as that of tests/debug-kernel.
. "$(dirname "$0")/../lib/scenario.sh"

faults=/sys/kernel/debug

setup() {
	local netdev kind
	[ -e /proc/self/fail-nth ] || return 0
	mkdir -p $run
	modprobe krelay && ip netns add memory || return
	for netdev in pub0 pub1 pub2; do
		ip -n memory link add $netdev type dummy || return
	done
	# What may sleep, too, and single pages; no word about each, which looks
	# like a complaint.
	for kind in failslab fail_page_alloc; do
		echo 0 >$faults/$kind/verbose
		echo N >$faults/$kind/ignore-gfp-wait
	done
	echo 0 >$faults/fail_page_alloc/min-order
}

# commands_fail NAME...: each allocation for these commands. Says how many there were.
commands_fail() {
	local status=0
	[ -e /proc/self/fail-nth ] || skip "this kernel lets no allocation fail"
	in_host memory kr-failnth "$@" >$run/failnth || status=1
	sed 's/^/# /' $run/failnth >&3
	return $status
}

test_reading() {
	commands_fail device-get peer-get forward-get catch-all-get sources-get
}

test_devices() {
	commands_fail device-set device-set-fewer
}

test_peers() {
	commands_fail peer-add peer-set peer-del
}

test_bridges() {
	commands_fail peer-add-bridge peer-add-second-bridge peer-set-bridge \
		peer-set-no-bridge
}

test_forwards() {
	commands_fail forward-set forward-add forward-del
}

# With a list of sources, limits and what it leaves to the host.
test_catch_all() {
	commands_fail catch-all-set catch-all-add catch-all-del
}

test_links() {
	commands_fail link-add link-del link-del-full link-up link-down
}

scenario reading devices peers bridges forwards catch_all links
