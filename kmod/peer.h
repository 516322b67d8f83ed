/* SPDX-License-Identifier: GPL-2.0 */
/* A peer's life and death. */
#ifndef _KRELAY_PEER_H
#define _KRELAY_PEER_H

#include <linux/in.h>
#include <linux/in6.h>
#include <net/dst_cache.h>

#include "krelay.h"
#include "timers.h"

/**
 * struct krelay_endpoint_key - where a peer is
 * @addr4: its address if IPv4
 * @addr6: its address if IPv6
 * @source4: our address that it sends to; 0 for any
 * @source6: the same for IPv6
 *
 * Compared as bytes: padding is zero.
 */
struct krelay_endpoint_key {
	union {
		struct sockaddr addr;
		struct sockaddr_in addr4;
		struct sockaddr_in6 addr6;
	};
	union {
		__be32 source4;
		struct in6_addr source6;
	};
};

/**
 * struct krelay_endpoint - a peer's endpoint with its route
 * @key: never changes: a new endpoint is a new object, so that no route of
 *	another one can ever stand in @cache
 * @ifindex: of the netdev at which its datagram came in that brought @key; 0
 *	if none did
 * @cache: route, for each CPU
 * @rcu: for freeing
 *
 * Owned by the peer, read under RCU.
 */
struct krelay_endpoint {
	struct krelay_endpoint_key key;
	int ifindex;
	struct dst_cache cache;
	struct rcu_head rcu;
};

/**
 * struct krelay_sockets - a port of its own to one peer
 * @sock4: outer socket
 * @sock6: the same for IPv6, NULL where the kernel has none
 * @next: while they are closed together
 *
 * Owned by the peer, read under RCU.
 */
struct krelay_sockets {
	struct sock *sock4;
	struct sock *sock6;
	struct krelay_sockets *next;
};

/**
 * struct krelay_accept - what home lets in from a bridge
 * @proto: IPPROTO_*
 * @family: of @address; NFPROTO_UNSPEC stands for every address of the device
 * @port_first: first destination port, 0 for every one; host byte order
 * @port_last: last destination port
 * @address: destination
 */
struct krelay_accept {
	u8 proto;
	u8 family;
	u16 port_first;
	u16 port_last;
	union nf_inet_addr address;
};

/* Immutable, replaced as a whole under RCU. None is: everything. */
struct krelay_accepts {
	struct rcu_head rcu;
	unsigned int count;
	struct krelay_accept list[];
};

struct krelay_peer_stats {
	u64_stats_t rx_bytes;
	u64_stats_t tx_bytes;
	struct u64_stats_sync syncp;
};

/**
 * struct krelay_peer - a peer
 * @device: whose it is
 * @node: in @device->peers_by_key
 * @list: in @device->peers; RTNL
 * @public_key: names it; constant
 * @name: what its owner calls it, may be empty; RTNL
 * @allowed: its allowed IPs; RTNL
 * @dead: set once, under the handshake lock, before the last grace period
 * @handshake: guarded by @device->handshake_lock
 * @cookie: the same
 * @keypairs: sessions
 * @endpoint: where it is, NULL if not known; RCU, changed under @endpoint_lock
 * @endpoint_lock: see @endpoint; taken with BH off
 * @sockets: what it was moved to, NULL for those of @device. While the device
 *	is up only; RCU, changed under RTNL
 * @located: its owner has said where it is; RTNL
 * @staged: packets that wait for a session
 * @timers: timers, works and what they count
 * @stats: bytes, for each CPU
 * @bridge: visitors come through it; RTNL, read without
 * @mark: number in the connection mark, 0 for none; RTNL, read under RCU
 * @accepts: what it may reach here; RCU, changed under RTNL
 * @from_bridge: stands as dst on received packets and names @mark
 *
 * Owned by its device. Packets hold it under RCU only, since they are run to
 * completion; works and timers hold it until krelay_peer_remove() has waited
 * for them; the handshake work holds it under the handshake lock.
 */
