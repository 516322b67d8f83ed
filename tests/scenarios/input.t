#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Wrong input gets one sentence, exit status 1, and changes nothing.
. "$(dirname "$0")/../lib/scenario.sh"

bad=/run/krelay-test/bad0.conf
# A file with a key that others may read is warned of, in a line of its own.
umask 077

# What relayctl said is all there is to know.
state() {
	:
}

setup() {
	topology_up || return
	relay_up || return
	good_file >$run/good0.conf
	# Were this refused, all that follows would be refused for its sake.
	in_bridge relayctl up $run/good0.conf && in_bridge relayctl down $run/good0.conf || return
	configuration >$run/configuration
}

# Every key that is spoilt below, each on a line of its own.
good_file() {
	cat <<-END
	[Interface]
	PrivateKey = $(wg genkey)
	Address = 10.67.0.1/24
	ListenPort = 51821
	MTU = 1400
	FwMark = 0x10
	Public = ens3

	[Peer]
	Name = other
	PublicKey = $(wg genkey | wg pubkey)
	PresharedKey = $(wg genpsk)
	AllowedIPs = 10.67.0.2/32
	Endpoint = 198.51.100.2:51820
	PersistentKeepalive = 25
	Forward = tcp/9000
	Forward = udp/9100-9109 -> 9200-9209
	END
}

# What must not change: all but counters and times.
configuration() {
	in_bridge relayctl show -j | perl -0777 -pe 's/"(\w+_(bytes|packets)|latest_handshake)" *: *\d+//g'
	ip -n bridge -o link show | cut -d' ' -f2
	ip -n bridge -o address show | awk '{ print $2, $4 }'
	ip -n bridge route show table all
}

# refused START COMMAND...: the command fails with one sentence that begins so.
# No more processes than needed: each costs a lot under emulation.
refused() {
	local start=$1 status=0 said
	shift
	in_bridge "$@" >$run/stdout 2>$run/stderr || status=$?
	mapfile -t said <$run/stderr
	echo "\$ $*"
	printf '%s\n' "${said[@]}"
	is "exit status" $status 1
	is "stdout" "$(<$run/stdout)" ""
	is "lines on stderr" ${#said[@]} 1
	case $said in
	"$start"*[.?]) ;;
	*) echo "That is not a sentence which begins with '$start'."; return 1 ;;
	esac
}

unchanged() {
	configuration | diff $run/configuration - || { echo "The configuration changed."; return 1; }
}

