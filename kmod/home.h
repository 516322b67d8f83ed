/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reply side: what comes in through a bridge is checked and remembered by
 * its connection mark; replies are recognised by that mark and led back through
 * the very bridge, without any rule or routing table.
 */
#ifndef _KRELAY_HOME_H
#define _KRELAY_HOME_H

#include <linux/types.h>

struct krelay_device;
struct krelay_peer;
struct net;
struct sk_buff;

/**
 * krelay_home_init() - prepare all namespaces
 * @mask: bits of the connection mark that are ours; contiguous, at least two
 *
 * Return: 0, -EINVAL for a mask that is not, or that of registering.
 */
int krelay_home_init(u32 mask);
void krelay_home_exit(void);

/* The mask, for those who ask. */
u32 krelay_home_mask(void);

/* Loads what attaching needs. Context: process, no locks, never RTNL. */
void krelay_home_prepare(void);

/**
 * krelay_home_attach() - make a peer a bridge in the device's namespace
 * @peer: not attached yet
 *
 * Context: RTNL; may sleep. Return: 0, -ENOMEM, -ENOSPC when the mask has no
 * number left, -EOPNOTSUPP without conntrack, or that of registering hooks.
 */
int krelay_home_attach(struct krelay_peer *peer);

/* Undoes it, if it was done. Waits for a grace period. Context: RTNL. */
void krelay_home_detach(struct krelay_peer *peer);

/* The connection mark of @peer's connections, under the mask; 0 for none. */
u32 krelay_home_mark(const struct krelay_peer *peer);

/**
 * krelay_home_admit() - may this packet come in from a bridge?
 * @peer: the bridge
 * @skb: decrypted, validated; if admitted it carries the bridge's number to
 *	the hooks
 * @own: its source is among the peer's allowed IPs, so it is the bridge's own
 *
 * Context: softirq, RCU. Does not consume @skb.
 */
bool krelay_home_admit(struct krelay_peer *peer, struct sk_buff *skb, bool own);

/* The bridge to which @skb is a reply, or NULL. Context: RCU. */
struct krelay_peer *krelay_home_bridge_of(struct krelay_device *kdev, struct sk_buff *skb);

#endif /* _KRELAY_HOME_H */
