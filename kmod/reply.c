// SPDX-License-Identifier: GPL-2.0
#include "reply.h"

#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

#include "conntrack.h"
#include "host.h"
#include "mark.h"
#include "origin.h"
#include "peer.h"
#include "rewrite.h"
#include "route.h"

/* Any bridge of the namespace: its device counts what has none of its own. */
static void count_somewhere(struct net *net, enum krelay_stat reason)
{
	unsigned long number = 0;
	struct krelay_peer *peer = krelay_mark_next(net, &number);

	if (peer)
		krelay_count(peer->device, reason);
}

static unsigned int lead_into(struct krelay_device *kdev, struct sk_buff *skb, u8 family)
{
	struct dst_entry *route;

	route = family == NFPROTO_IPV4 ? rcu_dereference(kdev->reply_route4) :
					 rcu_dereference(kdev->reply_route6);
	if (unlikely(!route)) {
		krelay_count(kdev, KRELAY_STAT_HOME_NO_ROUTE);
		return NF_DROP;
	}
	skb_dst_drop(skb);
	dst_hold(route);
	skb_dst_set(skb, route);
	/* Or the stack would take it for the next packet of the batch to that address, too. */
	if (family == NFPROTO_IPV4)
		IPCB(skb)->flags |= IPSKB_MULTIPATH;
	else
		IP6CB(skb)->flags |= IP6SKB_MULTIPATH;
	return NF_ACCEPT;
}

static unsigned int lead_back(struct net *net, struct sk_buff *skb, u32 number, u8 family)
{
	struct krelay_peer *peer = krelay_mark_peer(net, number);

	if (unlikely(!peer)) {
		count_somewhere(net, KRELAY_STAT_HOME_NO_BRIDGE);
		return NF_DROP;
	}
	return lead_into(peer->device, skb, family);
}

/*
 * NAT is not undone of what conntrack calls invalid: it would leave by the WAN with
 * an address that means nothing there. Return: whether it is a reply to a visitor.
 */
static bool is_stray(struct net *net, const struct sk_buff *skb, u8 family)
{
	struct nf_conn *ct;
	bool reply, ret;

	ct = krelay_conntrack_find_invalid(net, skb, family, &reply);
	if (!ct)
		return false;
	ret = reply && krelay_mark_read(ct);
	nf_conntrack_put(&ct->ct_general);
	return ret;
}

/*
 * Nobody else sends from this host's addresses, nor from where rp_filter does not allow
 * it. Routing would see to that, but what has our route never gets there (RFC 1812,
 * section 5.3.8).
 */
static bool is_forged(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	union nf_inet_addr source = { };

	if (state->hook != NF_INET_PRE_ROUTING)
		return false;
	if (state->pf == NFPROTO_IPV4)
		source.ip = ip_hdr(skb)->saddr;
	else
		source.in6 = ipv6_hdr(skb)->saddr;
	return krelay_host_owns(state->net, state->pf, &source) ||
	       (state->pf == NFPROTO_IPV4 && krelay_host_doubts(state->net, state->in, skb));
}

/* A segment that begins nothing. */
static bool is_midstream(const struct sk_buff *skb, u8 family)
{
	const struct tcphdr *tcp;
	struct tcphdr copy;

	if (krelay_rewrite_next(skb, family) != IPPROTO_TCP)
		return false;
	tcp = skb_header_pointer(skb, skb_transport_offset(skb), sizeof(copy), &copy);
	return tcp && (!tcp->syn || tcp->ack);
}

/* Conntrack has nothing of it: that has timed out, or somebody has flushed the table. */
static bool is_forgotten(struct net *net, const struct sk_buff *skb, u8 family)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	bool reply;

	if (likely(ct && nf_ct_is_confirmed(ct)))
		return false;
	if (ct ? nf_ct_is_template(ct) : ctinfo == IP_CT_UNTRACKED)
		return false;
	if (!is_midstream(skb, family))
		return false;
	if (ct)
		return true;
	/* What it calls invalid it may know well. */
	ct = krelay_conntrack_find_invalid(net, skb, family, &reply);
	if (ct)
		nf_conntrack_put(&ct->ct_general);
	return !ct;
}

/* A bridge by which this may be the reply to a visitor, or NULL. */
static struct krelay_peer *bridge_of(struct net *net, const struct sk_buff *skb, u8 family)
{
	struct krelay_peer *peer;
	unsigned long number;

	for (number = 0; (peer = krelay_mark_next(net, &number)); number++)
		if (family == NFPROTO_IPV4 ?
		    krelay_origin4_is_own(peer->device, ip_hdr(skb)->saddr) &&
		    krelay_origin4_is_visitor(peer, ip_hdr(skb)->daddr) :
		    krelay_origin6_is_own(peer->device, &ipv6_hdr(skb)->saddr) &&
		    krelay_origin6_is_visitor(peer, &ipv6_hdr(skb)->daddr))
			return peer;
	return NULL;
}

