#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything that a bridge forwards, IPv4 and IPv6.
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/bridging.sh"

setup() {
	bridging_up
}

test_ipv6_by_port() {
	forwards "far udp/7 on $PUBLIC6" "far tcp/7007 on $PUBLIC6 -> 7"
	is udp "$(said udp $PUBLIC6 7)" "$VISITOR6 far: x"
	is translated "$(said tcp $PUBLIC6 7007)" "$VISITOR6 far: x"
	fails ask tcp $PUBLIC6_B 7 x
}

test_same_port_on_two_addresses_to_two_homes() {
	forwards "far udp/7 on $PUBLIC" "home udp/7 on $PUBLIC_B"
	is "the first" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	is "the second" "$(said udp $PUBLIC_B 7)" "$VISITOR home: x"
}

test_target_behind_the_peer() {
	forwards "far tcp/7 -> $FAR_LAN:7" "far tcp/7 on $PUBLIC6 -> [fd99::20]:7"
	is IPv4 "$(said tcp $PUBLIC 7)" "$VISITOR farlan: x"
	is IPv6 "$(said tcp $PUBLIC6 7)" "$VISITOR6 farlan: x"
}

test_range_keeps_its_order() {
	forwards "far tcp/3000-3010 -> 1-11"
	is "the seventh" "$(said tcp $PUBLIC 3006)" "$VISITOR far: x"
}

test_catch_all_leaves_what_the_bridge_serves() {
	forwards "far all except udp/53"
	is "what nobody serves" "$(said tcp $PUBLIC 7)" "$VISITOR far: x"
	is "what nobody serves, UDP" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	is "what nobody serves, IPv6" "$(said tcp $PUBLIC6 7)" "$VISITOR6 far: x"
	is "the bridge's ssh" "$(said tcp $PUBLIC 22)" "$VISITOR bridge: x"
	is "the bridge's ssh, IPv6" "$(said tcp $PUBLIC6 22)" "$VISITOR6 bridge: x"
	is "the bridge's own connection" \
		"$(in_bridge kr-echo ask tcp $VISITOR 9 x | cut -d' ' -f3-)" "visitor: x"
	is "the bridge's own question" \
		"$(in_bridge kr-echo ask udp $VISITOR 9 x | cut -d' ' -f3-)" "visitor: x"
	in_visitor ping -qc 1 -W 3 $PUBLIC
	# The tunnel itself, whose port is one like any other.
	in_bridge ping -qc 1 -W 3 $FAR_TUN
}

test_port_of_a_service_that_moves_goes_home() {
	local pid
	forwards "far all"
	in_bridge nft insert rule ip firewall input tcp dport 222 accept
	start far kr-echo serve 222 far any
	start bridge kr-echo serve 222 bridge any
	pid=$(tail -n 1 $run/pids)
	wait_port bridge 222 && wait_port far 222
	is "while it listens" "$(said tcp $PUBLIC 222)" "$VISITOR bridge: x"
	kill "$pid"
	eventually 30 answers_at_222
}

answers_at_222() {
	is "when it is gone" "$(said tcp $PUBLIC 222)" "$VISITOR far: x"
}

# The visitor goes on sending, so conntrack never forgets what nobody has answered.
test_catch_all_takes_flows_that_nobody_answered() {
	local at
	forwards
	in_bridge nft -f - <<-END
	insert rule ip firewall input udp dport 7 accept
	table ip6 tracked {
		chain input {
			type filter hook input priority filter;
			ct state new accept
		}
	}
	END
	for at in $PUBLIC "[$PUBLIC6]"; do
		is "nobody is there" "$(from 4700 "$at" | grep -c .)" 0
	done
	is "flows" "$(for at in ipv4 ipv6; do
		in_bridge conntrack -L -f $at -p udp --orig-port-src 4700 2>/dev/null
	done | wc -l)" 2
	forwards "far all"
	is "IPv4" "$(from 4700 $PUBLIC)" "$VISITOR far: x"
	is "IPv6" "$(from 4700 "[$PUBLIC6]")" "$VISITOR6 far: x"
	in_bridge nft delete table ip6 tracked
}

