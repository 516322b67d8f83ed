# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# krelay and another implementation of the protocol, each as initiator and as
# responder, over IPv4 and IPv6, without and with a preshared key. A test is a
# row of the table that stands at the end. In virtual time: the limits are those
# of production, and minutes of silence cost little.
#
#   lan ── near (krelay) ── mid ── far (the other one)
#                            └── noise
#
# near moves from .2 to .3, far too; inside near is 10.9.0.1, far is 10.9.0.2,
# lan is 10.9.1.2, and the same in fd09::/64 and fd09:1::/64.
. "$lib/virtual.sh"

checks='data tcp mtu padding ecn keepalive rekey roaming cookies'
hosts='near mid far noise lan'
port=51820

for host in $hosts; do
	eval "in_$host() { ip netns exec $host \"\$@\"; }"
done

setup() {
	local host
	modprobe krelay && modprobe wireguard && modprobe tun || return
	mkdir -p $run /etc/krelay
	virtual_begin
	# For the bursts of a flood, whose packets may all wait there.
	sysctl -qw net.core.netdev_max_backlog=10000
	for host in $hosts; do
		mkdir -p /etc/netns/$host/krelay
		echo "netns add $host"
	done | ip -batch -
	ip -batch - <<-END
	link add eth0 netns near type veth peer name near0 netns mid
	link add eth0 netns far type veth peer name far0 netns mid
	link add eth0 netns noise type veth peer name noise0 netns mid
	link add eth0 netns lan type veth peer name lan0 netns near
	END
	configure mid <<-END
	link set near0 up
	link set far0 up
	link set noise0 up
	address add 198.51.100.1/24 dev near0
	address add 192.0.2.1/24 dev far0
	address add 203.0.113.1/24 dev noise0
	address add 2001:db8:1::1/64 dev near0 nodad
	address add 2001:db8:2::1/64 dev far0 nodad
	address add 2001:db8:3::1/64 dev noise0 nodad
	END
	configure near <<-END
	link set lan0 up
	address add 10.9.1.1/24 dev lan0
	address add fd09:1::1/64 dev lan0 nodad
	END
	configure lan <<-END
	link set eth0 up
	address add 10.9.1.2/24 dev eth0
	address add fd09:1::2/64 dev eth0 nodad
	route add default via 10.9.1.1
	route add default via fd09:1::1
	END
	configure far </dev/null
	configure noise <<-END
	link set eth0 up
	address add 203.0.113.2/24 dev eth0
	address add 2001:db8:3::2/64 dev eth0 nodad
	route add default via 203.0.113.1
	route add default via 2001:db8:3::1
	END
	for host in mid near; do
		in_host $host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	keys_make near far
	head -c 150K /dev/urandom >$run/file
	sum=$(sha256sum <$run/file)
	for host in near far; do
		start $host socat TCP6-LISTEN:9000,fork,reuseaddr,ipv6only=0 EXEC:sha256sum
		wait_port $host 9000 || return
	done
}

# place HOST N: to the addresses that end in N, and to no others.
place() {
	local net=198.51.100 net6=2001:db8:1:
	[ "$1" = near ] || net=192.0.2 net6=2001:db8:2:
	ip -n "$1" -batch - <<-END
	link set eth0 up
	address flush dev eth0 scope global
	address add $net.$2/24 dev eth0
	address add $net6:$2/64 dev eth0 nodad
	route replace default via $net.1
	route replace default via $net6:1
	END
}

# outer HOST [N]: its address that ends in N, of the row's family.
outer() {
	case $family$1 in
	ipv4near) echo 198.51.100."${2:-2}" ;;
	ipv4far) echo 192.0.2."${2:-2}" ;;
	ipv6near) echo 2001:db8:1::"${2:-2}" ;;
	ipv6far) echo 2001:db8:2::"${2:-2}" ;;
	esac
}

# as_endpoint ADDRESS PORT
as_endpoint() {
	case $1 in
	*:*) echo "[$1]:$2" ;;
	*) echo "$1:$2" ;;
	esac
}

