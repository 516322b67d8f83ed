# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Mutated packets into each end of a relay, of which not one may get lost: all are
# relayed, dropped under a name, kept for the rest of their fragments, or left to
# the host. KRELAY_PACKETS is how many of them, KRELAY_SEED repeats a run.

. "$lib/bridging.sh"

HOME_PORT=51821
ports=7,7,80,1000,5000,3005,4001,4001,4002,4002,4003,4003,4003,4004,4004,4004,443,22,53
# Behind the public addresses: others', everybody's, and nobody's.
publics="$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC,$PUBLIC"
publics="$publics,$PUBLIC_B,203.0.113.9,203.0.113.255,224.0.0.1"
publics="$publics,$PUBLIC6,$PUBLIC6,$PUBLIC6,$PUBLIC6,$PUBLIC6,$PUBLIC6,$PUBLIC6,$PUBLIC6"
publics="$publics,$PUBLIC6_B,2001:db8:113::9,ff02::1"
visitors="198.18.0.0/15,198.18.0.0/15,198.18.0.0/15,$VISITOR,$VISITOR,$VISITOR,127.0.0.1,0.0.0.0"
visitors="$visitors,$PUBLIC,10.66.0.3,255.255.255.255,2001:db8:51::/64,2001:db8:51::/64"
visitors="$visitors,2001:db8:bad::/48,2001:db8:bad::/48,$PUBLIC6,::1,::,ff02::1,::ffff:198.18.0.1,fd66::3"

packets_setup() {
	[ -n "${KRELAY_SEED:-}" ] || KRELAY_SEED=$RANDOM
	echo "# KRELAY_SEED=$KRELAY_SEED" >&3
	bridging_up || return
	# What is lost before the relay sees it would not be missed.
	sysctl -qw net.core.netdev_max_backlog=100000
	# Each packet has to be seen as it is.
	in_bridge ethtool -K relay0 gro off
	forwards "far udp/7" "far tcp/7" "far tcp/80" "far udp/5000 -> 5001" \
		"far tcp/3000-3010 -> 2001-2011" "far udp/1000-1100 on $PUBLIC" "far icmp" "far gre" \
		"far sctp/7" "far udp/4001 allow $VISITOR 198.18.0.0/16 2001:db8:51::/64" \
		"far udp/4002 deny 198.18.0.0/16 2001:db8::/32" \
		"far udp/4003 limit 2pps" "far udp/4004 source-limit 1pps" \
		"far tcp/443 on $PUBLIC_B -> $FAR_LAN:443" "far udp/443 on $PUBLIC6_B -> [fd99::20]:443" \
		"far all except udp/53" || return
	in_bridge nft -f - <<-END
	table netdev packets {
		chain before {
			type filter hook ingress device ens3 priority 0;
			counter comment "before"
			ip saddr { 192.0.3.2, $CGNAT } udp dport $WG_PORT udp length >= 40 @th,64,32 0x04000000 counter comment "tunnel"
		}
		chain after {
			type filter hook ingress device ens3 priority 200;
			counter comment "after"
		}
		chain up {
			type filter hook ingress device relay0 priority 0;
			counter comment "up"
		}
	}
	END
}

# tally HOST: all that went in and what has become of it, in words of NAME=VALUE.
tally() {
	{
		in_host "$1" nft list table netdev packets |
			sed -n 's/.*counter packets \([0-9]*\) .* comment "\(.*\)"/\2 \1/p'
		in_host "$1" relayctl stats relay0 | awk '$1 ~ /^(rx|bridge)_/'
		in_host "$1" relayctl forward list relay0 -j | tr ',{}' '\n\n\n' |
			awk -F'[": ]+' '$2 ~ /^(in|out)_packets$/ { print $2, $3 }'
	} | awk '
		{ n[$1] += $2 }
		END { for (name in n) printf "%s=%d\n", name, n[name] }' | sort
}

# gone_by BEFORE AFTER: what of two tallies went in and did not come out again.
# Drops of datagrams that are not the tunnel's do not count; where nobody else sends any,
# one of no session was its own, and has waited until two others had begun. Forwards
# count what came by the wire, $merged at once.
gone_by() {
	awk -F= -v merged=${merged:-1} -v own=$([ "$name" != tunnel ] || echo 1) '
		NR == FNR { was[$1] = $2; next }
		{ n = $2 - was[$1] }
		$1 ~ /^(before|tunnel)$/ { went_in += n }
		$1 == "in_packets" { went_out += n / merged }
		$1 ~ /^(after|up|out_packets|bridge_.*)$/ { went_out += n }
		$1 ~ /^rx_/ && $1 !~ /_(truncated|unknown_type|no_session)$/ { went_out += n }
		own && $1 == "rx_no_session" { went_out += n }
		END { print went_in - went_out }' "$1" "$2"
}

# balance HOST: until all is accounted for, or nothing more is.
balance() {
	local gone last='' since=$SECONDS
	while :; do
		tally "$1" >$run/now
		gone=$(gone_by $run/then $run/now)
		[ "$gone" != 0 ] || return 0
		[ "$gone" = "$last" ] || since=$SECONDS
		last=$gone
		[ $((SECONDS - since)) -lt $((60 * KRELAY_SLOW)) ] || return 1
		sleep 0.2
	done
}

changes() {
	awk -F= 'NR == FNR { was[$1] = $2; next } $2 != was[$1] { printf "%s %d, ", $1, $2 - was[$1] }
		END { print "" }' $run/then $run/now | sed 's/, $//'
}

