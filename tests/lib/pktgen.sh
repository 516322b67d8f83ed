# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a packet costs, on the clock that counts instructions (tests/vm/run -i):
# the kernel's packet generator hands packets to a netdev as if they came in there,
# each when the one before is done with.

# pktgen HOST NETDEV COUNT TO WORDS...: UDP packets of 64 bytes. WORDS are further
# commands of the generator, such as "src_min 198.51.100.2". Prints nanoseconds, or
# instructions, for each.
pktgen() {
	local host=$1 netdev=$2 count=$3 took
	{ echo "kpktgend_0 rem_device_all"; pktgen_words 0 "$@"; } | pktgen_start "$host" || return
	# "start" may return without a generator that has not begun within an eighth of a
	# second.
	took=$(eventually 300 generated "$host" "$netdev") || return
	awk -v took="$took" -v count="$count" 'BEGIN { printf "%.0f\n", 1000 * took / count }'
}

# pktgen_words PROCESSOR HOST NETDEV COUNT TO WORDS...: of which each makes as many.
pktgen_words() {
	local thread=kpktgend_$1 host=$2 netdev=$3 count=$4 to=$5
	shift 5
	echo "$thread add_device $netdev"
	printf "$netdev %s\n" "xmit_mode netif_receive" "count $count" "delay 0" \
		"pkt_size 64" "dst_min $to" "dst_max $to" \
		"dst_mac $(ip -n "$host" -br link show "${netdev%@*}" | awk '{ print $3 }')" \
		"udp_src_min 4000" "udp_src_max 4000" "$@"
}

# pktgen_start HOST: what pktgen_words has printed.
pktgen_start() {
	{ cat; echo "pgctrl start"; } | in_host "$1" bash -c 'while read -r file words; do
		echo "$words" >/proc/net/pktgen/$file || exit
	done'
}

# generated HOST NETDEV: in so many microseconds, when all is sent.
generated() {
	in_host "$1" sed -n 's/^Result: OK: \([0-9]*\)(.*/\1/p' "/proc/net/pktgen/$2" | grep .
}

# measured NAME VALUE: one more of that name.
measured() {
	echo "$2" >>"$run/measured.$1"
}

# median NAME: of what was measured. spread NAME: least, median and most.
median() {
	spread "$1" | cut -d' ' -f2
}

spread() {
	sort -n "$run/measured.$1" |
		awk '{ v[NR] = $1 } END { print v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# alike NAME OTHER: OTHER costs the same as NAME within 5 %.
alike() {
	echo "# $1: $(spread "$1"), $2: $(spread "$2")" >&3
	awk -v a="$(median "$1")" -v b="$(median "$2")" \
		'BEGIN { exit !(a > 0 && b <= a * 1.05 && b >= a * 0.95) }' ||
		{ echo "$2 costs $(median "$2"), $1 $(median "$1")"; return 1; }
}
