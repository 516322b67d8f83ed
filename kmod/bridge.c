// SPDX-License-Identifier: GPL-2.0
#include "bridge.h"

#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

#include "compat/compat.h"
#include "forwards.h"
#include "host.h"
#include "origin.h"
#include "peer.h"
#include "publics.h"
#include "quote.h"
#include "reassembly.h"
#include "rewrite.h"
#include "transmit.h"

enum {
	/* Of the users of reassembly the one that is not met on a public netdev. */
	DEFRAG_USER = IP_DEFRAG_MACVLAN,
};

/**
 * struct subject - what a packet is about
 * @flow: its own
 * @quoted: with @error, that of the packet which it quotes
 * @error: it is an ICMP error
 */
struct subject {
	struct krelay_flow flow;
	struct krelay_flow quoted;
	bool error;
};

static bool is_icmp(const struct krelay_flow *flow)
{
	return flow->proto == (flow->family == NFPROTO_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* Return: whether @flow is an echo request or, with @reply, the reply to one. */
static bool is_echo(const struct krelay_flow *flow, bool reply)
{
	if (flow->family == NFPROTO_IPV6)
		return flow->icmp_type == (reply ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST);
	return flow->icmp_type == (reply ? ICMP_ECHOREPLY : ICMP_ECHO);
}

/* Whether what has no forward of its own may be taken by a catch-all. */
static bool may_catch(const struct krelay_forward *forward, const struct krelay_flow *flow)
{
	/* Every host answers echo requests itself. */
	return forward && (forward->proto || !is_icmp(flow));
}

/*
 * The version in a header need not be that which its frame has announced, nor one
 * that this host has addresses and routes of.
 */
static bool is_spoken(const struct sk_buff *skb, const struct krelay_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return skb->protocol == htons(ETH_P_IPV6) && ipv6_mod_enabled();
	return skb->protocol == htons(ETH_P_IP);
}

/* Return: 0; -EINVAL if @skb is one that nobody can relay. */
static int read_subject(const struct sk_buff *skb, struct subject *subject)
{
	int ret;

	subject->error = false;
	ret = krelay_rewrite_peek(skb, &subject->flow);
	if (!ret && !is_spoken(skb, &subject->flow))
		ret = -EINVAL;
	if (ret || subject->flow.fragment || !is_icmp(&subject->flow))
		return ret;
	ret = krelay_quote_peek(skb, &subject->flow, &subject->quoted);
	subject->error = !ret;
	return ret == -ENOENT ? 0 : ret;
}

/* Which forward takes a visitor's packet, or an error about a packet to a visitor? */
static struct krelay_forward *find_inward(const struct krelay_forwards *table,
					  const struct subject *subject)
{
	const struct krelay_flow *flow = subject->error ? &subject->quoted : &subject->flow;
	struct krelay_forward *forward;

	if (is_icmp(flow) && !is_echo(flow, subject->error))
		return NULL;
	if (!subject->error) {
		forward = krelay_forwards_by_public(table, flow->family, flow->proto,
						    &flow->dest, flow->dest_port);
	} else {
		if (memcmp(&flow->source, &subject->flow.dest, sizeof(flow->source)))
			return NULL;
		forward = krelay_forwards_by_public(table, flow->family, flow->proto,
						    &flow->source, flow->source_port);
	}
	return may_catch(forward, flow) ? forward : NULL;
}

/* Which forward does a peer's packet reply to, or an error about a visitor's packet? */
static struct krelay_forward *find_outward(const struct krelay_forwards *table,
					   const struct krelay_peer *peer,
					   const struct subject *subject)
{
	const struct krelay_flow *flow = subject->error ? &subject->quoted : &subject->flow;
	struct krelay_forward *forward;

	if (is_icmp(flow) && !is_echo(flow, !subject->error))
		return NULL;
	if (!subject->error) {
		forward = krelay_forwards_by_target(table, peer, flow->family, flow->proto,
						    &flow->source, flow->source_port);
	} else {
		if (memcmp(&flow->source, &subject->flow.dest, sizeof(flow->source)))
			return NULL;
		forward = krelay_forwards_by_target(table, peer, flow->family, flow->proto,
						    &flow->dest, flow->dest_port);
	}
	return may_catch(forward, flow) ? forward : NULL;
}

/* Looks only: it is not known yet whether the packet is ours to touch. */
static struct krelay_forward *match(struct krelay_device *kdev, const struct sk_buff *skb,
				    const struct net_device *dev, const struct subject *subject)
{
	const struct krelay_forwards *table = rcu_dereference(kdev->forwards);
	const struct krelay_flow *flow = &subject->flow;
	struct krelay_forward *forward;
	union nf_inet_addr address;

	forward = find_inward(table, subject);
	if (!forward)
		return NULL;
	if (!forward->any_address) {
		if (!krelay_host_owns(dev_net(dev), flow->family, &flow->dest))
			return NULL;
	} else if (!krelay_publics_address(dev, flow->family, &address) ||
		   memcmp(&address, &flow->dest, sizeof(address))) {
		return NULL;
	}
	if (!forward->proto && (skb_headlen(skb) < flow->l4_offset ||
				krelay_host_serves(dev_net(dev), dev, skb, flow)))
		return NULL;
	return forward;
}

static void drop(struct krelay_device *kdev, struct krelay_forward *forward,
		 enum krelay_forwards_direction direction, struct sk_buff *skb,
		 enum krelay_stat reason)
{
	krelay_forwards_account_drop(forward, direction, reason);
	krelay_drop(kdev, skb, reason);
}

/* An ICMP error needs a route to the sender, of which the packet has none. */
static void answer4(struct sk_buff *skb, enum krelay_stat reason, u32 mtu)
{
	struct flowi4 flow = { .daddr = ip_hdr(skb)->saddr };
	struct rtable *rt = ip_route_output_key(dev_net(skb->dev), &flow);

	if (IS_ERR(rt))
		return;
	skb_dst_drop(skb);
	skb_dst_set(skb, &rt->dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	if (reason == KRELAY_STAT_BRIDGE_TTL)
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
	else
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
}

static void answer6(struct sk_buff *skb, enum krelay_stat reason, u32 mtu)
{
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->dev->ifindex;
	if (reason == KRELAY_STAT_BRIDGE_TTL)
		icmpv6_send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
	else
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

/* Tells the sender on skb->dev why its packet goes no further, and drops it. */
static void answer(struct krelay_device *kdev, struct krelay_forward *forward,
		   enum krelay_forwards_direction direction, struct sk_buff *skb,
		   enum krelay_stat reason, u32 mtu)
{
	if (skb->protocol == htons(ETH_P_IP))
		answer4(skb, reason, mtu);
	else
		answer6(skb, reason, mtu);
	drop(kdev, forward, direction, skb, reason);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu;
}

/*
 * RFC 791 lets routers cut a packet; RFC 8200 only where its sender had done so. What
 * came in pieces that nobody may cut (IPv4's DF) leaves in pieces of that size.
 */
static bool may_fragment(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb->protocol != htons(ETH_P_IP))
		return skb->ignore_df;
	return !(ip_hdr(skb)->frag_off & htons(IP_DF)) ||
	       (skb->ignore_df && IPCB(skb)->frag_max_size <= mtu);
}

static struct dst_entry *tunnel_route4(struct krelay_device *kdev, const struct sk_buff *skb)
{
	struct flowi4 flow = {
		.daddr = ip_hdr(skb)->daddr,
		.saddr = ip_hdr(skb)->saddr,
		.flowi4_oif = kdev->dev->ifindex,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt = ip_route_output_key(dev_net(kdev->dev), &flow);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *tunnel_route6(struct krelay_device *kdev, const struct sk_buff *skb)
{
	struct flowi6 flow = {
		.daddr = ipv6_hdr(skb)->daddr,
		.saddr = ipv6_hdr(skb)->saddr,
		.flowi6_oif = kdev->dev->ifindex,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
	};
	struct dst_entry *dst = ip6_route_output(dev_net(kdev->dev), NULL, &flow);

	if (!dst->error && dst->dev == kdev->dev)
		return dst;
	dst_release(dst);
	return NULL;
}

/*
 * A new control block, which for a packet that was put together (ignore_df) tells how
 * large its pieces were: its sender may know of a narrow way further on.
 */
static void reset_cb(struct sk_buff *skb, unsigned int mtu)
{
	u16 max_size = 0, flags = 0;

	if (skb->protocol == htons(ETH_P_IP)) {
		if (skb->ignore_df) {
			max_size = IPCB(skb)->frag_max_size;
			flags = IPCB(skb)->flags & IPSKB_FRAG_PMTU;
		}
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->flags = IPSKB_FORWARDED | flags;
		IPCB(skb)->frag_max_size = min_t(unsigned int, max_size, mtu);
		return;
	}
	if (skb->ignore_df)
		max_size = IP6CB(skb)->frag_max_size;
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->flags = IP6SKB_FORWARDED;
	IP6CB(skb)->frag_max_size = min_t(unsigned int, max_size, mtu);
}

/* Hands a packet to the IP output of dst->dev, which cuts it where it has to. */
static void output(struct net *net, struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	skb->dev = dst->dev;
	/* No entry for it, whatever else on this host uses conntrack. */
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	reset_cb(skb, dst_mtu(dst));
	dst_output(net, NULL, skb);
}

/* Too big and allowed to be cut; the pieces go to the peer of the new address. */
static void fragment(struct krelay_device *kdev, struct krelay_forward *forward,
		     struct sk_buff *skb, unsigned int packets, unsigned int len)
{
	struct dst_entry *dst = skb->protocol == htons(ETH_P_IP) ? tunnel_route4(kdev, skb) :
								   tunnel_route6(kdev, skb);
	bool whole = skb->ignore_df;

	if (!dst) {
		drop(kdev, forward, KRELAY_FORWARDS_IN, skb, KRELAY_STAT_BRIDGE_TOO_BIG);
		return;
	}
	krelay_forwards_account(forward, KRELAY_FORWARDS_IN, packets, len);
	skb_scrub_packet(skb, true);
	skb->ignore_df = whole;
	output(dev_net(kdev->dev), skb, dst);
}

/*
 * The host would drop it later. Home would take it for ours or another peer's, or answer to
 * ourselves.
 */
static bool is_spoofed(const struct krelay_device *kdev, struct net *net, u8 family,
		       const union nf_inet_addr *source)
{
	bool spoofed;

	if (family == NFPROTO_IPV6)
		spoofed = krelay_origin6_is_martian(&source->in6) ||
			  krelay_origin6_is_peers(kdev, &source->in6);
	else
		spoofed = krelay_origin4_is_martian(source->ip) ||
			  krelay_origin4_is_peers(kdev, source->ip);
	return spoofed || krelay_host_owns(net, family, source);
}

/* Who may send, and how much. Return: 0 or why not. */
static enum krelay_stat refuse(const struct krelay_device *kdev, struct krelay_forward *forward,
			       const struct sk_buff *skb, const struct subject *subject,
			       unsigned int packets)
{
	const union nf_inet_addr *source = &subject->flow.source;
	bool ipv6 = forward->family == NFPROTO_IPV6;

	if (is_spoofed(kdev, dev_net(skb->dev), forward->family, source))
		return KRELAY_STAT_BRIDGE_SPOOFED;
	/* An error comes from a router on the way. */
	if (forward->sources && !subject->error &&
	    !krelay_sources_allow(forward->sources, source,
				  ipv6 ? KRELAY_CIDR_IPV6 : KRELAY_CIDR_IPV4))
		return KRELAY_STAT_BRIDGE_DENIED;
	if (!krelay_rate_is_none(&forward->source_limit) &&
	    !krelay_buckets_take(forward, source, ipv6 ? 8 : 4, &forward->source_limit, packets,
				 skb->len))
		return KRELAY_STAT_BRIDGE_SOURCE_LIMIT;
	if (!krelay_rate_is_none(&forward->limit) &&
	    !krelay_bucket_take(&forward->bucket, &forward->limit, packets, skb->len))
		return KRELAY_STAT_BRIDGE_LIMIT;
	return KRELAY_STAT_UNSPEC;
}

/* To the target; an error now is about a packet of the target's. */
static int aim_inward(struct sk_buff *skb, struct subject *subject,
		      const struct krelay_forward *forward)
{
	struct krelay_flow *quoted = &subject->quoted;
	__be16 port = subject->flow.dest_port;
	int ret;

	if (!subject->error)
		return krelay_rewrite_dest(skb, &subject->flow, &forward->target,
					   krelay_forwards_target_port(forward, port));
	ret = krelay_quote_set_source(skb, &subject->flow, quoted, &forward->target,
				      krelay_forwards_target_port(forward, quoted->source_port));
	return ret ?: krelay_rewrite_dest(skb, &subject->flow, &forward->target, 0);
}

/* From the public address; also an error of a router in front of the target. */
static int aim_outward(struct sk_buff *skb, struct subject *subject,
		       const struct krelay_forward *forward, const union nf_inet_addr *public)
{
	struct krelay_flow *quoted = &subject->quoted;
	__be16 port = subject->flow.source_port;
	int ret;

	if (!subject->error)
		return krelay_rewrite_source(skb, &subject->flow, public,
					     krelay_forwards_public_port(forward, port));
	ret = krelay_quote_set_dest(skb, &subject->flow, quoted, public,
				    krelay_forwards_public_port(forward, quoted->dest_port));
	return ret ?: krelay_rewrite_source(skb, &subject->flow, public, 0);
}

/* Pulls what was only looked at before, and looks closer. Return: 0 or why not. */
static enum krelay_stat prepare(struct krelay_device *kdev, struct sk_buff *skb,
				struct subject *subject)
{
	/* Not refused: a connection survives that the tunnel comes back. */
	if (unlikely(!netif_running(kdev->dev)))
		return KRELAY_STAT_BRIDGE_DOWN;
	if (!krelay_rewrite_validate(skb) || krelay_rewrite_parse(skb, &subject->flow))
		return KRELAY_STAT_BRIDGE_MALFORMED;
	if (subject->error && krelay_quote_peek(skb, &subject->flow, &subject->quoted))
		return KRELAY_STAT_BRIDGE_MALFORMED;
	if (krelay_rewrite_source_routed(skb))
		return KRELAY_STAT_BRIDGE_OPTIONS;
	return KRELAY_STAT_UNSPEC;
}

/*
 * How many packets came by the wire: a NIC that merges them need not say so
 * (virtio does not).
 */
static unsigned int count_packets(const struct sk_buff *skb, const struct krelay_flow *flow)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int headers = flow->l4_offset;

	if (!skb_is_gso(skb))
		return 1;
	if (shared->gso_segs)
		return shared->gso_segs;
	headers += flow->proto == IPPROTO_TCP ? tcp_hdrlen(skb) : sizeof(struct udphdr);
	return skb->len > headers ? DIV_ROUND_UP(skb->len - headers, shared->gso_size) : 1;
}

/* A visitor's packet, known to be for @forward. Consumes @skb. */
static void relay(struct krelay_device *kdev, struct krelay_forward *forward,
		  struct sk_buff *skb, struct subject *subject)
{
	unsigned int mtu = READ_ONCE(kdev->dev->mtu);
	unsigned int packets, len;
	enum krelay_stat reason;
	bool big;

	reason = prepare(kdev, skb, subject);
	if (reason)
		goto drop;
	packets = count_packets(skb, &subject->flow);
	reason = refuse(kdev, forward, skb, subject, packets);
	if (reason)
		goto drop;
	len = skb->len;
	big = !fits(skb, mtu);
	if (big && !may_fragment(skb, mtu)) {
		answer(kdev, forward, KRELAY_FORWARDS_IN, skb, KRELAY_STAT_BRIDGE_TOO_BIG, mtu);
		return;
	}
	switch (krelay_rewrite_hop(skb)) {
	case 0:
		break;
	case -ETIME:
		answer(kdev, forward, KRELAY_FORWARDS_IN, skb, KRELAY_STAT_BRIDGE_TTL, 0);
		return;
	default:
		reason = KRELAY_STAT_BRIDGE_NO_MEMORY;
		goto drop;
	}
	if (krelay_rewrite_clamp_mss(skb, &subject->flow, mtu) ||
	    aim_inward(skb, subject, forward)) {
		reason = KRELAY_STAT_BRIDGE_NO_MEMORY;
		goto drop;
	}
	if (unlikely(big)) {
		fragment(kdev, forward, skb, packets, len);
		return;
	}
	krelay_forwards_account(forward, KRELAY_FORWARDS_IN, packets, len);
	krelay_transmit_packet(forward->peer, skb);
	return;

drop:
	drop(kdev, forward, KRELAY_FORWARDS_IN, skb, reason);
}

/* Packets that GRO put one behind the other have headers of their own. Consumes @skb. */
static void relay_list(struct krelay_device *kdev, struct krelay_forward *forward,
		       struct sk_buff *skb)
{
	struct sk_buff_head batch;
	struct subject subject;

	__skb_queue_head_init(&batch);
	if (!krelay_transmit_segment(skb, &batch)) {
		drop(kdev, forward, KRELAY_FORWARDS_IN, skb, KRELAY_STAT_BRIDGE_NO_MEMORY);
		return;
	}
	while ((skb = __skb_dequeue(&batch))) {
		if (read_subject(skb, &subject))
			drop(kdev, forward, KRELAY_FORWARDS_IN, skb, KRELAY_STAT_BRIDGE_MALFORMED);
		else
			relay(kdev, forward, skb, &subject);
	}
}

/*
 * Only the first piece of a packet knows its ports.
 * Return: whether @skb is the whole packet now; if not, it is gone.
 */
static bool reassemble(struct krelay_device *kdev, struct net *net, struct sk_buff *skb)
{
	bool ipv4 = skb->protocol == htons(ETH_P_IP);
	struct krelay_flow flow;
	int ret;

	if (krelay_rewrite_parse(skb, &flow)) {
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_MALFORMED);
		return false;
	}
	if (ipv4) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		ret = ip_defrag(net, skb, DEFRAG_USER);
	} else {
		ret = krelay_reassembly_gather6(net, skb);
	}
	if (ret) {
		krelay_count(kdev, ret == -EINPROGRESS ? KRELAY_STAT_BRIDGE_PIECE :
							 KRELAY_STAT_BRIDGE_FRAGMENT);
		return false;
	}
	if (ipv4)
		ip_send_check(ip_hdr(skb));
	skb->ignore_df = 1;
	return true;
}

unsigned int krelay_bridge_ingress(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	struct krelay_device *kdev = krelay_publics_device(priv);
	struct krelay_forward *forward;
	struct subject subject;
	bool whole = false;

	if (!rcu_access_pointer(kdev->forwards) || skb->pkt_type != PACKET_HOST ||
	    skb_vlan_tag_present(skb) || read_subject(skb, &subject))
		return NF_ACCEPT;

	if (unlikely(subject.flow.fragment)) {
		/* What is routed is left alone. */
		if (skb_shared(skb) ||
		    !krelay_host_owns(state->net, subject.flow.family, &subject.flow.dest) ||
		    !krelay_rewrite_validate(skb))
			return NF_ACCEPT;
		if (!reassemble(kdev, state->net, skb))
			return NF_STOLEN;
		if (read_subject(skb, &subject))
			return NF_ACCEPT;
		whole = true;
	}
	forward = match(kdev, skb, state->in, &subject);
	if (!forward)
		return NF_ACCEPT;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		krelay_forwards_account_drop(forward, KRELAY_FORWARDS_IN,
					     KRELAY_STAT_BRIDGE_NO_MEMORY);
		krelay_count(kdev, KRELAY_STAT_BRIDGE_NO_MEMORY);
		return NF_STOLEN;
	}
	/* Another has put it together (act_ct), and left no word here on its pieces. */
	if (unlikely(skb->ignore_df && !whole))
		memset(skb->cb, 0, sizeof(skb->cb));
	if (unlikely(krelay_rewrite_is_list(skb)))
		relay_list(kdev, forward, skb);
	else
		relay(kdev, forward, skb, &subject);
	return NF_STOLEN;
}

static struct dst_entry *route4(struct net *net, const struct krelay_forward *forward,
				const struct sk_buff *skb)
{
	struct flowi4 flow = {
		.daddr = ip_hdr(skb)->daddr,
		.saddr = forward->any_address ? 0 : forward->public.ip,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt;

	/* No visitor's: what a neighbour keeps for this host alone, such as a cloud's secrets. */
	if (ipv4_is_linklocal_169(flow.daddr))
		return NULL;
	rt = ip_route_output_key(net, &flow);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_type == RTN_UNICAST)
		return &rt->dst;
	ip_rt_put(rt);
	return NULL;
}

static struct dst_entry *route6(struct net *net, const struct krelay_forward *forward,
				const struct sk_buff *skb)
{
	struct flowi6 flow = {
		.daddr = ipv6_hdr(skb)->daddr,
		.saddr = forward->any_address ? in6addr_any : forward->public.in6,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
	};
	struct dst_entry *dst;
	int error;

	if (ipv6_addr_type(&flow.daddr) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL))
		return NULL;
	dst = ip6_route_output(net, NULL, &flow);
	error = dst->error;
	if (!error)
		return dst;
	dst_release(dst);
	return ERR_PTR(error);
}