test_catch_all_leaves_the_bridges_containers_alone() {
	forwards "far all"
	in_bridge sysctl -qw net.ipv4.ip_forward=1
	in_bridge nft -f - <<-END
	table ip box {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			ip saddr 172.30.0.0/24 oifname "ens3" masquerade
		}
	}
	insert rule ip firewall forward iifname "box0" accept
	END
	is "TCP" "$(in_box kr-echo ask tcp $VISITOR 9 x | sed 's/^::ffff://' | cut -d' ' -f1,3-)" "$PUBLIC visitor: x"
	is "UDP" "$(in_box kr-echo ask udp $VISITOR 9 x | sed 's/^::ffff://' | cut -d' ' -f1,3-)" "$PUBLIC visitor: x"
	in_box ping -qc 1 -W 3 $VISITOR
	in_bridge nft delete table ip box
	in_bridge sysctl -qw net.ipv4.ip_forward=0
}

test_except_is_not_forwarded() {
	forwards "far all except tcp/7 udp/100-200"
	fails ask tcp $PUBLIC 7 x
	is "another protocol" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	# Nor may far speak in the bridge's name.
	fails in_far socat -u /dev/null TCP:$VISITOR:9,bind=$FAR_TUN:7,connect-timeout=3
	in_far socat -u /dev/null TCP:$VISITOR:9,bind=$FAR_TUN:8,connect-timeout=3
}

test_icmp_echo() {
	local before
	forwards "far icmp"
	before=$(in_far nstat -asz IcmpInEchos Icmp6InEchos | awk '/In/ { n += $2 } END { print n }')
	in_visitor ping -qc 2 -i 0.3 -W 3 $PUBLIC
	in_visitor ping -qc 2 -i 0.3 -W 3 $PUBLIC6
	is "echoes that came to far" $(($(in_far nstat -asz IcmpInEchos Icmp6InEchos |
		awk '/In/ { n += $2 } END { print n }') - before)) 4
	# The bridge itself can still ping.
	in_bridge ping -qc 1 -W 3 $VISITOR
}

test_gre() {
	forwards "far gre"
	ip -n visitor link add gre1 type gre local $VISITOR remote $PUBLIC || skip "no GRE here"
	ip -n far link add gre1 type gre local $FAR_TUN remote $VISITOR
	ip -n visitor address add 10.9.0.1/30 dev gre1
	ip -n far address add 10.9.0.2/30 dev gre1
	ip -n visitor link set gre1 mtu 1300 up
	ip -n far link set gre1 mtu 1300 up
	in_visitor ping -qc 2 -i 0.3 -W 3 10.9.0.2
	ip -n visitor link del gre1
	ip -n far link del gre1
}

test_sctp() {
	modprobe sctp || skip "no SCTP here"
	forwards "far sctp/7"
	# To one address each: a socket of all of them tells the visitor of all.
	start far socat SCTP4-LISTEN:7,bind=$FAR_TUN,fork SYSTEM:cat
	start far socat "SCTP6-LISTEN:7,bind=[$FAR_TUN6],fork" SYSTEM:cat
	eventually 20 listens_by_sctp 2
	is IPv4 "$(sctp_ask SCTP4:$PUBLIC:7)" hello
	is IPv6 "$(sctp_ask "SCTP6:[$PUBLIC6]:7")" hello
}

# listens_by_sctp SOCKETS: so many of far's, on port 7.
listens_by_sctp() {
	[ "$(in_far awk '$6 == 7' /proc/net/sctp/eps | wc -l)" = "$1" ]
}

# SCTP closes both ways at once: not before the answer is there.
sctp_ask() {
	rm -f $run/answer
	{ echo hello; eventually 20 test -s $run/answer >&2; } |
		in_visitor socat -T 20 - "$1,connect-timeout=20" >$run/answer
	cat $run/answer
}

test_large_datagrams_in_pieces() {
	local text
	text=$(head -c 5000 /dev/zero | tr '\0' a)
	forwards "far udp/7"
	is "bytes, IPv4" "$(ask udp $PUBLIC 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 5000
	is "bytes, IPv6" "$(ask udp $PUBLIC6 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 5000
	# In any order.
	modprobe sch_netem
	tc -n internet qdisc add dev bridge0 root netem delay 5ms reorder 50% 50%
	is "bytes, IPv4" "$(ask udp $PUBLIC 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 5000
	is "bytes, IPv6" "$(ask udp $PUBLIC6 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 5000
	tc -n internet qdisc del dev bridge0 root
}

