# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a flood of handshake messages does to a tunnel, on the clock that counts
# instructions (tests/vm/run -i). For krelay and for the kernel's own WireGuard:
#
#   home ─── bridge ─── noise      home sends as much as TCP takes to bridge
#              │                   noise floods bridge's port
#           newcomer               a peer (always WireGuard) that has to get in
#
# There is one processor, which also makes the flood and takes it through
# Ethernet, IP and UDP. So a tunnel is compared to itself under the same flood
# to another port, of a socket that drops it: what is lost then is lost to
# handshakes.
hosts='bridge home noise newcomer'
kinds='garbage bad-mac1 spoofed proven replayed cookie'
port=51820 sink=9
RATE=5000
WINDOW=0.6

for host in $hosts; do
	eval "in_$host() { ip netns exec $host \"\$@\"; }"
done

flood_world_up() {
	local host
	mkdir -p $run /etc/krelay
	for host in $hosts; do
		mkdir -p "/etc/netns/$host/krelay"
		ip netns add "$host"
		ip -n "$host" link set lo up
	done
	ip -n bridge link add home0 type veth peer name eth0 netns home
	ip -n bridge link add noise0 type veth peer name eth0 netns noise
	ip -n bridge link add newcomer0 type veth peer name eth0 netns newcomer
	link bridge home0 10.1.0.1/24
	link bridge noise0 10.2.0.1/24
	link bridge newcomer0 10.3.0.1/24
	link home eth0 10.1.0.2/24
	link noise eth0 10.2.0.2/24
	link newcomer eth0 10.3.0.2/24
	# Whom a cookie is sent to is there, on the way, which it has left the host for
	# when it is dropped. What becomes of it is no work of the bridge's processor.
	in_bridge nft -f - <<-END
	table netdev sources {
		chain egress {
			type filter hook egress device noise0 priority 0;
			ip daddr 45.0.0.0/8 drop
		}
	}
	END
	ip -n bridge route add default via 10.2.0.2
	ip -n bridge neigh replace 10.2.0.2 dev noise0 lladdr "$(mac noise eth0)" nud permanent
	for host in bridge home newcomer; do
		wg genkey >$run/$host.key
		wg pubkey <$run/$host.key >$run/$host.pub
	done
	base64 -d <$run/bridge.pub >$run/bridge.raw
	start bridge kr-flood sink $sink
}

link() {
	ip -n "$1" address add "$3" dev "$2"
	ip -n "$1" link set "$2" up
}

mac() {
	ip -n "$1" -br link show "$2" | awk '{ print $3 }'
}

# config HOST: what wg(8) understands. With an argument more, what it does not.
config() {
	printf '[Interface]\nPrivateKey = %s\n' "$(cat $run/$1.key)"
	[ -z "${2:-}" ] || printf 'Address = %s\n' "$2"
	case $1 in
	bridge)
		printf 'ListenPort = %s\n' $port
		printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.66.0.2/32\n' "$(cat $run/home.pub)"
		printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.66.0.3/32\n' "$(cat $run/newcomer.pub)"
		;;
	home)
		printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.66.0.1/32\n' "$(cat $run/bridge.pub)"
		printf 'Endpoint = 10.1.0.1:%s\n' $port
		;;
	esac
}

