// SPDX-License-Identifier: GPL-2.0
#include "handshake.h"

#include <linux/rtnetlink.h>

#include "event.h"
#include "outer.h"
#include "peer.h"
#include "transmit.h"

/*
 * What of one CPU handshakes may take, in percent and nanoseconds at once. When
 * the queue is long it is too late to ask for cookies: what waits in it has to be
 * computed, at several X25519 each. So it is the computing that is watched.
 */
enum {
	/* Messages a turn; then the peers' own works have theirs. */
	BATCH = 4,
	/* For senders who have shown nothing. Beyond that is load. */
	UNPROVEN_PERCENT = 1,
	UNPROVEN_BURST = 100 * NSEC_PER_MSEC,
	/* For those who have shown their address, under load. */
	PROVEN_PERCENT = 25,
	PROVEN_BURST = 100 * NSEC_PER_MSEC,
	/* For what we have asked for, however many others want something of us. */
	AWAITED_PERCENT = 10,
	AWAITED_BURST = 100 * NSEC_PER_MSEC,
	/* For asking. */
	COOKIES_PERCENT = 10,
	COOKIES_BURST = 20 * NSEC_PER_MSEC,
	/* What one is taken for before the first was measured. */
	HANDSHAKE_COST = NSEC_PER_MSEC,
	COOKIE_COST = 10 * NSEC_PER_USEC,
};

static __le32 type_of(const struct sk_buff *skb)
{
	return *(const __le32 *)skb->data;
}

/* Whether a handshake waits for this response. */
static bool response_awaited(struct krelay_device *kdev, const struct sk_buff *skb)
{
	const struct krelay_wire_response *message = (const void *)skb->data;
	struct krelay_index *index = krelay_index_find(&kdev->indices, message->receiver);

	return index && !rcu_access_pointer(index->keypair);
}

/*
 * Whether a handshake message was sent lately that this may ask to prove. Its
 * index may name a session by now: a response is answered, too.
 */
static bool cookie_awaited(struct krelay_device *kdev, const struct sk_buff *skb)
{
	const struct krelay_wire_cookie *message = (const void *)skb->data;
	struct krelay_index *index = krelay_index_find(&kdev->indices, message->receiver);
	u64 now = ktime_get_boottime_ns();

	return index && READ_ONCE(index->peer->cookie.awaited) &&
	       now - atomic64_read(&index->peer->timers.last_sent) <
	       (u64)KRELAY_REKEY_TIMEOUT * NSEC_PER_SEC;
}

/* Asks the sender to show that it receives where it sends from. */
static void answer(struct krelay_device *kdev, const struct sk_buff *skb,
		   const u8 cookie[KRELAY_COOKIE_SIZE], u64 begin)
{
	/* The sender's index stands at the same place in both types. */
	const struct krelay_wire_initiation *message = (const void *)skb->data;
	struct krelay_wire_cookie reply;

	krelay_cookie_make_reply(&kdev->checker, &reply, skb->data, skb->len, message->sender,
				 cookie);
	if (!krelay_outer_reply(kdev, skb, &reply, sizeof(reply)))
		krelay_count(kdev, KRELAY_STAT_HS_COOKIE_SENT);
	krelay_budget_learn(&kdev->cookies, ktime_get_boottime_ns() - begin);
}

/* Is there time for the message? Return: 0, or why it is not worth a handshake. */
static enum krelay_stat admit(struct krelay_device *kdev, const struct sk_buff *skb)
{
	u64 now = ktime_get_boottime_ns();
	struct krelay_cookie_source source;
	u8 cookie[KRELAY_COOKIE_SIZE];

	if (krelay_budget_take(&kdev->unproven, now))
		return KRELAY_STAT_UNSPEC;

	krelay_outer_source(skb, &source);
	krelay_cookie_make(&kdev->checker, cookie, &source);
	if (!krelay_cookie_check_mac2(cookie, skb->data, skb->len)) {
		if (krelay_budget_take(&kdev->cookies, now))
			answer(kdev, skb, cookie, now);
		return KRELAY_STAT_HS_UNDER_LOAD;
	}
	if (!krelay_limit_allow(kdev->sources, source.bytes, source.len - sizeof(__be16), now) ||
	    !krelay_budget_take(&kdev->proven, now))
		return KRELAY_STAT_HS_RATE_LIMITED;
	return KRELAY_STAT_UNSPEC;
}

static enum krelay_stat judge_cookie(struct krelay_device *kdev, const struct sk_buff *skb)
{
	if (!cookie_awaited(kdev, skb))
		return KRELAY_STAT_HS_INVALID;
	if (!krelay_budget_take(&kdev->awaited, ktime_get_boottime_ns()))
		return KRELAY_STAT_HS_UNDER_LOAD;
	return KRELAY_STAT_UNSPEC;
}

