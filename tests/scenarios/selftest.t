#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module's own tests, which run when a module that was built with
# KRELAY_SELFTEST=y is loaded: one line `krelay: self-test NAME: ok` each.
export KRELAY_FLAVOUR=selftest
. "$(dirname "$0")/../lib/scenario.sh"

modprobe krelay
status=$?
dmesg | sed -n 's/.*krelay: self-test //p' >/run/selftests
echo "1..$(($(grep -c . /run/selftests) + 4))"
n=0
while read -r line; do
	n=$((n + 1))
	case $line in
	*': ok') echo "ok $n - ${line%: ok}" ;;
	*) echo "not ok $n - $line" ;;
	esac
done </run/selftests
result() {
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}
# A module without tests would pass them all.
[ $n -gt 0 ]
result $? "there are self-tests"
result $status "the module loads"
[ $status = 0 ] || dmesg | tail -n 20 | diag

# Nor its sysctls, on a machine that only bridges. Nobody else asks for it here.
(
	umask 077
	cat >/run/relay0.conf <<-END
	[Interface]
	PrivateKey = $(relayctl genkey)
	Public = lo

	[Peer]
	PublicKey = $(relayctl genkey | relayctl pubkey)
	AllowedIPs = 10.66.0.2/32
	Forward = tcp/80
	END
	relayctl up /run/relay0.conf && ! grep ^nf_conntrack /proc/modules
) >/run/without 2>&1
result $? "a bridge does without conntrack"
diag </run/without

# Which the self-tests have left half a packet in.
(relayctl down /run/relay0.conf && modprobe -r krelay) >/run/unloaded 2>&1
result $? "the module goes, with what it waits for"
diag </run/unloaded
