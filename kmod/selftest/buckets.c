// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../buckets.c. */

#include "selftest.h"

static const struct krelay_rate hundred = { .packets = 100 };
/* A machine may take long from one line to the next, but not a second. */
static const struct krelay_rate one = { .packets = 1 };

/* How many single packets of @bytes pass at one moment. */
static unsigned int drain(struct krelay_bucket *bucket, const struct krelay_rate *rate, u64 now,
			  unsigned int bytes)
{
	unsigned int n = 0;

	while (n < 100000 && take_both(bucket, rate, now, 1, bytes))
		n++;
	return n;
}

static const char *test_rates(void)
{
	static const struct krelay_rate none, slow = { .bytes = 10000 };
	static const struct krelay_rate both = { .packets = 100, .bytes = 10000 };
	struct krelay_bucket bucket = {};
	u64 now = NSEC_PER_SEC * 1000ULL;

	if (drain(&bucket, &none, now, 1500) != 100000)
		return "no limit limits";
	/* The worth of a second, and the one that empties it. */
	if (drain(&bucket, &hundred, now, 1500) != 101)
		return "a full bucket is not worth a second";
	if (drain(&bucket, &hundred, now + NSEC_PER_SEC / 2, 1500) != 50)
		return "half a second does not half fill a bucket";
	if (drain(&bucket, &hundred, now + 100 * NSEC_PER_SEC, 1500) != 101)
		return "a bucket overflows";

	if (!take_both(&bucket, &slow, now, 40, 65536) || take_both(&bucket, &slow, now, 1, 1))
		return "a super-packet does not pass once";
	if (take_both(&bucket, &slow, now + 5 * NSEC_PER_SEC, 1, 1) ||
	    !take_both(&bucket, &slow, now + 6 * NSEC_PER_SEC, 1, 1))
		return "a debt is not paid in time";

	memset(&bucket, 0, sizeof(bucket));
	if (drain(&bucket, &both, now, 1000) != 11)
		return "of two limits the narrower does not count";
	memset(&bucket, 0, sizeof(bucket));
	if (drain(&bucket, &both, now, 10) != 101)
		return "of two limits the wider counts alone";
	return NULL;
}

static unsigned int drain_source(const void *owner, u64 source)
{
	unsigned int n = 0;

	while (n < 1000 && krelay_buckets_take(owner, &source, sizeof(source), &hundred, 1, 100))
		n++;
	return n;
}

static const char *test_table(struct krelay_selftest *test)
{
	u64 quiet = 1, loud = 2, rare = 3, other;
	unsigned int i, n;

	n = drain_source(test, loud);
	if (n < 101 || n > 200)
		return "a source is not limited";
	if (drain_source(test, quiet) < 101)
		return "one source's packets count as another's";
	if (drain_source(&hundred, loud) < 101)
		return "one owner's packets count as another's";
	while (krelay_buckets_take(test, &rare, sizeof(rare), &one, 1, 100))
		;
	for (i = 0; i < 3; i++) {
		if (krelay_buckets_take(test, &rare, sizeof(rare), &one, 1, 100))
			return "a source is forgotten at once";
	}
	/* Many times what there is room for. */
	for (i = 0; i < 16 * WAYS * num_sets; i++) {
		other = (u64)krelay_selftest_u32(test) << 32 | i;
		if (!krelay_buckets_take(test, &other, sizeof(other), &hundred, 1, 100))
			return "a new source has no full bucket";
	}
	return NULL;
}

int krelay_buckets_selftest(void)
{
	unsigned int wanted = num_sets;
	struct krelay_selftest test;
	const char *wrong;
	int ret;

	krelay_selftest_begin(&test, "buckets");
	num_sets = MIN_SOURCES / WAYS;
	rtnl_lock();
	ret = krelay_buckets_prepare();
	rtnl_unlock();
	if (ret)
		return krelay_selftest_fail(&test, "no memory");
	wrong = test_rates();
	local_bh_disable();
	if (!wrong)
		wrong = test_table(&test);
	local_bh_enable();
	krelay_buckets_exit();
	num_sets = wanted;
	return wrong ? krelay_selftest_fail(&test, wrong) : 0;
}
