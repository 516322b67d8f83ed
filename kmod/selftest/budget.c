// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../budget.c. */

#include "selftest.h"

enum {
	TEST_PERCENT = 2,
	TEST_BURST = 10 * NSEC_PER_MSEC,
	TEST_COST = NSEC_PER_MSEC,
};

static unsigned int take_many(struct krelay_budget *budget, unsigned int tries, u64 now)
{
	unsigned int count = 0;

	while (tries--)
		count += krelay_budget_take(budget, now);
	return count;
}

/* How many are taken of 10,000 a second, over @seconds. */
static unsigned int flood(struct krelay_budget *budget, unsigned int seconds, u64 now)
{
	unsigned int count = 0, i;

	for (i = 0; i < seconds * 10000; i++)
		count += krelay_budget_take(budget, now + i * (NSEC_PER_SEC / 10000));
	return count;
}

static const char *check(struct krelay_budget *budget, u64 now)
{
	unsigned int count, i;

	krelay_budget_init(budget, TEST_PERCENT, TEST_BURST, TEST_COST);
	if (take_many(budget, 100, now) != TEST_BURST / TEST_COST)
		return "the burst is not what was given";
	if (krelay_budget_take(budget, now + TEST_COST))
		return "1 ms of work is paid in 1 ms";
	if (take_many(budget, 100, now + TEST_COST * 100ULL / TEST_PERCENT) != 1)
		return "1 ms of work is not paid in 50 ms";
	now += 100ULL * NSEC_PER_SEC;
	if (take_many(budget, 100, now) != TEST_BURST / TEST_COST)
		return "rest saves up more than the burst";

	count = flood(budget, 10, now);
	if (count < 199 || count > 201)
		return "2 % of 10 s are not 200 ms";
	/* Work that turns out cheaper is done more often, down to its cost. */
	for (i = 0; i < 100; i++)
		krelay_budget_learn(budget, TEST_COST / 4);
	now += 100ULL * NSEC_PER_SEC;
	count = flood(budget, 10, now);
	if (count < 800 || count > 880)
		return "cheaper work is not done more often";
	for (i = 0; i < 100; i++)
		krelay_budget_learn(budget, U64_MAX);
	if (budget->cost > KRELAY_BUDGET_MOST_COST)
		return "one interrupted piece of work counts for all";
	return NULL;
}

int krelay_budget_selftest(void)
{
	struct krelay_selftest test;
	struct krelay_budget budget;
	const char *wrong;

	krelay_selftest_begin(&test, "budget");
	wrong = check(&budget, 1000ULL * NSEC_PER_SEC);
	return wrong ? krelay_selftest_fail(&test, wrong) : 0;
}