# spoilt LINE...: each takes the place of the same key in the good file (the
# second of them with nth=2).
spoilt() {
	local line key n at left good
	for line; do
		key=${line%% =*}
		mapfile -t good <$run/good0.conf
		# A key that is not there is put below the last one.
		at=${#good[@]} left=${nth:-1}
		for n in "${!good[@]}"; do
			if [[ ${good[n]} == "$key ="* ]] && [ $((left -= 1)) = 0 ]; then
				at=$n
			fi
		done
		good[at]=$line
		printf '%s\n' "${good[@]}" >$bad
		refused "$bad:$((at + 1)): " relayctl up $bad
	done
}

test_malformed_keys() {
	spoilt "PrivateKey = hello" "PrivateKey = $(wg genkey | cut -c 2-)" \
		"PrivateKey = $(wg genkey)A" \
		"PublicKey = $(wg genkey | tr '[:alnum:]' '!')" "PublicKey =" \
		"PresharedKey = $(head -c 16 /dev/urandom | base64)"
	# A private key must not be seen in what is said about it.
	spoilt "PrivateKey = SECRET$(wg genkey)"
	fails grep SECRET $run/stderr
	echo hello >$run/in
	refused "relayctl: " sh -c "relayctl pubkey <$run/in"
	unchanged
}

test_malformed_addresses() {
	spoilt "Address = 10.67.0.256/24" "Address = 10.67.0.1/33" "Address = fd00::1/129" \
		"Address = bridge" "AllowedIPs = 10.67.0.2/-1" "AllowedIPs = 10.67.0/24" \
		"AllowedIPs = all" "Endpoint = 198.51.100.2" "Endpoint = fd00::1:51820x" \
		"Forward = tcp/80 on 1.2.3" "Forward = tcp/80 -> 10.67.0.999:80" \
		"Forward = tcp/80 -> 10.68.0.1:80"
	unchanged
}

test_malformed_ports() {
	spoilt "ListenPort = 65536" "ListenPort = -1" "ListenPort = http" \
		"Endpoint = 198.51.100.2:0" "Endpoint = 198.51.100.2:65536" \
		"Forward = tcp/0" "Forward = tcp/65536" "Forward = tcp/http" "Forward = tcp/" \
		"Forward = tcp" "Forward = 80" "Forward = icmp/80" "Forward = tcp/80 ->" \
		"Forward = tcp/80 -> 0" "Forward = tcp/80 80"
	refused "relayctl: " relayctl forward add relay0 home tcp/65536
	refused "relayctl: " relayctl forward del relay0 tcp/x
	unchanged
}

test_malformed_ranges() {
	spoilt "Forward = tcp/90-80" "Forward = tcp/80-" "Forward = tcp/-80" \
		"Forward = tcp/80-82 -> 90-91" "Forward = tcp/65530-65536" \
		"Forward = tcp/80-82 -> 65535" "MTU = 10" "PersistentKeepalive = 65536" \
		"FwMark = 0x100000000"
	refused "relayctl: " relayctl forward add relay0 home tcp/90-81
	unchanged
}

test_unknown_keys_in_the_file() {
	spoilt "Forwards = tcp/80" "Adress = 10.0.0.1" "nonsense"
	printf '[Interface]\nPrivateKey = %s\n[Server]\n' "$(wg genkey)" >$bad
	refused "$bad:3: " relayctl up $bad
	printf 'ListenPort = 1\n' >$bad
	refused "$bad:1: " relayctl up $bad
	unchanged
}

test_duplicate_forwards() {
	nth=2 spoilt "Forward = tcp/9000" "Forward = tcp/8990-9000" "Forward = tcp/9002, tcp/9002"
	refused "relayctl: " relayctl forward add relay0 home tcp/80
	refused "relayctl: " relayctl forward add relay0 home 'tcp/70-90'
	refused "relayctl: " relayctl forward add relay0 home 'tcp/9001, tcp/9001'
	unchanged
}

test_unknown_peers_and_interfaces() {
	refused "relayctl: " relayctl forward add relay0 nobody tcp/9001
	refused "relayctl: " relayctl forward add relay0 "$(wg genkey | wg pubkey)" tcp/9001
	refused "relayctl: " relayctl forward add relay9 home tcp/9001
	refused "relayctl: " relayctl forward add ens3 home tcp/9001
	refused "relayctl: " relayctl forward del relay0 tcp/9001
	refused "relayctl: " relayctl show relay9
	refused "relayctl: " relayctl down relay9
	refused "relayctl: " relayctl down ens3
	refused "relayctl: " relayctl up relay0
	refused "" relayctl up /run/krelay-test/nofile.conf
	unchanged
}

test_the_examples_are_accepted() {
	local end
	for end in bridge home; do
		sed "s|PRIVATE-KEY|$(wg genkey)|; s|PUBLIC-KEY|$(wg genkey | wg pubkey)|; s|vps.example.org|$PUBLIC|" \
			"$lib/../../docs/examples/$end.conf" >$bad
		in_bridge relayctl check $bad
	done
}

test_missing_privilege() {
	local as='setpriv --reuid 65534 --regid 65534 --clear-groups'
	cp $run/good0.conf $bad
	chmod 755 $run
	chown 65534 $bad
	refused "" $as relayctl up $bad
	refused "relayctl: " $as relayctl down relay0
	refused "relayctl: " $as relayctl forward add relay0 home tcp/9001
	refused "relayctl: " $as relayctl forward del relay0 tcp/80
	ip netns exec bridge relayctl forward list relay0 | grep -q tcp/80
	# To read wants the capability, too: keys and endpoints are private.
	refused "relayctl: " $as relayctl show relay0
	unchanged
}

test_missing_module() {
	local dir
	dir=/lib/modules/$(uname -r)
	relay_down
	rmmod krelay
	# As a kernel for which it was never built.
	rm "$dir"/modules.*.bin
	sed -i '/krelay/d' "$dir"/modules.{dep,alias}
	cp $run/good0.conf $bad
	in_bridge relayctl up $bad 2>$run/stderr && return 1
	cat $run/stderr
	is "lines on stderr" "$(wc -l <$run/stderr)" 1
	grep -q 'relayctl: .*module.*\.$' $run/stderr
	fails ip -n bridge link show bad0
	in_bridge relayctl show 2>$run/stderr && return 1
	is "lines on stderr" "$(wc -l <$run/stderr)" 1
}

scenario malformed_keys malformed_addresses malformed_ports malformed_ranges \
	unknown_keys_in_the_file duplicate_forwards unknown_peers_and_interfaces the_examples_are_accepted \
	missing_privilege missing_module
