// SPDX-License-Identifier: GPL-2.0
#include "limit.h"

#include <linux/in.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

enum {
	IPV6_PREFIX_SIZE = 8,
};

struct krelay_limit *krelay_limit_new(void)
{
	struct krelay_limit *limit = kvzalloc(sizeof(*limit), GFP_KERNEL_ACCOUNT);

	if (!limit)
		return NULL;
	spin_lock_init(&limit->lock);
	get_random_bytes(&limit->key, sizeof(limit->key));
	return limit;
}

void krelay_limit_free(struct krelay_limit *limit)
{
	kvfree_sensitive(limit, sizeof(*limit));
}

static u64 hash_of(const struct krelay_limit *limit, const void *address, size_t len)
{
	u64 source = 0;

	memcpy(&source, address, len == sizeof(struct in_addr) ? len : IPV6_PREFIX_SIZE);
	return siphash_2u64(source, len, &limit->key);
}

/* Return: its place, a free one if it has none, or NULL if there is none. */
static struct krelay_limit_source *place(struct krelay_limit *limit, u64 hash, u64 now)
{
	struct krelay_limit_source *set = limit->sets[hash % KRELAY_LIMIT_SETS], *found = NULL;
	unsigned int i;

	for (i = 0; i < KRELAY_LIMIT_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].full_at <= now)
			found = &set[i];
	}
	return found;
}

bool krelay_limit_allow(struct krelay_limit *limit, const void *address, size_t len, u64 now)
{
	u64 hash = hash_of(limit, address, len), full_at;
	struct krelay_limit_source *source;
	bool allowed = false;

	spin_lock_bh(&limit->lock);
	source = place(limit, hash, now);
	if (!source)
		goto out;
	full_at = source->hash == hash ? max(source->full_at, now) : now;
	full_at += KRELAY_LIMIT_PERIOD_NS;
	allowed = full_at - now <= KRELAY_LIMIT_MEMORY_NS;
	if (allowed) {
		source->hash = hash;
		source->full_at = full_at;
	}
out:
	spin_unlock_bh(&limit->lock);
	return allowed;
}

#ifdef KRELAY_SELFTEST
#include "selftest/limit.c"
#endif