changed() {
	awk -F= -v name="$1" 'NR == FNR { was[$1] = $2; next } $1 == name { n = $2 - was[$1] }
		END { print n + 0 }' $run/then $run/now
}

# mutate HOST COUNTER SHARE SENDER NETDEV FROM TO: SHARE hundredths of all packets,
# most of which HOST has to see as COUNTER.
mutate() {
	local host=$1 name=$2 count=$((${KRELAY_PACKETS:-20000} * $3 / 100)) sender=$4 began
	shift 4
	dmesg -C
	tally $host >$run/then
	began=$SECONDS
	is sent "$(in_host $sender kr-packetfuzz ${merged:+-m} "$1" $count $((KRELAY_SEED + ${#FUNCNAME[1]})) "$2" "$3" $ports)" $count
	# What is merged waits in a backlog, which is long by then.
	if ! balance $host; then
		echo "not accounted for: $(gone_by $run/then $run/now) of $(changes)"
		return 1
	fi
	echo "# $((SECONDS - began)) s: $(changes)" >&3
	[ "$(changed $name)" -ge $((count * 9 / 10)) ]
	quiet_dmesg
}

# met NAME...: of all these there were some, or the packets are not what they are for.
met() {
	local name
	for name; do
		[ "$(changed $name)" -gt 0 ] || { echo "There was no $name."; return 1; }
	done
}

# What far makes of them is of no interest, and takes time.
to_deaf_far() {
	local status=0
	in_far nft -f - <<-END
	table netdev deaf {
		chain in {
			type filter hook ingress device wg0 priority 0; policy drop;
		}
	}
	END
	"$@" || status=1
	in_far nft delete table netdev deaf
	return $status
}

test_from_visitors() {
	to_deaf_far mutate bridge before 60 internet \
		bridge0/"$(in_bridge cat /sys/class/net/ens3/address)" "$visitors" "$publics"
	met in_packets bridge_spoofed bridge_malformed bridge_fragment bridge_piece bridge_ttl \
		bridge_too_big bridge_denied bridge_options
	# Where a packet takes long no more may come than are allowed.
	[ "$KRELAY_SLOW" != 1 ] || met bridge_limit bridge_source_limit
	relays
}

# As a NIC of a virtual machine hands them up, several at once, without saying how
# many. Another netdev's would have to say it.
test_merged_from_visitors() {
	local merged=3
	ip -n bridge link add merging0 type dummy
	ip -n bridge link set merging0 up
	in_bridge tc qdisc add dev merging0 clsact
	in_bridge tc filter add dev merging0 egress matchall action mirred ingress redirect dev ens3
	to_deaf_far mutate bridge before 10 bridge \
		merging0/"$(in_bridge cat /sys/class/net/ens3/address)" "$visitors" "$publics"
	ip -n bridge link del merging0
	met in_packets bridge_malformed bridge_ttl bridge_too_big bridge_options
	relays
}

test_from_a_peer_to_the_bridge() {
	mutate bridge tunnel 20 far wg0 \
		"$FAR_TUN,$FAR_TUN,$FAR_TUN,$FAR_LAN,192.168.9.0/24,10.66.0.9,$FAR_TUN6,$FAR_TUN6,fd99::20,fd99::/64,fd66::9" \
		"$VISITOR,$VISITOR,198.18.0.0/15,$BRIDGE_TUN,$PUBLIC,127.0.0.1,224.0.0.1,$VISITOR6,2001:db8:51::/64,fd66::1,$PUBLIC6,ff02::1,fe80::1"
	met out_packets up rx_malformed rx_source bridge_fragment bridge_piece bridge_ttl
	relays
}

relays() {
	eventually 30 relays_now
}

relays_now() {
	is IPv4 "$(said udp $PUBLIC 7)" "$VISITOR far: x" &&
		is "TCP by IPv6" "$(said tcp $PUBLIC6 7)" "$VISITOR6 far: x"
}

# Home's bridge is far now, with WireGuard of the kernel's own.
home_of_far() {
	in_home relayctl down relay0
	ip -n far link add wg1 type wireguard
	in_far wg set wg1 private-key $run/bridge.key listen-port $HOME_PORT \
		peer "$(cat $run/home.pub)" preshared-key $run/psk allowed-ips 0.0.0.0/0,::/0
	configure far <<-END
	link set wg1 mtu 1420 up
	route add $HOME_TUN/32 dev wg1
	route add $CGNAT/32 via 192.0.3.1
	END
	home_config | sed "s/^Endpoint = .*/Endpoint = 192.0.3.2:$HOME_PORT/" \
		>/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
	in_home ethtool -K relay0 gro off
	eventually 20 in_far ping -qc 1 -W 1 $HOME_TUN
	in_home nft -f - <<-END
	table netdev packets {
		chain tunnel {
			type filter hook ingress device eth0 priority 0;
			udp sport $HOME_PORT udp length >= 40 @th,64,32 0x04000000 counter comment "tunnel"
		}
		chain up {
			type filter hook ingress device relay0 priority 0;
			counter comment "up"
		}
	}
	END
}

test_from_a_bridge_to_home() {
	home_of_far
	mutate home tunnel 20 far wg1 \
		"$visitors,192.168.7.20,172.19.0.4" \
		"$HOME_TUN,$HOME_TUN,$HOME_TUN,192.168.7.10,127.0.0.1,224.0.0.1,$HOME_TUN6,$HOME_TUN6,$HOME_WAN6,ff02::1"
	met up rx_malformed rx_spoofed rx_not_accepted rx_source_route rx_control
	eventually 20 in_far ping -qc 1 -W 1 $HOME_TUN
}