# saddr_of ADDRESS: what nft calls packets from there.
saddr_of() {
	case $1 in
	*:*) echo "ip6 saddr $1" ;;
	*) echo "ip saddr $1" ;;
	esac
}

near_up() {
	# Or it would dial as a responder, too.
	rm -f /var/lib/krelay/*.endpoints
	(
		umask 077
		{
			cat <<-END
			[Interface]
			PrivateKey = $(<$run/near.key)
			Address = 10.9.0.1/24, fd09::1/64
			ListenPort = $port

			[Peer]
			Name = far
			PublicKey = $(<$run/far.pub)
			AllowedIPs = 10.9.0.2/32, fd09::2/128
			PersistentKeepalive = 40
			END
			[ $role = responder ] || echo "Endpoint = $(as_endpoint "$(outer far)" $port)"
			[ $key = plain ] || echo "PresharedKey = $(<$run/psk)"
		} >/etc/netns/near/krelay/relay0.conf
	)
	in_near relayctl up relay0
}

far_up() {
	if [ $other = go ]; then
		ip netns exec far wireguard-go -f wg0 >$run/go.log 2>&1 &
		echo $! >$run/go.pid
		busily 20 test -S /var/run/wireguard/wg0.sock
	else
		ip -n far link add wg0 type wireguard
	fi
	in_far wg set wg0 listen-port $port private-key $run/far.key
	far_peer
	ip -n far -batch - <<-END
	address add 10.9.0.2/24 dev wg0
	address add fd09::2/64 dev wg0 nodad
	link set wg0 mtu 1420 up
	route add 10.9.1.0/24 dev wg0
	route add fd09:1::/64 dev wg0
	END
}

far_peer() {
	# shellcheck disable=SC2046
	in_far wg set wg0 peer "$(<$run/near.pub)" \
		allowed-ips 10.9.0.1/32,10.9.1.0/24,fd09::1/128,fd09:1::/64 \
		$([ $role = initiator ] || echo endpoint "$(as_endpoint "$(outer near)" $port)") \
		$([ $key = plain ] || echo preshared-key $run/psk)
}

# What near sees inside, by its outer's mark; nobody answers port 9001.
rules() {
	local host
	for host in near far; do
		in_host $host nft -f - <<-END
		table inet seen
		delete table inet seen
		table inet seen {
			counter ce4 { }
			counter ce6 { }
			counter ce_dscp { }
			counter other { }
			chain input {
				type filter hook input priority 0;
				meta l4proto != udp accept
				udp dport != 9001 accept
				ip ecn ce ip dscp 0 counter name ce4 drop
				ip6 ecn ce ip6 dscp 0 counter name ce6 drop
				ip ecn ce ip dscp ef counter name ce_dscp drop
				counter name other drop
			}
		}
		END
	done
	# Congestion, and a NAT, both for later.
	in_mid nft -f - <<-END
	table inet way
	delete table inet way
	table inet way {
		chain congest {
			type filter hook forward priority 0;
		}
		chain nat {
			type nat hook postrouting priority srcnat;
		}
	}
	END
}

row_up() {
	place near 2 && place far 2 && rules || return
	in_mid ping -qc 1 -W 5 "$(outer near)" >/dev/null && in_mid ping -qc 1 -W 5 "$(outer far)" >/dev/null || return
	ip netns exec mid tcpdump -Z root --immediate-mode -qUni far0 -w $run/wire.pcap \
		udp and not net 203.0.113.0/24 and not net 2001:db8:3::/64 >$run/tcpdump.log 2>&1 &
	echo $! >$run/tcpdump.pid
	busily 10 test -s $run/wire.pcap || return
	# Who is dialled is there first.
	far_up && near_up || return
	dial
}

row_down() {
	end_of $run/tcpdump.pid
	in_near relayctl down relay0
	[ $other = go ] || ip -n far link del wg0
	[ $other = kernel ] || end_of $run/go.pid
	rm -f $run/wire.pcap
	in_mid conntrack -F >/dev/null 2>&1
	# A flood is load for a second more, to the kernel's on any device.
	pass 2
}

end_of() {
	[ -e "$1" ] || return
	kill "$(<"$1")"
	wait "$(<"$1")"
	rm -f "$1"
} 2>/dev/null

# The initiator is who begins to talk.
dial() {
	if [ $role = initiator ]; then
		idly ip netns exec near ping -qc 1 -W 20 10.9.0.2
	else
		idly ip netns exec far ping -qc 1 -W 20 10.9.0.1
	fi
}

stat() {
	counter near "$1"
}

# wire FROM: what was seen on the way since then, see tests/lib/wire.pl, with
# near and far for the sources.
wire() {
	pass 0.1
	"$lib/wire.pl" $run/wire.pcap "$1" |
		sed -E 's/ (198\.51\.100\.|2001:db8:1:)[^ ]*/ near/; s/ (192\.0\.2\.|2001:db8:2:)[^ ]*/ far/'
}

