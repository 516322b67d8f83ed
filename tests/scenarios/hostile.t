#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bridge in the hands of somebody else sends whatever it likes through the
# tunnel: nothing gets in but visitors of what home offers.
export KRELAY_BRIDGE=wireguard
FORWARDS='tcp/80 tcp/7 udp/7'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/home.sh"

setup() {
	topology_up && services_up || return
	start bridge kr-echo serve 9 bridge ::
	start internet kr-echo serve 9 internet any
	relay_up || return
	in_bridge wg set relay0 peer "$(cat $run/home.pub)" allowed-ips 0.0.0.0/0,::/0
	# All that leaves the tunnel, and all that could come of it further on.
	watch home tunnel 'iifname "relay0"'
	watch container tunnel 'meta l4proto { udp, icmp, igmp } ip ttl < 255'
	watch lan tunnel 'meta l4proto { udp, icmp, igmp } ip ttl < 255'
}

# Packets for kr-inject from stdin, comments and empty lines left out.
send() {
	sed 's/[[:space:]]*#.*//; /^$/d' >$run/packets
	in_bridge kr-inject relay0 <$run/packets
}

# refused COUNTER: all of the packets on stdin, counted there, and nobody sees any.
refused() {
	local before host name
	before=$(counter home "$1")
	for host in home container lan; do
		seen $host tunnel >/dev/null
	done
	send
	if ! eventually 20 counted home "$1" $((before + $(wc -l <$run/packets))); then
		echo "$1: $(($(counter home "$1") - before)) of $(wc -l <$run/packets)"
		return 1
	fi
	for host in home container lan; do
		is "packets seen by $host" "$(seen $host tunnel)" 0
	done
}

# That the watch and the packets are good: an honest one is seen, and answered.
test_an_honest_packet_gets_in() {
	local family
	for family in 4 6; do
		seen home tunnel >/dev/null
		send <<-END
		$(visitor $family) $(home $family) udp 4000 4444 x
		END
		eventually 20 sees_one
	done
}

sees_one() {
	[ "$(seen home tunnel)" = 1 ]
}

visitor() {
	[ "$1" = 4 ] && echo $ELSEWHERE || echo $ELSEWHERE6
}

home() {
	[ "$1" = 4 ] && echo $HOME_TUN || echo $HOME_TUN6
}

test_spoofed_sources() {
	refused rx_spoofed <<-END
	$HOME_TUN $HOME_TUN udp 4000 7 x	# home's own address in the tunnel
	$HOME_WAN $HOME_TUN udp 4000 7 x
	192.168.7.10 $HOME_TUN udp 4000 7 x
	172.19.0.1 $HOME_TUN udp 4000 7 x
	$LAN_HOST $HOME_TUN udp 4000 7 x
	$LAN_HOST $HOME_TUN icmp 8 0 00010001
	$CONTAINER $HOME_TUN udp 4000 7 x
	100.64.0.1 $HOME_TUN udp 4000 7 x	# its router
	127.0.0.1 $HOME_TUN udp 4000 7 x
	127.1.2.3 $HOME_TUN tcp 4000 7 2 1 0
	$HOME_TUN6 $HOME_TUN6 udp 4000 7 x
	$HOME_WAN6 $HOME_TUN6 udp 4000 7 x
	fd00:19::1 $HOME_TUN6 udp 4000 7 x
	$CONTAINER6 $HOME_TUN6 udp 4000 7 x
	2001:db8:64::1 $HOME_TUN6 udp 4000 7 x
	::1 $HOME_TUN6 udp 4000 7 x
	END
}

