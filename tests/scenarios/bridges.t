#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two bridges to one device of home's: every reply leaves by the bridge by which
# the visitor's packets come, also when these come by the other one from now on,
# whether home answers, a container of its or a host of its LAN.
vm='-c 2'
FORWARDS='tcp/80 tcp/7 tcp/8 udp/7 tcp/9001-9002'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/bridges.sh"

setup() {
	topology_up && bridge2_up && services_up || return
	file_make small 64K
	# Seconds by slower/, in which a slow kernel has hardly looked once.
	file_make big ${KRELAY_SLOW}M
	watch_wan
	start lan kr-echo serve 7 lan
	start lan kr-echo serve 7 lan ::
	start internet kr-echo serve 9 internet
	start home kr-crowd serve 9001 home
	start container kr-crowd serve 9002 container
	start lan kr-crowd serve 9003 lan
	bridges_up
	configure bridge <<-END
	address add $SHARED/32 dev lo
	address add $SHARED6/128 dev lo
	END
	configure bridge2 <<-END
	address add $SHARED/32 dev lo
	address add $SHARED6/128 dev lo
	END
	shared_to bridge
}

test_replies_leave_by_the_visitors_bridge() {
	local at
	for at in $PUBLIC $PUBLIC_2; do
		is "TCP at $at" "$(said tcp $at 7)" "$VISITOR home: x"
		is "UDP at $at" "$(said udp $at 7)" "$VISITOR home: x"
		fetch http://$at/ | cmp - $run/www/index.html
	done
	for at in $PUBLIC6 $PUBLIC6_2; do
		is "TCP at $at" "$(said tcp $at 7)" "$VISITOR6 home: x"
		is "UDP at $at" "$(said udp $at 7)" "$VISITOR6 home: x"
		fetch "http://[$at]/" | cmp - $run/www/index.html
	done
}

# The LAN host has its own way out, so home stands in for the visitor.
test_lan_host_with_masquerade() {
	in_home nft -f - <<-END
	table inet lan {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			iifname "relay0" oifname "eth1" masquerade
		}
	}
	END
	lan_is_reached $HOME_LAN $HOME_LAN6
	in_home nft delete table inet lan
}

# lan_is_reached WHO WHO6: the LAN host takes its visitors for these.
lan_is_reached() {
	local at
	for at in $PUBLIC $PUBLIC_2; do
		is "TCP at $at" "$(said tcp $at 2007)" "$1 lan: x"
		is "UDP at $at" "$(said udp $at 2007)" "$1 lan: x"
	done
	for at in $PUBLIC6 $PUBLIC6_2; do
		is "TCP at $at" "$(said tcp $at 2007)" "$2 lan: x"
		is "UDP at $at" "$(said udp $at 2007)" "$2 lan: x"
	done
}

# Without it, the LAN host sees the visitor, and has to answer through home.
test_lan_host_that_answers_through_home() {
	local n=3000
	fails ask udp $PUBLIC 2007 x
	lan_answers_through_home
	lan_is_reached $VISITOR $VISITOR6
	# In pieces, too.
	is "bytes in the answer" "$(ask udp $PUBLIC_2 2007 "$(head -c $n /dev/zero | tr '\0' a)" |
		cut -d' ' -f4- | tr -d '\n' | wc -c)" $n
	# And with a record of its way, which home writes itself down in.
	in_bridge relayctl forward add relay0 home "icmp -> $LAN_HOST"
	in_visitor ping -R -c 1 -W 5 $PUBLIC | grep -A9 '^RR:' | grep -w "$LAN_HOST"
	in_bridge relayctl forward del relay0 icmp
}

lan_answers_through_home() {
	ip -n lan route replace default via $HOME_LAN
	ip -n lan route replace default via $HOME_LAN6
}

# Home begins something meanwhile, too. A debug kernel would take minutes for so many,
# longer than conntrack and sessions wait.
test_1008_connections_at_once() {
	local each=$((84 / KRELAY_SLOW * 2)) at targets= pid
	lan_answers_through_home
	for at in $PUBLIC $PUBLIC_2 $PUBLIC6 $PUBLIC6_2; do
		targets="$targets $at 9001 $at 9002 $at 9003"
	done
	in_home nft -f - <<-END
	table inet own {
		counter tunnel { }
		chain postrouting {
			type filter hook postrouting priority 300;
			oifname "relay0" ip daddr 192.0.2.0/24 counter name tunnel
		}
	}
	END
	# shellcheck disable=SC2086
	in_visitor kr-crowd ask $((6 * each)) 3 20000 $targets >$run/crowd &
	pid=$!
	is "home as the Internet sees it" "$(in_home kr-echo ask tcp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
	is "the container" "$(in_container kr-echo ask udp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
	wait $pid
	is "answers" "$(cat $run/crowd)" "$(printf "$each %s\n" \
		"$VISITOR container" "$VISITOR home" "$VISITOR lan" \
		"$VISITOR6 container" "$VISITOR6 home" "$VISITOR6 lan")"
	is "packets of home's own in the tunnel" "$(nft_counter list home inet own tunnel)" 0
	is "packets to visitors by the WAN" "$(astray)" 0
}

# Home has the word and knows of two bridges: it waits for the visitor to say which it is.
test_connection_that_conntrack_forgot() {
	local at
	# So far nobody was sent to the wrong bridge.
	is "counted at home" "$(counter home home_no_bridge)" 0
	forgetful_serve
	echo 0 >$run/no-bridge
	for at in $PUBLIC $PUBLIC_2 "[$PUBLIC6]" "[$PUBLIC6_2]"; do
		is "by $at" "$(speak_up | in_visitor socat -t 10 - "TCP:$at:8" | xargs)" "late again"
		counter home home_no_bridge >$run/no-bridge
	done
}

