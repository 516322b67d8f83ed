#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 1,000 peers with 10,000 allowed IPs on one device. One processor whose clock
# counts instructions, so that a second of it is 10^9 of them; it is never idle,
# for idle time would be skipped, to whatever is due next.
vm='-i -a idle=poll'
figures=yes
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/pktgen.sh"

PEERS=1000
EACH=10

in_near() { ip netns exec near "$@"; }
in_far() { ip netns exec far "$@"; }

# Two hosts and two tunnels between them: on `many` the peer is one of PEERS, on
# `one` the only one. Its address is in the midst of the others', where a look-up
# has the longest way.
setup() {
	local end
	umask 077
	mkdir -p $run
	modprobe krelay || return
	ip -batch - <<-END
	netns add near
	netns add far
	netns add lan
	link add eth0 netns near type veth peer name eth0 netns far
	link add lan0 netns near type veth peer name near0 netns lan
	link add lan0 netns far type veth peer name far0 netns lan
	END
	configure lan <<-END
	link set near0 up
	link set far0 up
	END
	configure near <<-END
	link set eth0 up
	link set lan0 up
	address add 203.0.113.1/24 dev eth0
	END
	configure far <<-END
	link set eth0 up
	link set lan0 up
	address add 203.0.113.2/24 dev eth0
	END
	for end in many one far-many far-one; do
		relayctl genkey >$run/$end.key && relayctl pubkey <$run/$end.key >$run/$end.pub || return
	done
	{ interface many 51820 10.128.32.4; peers; peer far-many "$(list 10.128.16.2/32 $EACH)"; } >$run/many.conf
	{ interface one 51821 10.128.64.4; peer far-one "10.128.48.2/32, 172.31.101.0/24"; } >$run/one.conf
	{ interface far-many 51822 10.128.16.2; peer many 10.128.32.4/32 203.0.113.1:51820; } >$run/far-many.conf
	{ interface far-one 51823 10.128.48.2; peer one 10.128.64.4/32 203.0.113.1:51821; } >$run/far-one.conf
}

# interface KEY PORT ADDRESS
interface() {
	printf '%s\n' "[Interface]" "PrivateKey = $(cat $run/$1.key)" "ListenPort = $2" \
		"Address = $3/32" "Public = eth0"
}

# peer KEY ALLOWED_IPS [ENDPOINT]
peer() {
	printf '%s\n' "[Peer]" "PublicKey = $(cat $run/$1.pub)" "AllowedIPs = $2" ${3:+"Endpoint = $3"}
}

# list FIRST NUMBER: that address and others, together so many.
list() {
	echo "$1, $(seq -f '172.31.%g.0/24' -s ', ' $(($2 - 1)))"
}

# All but one of PEERS, each with EACH ranges of both families and many lengths,
# no two of which are the same. Any 32 bytes are a public key.
peers() {
	perl -MMIME::Base64 -e '
		my ($peers, $each) = @ARGV;
		srand 1;
		for my $n (1 .. $peers - 1) {
			my @ips = map { my $m = ($n - 1) * $each + $_;
				$m % 2 ? sprintf("10.%d.%d.%d/32", 128 + ($m >> 16), $m >> 8 & 255, $m & 255)
				       : sprintf("fd00:%x:%x::/%d", rand 65536, $m, 48 + $m % 64) } 1 .. $each;
			$ips[0] = sprintf("172.%d.%d.0/%d", 16 + ($n >> 8), $n & 255, 24 + $n % 7);
			my $key = encode_base64(pack("N8", $n, map { rand 2 ** 32 } 1 .. 7), "");
			print "[Peer]\nName = p$n\nPublicKey = $key\nAllowedIPs = ", join(", ", @ips), "\n";
		}' $PEERS $EACH
}

# nanoseconds COMMAND...: how long it takes.
nanoseconds() {
	local from
	from=$(date +%s%N)
	"$@" >/dev/null || return
	echo $(($(date +%s%N) - from))
}

# listed FILE: peers, allowed IPs and accept entries in a `show -j`, counted.
listed() {
	perl -MJSON::PP -0777 -ne '
		my $peers = decode_json($_)->[0]{peers};
		my %keys = map { $_->{public_key} => 1 } @$peers;
		my %ips = map { $_ => 1 } map { @{$_->{allowed_ips}} } @$peers;
		my %accepts = map { $_ => 1 } map { @{$_->{accept}} } @$peers;
		print join(" ", scalar keys %keys, scalar keys %ips, scalar keys %accepts), "\n";
		exit(@$peers != keys %keys)' "$1"
}

test_setup_and_removal_take_less_than_five_seconds() {
	local up down
	# Once before, for what has to be read from the disk.
	in_near relayctl up $run/many.conf
	in_near relayctl down $run/many.conf
	up=$(nanoseconds in_near relayctl up $run/many.conf)
	down=$(nanoseconds in_near relayctl down $run/many.conf)
	echo "# up: $((up / 1000000)) ms, down: $((down / 1000000)) ms" >&3
	[ "$up" -lt 5000000000 ]
	[ "$down" -lt 5000000000 ]
}

