#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which visitors a bridge lets through and how much of them, by which netdevs they
# may come, and what a change of the forwards does to them.
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/bridging.sh"
. "$lib/pktgen.sh"

# All but the first of which come later.
PUBLICS='ens3, br0, bond0, ens3.5'

setup() {
	bridging_up
}

# drops FORWARD REASON: packets of visitors that the one forward has dropped so.
drops() {
	in_bridge relayctl forward list relay0 -j | perl -MJSON::PP -0777 -e '
		my ($which, $reason) = @ARGV;
		@ARGV = ();
		my @lists = @{decode_json(<STDIN>)};
		my @all = map { exists $_->{forwards} ? @{$_->{forwards}} : $_ } @lists;
		print $_->{in_drops}{$reason} // 0, "\n" for grep { $_->{forward} =~ /^\Q$which\E/ } @all' "$1" "$2"
}

# answers SOURCE COUNT PORT [SIZE]: of so many datagrams, sent at once. For how many
# milliseconds that was goes to $run/ms.
answers() {
	in_visitor perl -MIO::Socket::INET -MIO::Select -MTime::HiRes=time -e '
		my ($to, $from, $count, $port, $size, $ms) = @ARGV;
		my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => $from,
			PeerAddr => $to, PeerPort => $port) or die $!;
		my $select = IO::Select->new($s);
		my ($got, $in, $begin) = (0, "", time);
		for (1 .. $count) {
			$s->send("x" x $size);
			$got++ while $select->can_read(0.002) && $s->recv($in, 65536);
		}
		open my $out, ">", $ms or die $!;
		printf $out "%d\n", (time - $begin) * 1000;
		$got++ while $select->can_read(2) && $s->recv($in, 65536);
		print "$got\n"' $PUBLIC "$1" "$2" "$3" "${4:-1}" $run/ms
}

# let_through HELD RATE: the most that a bucket does of what `answers` has sent: what it
# held, and what flowed in meanwhile, of a second more for what was on its way.
let_through() {
	echo $(($1 + $2 * ($(<$run/ms) + 1000) / 1000))
}

test_only_who_is_allowed() {
	forwards "far tcp/7 allow $VISITOR2 2001:db8:51::/64"
	fails ask tcp $PUBLIC 7 x
	is "who is allowed" "$(in_visitor socat -t 3 -T 3 - TCP:$PUBLIC:7,bind=$VISITOR2 <<<x |
		sed 's/^::ffff://' | cut -d' ' -f1)" $VISITOR2
	is "who is allowed by IPv6" "$(said tcp $PUBLIC6 7)" "$VISITOR6 far: x"
	[ "$(drops tcp/7 bridge_denied | head -n 1)" -gt 0 ]
}

test_the_longest_prefix_decides() {
	forwards "far udp/7 on $PUBLIC deny 198.51.100.0/24 allow $VISITOR2/32 198.51.0.0/16"
	fails ask udp $PUBLIC 7 x
	is "who is allowed" "$(answers $VISITOR2 1 7)" 1
	# Whom no range names is denied, since some are allowed.
	fails in_cgnat kr-echo ask udp $PUBLIC 7 x
}

test_who_is_not_denied_is_allowed() {
	forwards "far udp/7 on $PUBLIC deny $VISITOR2"
	is "who is not named" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	is "who is denied" "$(answers $VISITOR2 1 7)" 0
}

test_ten_thousand_ranges() {
	perl -e 'printf "10.%d.%d.0/%d\n", $_ >> 8, $_ & 255, 24 + $_ % 8 for 0 .. 9998' >$run/bad.list
	echo "$VISITOR2 # the last of many" >>$run/bad.list
	forwards "far udp/7 on $PUBLIC deny @$run/bad.list"
	is "who is not named" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	is "who is denied" "$(answers $VISITOR2 1 7)" 0
}

test_limit_of_one_source_is_not_the_others() {
	local got most
	forwards "far udp/7 on $PUBLIC source-limit 20pps"
	got=$(answers $VISITOR 200 7)
	most=$(let_through 20 20)
	echo "$got answers of 200, sent in $(<$run/ms) ms"
	[ "$got" -ge 20 ]
	[ "$got" -le "$most" ]
	[ "$got" -lt 200 ]
	is "another source meanwhile" "$(answers $VISITOR2 5 7)" 5
	[ "$(drops udp/7 bridge_source_limit)" -ge $((200 - most)) ]
}

