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
struct nf_hook_state;
struct sk_buff;

/**
 * krelay_bridge_reply() - is this decrypted packet a reply to a visitor?
 * @peer: from which it came; its source is among the allowed IPs
 * @skb: validated; data begins at the network header
 *
 * Context: softirq, RCU. Return: true if it was, and @skb is consumed.
 */
bool krelay_bridge_reply(struct krelay_peer *peer, struct sk_buff *skb);

/* The hook on a public netdev. Context: softirq, RCU. */
unsigned int krelay_bridge_ingress(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state);

/* Publishes @table, which may be NULL, and frees the old one. Context: RTNL. */
void krelay_bridge_set_forwards(struct krelay_device *kdev, struct krelay_forwards *table);

#endif /* _KRELAY_BRIDGE_H */