/* What can be told for little, cheapest first: 0, or why it is not worth more. */
static enum krelay_stat judge(struct krelay_device *kdev, const struct sk_buff *skb)
{
	bool response = type_of(skb) == cpu_to_le32(KRELAY_WIRE_RESPONSE);

	if (skb_queue_len_lockless(&kdev->handshakes) >= KRELAY_MAX_HANDSHAKES)
		return KRELAY_STAT_HS_QUEUE_FULL;
	if (type_of(skb) == cpu_to_le32(KRELAY_WIRE_COOKIE))
		return judge_cookie(kdev, skb);
	if (response && !response_awaited(kdev, skb))
		return KRELAY_STAT_HS_INVALID;
	if (!READ_ONCE(kdev->identity.present) ||
	    !krelay_cookie_check_mac1(&kdev->checker, skb->data, skb->len))
		return KRELAY_STAT_HS_BAD_MAC1;
	/* Who does not see what we send cannot know the index. */
	if (response && krelay_budget_take(&kdev->awaited, ktime_get_boottime_ns()))
		return KRELAY_STAT_UNSPEC;
	return admit(kdev, skb);
}

void krelay_handshake_queue(struct krelay_device *kdev, struct sk_buff *skb)
{
	enum krelay_stat reason = judge(kdev, skb);

	if (reason) {
		krelay_drop(kdev, skb, reason);
		return;
	}
	skb_dst_drop(skb);
	/* We wait for responses ourselves, and not for long. */
	if (type_of(skb) == cpu_to_le32(KRELAY_WIRE_RESPONSE))
		skb_queue_head(&kdev->handshakes, skb);
	else
		skb_queue_tail(&kdev->handshakes, skb);
	queue_work(kdev->workqueue, &kdev->handshake_work);
}

/* Return: a message of @len bytes ready to be sent, or NULL. */
static struct sk_buff *wrap(const void *message, size_t len)
{
	struct sk_buff *skb = alloc_skb(krelay_outer_headroom() + len, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, krelay_outer_headroom());
	skb_set_inner_network_header(skb, 0);
	skb_put_data(skb, message, len);
	return skb;
}

/* Counts it as @sent, if there is a way to the peer. */
static void send(struct krelay_peer *peer, const void *message, size_t len, enum krelay_stat sent)
{
	struct sk_buff *skb = wrap(message, len);
	int ret;

	if (!skb)
		return;
	rcu_read_lock_bh();
	ret = krelay_outer_send(peer, skb, KRELAY_TOS_HANDSHAKE);
	rcu_read_unlock_bh();
	if (!ret)
		krelay_count(peer->device, sent);
}

/* A handshake that begins anew takes a fresh index: late answers find nothing. */
static bool renew_index(struct krelay_peer *peer)
{
	struct rhashtable *indices = &peer->device->indices;
	struct krelay_index *index = krelay_index_new(indices, peer);

	if (!index)
		return false;
	krelay_index_free(indices, peer->handshake.index);
	peer->handshake.index = index;
	return true;
}

static bool can_work(const struct krelay_peer *peer)
{
	return krelay_timers_active(&peer->timers);
}

static bool create_initiation(struct krelay_peer *peer, struct krelay_wire_initiation *message)
{
	struct krelay_device *kdev = peer->device;

	if (!can_work(peer) || kdev->asleep || !renew_index(peer) ||
	    !krelay_noise_create_initiation(&peer->handshake, &kdev->identity, message))
		return false;
	krelay_cookie_add_macs(&peer->cookie, message, sizeof(*message));
	return true;
}

/* A session has just begun: the response came while the initiation waited for its turn. */
static bool has_new_session(const struct krelay_peer *peer)
{
	struct krelay_keypair *keypair;
	bool ret;

	rcu_read_lock();
	keypair = rcu_dereference(peer->keypairs.current_one);
	ret = keypair && !krelay_noise_is_older(keypair, KRELAY_REKEY_TIMEOUT);
	rcu_read_unlock();
	return ret;
}

/*
 * A router may hold on to a mapping of our port that leads nowhere: leave it.
 * All other peers keep the port.
 */
static void move(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;

	if (!krelay_timers_want_move(&peer->timers))
		return;
	if (READ_ONCE(kdev->port_fixed)) {
		krelay_timers_moved(&peer->timers);
		krelay_count(kdev, KRELAY_STAT_HS_PORT_FIXED);
		return;
	}
	/* Who holds it may be waiting for this work: the next attempt will do. */
	if (!rtnl_trylock())
		return;
	if (can_work(peer) && !krelay_outer_move(peer)) {
		krelay_timers_moved(&peer->timers);
		krelay_count(kdev, KRELAY_STAT_HS_PORT_MOVED);
	}
	rtnl_unlock();
}

