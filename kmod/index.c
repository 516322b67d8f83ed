// SPDX-License-Identifier: GPL-2.0
#include "index.h"

#include <linux/random.h>
#include <linux/slab.h>

static const struct rhashtable_params params = {
	.key_len = sizeof(u32),
	.key_offset = offsetof(struct krelay_index, value),
	.head_offset = offsetof(struct krelay_index, node),
	.automatic_shrinking = true,
};

int krelay_index_init(struct rhashtable *table)
{
	return rhashtable_init(table, &params);
}

void krelay_index_destroy(struct rhashtable *table)
{
	rhashtable_destroy(table);
}

struct krelay_index *krelay_index_new(struct rhashtable *table, struct krelay_peer *peer)
{
	struct krelay_index *index = kzalloc(sizeof(*index), GFP_KERNEL);
	int ret;

	if (!index)
		return NULL;
	index->peer = peer;
	do {
		index->value = get_random_u32();
		ret = rhashtable_lookup_insert_fast(table, &index->node, params);
	} while (ret == -EEXIST);
	if (ret) {
		kfree(index);
		return NULL;
	}
	return index;
}

void krelay_index_free(struct rhashtable *table, struct krelay_index *index)
{
	if (!index)
		return;
	rhashtable_remove_fast(table, &index->node, params);
	kfree_rcu(index, rcu);
}

struct krelay_index *krelay_index_find(struct rhashtable *table, __le32 value)
{
	u32 key = le32_to_cpu(value);

	return rhashtable_lookup(table, &key, params);
}
