// SPDX-License-Identifier: GPL-2.0
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "compat/compat.h"
#include "krelay.h"
#include "route.h"

static int finish_forward(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IP6CB(skb)->flags |= IP6SKB_FORWARDED;
	return dst_output(net, sk, skb);
}

/* A router cuts nothing but what conntrack has put together before (RFC 8200 section 5). */
static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb->len <= mtu)
		return true;
	if (IP6CB(skb)->frag_max_size)
		return IP6CB(skb)->frag_max_size <= mtu;
	return skb->ignore_df || (skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu));
}

int krelay_route6_forward(struct net *net, struct sk_buff *skb, struct net_device *in)
{
	struct net_device *dev = skb_dst(skb)->dev;
	unsigned int mtu = READ_ONCE(dev->mtu);

	if (!fits(skb, mtu)) {
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TOO_BIG);
		return NET_RX_DROP;
	}
	return NF_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, net, NULL, skb, in, dev, finish_forward);
}

int krelay_route6_input(struct sk_buff *skb)
{
	struct net_device *dev = skb_dst(skb)->dev;

	if (!krelay_route_admit(skb))
		return NET_RX_DROP;
	if (ipv6_hdr(skb)->hop_limit <= 1) {
		icmpv6_send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TTL);
		return NET_RX_DROP;
	}
	skb_forward_csum(skb);
	ipv6_hdr(skb)->hop_limit--;
	return krelay_route6_forward(dev_net(dev), skb, skb->dev);
}

struct dst_entry *krelay_route6_make(struct krelay_device *kdev)
{
	struct inet6_dev *in6_dev = in6_dev_get(kdev->dev);
	struct rt6_info *rt;

	if (!in6_dev)
		return NULL;
	rt = ip6_dst_alloc(dev_net(kdev->dev), kdev->dev, 0);
	if (!rt) {
		in6_dev_put(in6_dev);
		return NULL;
	}
	rt->rt6i_idev = in6_dev;
	/* The unspecified address as next hop: one neighbour stands for all visitors. */
	rt->rt6i_flags = RTF_UP | RTF_GATEWAY;
	rt->dst.input = krelay_route6_input;
	rt->dst.output = ip6_output;
	return &rt->dst;
}