static void initiate(struct work_struct *work)
{
	struct krelay_peer *peer = container_of(work, struct krelay_peer,
						timers.works.initiate);
	struct krelay_device *kdev = peer->device;
	struct krelay_wire_initiation message;
	u64 now = ktime_get_boottime_ns();
	u64 last = atomic64_read(&peer->timers.last_sent);
	bool created;

	if (!can_work(peer) || has_new_session(peer))
		return;
	if (last && now - last < (u64)KRELAY_REKEY_TIMEOUT * NSEC_PER_SEC) {
		/* A response, it may be, of which nobody will say that it was lost. */
		krelay_timers_want_handshake(&peer->timers, true);
		return;
	}
	atomic64_set(&peer->timers.last_sent, now);

	if (peer->timers.lost) {
		peer->timers.lost = false;
		krelay_peer_reset_route(peer);
		move(peer);
	}
	mutex_lock(&kdev->handshake_lock);
	created = create_initiation(peer, &message);
	mutex_unlock(&kdev->handshake_lock);
	if (!created) {
		krelay_timers_handshake_failed(&peer->timers);
		return;
	}

	send(peer, &message, sizeof(message), KRELAY_STAT_HS_INITIATION_SENT);
	krelay_timers_handshake_initiated(&peer->timers);
}

static void keepalive(struct work_struct *work)
{
	struct krelay_peer *peer = container_of(work, struct krelay_peer,
						timers.works.keepalive);

	rcu_read_lock_bh();
	if (can_work(peer))
		krelay_transmit_keepalive(peer);
	rcu_read_unlock_bh();
}

static void expire(struct work_struct *work)
{
	struct krelay_peer *peer = container_of(work, struct krelay_peer,
						timers.works.expire);
	struct krelay_device *kdev = peer->device;

	mutex_lock(&kdev->handshake_lock);
	if (!peer->dead)
		krelay_peer_forget(peer);
	mutex_unlock(&kdev->handshake_lock);
}

static void give_up(struct work_struct *work)
{
	struct krelay_peer *peer = container_of(work, struct krelay_peer,
						timers.works.give_up);

	krelay_peer_purge_staged(peer);
}

void krelay_handshake_init_works(struct krelay_timers_works *works)
{
	INIT_WORK(&works->initiate, initiate);
	INIT_WORK(&works->keepalive, keepalive);
	INIT_WORK(&works->give_up, give_up);
	INIT_WORK(&works->expire, expire);
}

static void roam(struct krelay_peer *peer, const struct sk_buff *skb)
{
	rcu_read_lock_bh();
	krelay_outer_roam(peer, skb);
	krelay_peer_account_rx(peer, skb->len);
	rcu_read_unlock_bh();
}

static void consume_initiation(struct krelay_device *kdev, const struct sk_buff *skb)
{
	const struct krelay_wire_initiation *message = (const void *)skb->data;
	struct krelay_wire_response response;
	struct krelay_noise_opening opening;
	struct krelay_peer *peer;

	if (!krelay_noise_open_initiation(&opening, &kdev->identity, message))
		goto invalid;
	/* Not freed while the handshake lock is held. */
	peer = krelay_peer_find(kdev, opening.remote_static);
	if (!peer || peer->dead)
		goto invalid;

	switch (krelay_noise_accept_initiation(&peer->handshake, &opening, message)) {
	case 0:
		break;
	case -EALREADY:
		krelay_count(kdev, KRELAY_STAT_HS_REPLAYED);
		goto out;
	case -EBUSY:
		krelay_count(kdev, KRELAY_STAT_HS_TOO_MANY);
		goto out;
	default:
		goto invalid;
	}
	krelay_count(kdev, KRELAY_STAT_HS_INITIATION_RECEIVED);
	roam(peer, skb);
	krelay_timers_any_received(&peer->timers);

	if (!renew_index(peer) || !krelay_noise_create_response(&peer->handshake, &response))
		goto out;
	krelay_cookie_add_macs(&peer->cookie, &response, sizeof(response));
	if (krelay_noise_begin_session(&peer->handshake, &peer->keypairs, peer, &kdev->indices))
		goto out;
	krelay_timers_session_begun(&peer->timers);
	/* Before it is sent: what it is answered with may be here at once. */
	atomic64_set(&peer->timers.last_sent, ktime_get_boottime_ns());
	send(peer, &response, sizeof(response), KRELAY_STAT_HS_RESPONSE_SENT);
	krelay_timers_any_sent(&peer->timers);
	goto out;

invalid:
	krelay_count(kdev, KRELAY_STAT_HS_INVALID);
out:
	memzero_explicit(&opening, sizeof(opening));
}

