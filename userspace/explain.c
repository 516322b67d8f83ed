// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#include <linux/krelay.h>

#include "explain.h"
#include "text.h"

#define STAT(id) .name = #id, .row = __COUNTER__

enum { ROWS_START = __COUNTER__ };

/**
 * rows - the counters
 * @name: in capitals
 * @meaning: what happened, without the full stop
 * @advice: what to do, with the full stop
 * @row: counts the rows
 */
static const struct {
	const char *name;
	const char *meaning;
	const char *advice;
	int row;
} rows[KRELAY_STAT_MAX + 1] = {
	[KRELAY_STAT_RX_TRUNCATED] = {
		STAT(RX_TRUNCATED),
		.meaning = "Datagrams came in whose length does not fit their type",
		.advice = "ignore a few, they are noise; if many come from a peer, something on the way cuts them.",
	},
	[KRELAY_STAT_RX_UNKNOWN_TYPE] = {
		STAT(RX_UNKNOWN_TYPE),
		.meaning = "Datagrams came in that are no WireGuard messages",
		.advice = "ignore them, or see what else sends to this port.",
	},
	[KRELAY_STAT_RX_NO_SESSION] = {
		STAT(RX_NO_SESSION),
		.meaning = "Data came in for a session that is not known, as after a restart",
		.advice = "if it goes on, see whether two machines use one private key.",
	},
	[KRELAY_STAT_RX_EXPIRED] = {
		STAT(RX_EXPIRED),
		.meaning = "Data came in under a session that is too old to be used",
		.advice = "see whether the peer's handshakes arrive here.",
	},
	[KRELAY_STAT_RX_DECRYPT] = {
		STAT(RX_DECRYPT),
		.meaning = "Data came in that was changed or forged on the way",
		.advice = "ignore a few; many mean an attack or broken hardware.",
	},
	[KRELAY_STAT_RX_REPLAY] = {
		STAT(RX_REPLAY),
		.meaning = "Data came in twice or far out of order",
		.advice = "ignore a few; many mean that the way between the peers repeats packets.",
	},
	[KRELAY_STAT_RX_MALFORMED] = {
		STAT(RX_MALFORMED),
		.meaning = "A peer sent what is no valid IP packet inside of the tunnel",
		.advice = "look for a fault in that peer.",
	},
	[KRELAY_STAT_RX_SOURCE] = {
		STAT(RX_SOURCE),
		.meaning = "A peer sent from an address that is not among its allowed IPs",
		.advice = "add it to its AllowedIPs, or write Bridge = yes if it relays visitors.",
	},
	[KRELAY_STAT_RX_NOT_ACCEPTED] = {
		STAT(RX_NOT_ACCEPTED),
		.meaning = "A bridge sent packets to what this home does not accept",
		.advice = "add their protocol and port to Accept if they are wanted, and the address if it is another host's.",
	},
	[KRELAY_STAT_RX_SPOOFED] = {
		STAT(RX_SPOOFED),
		.meaning = "A bridge sent packets from addresses that no visitor has",
		.advice = "find out who is in control of that bridge if they are many: its visitors come from neither this host's networks nor its peers.",
	},
	[KRELAY_STAT_RX_SOURCE_ROUTE] = {
		STAT(RX_SOURCE_ROUTE),
		.meaning = "A bridge sent packets whose sender prescribes their route",
		.advice = "there is nothing to do: nobody needs that but attackers.",
	},
	[KRELAY_STAT_RX_CONTROL] = {
		STAT(RX_CONTROL),
		.meaning = "A bridge sent redirects, router advertisements or the like, which only neighbours may",
		.advice = "find out who is in control of that bridge if they are many.",
	},
	[KRELAY_STAT_RX_BACKLOG] = {
		STAT(RX_BACKLOG),
		.meaning = "Packets were decrypted faster than this host took them",
		.advice = "raise net.core.netdev_max_backlog if it comes in bursts; else the processor is too slow.",
	},
	[KRELAY_STAT_RX_NO_MEMORY] = {
		STAT(RX_NO_MEMORY),
		.meaning = "There was no memory for received packets",
		.advice = "free memory, or give the machine more.",
	},
	[KRELAY_STAT_RX_KEEPALIVE] = {
		STAT(RX_KEEPALIVE),
		.meaning = "Keepalives came in, which hold the way through routers open",
		.advice = "there is nothing to do.",
	},
	[KRELAY_STAT_HS_BAD_MAC1] = {
		STAT(HS_BAD_MAC1),
		.meaning = "Handshake messages came in that were made for another public key",
		.advice = "give the peer this side's current PublicKey, or ignore scanners.",
	},
	[KRELAY_STAT_HS_INVALID] = {
		STAT(HS_INVALID),
		.meaning = "Handshake messages came in that do not decrypt or are of an unknown peer",
		.advice = "compare PublicKey and PresharedKey of both ends.",
	},
	[KRELAY_STAT_HS_REPLAYED] = {
		STAT(HS_REPLAYED),
		.meaning = "Handshakes came in with an old time stamp",
		.advice = "set the peer's clock if it was set back, else somebody plays old messages.",
	},
	[KRELAY_STAT_HS_TOO_MANY] = {
		STAT(HS_TOO_MANY),
		.meaning = "One peer began more than 50 handshakes a second",
		.advice = "see whether two machines use one private key.",
	},
	[KRELAY_STAT_HS_QUEUE_FULL] = {
		STAT(HS_QUEUE_FULL),
		.meaning = "Handshake messages came in while 4096 were waiting",
		.advice = "limit the flood upstream if peers cannot get through.",
	},
	[KRELAY_STAT_HS_UNDER_LOAD] = {
		STAT(HS_UNDER_LOAD),
		.meaning = "Handshakes were put off until their senders prove their address, as there were too many",
		.advice = "there is nothing to do, peers get through by themselves.",
	},
	[KRELAY_STAT_HS_RATE_LIMITED] = {
		STAT(HS_RATE_LIMITED),
		.meaning = "Under load one address sent more than 20 handshakes a second, or all too many",
		.advice = "see who sends them (tcpdump) and drop its packets upstream.",
	},
	[KRELAY_STAT_HS_ASLEEP] = {
		STAT(HS_ASLEEP),
		.meaning = "Handshake messages came in while this machine was falling asleep",
		.advice = "there is nothing to do: peers try again.",
	},
	[KRELAY_STAT_HS_INITIATION_SENT] = {
		STAT(HS_INITIATION_SENT),
		.meaning = "Handshakes were begun from here",
		.advice = "if no responses come in, look at Endpoint and at firewalls on the way.",
	},
	[KRELAY_STAT_HS_INITIATION_RECEIVED] = {
		STAT(HS_INITIATION_RECEIVED),
		.meaning = "Peers began valid handshakes",
		.advice = "there is nothing to do.",
	},
	[KRELAY_STAT_HS_RESPONSE_SENT] = {
		STAT(HS_RESPONSE_SENT),
		.meaning = "Handshakes of peers were answered",
		.advice = "there is nothing to do.",
	},
	[KRELAY_STAT_HS_RESPONSE_RECEIVED] = {
		STAT(HS_RESPONSE_RECEIVED),
		.meaning = "Peers answered handshakes from here",
		.advice = "there is nothing to do.",
	},
	[KRELAY_STAT_HS_COOKIE_SENT] = {
		STAT(HS_COOKIE_SENT),
		.meaning = "Peers were asked to prove their address while this side was under load",
		.advice = "there is nothing to do unless it goes on.",
	},
	[KRELAY_STAT_HS_COOKIE_RECEIVED] = {
		STAT(HS_COOKIE_RECEIVED),
		.meaning = "Peers under load asked this side to prove its address",
		.advice = "there is nothing to do unless it goes on.",
	},
	[KRELAY_STAT_HS_PORT_MOVED] = {
		STAT(HS_PORT_MOVED),
		.meaning = "Peers did not answer, and were tried from a new local UDP port",
		.advice = "ignore it if they answer now, else look at Endpoint and at firewalls on the way.",
	},
	[KRELAY_STAT_HS_PORT_FIXED] = {
		STAT(HS_PORT_FIXED),
		.meaning = "Peers did not answer, and ListenPort kept them from being tried from another port",
		.advice = "remove ListenPort if a router on the way may hold on to a stale mapping of it.",
	},
	[KRELAY_STAT_TX_MALFORMED] = {
		STAT(TX_MALFORMED),
		.meaning = "Packets were given to the interface that are no IP packets",
		.advice = "look for a program that writes raw packets to it.",
	},
	[KRELAY_STAT_TX_NO_PEER] = {
		STAT(TX_NO_PEER),
		.meaning = "Packets were sent to an address that is among no peer's allowed IPs",
		.advice = "add it to a peer's AllowedIPs, or remove the route.",
	},
	[KRELAY_STAT_TX_NO_ENDPOINT] = {
		STAT(TX_NO_ENDPOINT),
		.meaning = "Packets went to a peer whose endpoint is not known yet",
		.advice = "write its Endpoint here, or wait until it calls in.",
	},
	[KRELAY_STAT_TX_NO_ROUTE] = {
		STAT(TX_NO_ROUTE),
		.meaning = "There was no route to a peer's endpoint",
		.advice = "look at this host's own Internet connection.",
	},
	[KRELAY_STAT_TX_STAGED] = {
		STAT(TX_STAGED),
		.meaning = "Packets waited in vain for a handshake",
		.advice = "see whether the peer answers: compare the hs_ counters of both ends.",
	},
	[KRELAY_STAT_TX_LOOP] = {
		STAT(TX_LOOP),
		.meaning = "Packets of the tunnel itself would have gone through the tunnel",
		.advice = "route the peer's endpoint outside of this interface.",
	},
	[KRELAY_STAT_TX_NO_MEMORY] = {
		STAT(TX_NO_MEMORY),
		.meaning = "There was no memory to send packets",
		.advice = "free memory, or give the machine more.",
	},
	[KRELAY_STAT_BRIDGE_MALFORMED] = {
		STAT(BRIDGE_MALFORMED),
		.meaning = "Visitors sent packets with wrong headers or checksums",
		.advice = "ignore noise; if all traffic of a netdev counts, see its offloads with ethtool -k.",
	},
	[KRELAY_STAT_BRIDGE_FRAGMENT] = {
		STAT(BRIDGE_FRAGMENT),
		.meaning = "Fragments came in that could not be put together",
		.advice = "ignore a few; many mean loss on the way or an attack.",
	},
	[KRELAY_STAT_BRIDGE_TTL] = {
		STAT(BRIDGE_TTL),
		.meaning = "Visitors' packets ended their time to live here and were told so",
		.advice = "there is nothing to do: traceroute works like this, a routing loop counts much faster.",
	},
	[KRELAY_STAT_BRIDGE_TOO_BIG] = {
		STAT(BRIDGE_TOO_BIG),
		.meaning = "Visitors' packets were too big for the tunnel and the senders were told so",
		.advice = "there is nothing to do unless downloads hang: then let ICMP through.",
	},
	[KRELAY_STAT_BRIDGE_NO_ROUTE] = {
		STAT(BRIDGE_NO_ROUTE),
		.meaning = "There was no way back to a visitor out of a public netdev",
		.advice = "look at this host's default route and at Public.",
	},
	[KRELAY_STAT_BRIDGE_NO_MEMORY] = {
		STAT(BRIDGE_NO_MEMORY),
		.meaning = "There was no memory to rewrite packets",
		.advice = "free memory, or give the machine more.",
	},
	[KRELAY_STAT_BRIDGE_DOWN] = {
		STAT(BRIDGE_DOWN),
		.meaning = "Visitors sent packets while the interface was down",
		.advice = "set it up again: their connections go on if that is soon.",
	},
	[KRELAY_STAT_BRIDGE_DENIED] = {
		STAT(BRIDGE_DENIED),
		.meaning = "Visitors came from addresses that a forward does not allow",
		.advice = "there is nothing to do unless they should get in: then change allow and deny.",
	},
	[KRELAY_STAT_BRIDGE_SPOOFED] = {
		STAT(BRIDGE_SPOOFED),
		.meaning = "Packets came from outside with an address of this host, of a peer, or with one that no host has",
		.advice = "there is nothing to do: their senders forge them.",
	},
	[KRELAY_STAT_BRIDGE_LIMIT] = {
		STAT(BRIDGE_LIMIT),
		.meaning = "All visitors together sent more than a forward's limit",
		.advice = "raise the limit if they are welcome.",
	},
	[KRELAY_STAT_BRIDGE_SOURCE_LIMIT] = {
		STAT(BRIDGE_SOURCE_LIMIT),
		.meaning = "Single visitors sent more than a forward's limit for one source",
		.advice = "raise the limit if they are welcome.",
	},
	[KRELAY_STAT_BRIDGE_OPTIONS] = {
		STAT(BRIDGE_OPTIONS),
		.meaning = "Visitors sent source-routed packets",
		.advice = "there is nothing to do: nobody needs them.",
	},
	[KRELAY_STAT_BRIDGE_PIECE] = {
		STAT(BRIDGE_PIECE),
		.meaning = "Fragments were kept until the others of their packets came, or for a minute at most",
		.advice = "there is nothing to do.",
	},
	[KRELAY_STAT_HOME_NO_BRIDGE] = {
		STAT(HOME_NO_BRIDGE),
		.meaning = "Replies belonged to a connection whose bridge is gone or, among several, not known",
		.advice = "ignore them after a change of bridges; otherwise see what makes conntrack forget connections.",
	},
	[KRELAY_STAT_HOME_NO_ROUTE] = {
		STAT(HOME_NO_ROUTE),
		.meaning = "No route could be made for replies",
		.advice = "see that the interface is up and has an address.",
	},
	[KRELAY_STAT_HOME_TTL] = {
		STAT(HOME_TTL),
		.meaning = "Forwarded replies ended their time to live here",
		.advice = "look for a routing loop between home and the service.",
	},
	[KRELAY_STAT_HOME_TOO_BIG] = {
		STAT(HOME_TOO_BIG),
		.meaning = "Forwarded replies were too big for the tunnel and the senders were told so",
		.advice = "there is nothing to do unless downloads hang: then let ICMP through to the service.",
	},
	[KRELAY_STAT_HOME_INVALID] = {
		STAT(HOME_INVALID),
		.meaning = "Replies, or packets for a container, came too late or twice, so that conntrack calls them invalid",
		.advice = "ignore a few; if connections hang, see what is out of order between the visitor and the service.",
	},
	[KRELAY_STAT_HOME_SPOOFED] = {
		STAT(HOME_SPOOFED),
		.meaning = "Replies to visitors came in from hosts under an address that is not theirs",
		.advice = "find the container or neighbour that forges them, or, if rp_filter of their netdev is 1, routes for their answers that differ; none was passed on.",
	},
};

/* No row can stand twice, so as many rows as counters are all of them. */
static_assert(__COUNTER__ - ROWS_START - 1 == KRELAY_STAT_MAX, "each counter needs its row");

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

const char *stat_meaning(size_t stat)
{
	if (stat >= ARRAY_SIZE(rows) || !rows[stat].meaning)
		return "This relayctl is older than the module and does not know this counter";
	return rows[stat].meaning;
}

const char *stat_advice(size_t stat)
{
	if (stat >= ARRAY_SIZE(rows) || !rows[stat].advice)
		return "install the one of the module's version.";
	return rows[stat].advice;
}
