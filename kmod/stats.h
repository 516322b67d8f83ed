/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters by name (enum krelay_stat): every packet that goes no further is
 * counted under the reason for it.
 */
#ifndef _KRELAY_STATS_H
#define _KRELAY_STATS_H

#include <linux/krelay.h>
#include <linux/percpu.h>
#include <linux/types.h>

/*
 * One for each CPU, counted in any context. Where long has 32 bits a counter
 * begins anew at 2^32, as those of the kernel's own protocols do.
 */
struct krelay_stats {
	unsigned long counter[__KRELAY_STAT_MAX];
};

static inline void krelay_stats_inc(struct krelay_stats __percpu *stats, enum krelay_stat which)
{
	this_cpu_inc(stats->counter[which]);
}

static inline u64 krelay_stats_sum(struct krelay_stats __percpu *stats, enum krelay_stat which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->counter[which]);
	return sum;
}

#endif /* _KRELAY_STATS_H */
