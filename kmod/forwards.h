/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forwards and the table that finds them by port.
 *
 * A table is immutable: its owner builds a new one for every change, publishes
 * it through RCU and frees the old one. Forwards live on from table to table
 * by reference count, and with them their counters.
 */
#ifndef _KRELAY_FORWARDS_H
#define _KRELAY_FORWARDS_H

#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <linux/krelay.h>

#include "buckets.h"
#include "sources.h"

struct krelay_forwards;
struct krelay_peer;

enum krelay_forwards_limit {
	/* Slots of the port map are u16: index plus one, and 0 is "none". */
	KRELAY_FORWARDS_MAX = 65534,
	/* Reasons for a drop that are counted for each forward: neighbours. */
	KRELAY_FORWARDS_FIRST_DROP = KRELAY_STAT_BRIDGE_MALFORMED,
	KRELAY_FORWARDS_LAST_DROP = KRELAY_STAT_BRIDGE_OPTIONS,
	KRELAY_FORWARDS_DROPS = KRELAY_FORWARDS_LAST_DROP - KRELAY_FORWARDS_FIRST_DROP + 1,
};

enum krelay_forwards_direction {
	KRELAY_FORWARDS_IN,	/* visitors to peer */
	KRELAY_FORWARDS_OUT,	/* peer to visitors */
	KRELAY_FORWARDS_DIRECTIONS
};

/**
 * struct krelay_forward_count - of packets that went one way
 * @packets: relayed
 * @bytes: length of these IP packets
 * @drops: by reason, from %KRELAY_FORWARDS_FIRST_DROP on
 */
struct krelay_forward_count {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t drops[KRELAY_FORWARDS_DROPS];
};

/**
 * struct krelay_forward_stats - counters of one forward on one CPU
 * @count: for each direction
 * @syncp: guards them on 32-bit machines
 */
struct krelay_forward_stats {
	struct krelay_forward_count count[KRELAY_FORWARDS_DIRECTIONS];
	struct u64_stats_sync syncp;
};

/**
 * struct krelay_forward_totals - counters of one way over all CPUs
 * @packets: relayed
 * @bytes: length of these IP packets
 * @drops: by reason, from %KRELAY_FORWARDS_FIRST_DROP on
 */
struct krelay_forward_totals {
	u64 packets;
	u64 bytes;
	u64 drops[KRELAY_FORWARDS_DROPS];
};

/**
 * struct krelay_except - what a catch-all leaves to this host
 * @proto: IPPROTO_*
 * @port_first: first public port, host byte order; 0 with a protocol as a whole
 * @port_last: last public port; 65535 with a protocol as a whole
 */
struct krelay_except {
	u8 proto;
	u16 port_first;
	u16 port_last;
};

/**
 * struct krelay_forward - public address and ports to a peer's address and ports
 * @refs: references, by krelay_forwards_get() and krelay_forwards_put()
 * @peer: whom it leads to; compared and handed on, never followed. Not counted:
 *	who lets a peer die first publishes a table without its forwards.
 * @stats: counters for each CPU
 * @sources: who is let through; NULL for everybody. A reference of its own.
 * @excepts: of a catch-all; its own memory
 * @num_excepts: how many
 * @limit: of all visitors together
 * @source_limit: of each source
 * @bucket: for @limit
 * @public: the public address in network byte order, unused bytes zero; ignored
 *	with @any_address
 * @target: where the peer's service listens, likewise
 * @port_first: first public port, 1 to 65535, host byte order; 0 with @whole
 * @port_last: last public port, @port_first to 65535, host byte order
 * @target_first: target of @port_first, host byte order; the others follow, up
 *	to 65535 at the most
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6, of both addresses
 * @proto: IPPROTO_*; 0 for the catch-all. ICMP and ICMPv6 stand for echo.
 * @whole: no ports: all of a protocol that has none, or the catch-all. The ports
 *	then are 0 to 65535, and packets are looked up by port 0.
 * @any_address: takes every public address of @family; one that names the
 *	address goes before it
 *
 * Filled in by whoever allocated it before it goes into a table, constant
 * afterwards but for @bucket.
 */
