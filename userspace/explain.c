// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#include <linux/krelay.h>

#include "explain.h"
#include "text.h"

#define STATS(_) \
	_(RX_TRUNCATED, "Datagrams came in that are shorter or longer than their type allows, so they are noise or were cut on the way: if a peer is slow, lower the MTU at both ends.") \
	_(RX_UNKNOWN_TYPE, "Datagrams came in that are of no WireGuard message type: ignore it, unless another program sends to this port or a middlebox changes packets.") \
	_(RX_NO_SESSION, "Data came in for a session that is not known, as happens for seconds after a restart: if it goes on, see whether two machines use the same private key.") \
	_(RX_EXPIRED, "Data came in under a session that is too old to be used: the peer does not renew it, so see whether its handshakes arrive and its clock runs.") \
	_(RX_DECRYPT, "Data came in whose authentication failed, so it was changed or forged on the way: a few are noise, many mean an attack or broken hardware.") \
	_(RX_REPLAY, "Data came in twice or far out of order, so it was thrown away: a few are normal, many mean that the way between the peers duplicates or reorders packets.") \
	_(RX_MALFORMED, "A peer sent what is no valid IP packet inside of the tunnel: look for a fault in the peer.") \
	_(RX_SOURCE, "A peer sent packets from an address that is not among its allowed IPs: add the address to its AllowedIPs here, or write Bridge = yes if it relays visitors.") \
	_(RX_NOT_ACCEPTED, "A bridge sent packets to what this home does not accept: if they are wanted, add their protocol and port to Accept, else look at what the bridge forwards.") \
	_(RX_NO_MEMORY, "There was no memory for received packets: free memory, or give the machine more.") \
	_(RX_KEEPALIVE, "Keepalives came in, which hold the way through routers open: nothing to do.") \
	_(HS_BAD_MAC1, "Handshake messages came in that were not made for this public key: see whether the peer has this side's current PublicKey, else it is noise from scanners.") \
	_(HS_INVALID, "Handshake messages came in that do not decrypt or are of an unknown peer: compare the PublicKey and PresharedKey of both ends.") \
	_(HS_REPLAYED, "Handshakes came in with an old time stamp: the peer's clock was set back or somebody plays old messages, so set the peer's clock.") \
	_(HS_TOO_MANY, "One peer began more than 50 handshakes a second: see whether two machines use the same private key.") \
	_(HS_QUEUE_FULL, "Handshake messages were dropped since 4096 were waiting: somebody floods this port, so limit it upstream if peers cannot get through.") \
	_(HS_UNDER_LOAD, "Handshake messages were answered by a cookie or held to a rate since too many came: this is the defence against floods, and peers get through by themselves.") \
	_(HS_INITIATION_SENT, "Handshakes were begun from here: if no responses come in, look at the Endpoint and at firewalls on the way.") \
	_(HS_INITIATION_RECEIVED, "Valid handshakes were begun by peers: nothing to do.") \
	_(HS_RESPONSE_SENT, "Handshakes of peers were answered: nothing to do.") \
	_(HS_RESPONSE_RECEIVED, "Peers answered handshakes from here: nothing to do.") \
	_(HS_COOKIE_SENT, "Peers were asked to prove their address since this side was under load: nothing to do unless it goes on.") \
	_(HS_COOKIE_RECEIVED, "Peers asked this side to prove its address since they were under load: nothing to do unless it goes on.") \
	_(TX_MALFORMED, "Packets were given to the interface that are no IP packets: look for a program that writes raw packets to it.") \
	_(TX_NO_PEER, "Packets were routed into the interface for an address that is among no peer's allowed IPs: add it to a peer's AllowedIPs, or remove the route.") \
	_(TX_NO_ENDPOINT, "Packets for a peer were dropped since its address is not known yet: write its Endpoint here, or wait until it calls in.") \
	_(TX_NO_ROUTE, "There was no route to a peer's endpoint: look at this host's own Internet connection.") \
	_(TX_STAGED, "Packets that waited for a handshake were given up: see whether the peer answers, with the counters of handshakes.") \
	_(TX_LOOP, "Packets of the tunnel itself would have gone through the tunnel: take the route to the peer's endpoint out of the interface.") \
	_(TX_NO_MEMORY, "There was no memory to encapsulate packets: free memory, or give the machine more.") \
	_(BRIDGE_MALFORMED, "Visitors sent packets whose headers or checksums are wrong: it is noise, unless all packets of one netdev are counted here, then look at its offloads with ethtool -k.") \
	_(BRIDGE_FRAGMENT, "Fragments came in that could not be put together: parts were lost on the way or somebody plays with them, so look at the path MTU if visitors complain.") \
	_(BRIDGE_TTL, "Visitors' packets ended their time to live here and were answered so, as traceroute wants it: many mean a loop in the routing.") \
	_(BRIDGE_TOO_BIG, "Visitors' packets were larger than the tunnel allows and the senders were told so: nothing to do unless downloads hang, then see that ICMP is not blocked.") \
	_(BRIDGE_NO_ROUTE, "There was no way back to the visitor out of a public netdev: look at this host's default route and at Public.") \
	_(BRIDGE_NO_MEMORY, "There was no memory to rewrite packets: free memory, or give the machine more.") \
	_(HOME_NO_BRIDGE, "Replies belonged to a connection whose bridge is gone: they stop when the old connections time out.") \
	_(HOME_NO_ROUTE, "No route could be made for replies: see that the interface is up and has an address.") \
	_(HOME_TTL, "Forwarded replies ended their time to live here: look for a loop in the routing between home and the service.")

#define ROW(id, text) [KRELAY_STAT_##id] = { #id, text },
#define COUNT(id, text) + 1

static const struct {
	const char *name;
	const char *explanation;
} rows[KRELAY_STAT_MAX + 1] = { STATS(ROW) };

/* No row can stand twice, so as many rows as counters are all of them. */
static_assert(0 STATS(COUNT) == KRELAY_STAT_MAX, "each counter needs an explanation");

const char *stat_name(size_t stat, char name[STAT_NAME_LEN])
{
	size_t i;

	if (stat >= ARRAY_SIZE(rows) || !rows[stat].name) {
		snprintf(name, STAT_NAME_LEN, "counter_%zu", stat);
		return name;
	}
	for (i = 0; rows[stat].name[i]; i++)
		name[i] = tolower((unsigned char)rows[stat].name[i]);
	name[i] = '\0';
	return name;
}

const char *stat_explanation(size_t stat)
{
	if (stat >= ARRAY_SIZE(rows) || !rows[stat].explanation)
		return "This relayctl is older than the module and does not know this counter: install the one of the module's version.";
	return rows[stat].explanation;
}
