# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A second bridge beside the first, on the same Ethernet, for home to have both:
#
#   internet ─┬─ bridge   203.0.113.1   forwards to 10.66.0.2
#             └─ bridge2  203.0.113.2   forwards to 10.66.0.3
#
# Both forward the public address 203.0.113.10 to 10.66.0.4, wherever it leads.
# Each of the three has an address of home to itself: a visitor may use one port
# of his for two of them, which would be one connection at home. Both forward to
# home's LAN, too, which home offers in part.
. "$lib/home.sh"

PUBLIC_2=203.0.113.2
PUBLIC6_2=2001:db8:113::2
SHARED=203.0.113.10
SHARED6=2001:db8:113::10
BRIDGE2_TUN=10.66.0.9
BRIDGE2_TUN6=fd66::9
HOME_TUN_2=10.66.0.3
HOME_TUN6_2=fd66::3
HOME_TUN_SHARED=10.66.0.4
HOME_TUN6_SHARED=fd66::4
HOME_LAN=192.168.7.10
HOME_LAN6=fd07::10
LAN_HOST6=fd07::20

in_bridge2() { ip netns exec bridge2 "$@"; }

bridge2_up() {
	mkdir -p /etc/netns/bridge2/krelay
	ip -batch - <<-END
	netns add bridge2
	link add ens3 netns bridge2 type veth peer name bridge1 netns internet
	END
	configure internet <<-END
	link add wire0 type bridge
	address del 203.0.113.254/24 dev bridge0
	address del 2001:db8:113::fe/64 dev bridge0
	link set bridge0 master wire0
	link set bridge1 master wire0 up
	link set wire0 up
	address add 203.0.113.254/24 dev wire0
	address add 2001:db8:113::fe/64 dev wire0 nodad
	END
	configure bridge2 <<-END
	link set ens3 up
	address add $PUBLIC_2/24 dev ens3
	address add $PUBLIC6_2/64 dev ens3 nodad
	route add default via 203.0.113.254
	route add default via 2001:db8:113::fe
	END
	in_bridge nft add rule ip firewall input meta l4proto 112 accept
	ip -n home address add $HOME_LAN6/64 dev eth1 nodad
	ip -n lan address add $LAN_HOST6/64 dev eth0 nodad
	# What home's closed FORWARD chain has to let through for the LAN, and one
	# more published port of the container.
	in_home nft -f - <<-END
	insert rule ip filter forward ct state established accept
	insert rule ip6 filter forward ct state established accept
	insert rule ip filter forward iifname "relay0" oifname "eth1" accept
	insert rule ip6 filter forward iifname "relay0" oifname "eth1" accept
	insert rule ip filter forward oifname "br0" tcp dport 9002 accept
	insert rule ip6 filter forward oifname "br0" tcp dport 9002 accept
	add rule ip nat DOCKER iifname != "br0" tcp dport 9002 dnat to $CONTAINER
	add rule ip6 nat DOCKER iifname != "br0" tcp dport 9002 dnat to $CONTAINER6
	END
}

# one_bridge_config HOST TUN TUN6 HOME_TUN HOME_TUN6
one_bridge_config() {
	local f
	cat <<-END
	[Interface]
	PrivateKey = $(cat $run/$1.key)
	Address = $2/24, $3/64
	ListenPort = $WG_PORT
	Public = ens3

	[Peer]
	Name = home
	PublicKey = $(cat $run/home.pub)
	PresharedKey = $(cat $run/psk)
	AllowedIPs = $4/32, $5/128, $HOME_TUN_SHARED/32, $HOME_TUN6_SHARED/128
	AllowedIPs = $LAN_HOST/32, $LAN_HOST6/128
	Forward = tcp+udp/2007 -> $LAN_HOST:7, tcp+udp/2007 -> [$LAN_HOST6]:7
	Forward = tcp/9003 -> $LAN_HOST:9003, tcp/9003 -> [$LAN_HOST6]:9003
	END
	for f in $FORWARDS; do
		echo "Forward = $f"
		echo "Forward = $f on $SHARED -> $HOME_TUN_SHARED:${f#*/}"
		echo "Forward = $f on $SHARED6 -> [$HOME_TUN6_SHARED]:${f#*/}"
	done
}

