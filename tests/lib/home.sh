# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Words for the home side.

# A visitor whose address the bridge has, so that it can send as one.
ELSEWHERE=203.0.113.66
ELSEWHERE6=2001:db8:66::66

# home_again [SETTING...]: with these settings in its [Peer].
home_again() {
	HOME_EXTRA=$(printf '%s\n' "$@")
	configs_write
	end_down home
	end_up home
	# Not by ping, which need not be accepted.
	eventually 20 is_up
}

is_up() {
	[ "$(counter home hs_response_received)" -gt 0 ]
}

# counted HOST NAME VALUE
counted() {
	[ "$(counter "$1" "$2")" = "$3" ]
}

ask6() {
	local proto=$1
	shift
	ask "$proto" $PUBLIC6 "$@"
}

# serves: home answers visitors of all kinds, by both families.
serves() {
	is "TCP" "$(said tcp $PUBLIC 7)" "$VISITOR home: x" || return
	is "UDP" "$(said udp $PUBLIC 7)" "$VISITOR home: x" || return
	fetch http://$PUBLIC/ | cmp - $run/www/index.html || return
	is "TCP by IPv6" "$(said tcp $PUBLIC6 7)" "$VISITOR6 home: x" || return
	is "UDP by IPv6" "$(said udp $PUBLIC6 7)" "$VISITOR6 home: x" || return
	fetch "http://[$PUBLIC6]/" | cmp - $run/www/index.html
}

download6() {
	local name=$1
	shift
	fetch -m $((240 * KRELAY_SLOW)) "$@" "http://[$PUBLIC6]/$name" | sha256sum |
		cmp - "$run/$(basename "$name").sum"
}

# both_download COMMAND...: downloads by IPv4 and IPv6, in the midst of which that is done.
both_download() {
	local pids pid
	download slower/some &
	pids=$!
	download6 slower/some &
	pids="$pids $!"
	mid_download
	"$@"
	for pid in $pids; do
		wait "$pid"
	done
}

# with_br_netfilter COMMAND...: while Ethernet bridges pass packets through netfilter.
with_br_netfilter() {
	local status=0
	modprobe br_netfilter
	in_home sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
	(set -e; "$@") || status=1
	in_home sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
	return $status
}

# watch HOST NAME RULE: counts what matches in PRE_ROUTING, or in the chain of $hook.
watch() {
	in_host "$1" nft -f - <<-END
	table inet watch {
		counter $2 { }
		chain $2 {
			type filter hook ${hook:-prerouting} priority ${priority:--450};
			$3 counter name $2
		}
	}
	END
}

# seen HOST NAME: packets since the last time.
seen() {
	nft_counter reset "$1" inet watch "$2"
}

# What others install on a home, by the names of their tables: rules_up NAME,
# rules_down NAME. All let 7 and what is published through, and little else.
rules_up() {
	in_home nft -f - <<-END
	$("rules_of_$1")
	END
}

rules_down() {
	in_home nft list tables | grep " $1" | while read -r table; do
		in_home nft delete "$table"
	done
}

# ufw: default deny (incoming), deny (routed); allow 7; route allow to the container.
rules_of_ufw() {
	local family l3
	for family in ip ip6; do
		[ $family = ip ] && l3='ip protocol icmp' || l3='meta l4proto ipv6-icmp'
		cat <<-END
		table $family ufw {
			chain not-local {
				fib daddr type { local, multicast, broadcast } return
				drop
			}
			chain INPUT {
				type filter hook input priority filter; policy drop;
				iifname "lo" accept
				$([ $family = ip ] || echo 'exthdr rt exists rt type 0 drop')
				ct state related,established accept
				ct state invalid drop
				$l3 accept
				udp sport 67 udp dport 68 accept
				jump not-local
				meta l4proto { tcp, udp } th dport 7 accept
			}
			chain FORWARD {
				type filter hook forward priority filter; policy drop;
				ct state related,established accept
				$l3 accept
				$family daddr $([ $family = ip ] && echo $CONTAINER || echo $CONTAINER6) tcp dport 80 accept
			}
			chain OUTPUT {
				type filter hook output priority filter; policy accept;
				oifname "lo" accept
				ct state related,established accept
				ct state new accept
			}
		}
		END
	done
}

# firewalld: zone public with ports=7/tcp 7/udp, container's bridge in zone docker.
rules_of_firewalld() {
	cat <<-END
	table inet firewalld {
		chain mangle_PREROUTING {
			type filter hook prerouting priority mangle + 10; policy accept;
		}
		chain nat_POSTROUTING {
			type nat hook postrouting priority srcnat + 10; policy accept;
		}
		chain filter_PREROUTING {
			type filter hook prerouting priority filter + 10; policy accept;
			icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
			meta nfproto ipv6 fib saddr . mark . iif oif missing drop
		}
		chain filter_INPUT {
			type filter hook input priority filter + 10; policy accept;
			ct state { established, related } accept
			ct status dnat accept
			iifname "lo" accept
			ct state invalid drop
			meta l4proto { icmp, ipv6-icmp } accept
			meta l4proto { tcp, udp } th dport 7 ct state { new, untracked } accept
			reject with icmpx admin-prohibited
		}
		chain filter_FORWARD {
			type filter hook forward priority filter + 10; policy accept;
			ct state { established, related } accept
			ct status dnat accept
			iifname "lo" accept
			ct state invalid drop
			ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24 } reject with icmpv6 addr-unreachable
			iifname "br0" accept
			reject with icmpx admin-prohibited
		}
	}
	END
}

# libvirt's default network; virbr0 is to be there.
rules_of_libvirt() {
	cat <<-END
	table ip libvirt {
		chain LIBVIRT_INP {
			type filter hook input priority filter;
			iifname "virbr0" meta l4proto { tcp, udp } th dport { 53, 67 } accept
		}
		chain LIBVIRT_FW {
			type filter hook forward priority filter;
			ip daddr 192.168.122.0/24 oifname "virbr0" ct state related,established accept
			oifname "virbr0" reject
			ip saddr 192.168.122.0/24 iifname "virbr0" accept
			iifname "virbr0" reject
		}
		chain LIBVIRT_PRT {
			type nat hook postrouting priority srcnat;
			ip saddr 192.168.122.0/24 ip daddr { 224.0.0.0/24, 255.255.255.255 } return
			ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 meta l4proto { tcp, udp } masquerade to :1024-65535
			ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 masquerade
		}
	}
	END
}