test_martians() {
	refused rx_spoofed <<-END
	0.0.0.0 $HOME_TUN udp 4000 7 x
	0.1.2.3 $HOME_TUN udp 4000 7 x
	224.0.0.1 $HOME_TUN udp 4000 7 x
	239.1.2.3 $HOME_TUN udp 4000 7 x
	240.0.0.1 $HOME_TUN udp 4000 7 x
	255.255.255.255 $HOME_TUN udp 4000 7 x
	192.168.7.255 $HOME_TUN udp 4000 7 x	# broadcast of the LAN
	10.66.0.255 $HOME_TUN udp 4000 7 x
	:: $HOME_TUN6 udp 4000 7 x
	ff02::1 $HOME_TUN6 udp 4000 7 x
	fe80::1 $HOME_TUN6 udp 4000 7 x
	fec0::1 $HOME_TUN6 udp 4000 7 x
	::ffff:$LAN_HOST $HOME_TUN6 udp 4000 7 x
	::$LAN_HOST $HOME_TUN6 udp 4000 7 x
	END
}

# Home's own tunnel answers no visitor, whatever has come to its port before.
test_homes_outer_port() {
	local port answered
	# Bound to its port now, as it is with ListenPort.
	link_again
	eventually 20 ask udp $PUBLIC 7 x
	port=$(in_home relayctl show relay0 | awk '/listening port:/ { print $3 }')
	send <<-END
	$PUBLIC $HOME_TUN udp $WG_PORT $port x
	END
	eventually 20 in_home conntrack -L -p udp -s $PUBLIC -d $HOME_TUN
	in_home conntrack -D -p udp -s $HOME_WAN
	answered=$(counter home hs_response_received)
	link_again
	# Before it tries again.
	eventually 4 counted home hs_response_received $((answered + 1))
	# A link that was down has lost its IPv6 addresses.
	home_again
}

link_again() {
	ip -n home link set relay0 down
	ip -n home link set relay0 up
}

# Peers have their addresses to themselves, and a bridge may say so of all.
test_another_peers_address() {
	local key
	key=$(wg genkey | wg pubkey)
	home_again "[Peer]" "PublicKey = $key" "AllowedIPs = 10.66.0.77/32, fd66::77/128, 198.18.7.0/24"
	refused rx_spoofed <<-END
	10.66.0.77 $HOME_TUN udp 4000 7 x
	198.18.7.7 $HOME_TUN udp 4000 7 x
	fd66::77 $HOME_TUN6 udp 4000 7 x
	END
	# The bridge's own are fine.
	in_bridge ping -qc 1 -W 5 $HOME_TUN
	in_bridge ping -qc 1 -W 5 $HOME_TUN6
}

test_allowed_ips_of_everything_open_no_network_of_home() {
	home_again "AllowedIPs = 0.0.0.0/0, ::/0"
	refused rx_spoofed <<-END
	$LAN_HOST $HOME_TUN udp 4000 7 x
	$CONTAINER $HOME_TUN udp 4000 7 x
	$HOME_WAN $HOME_TUN udp 4000 7 x
	127.0.0.1 $HOME_TUN udp 4000 7 x
	224.0.0.1 $HOME_TUN udp 4000 7 x
	$CONTAINER6 $HOME_TUN6 udp 4000 7 x
	::1 $HOME_TUN6 udp 4000 7 x
	END
	serves
	home_again
}

test_other_destinations() {
	refused rx_not_accepted <<-END
	$ELSEWHERE $LAN_HOST udp 4000 4444 x
	$ELSEWHERE 192.168.7.10 udp 4000 7 x	# home itself, in the LAN
	$ELSEWHERE $HOME_WAN udp 4000 7 x
	$ELSEWHERE $CONTAINER tcp 4000 80 2 1 0
	$ELSEWHERE 172.19.0.1 udp 4000 7 x
	$ELSEWHERE 172.17.0.2 udp 4000 7 x	# where Docker would be
	$ELSEWHERE 127.0.0.1 udp 4000 7 x
	$ELSEWHERE 169.254.169.254 udp 4000 80 x
	$ELSEWHERE 10.66.0.255 udp 4000 7 x
	$ELSEWHERE 192.168.7.255 udp 4000 7 x
	$ELSEWHERE 255.255.255.255 udp 4000 67 x
	$ELSEWHERE 224.0.0.1 2 1100eeff00000000
	$ELSEWHERE 224.0.0.251 udp 5353 5353 x
	$ELSEWHERE $VISITOR udp 4000 7 x	# through home into the Internet
	$ELSEWHERE6 $CONTAINER6 tcp 4000 80 2 1 0
	$ELSEWHERE6 $HOME_WAN6 udp 4000 7 x
	$ELSEWHERE6 fd00:19::1 udp 4000 7 x
	$ELSEWHERE6 ::1 udp 4000 7 x
	$ELSEWHERE6 fe80::1 udp 4000 7 x
	$ELSEWHERE6 ff02::1 udp 4000 7 x
	$ELSEWHERE6 ff02::fb udp 5353 5353 x
	$ELSEWHERE6 $VISITOR6 udp 4000 7 x
	END
}

