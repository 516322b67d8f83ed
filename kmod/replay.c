// SPDX-License-Identifier: GPL-2.0

#include <linux/minmax.h>
#include <linux/string.h>

#include "replay.h"

void krelay_replay_init(struct krelay_replay *replay)
{
	spin_lock_init(&replay->lock);
	replay->next = 0;
	memset(replay->window, 0, sizeof(replay->window));
}

static u64 *word_of(struct krelay_replay *replay, u64 number)
{
	BUILD_BUG_ON_NOT_POWER_OF_2(KRELAY_REPLAY_WORDS);

	return &replay->window[number & (KRELAY_REPLAY_WORDS - 1)];
}

/* Words that the window enters still hold bits from one turn of the ring ago. */
static void advance(struct krelay_replay *replay, u64 counter)
{
	u64 last = replay->next ? (replay->next - 1) / KRELAY_REPLAY_WORD_BITS : 0;
	u64 steps = counter / KRELAY_REPLAY_WORD_BITS - last;
	unsigned int i;

	steps = min_t(u64, steps, KRELAY_REPLAY_WORDS);
	for (i = 1; i <= steps; i++)
		*word_of(replay, last + i) = 0;
	replay->next = counter + 1;
}

static bool record(struct krelay_replay *replay, u64 counter)
{
	u64 bit = 1ULL << (counter % KRELAY_REPLAY_WORD_BITS);
	u64 *word;

	if (counter >= replay->next)
		advance(replay, counter);
	else if (replay->next - counter > KRELAY_REPLAY_WINDOW)
		return false;

	word = word_of(replay, counter / KRELAY_REPLAY_WORD_BITS);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

bool krelay_replay_accept(struct krelay_replay *replay, u64 counter)
{
	bool fresh;

	if (unlikely(counter >= KRELAY_REPLAY_LIMIT))
		return false;

	spin_lock(&replay->lock);
	fresh = record(replay, counter);
	spin_unlock(&replay->lock);
	return fresh;
}

#ifdef KRELAY_SELFTEST
#include "selftest/replay.c"
#endif
