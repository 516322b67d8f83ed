#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A virtual machine goes on twice from one snapshot: neither may use a session
# that the other has. The snapshot needs a machine without the shared folder
# that the other files have, so this one has all it needs in its initramfs.
set -u
tests=$(cd "$(dirname "$0")/.." && pwd)
repo=$(dirname "$tests")
log=${KRELAY_OUT:-$repo/build/check}/vmfork
mkdir -p "$(dirname "$log")"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/krelay-vmfork.XXXXXX") || exit 2
# A file, since they are started by a part of a pipeline.
touch "$tmp/pids"
trap 'xargs -r kill <"$tmp/pids" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM

kernel=${KRELAY_KVER:-$("$tests/vm/newest-kernel")} || exit 2
root= slow=1
case $kernel in
*/*)
	root=$kernel
	kernel=$(ls "$root/lib/modules")
	[ ! -e "$root/slow" ] || slow=$(cat "$root/slow")
	;;
esac
image=$root/boot/vmlinuz-$kernel
[ -e "$image" ] || image=$root/lib/modules/$kernel/vmlinuz

# The guest. Programs come with their libraries.
add() {
	local file
	for file in "$@" $(ldd "$@" | grep -o '/[^ :]*\.so[^ :]*' | sort -u); do
		mkdir -p "$tmp/root/$(dirname "$file")"
		cp -Lu "$file" "$tmp/root/$file"
	done
}

guest_make() {
	local over=$tmp/modules/lib/modules/$kernel n=100 file
	mkdir -p "$over" "$tmp/root/"{bin,sbin,proc,sys,dev,run,tmp,etc,var/lib,modules}
	cp -s "$root/lib/modules/$kernel"/modules.* "$over/"
	cp -rs "$root/lib/modules/$kernel/kernel" "$over/kernel"
	cp -rf "$repo/build/$kernel${KRELAY_FLAVOUR:+-$KRELAY_FLAVOUR}/install/." "$over/"
	for file in $(for module in veth krelay; do
			/sbin/modprobe -d "$tmp/modules" -S "$kernel" --show-depends $module || exit
		done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'); do
		n=$((n + 1))
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dc "$file" ;;
		*) cat "$file" ;;
		esac >"$tmp/root/modules/$n.ko"
	done
	# The last one; a kernel may have what it needs built in.
	case ${file:-} in
	*/krelay.ko*) ;;
	*) return 1 ;;
	esac
	cp "$(command -v busybox)" "$tmp/root/bin/busybox"
	add "$(command -v ip)" "$(command -v tcpdump)" "$repo/userspace/relayctl"
	cat >"$tmp/root/init" <<-END
	#!/bin/busybox sh
	export PATH=$(dirname "$(command -v ip)"):$(dirname "$(command -v tcpdump)"):$repo/userspace:/bin
	/bin/busybox --install -s /bin
	# The shell would take busybox's, which knows no namespaces.
	ip() { $(command -v ip) "\$@"; }
	mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
	mount -t tmpfs run /run
	echo root:x:0:0::/:/bin/sh >/etc/passwd
	for m in /modules/*.ko; do insmod \$m; done
	for host in home bridge; do
		ip netns add \$host
		relayctl genkey >/\$host.key
		relayctl pubkey </\$host.key >/\$host.pub
	done
	ip link add eth0 netns home type veth peer name eth0 netns bridge
	ip -n home address add 192.0.2.2/24 dev eth0
	ip -n bridge address add 192.0.2.1/24 dev eth0
	for host in home bridge; do
		ip -n \$host link set lo up
		ip -n \$host link set eth0 up
		mkdir /\$host
	done
	cat >/home/relay0.conf <<-FILE
		[Interface]
		PrivateKey = \$(cat /home.key)
		Address = 10.66.0.2/24
		[Peer]
		PublicKey = \$(cat /bridge.pub)
		AllowedIPs = 10.66.0.1/32
		Endpoint = 192.0.2.1:51820
		PersistentKeepalive = 25
	FILE
	cat >/bridge/relay0.conf <<-FILE
		[Interface]
		PrivateKey = \$(cat /bridge.key)
		Address = 10.66.0.1/24
		ListenPort = 51820
		[Peer]
		PublicKey = \$(cat /home.pub)
		AllowedIPs = 10.66.0.2/32
	FILE
	chmod 600 /*/relay0.conf
	ip netns exec home tcpdump -Z root -i eth0 --immediate-mode -nxl udp port 51820 >/dev/ttyS1 2>/dev/null &
	sleep 1
	ip netns exec bridge relayctl up /bridge/relay0.conf
	ip netns exec home relayctl up /home/relay0.conf
	while :; do
		# When tcpdump has told of it.
		ip netns exec home ping -c 1 -W 1 10.66.0.1 >/dev/null && sleep 1 && echo pong >/dev/ttyS2
		sleep 6
	done
	END
	chmod +x "$tmp/root/init"
	(cd "$tmp/root" && find . | cpio --quiet -o -H newc) >"$tmp/initramfs"
}