test_source_routes() {
	refused rx_source_route <<-END
	$ELSEWHERE $HOME_TUN options=8307040a42000500 udp 4000 7 x	# loose, nothing left
	$ELSEWHERE $HOME_TUN options=830704c0a8071400 udp 4000 7 x	# loose, to the LAN
	$ELSEWHERE $HOME_TUN options=890704c0a8071400 udp 4000 7 x	# strict
	$ELSEWHERE $HOME_TUN options=0101018307040a4200050000 icmp 8 0 00010001
	$ELSEWHERE6 $HOME_TUN6 header=43:0002000100000000fd000019000000000000000000000004 udp 4000 7 x
	$ELSEWHERE6 $HOME_TUN6 header=43:0002020100000000fd000019000000000000000000000004 udp 4000 7 x
	# At its end, where the host may go on with what is inside (RFC 8986).
	$ELSEWHERE6 $HOME_TUN6 header=43:0002040000000000fd660000000000000000000000000002 4 4500
	$ELSEWHERE6 $HOME_TUN6 header=60:0000010400000000 header=43:0002000100000000fd000019000000000000000000000004 udp 4000 7 x
	END
}

test_what_only_neighbours_say() {
	refused rx_control <<-END
	$BRIDGE_TUN $HOME_TUN ttl=254 icmp 5 1 0a420001@$HOME_TUN>$VISITOR/7>4000	# redirect
	$ELSEWHERE $HOME_TUN icmp 5 0 0a420001@$HOME_TUN>$ELSEWHERE/7>4000
	$ELSEWHERE $HOME_TUN icmp 9 0 010207080a42000100000001	# router advertisement
	$ELSEWHERE $HOME_TUN icmp 10 0 00000000
	$ELSEWHERE $HOME_TUN 2 1100eeff00000000	# IGMP
	$BRIDGE_TUN6 $HOME_TUN6 ttl=255 icmp 133 0 00000000
	$BRIDGE_TUN6 $HOME_TUN6 ttl=255 icmp 134 0 4000070800000000000000000304406400000e1000000e100000000020010db8dead00000000000000000000
	$BRIDGE_TUN6 $HOME_TUN6 ttl=255 icmp 135 0 00000000fd660000000000000000000000000002
	$BRIDGE_TUN6 $HOME_TUN6 ttl=255 icmp 136 0 60000000fd660000000000000000000000000001
	$BRIDGE_TUN6 $HOME_TUN6 ttl=255 icmp 137 0 00000000fd66000000000000000000000000000120010db8005100000000000000000002
	$ELSEWHERE6 $HOME_TUN6 icmp 143 0 00000000
	$ELSEWHERE6 $HOME_TUN6 header=0:0000050200000100 icmp 131 0 00000000ff020000000000000000000000000001
	$ELSEWHERE6 $HOME_TUN6 icmp 148 0 00000000
	END
}

# Pieces too small to hold what is judged, and headers that lie.
test_lying_headers() {
	refused rx_malformed <<-END
	$ELSEWHERE $HOME_TUN piece=0+ 17 0fa00007
	$ELSEWHERE $HOME_TUN 6 0fa000500000000000000000f002200000000000
	$ELSEWHERE6 $HOME_TUN6 piece=0+ 17 0fa00007
	$ELSEWHERE6 $HOME_TUN6 header=60:00ff010400000000 udp 4000 7 x
	END
}

