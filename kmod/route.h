/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The route of replies through a device, which stands in no table: to every
 * destination, through the tunnel. It is put on packets by hand.
 *
 * Owned by the device; packets under way hold references. When it is dropped it
 * lets go of the netdev at once, and what still carries it is thrown away.
 */
#ifndef _KRELAY_ROUTE_H
#define _KRELAY_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct krelay_device;
struct net;
struct net_device;
struct sk_buff;

/* Return: a route with one reference, or NULL without memory. Context: RTNL. */
struct dst_entry *krelay_route4_make(struct krelay_device *kdev);

/* The same for IPv6. NULL also for a netdev that has no IPv6, as one whose MTU is below 1280. */
struct dst_entry *krelay_route6_make(struct krelay_device *kdev);

/* Drops the device's reference; NULL is fine. No reader may be left. */
void krelay_route_drop(struct dst_entry *route);

/*
 * May a packet that came in by such a route be sent on, with room for a link
 * header? If not it is consumed. Context: softirq, RCU.
 */
bool krelay_route_admit(struct sk_buff *skb);

/* Is it such a route of any device? */
bool krelay_route_is_reply(const struct dst_entry *dst);

/**
 * krelay_route4_forward() - send a packet on as a router does
 * @net: namespace of @in
 * @skb: it carries the route, and its time to live has been counted; consumed
 * @in: netdev by which it came
 *
 * Through FORWARD and POSTROUTING, where NAT is undone. What is too big is
 * refused before that, while the packet still names its sender.
 * Context: softirq, RCU. Return: as dst_input().
 */
int krelay_route4_forward(struct net *net, struct sk_buff *skb, struct net_device *in);
int krelay_route6_forward(struct net *net, struct sk_buff *skb, struct net_device *in);

/* dst.input of the routes, for replies of containers and LAN hosts; consumes @skb. */
int krelay_route4_input(struct sk_buff *skb);
int krelay_route6_input(struct sk_buff *skb);

#endif /* _KRELAY_ROUTE_H */
