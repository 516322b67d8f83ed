#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The relay comes back by itself: from a stale mapping, a changed name, a long
# absence, a wrong clock, sleep. Waiting costs nothing here (-i).
vm='-i'
. "$(dirname "$0")/../lib/scenario.sh"

# A second bridge, whose public address is that of the visitors' router.
BRIDGE2=198.51.100.1
BRIDGE2_TUN=10.67.0.1

setup() {
	topology_up && services_up || return
	# What goes out by the other line of home has to bear its address there.
	in_cgnat nft -f - <<-END
	table inet spoof {
		chain forward {
			type filter hook forward priority filter;
			iifname "lan0" ip saddr != 192.168.7.0/24 drop
			iifname "lan0" ip6 saddr != 2001:db8:7::/64 drop
		}
	}
	END
	relay_up && bridge2_up && warm
}

# While the processor waits for a file of the host it is idle, and idle time is
# skipped: by minutes, on a busy host. So read once what is read later; and set
# no tight limits, which would say more about the host than about the relay.
warm() {
	local files
	files=$(command -v bash cat conntrack date grep ip iptables kill kr-echo modprobe nft perl \
		ping relayctl rm sed sleep sysctl tcpdump wc wg xargs | grep ^/)
	# shellcheck disable=SC2046,SC2086
	cat $files $(ldd $files 2>/dev/null | grep -o '/[^ :]*' | sort -u) >/dev/null
	modprobe -a af_packet wireguard
	stale 1 && stale_no_more
	in_home relayctl resolve relay0
	ask udp $PUBLIC 7 x
	at now true
	counter home hs_invalid && fact home '$p->{local_port}' && endpoint home
}

bridge2_up() {
	(umask 077; wg genkey >$run/bridge2.key)
	wg pubkey <$run/bridge2.key >$run/bridge2.pub
	(
		umask 077
		cat >/etc/netns/internet/krelay/relay0.conf <<-END
		[Interface]
		PrivateKey = $(cat $run/bridge2.key)
		Address = $BRIDGE2_TUN/32
		ListenPort = $WG_PORT
		[Peer]
		PublicKey = $(cat $run/home.pub)
		AllowedIPs = $HOME_TUN/32
		END
	)
	in_internet relayctl up relay0
}

# home_up [LINE...]: again, with further lines in the [Peer] of the bridge.
home_up() {
	home_config "$@" >/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
}

# These are joined by &&, since `at` and others ask what came of them.
home_again() {
	in_home relayctl down relay0 && home_up "$@" && wait_handshake
}

# What a test before, that failed, may have left.
fresh() {
	local status=0
	in_cgnat nft delete table ip stale 2>/dev/null || :
	rm -f /etc/netns/home/hosts
	ip -n bridge link show relay0 >/dev/null 2>&1 || end_up bridge
	ip -n home route replace default via 100.64.0.1 dev eth0
	if ip -n home link show relay0 >/dev/null 2>&1; then
		in_home relayctl down relay0 || status=1
	fi
	home_up "$@" && wait_handshake && [ $status = 0 ]
}

second_bridge() {
	cat <<-END
	[Peer]
	Name = bridge2
	PublicKey = $(cat $run/bridge2.pub)
	Endpoint = $BRIDGE2:$WG_PORT
	Bridge = yes
	END
}

# fact HOST PERL: of what show says, as $d->{...}, its first peer as $p->{...}.
fact() {
	in_host "$1" relayctl show relay0 -j | perl -MJSON::PP -0777 -e \
		'$d = decode_json(<STDIN>)->[0]; $p = $d->{peers}[0]; print eval($ARGV[0]) // "none"' "$2"
}

# stale PORT: the router's mapping of home's port, as the bridge knows it, is dead.
stale() {
	in_cgnat nft -f - <<-END
	table ip stale {
		chain forward {
			type filter hook forward priority filter;
			ip daddr $PUBLIC udp sport $1 counter drop
			ip saddr $PUBLIC udp dport $1 counter drop
		}
	}
	END
}

stale_no_more() {
	in_cgnat nft delete table ip stale
}