struct krelay_forward {
	refcount_t refs;
	struct krelay_peer *peer;
	struct krelay_forward_stats __percpu *stats;
	struct krelay_sources *sources;
	struct krelay_except *excepts;
	unsigned int num_excepts;
	struct krelay_rate limit;
	struct krelay_rate source_limit;
	struct krelay_bucket bucket;
	union nf_inet_addr public;
	union nf_inet_addr target;
	u16 port_first;
	u16 port_last;
	u16 target_first;
	u8 family;
	u8 proto;
	bool whole;
	bool any_address;
};

/**
 * krelay_forwards_alloc() - make a forward
 *
 * Context: process, may sleep (GFP_KERNEL_ACCOUNT).
 * Return: a forward of zeros with one reference, which is the caller's, or NULL.
 */
struct krelay_forward *krelay_forwards_alloc(void);

/**
 * krelay_forwards_get() - take one more reference
 * @forward: one that cannot go away meanwhile: the caller has a reference, or
 *	found it in a table and is still under RCU
 *
 * Return: @forward.
 */
struct krelay_forward *krelay_forwards_get(struct krelay_forward *forward);

/**
 * krelay_forwards_put() - give a reference back
 * @forward: the forward, or NULL
 *
 * Context: process. A table's references go only after a grace period, so the
 * last one frees at once.
 */
void krelay_forwards_put(struct krelay_forward *forward);

/**
 * krelay_forwards_build() - make a table
 * @list: the forwards; the array stays the caller's
 * @count: how many, 0 allowed
 * @table: receives the new table, which holds a reference on each forward
 * @conflict: receives the indices in @list, the lower one first, of two that
 *	overlap (-EEXIST, -EADDRINUSE); or in its first element that of the
 *	one that is wrong (-EINVAL). Otherwise untouched.
 *
 * Context: process, may sleep; takes time by the number of forwards, plus a
 * 256th of the ports that they cover.
 * Return: 0;
 * -EINVAL: family, proto or ports of one are out of the ranges that
 * &struct krelay_forward states;
 * -EEXIST: two overlap on the public side: same family, proto and public
 * address (or both any address) and a port in common; what a catch-all excepts
 * counts as its own;
 * -EADDRINUSE: two overlap on the target side: same peer, family, proto and
 * target address and a port in common, so that for a reply nobody could tell
 * which public port was meant;
 * -E2BIG: more than %KRELAY_FORWARDS_MAX;
 * -ENOMEM.
 */
int krelay_forwards_build(struct krelay_forward **list, unsigned int count,
			  struct krelay_forwards **table, unsigned int conflict[2]);

/**
 * krelay_forwards_free() - free a table that nobody can see
 * @table: never published, or a grace period after it was taken back; or NULL
 *
 * Context: process, may sleep.
 */
void krelay_forwards_free(struct krelay_forwards *table);

/**
 * krelay_forwards_free_rcu() - free a table after a grace period
 * @table: no longer published; or NULL
 *
 * Context: any.
 */
void krelay_forwards_free_rcu(struct krelay_forwards *table);

/**
 * krelay_forwards_init() - before any other
 *
 * Return: 0 or -ENOMEM.
 */
int krelay_forwards_init(void);

/* Waits for tables that are still to be freed. Nothing is published any more. */
void krelay_forwards_exit(void);

/**
 * krelay_forwards_by_public() - which forward takes a visitor's packet?
 * @table: the table, or NULL for an empty one
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: IPPROTO_*
 * @addr: the packet's destination, unused bytes are not looked at
 * @port: the packet's destination port, 0 where there are none
 *
 * One of this protocol goes before a catch-all, and then one with the exact
 * address before one with any. A catch-all does not take what it excepts, nor a
 * port whose target is that of another forward's: the replies could not be told
 * apart.
 *
 * Context: under RCU, until which the forward is good without a reference.
 * Return: the forward or NULL.
 */
