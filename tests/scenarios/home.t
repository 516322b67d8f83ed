#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Home, by both families, through the kernel's own WireGuard as bridge: where
# others filter by the reverse path, mark and route by rules of their own, with
# stale connections, and when routes, netdevs, keys and the module come and go.
export KRELAY_BRIDGE=wireguard
FORWARDS='tcp/80 tcp/7 tcp/8 udp/7'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/home.sh"

setup() {
	topology_up && services_up || return
	file_make some 384K
	start internet kr-echo serve 9 internet any
	relay_up
}

# Strict, loose and no filter, and the rules by which firewalld and NixOS do the
# same in PRE_ROUTING.
test_reverse_path_filters() {
	local all default
	for all in 0 1 2; do
		for default in 0 1 2; do
			in_home sysctl -qw net.ipv4.conf.all.rp_filter=$all \
				net.ipv4.conf.default.rp_filter=$default \
				net.ipv4.conf.eth0.rp_filter=$default net.ipv4.conf.br0.rp_filter=$default
			echo "all=$all default=$default"
			is "TCP" "$(ask tcp $PUBLIC 7 x | cut -d' ' -f1,3-)" "$VISITOR home: x"
			is "UDP" "$(ask udp $PUBLIC 7 x | cut -d' ' -f1,3-)" "$VISITOR home: x"
			fetch http://$PUBLIC/ | cmp - $run/www/index.html
		done
	done
	in_home sysctl -qw net.ipv4.conf.{all,default,eth0,br0}.rp_filter=0
}

test_reverse_path_rules() {
	in_home nft -f - <<-END
	table inet firewalld {
		counter spoofed { }
		chain raw {
			type filter hook prerouting priority raw + 10;
			meta nfproto ipv6 fib saddr . mark . iif oif missing counter name spoofed drop
			meta nfproto ipv6 fib saddr . iif oif missing drop
		}
		chain filter {
			type filter hook prerouting priority filter + 10;
			meta nfproto ipv6 fib saddr . mark . iif oif missing counter name spoofed drop
		}
	}
	END
	in_home iptables -t mangle -A PREROUTING -m rpfilter --validmark --invert -j DROP
	in_home ip6tables -t mangle -A PREROUTING -m rpfilter --validmark --invert -j DROP
	serves
	# They are at work, where no bridge vouches for the source.
	in_visitor ping -6 -qc 1 -W 5 $HOME_WAN6
	ip -n home -6 route add unreachable 2001:db8:51::/64
	fails in_visitor ping -6 -qc 1 -W 1 $HOME_WAN6
	ip -n home -6 route del unreachable 2001:db8:51::/64
	in_home nft list counter inet firewalld spoofed | grep -q 'packets [1-9]'
	in_home nft delete table inet firewalld
	in_home iptables -t mangle -F
	in_home ip6tables -t mangle -F
}

# What looks looped back to PRE_ROUTING is an ordinary packet behind it.
test_packets_are_for_this_host() {
	hook=input priority=0 watch home host "iifname \"relay0\" meta pkttype host udp dport 7"
	hook=forward priority=0 watch home forwarded "iifname \"relay0\" meta pkttype host tcp dport 80"
	serves
	[ "$(seen home host)" -ge 2 ]
	[ "$(seen home forwarded)" -ge 2 ]
}

# A reply that was sent while there was no bridge made a connection of the WAN's
# address, which must not keep the replies that follow.
test_stale_connection_of_the_wan() {
	in_home conntrack -I -p udp -s $HOME_WAN -d $VISITOR --sport 7 --dport 4200 \
		--timeout 300 -r $VISITOR -q $HOME_WAN --reply-port-src 4200 --reply-port-dst 7
	in_home conntrack -I -p udp -s $HOME_WAN6 -d $VISITOR6 --sport 7 --dport 4200 \
		--timeout 300 -r $VISITOR6 -q $HOME_WAN6 --reply-port-src 4200 --reply-port-dst 7
	is "IPv4" "$(from 4200 $PUBLIC)" "$VISITOR home: x"
	is "IPv6" "$(from 4200 "[$PUBLIC6]")" "$VISITOR6 home: x"
}

