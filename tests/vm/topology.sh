# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The world of the tests, to be sourced by bash in the virtual machine: each
# host is a network namespace, each cable a veth pair.
#
#   visitor ─── internet ─── bridge        203.0.113.1 (ens3)
#   198.51.100.2    └─────── cgnat         192.0.2.2, masquerades what leaves by wan0
#   198.51.100.3               ├──── home  100.64.0.2 (eth0) ─ br0 ─ container 172.19.0.4
#                              └──── lan   192.168.7.20, whose router is cgnat, not home
#
# Names such as `bridge` are hosts here; bridge and home run the relay.

VISITOR=198.51.100.2
VISITOR2=198.51.100.3
PUBLIC=203.0.113.1
CGNAT=192.0.2.2
HOME_WAN=100.64.0.2
CONTAINER=172.19.0.4
LAN_HOST=192.168.7.20
BRIDGE_TUN=10.66.0.1
HOME_TUN=10.66.0.2
# The same hosts by IPv6, where nothing is masqueraded.
VISITOR6=2001:db8:51::2
PUBLIC6=2001:db8:113::1
HOME_WAN6=2001:db8:64::2
CONTAINER6=fd00:19::4
BRIDGE_TUN6=fd66::1
HOME_TUN6=fd66::2
HOSTS='visitor internet bridge cgnat home container lan'
WG_PORT=51820

# Which implementation an end runs: krelay, or wireguard with the recipe.
: "${KRELAY_BRIDGE:=krelay}" "${KRELAY_HOME:=krelay}"
# What the bridge forwards and home's container publishes, unless a test sets it.
: "${FORWARDS:=tcp/80 udp/7 tcp/7 tcp/22022->22 tcp/8080 udp/5000->5001}"
# Settings of home's [Peer], e.g. 'Accept = tcp/80'.
: "${HOME_EXTRA:=}"

run=/run/krelay-test
topology=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for host in $HOSTS; do
	eval "in_$host() { ip netns exec $host \"\$@\"; }"
done
in_host() {
	ip netns exec "$@"
}

