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

test_port_that_is_in_use() {
	spoilt "ListenPort = $WG_PORT"
	grep -q ": ListenPort $WG_PORT is in use: " $run/stderr
	unchanged
}

# What its commands did, each a word.
test_commands_of_what_is_undone() {
	cat >$run/commands <<-END
	PreUp = echo pre-up >>$run/did
	PostUp = echo post-up >>$run/did
	PostUp = false # the one that fails
	PostUp = echo never >>$run/did
	PreDown = ip link show %i >/dev/null && echo pre-down >>$run/did
	PreDown = false
	PostDown = false
	PostDown = ip link show %i 2>/dev/null || echo post-down >>$run/did
	END
	sed "/^MTU/r $run/commands" $run/good0.conf >$bad
	refused "$bad:8: PostUp " relayctl up $bad
	is "what was done" "$(paste -sd' ' $run/did)" "pre-up post-up pre-down post-down"
	# Nobody has to listen to why.
	rm $run/did
	in_bridge relayctl up $bad 2>&1 | :
	is "what was done" "$(paste -sd' ' $run/did)" "pre-up post-up pre-down post-down"
	unchanged
	# What was not begun is not taken back.
	rm $run/did
	sed -i "s/^ListenPort.*/ListenPort = $WG_PORT/" $bad
	refused "$bad:4: ListenPort " relayctl up $bad
	is "what was done" "$(paste -sd' ' $run/did)" "pre-up post-down"
	unchanged
}

# nohup(1), and the shell for what a script runs in the background.
test_signals_that_are_ignored() {
	sed '/^MTU/aPostUp = kill -HUP $PPID' $run/good0.conf >$bad
	refused "relayctl: bringing up bad0 was interrupted by signal 1 and undone: " relayctl up $bad
	unchanged
	(
		trap '' HUP
		in_bridge relayctl up $bad
	)
	in_bridge relayctl down $bad
	unchanged
}