# With a list, nothing but what it names, what answers home, and errors about either.
test_accept_list() {
	home_again "Accept = tcp/80, udp/7, icmp" "AllowedIPs = $BRIDGE_TUN/32, $BRIDGE_TUN6/128"
	refused rx_not_accepted <<-END
	$ELSEWHERE $HOME_TUN udp 4000 4444 x
	$ELSEWHERE $HOME_TUN udp 4000 80 x
	$ELSEWHERE $HOME_TUN tcp 4000 7 2 1 0
	$ELSEWHERE $HOME_TUN 47 00000800
	$ELSEWHERE $HOME_TUN piece=0+ udp 4000 4444 01234567
	$ELSEWHERE6 $HOME_TUN6 udp 4000 4444 x
	$ELSEWHERE6 $HOME_TUN6 tcp 4000 7 2 1 0
	$ELSEWHERE6 $HOME_TUN6 icmp 128 0 00010001
	$ELSEWHERE6 $HOME_TUN6 icmp 129 0 00010001	# no answer to anything
	$ELSEWHERE6 $HOME_TUN6 icmp 1 4 00000000@$HOME_TUN6>$ELSEWHERE6/4444>4000
	$ELSEWHERE6 $HOME_TUN6 icmp 1 4 00000000@$HOME_WAN6>$ELSEWHERE6/7>4000	# from an address elsewhere
	$ELSEWHERE6 $HOME_TUN6 piece=0+ udp 4000 4444 01234567
	END
	seen home tunnel >/dev/null
	send <<-END
	$ELSEWHERE $HOME_TUN tcp 4000 80 2 1 0
	$ELSEWHERE $HOME_TUN udp 4000 7 x
	$ELSEWHERE $HOME_TUN icmp 8 0 00010001
	$ELSEWHERE $HOME_TUN icmp 3 3 00000000@$HOME_TUN>$ELSEWHERE/7>4000
	$ELSEWHERE6 $HOME_TUN6 tcp 4000 80 2 1 0
	$ELSEWHERE6 $HOME_TUN6 udp 4000 7 x
	$ELSEWHERE6 $HOME_TUN6 icmp 1 4 00000000@$HOME_TUN6>$ELSEWHERE6/7>4000
	END
	eventually 20 saw 7
	# What home begins is answered.
	in_home ping -qc 1 -W 5 -I $HOME_TUN6 $BRIDGE_TUN6
	is "an answer to home" \
		"$(in_home socat -t 3 -T 3 - UDP6:[$BRIDGE_TUN6]:9 <<<x | cut -d' ' -f1)" $HOME_TUN6
	home_again
}