topology_up() {
	local host
	mkdir -p "$run" /etc/krelay
	for host in $HOSTS; do
		# `ip netns exec` lays this over /etc/krelay.
		mkdir -p "/etc/netns/$host/krelay"
		echo "netns add $host"
	done | ip -batch -
	# One process for many cables: each costs a twentieth of a second here.
	ip -batch - <<-END
	link add eth0 netns visitor type veth peer name visitor0 netns internet
	link add ens3 netns bridge type veth peer name bridge0 netns internet
	link add wan0 netns cgnat type veth peer name cgnat0 netns internet
	link add eth0 netns home type veth peer name home0 netns cgnat
	link add eth1 netns home type veth peer name home1 netns cgnat
	link add eth0 netns lan type veth peer name lan1 netns cgnat
	link add eth0 netns container type veth peer name port0 netns home
	END
	configure visitor <<-END
	link set eth0 up
	address add $VISITOR/24 dev eth0
	address add $VISITOR2/24 dev eth0
	address add $VISITOR6/64 dev eth0 nodad
	route add default via 198.51.100.1
	route add default via 2001:db8:51::1
	END
	configure internet <<-END
	link set visitor0 up
	link set bridge0 up
	link set cgnat0 up
	address add 198.51.100.1/24 dev visitor0
	address add 203.0.113.254/24 dev bridge0
	address add 192.0.2.1/24 dev cgnat0
	address add 2001:db8:51::1/64 dev visitor0 nodad
	address add 2001:db8:113::fe/64 dev bridge0 nodad
	address add 2001:db8:2::1/64 dev cgnat0 nodad
	route add 2001:db8:64::/64 via 2001:db8:2::2
	END
	configure bridge <<-END
	link set ens3 up
	address add $PUBLIC/24 dev ens3
	address add $PUBLIC6/64 dev ens3 nodad
	route add default via 203.0.113.254
	route add default via 2001:db8:113::fe
	END
	# home and the LAN host share an Ethernet with their router.
	configure cgnat <<-END
	link add lan0 type bridge
	link set home1 master lan0 up
	link set lan1 master lan0 up
	link set lan0 up
	link set wan0 up
	link set home0 up
	address add $CGNAT/24 dev wan0
	address add 100.64.0.1/24 dev home0
	address add 192.168.7.254/24 dev lan0
	address add 2001:db8:2::2/64 dev wan0 nodad
	address add 2001:db8:64::1/64 dev home0 nodad
	route add default via 192.0.2.1
	route add default via 2001:db8:2::1
	END
	configure home <<-END
	link add br0 type bridge
	link set port0 master br0 up
	link set br0 up
	link set eth0 up
	link set eth1 up
	address add $HOME_WAN/24 dev eth0
	address add 192.168.7.10/24 dev eth1
	address add 172.19.0.1/16 dev br0
	address add fd00:19::1/64 dev br0 nodad
	address add $HOME_WAN6/64 dev eth0 nodad
	route add default via 100.64.0.1
	route add default via 2001:db8:64::1
	END
	configure container <<-END
	link set eth0 up
	address add $CONTAINER/16 dev eth0
	address add $CONTAINER6/64 dev eth0 nodad
	route add default via 172.19.0.1
	route add default via fd00:19::1
	END
	configure lan <<-END
	link set eth0 up
	address add $LAN_HOST/24 dev eth0
	route add default via 192.168.7.254
	END

	# Routers forward, home because it has containers; a bridge need not.
	for host in internet cgnat home; do
		in_host $host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	in_bridge sysctl -qw net.ipv4.ip_forward=0
	# A VPS with a firewall, which also makes conntrack look at every packet. The
	# relay has to do without either's consent; the recipe needs the DNAT line.
	in_bridge nft -f - <<-END
	table ip firewall {
		chain input {
			type filter hook input priority filter; policy drop;
			ct state established,related accept
			iifname { "lo", "relay0" } accept
			ip protocol icmp accept
			tcp dport 22 accept
			udp dport $WG_PORT accept
		}
		chain forward {
			type filter hook forward priority filter; policy drop;
			ct state established,related accept
			ct status dnat accept
		}
	}
	END

	in_cgnat nft -f - <<-END
	table ip nat {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname "wan0" meta l4proto { tcp, udp } masquerade to :20000-29999
			oifname "wan0" masquerade
		}
	}
	END
	# What Docker would write for `-p 80:80 -p 8080:80`, its closed FORWARD
	# chain too.
	in_home nft -f - <<-END
	table ip nat {
		chain DOCKER {
			iifname "br0" return
			iifname != "br0" tcp dport { 80, 8080 } dnat to $CONTAINER:80
		}
		chain prerouting {
			type nat hook prerouting priority dstnat;
			fib daddr type local jump DOCKER
		}
		chain output {
			type nat hook output priority -100;
			ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			ip saddr 172.19.0.0/16 oifname != "br0" masquerade
		}
	}
	table ip filter {
		chain forward {
			type filter hook forward priority filter; policy drop;
			oifname "br0" ct state related,established accept
			iifname != "br0" oifname "br0" ip daddr $CONTAINER tcp dport 80 accept
			iifname "br0" oifname != "br0" accept
		}
	}
	table ip6 nat {
		chain DOCKER {
			iifname != "br0" tcp dport { 80, 8080 } dnat to [$CONTAINER6]:80
		}
		chain prerouting {
			type nat hook prerouting priority dstnat;
			fib daddr type local jump DOCKER
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			ip6 saddr fd00:19::/64 oifname != "br0" masquerade
		}
	}
	table ip6 filter {
		chain forward {
			type filter hook forward priority filter; policy drop;
			oifname "br0" ct state related,established accept
			iifname != "br0" oifname "br0" ip6 daddr $CONTAINER6 tcp dport 80 accept
			iifname "br0" oifname != "br0" accept
		}
	}
	END
	neighbours
}