struct krelay_peer {
	struct krelay_device *device;
	struct rhash_head node;
	struct list_head list;
	u8 public_key[KRELAY_KEY_SIZE];
	char name[KRELAY_NAME_LEN];
	struct krelay_cidr_owner allowed;
	bool dead;
	struct krelay_noise_handshake handshake;
	struct krelay_cookie cookie;
	struct krelay_keypairs keypairs;
	struct krelay_endpoint __rcu *endpoint;
	spinlock_t endpoint_lock; /* see above */
	struct krelay_sockets __rcu *sockets;
	bool located;
	struct sk_buff_head staged;
	struct krelay_timers timers;
	struct krelay_peer_stats __percpu *stats;
	bool bridge;
	u32 mark;
	struct krelay_accepts __rcu *accepts;
	struct metadata_dst *from_bridge;
};

int krelay_peer_init_table(struct krelay_device *kdev);

/**
 * krelay_peer_create() - add a peer
 * @kdev: its device
 * @public_key: not the device's own and of no other peer
 * @preshared: its preshared key, NULL for none
 * @init_works: gives the work items of @timers their functions
 *
 * Context: RTNL. Return: the peer, already found by others, or NULL.
 */
struct krelay_peer *krelay_peer_create(struct krelay_device *kdev,
				       const u8 public_key[KRELAY_KEY_SIZE],
				       const u8 *preshared,
				       void (*init_works)(struct krelay_timers_works *works));

/* Context: RTNL or RCU. */
struct krelay_peer *krelay_peer_find(struct krelay_device *kdev,
				     const u8 public_key[KRELAY_KEY_SIZE]);

/**
 * krelay_peer_remove() - take peers out of the world and free them
 * @peers: list of peers, taken off their device's list by the caller
 *
 * Nothing above may hold them any more but under RCU or the handshake lock.
 * Waits for one grace period for all of them. Context: RTNL; may sleep.
 */
void krelay_peer_remove(struct list_head *peers);

/* Ends sessions and handshake and drops what is staged. Context: RTNL. */
void krelay_peer_stop(struct krelay_peer *peer);

/* Ends sessions and handshake. Context: handshake lock. */
void krelay_peer_forget(struct krelay_peer *peer);

/**
 * krelay_peer_make_endpoint() - an endpoint without a route, of nobody yet
 * @key: where it is
 * @ifindex: of the netdev by which its datagram came, 0 for none
 * @gfp: how to allocate
 *
 * Return: it, or NULL without memory.
 */
struct krelay_endpoint *krelay_peer_make_endpoint(const struct krelay_endpoint_key *key,
						  int ifindex, gfp_t gfp);

/* Of one that was never given to a peer; may be NULL. */
void krelay_peer_free_endpoint(struct krelay_endpoint *endpoint);

/* Gives @endpoint to @peer; NULL takes away what it has. Context: any, BH or not. */
void krelay_peer_put_endpoint(struct krelay_peer *peer, struct krelay_endpoint *endpoint);

/*
 * Makes and gives at once. A @key of NULL takes the endpoint away.
 * Return: 0 or -ENOMEM. Context: any, BH or not.
 */
int krelay_peer_set_endpoint(struct krelay_peer *peer, const struct krelay_endpoint_key *key,
			     int ifindex, gfp_t gfp);

/*
 * Routes to the endpoint are looked up anew, and our own address with them.
 * Context: any but hard interrupts.
 */
void krelay_peer_reset_route(struct krelay_peer *peer);

/* Drops what waits for a session, and counts it. */
void krelay_peer_purge_staged(struct krelay_peer *peer);

void krelay_peer_account_rx(struct krelay_peer *peer, unsigned int bytes);
void krelay_peer_account_tx(struct krelay_peer *peer, unsigned int bytes);
void krelay_peer_totals(const struct krelay_peer *peer, u64 *rx_bytes, u64 *tx_bytes);

#endif /* _KRELAY_PEER_H */