# paced SOURCE...: 60 datagrams of each, in turn. Prints for how many milliseconds
# they were sent, and how many answers each got.
paced() {
	in_visitor perl -MIO::Socket::IP -MIO::Select -MTime::HiRes=time -e '
		my $to = shift;
		my @all = map {
			IO::Socket::IP->new(Proto => "udp", LocalHost => $_, PeerHost => $to,
				PeerPort => 7) or die "$_: $@"
		} @ARGV;
		my $select = IO::Select->new(@all);
		my $begin = time;
		for (1 .. 60) {
			$_->send("x") for @all;
			select undef, undef, undef, 0.002;
		}
		my $end = time;
		my %got;
		while (my @ready = $select->can_read(2)) {
			$_->recv(my $in, 100) && $got{$_}++ for @ready;
		}
		print join(" ", int(($end - $begin) * 1000), map { $got{$_} // 0 } @all), "\n"' \
		$PUBLIC6 "$@"
}

# A visitor has a whole /64 to send from.
test_limit_of_one_source_is_of_its_64() {
	local ms one same other
	forwards "far udp/7 on $PUBLIC6 source-limit 20pps"
	configure visitor <<-END
	address add 2001:db8:51::ffff:1/64 dev eth0 nodad
	address add 2001:db8:51:1::2/64 dev eth0 nodad
	END
	ip -n internet route add 2001:db8:51:1::/64 via $VISITOR6
	paced $VISITOR6 2001:db8:51::ffff:1 2001:db8:51:1::2 >$run/paced
	read -r ms one same other <$run/paced
	echo "answers: $one and $same of one /64, $other of another, sent in $ms ms"
	[ "$one" -gt 0 ]
	[ "$other" -ge 20 ]
	# What one bucket held, and what flowed into it meanwhile.
	[ $((one + same)) -le $((20 + 20 * ms / 1000 + 1)) ]
	[ "$(drops "udp/7 on $PUBLIC6" bridge_source_limit)" -ge $((120 - one - same)) ]
	ip -n internet route del 2001:db8:51:1::/64
}

test_limit_of_all_sources() {
	local got most
	forwards "far udp/7 on $PUBLIC limit 20pps"
	got=$(answers $VISITOR 200 7)
	most=$(let_through 20 20)
	echo "$got answers of 200, sent in $(<$run/ms) ms"
	[ "$got" -ge 20 ]
	[ "$got" -le "$most" ]
	[ "$got" -lt 200 ]
	[ "$(drops udp/7 bridge_limit)" -ge $((200 - most)) ]
}

test_limit_of_bytes() {
	local got
	forwards "far udp/7 on $PUBLIC limit 80kbit"
	got=$(answers $VISITOR 100 7 972)
	echo "$got answers of 100, sent in $(<$run/ms) ms"
	[ "$got" -ge 9 ]
	[ "$got" -le "$(let_through 10 10)" ]
	[ "$got" -lt 100 ]
}

test_admins_own_ingress_chain_comes_first() {
	forwards "far udp/7 on $PUBLIC"
	in_bridge nft -f - <<-END
	table netdev admin {
		chain in {
			type filter hook ingress device ens3 priority filter;
			ip saddr $VISITOR2 counter drop
		}
	}
	END
	is "whom the chain drops" "$(answers $VISITOR2 1 7)" 0
	is "whom it does not" "$(answers $VISITOR 1 7)" 1
	in_bridge nft delete table netdev admin
}

# visit COUNT: as many visitors, each of an address and a port of its own, who send
# one datagram each.
visit() {
	pktgen internet bridge0 "$1" $PUBLIC "xmit_mode start_xmit" "pkt_size 60" \
		"dst_mac $(in_bridge cat /sys/class/net/ens3/address)" \
		"udp_dst_min 7" "udp_dst_max 7" \
		"src_min 198.18.0.0" "src_max 198.19.255.255" "flag IPSRC_RND" \
		"udp_src_min 1" "udp_src_max 65535" "flag UDPSRC_RND"
}

# KiB of the kernel's own that nobody can reclaim, and objects of krelay's caches.
slab() {
	local cache
	sleep 1
	# Without the pages that are only kept for objects to come.
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
	awk '$1 == "SUnreclaim:" { print $1, $2 }' /proc/meminfo
	awk 'NR > 2 { print $1, int($3 * $4 / 1024) }' /proc/slabinfo
}

# slab_grown [REGEX]: caches, and by how many KiB, from the first file to the second.
slab_grown() {
	awk -v want="${1:-.}" 'NR == FNR { was[$1] = $2; next }
		$1 ~ want && $2 > was[$1] { print $1, $2 - was[$1] }' $run/before $run/after
}

# KRELAY_FLOWS is for how many. Of 100,000 that left one of the smallest objects each
# there would be 6 MiB.
test_no_trace_in_conntrack_or_memory() {
	local flows=${KRELAY_FLOWS:-100000} before grown began
	modprobe pktgen || skip "no pktgen here"
	forwards "far udp/7 on $PUBLIC"
	sysctl -qw net.core.netdev_max_backlog=100000
	# Conntrack sees all that the host sees; but for the tunnel, to be able to count.
	in_bridge nft -f - <<-END
	table ip tunnel {
		chain in {
			type filter hook prerouting priority raw;
			udp dport $WG_PORT notrack
		}
		chain out {
			type filter hook output priority raw;
			udp sport $WG_PORT notrack
		}
	}
	END
	in_bridge conntrack -F 2>/dev/null
	in_bridge ping -qc 1 -W 5 $VISITOR
	[ "$(in_bridge conntrack -C)" -gt 0 ]
	in_bridge conntrack -F 2>/dev/null
	is answers "$(answers $VISITOR 50 7)" 50
	is "entries of one visitor" "$(in_bridge conntrack -C)" 0
	# The far end would only take the time.
	in_far nft -f - <<-END
	table netdev deaf {
		chain in {
			type filter hook ingress device eth0 priority 0;
			udp length > 40 @th,64,32 0x04000000 drop
		}
	}
	END
	visit 1000
	eventually 60 is_through
	slab >$run/before
	before=$(relayed_packets)
	began=$SECONDS
	visit $flows
	began=$((SECONDS - began))
	eventually 300 is_through
	slab >$run/after
	# The netdev may have lost some of such a flood.
	before=$(($(relayed_packets) - before))
	[ $before -ge $((flows * 9 / 10)) ]
	is "entries of all visitors" "$(in_bridge conntrack -C)" 0
	slab_grown
	grown=$(slab_grown ^SUnreclaim | cut -d' ' -f2)
	echo "# $before of $flows flows in $began s: conntrack 0, slab $(head -n 1 $run/before | cut -d' ' -f2) KiB before, ${grown:-0} more then" >&3
	# A kernel that looks for bugs keeps for a while what was freed.
	[ "${grown:-0}" -lt 2048 ] || [ $KRELAY_SLOW != 1 ]
	is "growth of krelay's own" "$(slab_grown ^krelay)" ""
	in_far nft delete table netdev deaf
	in_bridge nft delete table ip tunnel
}

# is_through: the netdev's backlog, which is long after a flood.
is_through() {
	local n
	n=$(relayed_packets)
	sleep 1
	is "packets relayed" "$(relayed_packets)" "$n"
}

# A connection of a forward that stays does not notice, one of a forward that goes ends.
test_changes_leave_other_connections_alone() {
	local pid
	head -c 300000 /dev/urandom >$run/blob
	start far socat -U TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 SYSTEM:"for n in 0 1 2 3 4 5; do dd if=$run/blob bs=50000 count=1 skip=\$n status=none; sleep 1; done"
	wait_port far 80
	forwards "far tcp/80 on $PUBLIC" "far udp/7 on $PUBLIC"
	in_visitor socat -T 20 -u TCP:$PUBLIC:80 - >$run/got &
	pid=$!
	for n in 1 2 3 4 5; do
		in_bridge relayctl forward add relay0 far "tcp/$((9000 + n))"
		in_bridge relayctl forward del relay0 "udp/7 on $PUBLIC"
		fails ask udp $PUBLIC 7 x
		in_bridge relayctl forward add relay0 far "udp/7 on $PUBLIC"
	done
	wait $pid
	cmp $run/got $run/blob
}

relayed() {
	is "the service's view" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
}

test_ethernet_bridge_as_public_netdev() {
	ip -n bridge link add br0 type bridge
	ip -n bridge link set ens3 master br0
	ip -n bridge address flush dev ens3
	configure bridge <<-END
	link set br0 up
	address add $PUBLIC/24 dev br0
	route add default via 203.0.113.254
	END
	forwards "far udp/7 on $PUBLIC"
	eventually 30 relayed
	ip -n bridge link del br0
}

test_bond_as_public_netdev() {
	modprobe bonding max_bonds=0 || skip "no bonding here"
	ip -n bridge link add bond0 type bond mode active-backup miimon 50
	ip -n bridge link set ens3 down
	ip -n bridge link set ens3 master bond0
	configure bridge <<-END
	link set bond0 up
	address add $PUBLIC/24 dev bond0
	route add default via 203.0.113.254
	END
	forwards "far udp/7 on $PUBLIC"
	eventually 30 relayed
	ip -n bridge link del bond0
}

test_vlan_as_public_netdev() {
	modprobe 8021q || skip "no VLANs here"
	ip -n internet address del 203.0.113.254/24 dev bridge0
	configure internet <<-END
	link add link bridge0 name bridge0.5 type vlan id 5
	link set bridge0.5 up
	address add 203.0.113.254/24 dev bridge0.5
	END
	configure bridge <<-END
	link set ens3 up
	link add link ens3 name ens3.5 type vlan id 5
	link set ens3.5 up
	address add $PUBLIC/24 dev ens3.5
	route add default via 203.0.113.254
	END
	forwards "far udp/7 on $PUBLIC"
	eventually 30 relayed
}

test_public_netdev_goes_and_returns() {
	ip -n bridge link del ens3.5
	fails ask udp $PUBLIC 7 x
	configure bridge <<-END
	link add link ens3 name ens3.5 type vlan id 5
	link set ens3.5 up
	address add $PUBLIC/24 dev ens3.5
	route add default via 203.0.113.254
	END
	eventually 30 relayed
}

scenario only_who_is_allowed the_longest_prefix_decides who_is_not_denied_is_allowed \
	ten_thousand_ranges limit_of_one_source_is_not_the_others \
	limit_of_one_source_is_of_its_64 limit_of_all_sources \
	limit_of_bytes admins_own_ingress_chain_comes_first \
	no_trace_in_conntrack_or_memory changes_leave_other_connections_alone \
	ethernet_bridge_as_public_netdev bond_as_public_netdev vlan_as_public_netdev \
	public_netdev_goes_and_returns
