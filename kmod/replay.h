/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replay protection for the counters of a session's data packets: a sliding
 * window kept in a ring of words, after the idea of RFC 6479.
 */
#ifndef _KRELAY_REPLAY_H
#define _KRELAY_REPLAY_H

#include <linux/limits.h>
#include <linux/spinlock.h>
#include <linux/types.h>

enum krelay_replay_size {
	KRELAY_REPLAY_WORD_BITS = 64,
	KRELAY_REPLAY_WORDS = 128,
	/* Counters below the newest that are still told apart. One word less
	 * than the ring holds: the newest word is filled while in use.
	 */
	KRELAY_REPLAY_WINDOW = (KRELAY_REPLAY_WORDS - 1) * KRELAY_REPLAY_WORD_BITS,
};

/* 2^64 - 2^13 - 1: the first counter that a WireGuard session never uses. */
#define KRELAY_REPLAY_LIMIT	(U64_MAX - (1 << 13))

/**
 * struct krelay_replay - the counters that one receiving session has seen
 * @lock: protects all members; taken with bottom halves disabled
 * @next: one more than the highest accepted counter, 0 when there is none
 * @window: a bit for each counter, ring of words; a set bit was accepted
 */
struct krelay_replay {
	spinlock_t lock; /* protects all members */
	u64 next;
	u64 window[KRELAY_REPLAY_WORDS];
};

/**
 * krelay_replay_init() - make a window that has seen nothing
 * @replay: the window; nobody else may use it yet
 */
void krelay_replay_init(struct krelay_replay *replay);

/**
 * krelay_replay_accept() - may a packet with this counter come in?
 * @replay: the session's window
 * @counter: the packet's counter in host byte order
 *
 * Call it after the packet was authenticated: it records the counter.
 *
 * Context: softirq, or process context with bottom halves disabled.
 * Return: true, and the counter is recorded, when it was not seen before, is
 * at most %KRELAY_REPLAY_WINDOW - 1 below the highest accepted one, and is below
 * %KRELAY_REPLAY_LIMIT.
 */
bool krelay_replay_accept(struct krelay_replay *replay, u64 counter);

#ifdef KRELAY_SELFTEST
int krelay_replay_selftest(void);
#endif

#endif