test_show_lists_all() {
	in_near relayctl up $run/many.conf
	in_near relayctl show many -j >$run/shown
	is "peers, allowed IPs and accept entries" "$(listed $run/shown)" "$PEERS $((PEERS * EACH)) 0"
}

# By the strace of `show`: how many dumps it has asked for.
dumps() {
	grep -cE 'sendmsg.*\|(NLM_F_DUMP|0x300)' $run/strace
}

is_stopped() {
	pid=$(pgrep -x relayctl) && grep -q '^State:.[Tt]' "/proc/$pid/status"
}

# It is stopped in the midst of the peers, and goes on when they have changed.
test_dump_overtaken_by_a_change_is_repeated() {
	local pid job undisturbed
	in_near strace -e trace=recvmsg,sendmsg -o $run/strace relayctl show many -j >$run/shown
	undisturbed=$(dumps)
	in_near strace -e trace=recvmsg,sendmsg -e inject=recvmsg:signal=SIGSTOP:when=30 \
		-o $run/strace relayctl show many -j >$run/shown &
	job=$!
	eventually 60 is_stopped
	in_near relayctl forward add many p1 tcp/9999
	kill -CONT "$pid"
	wait $job
	is "peers, allowed IPs and accept entries" "$(listed $run/shown)" "$PEERS $((PEERS * EACH)) 0"
	is "dumps more than without a change" "$(($(dumps) - undisturbed))" 1
	in_near relayctl forward del many tcp/9999
}

# Far more than one message holds, both ways.
test_one_peer_with_long_lists() {
	{
		interface one 51824 192.168.255.1
		perl -e 'print "[Peer]\nPublicKey = $ARGV[0]\nBridge = yes\nAllowedIPs = ",
			join(", ", map { sprintf "192.168.%d.%d/32", $_ >> 8, $_ & 255 } 1 .. 5000),
			"\nAccept = ", join(", ", map { "tcp/" . 2 * $_ } 1 .. 1024), "\n"' "$(cat $run/far-one.pub)"
	} >$run/long.conf
	in_near relayctl up $run/long.conf
	in_near relayctl show long -j >$run/shown
	is "peers, allowed IPs and accept entries" "$(listed $run/shown)" "1 5000 1024"
	in_near relayctl down $run/long.conf
}

# Throws away what is measured, where it is enough to have it counted.
count_at() {
	in_host "$1" nft -f - <<-END
	table $2 count
	delete table $2 count
	table $2 count {
		counter sent { }
		chain $3 {
			type filter hook $3 $4;
			$5 counter name sent drop
		}
	}
	END
}

# costs NAME HOST SOURCE TO COUNTER: what a packet costs that HOST is to route, five
# times. Each has to get to where it is counted.
costs() {
	local n cost
	for n in 1 2 3 4 5; do
		cost=$(pktgen "$2" lan0 $PACKETS "$4" "src_min $3" "src_max $3")
		measured "$1" "$cost"
	done
	is "packets of $1" "$(in_host $5 | awk '$1 == "packets" { print $2 }')" $((n * PACKETS))
}

# The address that a packet goes to is looked up, and that which it comes from. A
# message of 50 bytes makes 104.
test_look_ups_cost_what_one_peers_cost() {
	local name near far net
	modprobe pktgen || skip "this kernel has no packet generator"
	PACKETS=2000
	in_near sysctl -qw net.ipv4.ip_forward=1
	in_far sysctl -qw net.ipv4.ip_forward=1
	[ -n "$(ip -n near link show many 2>/dev/null)" ] || in_near relayctl up $run/many.conf
	in_near relayctl up $run/one.conf
	in_far relayctl up $run/far-many.conf
	in_far relayctl up $run/far-one.conf
	for name in many one; do
		near=10.128.32.4 far=10.128.16.2 net=172.31.1.7
		[ $name = many ] || near=10.128.64.4 far=10.128.48.2 net=172.31.101.7
		in_far ping -qc 1 -W 5 $near >/dev/null
		count_at far netdev ingress "device eth0 priority 0" "udp length 104"
		costs $name.out near 192.168.1.1 $far "far nft list counter netdev count sent"
		in_far nft delete table netdev count
		count_at near ip prerouting "priority -400" "iifname $name udp dport 9"
		costs $name.in far $net $near "near nft list counter ip count sent"
		in_near nft delete table ip count
	done
	alike one.out many.out
	alike one.in many.in
}

exec 3>&1
scenario setup_and_removal_take_less_than_five_seconds show_lists_all \
	dump_overtaken_by_a_change_is_repeated one_peer_with_long_lists \
	look_ups_cost_what_one_peers_cost
