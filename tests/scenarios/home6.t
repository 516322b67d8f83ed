#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Home with visitors who have IPv6, through the kernel's own WireGuard as bridge.
export KRELAY_BRIDGE=wireguard
FORWARDS='tcp/80 tcp/7 tcp/8 udp/7 tcp/22022->22 udp/5000->5001 udp/5002 udp/5003 udp/5004'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/home.sh"

setup() {
	topology_up && services_up || return
	start home kr-echo serve 5002 home $HOME_TUN6
	start home kr-echo connect 5003 home any
	start home kr-echo serve 5004 home any
	start internet kr-echo serve 9 internet ::
	relay_up
}

test_page_from_container_with_visitors_address() {
	: >$run/access.log
	fetch "http://[$PUBLIC6]/" | cmp - $run/www/index.html
	eventually 10 logged $VISITOR6
}

test_tcp_by_port() {
	is "the service's view" "$(ask6 tcp 7 hello | cut -d' ' -f1,3-)" "$VISITOR6 home: hello"
	is "with another port" "$(ask6 tcp 22022 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
}

test_udp_server_bound_to_all() {
	is "the service's view" "$(ask6 udp 7 hello | cut -d' ' -f1,3-)" "$VISITOR6 home: hello"
	is "with another port" "$(ask6 udp 5000 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
	# Not as connections of their own, which would be the WAN address's.
	is "connections of the WAN address" "$(in_home conntrack -L -f ipv6 -p udp -s $HOME_WAN6 2>/dev/null |
		grep -c "dst=$VISITOR6")" 0
}

test_udp_server_bound_to_the_tunnel_address() {
	is "the service's view" "$(ask6 udp 5002 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
}

# connect() alone writes down the WAN's address, which nobody has asked for.
test_udp_server_that_connects() {
	is "IPv6" "$(ask6 udp 5003 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
	is "IPv4" "$(ask udp $PUBLIC 5003 x | cut -d' ' -f1,3-)" "::ffff:$VISITOR home: x"
}

test_udp_server_of_both_families() {
	is "IPv6" "$(ask6 udp 5004 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
	is "IPv4" "$(ask udp $PUBLIC 5004 x | cut -d' ' -f1,3-)" "::ffff:$VISITOR home: x"
}

# The first one is told the tunnel's MTU by the bridge, for no router cuts IPv6.
test_udp_larger_than_any_mtu() {
	eventually 20 big_answer
}

big_answer() {
	local n=9000
	is "bytes in the answer" "$(ask6 udp 7 "$(head -c $n /dev/zero | tr '\0' a)" |
		cut -d' ' -f4- | tr -d '\n' | wc -c)" $n
}

test_ping() {
	in_bridge ping -qc 1 -W 5 $HOME_TUN6
	ip -n bridge address add $ELSEWHERE6 dev lo
	in_bridge ping -qc 2 -i 0.2 -W 5 -I $ELSEWHERE6 $HOME_TUN6
	in_bridge ping -qc 1 -W 5 -s 3000 -I $ELSEWHERE6 $HOME_TUN6
}

test_downloads() {
	local pids= n status=0
	file_make half 512K
	for n in 1 2 3 4; do
		download6 half &
		pids="$pids $!"
	done
	for n in $pids; do
		wait "$n" || status=1
	done
	return $status
}

# One neighbour stands for all visitors: their number fills no table.
test_visitors_are_no_neighbours() {
	local n
	ip -n bridge route add local 2001:db8:99::/64 dev lo
	for n in $(seq 30); do
		echo "2001:db8:99::$n $HOME_TUN6 icmp 128 0 00010001"
	done >$run/packets
	in_bridge wg set relay0 peer "$(cat $run/home.pub)" allowed-ips 0.0.0.0/0,::/0
	in_bridge nstat -n
	in_bridge kr-inject relay0 <$run/packets
	eventually 20 replies_came 30
	is "neighbours" "$(ip -n home -6 neigh show nud all dev relay0 | grep -c '^2001:')" 0
}

