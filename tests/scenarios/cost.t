#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a visitor's packet costs the bridge, from the public netdev until it is
# encrypted and sent: the same with one forward and with all ports forwarded, with
# long lists of sources, and from one source and from very many. In instructions,
# each the least, the median and the most of several runs; they are printed. The
# processor is never idle, for idle time would be skipped, and with it the session.
vm='-i -a idle=poll -a mitigations=off'
figures=yes
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/pktgen.sh"

# Without this the generator takes the bridge's own address, as no visitor can.
SOURCE="src_min $VISITOR"
ROUNDS=3
PACKETS=2000
FLOWS=30000

in_near() { ip netns exec near "$@"; }
in_far() { ip netns exec far "$@"; }

#   world ─── ens3 [near] eth1 ─── [far]
setup() {
	modprobe pktgen || return
	umask 077
	mkdir -p $run
	modprobe krelay || return
	ip -batch - <<-END
	netns add world
	netns add near
	netns add far
	link add ens3 netns near type veth peer name eth0 netns world
	link add eth1 netns near type veth peer name eth0 netns far
	END
	configure world <<-END
	link set eth0 up
	END
	configure near <<-END
	link set ens3 up
	link set eth1 up
	address add 203.0.113.1/24 dev ens3
	address add 192.0.2.1/24 dev eth1
	END
	configure far <<-END
	link set eth0 up
	address add 192.0.2.2/24 dev eth0
	END
	keys_make
	printf '%s\n' "[Interface]" "PrivateKey = $(cat $run/bridge.key)" "Address = 10.66.0.1/24" \
		"ListenPort = 51820" "Public = ens3" \
		"[Peer]" "Name = far" "PublicKey = $(cat $run/home.pub)" "AllowedIPs = 10.66.0.2/32" \
		>$run/near0.conf
	printf '%s\n' "[Interface]" "PrivateKey = $(cat $run/home.key)" "Address = 10.66.0.2/24" \
		"[Peer]" "PublicKey = $(cat $run/bridge.pub)" "AllowedIPs = 10.66.0.1/32" "Bridge = yes" \
		"Endpoint = 192.0.2.1:51820" >$run/far0.conf
	in_near relayctl up $run/near0.conf && in_far relayctl up $run/far0.conf || return
	perl -e 'printf "10.%d.%d.0/24\n", $_ >> 8, $_ & 255 for 0 .. 9999' >$run/many.list
	# All ports but the tunnel's own, by a hundred.
	mapfile -t all_ports < <(seq 1 100 65535 | awk '{
		last = $1 + 99 < 65535 ? $1 + 99 : 65535
		if ($1 > 51820 || last < 51820)
			print "udp/" $1 "-" last
		else
			printf "udp/%d-51819\nudp/51821-%d\n", $1, last }')
}

# What arrives at far, and is no matter of the bridge's, is counted and thrown away;
# but for what makes a session. Of 50 bytes a message makes 104.
ready() {
	in_far nft -f - <<-END
	table netdev far
	delete table netdev far
	END
	in_near ping -qc 1 -W 5 10.66.0.2 >/dev/null
	in_far nft -f - <<-END
	table netdev far {
		counter data { }
		chain ingress {
			type filter hook ingress device eth0 priority 0;
			udp length 104 counter name data
			udp sport 51820 drop
		}
	}
	END
}

# forward FORWARD...: these alone from now on.
forward() {
	local old
	mapfile -t old < <(in_near relayctl forward list near0 | sed 's/ .*//')
	[ ${#old[@]} = 0 ] || in_near relayctl forward del near0 "${old[@]}"
	in_near relayctl forward add near0 far "$@"
}

# measure NAME COUNT [WORDS...]: each packet has to get out of the tunnel.
measure() {
	local name=$1 cost
	shift
	ready
	cost=$(pktgen near ens3 "$1" 203.0.113.1 "${@:2}")
	is "packets sent of $name" \
		"$(nft_counter list far netdev far data)" "$1"
	measured "$name" "$cost"
}

# measures NAME [WORDS...]: the same several times.
measures() {
	local n
	for n in $(seq $ROUNDS); do
		measure "$1" $PACKETS "${@:2}"
	done
}

test_all_ports_cost_what_one_costs() {
	forward udp/7
	measures one "$SOURCE" "udp_dst_min 7" "udp_dst_max 7"
	forward "${all_ports[@]}"
	measures ports "$SOURCE" "udp_dst_min 1" "udp_dst_max 51819" "flag UDPDST_RND"
	alike one ports
}

test_ten_thousand_prefixes_cost_what_none_costs() {
	forward "udp/7 allow @$run/many.list"
	measures listed "udp_dst_min 7" "udp_dst_max 7" \
		"src_min 10.0.0.0" "src_max 10.39.15.255" "flag IPSRC_RND"
	alike one listed
}

test_very_many_flows_cost_what_one_costs() {
	forward udp/7
	measure flows $FLOWS "udp_dst_min 7" "udp_dst_max 7" \
		"src_min 11.0.0.0" "src_max 11.255.255.255"
	alike one flows
}

exec 3>&1
scenario all_ports_cost_what_one_costs ten_thousand_prefixes_cost_what_none_costs \
	very_many_flows_cost_what_one_costs
