/* SPDX-License-Identifier: GPL-2.0 */
/* Receiver indices: random, unique in a device, found in one look-up. */
#ifndef _KRELAY_INDEX_H
#define _KRELAY_INDEX_H

#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/types.h>

struct krelay_keypair;
struct krelay_peer;

/**
 * struct krelay_index - one receiver index
 * @node: place in the table
 * @value: the number, host byte order
 * @peer: whose it is; valid as long as the index is found under RCU
 * @keypair: the session that it names; NULL while the handshake runs
 * @rcu: for freeing
 *
 * Owned by the peer's handshake until the session begins, then by the keypair.
 */
struct krelay_index {
	struct rhash_head node;
	u32 value;
	struct krelay_peer *peer;
	struct krelay_keypair __rcu *keypair;
	struct rcu_head rcu;
};

int krelay_index_init(struct rhashtable *table);

/* Every index must have been freed before. May sleep. */
void krelay_index_destroy(struct rhashtable *table);

/* May sleep. Return: an index found from now on, or NULL without memory. */
struct krelay_index *krelay_index_new(struct rhashtable *table, struct krelay_peer *peer);

/* NULL is allowed. Readers may hold @index until their RCU section ends. */
void krelay_index_free(struct rhashtable *table, struct krelay_index *index);

/* Context: RCU read section, which also keeps the index and its peer. */
struct krelay_index *krelay_index_find(struct rhashtable *table, __le32 value);

#endif /* _KRELAY_INDEX_H */
