/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's timers. They are told what happens to packets, and when time is up
 * they queue the peer's own work items; they send nothing themselves.
 *
 * - retransmit: an initiation is not answered within 5 s and a jitter: send
 *   another, until 90 s are over, or for ever to a peer that is dialled.
 * - keepalive: data was received and for 10 s nothing was sent: send an empty
 *   packet, so that the other end knows us alive.
 * - new_handshake: data was sent and for 15 s and a jitter nothing was
 *   received: begin a new handshake.
 * - zero_keys: no new session for 540 s: wipe all key material.
 * - persistent: nothing was sent for the keepalive interval: send an empty
 *   packet, so that NATs on the way keep their mapping.
 *
 * Context of all functions: any but hard interrupts, unless said otherwise.
 */
#ifndef _KRELAY_TIMERS_H
#define _KRELAY_TIMERS_H

#include <linux/atomic.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct net_device;

/**
 * struct krelay_timers_works - what is to be done when time is up
 * @initiate: send a handshake initiation
 * @keepalive: send a keepalive
 * @give_up: drop what waits for a session that does not come
 * @expire: forget all key material
 */
struct krelay_timers_works {
	struct work_struct initiate;
	struct work_struct keepalive;
	struct work_struct give_up;
	struct work_struct expire;
};

/**
 * struct krelay_timers - a peer's timers, works and what they count
 * @dev: the device; nothing is armed or queued while it is down
 * @workqueue: of the device; runs @works
 * @dead: set once: nothing is armed or queued any more
 * @works: what is queued
 * @retransmit: answer to an initiation is overdue
 * @keepalive: something was received and nothing sent back
 * @new_handshake: something was sent and nothing came back
 * @zero_keys: no new session for too long
 * @persistent: nothing was sent or received for @interval
 * @interval: seconds, 0 for none
 * @dials: we are the one who has to reach the peer: never give up
 * @attempts: initiations sent again since new data asked for a session
 * @unanswered: initiations since the last one that led to a session
 * @move_at: so many @unanswered are a reason to try another port of ours
 * @refreshed: this session's last-minute handshake was asked for
 * @lost: nothing came back in time: the way may have changed
 * @last_sent: handshake message, nanoseconds since boot, 0 for never
 * @last_handshake: completed, nanoseconds since 1970, 0 for never
 *
 * Owned by the peer. The counts are hints: two CPUs that race for one send a
 * message more or less.
 */
struct krelay_timers {
	const struct net_device *dev;
	struct workqueue_struct *workqueue;
	bool dead;
	struct krelay_timers_works works;
	struct timer_list retransmit;
	struct timer_list keepalive;
	struct timer_list new_handshake;
	struct timer_list zero_keys;
	struct timer_list persistent;
	u16 interval;
	bool dials;
	unsigned int attempts;
	unsigned int unanswered;
	unsigned int move_at;
	bool refreshed;
	bool lost;
	atomic64_t last_sent;
	u64 last_handshake;
};

/* The caller has set @works by INIT_WORK(). */
void krelay_timers_init(struct krelay_timers *timers, const struct net_device *dev,
			struct workqueue_struct *workqueue);

/* From now on nothing is armed or queued. */
void krelay_timers_kill(struct krelay_timers *timers);

/*
 * Waits for running timers. The device is down or the peer dead, so that none
 * is armed again. May sleep.
 */
void krelay_timers_stop(struct krelay_timers *timers);

/* Waits for the works, too. The peer is dead. May sleep. */
void krelay_timers_drain(struct krelay_timers *timers);

/* Whether works may still do anything. */
bool krelay_timers_active(const struct krelay_timers *timers);

/* Sends a keepalive soon, by the work. */
void krelay_timers_want_keepalive(struct krelay_timers *timers);

/* What was sent before does not count any more; who is kept alive dials at once. */
void krelay_timers_dial_anew(struct krelay_timers *timers);

/* @seconds may be 0. */
void krelay_timers_set_interval(struct krelay_timers *timers, u16 seconds);

void krelay_timers_set_dials(struct krelay_timers *timers, bool dials);

/*
 * Whether a mapping that some router has of our port may be what keeps answers
 * away; krelay_timers_moved() asks for patience until the next time.
 */
bool krelay_timers_want_move(const struct krelay_timers *timers);
void krelay_timers_moved(struct krelay_timers *timers);

/* @retry: asked for by time, not by new data to send. */
void krelay_timers_want_handshake(struct krelay_timers *timers, bool retry);

void krelay_timers_data_sent(struct krelay_timers *timers);
void krelay_timers_data_received(struct krelay_timers *timers);

/* Any message that the peer will be or was able to authenticate. */
void krelay_timers_any_sent(struct krelay_timers *timers);
void krelay_timers_any_received(struct krelay_timers *timers);

void krelay_timers_handshake_initiated(struct krelay_timers *timers);

/* No initiation could be made: the next attempt is not far. */
void krelay_timers_handshake_failed(struct krelay_timers *timers);

/* Not a session, but a sign that messages arrive there and come back. */
void krelay_timers_heard(struct krelay_timers *timers);
void krelay_timers_handshake_complete(struct krelay_timers *timers);
void krelay_timers_session_begun(struct krelay_timers *timers);

#endif /* _KRELAY_TIMERS_H */
