/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random input for the self-tests. A failing run names its seed: put it into
 * krelay_selftest_begin() to see the same run again.
 */
#ifndef _KRELAY_SELFTEST_H
#define _KRELAY_SELFTEST_H

#include <linux/prandom.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/types.h>

struct krelay_selftest {
	const char *name;
	u64 seed;
	struct rnd_state state;
};

static inline void krelay_selftest_begin(struct krelay_selftest *test, const char *name)
{
	test->name = name;
	test->seed = get_random_u64();
	prandom_seed_state(&test->state, test->seed);
}

static inline u32 krelay_selftest_u32(struct krelay_selftest *test)
{
	return prandom_u32_state(&test->state);
}

/* Even enough for tests. */
static inline u32 krelay_selftest_below(struct krelay_selftest *test, u32 ceiling)
{
	return ((u64)krelay_selftest_u32(test) * ceiling) >> 32;
}

static inline bool krelay_selftest_one_in(struct krelay_selftest *test, u32 times)
{
	return !krelay_selftest_below(test, times);
}

static inline int krelay_selftest_fail(const struct krelay_selftest *test, const char *what)
{
	pr_err("selftest %s: %s (seed 0x%llx)\n", test->name, what, test->seed);
	return -EINVAL;
}

#endif
