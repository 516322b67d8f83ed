// SPDX-License-Identifier: GPL-2.0
#include "buckets.h"

#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

enum {
	WAYS = 4,
	MIN_SOURCES = 256,
	MAX_SOURCES = 1 << 24,
};

/**
 * struct set - the buckets in which a source may be
 * @lock: guards the rest
 * @tag: hash of owner and source, 0 for none. Its 64 bits under a secret key
 *	stand for them: nobody can make two collide on purpose.
 * @bucket: its bucket
 */
struct set {
	spinlock_t lock; /* see above */
	u64 tag[WAYS];
	struct krelay_bucket bucket[WAYS];
};

/* Made once and kept; read without a lock by who has prepared it. */
static struct set *sets;
static unsigned int num_sets;
static siphash_aligned_key_t secret;

/* Whether @cost nanoseconds of filling may be taken, and when it is full then. */
static bool fits(u64 full, u64 now, u64 cost, u64 *then)
{
	if (full > now + NSEC_PER_SEC)
		return false;
	*then = max(full, now) + cost;
	return true;
}

static bool take(atomic64_t *full, u64 now, u64 cost)
{
	s64 old = atomic64_read(full);
	u64 then;

	do {
		if (!fits(old, now, cost, &then))
			return false;
	} while (!atomic64_try_cmpxchg(full, &old, then));
	return true;
}

static bool take_both(struct krelay_bucket *bucket, const struct krelay_rate *rate, u64 now,
		      unsigned int packets, unsigned int bytes)
{
	u64 cost;

	if (rate->packets && rate->bytes && atomic64_read(&bucket->bytes) > now + NSEC_PER_SEC)
		return false;
	if (rate->packets) {
		cost = div_u64((u64)packets * NSEC_PER_SEC, rate->packets);
		if (!take(&bucket->packets, now, cost))
			return false;
	}
	if (rate->bytes) {
		cost = div64_u64((u64)bytes * NSEC_PER_SEC, rate->bytes);
		if (!take(&bucket->bytes, now, cost))
			return false;
	}
	return true;
}

bool krelay_bucket_take(struct krelay_bucket *bucket, const struct krelay_rate *rate,
			unsigned int packets, unsigned int bytes)
{
	return take_both(bucket, rate, ktime_get_boottime_ns(), packets, bytes);
}

int krelay_buckets_init(unsigned int sources)
{
	if (sources < MIN_SOURCES || sources > MAX_SOURCES)
		return -EINVAL;
	num_sets = roundup_pow_of_two(sources) / WAYS;
	get_random_bytes(&secret, sizeof(secret));
	return 0;
}

void krelay_buckets_exit(void)
{
	kvfree(sets);
	sets = NULL;
}

int krelay_buckets_prepare(void)
{
	struct set *fresh;
	unsigned int i;

	ASSERT_RTNL();
	if (sets)
		return 0;
	fresh = kvcalloc(num_sets, sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	for (i = 0; i < num_sets; i++)
		spin_lock_init(&fresh[i].lock);
	sets = fresh;
	return 0;
}

static u64 last_use(const struct krelay_bucket *bucket)
{
	return max_t(u64, atomic64_read(&bucket->packets), atomic64_read(&bucket->bytes));
}

/* The source's way, or that of the one which has been quiet for longest. */
static unsigned int find_way(struct set *set, u64 tag)
{
	unsigned int i, oldest = 0;

	for (i = 0; i < WAYS; i++) {
		if (set->tag[i] == tag)
			return i;
		if (last_use(&set->bucket[i]) < last_use(&set->bucket[oldest]))
			oldest = i;
	}
	set->tag[oldest] = tag;
	memset(&set->bucket[oldest], 0, sizeof(set->bucket[oldest]));
	return oldest;
}

bool krelay_buckets_take(const void *owner, const void *addr, u8 len,
			 const struct krelay_rate *rate, unsigned int packets,
			 unsigned int bytes)
{
	u64 now = ktime_get_boottime_ns(), source = 0, tag;
	struct set *set;
	bool pass;

	memcpy(&source, addr, len);
	tag = siphash_3u64((uintptr_t)owner, source, len, &secret) ?: 1;
	set = &sets[tag & (num_sets - 1)];
	spin_lock(&set->lock);
	pass = take_both(&set->bucket[find_way(set, tag)], rate, now, packets, bytes);
	spin_unlock(&set->lock);
	return pass;
}

#ifdef KRELAY_SELFTEST
#include "selftest/buckets.c"
#endif