# Whoever sends small ones may know of a narrow way.
test_pieces_stay_as_small_as_they_came() {
	local text
	text=$(head -c 1340 /dev/zero | tr '\0' a)
	forwards "far udp/7"
	ip -n far link set wg0 mtu 1300
	in_visitor nft -f - <<-END
	table netdev pieces {
		chain in {
			type filter hook ingress device eth0 priority 0;
			meta length > 1300 drop
		}
	}
	END
	is "bytes, IPv4" "$(ask udp $PUBLIC 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 1340
	is "bytes, IPv6" "$(ask udp $PUBLIC6 7 "$text" | cut -d' ' -f4- | tr -d '\n' | wc -c)" 1340
	in_visitor nft delete table netdev pieces
	ip -n far link set wg0 mtu 1420
}

# Which is said of each, not of the whole, whose head is of the first.
test_pieces_that_must_not_be_cut_further() {
	forwards "far udp/7"
	in_far nft -f - <<-END
	table inet whole {
		counter whole { }
		chain in {
			type filter hook input priority 0;
			udp dport 7 udp length 2000 counter name whole
		}
	}
	END
	in_visitor kr-inject - <<-END
	$VISITOR $PUBLIC piece=0+df 17 1234000707d00000$(bytes 1296)
	$VISITOR $PUBLIC piece=1304df 17 $(bytes 696)
	END
	eventually 20 came_whole
	in_far nft delete table inet whole
}

bytes() {
	printf '61%.0s' $(seq "$1")
}

came_whole() {
	[ "$(nft_counter list far inet whole whole)" = 1 ]
}

test_port_unreachable_comes_back() {
	local start
	forwards "far udp/99"
	# A connected socket that hears of it does not wait for its 3 s.
	start=$EPOCHREALTIME
	fails ask udp $PUBLIC 99 x 2>&1 | tee $run/refused
	grep -q refused $run/refused
	fails ask udp $PUBLIC6 99 x 2>&1 | tee $run/refused
	grep -q refused $run/refused
}

test_traceroute_shows_the_bridge_and_the_target() {
	forwards "far udp/33434-33534"
	hops 4 $PUBLIC "$PUBLIC $PUBLIC"
	hops 6 $PUBLIC6 "$PUBLIC6 $PUBLIC6"
}

# hops FAMILY ADDRESS WANTED: the last two hops of a traceroute by UDP.
hops() {
	is "the last two hops" "$(in_visitor traceroute -"$1" -n -q 1 -w 3 -m 6 "$2" |
		awk 'NR > 1 { print $2 }' | tail -n 2 | xargs)" "$3"
}

# What must not be cut and does not fit is answered, by the address that was asked.
test_packet_too_big_is_told_to_the_visitor() {
	forwards "far udp/7 on $PUBLIC6"
	in_visitor nft -f - <<-END
	table ip6 told {
		chain in {
			type filter hook input priority 0;
			icmpv6 type packet-too-big ip6 saddr $PUBLIC6 icmpv6 mtu 1420 counter
		}
	}
	END
	# 1420 and 1421 bytes with their headers, whatever the route knows (IPV6_PMTUDISC_PROBE).
	too_big_send 1372
	ask udp $PUBLIC6 7 x
	too_big_send 1373
	eventually 10 was_told
	ip -n visitor -6 route get $PUBLIC6 | grep 'mtu 1420'
	in_visitor nft delete table ip6 told
}

too_big_send() {
	head -c "$1" /dev/zero | in_visitor socat -b 2000 -u - "UDP6:[$PUBLIC6]:7,setsockopt-int=41:23:3"
}

was_told() {
	in_visitor nft list table ip6 told | grep 'packets 1 '
}

# A narrow link between the bridge and the visitor: its router answers the bridge,
# about packets that far has sent.
test_path_mtu_of_a_download() {
	head -c 400000 /dev/urandom >$run/blob
	start far socat -U TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 SYSTEM:"cat $run/blob"
	wait_port far 80
	forwards "far tcp/80"
	ip -n internet link set visitor0 mtu 1280
	in_far ip route flush cache
	in_visitor socat -T 20 -u TCP:$PUBLIC:80 - | cmp - $run/blob
	in_visitor socat -T 20 -u "TCP6:[$PUBLIC6]:80" - | cmp - $run/blob
	ip -n internet link set visitor0 mtu 1500
}