# configure HOST: `ip` commands from stdin, in that host.
configure() {
	{ echo "link set lo up"; cat; } | ip -n "$1" -batch -
}

# The first packet of a test should not wait for an ARP answer.
neighbours() {
	local host pids= status=0
	for host in visitor home container lan; do
		in_host $host ping -qc 1 -W 5 $PUBLIC >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || status=1
	done
	[ $status = 0 ] || echo "# the topology does not join up" >&2
	return $status
}

topology_down() {
	local host
	services_stop
	for host in $HOSTS; do
		ip netns del "$host" 2>/dev/null
		rm -rf "/etc/netns/$host"
	done
}

# keys_make [END...]: of these, and one shared by them; what is there stays.
keys_make() {
	local end
	for end in ${*:-bridge home}; do
		[ -e $run/$end.key ] || (umask 077; wg genkey >$run/$end.key)
		wg pubkey <$run/$end.key >$run/$end.pub
	done
	[ -e $run/psk ] || (umask 077; wg genpsk >$run/psk)
}

# bridge_config [LINE...]: further lines go to the end of home's [Peer].
bridge_config() {
	local f
	cat <<-END
	[Interface]
	PrivateKey = $(cat $run/bridge.key)
	Address = $BRIDGE_TUN/24
	ListenPort = $WG_PORT
	Public = ens3

	[Peer]
	Name = home
	PublicKey = $(cat $run/home.pub)
	PresharedKey = $(cat $run/psk)
	AllowedIPs = $HOME_TUN/32
	END
	for f in $FORWARDS; do
		echo "Forward = ${f/->/ -> }"
	done
	[ $# = 0 ] || printf '%s\n' "$@"
}

# home_config [LINE...]
home_config() {
	cat <<-END
	[Interface]
	PrivateKey = $(cat $run/home.key)
	Address = $HOME_TUN/24, $HOME_TUN6/64

	[Peer]
	Name = bridge
	PublicKey = $(cat $run/bridge.pub)
	PresharedKey = $(cat $run/psk)
	Endpoint = $PUBLIC:$WG_PORT
	Bridge = yes
	END
	[ -z "$HOME_EXTRA" ] || printf '%s\n' "$HOME_EXTRA"
	[ $# = 0 ] || printf '%s\n' "$@"
}

configs_write() {
	keys_make
	(
		umask 077
		bridge_config >/etc/netns/bridge/krelay/relay0.conf
		home_config >/etc/netns/home/krelay/relay0.conf
	)
}

# The recipe that krelay replaces, for the end that runs kernel WireGuard.
recipe_bridge_up() {
	local f proto from to tables
	ip -n bridge link add relay0 type wireguard
	in_bridge wg set relay0 private-key $run/bridge.key listen-port $WG_PORT \
		peer "$(cat $run/home.pub)" preshared-key $run/psk \
		allowed-ips $HOME_TUN/32,$HOME_TUN6/128
	ip -n bridge address add $BRIDGE_TUN/24 dev relay0
	ip -n bridge address add $BRIDGE_TUN6/64 dev relay0
	ip -n bridge link set relay0 mtu 1420 up
	in_bridge sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for f in $FORWARDS; do
		proto=${f%%/*} from=${f#*/}
		to=${from#*->} from=${from%->*}
		in_bridge iptables -t nat -A PREROUTING -i ens3 -p "$proto" --dport "$from" \
			-j DNAT --to-destination "$HOME_TUN:$to"
		in_bridge ip6tables -t nat -A PREROUTING -i ens3 -p "$proto" --dport "$from" \
			-j DNAT --to-destination "[$HOME_TUN6]:$to"
	done
	for tables in iptables ip6tables; do
		# NAT passes it by, and the bridge itself would answer by a reset.
		in_bridge $tables -t mangle -A PREROUTING -i ens3 -p tcp \
			-m conntrack --ctstate INVALID -j DROP
		in_bridge $tables -P FORWARD DROP
		in_bridge $tables -A FORWARD -i ens3 -o relay0 -m conntrack --ctstate DNAT -j ACCEPT
		in_bridge $tables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
		in_bridge $tables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN \
			-j TCPMSS --clamp-mss-to-pmtu
	done
}

recipe_bridge_down() {
	local tables
	ip -n bridge link del relay0
	in_bridge sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	for tables in iptables ip6tables; do
		in_bridge $tables -P FORWARD ACCEPT
		in_bridge $tables -t nat -F
		in_bridge $tables -F FORWARD
		in_bridge $tables -t mangle -F
	done
}

recipe_home_up() {
	ip -n home link add relay0 type wireguard
	in_home wg set relay0 private-key $run/home.key \
		peer "$(cat $run/bridge.pub)" preshared-key $run/psk allowed-ips 0.0.0.0/0 \
		endpoint $PUBLIC:$WG_PORT persistent-keepalive 25
	ip -n home address add $HOME_TUN/24 dev relay0
	ip -n home link set relay0 mtu 1420 up
	in_home sysctl -qw net.ipv4.conf.relay0.rp_filter=2
	ip -n home route add default dev relay0 table 100
	ip -n home rule add fwmark 1 table 100
	# To conntrack a segment that was needlessly sent again is invalid: it would
	# leave by the WAN with the container's address, and be answered by a reset;
	# or, a visitor's, miss the container, and home itself would answer so.
	in_home nft insert rule ip filter forward ct state invalid drop
	in_home iptables -t mangle -A PREROUTING -i relay0 -m conntrack --ctstate INVALID -j DROP
	in_home iptables -t mangle -A PREROUTING -i relay0 -m conntrack --ctstate NEW \
		-j CONNMARK --set-mark 1
	in_home iptables -t mangle -A PREROUTING ! -i relay0 -j CONNMARK --restore-mark
	in_home iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark
}

recipe_home_down() {
	in_home nft delete rule ip filter forward handle \
		"$(in_home nft -a list chain ip filter forward | sed -n 's/.*invalid drop # handle //p')"
	in_home iptables -t mangle -F
	ip -n home rule del fwmark 1 table 100
	ip -n home link del relay0
}

# end_up HOST, end_down HOST: one end of the relay, as its user would.
end_up() {
	local kind=KRELAY_${1^^}
	if [ "${!kind}" = krelay ]; then
		in_host "$1" relayctl up relay0
	else
		"recipe_$1_up"
	fi
}

end_down() {
	local kind=KRELAY_${1^^}
	if [ "${!kind}" = krelay ]; then
		in_host "$1" relayctl down relay0
	else
		"recipe_$1_down"
	fi
}

relay_up() {
	[ "$KRELAY_BRIDGE$KRELAY_HOME" = wireguardwireguard ] || modprobe krelay || return
	configs_write
	end_up bridge && end_up home && wait_handshake
}

relay_down() {
	end_down home
	end_down bridge
}

# Home dials by itself (its keepalive), so no packet is sent from here.
wait_handshake() {
	local n
	for n in $(seq $((${1:-100} * ${KRELAY_SLOW:-1}))); do
		if in_bridge ping -qc 1 -W 1 $HOME_TUN >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.1
	done
	echo "# no handshake between bridge and home" >&2
	return 1
}

# Services. nginx in the container and echo servers on home, bound to 0.0.0.0.
services_up() {
	mkdir -p $run/www
	cp "$topology/page.html" $run/www/index.html
	start container nginx -c "$topology/nginx.conf" -g 'daemon off;'
	start home kr-echo serve 7 home "${KRELAY_ECHO_BIND:-0.0.0.0}"
	start home kr-echo serve 22 home "${KRELAY_ECHO_BIND:-0.0.0.0}"
	start home kr-echo serve 5001 home "${KRELAY_ECHO_BIND:-0.0.0.0}"
	start home kr-echo serve 7 home "${KRELAY_ECHO_BIND6:-::}"
	start home kr-echo serve 22 home "${KRELAY_ECHO_BIND6:-::}"
	start home kr-echo serve 5001 home "${KRELAY_ECHO_BIND6:-::}"
	wait_port container 80 && wait_port home 7 && wait_port home 22
}

# start HOST COMMAND...: in the background, until services_stop.
start() {
	ip netns exec "$@" </dev/null >>$run/"$1-$2.log" 2>&1 &
	echo $! >>$run/pids
}

services_stop() {
	local pids
	pids=$(cat $run/pids 2>/dev/null) || return 0
	rm -f $run/pids
	# shellcheck disable=SC2086
	{ kill $pids; wait $pids; } 2>/dev/null || :
}

# wait_port HOST PORT: until something listens there on TCP.
wait_port() {
	local n
	for n in $(seq $((100 * ${KRELAY_SLOW:-1}))); do
		[ -z "$(in_host "$1" ss -Hltn "sport = :$2")" ] || return 0
		sleep 0.1
	done
	echo "# nothing listens on port $2 of $1" >&2
	return 1
}

# file_make NAME SIZE: random bytes for nginx (head -c understands SIZE), and their sum.
file_make() {
	head -c "$2" /dev/urandom >"$run/www/$1"
	sha256sum <"$run/www/$1" >"$run/$1.sum"
}

# Everything that must be as it was before the relay came, without what
# changes by itself.
footprint() {
	echo "== nft list ruleset"
	in_host "$1" nft -s list ruleset
	echo "== ip rule"
	ip -n "$1" rule
	ip -n "$1" -6 rule
	echo "== ip route show table all"
	ip -n "$1" route show table all
	ip -n "$1" -6 route show table all | sed 's/ expires [0-9]*sec//'
	echo "== sysctl -a"
	in_host "$1" sysctl -a 2>/dev/null | grep -Ev "$volatile" | sort
}
volatile='^fs\.(dentry|file-nr|inode|aio-nr|quota)|^kernel\.(random|pty\.nr|ns_last_pid|perf_event'
volatile="$volatile"'_max_sample|ipc|tainted)|^net\.netfilter\.nf_conntrack_count|^kernel\.sched_domain'
volatile="$volatile"'|^debug\.|^vm\.stat|^net\.ipv4\.route\.|\.stat$|^kernel\.threads|^kernel\.usermodehelper'

# footprint_save HOST: now, before the relay comes; footprint_changes HOST:
# what is different, but for the lines of the device itself.
footprint_save() {
	footprint "$1" >"$run/$1.footprint"
}

footprint_changes() {
	grep -v relay0 "$run/$1.footprint" >"$run/before"
	footprint "$1" | grep -v relay0 | diff "$run/before" -
}

# What the bridge's conntrack knows of visitors, but for the port it serves itself.
relayed_entries() {
	in_bridge conntrack -L 2>/dev/null | grep -E "^(tcp|udp) .*src=198\.51\.100\." | grep -v "dport=22 "
}

# endpoint HOST: where that end of the relay sends to, ADDRESS:PORT.
endpoint() {
	local kind=KRELAY_${1^^}
	if [ "${!kind}" = krelay ]; then
		in_host "$1" relayctl show relay0 | awk '$1 == "endpoint:" { print $2 }'
	else
		in_host "$1" wg show relay0 endpoints | cut -f2
	fi
}

# last_handshake HOST: of its one peer, in seconds since 1970.
last_handshake() {
	local kind=KRELAY_${1^^}
	if [ "${!kind}" = krelay ]; then
		in_host "$1" relayctl show relay0 -j |
			perl -MJSON::PP -0777 -ne 'print decode_json($_)->[0]{peers}[0]{latest_handshake}'
	else
		in_host "$1" wg show relay0 latest-handshakes | cut -f2
	fi
}
