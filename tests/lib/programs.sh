# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Firewalls and the like, the real programs, at work in a host without an init
# system. Each takes over the rules of iptables, so who has some of his own keeps
# them in tables of other names (own_rules_aside).

# ufw_up HOST RULE...: what it is told besides its defaults, which forward nothing.
ufw_up() {
	local host=$1 rule
	shift
	for rule; do
		# shellcheck disable=SC2086
		in_host "$host" ufw $rule
	done
	in_host "$host" ufw --force enable
}

ufw_down() {
	in_host "$1" ufw --force disable
}

# Hosts share one, as they share /run.
dbus_up() {
	mkdir -p /run/dbus
	pidof dbus-daemon || dbus-daemon --system --fork
}

# firewalld_up HOST OPTION...: in its default zone, changed by firewall-cmd.
firewalld_up() {
	local host=$1 option
	shift
	dbus_up
	start "$host" firewalld --nofork --nopid
	firewalld=$(tail -n 1 $run/pids)
	eventually 240 in_host "$host" firewall-cmd --state
	for option; do
		# shellcheck disable=SC2086
		in_host "$host" firewall-cmd $option
	done
}

# It takes along what rules there are then.
firewalld_down() {
	kill "$firewalld"
	tail --pid="$firewalld" -f /dev/null
}

# libvirt_up HOST: its default network, virbr0.
libvirt_up() {
	dbus_up
	# As whom it would run machines, which another package of its makes.
	id libvirt-qemu || useradd --system --user-group libvirt-qemu
	printf '%s\n' 'auth_unix_ro = "none"' 'auth_unix_rw = "none"' >$run/libvirtd.conf
	start "$1" libvirtd -f $run/libvirtd.conf
	eventually 240 in_host "$1" virsh -qc network:///system net-list
	in_host "$1" virsh -qc network:///system net-start default ||
		in_host "$1" virsh -qc network:///system net-info default | grep -q 'Active: *yes'
}

libvirt_down() {
	in_host "$1" virsh -qc network:///system net-destroy default
	kill "$(pidof libvirtd)"
}

# own_rules_aside HOST: from here on in tables that iptables does not know.
own_rules_aside() {
	in_host "$1" nft list ruleset >"$run/$1.own"
	in_host "$1" nft flush ruleset
	sed -E 's/^table (ip6?) (.*)/table \1 own_\2/' "$run/$1.own" | in_host "$1" nft -f -
}

own_rules_back() {
	in_host "$1" nft flush ruleset
	in_host "$1" nft -f "$run/$1.own"
}
