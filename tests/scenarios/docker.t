#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A real Docker engine at home: what it publishes is reached by visitors, whom the
# container sees, whatever Docker does to publish it.
if ! command -v dockerd >/dev/null; then
	echo "1..0 # SKIP docker.io is not installed: tests/deps services"
	exit 0
fi
vm='-m 2048'
export KRELAY_BRIDGE=wireguard
FORWARDS='tcp/8080 udp/8080'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/home.sh"

setup() {
	topology_up || return
	# What stands in for Docker in other files.
	in_home nft flush ruleset
	mkdir -p /var/lib/docker /var/lib/containerd
	mount -t tmpfs docker /var/lib/docker
	mount -t tmpfs containerd /var/lib/containerd
	start internet kr-echo serve 9 internet
	relay_up && docker_up && image_make
}

# docker_up [OPTION...]: again where a slow machine's containerd is not there within
# the seconds that dockerd gives it, as systemd would.
docker_up() {
	# `ip netns exec` has a /sys of its own.
	start home sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup; until dockerd "$@"; do sleep 1; done' \
		dockerd --storage-driver=vfs --experimental --ipv6 --fixed-cidr-v6=fd00:17::/64 \
		--ip6tables "$@"
	eventually 240 answers && return
	tail -n 5 $run/home-sh.log
	return 1
}

answers() {
	docker version >/dev/null 2>&1
}

docker_down() {
	kill "$(pidof dockerd)"
	eventually 120 is_gone
}

is_gone() {
	fails pidof dockerd >/dev/null
}

# A server and the libraries that it wants.
image_make() {
	local root=$run/image file
	mkdir -p $root/bin
	for file in $(ldd "$(command -v kr-echo)" | grep -o '/[^ ]*'); do
		mkdir -p "$root$(dirname "$file")"
		cp "$file" "$root$file"
	done
	cp "$(command -v kr-echo)" $root/bin/
	tar -C $root -c . | docker import - box >/dev/null
}

# container_run NAME: publishes the port 8080, also for its users of IPv6.
container_run() {
	docker run -d --name "$1" --hostname "$1" --stop-timeout 1 -p 8080:80 -p 8080:80/udp \
		box /bin/kr-echo serve 80 "$1" any >/dev/null
	eventually 120 listens "$1"
}

listens() {
	nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$1")" -n ss -Hltn | grep -q ':80\b'
}

# is_reached NAME: by visitors, whom it sees.
is_reached() {
	is "TCP" "$(said tcp $PUBLIC 8080)" "$VISITOR $1: x"
	is "UDP" "$(said udp $PUBLIC 8080)" "$VISITOR $1: x"
	is "TCP by IPv6" "$(said tcp $PUBLIC6 8080)" "$VISITOR6 $1: x"
	is "UDP by IPv6" "$(said udp $PUBLIC6 8080)" "$VISITOR6 $1: x"
}

# The proxy in user space is at work as well, and would hide the visitor.
test_published_port() {
	container_run one
	pidof docker-proxy >/dev/null
	is_reached one
}

test_container_restarts() {
	docker restart -t 1 one >/dev/null
	eventually 120 listens one
	is_reached one
}

# One flow, whose container goes away and leaves it to another with another address.
test_container_is_replaced() {
	is "IPv4" "$(from 4500 $PUBLIC 8080)" "$VISITOR one: x"
	is "IPv6" "$(from 4500 "[$PUBLIC6]" 8080)" "$VISITOR6 one: x"
	docker rm -f one >/dev/null
	docker run -d --name holder box /bin/kr-echo serve 80 holder >/dev/null
	container_run two
	is "IPv4" "$(from 4500 $PUBLIC 8080)" "$VISITOR two: x"
	is "IPv6" "$(from 4500 "[$PUBLIC6]" 8080)" "$VISITOR6 two: x"
	is_reached two
}

# Docker 28 and later allow nobody to send to a container's own address but from
# its own bridge: it must be Docker's DNAT by which packets get there.
test_direct_access_is_closed() {
	local address
	address=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' two)
	in_home iptables -t raw -A PREROUTING -d "$address" ! -i docker0 -j DROP
	address=$(docker inspect -f '{{.NetworkSettings.GlobalIPv6Address}}' two)
	in_home ip6tables -t raw -A PREROUTING -d "$address" ! -i docker0 -j DROP
	is_reached two
	in_home iptables -t raw -F
	in_home ip6tables -t raw -F
}

test_without_the_userland_proxy() {
	docker rm -f two holder >/dev/null || :
	docker_down
	docker_up --userland-proxy=false
	container_run three
	fails pidof docker-proxy
	is_reached three
}

# With what Docker has set up, and a container that is there already.
test_nothing_else_is_changed() {
	end_down home
	footprint_save home
	end_up home
	wait_handshake
	is_reached three
	is "changes" "$(footprint_changes home)" ""
}

test_containers_own_traffic_leaves_by_the_wan() {
	is "as the Internet sees it" "$(docker exec three /bin/kr-echo ask tcp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
}

scenario published_port container_restarts container_is_replaced direct_access_is_closed \
	without_the_userland_proxy nothing_else_is_changed \
	containers_own_traffic_leaves_by_the_wan