# post HOST TO SIZE:TOS...: UDP datagrams, of so many bytes.
post() {
	ip netns exec "$1" perl -MSocket=:all -e '
		my $to = shift;
		my $six = $to =~ /:/;
		my $sa = $six ? pack_sockaddr_in6(9001, inet_pton(AF_INET6, $to))
			: pack_sockaddr_in(9001, inet_aton($to));
		socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) or die;
		for (@ARGV) {
			my ($size, $tos) = split /:/;
			setsockopt($s, $six ? 41 : 0, $six ? 67 : 1, pack "i", $tos) or die;
			defined send($s, "x" x $size, 0, $sa) or die "send: $!";
		}' "${@:2}"
}

check_data() {
	in_near ping -qc 2 -i 0.02 -W 5 10.9.0.2
	in_near ping -qc 2 -i 0.02 -W 5 fd09::2
	in_far ping -qc 2 -i 0.02 -W 5 10.9.0.1
	in_far ping -qc 2 -i 0.02 -W 5 fd09::1
	# It was who it is said to be that began.
	is "handshake" "$(wire 0 | awk '$4 < 4 { print $2, $4 }' | paste -sd,)" \
		"$([ $role = initiator ] && echo near 1,far 2 || echo far 1,near 2)"
}

check_tcp() {
	is "sum at far" "$(in_near socat -t 60 - TCP:10.9.0.2:9000 <$run/file)" "$sum"
	is "sum at near" "$(in_far socat -t 60 - TCP:10.9.0.1:9000 <$run/file)" "$sum"
	is "sum at far, IPv6" "$(in_near socat -t 60 - 'TCP6:[fd09::2]:9000' <$run/file)" "$sum"
	is "sum at near, IPv6" "$(in_far socat -t 60 - 'TCP6:[fd09::1]:9000' <$run/file)" "$sum"
}

check_mtu() {
	local from
	from=$(now)
	in_near ping -qc 1 -W 5 -M 'do' -s 1392 10.9.0.2
	in_near ping -qc 1 -W 5 -M 'do' -s 1372 fd09::2
	in_far ping -qc 1 -W 5 -M 'do' -s 1392 10.9.0.1
	in_far ping -qc 1 -W 5 -M 'do' -s 1372 fd09::1
	# As large as that, and no byte of padding more: 1420 + 32.
	is "largest of near" "$(wire "$from" | awk '$2 == "near" && $4 == 4 && $5 == 1452' | wc -l)" 4
	# Larger: fragments inside ...
	in_near ping -qc 1 -W 5 -M dont -s 3000 10.9.0.2
	in_near ping -qc 1 -W 5 -M dont -s 3000 fd09::2
	in_far ping -qc 1 -W 5 -M dont -s 3000 10.9.0.1
	in_far ping -qc 1 -W 5 -M dont -s 3000 fd09::1
	# ... or an answer to who forbids them.
	ip -n lan route flush cache
	ip -n lan -6 route flush cache
	in_lan ping -qc 1 -W 5 -M 'do' -s 1392 10.9.0.2
	in_lan ping -qc 1 -W 5 -M 'do' -s 1372 fd09::2
	fails idly ip netns exec lan ping -c 1 -W 1 -M 'do' -s 1393 10.9.0.2 >$run/too-big
	grep -Eq 'Frag needed.*mtu = 1420' $run/too-big
	fails idly ip netns exec lan ping -c 1 -W 1 -M 'do' -s 1373 fd09::2 >$run/too-big
	grep -Eq 'Packet too big: mtu=1420' $run/too-big
}