speak_up() {
	eventually 10 waits >&2
	echo again
}

waits() {
	[ "$(counter home home_no_bridge)" -gt "$(<$run/no-bridge)" ]
}

# One port of the visitor's, turn by turn, to both.
test_one_port_to_both_bridges() {
	local n
	for n in 1 2 3; do
		is "by the first" "$(from 4300 $PUBLIC)" "$VISITOR home: x"
		is "by the second" "$(from 4300 $PUBLIC_2)" "$VISITOR home: x"
		is "by the first, IPv6" "$(from 4300 "[$PUBLIC6]")" "$VISITOR6 home: x"
		is "by the second, IPv6" "$(from 4300 "[$PUBLIC6_2]")" "$VISITOR6 home: x"
	done
}

# One flow, which the routers of the Internet lead elsewhere.
test_udp_flow_follows() {
	local before
	shared_to bridge
	is "by the first" "$(from 4400 $SHARED)" "$VISITOR home: x"
	is "by the first, IPv6" "$(from 4400 "[$SHARED6]")" "$VISITOR6 home: x"
	before=$(relayed bridge2)
	shared_to bridge2
	is "by the second" "$(from 4400 $SHARED)" "$VISITOR home: x"
	is "by the second, IPv6" "$(from 4400 "[$SHARED6]")" "$VISITOR6 home: x"
	is "answers by the second" $(($(relayed bridge2) - before)) 2
	is "connections" "$(in_home conntrack -L -p udp --orig-port-src 4400 2>/dev/null | wc -l)" 2
	shared_to bridge
	is "by the first again" "$(from 4400 $SHARED)" "$VISITOR home: x"
}

# An address that answers on two hosts, and routers that change their mind.
test_download_follows_the_route() {
	local pids before2 n
	shared_to bridge
	downloads_begin
	for n in 1 2; do
		shared_to bridge2
		sleep 0.3
		shared_to bridge
		sleep 0.3
	done
	shared_to bridge2
	downloads_end
	shared_to bridge
}

# Two slow downloads, IPv4 and IPv6, and data of both comes through the first.
downloads_begin() {
	local before
	before=$(relayed bridge)
	get $SHARED slower/big &
	pids=$!
	get $SHARED6 slower/big &
	pids="$pids $!"
	eventually 60 relayed_since bridge "$before" 100
	before2=$(relayed bridge2)
}

# They come to an end through the second.
downloads_end() {
	local pid
	for pid in $pids; do
		wait "$pid"
	done
	relayed_since bridge2 "$before2" 50
}

# vrrp HOST PRIORITY: the real thing, which holds the shared addresses or not.
vrrp() {
	cat >$run/$1.vrrp <<-END
	global_defs {
		router_id $1
	}
	vrrp_instance shared {
		state BACKUP
		interface ens3
		virtual_router_id 51
		priority $2
		advert_int 1
		virtual_ipaddress {
			$SHARED/24 dev ens3
		}
		virtual_ipaddress_excluded {
			$SHARED6/64 dev ens3
		}
	}
	END
	start "$1" keepalived -nlD -f $run/$1.vrrp -p $run/$1.pid -r $run/$1.vrrp.pid
}

has_shared() {
	[ "$(ip -n "$1" address show dev ens3 | grep -cE "inet6? ($SHARED|$SHARED6)/")" = 2 ]
}

test_keepalived_moves_the_address() {
	command -v keepalived || skip "no keepalived here"
	vrrp_up
	is_taken_over_by_bridge2
}

# Both had them, and the Internet a route to one. From here on one has them.
vrrp_up() {
	[ ! -e $run/bridge.vrrp ] || return 0
	ip -n bridge address flush dev lo scope global
	ip -n bridge2 address flush dev lo scope global
	ip -n internet route del $SHARED
	ip -n internet route del $SHARED6
	vrrp bridge 150
	eventually 60 has_shared bridge
	vrrp bridge2 100
}

# In mid-download bridge is cut off. It returns, and with it the addresses and what goes
# there.
is_taken_over_by_bridge2() {
	local pids before2
	downloads_begin
	# In seconds it will have them.
	lost_shared bridge2
	ip -n internet link set bridge0 down
	downloads_end
	ip -n internet link set bridge0 up
	eventually 60 lost_shared bridge2
	get $SHARED small
	get $SHARED6 small
}

lost_shared() {
	fails has_shared "$1" >/dev/null
}

# From here on bridge2 has no krelay.
test_with_wireguard_as_the_second_bridge() {
	bridge2_becomes_wireguard
	test_replies_leave_by_the_visitors_bridge
	test_one_port_to_both_bridges
	lan_answers_through_home
	lan_is_reached $VISITOR $VISITOR6
	if command -v keepalived; then
		vrrp_up
		is_taken_over_by_bridge2
	fi
}

test_nothing_went_astray() {
	is "packets to visitors by the WAN" "$(astray)" 0
	# Nobody was sent to the wrong bridge, either.
	is "counted at home" "$(counter home home_no_bridge)" "$(<$run/no-bridge)"
	# The watch is good.
	in_home ping -qc 1 -W 5 $VISITOR
	[ "$(astray)" -gt 0 ]
}

scenario replies_leave_by_the_visitors_bridge one_port_to_both_bridges \
	lan_host_with_masquerade lan_host_that_answers_through_home 1008_connections_at_once \
	connection_that_conntrack_forgot udp_flow_follows download_follows_the_route \
	keepalived_moves_the_address with_wireguard_as_the_second_bridge nothing_went_astray