# What of other hosts is offered, and nothing else of theirs, nor of home's by mistake.
test_accept_list_of_other_hosts() {
	local own="AllowedIPs = $BRIDGE_TUN/32, $BRIDGE_TUN6/128"
	ip -n home address add fd07::10/64 dev eth1 nodad
	home_again "$own" "Accept = udp/7, udp/4444 on $LAN_HOST, udp/4444 on fd07::20"
	is "what is shown" "$(in_home relayctl show relay0 | sed -n 's/^ *accept: //p')" \
		"udp/7, udp/4444 on $LAN_HOST, udp/4444 on fd07::20"
	in_home relayctl show relay0 -j | grep -q "\"udp\\\\*/4444 on $LAN_HOST\""
	refused rx_not_accepted <<-END
	$ELSEWHERE $LAN_HOST udp 4000 4445 x
	$ELSEWHERE $LAN_HOST udp 4000 7 x	# is home's
	$ELSEWHERE $HOME_TUN udp 4000 4444 x	# is the LAN host's
	$ELSEWHERE $LAN_HOST tcp 4000 4444 2 1 0
	$ELSEWHERE $LAN_HOST icmp 8 0 00010001
	$ELSEWHERE $LAN_HOST icmp 3 3 00000000@$LAN_HOST>$ELSEWHERE/7>4000
	$ELSEWHERE 192.168.7.21 udp 4000 4444 x
	$ELSEWHERE 192.168.7.10 udp 4000 4444 x
	$ELSEWHERE 192.168.7.255 udp 4000 4444 x
	$ELSEWHERE $CONTAINER udp 4000 4444 x
	$ELSEWHERE6 fd07::20 udp 4000 4445 x
	$ELSEWHERE6 $HOME_TUN6 udp 4000 4444 x
	$ELSEWHERE6 fd07::20 icmp 1 4 00000000@fd07::20>$ELSEWHERE6/7>4000
	$ELSEWHERE6 fd07::21 udp 4000 4444 x
	END
	refused rx_spoofed <<-END
	$CONTAINER $LAN_HOST udp 4000 4444 x
	192.168.7.10 $LAN_HOST udp 4000 4444 x
	fd07::10 fd07::20 udp 4000 4444 x
	END
	refused rx_source_route <<-END
	$ELSEWHERE $LAN_HOST options=830704c0a8071500 udp 4000 4444 x
	END
	refused rx_control <<-END
	$ELSEWHERE $LAN_HOST icmp 5 1 0a420001@$LAN_HOST>$ELSEWHERE/4444>4000
	END
	seen home tunnel >/dev/null
	send <<-END
	$ELSEWHERE $LAN_HOST udp 4000 4444 x
	$ELSEWHERE $LAN_HOST icmp 3 3 00000000@$LAN_HOST>$ELSEWHERE/4444>4000
	$ELSEWHERE6 fd07::20 udp 4000 4444 x
	$ELSEWHERE6 fd07::20 icmp 1 4 00000000@fd07::20>$ELSEWHERE6/4444>4000
	END
	eventually 20 saw 4
	home_again
}

test_accept_list_of_no_hosts() {
	local at said
	end_down home
	for at in 0.0.0.0 127.0.0.1 224.0.0.1 255.255.255.255 :: ::1 ff02::fb fe80::1 ::ffff:$LAN_HOST; do
		HOME_EXTRA="Accept = udp/7 on $at" configs_write
		said=$(fails end_up home 2>&1)
		# By relayctl, or by the module, which knows more of them.
		grep -Eq "is on $at, at which no visitor|$at in an accept list is no address" <<<"$said"
	done
	configs_write
	end_up home
	eventually 20 is_up
}

saw() {
	all=$((${all:-0} + $(seen home tunnel)))
	[ $all -ge "$1" ]
}

# A bridge that has spoken to the port first, in the name of whom home asks then.
test_homes_own_questions_stay_out_of_the_tunnel() {
	local port
	in_home sysctl -qw net.ipv4.ip_local_port_range="40000 40003"
	for port in 40000 40001 40002 40003; do
		echo "192.0.2.1 $HOME_TUN udp 9 $port x"
		echo "2001:db8:2::1 $HOME_TUN6 udp 9 $port x"
	done | send
	is "home as the Internet sees it" \
		"$(in_home kr-echo ask udp 192.0.2.1 9 x | sed 's/^::ffff://' | cut -d' ' -f1)" $CGNAT
	is "the same by IPv6" "$(in_home kr-echo ask udp 2001:db8:2::1 9 x | cut -d' ' -f1)" $HOME_WAN6
	in_home sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
}

test_home_still_serves() {
	serves
}

scenario an_honest_packet_gets_in spoofed_sources martians another_peers_address \
	allowed_ips_of_everything_open_no_network_of_home other_destinations source_routes \
	what_only_neighbours_say lying_headers accept_list \
	accept_list_of_other_hosts accept_list_of_no_hosts \
	homes_own_questions_stay_out_of_the_tunnel homes_outer_port home_still_serves
