// SPDX-License-Identifier: GPL-2.0
#include <linux/netfilter_ipv4.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/route.h>

#include "compat/compat.h"
#include "krelay.h"
#include "route.h"

static int finish_forward(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	return dst_output(net, sk, skb);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (!(ip_hdr(skb)->frag_off & htons(IP_DF)))
		return true;
	/* What conntrack has put together of pieces that must not be cut. */
	if (skb->ignore_df)
		return skb->len <= mtu || IPCB(skb)->frag_max_size <= mtu;
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu;
}

int krelay_route4_forward(struct net *net, struct sk_buff *skb, struct net_device *in)
{
	struct net_device *dev = skb_dst(skb)->dev;
	unsigned int mtu = READ_ONCE(dev->mtu);

	if (!fits(skb, mtu)) {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TOO_BIG);
		return NET_RX_DROP;
	}
	return NF_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, net, NULL, skb, in, dev, finish_forward);
}

int krelay_route4_input(struct sk_buff *skb)
{
	struct net_device *dev = skb_dst(skb)->dev;

	if (!krelay_route_admit(skb))
		return NET_RX_DROP;
	if (ip_hdr(skb)->ttl <= 1) {
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TTL);
		return NET_RX_DROP;
	}
	skb_forward_csum(skb);
	/* A recorded route or time is in there already. */
	if (IPCB(skb)->opt.is_changed)
		ip_send_check(ip_hdr(skb));
	ip_decrease_ttl(ip_hdr(skb));
	return krelay_route4_forward(dev_net(dev), skb, skb->dev);
}

struct dst_entry *krelay_route4_make(struct krelay_device *kdev)
{
	struct rtable *rt = rt_dst_alloc(kdev->dev, 0, RTN_UNICAST, true);

	if (!rt)
		return NULL;
	rt->dst.input = krelay_route4_input;
	return &rt->dst;
}
