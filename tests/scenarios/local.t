#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What home downloads from its own LAN is as fast while krelay is there, with a
# bridge and a session, as without the module: on the clock that counts
# instructions, IPv4 and IPv6. Of a home that has a firewall, or Docker, and so has
# conntrack look at each packet anyway; what that costs where nothing else wants it
# is printed.
vm='-i -a mitigations=off'
figures=yes
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/pktgen.sh"

ROUNDS=3
# Where packets fall into the netdev's batches is each connection's luck: 1 %.
CONNECTIONS=3
# Minutes of the clock pass while a command is read from the host.
LONG=9999
LAN_HOST6=fd07::20

in_near() { ip netns exec near "$@"; }
in_far() { ip netns exec far "$@"; }

#   lan ─── eth1 [near] eth0 ─── far    near is home, far its bridge
setup() {
	umask 077
	mkdir -p $run
	ip -batch - <<-END
	netns add near
	netns add far
	netns add lan
	link add eth0 netns near type veth peer name eth0 netns far
	link add eth1 netns near type veth peer name eth0 netns lan
	END
	configure near <<-END
	link set eth0 up
	link set eth1 up
	address add 192.0.2.2/24 dev eth0
	address add 192.168.7.10/24 dev eth1
	address add fd07::10/64 dev eth1 nodad
	END
	configure far <<-END
	link set eth0 up
	address add 192.0.2.1/24 dev eth0
	END
	configure lan <<-END
	link set eth0 up
	address add $LAN_HOST/24 dev eth0
	address add $LAN_HOST6/64 dev eth0 nodad
	END
	keys_make
	printf '%s\n' "[Interface]" "PrivateKey = $(cat $run/bridge.key)" "Address = 10.66.0.1/24" \
		"ListenPort = 51820" "[Peer]" "PublicKey = $(cat $run/home.pub)" \
		"AllowedIPs = 10.66.0.2/32" >$run/far0.conf
	printf '%s\n' "[Interface]" "PrivateKey = $(cat $run/home.key)" "Address = 10.66.0.2/24, fd66::2/64" \
		"[Peer]" "PublicKey = $(cat $run/bridge.pub)" "Bridge = yes" \
		"Endpoint = 192.0.2.1:51820" >$run/near0.conf
	in_lan ethtool -K eth0 tso off gso off >/dev/null
	measure
}

krelay_up() {
	modprobe krelay && in_far relayctl up $run/far0.conf && in_near relayctl up $run/near0.conf &&
		eventually $LONG in_far ping -qc 1 -W 1 10.66.0.2
}

krelay_down() {
	in_near relayctl down near0 && in_far relayctl down far0 && rmmod krelay
}

firewall_up() {
	in_near nft -f - <<-END
	table inet firewall {
		chain input {
			type filter hook input priority filter; policy drop;
			ct state established,related accept
			iifname { "lo", "near0" } accept
			meta l4proto { icmp, ipv6-icmp } accept
		}
	}
	END
}

# A home with and without each, in turn.
measure() {
	local round
	downloads bare && krelay_up && downloads alone && krelay_down && firewall_up || return
	for round in $(seq $ROUNDS); do
		downloads firewall && krelay_up && downloads both && krelay_down || return
	done
}

# downloads NAME: packets as they come from a wire, which home's netdev puts together
# (GRO) as it does by default; and once without that.
downloads() {
	local connection
	in_near ethtool -K eth1 gro on >/dev/null
	for connection in $(seq $CONNECTIONS); do
		download_from $LAN_HOST "$1.ipv4" && download_from $LAN_HOST6 "$1.ipv6" || return
	done
	[ ! -e "$run/measured.$1.ipv4.nogro" ] || return 0
	in_near ethtool -K eth1 gro off >/dev/null
	download_from $LAN_HOST "$1.ipv4.nogro"
}

# download_from ADDRESS NAME: what comes for a while, in its midst.
download_from() {
	local pids bytes busy
	ip netns exec lan kr-stream offer 5001 &
	pids=$!
	eventually $LONG listens || return
	rm -f $run/bytes
	ip netns exec near kr-stream fetch "$1" 5001 $run/bytes &
	pids="$pids $!"
	eventually $LONG flows || return
	sleep 0.02
	read -r bytes busy < <(kr-stream window 0.2 $run/bytes)
	# shellcheck disable=SC2086
	{ kill $pids; wait $pids; } 2>/dev/null
	measured "$2" "$bytes"
	measured busy "$busy"
}

listens() {
	[ -n "$(in_lan ss -Hltn 'sport = :5001')" ]
}

flows() {
	[ -s $run/bytes ] && [ "$(od -An -tu8 $run/bytes | xargs)" -gt 0 ]
}

# Bytes in 10^9 instructions: 98 % of them, and 95 where no two packets are put together.
test_download_is_as_fast_as_without_krelay() {
	local kind part with without status=0
	for kind in ipv4 ipv6 ipv4.nogro; do
		echo "# $kind: neither $(median bare.$kind), krelay $(median alone.$kind)," \
			"conntrack $(spread firewall.$kind), both $(spread both.$kind)" >&3
		with=$(median both.$kind) without=$(median firewall.$kind) part=0.98
		[ $kind != ipv4.nogro ] || part=0.95
		awk "BEGIN { exit !($without > 0 && $with >= $without * $part) }" && continue
		echo "$kind: $with with krelay, $without without"
		status=1
	done
	return $status
}

test_processor_was_busy_all_the_time() {
	awk "BEGIN { exit !($(spread busy | cut -d' ' -f1) >= 98) }"
}

exec 3>&1
scenario download_is_as_fast_as_without_krelay processor_was_busy_all_the_time
