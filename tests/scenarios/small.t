#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The smallest VPS: 512 MiB and one processor.
vm='-m 512 -c 1'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/relaying.sh"

free_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

test_16_parallel_downloads() {
	parallel_downloads 16
}

# The mean of many, for memory comes in pages and per-CPU chunks.
test_idle_device_costs_less_than_1_mib() {
	local n before after each
	[ "$KRELAY_SLOW" = 1 ] || skip "a debug kernel's own records of memory would be measured"
	before=$(free_kib)
	for n in $(seq 32); do
		echo "link add idle$n type krelay"
		echo "link set idle$n up"
	done | ip -n lan -batch -
	sleep 1
	after=$(free_kib)
	each=$(((before - after) / 32))
	echo "an idle device costs $each KiB"
	for n in $(seq 32); do
		echo "link del idle$n"
	done | ip -n lan -batch -
	[ $each -lt 1024 ]
}

scenario page_from_container_with_visitors_address 16_parallel_downloads \
	idle_device_costs_less_than_1_mib