check_padding() {
	local from
	from=$(now)
	# 28 to 68 bytes with their headers: up to 32, 48, 64, 80, plus 32.
	# shellcheck disable=SC2046
	post near 10.9.0.2 $(printf '%d:0 ' $(seq 0 40))
	is "lengths" "$(wire "$from" | awk '$2 == "near" && $4 == 4 { n[$5]++ }
		END { for (len = 0; len < 2000; len++) if (n[len]) printf "%d x %d, ", n[len], len }')" \
		"5 x 64, 16 x 80, 16 x 96, 4 x 112, "
	# And of all that was sent so far.
	wire 0 >$run/all
	is "other lengths" "$(awk '$2 == "near" && $4 == 4 && $5 % 16 && $5 != 1452' $run/all)" ""
	is "what forbids outer fragments" "$(awk '$2 == "near" && $8' $run/all)" ""
}

# Out: the inner ECN, and no DSCP; the inner CE is ECT(0) outside, as of all
# tunnels of Linux. In: RFC 6040, 4.2.
check_ecn() {
	local from to
	from=$(now)
	for to in 10.9.0.2 fd09::2; do
		post near $to 100:0 120:1 140:2 160:3 180:184 200:185 220:186 240:187
	done
	is "outer TOS" "$(wire "$from" | awk '$2 == "near" && $4 == 4 && $5 > 100 { print $3 }' | paste -sd' ')" \
		"0x00 0x01 0x02 0x02 0x00 0x01 0x02 0x02 0x00 0x01 0x02 0x02 0x00 0x01 0x02 0x02"
	is "TOS of handshakes" "$(wire 0 | awk '$2 == "near" && $4 < 4 { print $3 }' | sort -u)" 0x88

	in_mid nft add rule inet way congest iifname far0 ip protocol udp ip ecn set ce
	in_mid nft add rule inet way congest iifname far0 ip6 nexthdr udp ip6 ecn set ce
	from=$(stat rx_malformed)
	post far 10.9.0.1 100:1 100:2 100:3 100:185
	post far fd09::1 100:1 100:2
	# Who cannot be told of congestion would take it for no congestion.
	post far 10.9.0.1 100:0 100:184
	post far fd09::1 100:0
	in_mid nft flush chain inet way congest
	pass 0.5
	in_near nft list counters table inet seen >$run/seen
	is "CE, IPv4" "$(seen ce4)" 3
	is "CE, IPv6" "$(seen ce6)" 2
	is "CE and DSCP EF" "$(seen ce_dscp)" 1
	is "not CE" "$(seen other)" 0
	is "dropped" $(($(stat rx_malformed) - from)) 3
}

# seen COUNTER: of the list in $run/seen.
seen() {
	awk -v name="$1" '$1 == "counter" { this = $2 } $1 == "packets" && this == name { print $2 }' $run/seen
}

# answered_after FROM HOST: seconds from HOST's data to the other's empty message.
answered_after() {
	wire "$1" | awk -v host="$2" '
		$4 == 4 && $2 == host && $5 > 32 && !from { from = $1 }
		from && $4 == 4 && $2 != host && $5 == 32 { printf "%.0f\n", $1 - from; exit }'
}

