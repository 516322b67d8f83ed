#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The main job: what a visitor asks of the bridge is answered by home.
vm='-c 2'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/relaying.sh"

setup() {
	topology_up && services_up || return
	start bridge kr-echo serve 22 bridge
	start internet kr-echo serve 9 internet
	relay_up
}

# A segment out of its window, which conntrack at home calls invalid: NAT does not lead
# it on to the container, and home itself would answer by a reset.
test_invalid_segment_ends_no_download() {
	local pid before seq end
	file_make half $((512 * KRELAY_SLOW))K
	download slower/half --local-port 4567 &
	pid=$!
	mid_download
	before=$(counter home home_invalid)
	read -r seq end < <(numbers)
	# Of data that was never sent. What is only old may be a late one.
	in_visitor kr-inject - <<<"$VISITOR $PUBLIC tcp 4567 80 16 $seq $(((end + (1 << 30)) % (1 << 32)))"
	eventually 10 counted_since "$before"
	wait $pid
}

# numbers: what the visitor sends next, and has been sent, by a segment to his port 4567.
numbers() {
	in_visitor timeout $((20 * KRELAY_SLOW)) tcpdump -lnSc 1 -i eth0 \
		"tcp dst port 4567 and greater 200" 2>/dev/null |
		sed -nE 's/.* seq [0-9]+:([0-9]+), ack ([0-9]+),.*/\2 \1/p'
}

counted_since() {
	[ "$(counter home home_invalid)" -gt "${1:-0}" ]
}

test_bridge_does_not_need_ip_forward() {
	is ip_forward "$(in_bridge sysctl -n net.ipv4.ip_forward)" 0
	fetch http://$PUBLIC/ >/dev/null
	is ip_forward "$(in_bridge sysctl -n net.ipv4.ip_forward)" 0
}

test_two_visitors_on_one_port() {
	local one two
	one=$(ask udp $PUBLIC 7 one)
	two=$(in_visitor socat -t 3 -T 3 - UDP:$PUBLIC:7,bind=$VISITOR2 <<<two)
	is "first" "${one%% *}" $VISITOR
	is "second" "${two%% *}" $VISITOR2
}

# Pieces of a packet but the first have no ports.
test_udp_larger_than_any_mtu() {
	local n=9000
	is "bytes in the answer" "$(ask udp $PUBLIC 7 "$(head -c $n /dev/zero | tr '\0' a)" |
		cut -d' ' -f4- | tr -d '\n' | wc -c)" $n
}

# What was damaged before the bridge reaches nobody, for the tunnel vouches for itself alone.
test_damaged_datagrams_arrive_nowhere() {
	local before
	in_home nft -f - <<-END
	table inet answers {
		counter sent { }
		chain out {
			type filter hook output priority 0;
			udp sport 7 counter name sent
		}
	}
	END
	ask udp $PUBLIC 7 x
	is "answers to good ones" "$(nft_counter list home inet answers sent)" 1
	before=$(relayed_packets)
	in_internet tc qdisc add dev bridge0 clsact
	in_internet tc filter add dev bridge0 egress protocol ip u32 match ip protocol 17 0xff \
		match ip dport 7 0xffff action csum udp pipe \
		action pedit munge offset 40 u8 set 0x21
	in_visitor bash -c "for n in {1..20}; do echo some longer text >/dev/udp/$PUBLIC/7; done"
	eventually 20 have_come $((before + 20))
	in_internet tc qdisc del dev bridge0 clsact
	sleep 1
	is "answers to all" "$(nft_counter list home inet answers sent)" 1
	in_home nft delete table inet answers
}

have_come() {
	[ "$(relayed_packets)" = "$1" ]
}

# A packet that must not be cut and does not fit is answered, not swallowed.
test_too_big_is_told_to_the_visitor() {
	ip -n visitor route flush cache
	in_visitor socat -b 1440 -u - UDP:$PUBLIC:7,ip-mtu-discover=2 <<<"$(head -c 1430 /dev/zero | tr '\0' a)"
	eventually 20 mtu_is 1420
}

mtu_is() {
	ip -n visitor route get $PUBLIC | grep -q "mtu $1"
}

# Docker has Ethernet bridges pass their packets through netfilter.
test_container_where_br_netfilter_is() {
	modprobe br_netfilter
	in_home sysctl -qw net.bridge.bridge-nf-call-iptables=1
	: >$run/access.log
	fetch http://$PUBLIC/ | cmp - $run/www/index.html
	eventually 10 logged $VISITOR
}

test_monitor_tells_what_happens() {
	local out=$run/monitor
	ip netns exec bridge relayctl monitor >>$out &
	local pid=$!
	# It has told when it listens: nothing is lost from here on.
	eventually 10 is_listening
	in_home relayctl down relay0
	in_home relayctl up relay0
	wait_handshake
	in_bridge relayctl forward add relay0 home tcp/2000
	in_bridge relayctl forward del relay0 tcp/2000
	eventually 10 grep -q 'forwards changed' $out
	grep -q 'endpoint changed: home at 192.0.2.2:' $out
	grep -q 'handshake: home at 192.0.2.2:' $out
	# It hears a module that was loaded again, too.
	rmmod krelay
	>$out
	relay_up
	eventually 10 grep -q 'handshake: home at 192.0.2.2:' $out
	kill $pid
}

is_listening() {
	# The only generic netlink socket of that host with a group.
	in_bridge awk '$2 == 16 && $4 != "00000000" { found = 1 } END { exit !found }' /proc/net/netlink
}

test_forwards_of_two_devices_do_not_overlap() {
	local at=/etc/netns/bridge/krelay/relay1.conf said
	(
		umask 077
		cat >$at <<-END
		[Interface]
		PrivateKey = $(wg genkey)
		Public = ens3

		[Peer]
		PublicKey = $(wg genkey | wg pubkey)
		AllowedIPs = 10.67.0.2/32
		Forward = tcp/9000
		Forward = tcp/79-81 on $PUBLIC
		END
	)
	said=$(fails in_bridge relayctl up relay1 2>&1)
	grep -q 'relay1.conf:9: .*overlaps with one of relay0' <<<"$said"
	fails ip -n bridge link show relay1 2>/dev/null
}

scenario page_from_container_with_visitors_address tcp_by_port udp_by_port \
	tcp_port_translation udp_port_translation two_visitors_on_one_port \
	homes_own_traffic_leaves_by_its_wan bridge_keeps_its_own_ssh_port \
	no_answer_on_a_port_that_is_not_forwarded \
	bridge_does_not_need_ip_forward udp_larger_than_any_mtu \
	damaged_datagrams_arrive_nowhere too_big_is_told_to_the_visitor container_where_br_netfilter_is \
	monitor_tells_what_happens forwards_of_two_devices_do_not_overlap \
	invalid_segment_ends_no_download 64_parallel_downloads
