# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A bridge with two peers, for what it forwards: home, as in the other scenarios,
# and `far`: stock WireGuard that sends everything through the tunnel, with a LAN
# host behind it, `farlan`. So what is tested is the bridge alone. `box` is a
# container of the bridge's.

PUBLIC_B=203.0.113.2
PUBLIC6=2001:db8:113::1
PUBLIC6_B=2001:db8:113::2
VISITOR6=2001:db8:51::2
FAR_TUN=10.66.0.3
FAR_TUN6=fd66::3
FAR_LAN=192.168.9.20

in_far() { ip netns exec far "$@"; }
in_farlan() { ip netns exec farlan "$@"; }
in_box() { ip netns exec box "$@"; }

# far is somewhere else on the Internet.
world_up() {
	ip -batch - <<-END
	netns add far
	netns add farlan
	netns add box
	link add eth0 netns far type veth peer name far0 netns internet
	link add lan0 netns far type veth peer name eth0 netns farlan
	link add eth0 netns box type veth peer name box0 netns bridge
	END
	configure far <<-END
	link set eth0 up
	link set lan0 up
	address add 192.0.3.2/24 dev eth0
	address add 192.168.9.1/24 dev lan0
	address add fd99::1/64 dev lan0 nodad
	route add $PUBLIC/32 via 192.0.3.1
	END
	configure farlan <<-END
	link set eth0 up
	address add $FAR_LAN/24 dev eth0
	address add fd99::20/64 dev eth0 nodad
	route add default via 192.168.9.1
	route add default via fd99::1
	END
	configure box <<-END
	link set eth0 up
	address add 172.30.0.2/24 dev eth0
	route add default via 172.30.0.1
	END
	configure internet <<-END
	link set far0 up
	address add 192.0.3.1/24 dev far0
	END
	configure bridge <<-END
	link set box0 up
	address add 172.30.0.1/24 dev box0
	address add $PUBLIC_B/24 dev ens3
	address add $PUBLIC6_B/64 dev ens3 nodad
	END
	in_far sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0
}

bridge_up() {
	keys_make
	wg genkey >$run/far.key
	wg pubkey <$run/far.key >$run/far.pub
	(
		umask 077
		cat >/etc/netns/bridge/krelay/relay0.conf <<-END
		[Interface]
		PrivateKey = $(cat $run/bridge.key)
		Address = $BRIDGE_TUN/24, fd66::1/64
		ListenPort = $WG_PORT
		Public = ${PUBLICS:-ens3}

		[Peer]
		Name = far
		PublicKey = $(cat $run/far.pub)
		AllowedIPs = $FAR_TUN/32, $FAR_TUN6/128, 192.168.9.0/24, fd99::/64

		[Peer]
		Name = home
		PublicKey = $(cat $run/home.pub)
		PresharedKey = $(cat $run/psk)
		AllowedIPs = $HOME_TUN/32
		END
		home_config >/etc/netns/home/krelay/relay0.conf
	)
	in_bridge relayctl up relay0
}

bridging_up() {
	topology_up && world_up || return
	modprobe krelay && modprobe wireguard && bridge_up && end_up home || return
	ip -n far link add wg0 type wireguard
	in_far wg set wg0 private-key $run/far.key peer "$(cat $run/bridge.pub)" \
		allowed-ips 0.0.0.0/0,::/0 endpoint $PUBLIC:$WG_PORT persistent-keepalive 5
	configure far <<-END
	address add $FAR_TUN/24 dev wg0
	address add $FAR_TUN6/64 dev wg0 nodad
	link set wg0 mtu 1420 up
	route add default dev wg0
	END
	ip -n far -6 route add default dev wg0
	start far kr-echo serve 7 far any
	start farlan kr-echo serve 7 farlan any
	start home kr-echo serve 7 home
	start bridge kr-echo serve 22 bridge any
	start visitor kr-echo serve 9 visitor any
	wait_port far 7 && wait_port home 7 && wait_handshake &&
		eventually 20 in_bridge ping -qc 1 -W 1 $FAR_TUN
}

# forwards WORDS...: these are the forwards from now on, each word is `PEER FORWARD`.
forwards() {
	local one
	in_bridge relayctl forward list relay0 | sed 's/ ->.*//; s/ except.*//' | sort -u >$run/old
	# One may take its twin of the other address family with it.
	while read -r one; do
		in_bridge relayctl forward del relay0 "$one" || :
	done <$run/old 2>/dev/null
	is "what is left" "$(in_bridge relayctl forward list relay0)" ""
	for one; do
		in_bridge relayctl forward add relay0 "${one%% *}" "${one#* }" || return
	done
}