check_keepalive() {
	local from
	# Until nobody has anything to say.
	pass 30
	from=$(now)
	post near 10.9.0.2 10:0
	pass 14
	is "far's keepalive after" "$(answered_after "$from" near)" 10
	pass 15
	from=$(now)
	post far 10.9.0.1 10:0
	pass 14
	is "near's keepalive after" "$(answered_after "$from" far)" 10
	pass 15

	from=$(stat rx_keepalive)
	in_far wg set wg0 peer "$(<$run/near.pub)" persistent-keepalive 5
	pass 22
	in_far wg set wg0 peer "$(<$run/near.pub)" persistent-keepalive off
	from=$(($(stat rx_keepalive) - from))
	[ $from -ge 4 ] && [ $from -le 6 ] || { echo "$from keepalives of 5 s in 22 s"; false; }

	# near's own of 40 s; the kernel rounds such a time up, by 2 s at most. By then
	# the session may be over, and what is to be said is an initiation.
	from=$(now)
	pass 125
	wire "$from" | awk '
		last && $1 - last > longest { longest = $1 - last }
		last && $2 == "near" && ($5 == 32 || $4 == 1) && $1 - last > 38.9 { n++ }
		{ last = $1 }
		END { printf "%d after 40 s, longest silence %.1f s\n", n, longest
			exit !(n >= 2 && longest < 42.5) }'
}

handshake_near() {
	in_near relayctl show relay0 -j | sed -n 's/.*"latest_handshake": *\([0-9]*\).*/\1/p'
}

handshake_far() {
	in_far wg show wg0 latest-handshakes | cut -f2
}

# With 150 ms on the way each time, so that much of what was sent under the old
# session comes in after the new one began.
check_rekey() {
	local near far from initiations pid
	until near=$(handshake_near) && [ "${EPOCHREALTIME%.*}" -lt $((near + 110)) ]; do
		dial
		pass 1
	done
	far=$(handshake_far)
	pass $((near + 116 - ${EPOCHREALTIME%.*}))
	initiations=$(($(stat hs_initiation_sent) + $(stat hs_initiation_received)))
	in_mid tc qdisc add dev near0 root netem delay 150ms limit 10000
	in_mid tc qdisc add dev far0 root netem delay 150ms limit 10000
	from=$(now)
	ip netns exec near ping -qi 0.1 -c 100 -W 5 10.9.0.2 >$run/near.ping &
	pid=$!
	ip netns exec far ping -qi 0.1 -c 100 -W 5 fd09::1 >$run/far.ping &
	ends $!
	ends $pid
	in_mid tc qdisc del dev near0 root
	in_mid tc qdisc del dev far0 root
	grep -h loss $run/near.ping $run/far.ping
	grep -q ' 0% packet loss' $run/near.ping
	grep -q ' 0% packet loss' $run/far.ping
	[ "$(handshake_near)" -ge $((near + 119)) ]
	[ "$(handshake_far)" -ge $((far + 119)) ]
	is "handshakes" $(($(stat hs_initiation_sent) + $(stat hs_initiation_received) - initiations)) 1
	# Else the loss would say nothing of the old session. The other has begun the
	# new one when it gets what the initiator says after its initiation, and the
	# responder after its response.
	wire "$from" >$run/rekey
	awk '
		$4 < 3 { begun[$2] = 1 }
		$4 == 4 && !begun[$2] { old[$2, $6] = 1 }
		$4 == 4 && begun[$2] && old[$2, $6] { late[$2]++ }
		END { printf "%d of near and %d of far under the old session\n", late["near"], late["far"]
			exit !(late["near"] && late["far"]) }' $run/rekey
}

# How many answers there were of COUNT, in a file of ping.
answers() {
	sed -n 's/.* \([0-9]*\) received.*/\1/p' "$1"
}

check_roaming() {
	local pid
	ip netns exec far ping -qi 0.1 -c 60 -W 2 10.9.0.1 >$run/roaming.ping &
	pid=$!
	runs $pid ping
	pass 2
	place far 3
	in_far wg set wg0 listen-port 40000
	pass 2
	is "near's view of far" \
		"$(in_near relayctl show relay0 | awk '$1 == "endpoint:" { print $2 }')" \
		"$(as_endpoint "$(outer far 3)" 40000)"
	# To where it is now, and not only by answers.
	in_near ping -qi 0.02 -c 3 -W 2 fd09::2
	ends $pid
	[ "$(answers $run/roaming.ping)" -ge 55 ] || { cat $run/roaming.ping; false; }

	ip netns exec near ping -qi 0.1 -c 60 -W 2 10.9.0.2 >$run/roaming.ping &
	pid=$!
	runs $pid ping
	pass 2
	# Not before it has moved: there is no second way to masquerade to that port.
	in_mid nft add rule inet way nat oifname far0 "$(saddr_of "$(outer near 3)")" \
		udp sport $port masquerade to :40001
	place near 3
	pass 2
	is "far's view of near" "$(in_far wg show wg0 endpoints | cut -f2)" \
		"$(as_endpoint "$(outer far 1)" 40001)"
	in_far ping -qi 0.02 -c 3 -W 2 fd09::1
	ends $pid
	[ "$(answers $run/roaming.ping)" -ge 55 ] || { cat $run/roaming.ping; false; }

	in_mid nft flush chain inet way nat
	in_mid conntrack -F >/dev/null 2>&1
	place near 2
	place far 2
	in_far wg set wg0 listen-port $port
}