struct krelay_forward *krelay_forwards_by_public(const struct krelay_forwards *table, u8 family,
						 u8 proto, const union nf_inet_addr *addr,
						 __be16 port);

/**
 * krelay_forwards_find() - the forward of exactly this public side
 * @table: the table, or NULL for an empty one
 * @wanted: family, proto, public address and ports
 *
 * Context: under RCU or whatever else keeps the table. Return: it or NULL.
 */
struct krelay_forward *krelay_forwards_find(const struct krelay_forwards *table,
					    const struct krelay_forward *wanted);

/* Whether a table holds a catch-all. It may be NULL. */
bool krelay_forwards_catch_all(const struct krelay_forwards *table);

/**
 * krelay_forwards_by_target() - which forward does a peer's packet reply to?
 * @table: the table, or NULL for an empty one
 * @peer: whom the packet came from
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: IPPROTO_*
 * @addr: the packet's source, unused bytes are not looked at
 * @port: the packet's source port, 0 where there are none
 *
 * Of a catch-all also what it excepts: whether a packet to the public side would take
 * the same forward is krelay_forwards_by_public()'s to say.
 *
 * Context: under RCU, until which the forward is good without a reference.
 * Return: the forward or NULL.
 */
struct krelay_forward *krelay_forwards_by_target(const struct krelay_forwards *table,
						 const struct krelay_peer *peer, u8 family,
						 u8 proto, const union nf_inet_addr *addr,
						 __be16 port);

/**
 * krelay_forwards_count() - how many forwards are in a table?
 * @table: the table, or NULL for an empty one
 *
 * Return: the number.
 */
unsigned int krelay_forwards_count(const struct krelay_forwards *table);

/**
 * krelay_forwards_at() - walk a table
 * @table: the table, or NULL for an empty one
 * @index: from 0, in the order of the list that it was built from
 *
 * Context: under RCU or whatever else keeps the table.
 * Return: the forward, or NULL at the end.
 */
struct krelay_forward *krelay_forwards_at(const struct krelay_forwards *table,
					  unsigned int index);

/**
 * krelay_forwards_target_port() - public port to target port
 * @forward: the forward
 * @port: one of its public ports
 *
 * Return: the target port.
 */
static inline __be16 krelay_forwards_target_port(const struct krelay_forward *forward,
						 __be16 port)
{
	return htons(ntohs(port) - forward->port_first + forward->target_first);
}

/**
 * krelay_forwards_public_port() - target port to public port
 * @forward: the forward
 * @port: one of its target ports
 *
 * Return: the public port.
 */
static inline __be16 krelay_forwards_public_port(const struct krelay_forward *forward,
						 __be16 port)
{
	return htons(ntohs(port) - forward->target_first + forward->port_first);
}

/**
 * krelay_forwards_account() - count relayed packets
 * @forward: the forward
 * @direction: where to
 * @packets: how many
 * @bytes: length of these IP packets together
 *
 * Context: bottom halves disabled.
 */
void krelay_forwards_account(const struct krelay_forward *forward,
			     enum krelay_forwards_direction direction, unsigned int packets,
			     unsigned int bytes);

/**
 * krelay_forwards_account_drop() - count a packet that was not relayed
 * @forward: the forward
 * @direction: where to
 * @reason: %KRELAY_FORWARDS_FIRST_DROP to %KRELAY_FORWARDS_LAST_DROP
 *
 * Context: bottom halves disabled.
 */
void krelay_forwards_account_drop(const struct krelay_forward *forward,
				  enum krelay_forwards_direction direction,
				  enum krelay_stat reason);

/**
 * krelay_forwards_totals() - read a forward's counters
 * @forward: the forward
 * @direction: where to
 * @totals: receives the sums over all CPUs
 *
 * Context: process.
 */
void krelay_forwards_totals(const struct krelay_forward *forward,
			    enum krelay_forwards_direction direction,
			    struct krelay_forward_totals *totals);

#ifdef KRELAY_SELFTEST
int krelay_forwards_selftest(void);
#endif

#endif