test_route_caches_are_flushed() {
	ip -n home route flush cache
	ip -n home -6 route flush cache
	ip -n home neigh flush all
	serves
}

# Home moves to another way out, and has none for a while.
test_default_route_comes_and_goes() {
	both_download moves
	serves
	ip -n home route replace default via 100.64.0.1
	ip -n home -6 route replace default via 2001:db8:64::1
	serves
}

moves() {
	ip -n home route del default
	ip -n home -6 route del default
	sleep 1
	ip -n home route add default via 192.168.7.254 dev eth1
	ip -n home -6 route add default via 2001:db8:64::1
}

test_device_goes_down_and_up() {
	both_download bounce
	serves
}

bounce() {
	ip -n home link set relay0 down
	sleep 1
	ip -n home link set relay0 up
	# The kernel takes these with it.
	ip -n home address add $HOME_TUN6/64 dev relay0 nodad
}

# Another key, so another number in the marks of connections.
test_bridge_is_rekeyed() {
	local before
	before=$(in_home relayctl show relay0 -j | grep -o '"mark": *[^,]*')
	both_download rekey
	[ "$(in_home relayctl show relay0 -j | grep -o '"mark": *[^,]*')" != "$before" ]
	serves
}

rekey() {
	(umask 077; wg genkey >$run/bridge.key)
	wg pubkey <$run/bridge.key >$run/bridge.pub
	in_bridge wg set relay0 private-key $run/bridge.key
	configs_write
	end_down home
	end_up home
}

# What home sends to a visitor while there is no bridge must not stick.
test_udp_flow_returns_to_the_bridge() {
	is "before" "$(from 4300 $PUBLIC)" "$VISITOR home: x"
	is "before, IPv6" "$(from 4300 "[$PUBLIC6]")" "$VISITOR6 home: x"
	end_down home
	in_home socat -u - UDP:$VISITOR:4300,bind=$HOME_WAN:7,reuseaddr,reuseport <<<x || :
	in_home conntrack -I -p udp -s $HOME_WAN6 -d $VISITOR6 --sport 7 --dport 4300 \
		--timeout 300 -r $VISITOR6 -q $HOME_WAN6 --reply-port-src 4300 --reply-port-dst 7
	end_up home
	wait_handshake
	is "IPv4" "$(from 4300 $PUBLIC)" "$VISITOR home: x"
	is "IPv6" "$(from 4300 "[$PUBLIC6]")" "$VISITOR6 home: x"
}

# home_with LINE: once more, with that in [Interface].
home_with() {
	configs_write
	sed -i "s|^\\[Interface\\]|&\n$1|" /etc/netns/home/krelay/relay0.conf
	end_down home
	end_up home
	wait_handshake
}

# What leaves by the netdev NAME for a visitor.
watch_way() {
	hook=postrouting priority=300 watch home "$1" \
		"oifname \"$1\" ip daddr 198.51.100.0/24"
	in_home nft add rule inet watch "$1" oifname "$1" ip6 daddr 2001:db8:51::/64 counter name "$1"
}

# With an exit node (and access to local networks): all else that Tailscale has not
# marked goes there.
test_rules_of_tailscale() {
	local family table
	configure home <<-END
	link add ts0 type dummy
	link set ts0 up
	address add 100.100.1.2/32 dev ts0
	address add fd7a:115c:a1e0::2/128 dev ts0 nodad
	END
	for family in -4 -6; do
		ip -n home $family rule add pref 5210 fwmark 0x80000/0xff0000 lookup main
		ip -n home $family rule add pref 5230 fwmark 0x80000/0xff0000 lookup default
		ip -n home $family rule add pref 5250 fwmark 0x80000/0xff0000 unreachable
		ip -n home $family rule add pref 5270 lookup 52
		ip -n home $family route add default dev ts0 table 52
	done
	ip -n home route add throw 172.19.0.0/16 table 52
	ip -n home -6 route add throw fd00:19::/64 table 52
	for table in iptables ip6tables; do
		in_home $table -t mangle -A PREROUTING -m conntrack --ctstate ESTABLISHED,RELATED \
			-j CONNMARK --restore-mark --nfmask 0xff0000 --ctmask 0xff0000
		in_home $table -t mangle -A OUTPUT -m conntrack --ctstate NEW -m mark ! --mark 0/0xff0000 \
			-j CONNMARK --save-mark --nfmask 0xff0000 --ctmask 0xff0000
		in_home $table -t mangle -A FORWARD -i ts0 -j MARK --set-xmark 0x40000/0xff0000
	done
	watch_way ts0
	home_with "FwMark = 0x80000"
	serves
	is "replies by the exit node" "$(seen home ts0)" 0
	[ "$(in_home conntrack -L -p udp --orig-dst $PUBLIC 2>/dev/null | grep -c "mark=$((0x80000)) ")" = 1 ]
	for table in iptables ip6tables; do
		in_home $table -t mangle -F
	done
	for family in -4 -6; do
		for table in 5210 5230 5250 5270; do
			ip -n home $family rule del pref $table
		done
	done
	ip -n home link del ts0
	home_again
}

