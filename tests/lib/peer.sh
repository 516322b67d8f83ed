# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A krelay device on near, and on far a peer that does what it is told, right or
# wrong (tests/tools/wirepeer.c). Sourced by the scenarios that are about the
# protocol itself, which run in virtual time: the limits are those of production,
# and minutes of silence cost nothing.
#
#   inner   near (krelay) ══ far (the peer)
#
# near and far have two cables, 192.0.2.1 and .2, 198.51.100.1 and .2. Inside near
# is 10.9.0.1 and far 10.9.0.2, and the same in fd09::/64.

. "$lib/virtual.sh"

hosts='near far inner'
for host in $hosts; do
	eval "in_$host() { ip netns exec $host \"\$@\"; }"
done

setup() {
	local host
	modprobe krelay || return
	mkdir -p $run /etc/krelay
	virtual_begin
	for host in $hosts; do
		mkdir -p /etc/netns/$host/krelay
		echo "netns add $host"
	done | ip -batch -
	ip -batch - <<-END
	link add eth0 netns near type veth peer name eth0 netns far
	link add eth1 netns near type veth peer name eth1 netns far
	END
	configure inner </dev/null
	configure near <<-END
	link set eth0 up
	link set eth1 up
	address add 192.0.2.1/24 dev eth0
	address add 198.51.100.1/24 dev eth1
	END
	configure far <<-END
	link set eth0 up
	link set eth1 up
	address add 192.0.2.2/24 dev eth0
	address add 198.51.100.2/24 dev eth1
	END
	for host in near inner; do
		in_host $host nft -f - <<-END
		table inet seen {
			counter got { }
			chain input {
				type filter hook input priority 0;
				udp dport 9001 counter name got drop
			}
		}
		END
	done
	keys_make near far
	in_near ping -qc 1 -W 5 192.0.2.2 && in_near ping -qc 1 -W 5 198.51.100.2
}

# begin [LINE...]: a new device on near, with further lines for its peer, and a
# new far, which answers to `peer` and talks to $near_address.
begin() {
	down
	# Or it would dial the far of before.
	rm -f /var/lib/krelay/*.endpoints
	(
		umask 077
		{
			cat <<-END
			[Interface]
			PrivateKey = $(<$run/near.key)
			Address = 10.9.0.1/24, fd09::1/64
			ListenPort = 51820
			${interface:-}

			[Peer]
			Name = far
			PublicKey = $(<$run/far.pub)
			PresharedKey = $(<$run/psk)
			AllowedIPs = 10.9.0.2/32, fd09::2/128
			END
			printf '%s\n' "$@"
		} >/etc/netns/near/krelay/relay0.conf
	)
	rm -f $run/in $run/out
	mkfifo $run/in $run/out
	in_far kr-wirepeer "${near_address:-192.0.2.1}" 51820 "$(<$run/far.key)" \
		"$(<$run/near.pub)" "$(<$run/psk)" <$run/in >$run/out 2>$run/peer.log &
	exec 8>$run/in 9<$run/out
	# It listens before anybody talks to it.
	is "far" "$(peer bind 51820)" bound
	in_near relayctl up relay0
	in_near nft reset counters >/dev/null
}

# When its standard input ends, the peer does, too.
down() {
	exec 8>&- 9<&-
	[ ! -e /etc/netns/near/krelay/relay0.conf ] || in_near relayctl down relay0 2>/dev/null ||
		in_inner relayctl down relay0 2>/dev/null || :
}

endpoint='Endpoint = 192.0.2.2:51820'

# peer COMMAND...: the peer's answer, see tests/tools/wirepeer.c.
peer() {
	local answer=gone
	[ "$1" != next ] || kill -STOP "$busy"
	echo "$*" >&8
	read -rt 1000 answer <&9
	kill -CONT "$busy"
	echo "$answer"
}

# told COMMAND...: the peer is, and has done it.
told() {
	is_done "$(peer "$@")" "$*"
}

# is_done ANSWER COMMAND
is_done() {
	case $1 in
	sent | bound | key) ;;
	*) echo "$2: $1"; return 1 ;;
	esac
}

# told_all COMMAND...: the same for many, as fast as the peer can.
told_all() {
	local answer command
	printf '%s\n' "$@" >&8
	for command; do
		read -rt 1000 answer <&9
		is_done "$answer" "$command" || return
	done
}

# hears WHAT MS [TYPE]: that is the next that the peer gets.
hears() {
	is "what the peer got" "$(peer next "${@:2}")" "$1"
}

# session N: the peer begins it, and confirms it by a keepalive.
session() {
	pass 0.03 # the rate of initiations is limited
	told initiate
	hears "response $1" 1000 response
	told send "$1" + empty
}

stat() {
	counter near "$1"
}

got() {
	pass 0.1
	in_"${1:-near}" nft list counter inet seen got | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# datagrams N [TO]: of 1 to N bytes, from near.
datagrams() {
	in_near timeout 5 perl -MSocket -e '
		socket(my $s, AF_INET, SOCK_DGRAM, 0);
		my $to = pack_sockaddr_in(9001, inet_aton($ARGV[1]));
		defined send($s, "x" x $_, 0, $to) or die "send: $!" for 1 .. $ARGV[0];
	' "$1" "${2:-10.9.0.2}"
}

# near_endpoint: where near sends to.
near_endpoint() {
	in_near relayctl show relay0 | awk '$1 == "endpoint:" { print $2 }'
}

state() {
	in_near relayctl show relay0 2>/dev/null | head -n 12
	in_near relayctl stats relay0 2>/dev/null
	dmesg | grep -vE "entered|becomes ready|taint" | tail -n 20
}