# The initiator is forgotten by both and begins again. What that took goes to
# $run/cookies, and in a few words to $took.
begin_anew() {
	local from
	from=$(now)
	if [ $role = initiator ]; then
		in_near relayctl down relay0
		near_up
	else
		in_far wg set wg0 peer "$(<$run/near.pub)" remove
		far_peer
	fi
	dial
	pass 1
	wire "$from" | awk '$4 < 4' >$run/cookies
	cat $run/cookies
	took=$(awk -v victim=$victim '{ print ($2 == victim) $4 $7 }' $run/cookies | paste -sd' ')
}

# The responder has more to do than it wants.
check_cookies() {
	local pid before took n victim=far
	[ $role = initiator ] || victim=near
	: >$run/flood
	ip netns exec noise kr-wireflood "$(outer $victim)" $port "$(<$run/$victim.pub)" 20 >$run/flood &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid" EXIT
	busily 5 grep -q '[1-9]' $run/flood
	before=$(tail -n 1 $run/flood)
	for n in 1 2 3; do
		begin_anew
		# krelay has a little time for those without proof, too: in one of
		# about 70 times, whose turn it is then is the one who begins here.
		[ "$victim $took" = "near 01no 12no" ] || break
	done
	echo "attempt $n, flooder got $before cookies before, $(tail -n 1 $run/flood) in all"
	[ "$(tail -n 1 $run/flood)" -gt "$before" ]
	# Initiation, cookie, initiation with its mac2, response, and nothing else.
	is "messages" "$took" "01no 13- 01yes 12no"
	if [ $role = initiator ]; then
		is "cookies received" "$(stat hs_cookie_received)" 1
	else
		[ "$(stat hs_cookie_sent)" -ge "$(tail -n 1 $run/flood)" ]
	fi
}

# row OTHER ROLE FAMILY KEY
row() {
	local check status failed=0 line=
	other=$1 role=$2 family=$3 key=$4
	# A row tells all that does not work.
	set +e
	(set -e; row_up) >$run/said 2>&1 || { echo "-- up"; cat $run/said; }
	for check in ${KRELAY_CHECKS:-$checks}; do
		(set -e; "check_$check") >$run/said 2>&1
		status=$?
		if [ $status = 0 ]; then
			line="$line pass"
		else
			line="$line FAIL"
			failed=1
			echo "-- $check"
			cat $run/said
		fi
	done
	row_down
	echo "$other $role $family $key$line" >>$run/table
	return $failed
}

table() {
	echo "# the other, near's role, outer family, key:"
	{
		echo "other role outer key ${KRELAY_CHECKS:-$checks}"
		cat $run/table
	} | awk '{ for (i = 1; i <= NF; i++) printf "%-10s", $i; print "" }' | diag
}

state() {
	in_near relayctl show relay0
	in_near relayctl stats relay0
	in_far wg show wg0
	dmesg | grep -vE "entered|becomes ready|taint" | tail -n 20
} 2>&1

# rows OTHER: all of it.
rows() {
	local role family key names=
	for role in initiator responder; do
		for family in ipv4 ipv6; do
			for key in plain psk; do
				eval "test_${role}_${family}_$key() { row $1 $role $family $key; }"
				names="$names ${role}_${family}_$key"
			done
		done
	done
	trap table EXIT
	# shellcheck disable=SC2086
	scenario $names
}
