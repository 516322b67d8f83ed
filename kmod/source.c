// SPDX-License-Identifier: GPL-2.0
#include "source.h"

#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/sock.h>

#include "conntrack.h"
#include "mark.h"
#include "origin.h"
#include "outer.h"
#include "peer.h"
#include "rewrite.h"

/**
 * struct search - for the address to which the visitor sent
 * @net: where
 * @tuple: of the reply; its source is the one that is tried
 * @found: some address will do
 * @source: the one that will do best
 * @last_used: when its connection was, by conntrack's clock
 */
struct search {
	struct net *net;
	struct nf_conntrack_tuple tuple;
	bool found;
	union nf_inet_addr source;
	u32 last_used;
};

/*
 * Does the packet belong to a connection as it is? One that was begun from here
 * and never answered does not count: it may stem from a reply that was sent when
 * there was no bridge, and every further reply would keep it alive.
 */
static bool is_known(struct net *net, const struct nf_conntrack_tuple *tuple)
{
	struct nf_conn *ct;
	bool reply, ret;

	ct = krelay_conntrack_find(net, tuple, &reply);
	if (!ct)
		return false;
	ret = reply || test_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	nf_conntrack_put(&ct->ct_general);
	return ret;
}

/* Every packet of a connection gives it the same time again, another once it is assured. */
static u32 last_used(struct net *net, const struct nf_conn *ct)
{
	const unsigned int *timeouts = nf_udp_pernet(net)->timeouts;
	bool assured = test_bit(IPS_ASSURED_BIT, &ct->status);

	return READ_ONCE(ct->timeout) - timeouts[assured ? UDP_CT_REPLIED : UDP_CT_UNREPLIED];
}

/*
 * Who sends from one port to several addresses, by several bridges say, has a
 * connection to each. The server does not tell which one it answers: that by which
 * something came last, most likely. Return: false, so that all are tried.
 */
static bool is_better(const union nf_inet_addr *address, void *priv)
{
	struct search *search = priv;
	struct nf_conn *ct;
	bool reply;
	u32 used;

	search->tuple.src.u3 = *address;
	ct = krelay_conntrack_find(search->net, &search->tuple, &reply);
	if (!ct)
		return false;
	used = last_used(search->net, ct);
	if (reply && krelay_mark_read(ct) &&
	    (!search->found || (s32)(used - search->last_used) > 0)) {
		search->found = true;
		search->source = *address;
		search->last_used = used;
	}
	nf_conntrack_put(&ct->ct_general);
	return false;
}

/* Return: whether @search has a source that is better than what the packet has. */
static bool find_source(struct search *search, u8 family)
{
	const struct krelay_device *last = NULL;
	struct krelay_peer *peer;
	unsigned long number;

	if (is_known(search->net, &search->tuple))
		return false;
	for (number = 0; (peer = krelay_mark_next(search->net, &number)); number++) {
		/* Bridges of one device mostly follow one another. */
		if (peer->device == last)
			continue;
		last = peer->device;
		if (family == NFPROTO_IPV4)
			krelay_origin4_find(last, is_better, search);
		else
			krelay_origin6_find(last, is_better, search);
	}
	return search->found;
}

/*
 * A server has chosen its port and left the address open: who binds to one means it,
 * while connect() alone only writes down a guess. A client is given its port. What it
 * sends is home's own, whatever a bridge may have sent to that port before.
 */
static bool is_server(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       (sk->sk_userlocks & (SOCK_BINDADDR_LOCK | SOCK_BINDPORT_LOCK)) ==
	       SOCK_BINDPORT_LOCK;
}

unsigned int krelay_source_mend(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct search search = { .net = state->net };
	struct krelay_flow flow;

	/* Tunnels of the kernel, such as ours, do not answer a visitor: they know their way. */
	if (krelay_rewrite_next(skb, state->pf) != IPPROTO_UDP || skb->_nfct ||
	    !is_server(state->sk) || krelay_outer_is_own(state->sk))
		return NF_ACCEPT;
	if (!krelay_conntrack_read(state->net, skb, 0, state->pf, &search.tuple) ||
	    !find_source(&search, state->pf))
		return NF_ACCEPT;
	if (krelay_rewrite_parse(skb, &flow) || flow.fragment)
		return NF_ACCEPT;
	if (krelay_rewrite_source(skb, &flow, &search.source, flow.source_port))
		return NF_DROP;
	return NF_ACCEPT;
}
