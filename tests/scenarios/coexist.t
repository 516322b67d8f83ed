#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Home next to what else sets up firewalls, networks and tunnels there: it serves, and
# nothing changes but by its own lines. The bridge is the kernel's own WireGuard.
export KRELAY_BRIDGE=wireguard
FORWARDS='tcp/80 tcp/7 udp/7'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/home.sh"
. "$lib/programs.sh"

setup() {
	topology_up && services_up || return
	file_make some 384K
	start internet kr-echo serve 9 internet any
	relay_up
}

# coexists: home serves, and nothing is changed but by its own lines.
coexists() {
	end_down home
	footprint_save home
	end_up home
	wait_handshake
	serves
	is "changes" "$(footprint_changes home)" ""
	end_down home
	is "what is left" "$(footprint home | diff $run/home.footprint -)" ""
	end_up home
	wait_handshake
}

# What a stranger of the Internet finds at home.
open_is_7_alone() {
	is "what is open" "$(in_internet kr-echo ask tcp $HOME_WAN6 7 x | cut -d" " -f3-)" "home: x"
	fails in_internet kr-echo ask tcp $HOME_WAN6 22 x
}

# The program itself, or what it would have installed.
test_with_ufw() {
	if ! command -v ufw; then
		rules_up ufw
		coexists
		open_is_7_alone
		rules_down ufw
		return
	fi
	own_rules_aside home
	ufw_up home "allow 7" "route allow proto tcp to $CONTAINER port 80" \
		"route allow proto tcp to $CONTAINER6 port 80"
	coexists
	open_is_7_alone
	ufw_down home
	own_rules_back home
}

test_with_firewalld() {
	if ! command -v firewalld; then
		rules_up firewalld
		coexists
		rules_down firewalld
		return
	fi
	own_rules_aside home
	firewalld_up home --add-port=7/tcp --add-port=7/udp --remove-service=ssh \
		"--zone=trusted --add-interface=br0"
	coexists
	open_is_7_alone
	firewalld_down
	own_rules_back home
}

# has_carrier BRIDGE: spanning tree lets a port that is new to home's bridge wait.
has_carrier() {
	ip -n home link show "$1" | grep -qw LOWER_UP
}

# A guest of libvirt's reaches the Internet meanwhile, and home its own tunnel.
test_with_libvirt_and_a_wireguard_of_homes_own() {
	local host real=
	ip netns add guest
	# libvirt itself, or what it would have set up.
	if command -v libvirtd; then
		real=1
		own_rules_aside home
		libvirt_up home
	else
		configure home <<-END
		link add virbr0 type bridge
		link set virbr0 up
		address add 192.168.122.1/24 dev virbr0
		END
		rules_up libvirt
	fi
	configure home <<-END
	link add vnet0 type veth peer name eth0 netns guest
	link set vnet0 master virbr0 up
	END
	configure guest <<-END
	link set eth0 up
	address add 192.168.122.2/24 dev eth0
	route add default via 192.168.122.1
	END
	# Beside Docker, whose chain is closed to it.
	in_home nft insert rule ip ${real:+own_}filter forward iifname "virbr0" accept
	in_home nft insert rule ip ${real:+own_}filter forward oifname "virbr0" ct state established accept
	for host in home internet; do
		ip -n $host link add wg0 type wireguard
	done
	(umask 077; wg genkey >$run/vpn.key)
	in_internet wg set wg0 private-key $run/vpn.key listen-port 51821 \
		peer "$(cat $run/home.pub)" allowed-ips 10.99.0.2/32
	in_home wg set wg0 private-key $run/home.key listen-port 51820 \
		peer "$(wg pubkey <$run/vpn.key)" allowed-ips 10.99.0.0/24 endpoint 192.0.2.1:51821
	configure home <<-END
	address add 10.99.0.2/24 dev wg0
	link set wg0 up
	END
	configure internet <<-END
	address add 10.99.0.1/24 dev wg0
	link set wg0 up
	END
	in_home ping -qc 1 -W 5 10.99.0.1
	eventually 40 has_carrier virbr0
	coexists
	is "the guest" "$(in_host guest kr-echo ask udp 192.0.2.1 9 x | sed 's/^::ffff://' | cut -d' ' -f1)" $CGNAT
	is "by home's tunnel" "$(in_home kr-echo ask tcp 10.99.0.1 9 x | sed 's/^::ffff://' | cut -d' ' -f1)" 10.99.0.2
	for host in home internet; do
		ip -n $host link del wg0
	done
	if [ -n "$real" ]; then
		libvirt_down home
		own_rules_back home
	else
		rules_down libvirt
		ip -n home link del virbr0
	fi
	ip netns del guest
}

# networkd_up: the real one. Where /sys cannot be written it waits for no udev. What
# others have added to home's WAN, and rules of others, are taken away then.
networkd_up() {
	start home sh -c 'mount -o remount,ro /sys && exec /lib/systemd/systemd-networkd'
	networkd=$(tail -n 1 $run/pids)
	eventually 120 manages
	in_home networkctl reconfigure eth0
	eventually 120 has_no_rule
	eventually 120 manages
}

networkd_down() {
	kill "$networkd"
	tail --pid="$networkd" -f /dev/null
}

networkd_again() {
	networkd_down
	ip -n home rule add pref 5000 fwmark 0x77 lookup 77
	networkd_up
	in_home networkctl reload
}

manages() {
	in_home networkctl list eth0 | grep -qw configured
}

has_no_rule() {
	[ -z "$(ip -n home rule list pref 5000)" ]
}

# What relayctl has made of the tunnel.
tunnel() {
	ip -n home address show dev relay0 | grep -oE 'inet6? [^ ]*'
	ip -n home route show table all dev relay0
	ip -n home -6 route show table all dev relay0
}

has_no_address() {
	[ -z "$(ip -n home address show dev relay0 | grep inet)" ]
}

test_with_systemd_networkd() {
	[ -x /lib/systemd/systemd-networkd ] || skip "no systemd-networkd here"
	command -v dbus-daemon || skip "no D-Bus here"
	dbus_up
	mkdir -p /run/systemd/network
	printf '%s\n' "[Match]" "Name=eth0" "[Network]" "DHCP=no" "IPv6AcceptRA=no" \
		"Address=$HOME_WAN/24" "Gateway=100.64.0.1" \
		"Address=$HOME_WAN6/64" "Gateway=2001:db8:64::1" >/run/systemd/network/10-wan.network
	tunnel >$run/tunnel
	ip -n home rule add pref 5000 fwmark 0x77 lookup 77
	# It makes these itself.
	ip -n home address flush dev eth0 scope global
	networkd_up
	serves
	both_download networkd_again
	serves
	tunnel | diff $run/tunnel -
	# When it is there first.
	home_again
	serves
	tunnel | diff $run/tunnel -
	# A file of its that matches the tunnel, and what docs/home.md says of that.
	printf '%s\n' "[Match]" "Name=re*" "[Network]" "DHCP=no" "IPv6AcceptRA=no" \
		"LinkLocalAddressing=no" >/run/systemd/network/90-all.network
	in_home networkctl reload
	eventually 120 has_no_address
	printf '%s\n' "[Match]" "Kind=krelay" "[Link]" "Unmanaged=yes" \
		>/run/systemd/network/05-krelay.network
	in_home networkctl reload
	home_again
	both_download networkd_again
	serves
	tunnel | diff $run/tunnel -
	networkd_down
	rm -r /run/systemd/network
}

scenario with_ufw with_firewalld with_libvirt_and_a_wireguard_of_homes_own \
	with_systemd_networkd