test_stale_mapping_is_left_for_a_new_port() {
	local port seen2
	fresh "$(second_bridge)"
	port=$(fact home '$d->{listen_port}')
	eventually 60 in_internet ping -qc 1 -W 1 $HOME_TUN
	seen2=$(fact internet '$p->{endpoint}')
	in_internet ping -qi 1 -w 180 $HOME_TUN >$run/ping2 &
	stale "$port"
	fails ask udp $PUBLIC 7 x
	# The session is renewed after 120 s, then three handshakes are lost.
	sleep 160
	ask udp $PUBLIC 7 x
	[ "$(counter home hs_port_moved)" = 1 ]
	is "the port for the others" "$(fact home '$d->{listen_port}')" "$port"
	fails [ "$(fact home '$p->{local_port}')" = "$port" ]
	is "the second bridge's view" "$(fact internet '$p->{endpoint}')" "$seen2"
	wait
	is "packets that the second bridge lost" \
		"$(sed -n 's/.* \([0-9]*\)% packet loss.*/\1/p' $run/ping2)" 0
	stale_no_more
}

test_port_that_the_user_chose_is_kept() {
	fresh
	in_home relayctl down relay0
	home_config | sed 's/^Address/ListenPort = 30000\n&/' >/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
	wait_handshake
	stale 30000
	sleep 200
	fails ask udp $PUBLIC 7 x
	[ "$(counter home hs_port_fixed)" -ge 1 ]
	is "moves" "$(counter home hs_port_moved)" 0
	stale_no_more
	eventually 60 ask udp $PUBLIC 7 x
}

test_dialling_goes_on_for_ever() {
	local count begin end
	fresh 'PersistentKeepalive = 3600' "AllowedIPs = $BRIDGE_TUN/32"
	end_down bridge
	# Who has nothing to say does not notice.
	fails in_home ping -qc 1 -W 1 $BRIDGE_TUN
	sleep 400
	count=$(counter home hs_initiation_sent)
	begin=${EPOCHREALTIME%.*}
	sleep 1000
	count=$(($(counter home hs_initiation_sent) - count))
	end=${EPOCHREALTIME%.*}
	# One in 5 to 5.4 s. Looking takes its time, too, in this clock.
	echo "$count in $((end - begin)) s"
	[ $((count * 500)) -le $(((end - begin) * 102)) ]
	[ $((count * 540)) -ge $(((end - begin) * 98)) ]
	end_up bridge
	eventually 60 ask udp $PUBLIC 7 x
}

test_who_is_called_gives_up() {
	local before
	fresh
	in_home relayctl down relay0
	fails ask udp $PUBLIC 7 x
	before=$(counter bridge hs_initiation_sent)
	sleep 30
	[ "$(counter bridge hs_initiation_sent)" -gt "$before" ]
	sleep 100
	before=$(counter bridge hs_initiation_sent)
	sleep 100
	is "attempts after that" "$(counter bridge hs_initiation_sent)" "$before"
}

# kept: what the bridge kept while it was down.
kept() {
	echo "/var/lib/krelay/$(tr / _ <$run/bridge.pub).endpoints"
}

# idle: home has a session, and for long nothing to send but keepalives, which are no data.
idle() {
	ask udp $PUBLIC 7 x
	sleep 40
}

# served: visitors are from now on, since the bridge has called home.
served() {
	local begin=${EPOCHREALTIME/.}
	eventually 10 ask udp $PUBLIC 7 x
	echo "# served after $(((${EPOCHREALTIME/.} - begin) / 1000)) ms" >&3
	is "calls of home" "$(counter bridge hs_initiation_received)" 0
}

test_bridge_restarts_on_an_idle_line() {
	fresh
	idle
	end_down bridge
	is "who may read what was kept" "$(stat -c '%a %u' "$(kept)")" "600 0"
	end_up bridge
	served
	# As long as the mapping lives.
	idle
	end_down bridge
	sleep 30
	end_up bridge
	served
	is "keepalive" "$(fact bridge '$p->{persistent_keepalive}')" 0
}

test_only_own_recent_endpoints_are_dialled() {
	local key seconds address port line
	fresh
	end_down bridge
	read -r key seconds address port <"$(kept)"
	for line in garbage "$key 1000000000 $address $port" "$key $seconds 0.0.0.0 $port" \
		"$key $seconds $address 0" "$key $seconds $address"; do
		echo "$line" >"$(kept)"
		end_up bridge 2>$run/stderr
		is "stderr" "$(<$run/stderr)" ""
		is "endpoint" "$(fact bridge '$p->{endpoint}')" none
		ip -n bridge link del relay0
	done
	line="$key $seconds $address $port"
	echo "$line" >"$(kept)"
	chown 1 "$(kept)"
	end_up bridge
	is "endpoint" "$(fact bridge '$p->{endpoint}')" none
	eventually 200 ask udp $PUBLIC 7 x
}

