// SPDX-License-Identifier: GPL-2.0
#include "guard.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/igmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/mld.h>
#include <net/ndisc.h>
#include <net/netfilter/nf_conntrack.h>

#include "conntrack.h"
#include "origin.h"
#include "peer.h"
#include "rewrite.h"

enum {
	/* IANA, "ICMP type numbers" and "ICMPv6 parameters", where no header has them. */
	ICMP_ROUTER_ADVERTISEMENT = 9,
	ICMP_ROUTER_SOLICITATION = 10,
	ICMPV6_MLD_FIRST = 130,
	ICMPV6_NDP_LAST = 137,
	ICMPV6_INVERSE_NDP_FIRST = 141,
	ICMPV6_MLD2_REPORT_LAST = 143,
	ICMPV6_SEND_FIRST = 148,
	ICMPV6_SEND_LAST = 149,
	ICMPV6_MRD_FIRST = 151,
	ICMPV6_MRD_LAST = 153,
};

/* @own: the address is one of the device. */
static bool is_for(const struct krelay_accept *accept, u8 family,
		   const union nf_inet_addr *address, bool own)
{
	if (accept->family == NFPROTO_UNSPEC)
		return own;
	return accept->family == family && nf_inet_addr_cmp(&accept->address, address);
}

static bool is_listed(const struct krelay_accepts *accepts, const struct krelay_flow *flow,
		      bool own, u8 proto, u16 port)
{
	unsigned int i;

	for (i = 0; i < accepts->count; i++) {
		const struct krelay_accept *accept = &accepts->list[i];

		if (accept->proto == proto && port >= accept->port_first &&
		    port <= accept->port_last && is_for(accept, flow->family, &flow->dest, own))
			return true;
	}
	return false;
}

/* Another host, something of which is offered. */
static bool is_offered(const struct krelay_accepts *accepts, const struct krelay_flow *flow)
{
	unsigned int i;

	for (i = 0; accepts && i < accepts->count; i++)
		if (is_for(&accepts->list[i], flow->family, &flow->dest, false))
			return true;
	return false;
}

/* Home has begun this itself. */
static bool is_answer(struct net *net, const struct sk_buff *skb, const struct krelay_flow *flow)
{
	struct nf_conntrack_tuple tuple;
	struct nf_conn *ct;
	bool reply;

	if (!krelay_conntrack_read(net, skb, 0, flow->family, &tuple))
		return false;
	ct = krelay_conntrack_find(net, &tuple, &reply);
	if (!ct)
		return false;
	nf_conntrack_put(&ct->ct_general);
	return reply;
}

/* Return: the type of an ICMP message, or -1 if it is none or a piece without it. */
static int icmp_type(const struct sk_buff *skb, const struct krelay_flow *flow)
{
	u8 proto = flow->family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	u8 buffer;
	u8 *type;

	if (flow->proto != proto || !flow->first)
		return -1;
	type = skb_header_pointer(skb, flow->l4_offset, sizeof(buffer), &buffer);
	return type ? *type : -1;
}

