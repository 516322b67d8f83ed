/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reply side: what comes in through a bridge is checked and remembered by
 * its connection mark; replies are recognised by that mark and led back through
 * the very bridge, without any rule or routing table.
 */
#ifndef _KRELAY_HOME_H
#define _KRELAY_HOME_H

#include <linux/krelay.h>

struct krelay_device;
struct krelay_peer;
struct sk_buff;

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

/*
 * What the netdev is to the stack may have changed: brings the routes of replies
 * up to date, if there are any. Context: RTNL; may sleep.
 */
void krelay_home_refresh(struct krelay_device *kdev);

/**
 * krelay_home_admit() - may this packet come in from a bridge?
 * @peer: the bridge
 * @skb: decrypted, validated; if admitted it carries the bridge's number to
 *	the hooks
 *
 * Context: softirq, RCU. Does not consume @skb.
 * Return: KRELAY_STAT_UNSPEC if it may, otherwise what to count it as.
 */
enum krelay_stat krelay_home_admit(struct krelay_peer *peer, struct sk_buff *skb);

/* The bridge to which @skb is a reply, or NULL. Context: RCU. */
struct krelay_peer *krelay_home_bridge_of(struct krelay_device *kdev, struct sk_buff *skb);

#endif /* _KRELAY_HOME_H */
