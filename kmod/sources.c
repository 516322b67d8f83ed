// SPDX-License-Identifier: GPL-2.0
#include "sources.h"

#include <linux/rtnetlink.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

struct krelay_sources *krelay_sources_alloc(void)
{
	static u32 last_id;
	struct krelay_sources *sources;

	ASSERT_RTNL();
	sources = kzalloc(sizeof(*sources), GFP_KERNEL_ACCOUNT);
	if (!sources)
		return NULL;
	refcount_set(&sources->refs, 1);
	sources->id = ++last_id;
	krelay_cidr_init(&sources->table);
	krelay_cidr_owner_init(&sources->allowed);
	krelay_cidr_owner_init(&sources->denied);
	return sources;
}

struct krelay_sources *krelay_sources_get(struct krelay_sources *sources)
{
	refcount_inc(&sources->refs);
	return sources;
}

void krelay_sources_put(struct krelay_sources *sources)
{
	if (!sources || !refcount_dec_and_test(&sources->refs))
		return;
	krelay_cidr_free(&sources->table);
	kfree(sources);
}

int krelay_sources_add(struct krelay_sources *sources, const void *addr, u8 len, u8 prefix,
		       bool allow)
{
	return krelay_cidr_insert(&sources->table, addr, len, prefix,
				  allow ? &sources->allowed : &sources->denied);
}

/* Sums up, so that the order does not matter. */
static u64 digest(const struct krelay_cidr_owner *owner, bool allow)
{
	static siphash_aligned_key_t key;
	u8 bytes[KRELAY_CIDR_IPV6 + 3] = {};
	struct krelay_cidr_entry *entry;
	u64 sum = 0;

	net_get_random_once(&key, sizeof(key));
	list_for_each_entry(entry, &owner->entries, list) {
		memcpy(bytes, entry->addr, KRELAY_CIDR_IPV6);
		bytes[KRELAY_CIDR_IPV6] = entry->len;
		bytes[KRELAY_CIDR_IPV6 + 1] = entry->prefix;
		bytes[KRELAY_CIDR_IPV6 + 2] = allow;
		sum += siphash(bytes, sizeof(bytes), &key);
	}
	return sum;
}

void krelay_sources_seal(struct krelay_sources *sources)
{
	sources->digest = digest(&sources->allowed, true) + digest(&sources->denied, false);
}

bool krelay_sources_allow(const struct krelay_sources *sources, const void *addr, u8 len)
{
	const struct krelay_cidr_owner *owner = krelay_cidr_lookup(&sources->table, addr, len);

	return owner ? owner == &sources->allowed : list_empty(&sources->allowed.entries);
}