# A VPN of home's that takes everything, as wg-quick sets it up.
test_rules_of_wg_quick() {
	local family
	ip -n home link add wg0 type wireguard
	in_home wg set wg0 private-key $run/home.key fwmark 51820 \
		peer "$(wg genkey | wg pubkey)" allowed-ips 0.0.0.0/0,::/0 endpoint 192.0.2.1:9
	configure home <<-END
	address add 10.99.0.2/32 dev wg0
	address add fd99::2/128 dev wg0 nodad
	link set wg0 up
	END
	for family in -4 -6; do
		ip -n home $family route add default dev wg0 table 51820
		ip -n home $family rule add not fwmark 51820 table 51820
		ip -n home $family rule add table main suppress_prefixlength 0
	done
	in_home sysctl -qw net.ipv4.conf.all.src_valid_mark=1
	in_home nft -f - <<-END
	table inet wg-quick-wg0 {
		chain preraw {
			type filter hook prerouting priority raw;
			iifname != "wg0" ip daddr 10.99.0.2 fib saddr type != local drop
			iifname != "wg0" ip6 daddr fd99::2 fib saddr type != local drop
		}
		chain premangle {
			type filter hook prerouting priority mangle;
			meta l4proto udp meta mark set ct mark
		}
		chain postmangle {
			type filter hook postrouting priority mangle;
			meta l4proto udp meta mark 51820 ct mark set mark
		}
	}
	END
	watch_way wg0
	home_with "FwMark = 51820"
	serves
	is "replies by the VPN" "$(seen home wg0)" 0
	in_home nft delete table inet wg-quick-wg0
	in_home sysctl -qw net.ipv4.conf.all.src_valid_mark=0
	for family in -4 -6; do
		ip -n home $family rule del table 51820
		ip -n home $family rule del table main suppress_prefixlength 0
	done
	ip -n home link del wg0
	home_again
}

# Picked up in mid-stream it would pass for one of home's.
test_connection_that_conntrack_forgot() {
	local loose
	forgetful_serve
	for loose in 1 0; do
		in_home sysctl -qw net.netfilter.nf_conntrack_tcp_loose=$loose
		is "TCP, loose=$loose" "$(listen_first TCP:$PUBLIC:8)" "late again"
		is "IPv6, loose=$loose" "$(listen_first "TCP:[$PUBLIC6]:8")" "late again"
	done
	in_home sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
}

# Who saves and restores marks with a mask that has our bits in it, as Calico may
# (0xffff0000), has us take others: the module's parameter.
test_marks_of_calico() {
	local table
	for table in iptables ip6tables; do
		in_home $table -t mangle -A PREROUTING -j MARK --set-xmark 0x5a010000/0xffff0000
		in_home $table -t mangle -A PREROUTING -j CONNMARK --save-mark --nfmask 0xffff0000 \
			--ctmask 0xffff0000
		in_home $table -t mangle -A OUTPUT -j CONNMARK --restore-mark --nfmask 0xffff0000 \
			--ctmask 0xffff0000
		in_home $table -t mangle -A POSTROUTING -j CONNMARK --save-mark --nfmask 0xffff0000 \
			--ctmask 0xffff0000
	done
	end_down home
	rmmod krelay
	# With the bits that were ours before.
	in_home conntrack -F
	modprobe krelay mark_mask=0x7f00
	end_up home
	wait_handshake
	serves
	# Nobody's bits but ours were written.
	in_home conntrack -L --orig-dst $HOME_TUN 2>/dev/null | sed -n 's/.*mark=\([0-9]*\) .*/\1/p' |
		sort -u >$run/marks
	[ "$(wc -l <$run/marks)" -ge 1 ]
	while read -r table; do
		is "Calico's bits of $table" $((table & 0xffff00ff)) $((0x5a010000))
		[ $((table & 0x7f00)) != 0 ]
	done <$run/marks
	for table in iptables ip6tables; do
		in_home $table -t mangle -F
	done
	end_down home
	rmmod krelay
	modprobe krelay
	end_up home
	wait_handshake
}

