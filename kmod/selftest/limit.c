// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../limit.c. */

#include <linux/in6.h>

#include "selftest.h"

enum {
	PLACES = KRELAY_LIMIT_SETS * KRELAY_LIMIT_WAYS,
	/* Enough that every set is full, whatever the key. */
	CROWD = 8 * PLACES,
	TWIN_SOURCES = 8,
	TWIN_STEPS = 20000,
};

static bool allow4(struct krelay_limit *limit, u32 address, u64 now)
{
	return krelay_limit_allow(limit, &address, sizeof(address), now);
}

/* How many of @tries of one source are let through at @now. */
static unsigned int allowed4(struct krelay_limit *limit, u32 address, unsigned int tries, u64 now)
{
	unsigned int count = 0;

	while (tries--)
		count += allow4(limit, address, now);
	return count;
}

static const char *check_rate(struct krelay_limit *limit, u64 now)
{
	unsigned int count = 0, i;

	if (allowed4(limit, 1, 100, now) != KRELAY_LIMIT_BURST)
		return "a burst is not 5";
	if (allow4(limit, 1, now + KRELAY_LIMIT_PERIOD_NS - 1))
		return "the next one came too early";
	if (allowed4(limit, 1, 100, now + KRELAY_LIMIT_PERIOD_NS) != 1)
		return "not one more after 50 ms";
	if (allowed4(limit, 2, 100, now) != KRELAY_LIMIT_BURST)
		return "one source is limited for another";
	now += 10ULL * NSEC_PER_SEC;
	for (i = 0; i < 10000; i++)
		count += allow4(limit, 1, now + i * (NSEC_PER_SEC / 1000));
	if (count != 10 * KRELAY_LIMIT_PER_SECOND + KRELAY_LIMIT_BURST - 1)
		return "not 20 a second";
	return NULL;
}

static bool allow6(struct krelay_limit *limit, u8 network, u8 host, u64 now)
{
	struct in6_addr address = { .s6_addr = { [0] = 0x20, [7] = network, [15] = host } };

	return krelay_limit_allow(limit, &address, sizeof(address), now);
}

static const char *check_ipv6(struct krelay_limit *limit, u64 now)
{
	static const u8 four[4] = { 0x20 };
	unsigned int i;

	for (i = 0; i < KRELAY_LIMIT_BURST; i++)
		if (!allow6(limit, 0, i, now))
			return "a /64 has no burst";
	if (allow6(limit, 0, i, now))
		return "hosts of one /64 are not one source";
	if (!allow6(limit, 1, 0, now))
		return "another /64 is the same source";
	if (!krelay_limit_allow(limit, four, sizeof(four), now))
		return "IPv4 and IPv6 are the same source";
	return NULL;
}

/* However many sources there are, no more get through than there are places. */
static const char *check_crowd(struct krelay_limit *limit, u64 now)
{
	unsigned int count = 0;
	u32 address;

	for (address = 0; address < CROWD; address++)
		count += allow4(limit, 0x01000000 + address, now);
	if (count > PLACES)
		return "more sources than places";
	if (count < PLACES * 3 / 4)
		return "places stay empty";
	/* Later they are all free again. */
	now += KRELAY_LIMIT_PERIOD_NS;
	for (address = 0, count = 0; address < CROWD; address++)
		count += allow4(limit, 0x02000000 + address, now);
	if (count < PLACES * 3 / 4)
		return "places are not given back";
	return NULL;
}

/* A bucket of time for each source, never forgotten. */
static const char *check_twin(struct krelay_selftest *test, struct krelay_limit *limit, u64 now)
{
	const u64 most = (u64)KRELAY_LIMIT_BURST * KRELAY_LIMIT_PERIOD_NS;
	u64 tokens[TWIN_SOURCES], seen[TWIN_SOURCES];
	unsigned int i, source;
	bool wanted;

	for (i = 0; i < TWIN_SOURCES; i++) {
		tokens[i] = most;
		seen[i] = now;
	}
	for (i = 0; i < TWIN_STEPS; i++) {
		now += krelay_selftest_below(test, KRELAY_LIMIT_PERIOD_NS / 4);
		source = krelay_selftest_below(test, TWIN_SOURCES);
		tokens[source] = min(most, tokens[source] + now - seen[source]);
		seen[source] = now;
		wanted = tokens[source] >= KRELAY_LIMIT_PERIOD_NS;
		if (wanted)
			tokens[source] -= KRELAY_LIMIT_PERIOD_NS;
		if (allow4(limit, 0x03000000 + source, now) != wanted)
			return wanted ? "refused what was due" : "allowed too much";
	}
	return NULL;
}

int krelay_limit_selftest(void)
{
	struct krelay_limit *limit = krelay_limit_new();
	struct krelay_selftest test;
	const char *wrong;

	krelay_selftest_begin(&test, "limit");
	if (!limit)
		return -ENOMEM;
	/* Each long after the one before: nothing is left of it. */
	wrong = check_rate(limit, 1000ULL * NSEC_PER_SEC) ?:
		check_ipv6(limit, 2000ULL * NSEC_PER_SEC) ?:
		check_crowd(limit, 3000ULL * NSEC_PER_SEC) ?:
		check_twin(&test, limit, 4000ULL * NSEC_PER_SEC);
	krelay_limit_free(limit);
	return wrong ? krelay_selftest_fail(&test, wrong) : 0;
}