/* Return: a route out of a public netdev to the visitor, NULL if it is none, or an error. */
static struct dst_entry *route_to_visitor(struct krelay_device *kdev, struct net *net,
					  const struct krelay_forward *forward,
					  const struct sk_buff *skb, union nf_inet_addr *public)
{
	bool ipv4 = skb->protocol == htons(ETH_P_IP);
	struct dst_entry *dst;

	dst = ipv4 ? route4(net, forward, skb) : route6(net, forward, skb);
	if (IS_ERR_OR_NULL(dst))
		return dst;
	if (!krelay_publics_contain(kdev, dst->dev)) {
		dst_release(dst);
		return NULL;
	}
	*public = forward->public;
	if (forward->any_address &&
	    !krelay_publics_address(dst->dev, forward->family, public)) {
		dst_release(dst);
		return ERR_PTR(-EADDRNOTAVAIL);
	}
	return dst;
}

/* A peer's packet to a visitor, over a route which it owns. Consumes @skb. */
static void relay_back(struct krelay_device *kdev, struct krelay_forward *forward,
		       struct sk_buff *skb, struct subject *subject, struct dst_entry *dst,
		       const union nf_inet_addr *public)
{
	enum krelay_stat reason = KRELAY_STAT_BRIDGE_NO_MEMORY;
	unsigned int len = skb->len;

	skb->dev = kdev->dev;
	if (!fits(skb, dst_mtu(dst)) && !may_fragment(skb, dst_mtu(dst))) {
		answer(kdev, forward, KRELAY_FORWARDS_OUT, skb, KRELAY_STAT_BRIDGE_TOO_BIG,
		       dst_mtu(dst));
		goto out;
	}
	switch (krelay_rewrite_hop(skb)) {
	case 0:
		break;
	case -ETIME:
		answer(kdev, forward, KRELAY_FORWARDS_OUT, skb, KRELAY_STAT_BRIDGE_TTL, 0);
		goto out;
	default:
		goto drop;
	}
	if (krelay_rewrite_clamp_mss(skb, &subject->flow, READ_ONCE(kdev->dev->mtu)) ||
	    aim_outward(skb, subject, forward, public))
		goto drop;
	krelay_forwards_account(forward, KRELAY_FORWARDS_OUT, 1, len);
	output(dev_net(dst->dev), skb, dst);
	return;

drop:
	drop(kdev, forward, KRELAY_FORWARDS_OUT, skb, reason);
out:
	dst_release(dst);
}