# A container that knows of a connection of home's, and says that it is home.
test_container_in_homes_name() {
	local before
	ip -n container address add $HOME_TUN/32 dev lo
	ip -n container address add $HOME_TUN6/128 dev lo
	is "home" "$(from 4500 $PUBLIC)" "$VISITOR home: x"
	is "home by IPv6" "$(from 4500 "[$PUBLIC6]")" "$VISITOR6 home: x"
	before=$(counter home home_spoofed)
	# Under that address home would not tell where it is.
	in_container ping -qc 1 -W 5 172.19.0.1
	in_container ping -qc 1 -W 5 fd00:19::1
	in_visitor socat -u UDP6-RECV:4500,ipv6only=0 CREATE:$run/heard &
	eventually 10 in_visitor grep -q ":1194 " /proc/net/udp6
	in_container socat -u - UDP:$VISITOR:4500,bind=$HOME_TUN:7 <<<forged
	in_container socat -u - "UDP:[$VISITOR6]:4500,bind=[$HOME_TUN6]:7" <<<forged
	eventually 10 counted home home_spoofed $((before + 2))
	kill $!
	is "what the visitor has heard" "$(cat $run/heard)" ""
	ip -n container address flush dev lo scope global
}

# A neighbour that knows of a connection of the container's, and says that it is the
# container, where rp_filter is strict.
test_neighbour_in_the_containers_name() {
	local before
	ip netns add neighbour
	ip link add other0 netns home type veth peer name eth0 netns neighbour
	ip -n home address add 172.30.0.1/24 dev other0
	ip -n home link set other0 up
	ip -n neighbour address add 172.30.0.2/24 dev eth0
	ip -n neighbour address add $CONTAINER/32 dev lo
	ip -n neighbour link set eth0 up
	ip -n neighbour route add default via 172.30.0.1
	# Under the other address home would not tell where it is.
	in_host neighbour ping -qc 1 -W 5 172.30.0.1
	in_home nft -f - <<-END
	table ip published {
		chain prerouting {
			type nat hook prerouting priority dstnat - 1;
			iifname "relay0" udp dport 7 dnat to $CONTAINER:7
		}
	}
	insert rule ip filter forward ct status dnat accept
	END
	start container kr-echo serve 7 container any
	eventually 10 answers "$VISITOR container: x"
	before=$(counter home home_spoofed)
	in_visitor socat -u UDP-RECV:4600 CREATE:$run/heard &
	eventually 10 in_visitor grep -q ":11F8 " /proc/net/udp
	in_home sysctl -qw net.ipv4.conf.other0.rp_filter=1
	in_host neighbour socat -u - UDP:$VISITOR:4600,bind=$CONTAINER:7 <<<forged
	eventually 10 counted home home_spoofed $((before + 1))
	kill $!
	is "what the visitor has heard" "$(cat $run/heard)" ""
	in_home nft delete table ip published
	ip netns del neighbour
}

answers() {
	is "the container" "$(from 4600 $PUBLIC)" "$1"
}

scenario reverse_path_filters reverse_path_rules packets_are_for_this_host \
	stale_connection_of_the_wan udp_flow_returns_to_the_bridge route_caches_are_flushed \
	default_route_comes_and_goes device_goes_down_and_up bridge_is_rekeyed \
	rules_of_tailscale rules_of_wg_quick connection_that_conntrack_forgot marks_of_calico \
	container_in_homes_name neighbour_in_the_containers_name
