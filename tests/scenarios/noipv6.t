#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Hosts that were booted without IPv6 have neither its routes nor its addresses, but
# anybody can send its packets to them.
vm='-a ipv6.disable=1'
FORWARDS='udp/7'
. "$(dirname "$0")/../lib/scenario.sh"

setup() {
	local host
	[ ! -e /proc/net/if_inet6 ] || { echo "IPv6 is there."; return 1; }
	mkdir -p $run /etc/krelay
	for host in visitor bridge home; do
		mkdir -p /etc/netns/$host/krelay
		ip netns add $host
	done
	ip -batch - <<-END
	link add ens3 netns bridge type veth peer name eth0 netns visitor
	link add ens4 netns bridge type veth peer name eth0 netns home
	END
	configure visitor <<-END
	link set eth0 up
	address add 203.0.113.9/24 dev eth0
	END
	configure bridge <<-END
	link set ens3 up
	link set ens4 up
	address add $PUBLIC/24 dev ens3
	address add 100.64.0.1/24 dev ens4
	END
	configure home <<-END
	link set eth0 up
	address add $HOME_WAN/24 dev eth0
	route add default via 100.64.0.1
	END
	start home kr-echo serve 7 home
	wait_port home 7
	modprobe krelay && keys_make || return
	(
		umask 077
		bridge_config 'AllowedIPs = 2001:db8::/32, fd66::/64' | without_routes \
			>/etc/netns/bridge/krelay/relay0.conf
		home_config 'AllowedIPs = 0.0.0.0/0, ::/0' | without_routes \
			>/etc/netns/home/krelay/relay0.conf
	)
	end_up bridge && end_up home && wait_handshake
}

# Nor addresses, of what is not there.
without_routes() {
	sed 's/^\(Address = .*\), .*/\1/; s/^\[Interface\]/&\nTable = off/'
}

serves() {
	is "the answer" "$(said udp $PUBLIC 7)" "203.0.113.9 home: x"
	quiet_dmesg
}

test_serves() {
	serves
}

# inside HOST: into the tunnel goes what it should have nothing to do with.
inside() {
	in_host "$1" kr-inject relay0 <<-END
	2001:db8:51::2 $HOME_TUN6 udp 4000 7 x
	$HOME_TUN6 2001:db8:51::2 udp 7 4000 x
	$HOME_TUN6 2001:db8:51::2 icmp 1 4 00000000@2001:db8:51::2>$HOME_TUN6/4000>7
	$HOME_TUN6 2001:db8:51::2 piece=0+ udp 7 4000 x
	2001:db8:51::2 $HOME_TUN6 piece=8 udp 4000 7 x
	END
}

test_from_a_bridge_to_home() {
	local before
	before=$(counter home rx_not_accepted)
	inside bridge
	eventually 20 not_accepted $((before + 5))
	serves
}

not_accepted() {
	[ "$(counter home rx_not_accepted)" = "$1" ]
}

test_from_a_peer_to_the_bridge() {
	inside home
	sleep 1
	serves
}

# Frames of neighbours, with pieces and all that may be wrong about headers.
test_from_neighbours() {
	is sent "$(in_visitor kr-packetfuzz eth0/"$(in_bridge cat /sys/class/net/ens3/address)" \
		500 1 2001:db8::/64 $PUBLIC6 7)" 500
	serves
}

# There are no routes to tell of, and nobody to tell.
test_to_nowhere() {
	in_bridge kr-inject relay0 <<<"fd66::1 2a00::1 udp 4000 7 x"
	is "counted" "$(counter bridge tx_no_peer)" 1
	serves
}

scenario serves from_a_bridge_to_home from_a_peer_to_the_bridge from_neighbours to_nowhere