static bool is_error(const struct krelay_flow *flow, int type)
{
	if (type < 0)
		return false;
	if (flow->family == NFPROTO_IPV6)
		return !(type & ICMPV6_INFOMSG_MASK);
	return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

/*
 * What hosts and routers of one link tell each other. Nobody on the other side
 * of a bridge has a say in the routes, neighbours and groups of this host.
 */
static bool is_control(const struct krelay_flow *flow, int type)
{
	if (flow->family == NFPROTO_IPV4)
		return flow->proto == IPPROTO_IGMP || type == ICMP_REDIRECT ||
		       type == ICMP_ROUTER_ADVERTISEMENT || type == ICMP_ROUTER_SOLICITATION;
	return (type >= ICMPV6_MLD_FIRST && type <= ICMPV6_NDP_LAST) ||
	       (type >= ICMPV6_INVERSE_NDP_FIRST && type <= ICMPV6_MLD2_REPORT_LAST) ||
	       (type >= ICMPV6_SEND_FIRST && type <= ICMPV6_SEND_LAST) ||
	       (type >= ICMPV6_MRD_FIRST && type <= ICMPV6_MRD_LAST);
}

/* Is the packet about which an error tells a reply of what is listed, or home's own? */
static bool is_error_accepted(struct net *net, const struct sk_buff *skb,
			      const struct krelay_flow *flow,
			      const struct krelay_accepts *accepts, bool own)
{
	struct nf_conntrack_tuple quoted;
	struct nf_conn *ct;
	bool reply;

	/* Both families' errors have eight bytes before the packet. */
	if (!krelay_conntrack_read(net, skb, flow->l4_offset + sizeof(struct icmphdr),
				   flow->family, &quoted) ||
	    !nf_inet_addr_cmp(&quoted.src.u3, &flow->dest))
		return false;
	if (is_listed(accepts, flow, own, quoted.dst.protonum, ntohs(quoted.src.u.all)))
		return true;
	if (!own)
		return false;
	ct = krelay_conntrack_find(net, &quoted, &reply);
	if (!ct)
		return false;
	nf_conntrack_put(&ct->ct_general);
	return !reply;
}

static bool is_accepted(struct krelay_peer *peer, const struct sk_buff *skb,
			const struct krelay_flow *flow, const struct krelay_accepts *accepts,
			bool own, int type)
{
	struct net *net = dev_net(peer->device->dev);

	if (!accepts || !accepts->count)
		return true;
	/* Only the first piece knows the port; without it the others are worth nothing. */
	if (!flow->first)
		return true;
	if (is_listed(accepts, flow, own, flow->proto, ntohs(flow->dest_port)))
		return true;
	if (is_error(flow, type))
		return is_error_accepted(net, skb, flow, accepts, own);
	return own && is_answer(net, skb, flow);
}

/*
 * RFC 5095. Also at the end of its way: of the last segment (RFC 8986 section 4.6) the
 * host goes on with a packet inside, which nobody has judged.
 */
static bool is_source_routed6(const struct sk_buff *skb)
{
	unsigned int offset = 0;

	return ipv6_find_hdr(skb, &offset, NEXTHDR_ROUTING, NULL, NULL) >= 0;
}

enum krelay_stat krelay_guard_judge(struct krelay_peer *peer, struct sk_buff *skb)
{
	const struct krelay_accepts *accepts = rcu_dereference_bh(peer->accepts);
	bool ipv4 = skb->protocol == htons(ETH_P_IP);
	struct krelay_device *kdev = peer->device;
	struct krelay_flow flow;
	bool own;
	int type;

	/* The host has no routes to tell visitors from others. */
	if (!ipv4 && !ipv6_mod_enabled())
		return KRELAY_STAT_RX_NOT_ACCEPTED;
	if (ipv4 ? krelay_rewrite_source_routed(skb) : is_source_routed6(skb))
		return KRELAY_STAT_RX_SOURCE_ROUTE;
	if (krelay_rewrite_parse(skb, &flow))
		return KRELAY_STAT_RX_MALFORMED;
	if (!(ipv4 ? krelay_origin4_is_visitor(peer, flow.source.ip) :
		     krelay_origin6_is_visitor(peer, &flow.source.in6)))
		return KRELAY_STAT_RX_SPOOFED;
	own = ipv4 ? krelay_origin4_is_own(kdev, flow.dest.ip) :
		     krelay_origin6_is_own(kdev, &flow.dest.in6);
	if (!own && !is_offered(accepts, &flow))
		return KRELAY_STAT_RX_NOT_ACCEPTED;
	type = icmp_type(skb, &flow);
	if (is_control(&flow, type))
		return KRELAY_STAT_RX_CONTROL;
	if (!is_accepted(peer, skb, &flow, accepts, own, type))
		return KRELAY_STAT_RX_NOT_ACCEPTED;
	return KRELAY_STAT_UNSPEC;
}
