// SPDX-License-Identifier: GPL-2.0
#include "timers.h"

#include <linux/random.h>

#include "compat/compat.h"
#include "wire.h"

enum {
	/* After 15 s without an answer, and then about every minute. */
	MOVE_FIRST = 3,
	MOVE_AGAIN = 12,
};

bool krelay_timers_active(const struct krelay_timers *timers)
{
	return netif_running(timers->dev) && !READ_ONCE(timers->dead);
}

static void arm(struct krelay_timers *timers, struct timer_list *timer, unsigned long delay)
{
	if (likely(krelay_timers_active(timers)))
		mod_timer(timer, jiffies + delay);
}

static void disarm(struct timer_list *timer)
{
	if (timer_pending(timer))
		timer_delete(timer);
}

static void queue(struct krelay_timers *timers, struct work_struct *work)
{
	if (likely(krelay_timers_active(timers)))
		queue_work(timers->workqueue, work);
}

static unsigned long jitter(void)
{
	return msecs_to_jiffies(get_random_u32_below(KRELAY_REKEY_TIMEOUT_JITTER_MS));
}

static void arm_retransmit(struct krelay_timers *timers)
{
	arm(timers, &timers->retransmit, KRELAY_REKEY_TIMEOUT * HZ + jitter());
}

void krelay_timers_want_handshake(struct krelay_timers *timers, bool retry)
{
	u64 since = ktime_get_boottime_ns() - atomic64_read(&timers->last_sent);

	if (!retry)
		timers->attempts = 0;
	if (!atomic64_read(&timers->last_sent) ||
	    since >= (u64)KRELAY_REKEY_TIMEOUT * NSEC_PER_SEC)
		queue(timers, &timers->works.initiate);
	else if (!timer_pending(&timers->retransmit))
		/* What was sent last was a response, and may be lost. */
		arm_retransmit(timers);
}

static void retransmit_expired(struct timer_list *timer)
{
	struct krelay_timers *timers = from_timer(timers, timer, retransmit);

	/* What waits for a session has waited long enough. */
	if (++timers->attempts % (KRELAY_MAX_ATTEMPTS + 1) == 0) {
		disarm(&timers->keepalive);
		queue(timers, &timers->works.give_up);
		if (!timer_pending(&timers->zero_keys))
			arm(timers, &timers->zero_keys, 3UL * KRELAY_REJECT_AFTER_TIME * HZ);
		if (!READ_ONCE(timers->dials))
			return;
	}
	timers->lost = true;
	krelay_timers_want_handshake(timers, true);
}

static void keepalive_expired(struct timer_list *timer)
{
	struct krelay_timers *timers = from_timer(timers, timer, keepalive);

	queue(timers, &timers->works.keepalive);
}

static void new_handshake_expired(struct timer_list *timer)
{
	struct krelay_timers *timers = from_timer(timers, timer, new_handshake);

	timers->lost = true;
	krelay_timers_want_handshake(timers, false);
}

static void zero_keys_expired(struct timer_list *timer)
{
	struct krelay_timers *timers = from_timer(timers, timer, zero_keys);

	queue(timers, &timers->works.expire);
}

static void persistent_expired(struct timer_list *timer)
{
	struct krelay_timers *timers = from_timer(timers, timer, persistent);

	if (!timers->interval)
		return;
	queue(timers, &timers->works.keepalive);
	/* Whatever becomes of that one, for which there may be no memory or route. */
	arm(timers, &timers->persistent, (unsigned long)timers->interval * HZ);
}

void krelay_timers_init(struct krelay_timers *timers, const struct net_device *dev,
			struct workqueue_struct *workqueue)
{
	timers->dev = dev;
	timers->workqueue = workqueue;
	timers->move_at = MOVE_FIRST;
	timer_setup(&timers->retransmit, retransmit_expired, 0);
	timer_setup(&timers->keepalive, keepalive_expired, 0);
	timer_setup(&timers->new_handshake, new_handshake_expired, 0);
	timer_setup(&timers->zero_keys, zero_keys_expired, 0);
	timer_setup(&timers->persistent, persistent_expired, 0);
}

void krelay_timers_kill(struct krelay_timers *timers)
{
	WRITE_ONCE(timers->dead, true);
}

