/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this host serves itself, and a catch-all therefore leaves alone.
 */
#ifndef _KRELAY_HOST_H
#define _KRELAY_HOST_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct krelay_flow;
struct net;
struct net_device;
struct sk_buff;

/**
 * krelay_host_serves() - does something on this host want this packet?
 * @net: namespace of @dev
 * @dev: netdev that it came in by
 * @skb: data begins at the network header, which is in the linear area
 * @flow: its flow
 *
 * TCP and UDP: a socket that is established, listening or bound. Other
 * protocols: the kernel has something that receives them. Any: conntrack knows
 * the connection, which then is this host's or that of somebody behind it,
 * since relayed packets are not tracked. ICMP errors are looked at for what they
 * quote.
 *
 * Context: softirq, RCU.
 */
bool krelay_host_serves(struct net *net, const struct net_device *dev, const struct sk_buff *skb,
			const struct krelay_flow *flow);

/**
 * krelay_host_owns() - is this address one of this host's?
 * @net: namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @addr: in network byte order
 *
 * Context: RCU.
 */
bool krelay_host_owns(struct net *net, u8 family, const union nf_inet_addr *addr);

/**
 * krelay_host_doubts() - is this source refused by rp_filter of its netdev?
 * @net: namespace of @dev
 * @dev: netdev that the packet came in by
 * @skb: an IPv4 packet, which routing has not seen
 *
 * Only strict mode (1) is looked at: that there is no way back at all, which is what
 * loose mode asks, cannot be of somebody to whom we have just sent.
 *
 * Context: RCU.
 */
bool krelay_host_doubts(struct net *net, const struct net_device *dev, const struct sk_buff *skb);

/*
 * Between these two krelay_host_serves() asks conntrack, too, from the moment on
 * at which it is loaded. Context: process, may sleep.
 */
void krelay_host_ask(void);
void krelay_host_ask_no_more(void);

int krelay_host_init(void);
void krelay_host_exit(void);

#endif /* _KRELAY_HOST_H */