/*
 * Would what is sent to where this reply will seem to come from take the same forward?
 * Else a peer would answer for another. That of a catch-all can do so for this host,
 * but for what is excepted: its sockets are not asked for each reply.
 */
static bool is_way_back(const struct krelay_forwards *table, const struct krelay_forward *forward,
			const struct subject *subject, const union nf_inet_addr *public)
{
	const struct krelay_flow *flow = subject->error ? &subject->quoted : &subject->flow;
	__be16 port = subject->error ? flow->dest_port : flow->source_port;

	return krelay_forwards_by_public(table, flow->family, flow->proto, public,
					 krelay_forwards_public_port(forward, port)) == forward;
}

bool krelay_bridge_reply(struct krelay_peer *peer, struct sk_buff *skb)
{
	struct krelay_device *kdev = peer->device;
	const struct krelay_forwards *table = rcu_dereference_bh(kdev->forwards);
	struct net *net = rcu_dereference_bh(kdev->transit);
	struct krelay_forward *forward;
	union nf_inet_addr public;
	struct subject subject;
	struct dst_entry *dst;

	if (!table || !net || read_subject(skb, &subject))
		return false;
	if (unlikely(subject.flow.fragment)) {
		if (krelay_host_owns(net, subject.flow.family, &subject.flow.dest))
			return false;
		if (!reassemble(kdev, net, skb))
			return true;
		if (read_subject(skb, &subject))
			return false;
	}
	forward = find_outward(table, peer, &subject);
	if (!forward || krelay_rewrite_parse(skb, &subject.flow))
		return false;
	dst = route_to_visitor(kdev, net, forward, skb, &public);
	if (!dst)
		return false;
	if (IS_ERR(dst)) {
		drop(kdev, forward, KRELAY_FORWARDS_OUT, skb, KRELAY_STAT_BRIDGE_NO_ROUTE);
		return true;
	}
	if (!is_way_back(table, forward, &subject, &public)) {
		dst_release(dst);
		return false;
	}
	relay_back(kdev, forward, skb, &subject, dst, &public);
	return true;
}

void krelay_bridge_set_forwards(struct krelay_device *kdev, struct krelay_forwards *table)
{
	struct krelay_forwards *old = rtnl_dereference(kdev->forwards);
	bool asked = krelay_forwards_catch_all(old);

	/* What the host has begun is known before the catch-all is seen. */
	if (krelay_forwards_catch_all(table) && !asked)
		krelay_host_ask();
	rcu_assign_pointer(kdev->forwards, table);
	if (asked && !krelay_forwards_catch_all(table))
		krelay_host_ask_no_more();
	krelay_forwards_free_rcu(old);
}
