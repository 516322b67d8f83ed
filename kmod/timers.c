// SPDX-License-Identifier: GPL-2.0
#include "timers.h"

#include <linux/random.h>

#include "compat/compat.h"
#include "peer.h"

static bool active(const struct krelay_peer *peer)
{
	return netif_running(peer->device->dev) && !READ_ONCE(peer->dead);
}

static void arm(struct krelay_peer *peer, struct timer_list *timer, unsigned long delay)
{
	if (likely(active(peer)))
		mod_timer(timer, jiffies + delay);
}

static void disarm(struct timer_list *timer)
{
	if (timer_pending(timer))
		timer_delete(timer);
}

static void queue(struct krelay_peer *peer, struct work_struct *work)
{
	if (likely(active(peer)))
		queue_work(peer->device->workqueue, work);
}

static unsigned long jitter(void)
{
	return msecs_to_jiffies(get_random_u32_below(KRELAY_REKEY_TIMEOUT_JITTER_MS));
}

void krelay_timers_want_handshake(struct krelay_peer *peer, bool retry)
{
	u64 since = ktime_get_boottime_ns() - atomic64_read(&peer->last_initiation);

	if (!retry)
		peer->attempts = 0;
	/* The pending answer, or the retransmit timer, takes care of it. */
	if (atomic64_read(&peer->last_initiation) &&
	    since < (u64)KRELAY_REKEY_TIMEOUT * NSEC_PER_SEC)
		return;
	queue(peer, &peer->initiate_work);
}

static void retransmit_expired(struct timer_list *timer)
{
	struct krelay_peer *peer = from_timer(peer, timer, retransmit);

	if (peer->attempts < KRELAY_MAX_ATTEMPTS) {
		peer->attempts++;
		/* Perhaps the way has changed. */
		krelay_peer_reset_route(peer);
		krelay_timers_want_handshake(peer, true);
		return;
	}
	disarm(&peer->keepalive);
	krelay_peer_purge_staged(peer);
	if (!timer_pending(&peer->zero_keys))
		arm(peer, &peer->zero_keys, 3UL * KRELAY_REJECT_AFTER_TIME * HZ);
}

static void keepalive_expired(struct timer_list *timer)
{
	struct krelay_peer *peer = from_timer(peer, timer, keepalive);

	queue(peer, &peer->keepalive_work);
	if (peer->keepalive_again) {
		peer->keepalive_again = false;
		arm(peer, &peer->keepalive, KRELAY_KEEPALIVE_TIMEOUT * HZ);
	}
}

static void new_handshake_expired(struct timer_list *timer)
{
	struct krelay_peer *peer = from_timer(peer, timer, new_handshake);

	krelay_peer_reset_route(peer);
	krelay_timers_want_handshake(peer, false);
}

static void zero_keys_expired(struct timer_list *timer)
{
	struct krelay_peer *peer = from_timer(peer, timer, zero_keys);

	queue(peer, &peer->expire_work);
}

static void persistent_expired(struct timer_list *timer)
{
	struct krelay_peer *peer = from_timer(peer, timer, persistent);

	if (peer->keepalive_interval)
		queue(peer, &peer->keepalive_work);
}

void krelay_timers_init(struct krelay_peer *peer)
{
	timer_setup(&peer->retransmit, retransmit_expired, 0);
	timer_setup(&peer->keepalive, keepalive_expired, 0);
	timer_setup(&peer->new_handshake, new_handshake_expired, 0);
	timer_setup(&peer->zero_keys, zero_keys_expired, 0);
	timer_setup(&peer->persistent, persistent_expired, 0);
}

void krelay_timers_stop(struct krelay_peer *peer)
{
	timer_delete_sync(&peer->retransmit);
	timer_delete_sync(&peer->keepalive);
	timer_delete_sync(&peer->new_handshake);
	timer_delete_sync(&peer->zero_keys);
	timer_delete_sync(&peer->persistent);
	peer->attempts = 0;
	peer->keepalive_again = false;
	peer->refreshed = false;
}

void krelay_timers_data_sent(struct krelay_peer *peer)
{
	if (!timer_pending(&peer->new_handshake))
		arm(peer, &peer->new_handshake,
		    (KRELAY_KEEPALIVE_TIMEOUT + KRELAY_REKEY_TIMEOUT) * HZ + jitter());
}

void krelay_timers_data_received(struct krelay_peer *peer)
{
	if (timer_pending(&peer->keepalive))
		peer->keepalive_again = true;
	else
		arm(peer, &peer->keepalive, KRELAY_KEEPALIVE_TIMEOUT * HZ);
}

/* Moving a timer by less than a second is not worth its lock on every packet. */
static void push_persistent(struct krelay_peer *peer)
{
	unsigned long delay = (unsigned long)READ_ONCE(peer->keepalive_interval) * HZ;

	if (!delay)
		return;
	if (timer_pending(&peer->persistent) &&
	    time_before(jiffies + delay, peer->persistent.expires + HZ))
		return;
	arm(peer, &peer->persistent, delay);
}

void krelay_timers_any_sent(struct krelay_peer *peer)
{
	disarm(&peer->keepalive);
	push_persistent(peer);
}

void krelay_timers_any_received(struct krelay_peer *peer)
{
	disarm(&peer->new_handshake);
	push_persistent(peer);
}

void krelay_timers_handshake_initiated(struct krelay_peer *peer)
{
	krelay_timers_any_sent(peer);
	arm(peer, &peer->retransmit, KRELAY_REKEY_TIMEOUT * HZ + jitter());
}

void krelay_timers_handshake_complete(struct krelay_peer *peer)
{
	disarm(&peer->retransmit);
	peer->attempts = 0;
	peer->refreshed = false;
	WRITE_ONCE(peer->last_handshake, ktime_get_real_ns());
}

void krelay_timers_session_begun(struct krelay_peer *peer)
{
	arm(peer, &peer->zero_keys, 3UL * KRELAY_REJECT_AFTER_TIME * HZ);
}
