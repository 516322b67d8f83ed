#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The bridge is a VPS on which somebody else has a firewall: what is forwarded is
# relayed under each, by ip_forward=0, and krelay adds nothing to it.
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/bridging.sh"
. "$lib/programs.sh"

FAR_PORT=51900

# As bridging.sh has it, but this bridge dials far by itself: it goes and returns.
setup() {
	bridging_up || return
	in_far wg set wg0 listen-port $FAR_PORT
	(
		umask 077
		cat >/etc/netns/bridge/krelay/relay0.conf <<-END
		[Interface]
		PrivateKey = $(cat $run/bridge.key)
		Address = $BRIDGE_TUN/24, fd66::1/64
		ListenPort = $WG_PORT
		Public = ens3

		[Peer]
		PublicKey = $(cat $run/far.pub)
		AllowedIPs = $FAR_TUN/32, $FAR_TUN6/128
		Endpoint = 192.0.3.2:$FAR_PORT
		Forward = tcp/7, udp/7, tcp/7007 -> 1007
		END
	)
	start far kr-echo serve 1007 far any
	start bridge kr-echo serve 23 bridge any
	in_bridge nft flush ruleset
	in_bridge relayctl down relay0
}

rules() {
	in_bridge nft -s list ruleset
}

# relays_behind WHAT: with the rules of the bridge as they are, and none more.
relays_behind() {
	rules >$run/rules
	[ "$(wc -l <$run/rules)" -gt 5 ]
	is ip_forward "$(in_bridge sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding | xargs)" "0 0"
	# They are in force: what the bridge serves itself is not to be had.
	fails ask tcp $PUBLIC 23 x
	fails ask tcp $PUBLIC6 23 x
	in_bridge relayctl up relay0
	rules | diff $run/rules -
	is "TCP behind $1" "$(said tcp $PUBLIC 7)" "$VISITOR far: x"
	is "UDP behind $1" "$(said udp $PUBLIC 7)" "$VISITOR far: x"
	is "another port behind $1" "$(said tcp $PUBLIC 7007)" "$VISITOR far: x"
	is "TCP by IPv6 behind $1" "$(said tcp $PUBLIC6 7)" "$VISITOR6 far: x"
	is "UDP by IPv6 behind $1" "$(said udp $PUBLIC6 7)" "$VISITOR6 far: x"
	rules | diff $run/rules -
	in_bridge relayctl down relay0
	rules | diff $run/rules -
	in_bridge nft flush ruleset
}

# The real one, by its default to forward nothing.
test_ufw() {
	command -v ufw || skip "no ufw here"
	ufw_up bridge "allow 22/tcp" "allow $WG_PORT/udp"
	relays_behind ufw
	ufw_down bridge
	in_bridge nft flush ruleset
}

# The real one, which wants a D-Bus, in its default zone.
test_firewalld() {
	command -v firewalld || skip "no firewalld here"
	firewalld_up bridge --add-port=$WG_PORT/udp
	relays_behind firewalld
	firewalld_down
}

# Docker's own (28.0), with a container that publishes port 8080. Whoever published 7
# would take it: the DNAT of PREROUTING is what the relay comes before.
test_docker() {
	in_bridge iptables-restore <<-END
	*raw
	:PREROUTING ACCEPT [0:0]
	-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP
	COMMIT
	*nat
	:DOCKER - [0:0]
	-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
	-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
	-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
	COMMIT
	*filter
	:INPUT DROP [0:0]
	:FORWARD DROP [0:0]
	:DOCKER - [0:0]
	:DOCKER-BRIDGE - [0:0]
	:DOCKER-CT - [0:0]
	:DOCKER-FORWARD - [0:0]
	:DOCKER-ISOLATION-STAGE-1 - [0:0]
	:DOCKER-ISOLATION-STAGE-2 - [0:0]
	:DOCKER-USER - [0:0]
	-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A INPUT -p udp --dport $WG_PORT -j ACCEPT
	-A FORWARD -j DOCKER-USER
	-A FORWARD -j DOCKER-FORWARD
	-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
	-A DOCKER ! -i docker0 -o docker0 -j DROP
	-A DOCKER-BRIDGE -o docker0 -j DOCKER
	-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A DOCKER-FORWARD -j DOCKER-CT
	-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
	-A DOCKER-FORWARD -j DOCKER-BRIDGE
	-A DOCKER-FORWARD -i docker0 -j ACCEPT
	-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
	-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
	-A DOCKER-USER -i ens3 -j DROP
	COMMIT
	END
	in_bridge ip6tables-restore <<-END
	*filter
	:INPUT DROP [0:0]
	:FORWARD DROP [0:0]
	:DOCKER-FORWARD - [0:0]
	:DOCKER-USER - [0:0]
	-A INPUT -p ipv6-icmp -j ACCEPT
	-A FORWARD -j DOCKER-USER
	-A FORWARD -j DOCKER-FORWARD
	COMMIT
	END
	relays_behind Docker
}