replies_came() {
	[ "$(in_bridge nstat -s Icmp6InEchoReplies | awk '$1 == "Icmp6InEchoReplies" { print $2 }')" -ge "$1" ]
}

test_container_where_br_netfilter_is() {
	with_br_netfilter test_page_from_container_with_visitors_address
	with_br_netfilter test_downloads
}

# What does not fit is refused while it still names the container.
test_container_is_told_what_is_too_big() {
	local before
	before=$(counter home home_too_big)
	ip -n container -6 route flush cache
	# Whoever knows the way's MTU asks for no more than that.
	ip -n visitor -6 route flush cache
	# As a bridge that does not see to the MSS: the page has several segments.
	in_bridge ip6tables -t mangle -F
	file_make some 20K
	download6 some
	in_bridge ip6tables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN \
		-j TCPMSS --clamp-mss-to-pmtu
	[ "$(counter home home_too_big)" -gt "$before" ]
	ip -n container -6 route get $VISITOR6 | grep -q 'mtu 1420'
	ip -n container -6 route flush cache
}

# An MTU below what IPv6 needs takes it off the netdev, and one above brings it back.
test_mtu_goes_below_1280_and_comes_back() {
	ip -n home link set relay0 mtu 1200
	fails ask6 tcp 7 x
	is "IPv4" "$(ask tcp $PUBLIC 7 x | cut -d' ' -f1,3-)" "$VISITOR home: x"
	ip -n home link set relay0 mtu 1420
	ip -n home address add $HOME_TUN6/64 dev relay0 nodad
	serves
}

test_link_goes_down_and_comes_back() {
	ip -n home link set relay0 down
	ip -n home link set relay0 up
	ip -n home address add $HOME_TUN6/64 dev relay0 nodad
	wait_handshake
	serves
}

test_homes_own_traffic_leaves_by_its_wan() {
	# Not all that is in the tunnel: keepalives and late segments are, too.
	hook=postrouting priority=300 watch home own 'oifname "relay0" ip6 daddr 2001:db8:2::/64'
	is "TCP" "$(in_home kr-echo ask tcp 2001:db8:2::1 9 x | cut -d' ' -f1)" $HOME_WAN6
	is "UDP" "$(in_home kr-echo ask udp 2001:db8:2::1 9 x | cut -d' ' -f1)" $HOME_WAN6
	is "of the container" "$(in_container kr-echo ask udp 2001:db8:2::1 9 x | cut -d' ' -f1)" $HOME_WAN6
	is "packets of it in the tunnel" "$(seen home own)" 0
	in_home nft delete table inet watch
}

# An ISP that has none is why one asks a bridge.
test_container_at_a_home_without_ipv6() {
	ip -n home -6 route del default
	test_page_from_container_with_visitors_address
	# A service of home itself is given no packet to send without some route,
	# whatever it says.
	fails ask6 tcp 7 x
	ip -n home -6 route add default dev relay0 metric 2147483647
	is "a service of home" "$(ask6 tcp 7 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
	is "UDP" "$(ask6 udp 7 x | cut -d' ' -f1,3-)" "$VISITOR6 home: x"
	# No peer has the address to which that route leads what conntrack has forgotten.
	forgetful_serve
	is "home's word" "$(listen_first "TCP:[$PUBLIC6]:8")" "late again"
	ip -n home -6 route del default dev relay0
	ip -n home -6 route add default via 2001:db8:64::1
}

scenario page_from_container_with_visitors_address tcp_by_port udp_server_bound_to_all \
	udp_server_bound_to_the_tunnel_address udp_server_that_connects udp_server_of_both_families \
	udp_larger_than_any_mtu ping downloads visitors_are_no_neighbours \
	container_is_told_what_is_too_big container_where_br_netfilter_is \
	homes_own_traffic_leaves_by_its_wan container_at_a_home_without_ipv6 \
	mtu_goes_below_1280_and_comes_back link_goes_down_and_comes_back
