// SPDX-License-Identifier: GPL-2.0
#include "netlink_forward_answer.h"

#include <linux/krelay.h>
#include <net/netlink.h>

#include "buckets.h"
#include "forwards.h"
#include "peer.h"
#include "sources.h"

static int put_excepts(struct sk_buff *skb, const struct krelay_forward *forward)
{
	const struct krelay_except *except = forward->excepts;
	struct nlattr *nest, *one;
	unsigned int i;

	if (!forward->num_excepts)
		return 0;
	nest = nla_nest_start(skb, KRELAY_FORWARD_A_EXCEPTS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < forward->num_excepts; i++, except++) {
		one = nla_nest_start(skb, KRELAY_FORWARD_A_EXCEPT);
		if (!one || nla_put_u8(skb, KRELAY_EXCEPT_A_PROTO, except->proto) ||
		    (except->port_first &&
		     (nla_put_u16(skb, KRELAY_EXCEPT_A_PORT_FIRST, except->port_first) ||
		      nla_put_u16(skb, KRELAY_EXCEPT_A_PORT_LAST, except->port_last))))
			return -EMSGSIZE;
		nla_nest_end(skb, one);
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_limit(struct sk_buff *skb, enum krelay_forward_attr type,
		     const struct krelay_rate *rate)
{
	struct nlattr *nest;

	if (krelay_rate_is_none(rate))
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest ||
	    (rate->packets && nla_put_u32(skb, KRELAY_LIMIT_A_PACKETS, rate->packets)) ||
	    (rate->bytes && nla_put_u64_64bit(skb, KRELAY_LIMIT_A_BYTES, rate->bytes,
					      KRELAY_LIMIT_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_drops(struct sk_buff *skb, enum krelay_forward_attr type,
		     const struct krelay_forward_totals *totals)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < KRELAY_FORWARDS_DROPS; i++)
		if (totals->drops[i] &&
		    nla_put_u64_64bit(skb, KRELAY_FORWARDS_FIRST_DROP + i, totals->drops[i],
				      KRELAY_STAT_UNSPEC))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_count(struct sk_buff *skb, const struct krelay_forward *forward,
		     enum krelay_forwards_direction direction, enum krelay_forward_attr packets,
		     enum krelay_forward_attr bytes, enum krelay_forward_attr drops)
{
	struct krelay_forward_totals totals;

	krelay_forwards_totals(forward, direction, &totals);
	if (nla_put_u64_64bit(skb, packets, totals.packets, KRELAY_FORWARD_A_PAD) ||
	    nla_put_u64_64bit(skb, bytes, totals.bytes, KRELAY_FORWARD_A_PAD))
		return -EMSGSIZE;
	return put_drops(skb, drops, &totals);
}

int krelay_netlink_forward_put(struct sk_buff *skb, const struct krelay_forward *forward)
{
	const bool ipv6 = forward->family == NFPROTO_IPV6;
	const unsigned int len = ipv6 ? KRELAY_CIDR_IPV6 : KRELAY_CIDR_IPV4;
	struct nlattr *nest = nla_nest_start(skb, KRELAY_A_FORWARD);

	if (!nest ||
	    nla_put(skb, KRELAY_FORWARD_A_PEER, KRELAY_KEY_LEN, forward->peer->public_key) ||
	    nla_put_u8(skb, KRELAY_FORWARD_A_FAMILY, ipv6 ? AF_INET6 : AF_INET) ||
	    nla_put_u8(skb, KRELAY_FORWARD_A_PROTO, forward->proto) ||
	    (!forward->any_address &&
	     nla_put(skb, KRELAY_FORWARD_A_PUBLIC_ADDRESS, len, &forward->public)) ||
	    (!forward->whole &&
	     (nla_put_u16(skb, KRELAY_FORWARD_A_PORT_FIRST, forward->port_first) ||
	      nla_put_u16(skb, KRELAY_FORWARD_A_PORT_LAST, forward->port_last) ||
	      nla_put_u16(skb, KRELAY_FORWARD_A_TARGET_PORT, forward->target_first))) ||
	    nla_put(skb, KRELAY_FORWARD_A_TARGET_ADDRESS, len, &forward->target) ||
	    (forward->sources &&
	     nla_put_u32(skb, KRELAY_FORWARD_A_SOURCES, forward->sources->id)) ||
	    put_excepts(skb, forward) ||
	    put_limit(skb, KRELAY_FORWARD_A_LIMIT, &forward->limit) ||
	    put_limit(skb, KRELAY_FORWARD_A_SOURCE_LIMIT, &forward->source_limit) ||
	    put_count(skb, forward, KRELAY_FORWARDS_IN, KRELAY_FORWARD_A_IN_PACKETS,
		      KRELAY_FORWARD_A_IN_BYTES, KRELAY_FORWARD_A_IN_DROPS) ||
	    put_count(skb, forward, KRELAY_FORWARDS_OUT, KRELAY_FORWARD_A_OUT_PACKETS,
		      KRELAY_FORWARD_A_OUT_BYTES, KRELAY_FORWARD_A_OUT_DROPS))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