void krelay_timers_stop(struct krelay_timers *timers)
{
	timer_delete_sync(&timers->retransmit);
	timer_delete_sync(&timers->keepalive);
	timer_delete_sync(&timers->new_handshake);
	timer_delete_sync(&timers->zero_keys);
	timer_delete_sync(&timers->persistent);
	timers->attempts = 0;
	timers->refreshed = false;
	timers->lost = false;
	krelay_timers_heard(timers);
	/* Who comes back may ask for a handshake at once. */
	atomic64_set(&timers->last_sent, 0);
}

void krelay_timers_drain(struct krelay_timers *timers)
{
	cancel_work_sync(&timers->works.initiate);
	cancel_work_sync(&timers->works.keepalive);
	cancel_work_sync(&timers->works.give_up);
	cancel_work_sync(&timers->works.expire);
	/* Last, since works arm them. */
	krelay_timers_stop(timers);
}

void krelay_timers_want_keepalive(struct krelay_timers *timers)
{
	queue(timers, &timers->works.keepalive);
}

void krelay_timers_dial_anew(struct krelay_timers *timers)
{
	atomic64_set(&timers->last_sent, 0);
	if (timers->interval || timers->dials)
		krelay_timers_want_keepalive(timers);
}

void krelay_timers_set_interval(struct krelay_timers *timers, u16 seconds)
{
	bool changed = seconds != timers->interval;

	WRITE_ONCE(timers->interval, seconds);
	if (changed && seconds)
		krelay_timers_want_keepalive(timers);
}

void krelay_timers_set_dials(struct krelay_timers *timers, bool dials)
{
	bool begins = dials && !timers->dials;

	WRITE_ONCE(timers->dials, dials);
	if (begins)
		krelay_timers_want_keepalive(timers);
}

bool krelay_timers_want_move(const struct krelay_timers *timers)
{
	return READ_ONCE(timers->dials) &&
	       READ_ONCE(timers->unanswered) >= READ_ONCE(timers->move_at);
}

void krelay_timers_moved(struct krelay_timers *timers)
{
	WRITE_ONCE(timers->move_at, READ_ONCE(timers->unanswered) + MOVE_AGAIN);
}

void krelay_timers_data_sent(struct krelay_timers *timers)
{
	if (!timer_pending(&timers->new_handshake))
		arm(timers, &timers->new_handshake,
		    (KRELAY_KEEPALIVE_TIMEOUT + KRELAY_REKEY_TIMEOUT) * HZ + jitter());
}

void krelay_timers_data_received(struct krelay_timers *timers)
{
	if (!timer_pending(&timers->keepalive))
		arm(timers, &timers->keepalive, KRELAY_KEEPALIVE_TIMEOUT * HZ);
}

/*
 * Moving a timer by less than a second is not worth its lock on every packet. One that
 * expires later than it has to is of an interval that was longer.
 */
static void push_persistent(struct krelay_timers *timers)
{
	unsigned long delay = (unsigned long)READ_ONCE(timers->interval) * HZ;
	unsigned long end = jiffies + delay;

	if (!delay)
		return;
	if (timer_pending(&timers->persistent) &&
	    time_in_range(timers->persistent.expires, end - HZ + 1, end))
		return;
	arm(timers, &timers->persistent, delay);
}

void krelay_timers_any_sent(struct krelay_timers *timers)
{
	disarm(&timers->keepalive);
	push_persistent(timers);
}

void krelay_timers_any_received(struct krelay_timers *timers)
{
	disarm(&timers->new_handshake);
	push_persistent(timers);
}

void krelay_timers_handshake_initiated(struct krelay_timers *timers)
{
	krelay_timers_any_sent(timers);
	WRITE_ONCE(timers->unanswered, READ_ONCE(timers->unanswered) + 1);
	arm_retransmit(timers);
}

void krelay_timers_handshake_failed(struct krelay_timers *timers)
{
	arm_retransmit(timers);
}

void krelay_timers_heard(struct krelay_timers *timers)
{
	WRITE_ONCE(timers->unanswered, 0);
	WRITE_ONCE(timers->move_at, MOVE_FIRST);
}

void krelay_timers_handshake_complete(struct krelay_timers *timers)
{
	disarm(&timers->retransmit);
	krelay_timers_heard(timers);
	timers->attempts = 0;
	timers->refreshed = false;
	WRITE_ONCE(timers->last_handshake, ktime_get_real_ns());
}

void krelay_timers_session_begun(struct krelay_timers *timers)
{
	arm(timers, &timers->zero_keys, 3UL * KRELAY_REJECT_AFTER_TIME * HZ);
}
