// SPDX-License-Identifier: GPL-2.0
#include "budget.h"

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

enum {
	/* The last piece of work counts for an eighth. */
	WEIGHT = 8,
	/* A clock may stand still. */
	LEAST_COST = NSEC_PER_USEC,
};

void krelay_budget_init(struct krelay_budget *budget, u8 percent, u32 burst, u32 cost)
{
	spin_lock_init(&budget->lock);
	budget->percent = percent;
	budget->burst = burst;
	budget->cost = cost;
	budget->paid_at = 0;
}

/* How long it takes until @work is paid for. */
static u64 pay(const struct krelay_budget *budget, u64 work)
{
	return div_u64(work * 100, budget->percent);
}

static bool empty(const struct krelay_budget *budget, u64 now)
{
	u64 paid_at = max(READ_ONCE(budget->paid_at), now);

	return paid_at - now + pay(budget, READ_ONCE(budget->cost)) > pay(budget, budget->burst);
}

bool krelay_budget_take(struct krelay_budget *budget, u64 now)
{
	bool taken;

	if (empty(budget, now))
		return false;
	spin_lock_bh(&budget->lock);
	taken = !empty(budget, now);
	if (taken)
		WRITE_ONCE(budget->paid_at, max(budget->paid_at, now) + pay(budget, budget->cost));
	spin_unlock_bh(&budget->lock);
	return taken;
}

void krelay_budget_learn(struct krelay_budget *budget, u64 spent)
{
	u32 cost = clamp_t(u64, spent, LEAST_COST, KRELAY_BUDGET_MOST_COST);

	spin_lock_bh(&budget->lock);
	WRITE_ONCE(budget->cost, budget->cost - budget->cost / WEIGHT + cost / WEIGHT);
	spin_unlock_bh(&budget->lock);
}

#ifdef KRELAY_SELFTEST
#include "selftest/budget.c"
#endif
