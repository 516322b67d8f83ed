// SPDX-License-Identifier: GPL-2.0
#include "route.h"

#include <linux/netdevice.h>
#include <net/dst.h>

#include "krelay.h"

bool krelay_route_is_reply(const struct dst_entry *dst)
{
	return dst->input == krelay_route4_input || dst->input == krelay_route6_input;
}

bool krelay_route_admit(struct sk_buff *skb)
{
	struct net_device *dev = skb_dst(skb)->dev;

	/* The netdev went while the packet waited in a queue of user space. */
	if (unlikely(dev == blackhole_netdev)) {
		kfree_skb(skb);
		return false;
	}
	if (skb->pkt_type != PACKET_HOST || skb_cow(skb, LL_RESERVED_SPACE(dev))) {
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_NO_ROUTE);
		return false;
	}
	return true;
}

void krelay_route_drop(struct dst_entry *route)
{
	if (!route)
		return;
	/* Packets under way may still hold it: it lets go of the netdev now. */
	dst_dev_put(route);
	dst_release(route);
}
