#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who wants more handshakes than a device has time for is asked for a cookie, and
# kept to a rate. As in protocol.t, whose peer is here, too.
vm='-i -t 1800'
. "$(dirname "$0")/../lib/scenario.sh"
. "$lib/peer.sh"

test_initiations_are_limited_to_50_a_second() {
	begin
	# At once, for on a slow kernel the shell alone takes long over each.
	told_all initiate initiate
	# To the first, of which the second has made the peer forget.
	hears 'invalid 2' 1000
	hears nothing 100
	is hs_too_many "$(stat hs_too_many)" 1
	told initiate
	hears 'response 0' 1000
	is hs_too_many "$(stat hs_too_many)" 1
}

test_cookies() {
	local n=0 from said
	begin "$endpoint"
	datagrams 1
	hears 'initiation mac2=no' 1000
	told cookie bad
	pass 0.1
	is hs_invalid "$(stat hs_invalid)" 1
	hears 'initiation mac2=no' 6000
	# It shows nobody's key: its sender's address is none to go on with.
	told bind 40000
	told cookie
	pass 0.1
	is "endpoint" "$(near_endpoint)" 192.0.2.2:51820
	told bind 51820
	hears 'initiation mac2=good' 6000
	is hs_cookie_received "$(stat hs_cookie_received)" 1
	# For as long as its maker surely knows it, which is 115 s.
	from=$(now)
	while said=$(peer next 6000) && [ "$said" = 'initiation mac2=good' ]; do
		n=$((n + 1))
		datagrams 1
	done
	is "then" "$said" 'initiation mac2=no'
	between 109 "$(since "$from")" 121
	between 20 $n 23
}

# Who answers may be asked for a cookie, too.
test_cookie_for_a_response() {
	begin
	told initiate
	hears 'response 0' 1000
	told cookie
	pass 0.1
	is hs_cookie_received "$(stat hs_cookie_received)" 1
	told initiate
	hears 'response 1 mac2=good' 1000
	told send 1 + empty
	datagrams 1
	hears 'data 1 0 29' 1000
}

# flood_begin: near has more to compute than it has time for, and time for the peer.
flood_begin() {
	local mac less=$((KRELAY_SLOW * KRELAY_SLOW))
	mac=$(ip -n near -br link show eth0 | awk '{ print $3 }')
	base64 -d <$run/near.pub >$run/near.raw
	ip netns exec far kr-flood spoofed eth0 "$mac" 192.0.2.1 51820 $((8000 / less)) 60 \
		$run/near.raw >/dev/null &
	flood=$!
	# Else it goes on when something has failed.
	trap flood_end EXIT
	eventually 30 asks_for_cookies $(($(stat hs_under_load) + 1000 / less))
}

flood_end() {
	{ kill $flood; wait $flood; } 2>/dev/null || :
}

# asks_for_cookies N: so many were asked for one, or found nobody with time to ask.
asks_for_cookies() {
	[ "$(stat hs_under_load)" -gt "$1" ]
}

# cookie_got: for the port that far sends from.
cookie_got() {
	told initiate
	[ "$(peer next 200 cookie)" = cookie ]
}

# answered PORT: an initiation with far's last cookie for this port.
answered() {
	pass 0.03 # the rate of initiations is limited
	told initiate mac2 "$1"
	[[ $(peer next 500 response) == response* ]]
}

# refused PORT: that cookie is no reason to let anybody in. Once somebody may be by the
# share of time for those who have shown nothing.
refused() {
	fails answered "$1" || fails answered "$1"
}

# A cookie is for the address and port that it was sent to, and for two minutes.
test_cookie_is_for_one_sender() {
	begin
	flood_begin
	eventually 30 cookie_got
	eventually 10 answered 51820
	told bind 40000
	refused 51820
	eventually 30 cookie_got
	eventually 10 answered 40000
	# That of the other port is still good, until its maker's secret is two minutes old.
	told bind 51820
	eventually 10 answered 51820
	flood_end
	pass 121
	flood_begin
	refused 51820
	eventually 30 cookie_got
	eventually 10 answered 51820
	flood_end
}

# 20 a second and 5 at once for an address, whatever ports it has.
test_proven_handshakes_are_limited_by_address() {
	local before n first=() second=()
	[ "$KRELAY_SLOW" = 1 ] || skip "a slow kernel has no time for five at once"
	begin
	flood_begin
	eventually 30 cookie_got
	told bind 40000
	eventually 30 cookie_got
	for n in 1 2 3 4 5; do
		first+=('initiate mac2 40000')
		second+=('initiate mac2 51820')
	done
	pass 0.5
	before=$(stat hs_rate_limited)
	told_all "${first[@]}"
	pass 0.02
	is "limited of 5" $(($(stat hs_rate_limited) - before)) 0
	pass 0.5
	before=$(stat hs_rate_limited)
	told_all "${first[@]}" 'bind 51820' "${second[@]}"
	pass 0.02
	between 3 $(($(stat hs_rate_limited) - before)) 5
	flood_end
}

# Whoever floods near cannot know what near has just asked far.
test_answer_is_heard_in_a_flood() {
	begin "$endpoint"
	flood_begin
	datagrams 1
	hears 'initiation mac2=no' 1000 initiation
	is "answer" "$(peer respond)" "session 0"
	hears 'data 0 0 29' 1000
}

scenario initiations_are_limited_to_50_a_second cookies cookie_for_a_response \
	cookie_is_for_one_sender proven_handshakes_are_limited_by_address \
	answer_is_heard_in_a_flood