/* Where the tables lead to it leads into the tunnel, to a peer. */
static bool is_on_its_way(const struct krelay_device *kdev, const struct sk_buff *skb, u8 family)
{
	if (skb_dst(skb)->dev != kdev->dev)
		return false;
	return family == NFPROTO_IPV4 ?
	       krelay_cidr_lookup(&kdev->allowed, &ip_hdr(skb)->daddr, KRELAY_CIDR_IPV4) :
	       krelay_cidr_lookup(&kdev->allowed, &ipv6_hdr(skb)->daddr, KRELAY_CIDR_IPV6);
}

/*
 * Home goes on with a connection to an address of the device. Taken for one that is begun
 * here it would leave by the WAN, with all that follows. So conntrack gets to know it by
 * the visitor's next packet. Until then there is one way to him where there is one bridge.
 * Where there are more, a wrong one might end it.
 */
static unsigned int lead_forgotten(struct net *net, struct sk_buff *skb, u8 family)
{
	struct krelay_peer *peer = bridge_of(net, skb, family);
	struct krelay_device *kdev;

	if (!peer || is_on_its_way(peer->device, skb, family))
		return NF_ACCEPT;
	kdev = peer->device;
	if (!krelay_mark_only(kdev)) {
		krelay_count(kdev, KRELAY_STAT_HOME_NO_BRIDGE);
		return NF_DROP;
	}
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return lead_into(kdev, skb, family);
}

unsigned int krelay_reply_route(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct nf_conn *ct = krelay_mark_answered(skb);

	if (ct && unlikely(is_forged(skb, state))) {
		count_somewhere(state->net, KRELAY_STAT_HOME_SPOOFED);
		return NF_DROP;
	}
	if (ct)
		return lead_back(state->net, skb, krelay_mark_read(ct), state->pf);
	if (unlikely(!skb_nfct(skb)) && is_stray(state->net, skb, state->pf)) {
		count_somewhere(state->net, KRELAY_STAT_HOME_INVALID);
		return NF_DROP;
	}
	/* By which way another host's visitors come nobody knows. */
	if (state->hook == NF_INET_LOCAL_OUT && is_forgotten(state->net, skb, state->pf))
		return lead_forgotten(state->net, skb, state->pf);
	return NF_ACCEPT;
}

unsigned int krelay_reply_divert(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct nf_conn *ct = krelay_mark_answered(skb);
	const struct dst_entry *dst;

	if (!ct)
		return NF_ACCEPT;
	dst = skb_dst(skb);
	/* On the reply route already, or only switched and not routed. */
	if (!dst || dst->dev != state->out || dst->flags & DST_FAKE_RTABLE ||
	    krelay_route_is_reply(dst))
		return NF_ACCEPT;
	if (lead_back(state->net, skb, krelay_mark_read(ct), state->pf) != NF_ACCEPT)
		return NF_DROP;
	if (state->pf == NFPROTO_IPV4)
		krelay_route4_forward(state->net, skb, state->in);
	else
		krelay_route6_forward(state->net, skb, state->in);
	return NF_STOLEN;
}

/* An IPv6 route belongs to addressing that comes and goes with the netdev's MTU. */
static bool is_current6(const struct krelay_device *kdev, const struct dst_entry *route)
{
	struct inet6_dev *in6_dev = __in6_dev_get(kdev->dev);

	return route ? container_of(route, const struct rt6_info, dst)->rt6i_idev == in6_dev :
		       !in6_dev;
}

static void replace(struct dst_entry __rcu **at, struct dst_entry *route)
{
	struct dst_entry *old = rcu_replace_pointer(*at, route, lockdep_rtnl_is_held());

	if (!old)
		return;
	synchronize_net();
	krelay_route_drop(old);
}

int krelay_reply_enable(struct krelay_device *kdev)
{
	struct dst_entry *route;

	ASSERT_RTNL();
	if (!rcu_access_pointer(kdev->reply_route4)) {
		route = krelay_route4_make(kdev);
		if (!route)
			return -ENOMEM;
		rcu_assign_pointer(kdev->reply_route4, route);
	}
	if (!is_current6(kdev, rtnl_dereference(kdev->reply_route6))) {
		route = krelay_route6_make(kdev);
		if (!route && __in6_dev_get(kdev->dev))
			return -ENOMEM;
		replace(&kdev->reply_route6, route);
	}
	return 0;
}

void krelay_reply_disable(struct krelay_device *kdev)
{
	ASSERT_RTNL();
	replace(&kdev->reply_route4, NULL);
	replace(&kdev->reply_route6, NULL);
}