# Both families, both ways: a connection that gets back what it sends, a datagram in
# pieces, and a super-packet of datagrams (UDP_SEGMENT) where the netdev takes it.
both_ways() {
	local pids= pid address status=0
	for address in $PUBLIC "[$PUBLIC6]"; do
		in_visitor socat -t 20 -T 20 - TCP:"$address":81 <$run/blob | cmp - $run/blob &
		pids="$pids $!"
		address=${address#[}
		[ "$(ask udp "${address%]}" 7 "$long" | cut -d' ' -f4- | tr -d '\n' | wc -c)" = 4000 ] &
		pids="$pids $!"
		in_visitor perl -MIO::Socket::IP -MIO::Select -e '
			my $s = IO::Socket::IP->new(Proto => "udp", PeerHost => $ARGV[0], PeerPort => 7);
			my %left = map { $_ x 1200 => 1 } my @all = "a" .. "j";
			setsockopt($s, 17, 103, pack("i", 1200)) or die $!;
			if (!send($s, join("", map { $_ x 1200 } @all), 0)) {
				setsockopt($s, 17, 103, pack("i", 0));
				send($s, $_ x 1200, 0) for @all;
			}
			while (%left && IO::Select->new($s)->can_read(10)) {
				recv($s, my $in, 65536, 0);
				delete $left{$1} if $in =~ /: (\w+)$/;
			}
			die "no answer to ", join(" ", map { substr $_, 0, 1 } sort keys %left), "\n" if %left' \
			"${address%]}" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || status=1
	done
	return $status
}

# offloads NETDEVS WORDS...: set these, see, and set them back.
offloads() {
	local at
	for at in $1; do
		in_host "${at%/*}" ethtool -K "${at#*/}" "${@:2}"
	done
	both_ways || { echo "This was with $*."; return 1; }
	for at in $1; do
		in_host "${at%/*}" ethtool -K "${at#*/}" tx on sg on tso on gso on rx on gro off \
			rx-udp-gro-forwarding off rx-gro-list off
	done
}

# What arrives is complete, to be completed (tx on), checked (tx off) or not (rx off),
# and known by its sum where conntrack has looked before (tc). The tunnel has a netdev
# of its own here.
test_every_offload_on_and_off() {
	local long netdevs words sender='visitor/eth0 internet/bridge0' public=bridge/ens3 outer='bridge/ens4 far/eth1'
	long=$(head -c 4000 /dev/zero | tr '\0' a)
	head -c 100000 /dev/urandom >$run/blob
	ip link add ens4 netns bridge type veth peer name eth1 netns far
	configure bridge <<-END
	link set ens4 up
	address add 192.0.4.1/24 dev ens4
	END
	configure far <<-END
	link set eth1 up
	address add 192.0.4.2/24 dev eth1
	END
	in_far wg set wg0 peer "$(cat $run/bridge.pub)" endpoint 192.0.4.1:$WG_PORT
	eventually 20 in_far ping -qc 1 -W 1 -I wg0 $BRIDGE_TUN
	start far socat -t 20 TCP6-LISTEN:81,fork,reuseaddr,ipv6only=0 EXEC:cat
	wait_port far 81
	forwards "far tcp/81" "far udp/7"
	for netdevs in "$sender" $public "$outer"; do
		for words in "tx off" "sg off" "tso off" "gso off" "gro on" "tso off gso off gro on"; do
			# shellcheck disable=SC2086
			offloads "$netdevs" $words
		done
	done
	offloads "$public" rx off
	offloads "$public" gro on rx-gro-list on
	offloads "$public" gro on rx-udp-gro-forwarding on
	offloads "$outer" gro on rx-udp-gro-forwarding on
	# Neither the sender nor the receiver does anything.
	offloads "$sender $public" tx off rx off
	offloads "$sender $public" tx off rx off gro on
	offloads "$sender $public $outer" tx off rx off tso off gso off sg off
	offloads "$sender $public $outer" gro on rx-udp-gro-forwarding on
	modprobe -a act_ct cls_matchall sch_ingress || return 0
	tc -n bridge qdisc add dev ens3 clsact
	# Of ARP it would let nothing pass.
	tc -n bridge filter add dev ens3 ingress protocol ip matchall action ct zone 9
	tc -n bridge filter add dev ens3 ingress protocol ipv6 matchall action ct zone 9
	offloads "$sender $public" tx off rx off
	tc -n bridge qdisc del dev ens3 clsact
}