# /etc/iptables/rules.v4 of Oracle's images, and the port of the tunnel.
test_oracles_images() {
	in_bridge iptables-restore <<-END
	*filter
	:INPUT ACCEPT [0:0]
	:FORWARD ACCEPT [0:0]
	:OUTPUT ACCEPT [0:0]
	:InstanceServices - [0:0]
	-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
	-A INPUT -p icmp -j ACCEPT
	-A INPUT -i lo -j ACCEPT
	-A INPUT -p udp --sport 123 -j ACCEPT
	-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
	-A INPUT -p udp --dport $WG_PORT -j ACCEPT
	-A INPUT -j REJECT --reject-with icmp-host-prohibited
	-A FORWARD -j REJECT --reject-with icmp-host-prohibited
	-A OUTPUT -d 169.254.0.0/16 -j InstanceServices
	-A InstanceServices -d 169.254.169.254/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 80 -j ACCEPT
	-A InstanceServices -d 169.254.0.0/16 -p tcp -m tcp -j REJECT --reject-with tcp-reset
	COMMIT
	END
	in_bridge ip6tables-restore <<-END
	*filter
	:INPUT ACCEPT [0:0]
	:FORWARD ACCEPT [0:0]
	-A INPUT -p ipv6-icmp -j ACCEPT
	-A INPUT -j REJECT --reject-with icmp6-adm-prohibited
	-A FORWARD -j REJECT --reject-with icmp6-adm-prohibited
	COMMIT
	END
	relays_behind "Oracle's rules"
}

# All that a table of nft's own may say, and an ingress chain, which comes before krelay.
test_nft() {
	in_bridge nft -f - <<-END
	table inet strict {
		chain prerouting {
			type filter hook prerouting priority raw; policy accept;
			iifname "ens3" tcp dport { 7, 1007, 7007 } drop
		}
		chain input {
			type filter hook input priority filter; policy drop;
			ct state established,related accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
			udp dport $WG_PORT accept
		}
		chain forward {
			type filter hook forward priority filter; policy drop;
		}
		chain output {
			type filter hook output priority filter; policy drop;
			ct state established,related accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
			udp sport $WG_PORT accept
		}
	}
	table netdev admin {
		chain in {
			type filter hook ingress device ens3 priority filter;
			meta l4proto { tcp, udp } th dport 7 counter
		}
	}
	END
	relays_behind "a closed nft"
}

test_admins_ingress_chain_comes_first() {
	local before
	in_bridge relayctl up relay0
	in_bridge nft -f - <<-END
	table netdev admin {
		chain in {
			type filter hook ingress device ens3 priority filter;
			meta l4proto { tcp, udp } th dport 7 counter
			udp dport 7 drop
		}
	}
	END
	is TCP "$(said tcp $PUBLIC 7)" "$VISITOR far: x"
	is "TCP by IPv6" "$(said tcp $PUBLIC6 7)" "$VISITOR6 far: x"
	[ "$(in_bridge nft list table netdev admin | sed -n 's/.*packets \([0-9]*\).*/\1/p')" -ge 8 ]
	fails ask udp $PUBLIC 7 x
	fails ask udp $PUBLIC6 7 x
	in_bridge nft delete table netdev admin
}

scenario ufw firewalld docker oracles_images nft admins_ingress_chain_comes_first