bridges_config() {
	HOME_EXTRA="Accept = tcp/1-65535, udp/1-65535, icmp, ipv6-icmp
		Accept = tcp/7 on $LAN_HOST, udp/7 on $LAN_HOST, tcp/9003 on $LAN_HOST
		Accept = icmp on $LAN_HOST
		Accept = tcp/7 on $LAN_HOST6, udp/7 on $LAN_HOST6, tcp/9003 on $LAN_HOST6"
	keys_make
	[ -e $run/bridge2.key ] || (umask 077; wg genkey >$run/bridge2.key)
	wg pubkey <$run/bridge2.key >$run/bridge2.pub
	(
		umask 077
		one_bridge_config bridge $BRIDGE_TUN $BRIDGE_TUN6 $HOME_TUN $HOME_TUN6 \
			>/etc/netns/bridge/krelay/relay0.conf
		one_bridge_config bridge2 $BRIDGE2_TUN $BRIDGE2_TUN6 $HOME_TUN_2 $HOME_TUN6_2 \
			>/etc/netns/bridge2/krelay/relay0.conf
		cat >/etc/netns/home/krelay/relay0.conf <<-END
		[Interface]
		PrivateKey = $(cat $run/home.key)
		Address = $HOME_TUN/24, $HOME_TUN_2/24, $HOME_TUN_SHARED/24
		Address = $HOME_TUN6/64, $HOME_TUN6_2/64, $HOME_TUN6_SHARED/64

		[Peer]
		Name = bridge
		PublicKey = $(cat $run/bridge.pub)
		PresharedKey = $(cat $run/psk)
		AllowedIPs = $BRIDGE_TUN/32, $BRIDGE_TUN6/128
		Endpoint = $PUBLIC:$WG_PORT
		Bridge = yes
		$HOME_EXTRA

		[Peer]
		Name = bridge2
		PublicKey = $(cat $run/bridge2.pub)
		PresharedKey = $(cat $run/psk)
		AllowedIPs = $BRIDGE2_TUN/32, $BRIDGE2_TUN6/128
		Endpoint = $PUBLIC_2:$WG_PORT
		Bridge = yes
		$HOME_EXTRA
		END
	)
}

bridges_up() {
	modprobe krelay || return
	bridges_config
	in_bridge relayctl up relay0 && in_bridge2 relayctl up relay0 &&
		in_home relayctl up relay0 && wait_handshake &&
		eventually 20 in_bridge2 ping -qc 1 -W 1 $HOME_TUN_2
}

# The kernel's own WireGuard and the recipe, in the place of bridge2's krelay. Home's
# endpoint is told, or home would have to dial before anything is sent to it.
bridge2_becomes_wireguard() {
	local endpoint
	endpoint=$(KRELAY_BRIDGE2=krelay endpoint bridge2)
	in_bridge2 relayctl down relay0
	ip -n bridge2 link add relay0 type wireguard
	in_bridge2 wg set relay0 private-key $run/bridge2.key listen-port $WG_PORT \
		peer "$(cat $run/home.pub)" preshared-key $run/psk endpoint "$endpoint" allowed-ips \
		$HOME_TUN_2,$HOME_TUN6_2,$HOME_TUN_SHARED,$HOME_TUN6_SHARED,$LAN_HOST,$LAN_HOST6
	configure bridge2 <<-END
	address add $BRIDGE2_TUN/24 dev relay0
	address add $BRIDGE2_TUN6/64 dev relay0 nodad
	link set relay0 mtu 1420 up
	route add $LAN_HOST dev relay0
	route add $LAN_HOST6 dev relay0
	END
	in_bridge2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_bridge2 nft -f - <<-END
	$(recipe_of_bridge2 ip $SHARED $HOME_TUN_SHARED $HOME_TUN_2 $LAN_HOST)
	$(recipe_of_bridge2 ip6 $SHARED6 "$HOME_TUN6_SHARED" "$HOME_TUN6_2" "$LAN_HOST6")
	END
	eventually 20 in_bridge2 ping -qc 1 -W 1 $HOME_TUN_2
}

# recipe_of_bridge2 FAMILY SHARED HOME_SHARED HOME LAN_HOST: what its krelay forwarded.
recipe_of_bridge2() {
	cat <<-END
	table $1 recipe {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			iifname != "ens3" return
			meta l4proto { tcp, udp } th dport 2007 dnat to $(at "$5"):7
			tcp dport 9003 dnat to $5
			$1 daddr $2 dnat to $3
			tcp dport { 7, 80, 9001-9002 } dnat to $4
			udp dport 7 dnat to $4
		}
		chain forward {
			type filter hook forward priority filter;
			tcp flags syn tcp option maxseg size set rt mtu
		}
	}
	END
}

# at ADDRESS: as it stands before a port.
at() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# shared_to HOST: from now on the Internet leads the shared addresses there.
shared_to() {
	local v4=$PUBLIC v6=$PUBLIC6
	[ "$1" = bridge ] || v4=$PUBLIC_2 v6=$PUBLIC6_2
	configure internet <<-END
	route replace $SHARED via $v4
	route replace $SHARED6 via $v6
	END
}

# get ADDRESS NAME [CURL OPTION...]: a download whose sum has to be the file's.
get() {
	local address=$1 name=$2
	shift 2
	fetch -m $((240 * KRELAY_SLOW)) "$@" "http://$(at "$address")/$name" | sha256sum |
		cmp - "$run/$(basename "$name").sum"
}

# relayed HOST: packets that its forwards have carried from home so far, or the recipe.
relayed() {
	if [ -n "$(ip -n "$1" link show type wireguard)" ]; then
		packets "$1" relay0 rx
		return
	fi
	in_host "$1" relayctl forward list relay0 |
		sed -n 's/.* \([0-9]*\) out.*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

relayed_since() {
	[ "$(relayed "$1")" -gt $(($2 + ${3:-0})) ]
}

# Whatever leaves home's WAN for a visitor, with any source.
watch_wan() {
	in_home nft -f - <<-END
	table netdev wan {
		counter astray { }
		chain out {
			type filter hook egress device eth0 priority 0;
			ip daddr 198.51.100.0/24 counter name astray
			ip6 daddr 2001:db8:51::/64 counter name astray
		}
	}
	END
}

astray() {
	nft_counter list home netdev wan astray
}