test_other_line_is_used_with_its_own_address() {
	fresh
	ask udp $PUBLIC 7 x
	ip -n home route replace default via 192.168.7.254 dev eth1
	ask udp $PUBLIC 7 x
	ip -n home route replace default via 100.64.0.1 dev eth0
	ask udp $PUBLIC 7 x
}

test_other_line_is_used_with_its_own_address_ipv6() {
	fresh
	ip -n cgnat -6 address add 2001:db8:7::fe/64 dev lan0 nodad
	ip -n home -6 address add 2001:db8:7::10/64 dev eth1 nodad
	ip -n internet -6 route add 2001:db8:7::/64 via 2001:db8:2::2
	in_home relayctl down relay0
	home_config | sed "s/^Endpoint.*/Endpoint = [2001:db8:113::1]:$WG_PORT/" \
		>/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
	wait_handshake
	ask udp $PUBLIC 7 x
	is "the bridge's view" "$(endpoint bridge | sed 's/:[0-9]*$//')" "[2001:db8:64::2]"
	ip -n home -6 route replace default via 2001:db8:7::fe dev eth1
	ask udp $PUBLIC 7 x
	is "the bridge's view" "$(endpoint bridge | sed 's/:[0-9]*$//')" "[2001:db8:7::10]"
	ip -n home -6 route replace default via 2001:db8:64::1 dev eth0
	ip -n home -6 route del default dev eth1 || :
	ask udp $PUBLIC 7 x
}

# names LINE...: what home finds for names, also while a program runs.
names() {
	{ echo "127.0.0.1 localhost"; printf '%s\n' "$@"; } >/etc/netns/home/hosts
}

bridge_address() {
	ip -n bridge address del "$1/24" dev ens3
	ip -n bridge address add "$2/24" dev ens3
	ip -n bridge route replace default via 203.0.113.254
}

test_name_is_looked_up_again() {
	local status pid
	fresh
	names "$PUBLIC vps.example.org"
	in_home relayctl down relay0
	home_config "$(second_bridge)" | sed "s/^Endpoint = $PUBLIC/Endpoint = vps.example.org/" \
		>/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
	wait_handshake
	in_home relayctl resolve --watch relay0 >$run/resolve 2>&1 &
	pid=$!
	# While it answers, it stays where it is, whatever its name says.
	names "203.0.113.77 vps.example.org"
	sleep 300
	is "the endpoint of a live session" "$(endpoint home | head -n 1)" "$PUBLIC:$WG_PORT"
	# It moves, and its name lists an address that is dead in either family.
	names "203.0.113.77 vps.example.org" "203.0.113.9 vps.example.org" \
		"2001:db8:113::77 vps.example.org"
	bridge_address $PUBLIC 203.0.113.9
	sleep 240
	status=0
	ask udp 203.0.113.9 7 x || status=1
	bridge_address 203.0.113.9 $PUBLIC
	cat $run/resolve
	[ $status = 0 ]
	# An address in the file is never touched.
	fails grep bridge2 $run/resolve
	# Back to where it was: one look without --watch is one step.
	names "$PUBLIC vps.example.org"
	sleep 170
	eventually 60 ask udp $PUBLIC 7 x
	in_home relayctl down relay0
	# The watch ends with its interface.
	wait $pid
}

test_one_look_is_one_step() {
	fresh
	names "203.0.113.77 vps.example.org" "2001:db8:113::1 vps.example.org"
	in_home relayctl down relay0
	home_config | sed "s/^Endpoint = $PUBLIC/Endpoint = vps.example.org/" \
		>/etc/netns/home/krelay/relay0.conf
	in_home relayctl up relay0
	# getaddrinfo() prefers IPv6 here, so make that the dead one, later.
	wait_handshake
	is "no step" "$(in_home relayctl resolve relay0)" ""
	ip -n bridge -6 address del 2001:db8:113::1/64 dev ens3
	names "$PUBLIC vps.example.org" "2001:db8:113::1 vps.example.org"
	sleep 150
	in_home relayctl resolve relay0 | grep "trying vps.example.org at $PUBLIC:$WG_PORT"
	eventually 60 ask udp $PUBLIC 7 x
	is "no step" "$(in_home relayctl resolve relay0)" ""
	ip -n bridge -6 address add 2001:db8:113::1/64 dev ens3 nodad
	ip -n bridge -6 route replace default via 2001:db8:113::fe
	names
	ip -n home link del relay0
	fails in_home relayctl resolve relay0
}