/* Return: the peer whose running handshake has this index, or NULL. */
static struct krelay_peer *find_by_index(struct krelay_device *kdev, __le32 receiver)
{
	struct krelay_peer *peer = NULL;
	struct krelay_index *index;

	rcu_read_lock();
	index = krelay_index_find(&kdev->indices, receiver);
	if (index && !index->peer->dead)
		peer = index->peer;
	rcu_read_unlock();
	return peer;
}

static void consume_response(struct krelay_device *kdev, const struct sk_buff *skb)
{
	const struct krelay_wire_response *message = (const void *)skb->data;
	struct krelay_peer *peer;

	peer = find_by_index(kdev, message->receiver);
	if (!peer || !peer->handshake.index ||
	    cpu_to_le32(peer->handshake.index->value) != message->receiver ||
	    !krelay_noise_consume_response(&peer->handshake, &kdev->identity, message)) {
		krelay_count(kdev, KRELAY_STAT_HS_INVALID);
		return;
	}
	krelay_count(kdev, KRELAY_STAT_HS_RESPONSE_RECEIVED);
	roam(peer, skb);
	krelay_timers_any_received(&peer->timers);
	if (krelay_noise_begin_session(&peer->handshake, &peer->keypairs, peer, &kdev->indices))
		return;
	krelay_timers_session_begun(&peer->timers);
	krelay_timers_handshake_complete(&peer->timers);
	krelay_event_tell(kdev, peer, KRELAY_CMD_HANDSHAKE_NTF);
	/* Confirms our key to the responder, who may not send before. */
	rcu_read_lock_bh();
	krelay_transmit_keepalive(peer);
	rcu_read_unlock_bh();
}

static void consume_cookie(struct krelay_device *kdev, const struct sk_buff *skb)
{
	const struct krelay_wire_cookie *message = (const void *)skb->data;
	struct krelay_peer *peer = find_by_index(kdev, message->receiver);

	if (peer && krelay_cookie_consume(&peer->cookie, message)) {
		krelay_timers_heard(&peer->timers);
		krelay_count(kdev, KRELAY_STAT_HS_COOKIE_RECEIVED);
	} else {
		krelay_count(kdev, KRELAY_STAT_HS_INVALID);
	}
}

static void consume(struct krelay_device *kdev, const struct sk_buff *skb)
{
	mutex_lock(&kdev->handshake_lock);
	if (unlikely(kdev->asleep)) {
		krelay_count(kdev, KRELAY_STAT_HS_ASLEEP);
		goto out;
	}
	switch (le32_to_cpu(type_of(skb))) {
	case KRELAY_WIRE_INITIATION:
		consume_initiation(kdev, skb);
		break;
	case KRELAY_WIRE_RESPONSE:
		consume_response(kdev, skb);
		break;
	case KRELAY_WIRE_COOKIE:
		consume_cookie(kdev, skb);
		break;
	}
out:
	mutex_unlock(&kdev->handshake_lock);
}

/* Computes one message, and notes what that has cost. */
static void consume_timed(struct krelay_device *kdev, struct sk_buff *skb)
{
	bool costly = type_of(skb) != cpu_to_le32(KRELAY_WIRE_COOKIE);
	u64 spent, begin = ktime_get_boottime_ns();

	consume(kdev, skb);
	consume_skb(skb);
	if (!costly)
		return;
	spent = ktime_get_boottime_ns() - begin;
	krelay_budget_learn(&kdev->unproven, spent);
	krelay_budget_learn(&kdev->proven, spent);
	krelay_budget_learn(&kdev->awaited, spent);
}

static void take_off(struct work_struct *work)
{
	struct krelay_device *kdev = container_of(work, struct krelay_device, handshake_work);
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		skb = skb_dequeue(&kdev->handshakes);
		if (!skb)
			return;
		consume_timed(kdev, skb);
		cond_resched();
	}
	queue_work(kdev->workqueue, work);
}

void krelay_handshake_init(struct krelay_device *kdev)
{
	mutex_init(&kdev->handshake_lock);
	skb_queue_head_init(&kdev->handshakes);
	INIT_WORK(&kdev->handshake_work, take_off);
	krelay_cookie_init_checker(&kdev->checker);
	krelay_budget_init(&kdev->unproven, UNPROVEN_PERCENT, UNPROVEN_BURST, HANDSHAKE_COST);
	krelay_budget_init(&kdev->proven, PROVEN_PERCENT, PROVEN_BURST, HANDSHAKE_COST);
	krelay_budget_init(&kdev->awaited, AWAITED_PERCENT, AWAITED_BURST, HANDSHAKE_COST);
	krelay_budget_init(&kdev->cookies, COOKIES_PERCENT, COOKIES_BURST, COOKIE_COST);
}
