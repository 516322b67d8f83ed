/* SPDX-License-Identifier: GPL-2.0 */
/* The device object that the rooms share. */
#ifndef _KRELAY_KRELAY_H
#define _KRELAY_KRELAY_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/gro_cells.h>

#include "budget.h"
#include "cidr.h"
#include "cookie.h"
#include "limit.h"
#include "noise.h"
#include "stats.h"

struct krelay_device;
struct krelay_forwards;

/* Takes a datagram whose data begins behind the UDP header; consumes it. */
typedef void (*krelay_receive_t)(struct krelay_device *kdev, struct sk_buff *skb);

/**
 * struct krelay_device - private part of a krelay netdev
 * @dev: the netdev; it owns this object
 * @list: in the list of all devices; RTNL
 * @transit: namespace of the UDP socket and the public netdevs. Not counted:
 *	NULL from the moment on at which that namespace goes away. RCU, RTNL
 * @sock4: outer socket, open while the netdev is up; RCU, RTNL
 * @sock6: the same for IPv6; NULL also where the kernel has no IPv6
 * @receive: what the sockets' datagrams are given to
 * @ingress: the hook on public netdevs
 * @port: UDP port of both, host byte order, 0 for any; RTNL
 * @port_fixed: its owner has named it; RTNL, read without
 * @fwmark: mark of outer packets; RTNL, read without
 * @handshake_lock: guards @identity, @checker and every peer's handshake and
 *	cookie; held over a whole message, so that no state changes in between
 * @identity: own key pair
 * @checker: macs and cookies
 * @indices: receiver indices; changed under @handshake_lock or a peer's
 *	keypairs lock, read under RCU
 * @peers_by_key: peers by public key; changed under RTNL, read under RCU
 * @generation: counts changes of peers and forwards, for dumps; RTNL
 * @peers: all peers; RTNL
 * @num_peers: their number; RTNL
 * @allowed: allowed IPs; changed under RTNL, read under RCU
 * @workqueue: ordered; all that computes handshakes
 * @handshake_work: takes @handshakes off
 * @handshakes: messages that were found worth computing
 * @unproven: what handshakes may take whose senders have not shown to receive
 *	where they send from; beyond that we are under load
 * @proven: what those that have shown it may take under load
 * @awaited: what may take what answers us: responses and cookies
 * @cookies: what asking for cookies may take
 * @sources: what each of them may take
 * @asleep: about to be suspended, or just woken up: no session may begin;
 *	guarded by @handshake_lock
 * @forwards: port table; RCU, changed under RTNL
 * @publics: struct krelay_public; RTNL
 * @reply_route4: route of replies through this netdev, made while a bridge
 *	peer exists; RCU, changed under RTNL
 * @reply_route6: the same for IPv6; NULL also where the netdev has no IPv6
 * @gro_cells: hand-over of decrypted packets to the stack
 * @stats: counters
 */
struct krelay_device {
	struct net_device *dev;
	struct list_head list;
	struct net __rcu *transit;
	struct sock __rcu *sock4;
	struct sock __rcu *sock6;
	krelay_receive_t receive;
	nf_hookfn *ingress;
	u16 port;
	bool port_fixed;
	u32 fwmark;
	struct mutex handshake_lock; /* see above */
	struct krelay_noise_identity identity;
	struct krelay_cookie_checker checker;
	struct rhashtable indices;
	struct rhashtable peers_by_key;
	unsigned int generation;
	struct list_head peers;
	unsigned int num_peers;
	struct krelay_cidr allowed;
	struct workqueue_struct *workqueue;
	struct work_struct handshake_work;
	struct sk_buff_head handshakes;
	struct krelay_budget unproven;
	struct krelay_budget proven;
	struct krelay_budget awaited;
	struct krelay_budget cookies;
	struct krelay_limit *sources;
	bool asleep;
	struct krelay_forwards __rcu *forwards;
	struct list_head publics;
	struct dst_entry __rcu *reply_route4;
	struct dst_entry __rcu *reply_route6;
	struct gro_cells gro_cells;
	struct krelay_stats __percpu *stats;
};

static inline void krelay_count(struct krelay_device *kdev, enum krelay_stat which)
{
	krelay_stats_inc(kdev->stats, which);
}

/* Every packet that is given up leaves through here, under its reason's name. */
static inline void krelay_drop(struct krelay_device *kdev, struct sk_buff *skb,
			       enum krelay_stat reason)
{
	krelay_stats_inc(kdev->stats, reason);
	kfree_skb(skb);
}

#endif /* _KRELAY_KRELAY_H */