# at DATE COMMAND...: with the machine's clock at that time.
at() {
	local real up status=0
	real=$(date +%s)
	up=$(cut -d. -f1 /proc/uptime)
	date -s "$1" >/dev/null
	shift
	"$@" || status=1
	date -s "@$((real + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null
	return $status
}

# home_reboots: without a word to anybody, as when the power fails.
home_reboots() {
	ip -n home link del relay0 && home_up && wait_handshake 60 && ask udp $PUBLIC 7 x
}

clock_tests() {
	home_again &&
		at '1970-01-02' home_reboots &&
		home_reboots &&
		at '1970-01-02' home_again &&
		: far ahead, and right again &&
		at '2031-01-01' home_again &&
		home_reboots &&
		at '1970-01-02' home_reboots
}

test_clock_in_the_past() {
	fresh
	clock_tests
}

test_clock_in_the_past_towards_wireguard() {
	local status=0
	fresh
	end_down bridge
	KRELAY_BRIDGE=wireguard
	end_up bridge
	clock_tests || status=1
	end_down bridge
	KRELAY_BRIDGE=krelay
	end_up bridge
	[ $status = 0 ]
}

# doze STATE: all that precedes and follows sleep, and a second with everything frozen.
doze() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo freezer >/sys/power/pm_test
	echo "$1" >/sys/power/state
}

# Of home, whoever began them: here both ends wake up at once.
handshakes() {
	echo $(($(counter home hs_response_received) + $(counter home hs_response_sent)))
}

# Asleep, and in an image on the disk.
test_sleep_ends_all_sessions() {
	local state states=0
	[ -w /sys/power/pm_test ] || skip "this kernel has no CONFIG_PM_DEBUG"
	for state in freeze disk; do
		if grep -qw $state /sys/power/state; then
			sleep_ends_sessions $state
			states=$((states + 1))
		fi
	done
	[ $states -gt 0 ]
}

# sleep_ends_sessions STATE
sleep_ends_sessions() {
	local before pid
	fresh
	rm -f $run/doze.said
	ip netns exec cgnat tcpdump -Z root -i wan0 -Uw $run/doze.pcap udp port $WG_PORT \
		2>$run/doze.said &
	pid=$!
	# Not by sleep, for which no time passes while the program is read.
	until grep -sq listening $run/doze.said; do :; done
	ask udp $PUBLIC 7 x
	before=$(handshakes)
	doze "$1"
	eventually 60 ask udp $PUBLIC 7 x
	sleep 1
	kill $pid
	wait $pid || :
	[ "$(handshakes)" -gt "$before" ]
	sessions $run/doze.pcap
	[ "$(sessions $run/doze.pcap | wc -l)" -ge 4 ]
}

# sessions PCAP: a line for each receiver index of data; a counter seen twice fails.
sessions() {
	tcpdump -r "$1" -nx 2>/dev/null | perl -0777 -ne '
		for (split /^(?=\d\d:)/m) {
			my $hex = join "", map { s/^\s+0x\w+:\s+//r =~ s/\s//gr } grep { /^\s+0x/ } split /\n/;
			my $data = pack "H*", substr $hex, 56;
			my ($type, $index, $counter) = unpack "VVQ<", $data;
			next if length $data < 32 || $type != 4;
			die "counter $counter of $index twice\n" if $seen{"$index $counter"}++;
			$sessions{$index}++;
		}
		print "$_ $sessions{$_}\n" for sort keys %sessions;'
}

scenario stale_mapping_is_left_for_a_new_port port_that_the_user_chose_is_kept \
	dialling_goes_on_for_ever who_is_called_gives_up \
	bridge_restarts_on_an_idle_line only_own_recent_endpoints_are_dialled \
	other_line_is_used_with_its_own_address other_line_is_used_with_its_own_address_ipv6 \
	name_is_looked_up_again one_look_is_one_step \
	clock_in_the_past clock_in_the_past_towards_wireguard sleep_ends_all_sessions