# tunnel_up krelay|wireguard: both ends, and a stream in it.
tunnel_up() {
	local host n=1
	# Or the bridge would dial, too.
	rm -f /var/lib/krelay/*.endpoints
	for host in bridge home; do
		if [ "$1" = krelay ]; then
			(umask 077; config $host 10.66.0.$n/24 >/etc/netns/$host/krelay/relay0.conf)
			in_$host relayctl up relay0 || return
		else
			config $host >$run/$host.conf
			ip -n $host link add relay0 type wireguard || return
			in_$host wg setconf relay0 $run/$host.conf || return
			ip -n $host address add 10.66.0.$n/24 dev relay0
			ip -n $host link set relay0 mtu 1420 up
		fi
		n=$((n + 1))
	done
	in_bridge kr-flood capture home0 1 $run/replayed &
	in_bridge kr-flood capture home0 4 $run/cookie &
	sleep 0.2
	in_home ping -qc 1 -W 5 10.66.0.1 >/dev/null || return
	wait $! || return
	start bridge kr-stream serve 5001 $run/bytes
	wait_port bridge 5001
	start home kr-stream send 10.66.0.1 5001
	stream=$(tail -n 1 $run/pids)
	sleep 0.3
}

tunnel_down() {
	local pids
	# All but the sink, which came first.
	pids=$(tail -n +2 $run/pids)
	sed -i 1q $run/pids
	# shellcheck disable=SC2086
	{ kill $pids; wait $pids; } 2>/dev/null
	if [ "$1" = krelay ]; then
		in_home relayctl down relay0
		in_bridge relayctl down relay0
	else
		ip -n home link del relay0
		ip -n bridge link del relay0
	fi
}

# flood KIND PORT SECONDS: in the background, from now on.
flood() {
	local file=$run/$1
	case $1 in spoofed | proven) file=$run/bridge.raw ;; esac
	ip netns exec noise kr-flood "$1" eth0 "$(mac bridge noise0)" 10.2.0.1 "$2" $RATE "$3" \
		"$file" >$run/sent 2>&1 &
	flood=$!
	# It goes first (SCHED_FIFO) when all its messages are made.
	until chrt -p $flood 2>/dev/null | grep -q FIFO; do
		kill -0 $flood || return
		sleep 0.02
	done
}

# What it has sent is in $run/sent then: messages, messages a second.
flood_end() {
	kill $flood
	wait $flood
}

window() {
	kr-stream window "$1" $run/bytes
}

# kB that the kernel holds and could not give back.
kernel_memory() {
	awk '$1 == "SUnreclaim:" || $1 == "KernelStack:" || $1 == "PageTables:" { sum += $2 }
		END { print sum }' /proc/meminfo
}

available() {
	awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
}

# locked PID: kB of its memory that cannot be given back.
locked() {
	awk '$1 == "VmLck:" { print $2 }' /proc/$1/status
}

newcomer_up() {
	ip -n newcomer link add wg0 type wireguard
	in_newcomer wg set wg0 private-key $run/newcomer.key peer "$(cat $run/bridge.pub)" \
		allowed-ips 10.66.0.1/32 endpoint 10.3.0.1:$port persistent-keepalive 25
	ip -n newcomer link set wg0 up
}

newcomer_in() {
	in_newcomer wg show wg0 latest-handshakes | grep -qv '	0$'
}

# Seconds until a peer that was never here before is in; 99 if it is not.
newcomer() {
	local begin=$EPOCHREALTIME end=$((SECONDS + 12)) took=99
	newcomer_up
	while [ $SECONDS -lt $end ]; do
		if newcomer_in; then
			took=$(calc "$EPOCHREALTIME - $begin")
			break
		fi
		sleep 0.1
	done
	ip -n newcomer link del wg0
	echo "$took"
}

calc() {
	awk "BEGIN { printf \"%.1f\", $* }"
}

counters() {
	in_bridge relayctl stats relay0 -j | grep -oE '"[a-z_0-9]+": *[0-9]+' |
		sed 's/"//g; s/: */ /' >"$run/counters.$1"
}

# counted NAME...: by how much they have grown.
counted() {
	cat $run/counters.before $run/counters.after | awk -v names=" $* " '
		index(names, " " $1 " ") { value = $2 - seen[$1]; seen[$1] = $2; last[$1] = value }
		END { for (name in last) sum += last[name]; print sum + 0 }'
}

# Under what name the bridge counts that kind.
names_of() {
	case $1 in
	garbage) echo rx_unknown_type ;;
	bad-mac1) echo hs_bad_mac1 ;;
	# The few that there was time to look at are refused then.
	spoofed) echo hs_under_load hs_invalid ;;
	proven) echo hs_rate_limited hs_invalid hs_under_load ;;
	replayed) echo hs_under_load hs_replayed ;;
	cookie) echo hs_invalid hs_under_load ;;
	esac
}

# result krelay|wireguard KIND NAME: what was measured.
result() {
	awk -v key="$1 $2 $3" '$1 " " $2 " " $3 == key { print $4 }' $run/results
}

note() {
	echo "$*" >>$run/results
}

# measure_window krelay|wireguard KIND: what goes through the tunnel meanwhile.
measure_window() {
	local bytes busy
	read -r bytes busy < <(window $WINDOW)
	note "$1" "$2" bytes "$bytes"
	note "$1" "$2" busy "$busy"
}

