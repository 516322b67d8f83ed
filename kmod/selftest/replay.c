// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../replay.c. */

#include <linux/bitmap.h>
#include <linux/slab.h>

#include "selftest.h"

enum {
	TWIN_SPAN = 1 << 18,
	TWIN_STEPS = 60000,
	TWIN_WINDOW = 8128,
};

/* Remembers every counter from @base on, and the highest. */
struct twin {
	u64 base;
	u64 highest;
	u64 span;
	bool any;
	unsigned long *seen;
};

static bool twin_accept(struct twin *twin, u64 counter)
{
	if (counter >= 0xffffffffffffdfffULL)
		return false;
	if (twin->any && counter < twin->highest && twin->highest - counter >= TWIN_WINDOW)
		return false;
	if (test_and_set_bit(counter - twin->base, twin->seen))
		return false;
	if (!twin->any || counter > twin->highest)
		twin->highest = counter;
	twin->any = true;
	return true;
}

static u64 next_counter(struct krelay_selftest *test, const struct twin *twin)
{
	if (!twin->any)
		return twin->base;

	switch (krelay_selftest_below(test, 8)) {
	case 0:
		return twin->highest - krelay_selftest_below(test, TWIN_WINDOW + 200);
	case 1:
		return twin->highest - TWIN_WINDOW - 1 + krelay_selftest_below(test, 4);
	case 2:
		return twin->highest - krelay_selftest_below(test, 130);
	case 3:
		if (krelay_selftest_one_in(test, 200))
			return twin->highest + krelay_selftest_below(test, 3 * TWIN_WINDOW);
		return twin->highest + krelay_selftest_below(test, 130);
	default:
		return twin->highest + krelay_selftest_below(test, 3);
	}
}

static int walk(struct krelay_selftest *test, struct krelay_replay *replay, struct twin *twin)
{
	u64 counter;
	bool got;
	int i;

	krelay_replay_init(replay);
	bitmap_zero(twin->seen, TWIN_SPAN);
	twin->any = false;

	for (i = 0; i < TWIN_STEPS; i++) {
		counter = next_counter(test, twin);
		if (counter - twin->base >= twin->span)
			continue;
		local_bh_disable();
		got = krelay_replay_accept(replay, counter);
		local_bh_enable();
		if (got == twin_accept(twin, counter))
			continue;
		pr_err("counter %llu, highest %llu\n", counter, twin->highest);
		return krelay_selftest_fail(test, got ? "took a counter that it must not" :
						  "refused a good counter");
	}
	return 0;
}

int krelay_replay_selftest(void)
{
	struct krelay_replay *replay = kmalloc(sizeof(*replay), GFP_KERNEL);
	struct twin twin = { .seen = bitmap_zalloc(TWIN_SPAN, GFP_KERNEL) };
	struct krelay_selftest test;
	int err = -ENOMEM;

	krelay_selftest_begin(&test, "replay");
	if (!replay || !twin.seen)
		goto out;

	twin.span = TWIN_SPAN;
	err = walk(&test, replay, &twin);
	twin.base = (u64)krelay_selftest_u32(&test) << 30;
	err = err ?: walk(&test, replay, &twin);
	/* Up to and beyond the last counter that there is. */
	twin.base = KRELAY_REPLAY_LIMIT - 20000;
	twin.span = U64_MAX - twin.base;
	err = err ?: walk(&test, replay, &twin);

	if (!err && krelay_replay_accept(replay, U64_MAX))
		err = krelay_selftest_fail(&test, "took the highest number of all");
out:
	bitmap_free(twin.seen);
	kfree(replay);
	return err;
}
