// SPDX-License-Identifier: GPL-2.0
#include "handshake.h"

#include "event.h"
#include "outer.h"
#include "peer.h"
#include "transmit.h"

enum {
	/* Messages a turn; then the peers' own works have theirs. */
	BATCH = 16,
	/* Messages that wait are a sign of load; it is believed for a second. */
	LOAD_QUEUE_LEN = KRELAY_MAX_HANDSHAKES / 8,
	LOAD_SECONDS = 1,
};

static __le32 type_of(const struct sk_buff *skb)
{
	return *(const __le32 *)skb->data;
}

/* The index that the message answers to, of a type that answers. */
static __le32 receiver_of(const struct sk_buff *skb)
{
	return type_of(skb) == cpu_to_le32(KRELAY_WIRE_RESPONSE) ?
	       ((const struct krelay_wire_response *)skb->data)->receiver :
	       ((const struct krelay_wire_cookie *)skb->data)->receiver;
}

/* What can be told for little: 0, or why the message is not worth more. */
static enum krelay_stat judge(struct krelay_device *kdev, const struct sk_buff *skb)
{
	if (type_of(skb) != cpu_to_le32(KRELAY_WIRE_COOKIE) &&
	    (!READ_ONCE(kdev->identity.present) ||
	     !krelay_cookie_check_mac1(&kdev->checker, skb->data, skb->len)))
		return KRELAY_STAT_HS_BAD_MAC1;
	if (type_of(skb) != cpu_to_le32(KRELAY_WIRE_INITIATION) &&
	    !krelay_index_find(&kdev->indices, receiver_of(skb)))
		return KRELAY_STAT_HS_INVALID;
	if (skb_queue_len_lockless(&kdev->handshakes) >= KRELAY_MAX_HANDSHAKES)
		return KRELAY_STAT_HS_QUEUE_FULL;
	return KRELAY_STAT_UNSPEC;
}

void krelay_handshake_queue(struct krelay_device *kdev, struct sk_buff *skb)
{
	enum krelay_stat reason = judge(kdev, skb);

	if (reason) {
		krelay_drop(kdev, skb, reason);
		return;
	}
	skb_dst_drop(skb);
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

static void send(struct krelay_peer *peer, const void *message, size_t len)
{
	struct sk_buff *skb = wrap(message, len);

	if (!skb)
		return;
	rcu_read_lock_bh();
	krelay_outer_send(peer, skb, KRELAY_TOS_HANDSHAKE);
	rcu_read_unlock_bh();
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

	if (!can_work(peer) || !renew_index(peer) ||
	    !krelay_noise_create_initiation(&peer->handshake, &kdev->identity, message))
		return false;
	krelay_cookie_add_macs(&peer->cookie, message, sizeof(*message));
	return true;
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

	if (last && now - last < (u64)KRELAY_REKEY_TIMEOUT * NSEC_PER_SEC)
		return;
	atomic64_set(&peer->timers.last_sent, now);

	if (peer->timers.lost) {
		peer->timers.lost = false;
		krelay_peer_reset_route(peer);
	}
	mutex_lock(&kdev->handshake_lock);
	created = create_initiation(peer, &message);
	mutex_unlock(&kdev->handshake_lock);
	if (!created)
		return;

	send(peer, &message, sizeof(message));
	krelay_count(kdev, KRELAY_STAT_HS_INITIATION_SENT);
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
	if (!peer->dead) {
		krelay_index_free(&kdev->indices, peer->handshake.index);
		krelay_noise_clear_handshake(&peer->handshake);
		krelay_noise_clear_sessions(&peer->keypairs, &kdev->indices);
	}
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

static bool under_load(struct krelay_device *kdev)
{
	u64 now = ktime_get_boottime_ns();

	if (skb_queue_len_lockless(&kdev->handshakes) >= LOAD_QUEUE_LEN)
		kdev->loaded_until = now + (u64)LOAD_SECONDS * NSEC_PER_SEC;
	return now < kdev->loaded_until;
}

/* Return: whether the sender has shown to receive where it sends from. */
static bool admit(struct krelay_device *kdev, const struct sk_buff *skb, __le32 sender)
{
	struct krelay_cookie_source source;
	struct krelay_wire_cookie reply;

	if (!under_load(kdev))
		return true;
	krelay_outer_source(skb, &source);
	if (krelay_cookie_check_mac2(&kdev->checker, skb->data, skb->len, &source))
		return true;
	krelay_cookie_make_reply(&kdev->checker, &reply, skb->data, skb->len, sender, &source);
	rcu_read_lock_bh();
	if (!krelay_outer_reply(kdev, skb, &reply, sizeof(reply)))
		krelay_count(kdev, KRELAY_STAT_HS_COOKIE_SENT);
	rcu_read_unlock_bh();
	krelay_count(kdev, KRELAY_STAT_HS_UNDER_LOAD);
	return false;
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

	if (!admit(kdev, skb, message->sender))
		return;
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
	send(peer, &response, sizeof(response));
	atomic64_set(&peer->timers.last_sent, ktime_get_boottime_ns());
	krelay_count(kdev, KRELAY_STAT_HS_RESPONSE_SENT);
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

	if (!admit(kdev, skb, message->sender))
		return;
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

	if (peer && krelay_cookie_consume(&peer->cookie, message))
		krelay_count(kdev, KRELAY_STAT_HS_COOKIE_RECEIVED);
	else
		krelay_count(kdev, KRELAY_STAT_HS_INVALID);
}

static void consume(struct krelay_device *kdev, struct sk_buff *skb)
{
	mutex_lock(&kdev->handshake_lock);
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
	mutex_unlock(&kdev->handshake_lock);
	consume_skb(skb);
}

void krelay_handshake_work(struct work_struct *work)
{
	struct krelay_device *kdev = container_of(work, struct krelay_device, handshake_work);
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		skb = skb_dequeue(&kdev->handshakes);
		if (!skb)
			return;
		consume(kdev, skb);
		cond_resched();
	}
	queue_work(kdev->workqueue, work);
}