# A burst, which GRO puts into a list of packets as it does for those who route.
test_datagrams_that_gro_put_into_a_list() {
	local to
	forwards "far udp/5000"
	in_far nft -f - <<-END
	table netdev lists {
		counter arrived { }
		chain in {
			type filter hook ingress device wg0 priority 0;
			udp dport 5000 counter name arrived
		}
	}
	END
	in_bridge nft -f - <<-END
	table netdev lists {
		counter merged { }
		chain in {
			type filter hook ingress device ens3 priority -10;
			udp dport 5000 counter name merged
		}
	}
	END
	in_bridge ethtool -K ens3 gro on rx-gro-list on
	# From one that has it veth takes all for merged already.
	in_internet ethtool -K bridge0 tso off
	for to in $PUBLIC $PUBLIC6; do
		tc -n internet qdisc add dev bridge0 root plug limit 1000000
		in_visitor perl -MIO::Socket::IP -e '
			my $s = IO::Socket::IP->new(Proto => "udp", PeerHost => $ARGV[0], PeerPort => 5000);
			send($s, "x" x 200, 0) for 1 .. 100' $to
		sleep 1
		tc -n internet qdisc change dev bridge0 root plug release_indefinite
		eventually 10 have_arrived 100
		[ "$(nft_counter reset bridge netdev lists merged)" -lt 100 ]
		in_far nft reset counter netdev lists arrived
		tc -n internet qdisc del dev bridge0 root
	done
	in_bridge ethtool -K ens3 gro off rx-gro-list off
	in_internet ethtool -K bridge0 tso on
	in_bridge nft delete table netdev lists
	in_far nft delete table netdev lists
}

have_arrived() {
	[ "$(nft_counter list far netdev lists arrived)" = "$1" ]
}

# A peer may answer for what would be its own to get, and for nothing else.
test_peer_of_a_catch_all_answers_for_itself_alone() {
	forwards "far all except udp/4432" "home udp/4430"
	in_visitor nft -f - <<-END
	table inet answers {
		counter heard { }
		chain in {
			type filter hook prerouting priority 0;
			udp sport 4430-4433 counter name heard
		}
	}
	END
	in_far kr-inject wg0 <<-END
	$FAR_TUN $VISITOR udp 4430 4444 x
	$FAR_TUN $VISITOR udp 4432 4444 x
	$FAR_TUN6 $VISITOR6 udp 4432 4444 x
	END
	in_far kr-inject wg0 <<-END
	$FAR_TUN $VISITOR udp 4431 4444 x
	$FAR_TUN $VISITOR udp 4433 4444 x
	$FAR_TUN6 $VISITOR6 udp 4431 4444 x
	$FAR_TUN6 $VISITOR6 udp 4433 4444 x
	END
	eventually 20 has_answers
	sleep 1
	has_answers
	in_visitor nft delete table inet answers
}

has_answers() {
	is "answers" "$(nft_counter list visitor inet answers heard)" 4
}

# announced ETHERTYPE [SOURCE]: a good IPv4 packet, in a frame of that type.
announced() {
	ip netns exec internet perl -MSocket -e '
		my ($type, $mac, $index, $from, $to) = @ARGV;
		my $ip = pack("CCnnnCCna4a4", 0x45, 0, 32, 0, 0, 64, 17, 0, inet_aton($from), inet_aton($to));
		my $sum = unpack("%32n*", $ip);
		$sum = ($sum & 0xffff) + ($sum >> 16) for 1 .. 2;
		substr($ip, 10, 2) = pack("n", ~$sum & 0xffff);
		my $frame = pack("H12H12n", $mac, "020000000001", hex $type) . $ip .
			pack("nnnna4", 4000, 7, 12, 0, "abcd");
		socket(my $s, 17, SOCK_RAW, 0) or die $!;
		send($s, $frame, 0, pack("SnlSCCa8", 17, hex $type, $index, 0, 0, 6, pack("H12", $mac))) or die $!' \
		"$1" "$(in_bridge cat /sys/class/net/ens3/address | tr -d :)" \
		"$(ip netns exec internet cat /sys/class/net/bridge0/ifindex)" "${2:-$VISITOR}" $PUBLIC
}

