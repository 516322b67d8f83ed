#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Anybody may send anything to the UDP port: only counters move.
vm='-c 2 -a slub_debug=FZPU'
. "$(dirname "$0")/../lib/scenario.sh"

setup() {
	topology_up && services_up || return
	configs_write
	# Below the NAT, where home's own port is seen.
	start cgnat tcpdump -Z root -qUni home0 -w $run/wire.pcap udp
	eventually 10 test -s $run/wire.pcap
	relay_up || return
	ask tcp $PUBLIC 7 x && ask udp $PUBLIC 7 x && fetch -o /dev/null http://$PUBLIC/ || return
	sleep 1
	home_port=$(in_home relayctl show relay0 -j | sed -n 's/.*"listen_port": *\([0-9]*\).*/\1/p')
	# What comes back to the senders, counted on their side.
	for host in visitor cgnat; do
		in_host $host nft -f - <<-END
		table inet answers {
			counter answers { }
			chain input {
				type filter hook input priority 0;
				ip protocol { udp, icmp } counter name answers
			}
		}
		END
	done
}

answers() {
	in_host "$1" nft list counter inet answers answers | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

hex() {
	base64 -d <$run/$1.pub | od -An -v -tx1 | tr -d ' \n'
}

# fuzz END SENDER ADDRESS PORT: END's port is sent every kind of spoilt message.
fuzz() {
	local end=$1 sender=$2 before told cookies sent
	shift 2
	before=$(drops "$end")
	cookies=$(cookies "$end")
	told=$(answers "$sender")
	sent=$(in_host "$sender" kr-wirefuzz $run/wire.pcap "$@" "$(hex "$end")" "${KRELAY_SEED:-1}")
	echo "$sent messages sent"
	[ "$sent" -gt 3000 ]
	# Nothing is dropped silently: each message was counted, as something.
	eventually 30 has_dropped "$end" $((before + sent))
	# What would be one too many.
	sleep 1
	has_dropped "$end" $((before + sent))
	# Too many with a valid mac1 are asked for a cookie, and nothing else is answered.
	is "messages answered" $(($(answers "$sender") - told)) $(($(cookies "$end") - cookies))
	quiet_dmesg emerg,alert,crit,err,warn,notice,info,debug
}

# has_dropped HOST COUNT: so far. Handshake messages wait for their turn before.
has_dropped() {
	is "messages counted" "$(drops "$1")" "$2"
}

# cookies HOST: how many cookie replies it has sent.
cookies() {
	counter "$1" hs_cookie_sent
}

# drops HOST: sum of the counters that say why something received was dropped.
drops() {
	in_host "$1" relayctl stats relay0 -j | perl -MJSON::PP -0777 -ne '
		my $counters = decode_json($_)->[0]{counters};
		my $sum = 0;
		for (grep { /^(rx|hs)_/ && !/keepalive|_sent$|_received$/ } keys %$counters) {
			$sum += $counters->{$_};
		}
		print $sum;'
}

test_spoilt_messages_to_the_bridge() {
	local before
	before=$(endpoint bridge)
	fuzz bridge visitor $PUBLIC $WG_PORT
	is "the bridge's view of home" "$(endpoint bridge)" "$before"
	ask udp $PUBLIC 7 x
}

test_spoilt_messages_to_home() {
	local before
	before=$(endpoint home)
	fuzz home cgnat $HOME_WAN "$home_port"
	is "home's view of the bridge" "$(endpoint home)" "$before"
	ask udp $PUBLIC 7 x
}

scenario spoilt_messages_to_the_bridge spoilt_messages_to_home