# machine NAME [OPTION...]: run one, in the background.
machine() {
	local name=$1
	shift
	qemu-system-x86_64 -accel tcg -cpu max,la57=off -M q35 -smp 1 -m $((512 * slow)) \
		-nodefaults -no-user-config -display none -no-reboot -nic none \
		-kernel "$image" -initrd "$tmp/initramfs" -device vmgenid,guid=auto \
		-append "console=ttyS0 random.trust_cpu=1 panic_on_warn=1 oops=panic panic=-1 norandmaps mitigations=off" \
		-monitor "unix:$tmp/$name.monitor,server,nowait" \
		-serial "file:$tmp/$name.console" -serial "file:$tmp/$name.packets" \
		-serial "file:$tmp/$name.pongs" "$@" </dev/null 2>>"$tmp/$name.qemu" &
	echo $! >>"$tmp/pids"
}

# tell NAME COMMAND...: to its monitor.
tell() {
	local name=$1
	shift
	printf '%s\n' "$@" | socat -t 1 - "unix-connect:$tmp/$name.monitor" >>"$tmp/$name.qemu"
}

pongs() {
	grep -s pong "$tmp/$1.pongs" | wc -l
}

# eventually SECONDS COMMAND...
eventually() {
	local end=$((SECONDS + $1 * slow))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "It never came true: $*"; return 1; }
		sleep 0.1
	done
}

at_least() {
	[ "$(pongs "$1")" -ge "$2" ]
}

migrated() {
	tell first "info migrate" && tail -n 30 "$tmp/first.qemu" | grep -q 'status: completed'
}

# goes_on NAME: and has been answered. Until it has all of the snapshot it cannot.
goes_on() {
	tell "$1" cont && at_least "$1" 3
}

# Stopped right after a packet, so that the next is seconds away when a machine goes on,
# however long the snapshot took: there is a moment until it hears that it is another.
fork() {
	local n
	machine first
	eventually 480 at_least first 3 || return
	n=$(pongs first)
	eventually 60 at_least first $((n + 1)) || return
	tell first stop "migrate_set_parameter max-bandwidth 8G" \
		"migrate -d \"exec:cat >$tmp/snapshot\""
	eventually 240 migrated || return
	for name in second third; do
		machine $name -incoming "exec:cat $tmp/snapshot"
		eventually 240 goes_on $name || return
	done
}

# data NAME: of the machine's tunnel, a line "INDEX COUNTER" for each packet.
data() {
	perl -0777 -ne '
		for (split /^(?=\d\d:\d\d)/m) {
			my $hex = join "", map { s/^\s+0x\w+:\s+//r =~ s/\s//gr } grep { /^\s+0x/ } split /[\r\n]+/;
			my $message = pack "H*", substr($hex, 56) || next;
			my ($type, $index, $counter) = unpack "VVQ<", $message;
			print "$index $counter\n" if length $message >= 32 && $type == 4;
		}' "$tmp/$1.packets" | sort
}

both() {
	join -t, <(data "$1") <(data "$2")
}

indices() {
	data "$1" | cut -d' ' -f1 | sort -u
}

check() {
	local name
	guest_make || { echo "The guest cannot be made."; return 1; }
	fork || return
	for name in second third; do
		# A machine that sent nothing has repeated nothing.
		[ "$(data $name | wc -l)" -ge 4 ] || { echo "The $name sent no data."; return 1; }
		grep -q 'virtual machine fork' "$tmp/$name.console" || {
			echo "The $name did not hear that it is another."
			return 1
		}
	done
	[ "$(data first | wc -l)" -ge 4 ] || { echo "The first sent no data."; return 1; }
	for name in "first second" "first third" "second third"; do
		# shellcheck disable=SC2086
		[ -z "$(both $name)" ] || { echo "Nonces of both $name:"; both $name; return 1; }
	done
	[ -z "$(join <(indices second) <(indices third))" ] || {
		echo "The second and the third share a session."
		return 1
	}
	[ -z "$(join <(indices first) <(indices second))" ] || {
		echo "The second goes on with a session of the first."
		return 1
	}
	grep -hE 'WARNING:|BUG:|Oops|Kernel panic|Call Trace' "$tmp"/*.console && return 1
	return 0
}

{
	echo 1..1
	if check >"$tmp/out" 2>&1; then
		echo "ok 1 - snapshot_restored_twice_repeats_no_nonce"
	else
		echo "not ok 1 - snapshot_restored_twice_repeats_no_nonce"
		{
			cat "$tmp/out"
			tail -n 5 "$tmp"/*.qemu
			for name in first second third; do
				echo "-- $name"
				data $name
				tail -n 12 "$tmp/$name.console"
			done
		} 2>&1 | sed 's/^/# /'
	fi
	cat "$tmp"/*.console >"$log.console" 2>/dev/null
} | tee "$log.tap"
! grep -q '^not ok' "$log.tap"
