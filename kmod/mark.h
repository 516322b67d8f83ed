/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which bridge a connection came by: each bridge has a number in its namespace,
 * which stands in the connection mark, in the bits of the mask alone.
 */
#ifndef _KRELAY_MARK_H
#define _KRELAY_MARK_H

#include <linux/types.h>

struct krelay_device;
struct krelay_peer;
struct net;
struct nf_conn;
struct sk_buff;

/* @mask: contiguous, at least two bits, else -EINVAL. Other errors are those of registering. */
int krelay_mark_init(u32 mask);
void krelay_mark_exit(void);

/* The bits that are ours, in one piece. */
u32 krelay_mark_mask(void);

/* The mark of @peer's connections, under the mask; 0 for none. */
u32 krelay_mark_of(const struct krelay_peer *peer);

/**
 * krelay_mark_take() - give a bridge its number, peer->mark
 * @peer: has none yet
 *
 * It is made of the peer's key, so that connections go on after a restart.
 * Context: RTNL. Return: 0, -ENOMEM, or -ENOSPC when the mask has no number left.
 */
int krelay_mark_take(struct krelay_peer *peer);

/* Takes it away. Readers may still hold @peer until a grace period is over. Context: RTNL. */
void krelay_mark_release(struct krelay_peer *peer);

/* The bridge of that number, or NULL. Context: RCU or RTNL. */
struct krelay_peer *krelay_mark_peer(const struct net *net, u32 number);

/* The first bridge whose number is @number or above, which is then set to it, or NULL.
 * Context: RCU or RTNL.
 */
struct krelay_peer *krelay_mark_next(const struct net *net, unsigned long *number);

/* The bridge of a device that has no other, or NULL. Context: RCU or RTNL. */
struct krelay_peer *krelay_mark_only(const struct krelay_device *kdev);

/* The number in the mark of @ct, 0 for none. */
u32 krelay_mark_read(const struct nf_conn *ct);
void krelay_mark_write(struct nf_conn *ct, u32 number);

/* The connection that @skb is a reply of, if it came by a bridge, or NULL. */
struct nf_conn *krelay_mark_answered(const struct sk_buff *skb);

#endif /* _KRELAY_MARK_H */
