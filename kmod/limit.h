/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many handshakes one source may make us compute: 20 a second and 5 at
 * once, for each IPv4 address and each IPv6 /64. A table of fixed size: a source
 * that has all its handshakes back is no different from one never seen, so its
 * place is free, and there is nothing to collect.
 */
#ifndef _KRELAY_LIMIT_H
#define _KRELAY_LIMIT_H

#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

enum krelay_limit_size {
	KRELAY_LIMIT_PER_SECOND = 20,
	KRELAY_LIMIT_BURST = 5,
	KRELAY_LIMIT_SETS = 256,
	KRELAY_LIMIT_WAYS = 4,
	/* How long after its last handshake a source is remembered, at most. */
	KRELAY_LIMIT_PERIOD_NS = NSEC_PER_SEC / KRELAY_LIMIT_PER_SECOND,
	KRELAY_LIMIT_MEMORY_NS = KRELAY_LIMIT_PERIOD_NS * KRELAY_LIMIT_BURST,
};

/**
 * struct krelay_limit_source - one source that was seen lately
 * @hash: its address, keyed: two sources share one by a chance of 2^-64
 * @full_at: when all of its burst will be there again, nanoseconds
 */
struct krelay_limit_source {
	u64 hash;
	u64 full_at;
};

/**
 * struct krelay_limit - the sources of one device
 * @lock: guards @sets; taken with BH off
 * @key: so that nobody can choose addresses that meet in one set
 * @sets: where a source may stand, by its hash
 */
struct krelay_limit {
	spinlock_t lock; /* see above */
	siphash_key_t key;
	struct krelay_limit_source sets[KRELAY_LIMIT_SETS][KRELAY_LIMIT_WAYS];
};

/* May sleep. Return: an empty table, to be freed by krelay_limit_free(), or NULL. */
struct krelay_limit *krelay_limit_new(void);

/* NULL is allowed. */
void krelay_limit_free(struct krelay_limit *limit);

/**
 * krelay_limit_allow() - may this source have one more handshake?
 * @limit: table
 * @address: IPv4 or IPv6 address, network byte order; it has been proven that
 *	the source receives there, else others would use up its share
 * @len: of @address, 4 or 16
 * @now: nanoseconds, never less than in an earlier call by more than a race
 *
 * A new source while its set is full of others is refused, so that no number of
 * sources takes more than the table's worth of handshakes.
 *
 * Context: any but hard interrupts.
 */
bool krelay_limit_allow(struct krelay_limit *limit, const void *address, size_t len, u64 now);

#ifdef KRELAY_SELFTEST
int krelay_limit_selftest(void);
#endif

#endif /* _KRELAY_LIMIT_H */
