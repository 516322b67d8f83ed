/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The public side: visitors' packets from a public netdev to a peer, and the
 * peer's replies back. Stateless: each packet is judged by the port table alone.
 */
#ifndef _KRELAY_BRIDGE_H
#define _KRELAY_BRIDGE_H

#include <linux/types.h>

struct krelay_device;
struct krelay_forwards;
struct krelay_peer;
struct net_device;
struct sk_buff;

/**
 * krelay_bridge_reply() - is this decrypted packet a reply to a visitor?
 * @peer: from which it came; its source is among the allowed IPs
 * @skb: validated; data begins at the network header
 *
 * Context: softirq, RCU. Return: true if it was, and @skb is consumed.
 */
bool krelay_bridge_reply(struct krelay_peer *peer, struct sk_buff *skb);

/**
 * krelay_bridge_set_publics() - replace the list of public netdevs
 * @kdev: device
 * @names: names, valid and different
 * @count: how many, 0 allowed
 *
 * A netdev need not exist: its hook comes and goes with it.
 * Context: RTNL. Return: 0 or -ENOMEM, or what registering a hook returns;
 * after an error the old list stands.
 */
int krelay_bridge_set_publics(struct krelay_device *kdev, const char *const *names,
			      unsigned int count);

/* Calls @visit for each name until it returns non-zero. Context: RTNL. */
int krelay_bridge_visit_publics(struct krelay_device *kdev,
				int (*visit)(void *context, const char *name), void *context);

/* A netdev has come to or is leaving the namespace of @kdev's UDP socket. RTNL. */
void krelay_bridge_add_netdev(struct krelay_device *kdev, struct net_device *dev);
void krelay_bridge_remove_netdev(struct krelay_device *kdev, struct net_device *dev);

/* Publishes @table, which may be NULL, and frees the old one. Context: RTNL. */
void krelay_bridge_set_forwards(struct krelay_device *kdev, struct krelay_forwards *table);

#endif /* _KRELAY_BRIDGE_H */