# nothing_taken: by any of the forwards that there are.
nothing_taken() {
	is "packets taken" "$(in_bridge relayctl forward list relay0 -j |
		sed -n 's/.*"in_packets": *\([0-9]*\).*/\1/p' | sort -u)" 0
}

# The header is not what its frame says: the host's to drop.
test_frame_that_lies_about_its_protocol() {
	forwards "far udp/7 on $PUBLIC"
	announced 86dd
	sleep 1
	nothing_taken
	announced 0800
	eventually 20 fails nothing_taken
}

# Home would take them for the bridge or another peer, or answer to the bridge itself.
test_sources_that_no_visitor_has() {
	local source
	forwards "far udp/7 on $PUBLIC" "far udp/7 on $PUBLIC6"
	spoofed=$(counter bridge bridge_spoofed)
	for source in $PUBLIC $BRIDGE_TUN $FAR_TUN 127.0.0.1 224.0.0.1 0.1.2.3 255.255.255.255; do
		announced 0800 $source
	done
	ip -n visitor address add $FAR_TUN6/128 dev lo nodad
	echo x | in_visitor socat -u - "UDP6:[$PUBLIC6]:7,bind=[$FAR_TUN6]"
	ip -n visitor address del $FAR_TUN6/128 dev lo
	eventually 20 are_spoofed 8
	nothing_taken
}

are_spoofed() {
	is bridge_spoofed $(($(counter bridge bridge_spoofed) - spoofed)) "$1"
}

# Where a cloud keeps what it has for this host alone.
test_no_reply_to_link_local_addresses() {
	forwards "far udp/7 on $PUBLIC" "far udp/7 on $PUBLIC6"
	in_internet nft -f - <<-END
	table inet replies {
		counter heard { }
		chain in {
			type filter hook prerouting priority 0;
			udp sport 7 udp dport { 80, 4444 } counter name heard
		}
	}
	END
	in_far kr-inject wg0 <<-END
	$FAR_TUN 169.254.169.254 udp 7 80 x
	$FAR_TUN6 fe80::fe udp 7 80 x
	$FAR_TUN $VISITOR udp 7 4444 x
	$FAR_TUN6 $VISITOR6 udp 7 4444 x
	END
	eventually 20 replies_are 2
	sleep 1
	replies_are 2
	in_internet nft delete table inet replies
}

replies_are() {
	is replies "$(nft_counter list internet inet replies heard)" "$1"
}

# A bond has it without a NIC that has.
test_public_netdevs_merge_nothing_for_good() {
	modprobe bonding || skip "no bonds here"
	ip netns add bonded
	ip -n bonded link add bond1 type bond
	is "before" "$(lro bond1)" on
	mkdir -p /etc/netns/bonded/krelay
	(
		umask 077
		printf '%s\n' '[Interface]' "PrivateKey = $(wg genkey)" 'Public = bond1, bond2' \
			>/etc/netns/bonded/krelay/relay0.conf
	)
	in_host bonded relayctl up relay0
	eventually 10 is_without_lro bond1
	ip -n bonded link add bond2 type bond
	eventually 10 is_without_lro bond2
	in_host bonded relayctl down relay0
	ip netns del bonded
}

lro() {
	in_host bonded ethtool -k "$1" | sed -n 's/^large-receive-offload: //p'
}

is_without_lro() {
	[ "$(lro "$1")" = off ]
}

scenario ipv6_by_port same_port_on_two_addresses_to_two_homes target_behind_the_peer \
	range_keeps_its_order catch_all_leaves_what_the_bridge_serves \
	port_of_a_service_that_moves_goes_home catch_all_takes_flows_that_nobody_answered \
	catch_all_leaves_the_bridges_containers_alone except_is_not_forwarded icmp_echo gre \
	sctp large_datagrams_in_pieces pieces_stay_as_small_as_they_came \
	pieces_that_must_not_be_cut_further port_unreachable_comes_back \
	traceroute_shows_the_bridge_and_the_target packet_too_big_is_told_to_the_visitor \
	path_mtu_of_a_download every_offload_on_and_off \
	datagrams_that_gro_put_into_a_list peer_of_a_catch_all_answers_for_itself_alone \
	frame_that_lies_about_its_protocol \
	sources_that_no_visitor_has no_reply_to_link_local_addresses \
	public_netdevs_merge_nothing_for_good
