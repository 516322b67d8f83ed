# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a relay has to do, whatever implements its ends: shared by relay.t and
# the two interop scenarios.

test_page_from_container_with_visitors_address() {
	: >$run/access.log
	fetch http://$PUBLIC/ | cmp - $run/www/index.html
	eventually 10 logged $VISITOR
}

test_tcp_by_port() {
	is "the service's view" "$(ask tcp $PUBLIC 7 hello | cut -d' ' -f1,3-)" "$VISITOR home: hello"
}

test_udp_by_port() {
	is "the service's view" "$(ask udp $PUBLIC 7 hello | cut -d' ' -f1,3-)" "$VISITOR home: hello"
}

test_tcp_port_translation() {
	is "the service's view" "$(ask tcp $PUBLIC 22022 hello | cut -d' ' -f1,3-)" \
		"$VISITOR home: hello"
}

test_udp_port_translation() {
	is "the service's view" "$(ask udp $PUBLIC 5000 hello | cut -d' ' -f1,3-)" \
		"$VISITOR home: hello"
}

test_64_parallel_downloads() {
	parallel_downloads 64
}

# parallel_downloads N: each in a connection of its own, by one client, since to start
# so many takes an emulator longer than what they do.
parallel_downloads() {
	local got=$run/got
	file_make half 512K
	mkdir -p $got
	is "connections" "$(fetch -m $((240 * KRELAY_SLOW)) -Z --parallel-immediate --parallel-max "$1" \
		-w '%{num_connects}\n' -o "$got/#1" "http://$PUBLIC/half?[1-$1]" | sort | uniq -c | xargs)" \
		"$1 1"
	is "files" "$(sha256sum $got/* | cut -d' ' -f1 | sort | uniq -c | xargs)" \
		"$1 $(cut -d' ' -f1 $run/half.sum)"
	rm -r $got
}

test_homes_own_traffic_leaves_by_its_wan() {
	# Not all that is in the tunnel: late segments of other tests are, too.
	in_home nft -f - <<-END
	table ip own {
		counter tunnel { }
		chain postrouting {
			type filter hook postrouting priority 300;
			oifname "relay0" ip daddr 192.0.2.1 counter name tunnel
		}
	}
	END
	is "home as the Internet sees it (TCP)" \
		"$(in_home kr-echo ask tcp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
	is "home as the Internet sees it (UDP)" \
		"$(in_home kr-echo ask udp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
	is "the container as the Internet sees it" \
		"$(in_container kr-echo ask tcp 192.0.2.1 9 x | cut -d' ' -f1)" $CGNAT
	is "packets of it in the tunnel" "$(in_home nft list counter ip own tunnel |
		sed -n 's/.*packets \([0-9]*\).*/\1/p')" 0
	in_home nft delete table ip own
}

test_bridge_keeps_its_own_ssh_port() {
	is "who answers port 22" "$(ask tcp $PUBLIC 22 x | cut -d' ' -f3)" "bridge:"
}

test_no_answer_on_a_port_that_is_not_forwarded() {
	fails ask tcp $PUBLIC 81 x
}

# Two minutes are a session's life (REKEY_AFTER_TIME): no answer may be lost
# while the next one is made.
test_sessions_are_renewed() {
	local before end
	before=$(last_handshake bridge)
	# However long ago that was.
	end=$(($(date +%s) + 130))
	while [ "$(date +%s)" -lt $end ]; do
		ask udp $PUBLIC 7 x >/dev/null
		sleep 1
	done
	[ "$(last_handshake bridge)" -gt "$before" ] || { echo "There was no new handshake."; false; }
}