# While nothing is flooded but a socket that drops it: next to each kind, as TCP does
# not always get the same out of a processor.
measure_sink() {
	flood spoofed $sink 10 || return
	sleep 0.3
	measure_windows "$1" sink
	flood_end
}

# The mean of all that `result` has.
mean() {
	awk '{ sum += $1 } END { printf "%.0f\n", sum / NR }'
}

# kept krelay|wireguard KIND: hundredths of the goodput that a flooded sink leaves.
kept() {
	calc "100 * $(result "$1" "$2" bytes | mean) / $(result "$1" sink bytes | mean)"
}

is_close() {
	awk "BEGIN { exit !($(kept krelay "$1") < 95) }"
}

# measure_windows krelay|wireguard KIND: two, and ten more for the promise (flood.t)
# where two are close to it, as one alone may be 3 % off.
measure_windows() {
	local n windows=2
	for ((n = 1; n <= windows; n++)); do
		measure_window "$1" "$2"
		if [ $n = 2 ] && [ "$1" = krelay ] && is_close "$2"; then
			windows=12
		fi
	done
}

# measure_kind krelay|wireguard KIND: the same while that is what the port gets.
measure_kind() {
	local sent rate memory available
	measure_sink "$1" || return
	memory=$(kernel_memory) available=$(available)
	[ "$1" != krelay ] || counters before
	flood "$2" $port 20 || return
	# What may be done at once is done by then.
	sleep 0.3
	measure_windows "$1" "$2"
	note "$1" "$2" memory $(($(kernel_memory) - memory))
	# Without what the flood itself holds, locked.
	note "$1" "$2" available $((available - $(available) - $(locked $flood)))
	# This one is no matter of instructions, and would take many, so once is enough.
	[ "$1 $2" = "krelay spoofed" ] || kill -STOP $stream
	note "$1" "$2" newcomer "$(newcomer)"
	kill -CONT $stream
	flood_end
	read -r sent rate <$run/sent
	note "$1" "$2" rate "$rate"
	note "$1" each sent "$sent"
	[ "$1" = krelay ] || return 0
	# What waits to be computed is counted then.
	sleep 1
	counters after
	# shellcheck disable=SC2046
	note "$1" "$2" counted "$(calc "100 * $(counted $(names_of "$2")) / $sent")"
	note "$1" "$2" cookies "$(calc "100 * $(counted hs_cookie_sent) / $sent")"
}

# flood_measure krelay|wireguard
flood_measure() {
	local kind memory
	tunnel_up "$1" || return
	measure_window "$1" nothing
	memory=$(kernel_memory)
	for kind in $kinds; do
		measure_kind "$1" "$kind" || return
	done
	note "$1" all memory $(($(kernel_memory) - memory))
	note "$1" all sent "$(result "$1" each sent | awk '{ sum += $1 } END { print sum }')"
	for kind in $kinds; do
		note "$1" $kind kept "$(kept "$1" $kind)"
	done
	tunnel_down "$1"
}

flood_table() {
	local kind name
	printf '%-10s | %25s | %25s | %25s\n' "flood of" "goodput kept (%)" "a new peer is in after (s)" \
		"memory taken (KiB)"
	printf '%-10s | %12s %12s | %12s %12s | %12s %12s\n' "$RATE/s" krelay wireguard krelay wireguard \
		krelay wireguard
	for kind in $kinds; do
		printf '%-10s' $kind
		for name in kept newcomer memory; do
			printf ' | %12s %12s' "$(result krelay $kind $name)" "$(result wireguard $kind $name)"
		done
		echo
	done
	printf 'memory taken by all (KiB, messages): krelay %s, %s; wireguard %s, %s\n' \
		"$(result krelay all memory)" "$(result krelay all sent)" \
		"$(result wireguard all memory)" "$(result wireguard all sent)"
	for kind in nothing sink; do
		printf 'Mbit in 10^9 instructions, %s flooded: krelay %s, wireguard %s\n' $kind \
			"$(calc "$(result krelay $kind bytes | mean) * 8 / 1e6")" \
			"$(calc "$(result wireguard $kind bytes | mean) * 8 / 1e6")"
	done
}
