/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of one CPU a kind of work may take: a token bucket of time. Who wants
 * to work takes what it has cost of late, and tells afterwards what it did cost.
 */
#ifndef _KRELAY_BUDGET_H
#define _KRELAY_BUDGET_H

#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

enum {
	/* Nanoseconds. Work that takes longer was interrupted. */
	KRELAY_BUDGET_MOST_COST = 10 * NSEC_PER_MSEC,
};

/**
 * struct krelay_budget - the time that one kind of work may take
 * @lock: guards @cost and @paid_at; taken with BH off
 * @burst: nanoseconds of work that may be done at once; constant
 * @percent: of one CPU, in the long run; constant
 * @cost: of one piece of work, nanoseconds, smoothed
 * @paid_at: when all work that was taken will have been paid for, nanoseconds
 */
struct krelay_budget {
	spinlock_t lock; /* see above */
	u32 burst;
	u8 percent;
	u32 cost;
	u64 paid_at;
};

/**
 * krelay_budget_init() - begin with a full bucket
 * @budget: nobody else may use it yet
 * @percent: of one CPU, 1 to 100
 * @burst: nanoseconds, at least %KRELAY_BUDGET_MOST_COST
 * @cost: of one piece of work as long as none was done, nanoseconds
 */
void krelay_budget_init(struct krelay_budget *budget, u8 percent, u32 burst, u32 cost);

/**
 * krelay_budget_take() - may one more piece of work be done?
 * @budget: of its kind
 * @now: nanoseconds
 *
 * Context: any but hard interrupts. Refusing takes no lock: that is for floods.
 */
bool krelay_budget_take(struct krelay_budget *budget, u64 now);

/* A piece of work took @spent nanoseconds. Context: any but hard interrupts. */
void krelay_budget_learn(struct krelay_budget *budget, u64 spent);

#ifdef KRELAY_SELFTEST
int krelay_budget_selftest(void);
#endif

#endif /* _KRELAY_BUDGET_H */
