#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Keys are where they are needed, and nowhere when they are not needed any more:
# all of the machine's memory is searched for them, in use or freed. For that no
# test may hold their 32 bytes; their text in base64 is no matter.
vm='-m 384 -a init_on_free=0'
. "$(dirname "$0")/../lib/scenario.sh"

trace=/sys/kernel/tracing

# wg leaves behind what it made.
keys_make() {
	local end
	for end in bridge home; do
		relayctl genkey >$run/$end.key && relayctl pubkey <$run/$end.key >$run/$end.pub || return
	done
	relayctl genpsk >$run/psk
	# What both ends compute of their static keys.
	echo "$(cat $run/bridge.key) $(cat $run/home.pub)" >$run/shared
}

setup() {
	[ -e /proc/kcore ] || return 0
	umask 077
	topology_up && services_up || return
	chmod 755 $run
	keys_make || return
	start lan dmesg --follow
	modprobe krelay dyndbg=+p || return
	sessions_trace || return
	configs_write
	# What a child of relayctl sees.
	sed -i "/Address/a PostUp = cat /proc/self/environ /proc/\$PPID/environ /proc/\$PPID/cmdline >$run/hook" \
		/etc/netns/*/krelay/relay0.conf
}

# The keys of sessions are known to nobody: take down those that are used. Not
# in their order, for the trace is memory, too.
sessions_trace() {
	mount -t tracefs tracefs $trace 2>/dev/null || :
	[ -e $trace/kprobe_events ] || { touch $run/untraced; return 0; }
	local key='+8($stack)' name args
	args="d=+24($key):x64 c=+16($key):x64 b=+8($key):x64 a=+0($key):x64"
	for name in encrypt decrypt; do
		echo "p:krelay/$name chacha20poly1305_$name $args" >>$trace/kprobe_events || return
	done
	echo 1 >$trace/events/krelay/enable
}

# The text in memory's order, without making bytes of it.
sessions_read() {
	perl -ne 'next unless my ($d, $c, $b, $a) = / d=0x(\w+) c=0x(\w+) b=0x(\w+) a=0x(\w+)/;
		print map({ join "", reverse sprintf("%016s", $_) =~ /../g } $a, $b, $c, $d), "\n"' \
		$trace/trace | sed 's/ /0/g' | sort -u >$run/sessions
}

# found: how often each secret is in memory.
found() {
	[ -e /proc/kcore ] || skip "this kernel has no /proc/kcore"
	local files="$run/bridge.key $run/home.key $run/psk $run/shared"
	[ ! -s $run/sessions ] || files="$files $run/sessions"
	# shellcheck disable=SC2086
	kr-memory $files >$run/found || return
	sed "s|$run/||" $run/found
}

test_making_keys_leaves_nothing() {
	found | tee $run/now
	is "what was found" "$(grep -v '^0 ' $run/now)" ""
	is "what was looked for" "$(wc -l <$run/now)" 4
}

test_keys_in_use_are_found() {
	local n
	end_up bridge
	end_up home
	wait_handshake
	ask tcp $PUBLIC 7 x
	# Further handshakes, by both ends.
	for n in 1 2; do
		for end in home bridge; do
			ip -n $end link set relay0 down
			ip -n $end link set relay0 up
			wait_handshake
		done
	done
	[ -e $run/untraced ] || sessions_read
	wc -l $run/sessions
	found | tee $run/now
	is "secrets that are not there" "$(grep '^0 ' $run/now)" ""
	[ -e $run/untraced ] || [ "$(wc -l <$run/sessions)" -ge 8 ]
}

# texts FILE...: those of them in which a secret stands in base64. It reads
# them, but not what never ends.
texts() {
	xargs -0r timeout 300 grep -lasF -f $run/texts || :
}

proc_files() {
	find /proc /sys/module/krelay /sys/class/net /sys/kernel/debug \
		\( -path '/proc/[0-9]*/task' -o -path '/proc/[0-9]*/map_files' \) -prune -o \
		-type f -readable ! -name kcore ! -name kmsg ! -name 'kpage*' ! -name pagemap ! -name mem \
		! -name 'trace_pipe*' ! -path '*/tracing/*' -print0 2>/dev/null
}

test_nothing_stands_in_proc_or_dmesg() {
	cat $run/bridge.key $run/home.key $run/psk >$run/texts
	# It is seen where it is.
	SECRET=$(cat $run/psk) sleep 3000 &
	is "who has it in its environment" "$(proc_files | texts)" "/proc/$!/environ"
	kill $!
	wait $! || :
	in_bridge relayctl show >/dev/null
	is "files with a secret" "$(proc_files | texts)" ""
	is "files with a secret in the bridge's namespace" \
		"$(in_bridge find /proc/net/ /proc/self/ -maxdepth 1 -type f ! -name mem ! -name pagemap -print0 | texts)" ""
	[ -s $run/hook ]
	fails grep -aF -f $run/texts $run/hook
	grep -q krelay $run/lan-dmesg.log
	fails grep -F -f $run/texts $run/lan-dmesg.log
	fails grep -iE 'krelay.*([0-9a-f]{2}[ :-]?){16}' $run/lan-dmesg.log
}

test_show_has_no_secret() {
	in_bridge relayctl show relay0 >$run/shown
	in_bridge relayctl show relay0 -j >>$run/shown
	in_bridge relayctl stats relay0 -j -a >>$run/shown
	grep -qF -f $run/home.pub $run/shown
	fails grep -F -f $run/texts $run/shown
	# Nor has the kernel's answer: of DEVICE_GET alone, whose first attribute
	# is the private and whose second the public key, of 36 bytes each.
	in_bridge strace -e trace=recvmsg -xx -s 65536 -o $run/answer relayctl stats relay0 >/dev/null
	grep -qF '\x24\x00\x02\x00' $run/answer
	fails grep -qF '\x24\x00\x01\x00' $run/answer
}

nobody='setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all'

test_nobody_reads_anything() {
	local verb
	cp "$(command -v relayctl)" /usr/local/bin/kr-relayctl
	chmod 755 /usr/local/bin/kr-relayctl
	for verb in "show relay0" "show relay0 -j" "stats relay0" "forward list relay0" "monitor"; do
		# shellcheck disable=SC2086
		in_bridge $nobody timeout 20 kr-relayctl $verb >$run/out 2>$run/err && return 1
		cat $run/err
		grep -q CAP_NET_ADMIN $run/err
		is "what it printed" "$(cat $run/out)" ""
	done
	# shellcheck disable=SC2086
	fails in_bridge $nobody cat /etc/krelay/relay0.conf 2>/dev/null
}

# Root in a user namespace that has been given a device, whose socket is not its.
test_root_of_another_user_namespace() {
	local pid
	sed -e '/PostUp/d;/Forward/d' -e 's/51820/51830/' /etc/netns/bridge/krelay/relay0.conf >$run/spare.conf
	in_bridge relayctl up $run/spare.conf
	unshare -Urn sleep 1000 &
	pid=$!
	eventually 20 owns_user_namespace $pid
	ip -n bridge link set spare netns $pid
	inside() { nsenter -t $pid -U -n --preserve-credentials "$@"; }
	inside kr-relayctl show spare >$run/shown
	grep -q "private key: (hidden)" $run/shown
	inside strace -e trace=recvmsg -xx -s 65536 -o $run/answer kr-relayctl stats spare >/dev/null
	grep -qF '\x24\x00\x02\x00' $run/answer
	fails grep -qF '\x24\x00\x01\x00' $run/answer
	fails inside kr-relayctl forward add spare home tcp/9 2>$run/err
	grep -q "UDP socket's namespace" $run/err
	kill $pid
	wait $pid || :
}

owns_user_namespace() {
	[ "$(readlink /proc/$1/ns/net)" != "$(readlink /proc/self/ns/net)" ]
}

test_no_core_is_dumped() {
	local folder=$run/core
	mkdir -p $folder
	echo "$folder/%e" >/proc/sys/kernel/core_pattern
	ulimit -c unlimited
	sh -c 'kill -SEGV $$' || :
	is "core dumps" "$(ls $folder | cut -d. -f1)" sh
	sed -e '/Public /d;/Forward/d' -e 's/51820/51830/;s/PostUp = .*/PostUp = kill -SEGV $PPID; sleep 1/' \
		/etc/netns/bridge/krelay/relay0.conf >$run/spare.conf
	fails in_bridge relayctl up $run/spare.conf
	is "core dumps" "$(ls $folder | cut -d. -f1)" sh
	in_bridge relayctl down spare
	rm -r $folder
}

test_nothing_is_left_in_memory() {
	relay_down
	[ -e $run/untraced ] || echo 0 >$trace/events/krelay/enable
	rmmod krelay
	found | tee $run/now
	is "what was found" "$(grep -v '^0 ' $run/now)" ""
}

scenario making_keys_leaves_nothing keys_in_use_are_found nothing_stands_in_proc_or_dmesg \
	show_has_no_secret nobody_reads_anything root_of_another_user_namespace \
	no_core_is_dumped nothing_is_left_in_memory