# Whatever has become of its file meanwhile.
test_down_with_a_file_that_up_refuses() {
	sed "/^MTU/aPostDown = echo done >$run/did" $run/good0.conf >$bad
	in_bridge relayctl up $bad
	refused "relayctl: there is an interface bad0 already: take it down with \"relayctl down $bad\" first" \
		relayctl up $bad
	sed -i 's/^Forward = tcp.*/& deny @gone/; s/^ListenPort.*/ListenPort = many/' $bad
	fails in_bridge relayctl check $bad
	in_bridge relayctl down $bad
	is "what was done" "$(cat $run/did)" done
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

test_malformed_kinds_of_forwards() {
	spoilt "Forward = all except 22" "Forward = all except tcp/22, tcp/9000 -> 10.67.0.2" \
		"Forward = all -> 10.67.0.2:80" "Forward = gre/80" "Forward = sctp/80 -> 81" \
		"Forward = tcp/80 allow friends" "Forward = tcp/80 deny @$run/none" \
		"Forward = tcp/80 limit 20mb" "Forward = tcp/80 source-limit 0pps" \
		"Forward = tcp/9000 allow 10.0.0.0/8, 192.0.2.0/24"
	printf '192.0.2.0/24\n192.0.2.0/33\n' >$run/friends
	cp $run/good0.conf $bad
	echo 'Forward = tcp/81 allow @friends' >>$bad
	refused "/run/krelay-test/friends:2: " relayctl up $bad
	refused "relayctl: " relayctl forward add relay0 home all except tcp/22 on
	refused "relayctl: " relayctl forward add relay0 home tcp/9000 limit 1mbit 2mbit
	refused "relayctl: Forward \"tcp/9000 -> $BRIDGE_TUN:80\" leads to $BRIDGE_TUN, the own address of relay0" \
		relayctl forward add relay0 home "tcp/9000 -> $BRIDGE_TUN:80"
	unchanged
}

test_good_kinds_of_forwards() {
	printf '192.0.2.0/24 # friends\n2001:db8::/32\n' >$run/friends
	cp $run/good0.conf $bad
	cat >>$bad <<-END
	Forward = sctp/80, gre, icmp allow @friends, dccp+udplite/5-6 limit 500pps 10mbit
	Forward = all except tcp/22, tcp/2222, esp, udp/9200-9209
	END
	in_bridge relayctl check $bad 2>$run/stderr
	is "stderr" "$(<$run/stderr)" ""
	# A warning, in one line.
	echo 'Forward = tcp/8443 -> 443' >>$bad
	in_bridge relayctl check $bad 2>$run/stderr
	is "lines on stderr" "$(wc -l <$run/stderr)" 1
	grep -q "^$bad:.*: warning: .* unreachable through " $run/stderr
	unchanged
}

# listener HOST-AND-PORT...: socat's addresses, in the bridge, until the test ends.
listener() {
	local address
	for address; do
		ip netns exec bridge socat -u "$address" /dev/null &
		trap 'kill $(jobs -p); wait' EXIT
		eventually 60 listens "${address##*LISTEN:}"
	done
}

listens() {
	in_bridge ss -Hlntu | grep -q ":${1%%,*} "
}

test_ports_on_which_the_bridge_listens() {
	local ports
	listener TCP4-LISTEN:2200 TCP6-LISTEN:2201 TCP6-LISTEN:2202,ipv6only=1 \
		TCP4-LISTEN:2203,bind=127.0.0.1 TCP4-LISTEN:2204,bind=$PUBLIC \
		TCP4-LISTEN:2205,bind=$BRIDGE_TUN
	spoilt "Forward = tcp/2200" "Forward = tcp/2201" "Forward = tcp/2204" \
		"Forward = udp/51821-51822 force"
	grep -q "the tunnel's own ListenPort 51821" $run/stderr
	refused "relayctl: Forward \"tcp/2200 -> $HOME_TUN:2200\" takes tcp/2200, on which socat (pid " \
		relayctl forward add relay0 home tcp/2200
	refused "relayctl: " relayctl forward add relay0 home tcp/2100-2300
	refused "relayctl: " relayctl forward add relay0 home tcp/2200 on $PUBLIC
	refused "relayctl: " relayctl forward add relay0 home tcp/2204 on $PUBLIC
	grep -q "another port, or write" $run/stderr
	refused "relayctl: " relayctl forward add relay0 home tcp/2204
	grep -q "another port, name another address with \"on ADDRESS\", or write" $run/stderr
	refused "relayctl: " relayctl forward add relay0 home udp/$WG_PORT force
	# A port that the kernel chooses, too.
	ports=$(in_bridge sysctl -n net.ipv4.ip_local_port_range)
	in_bridge sysctl -qw "net.ipv4.ip_local_port_range=45000 45999"
	sed '/^ListenPort/d; s/udp.9100.*/udp\/45000-45999/' $run/good0.conf >$bad
	refused "$bad:16: Forward \"udp/45000-45999 -> 10.67.0.2:45000-45999\" would take the tunnel's own ListenPort 45" \
		relayctl up $bad
	in_bridge sysctl -qw "net.ipv4.ip_local_port_range=$ports"
	unchanged
	sed 's/tcp.9000/tcp\/2200 force/' $run/good0.conf >$bad
	in_bridge relayctl check $bad
	unchanged
	# Nobody from outside gets to these, and udp is another matter.
	in_bridge relayctl forward add relay0 home tcp/2202-2203 tcp/2205 udp/2200 tcp/2201 force
	in_bridge relayctl forward del relay0 tcp/2202-2203 tcp/2205 udp/2200 tcp/2201
	unchanged
}

# What is printed can be given back, to remove and to add.
test_a_list_of_forwards_goes_in_again() {
	local line
	in_bridge relayctl forward list relay0 | sed 's/  (.*//' >$run/list
	[ "$(wc -l <$run/list)" -ge 6 ]
	# It leads elsewhere.
	refused "relayctl: Forward \"tcp/22022\" is not one of those of relay0: " \
		relayctl forward del relay0 "tcp/22022 -> 22022"
	while read -r line; do
		in_bridge relayctl forward del relay0 "$line"
	done <$run/list
	is "forwards" "$(in_bridge relayctl forward list relay0)" ""
	refused "relayctl: Forward \"tcp/80\" is not one of those of relay0: " \
		relayctl forward del relay0 tcp/80
	while read -r line; do
		in_bridge relayctl forward add relay0 home "$line"
	done <$run/list
	unchanged
}

listed() {
	in_bridge relayctl forward list "$1" | sed 's/  (.*//'
}

# whole FILE: the forwards of bad0 as -j writes them, long lists of sources, too.
whole() {
	in_bridge relayctl forward list bad0 -j |
		perl -ne 'print "Forward = $1\n" if /"forward" *: *"(.*)"/' >"$1"
}

test_what_is_listed_is_what_was_written() {
	seq 12000 | awk '{ printf "10.0.%d.%d/32\n", $1 / 256, $1 % 256 }' >$run/many
	sed '/^Forward/d; s|^Address.*|Address = 10.67.0.1/24, fd67::1/64|
		s|^AllowedIPs.*|AllowedIPs = 10.67.0.2/32, fd67::2/128|' $run/good0.conf >$run/head
	cp $run/head $bad
	cat >>$bad <<-END
	Forward = tcp/9000 limit 1000pps 20mbit source-limit 50pps, icmp
	Forward = sctp/9001 on 203.0.113.7 deny 192.0.2.128/25 allow 192.0.2.0/24 2001:db8::/32
	Forward = gre -> 10.67.0.2 allow @many deny 192.0.2.0/24
	Forward = udplite/9002-9003 -> 9004-9005
	END
	in_bridge relayctl up $bad
	listed bad0 >$run/list
	diff - $run/list <<-END
	tcp/9000 -> 10.67.0.2:9000 limit 1000pps 20mbit source-limit 50pps
	tcp/9000 -> [fd67::2]:9000 limit 1000pps 20mbit source-limit 50pps
	icmp -> 10.67.0.2
	ipv6-icmp -> fd67::2
	sctp/9001 on 203.0.113.7 -> 10.67.0.2:9001 allow 192.0.2.0/24 2001:db8::/32 deny 192.0.2.128/25
	gre -> 10.67.0.2 allow <12000 prefixes> deny 192.0.2.0/24
	udplite/9002-9003 -> 10.67.0.2:9004-9005
	udplite/9002-9003 -> [fd67::2]:9004-9005
	END
	whole $run/whole
	is "whole forwards" "$(wc -l <$run/whole)" 8
	# For both families, or for the one that the target tells.
	in_bridge relayctl forward del bad0 tcp/9000 "icmp -> fd67::2"
	sed -i '/tcp.9000/d; /ipv6-icmp/d' $run/list
	listed bad0 | diff $run/list -
	in_bridge relayctl forward del bad0 icmp gre
	refused "relayctl: Forward \"icmp\" is not one of those of bad0: " \
		relayctl forward del bad0 icmp
	in_bridge relayctl down $bad

	cat $run/head $run/whole >$bad
	in_bridge relayctl up $bad
	whole $run/again
	in_bridge relayctl down $bad
	diff $run/whole $run/again
	unchanged
}

test_forwards_of_the_file_are_set() {
	echo 192.0.2.0/24 >$run/friends
	cp $run/good0.conf $bad
	echo 'Forward = tcp/9001 allow @friends' >>$bad
	refused "relayctl: there is no interface bad0 here: " relayctl forward set $bad
	in_bridge relayctl up $bad
	in_bridge relayctl forward add bad0 other tcp/9002
	# What else is in the file may change, too, but is not looked at.
	sed -i 's/tcp.9000/tcp\/9003/; s/^MTU.*/MTU = 1300/' $bad
	echo 198.51.100.0/24 >>$run/friends
	in_bridge relayctl forward set $bad
	listed bad0 >$run/list
	diff - $run/list <<-END
	tcp/9003 -> 10.67.0.2:9003
	udp/9100-9109 -> 10.67.0.2:9200-9209
	tcp/9001 -> 10.67.0.2:9001 allow 192.0.2.0/24 198.51.100.0/24
	END
	cp $bad $run/bad1
	# All or none: of another interface; of a peer, a netdev that it does not have.
	echo 'Forward = tcp/9004, tcp/80' >>$bad
	refused "$bad:19: Forward \"tcp/80 " relayctl forward set $bad
	sed "s|^PublicKey.*|PublicKey = $(wg genkey | wg pubkey)|" $run/bad1 >$bad
	refused "$bad:16: Forward \"tcp/9003 " relayctl forward set $bad
	sed 's/^Public =.*/Public = ens3, lo/' $run/bad1 >$bad
	refused "$bad: Public lo " relayctl forward set $bad
	sed "s/^ListenPort.*/ListenPort = 9999/; s/tcp.9003/udp\/51821/" $run/bad1 >$bad
	refused "$bad:16: Forward \"udp/51821 " relayctl forward set $bad
	listed bad0 | diff $run/list -
	sed '/^Forward/d' $run/bad1 >$bad
	in_bridge relayctl forward set $bad
	is "forwards" "$(listed bad0)" ""
	in_bridge relayctl down $bad
	unchanged
}

test_catch_all_with_exceptions() {
	in_bridge relayctl forward add relay0 home 'all except tcp/22 udp/6000-6010 limit 1gbit'
	is "last forward" "$(listed relay0 | tail -n 1)" \
		"all except tcp/22 udp/6000-6010 -> $HOME_TUN limit 1gbit"
	refused "relayctl: Forward " relayctl forward add relay0 home udp/6001
	refused "relayctl: Forward " relayctl forward add relay0 home all
	in_bridge relayctl forward del relay0 all
	unchanged
}

test_drops_of_a_forward_are_explained() {
	in_bridge relayctl forward add relay0 home tcp/9100 deny $VISITOR
	fails ask tcp $PUBLIC 9100 x
	in_bridge relayctl forward list relay0 >$run/list
	grep '^tcp/9100 .*, dropped in: bridge_denied [1-9]' $run/list
	in_bridge relayctl stats relay0 --explain >$run/explained
	grep -A 1 '^  forward tcp/9100 ' $run/explained |
		grep '^    in bridge_denied [1-9][0-9]*: Visitors came from '
	in_bridge relayctl stats relay0 --explain -j | grep -q '"in_drops": *{'
	in_bridge relayctl forward del relay0 tcp/9100
	unchanged
}

# As large as a table can be, as one request; but what relay0 has is taken.
test_every_port_as_a_forward_of_its_own() {
	sed '/^Forward/d' $run/good0.conf >$bad
	printf '%s\n' 1,6 8,4999 5001,51819 51822,65535 | while IFS=, read -r first last; do
		seq -s, -f 'udp/%.0f' "$first" "$last" | sed 's/^/Forward = /' >>$bad
	done
	in_bridge relayctl up $bad
	is "forwards" "$(in_bridge relayctl forward list bad0 | wc -l)" 65531
	in_bridge relayctl down $bad
	# The root of a container may not send as much at a time, unless a kernel's default is
	# to let it.
	sysctl -qw net.core.wmem_max=212992
	refused "relayctl: the request has " unshare -rn relayctl up $bad
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

scenario malformed_keys malformed_addresses malformed_ports malformed_ranges port_that_is_in_use \
	commands_of_what_is_undone signals_that_are_ignored down_with_a_file_that_up_refuses \
	unknown_keys_in_the_file duplicate_forwards malformed_kinds_of_forwards \
	good_kinds_of_forwards ports_on_which_the_bridge_listens \
	a_list_of_forwards_goes_in_again what_is_listed_is_what_was_written \
	forwards_of_the_file_are_set catch_all_with_exceptions drops_of_a_forward_are_explained \
	every_port_as_a_forward_of_its_own unknown_peers_and_interfaces the_examples_are_accepted \
	missing_privilege missing_module
