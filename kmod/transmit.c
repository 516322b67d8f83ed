// SPDX-License-Identifier: GPL-2.0
#include "transmit.h"

#include <net/ip_tunnels.h>

#include "aead.h"
#include "compat/compat.h"
#include "outer.h"
#include "peer.h"

enum {
	/*
	 * How many krelay devices a packet may go through by being encrypted
	 * again in the same call. Each takes its share of the stack, and old
	 * kernels set no limit.
	 */
	MAX_DEPTH = 3,
};

static DEFINE_PER_CPU(unsigned int, depth);

unsigned int krelay_transmit_headroom(void)
{
	return krelay_outer_headroom() + sizeof(struct krelay_wire_data);
}

unsigned int krelay_transmit_tailroom(void)
{
	return KRELAY_PADDING - 1 + KRELAY_TAG_SIZE;
}

/* Zeros behind the packet, up to a multiple of 16 but not beyond the MTU. */
static unsigned int padding(unsigned int len, unsigned int mtu)
{
	if (len >= mtu)
		return 0;
	return min_t(unsigned int, ALIGN(len, KRELAY_PADDING), mtu) - len;
}

static bool fits_in_place(const struct sk_buff *skb, unsigned int trailer)
{
	return !skb_is_nonlinear(skb) && !skb_cloned(skb) && !skb_shared(skb) &&
	       skb_headroom(skb) >= krelay_transmit_headroom() &&
	       skb_tailroom(skb) >= trailer;
}

/*
 * A packet of which somebody else holds the bytes, or that lies in pieces, is
 * copied: one contiguous buffer is what the cipher is fastest on.
 */
static struct sk_buff *copy(struct sk_buff *skb, unsigned int trailer)
{
	struct sk_buff *new;

	new = alloc_skb(krelay_transmit_headroom() + skb->len + trailer,
			GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!new))
		return NULL;
	skb_reserve(new, krelay_transmit_headroom());
	if (skb_copy_bits(skb, 0, skb_put(new, skb->len), skb->len)) {
		kfree_skb(new);
		return NULL;
	}
	new->protocol = skb->protocol;
	new->priority = skb->priority;
	skb_reset_network_header(new);
	consume_skb(skb);
	return new;
}

/* Packet to data message. Return: NULL, with @skb freed and counted, on error. */
static struct sk_buff *encapsulate(struct krelay_device *kdev, struct sk_buff *skb,
				   const struct krelay_keypair *keypair, u64 nonce, u8 *tos)
{
	unsigned int pad = padding(skb->len, READ_ONCE(kdev->dev->mtu));
	struct krelay_wire_data *header;
	struct sk_buff *old = skb;

	/* Not skb_checksum_help(), which knows nothing of SCTP's CRC. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(skb_csum_hwoffload_help(skb, 0)))
		goto no_memory;
	/* RFC 6040: the outer packet shows congestion control what the inner does. */
	*tos = skb->len ? ip_tunnel_ecn_encap(KRELAY_TOS_DATA, ip_hdr(skb), skb) :
			  KRELAY_TOS_DATA;
	if (!fits_in_place(skb, pad + KRELAY_TAG_SIZE)) {
		skb = copy(skb, pad + KRELAY_TAG_SIZE);
		if (unlikely(!skb))
			goto no_memory;
	}

	skb_set_inner_network_header(skb, 0);
	skb_put_zero(skb, pad);
	krelay_aead_seal(skb->data, skb->len, nonce, keypair->sending_key);
	skb_put(skb, KRELAY_TAG_SIZE);
	header = skb_push(skb, sizeof(*header));
	header->type = cpu_to_le32(KRELAY_WIRE_DATA);
	header->receiver = keypair->remote_index;
	header->counter = cpu_to_le64(nonce);
	skb->ip_summed = CHECKSUM_NONE;
	/* Of a tunnel inside no offload may see anything any more. */
	skb->encapsulation = 0;
	skb_scrub_packet(skb, true);
	return skb;

no_memory:
	krelay_drop(kdev, old, KRELAY_STAT_TX_NO_MEMORY);
	return NULL;
}

/* In time before the session ends, so that no packet has to wait. */
static void keep_fresh(struct krelay_peer *peer, struct krelay_keypair *keypair)
{
	/* A new session may have begun while we sent under this one. */
	if (keypair != rcu_access_pointer(peer->keypairs.current_one))
		return;
	if (atomic64_read(&keypair->sent) > KRELAY_REKEY_AFTER_MESSAGES ||
	    (keypair->initiator && krelay_noise_is_older(keypair, KRELAY_REKEY_AFTER_TIME)))
		krelay_timers_want_handshake(&peer->timers, false);
}

/* Takes nonces for @count packets. Return: whether the session allows that. */
static bool take_nonces(struct krelay_keypair *keypair, unsigned int count, u64 *nonce)
{
	if (krelay_noise_is_older(keypair, KRELAY_REJECT_AFTER_TIME) ||
	    unlikely(krelay_noise_is_copied(keypair)))
		return false;
	/* Or what is refused would add up until the counter begins anew. */
	if (unlikely((u64)atomic64_read(&keypair->sent) >= KRELAY_REJECT_AFTER_MESSAGES))
		return false;
	*nonce = atomic64_fetch_add(count, &keypair->sent);
	return *nonce <= KRELAY_REJECT_AFTER_MESSAGES - count;
}

/* Return: false, with @batch untouched, if there is no session to send under. */
static bool send_batch(struct krelay_peer *peer, struct sk_buff_head *batch)
{
	struct krelay_keypair *keypair = rcu_dereference_bh(peer->keypairs.current_one);
	struct krelay_device *kdev = peer->device;
	struct sk_buff *skb;
	bool data = false;
	u64 nonce;
	u8 tos;

	if (unlikely(!keypair || !take_nonces(keypair, skb_queue_len(batch), &nonce)))
		return false;

	while ((skb = __skb_dequeue(batch))) {
		bool empty = !skb->len;

		skb = encapsulate(kdev, skb, keypair, nonce++, &tos);
		if (unlikely(!skb))
			continue;
		if (!krelay_outer_send(peer, skb, tos) && !empty)
			data = true;
	}
	krelay_timers_any_sent(&peer->timers);
	if (data)
		krelay_timers_data_sent(&peer->timers);
	keep_fresh(peer, keypair);
	return true;
}

/* The oldest first. Whoever puts back what he could not send may find more there. */
static void trim_staged(struct krelay_peer *peer)
{
	struct sk_buff *skb;

	while (skb_queue_len_lockless(&peer->staged) > KRELAY_MAX_STAGED) {
		spin_lock(&peer->staged.lock);
		skb = skb_queue_len(&peer->staged) > KRELAY_MAX_STAGED ?
		      __skb_dequeue(&peer->staged) : NULL;
		spin_unlock(&peer->staged.lock);
		if (skb)
			krelay_drop(peer->device, skb, KRELAY_STAT_TX_STAGED);
	}
}

void krelay_transmit_staged(struct krelay_peer *peer)
{
	struct sk_buff_head batch;

	if (skb_queue_empty_lockless(&peer->staged))
		return;
	__skb_queue_head_init(&batch);
	spin_lock(&peer->staged.lock);
	skb_queue_splice_init(&peer->staged, &batch);
	spin_unlock(&peer->staged.lock);

	if (send_batch(peer, &batch))
		return;
	spin_lock(&peer->staged.lock);
	skb_queue_splice(&batch, &peer->staged);
	spin_unlock(&peer->staged.lock);
	trim_staged(peer);
}

static void stage(struct krelay_peer *peer, struct sk_buff_head *batch)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(batch))) {
		/* It may wait long: let go of routes, connections and the sender's buffer. */
		skb_scrub_packet(skb, true);
		skb_orphan(skb);
		spin_lock(&peer->staged.lock);
		__skb_queue_tail(&peer->staged, skb);
		spin_unlock(&peer->staged.lock);
		trim_staged(peer);
	}
	krelay_timers_want_handshake(&peer->timers, false);
	/* The session may have begun after we looked: nobody else would send these. */
	if (rcu_access_pointer(peer->keypairs.current_one))
		krelay_transmit_staged(peer);
}

bool krelay_transmit_segment(struct sk_buff *skb, struct sk_buff_head *batch)
{
	struct sk_buff *segments, *next;

	/* Without a link header in front: its copy would end up in the segments. */
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	segments = __skb_gso_segment(skb, 0, false);
	if (IS_ERR_OR_NULL(segments))
		return false;
	consume_skb(skb);
	skb_list_walk_safe(segments, skb, next) {
		skb_mark_not_on_list(skb);
		__skb_queue_tail(batch, skb);
	}
	return true;
}

void krelay_transmit_packet(struct krelay_peer *peer, struct sk_buff *skb)
{
	struct krelay_device *kdev = peer->device;
	struct sk_buff_head batch;

	if (unlikely(__this_cpu_read(depth) >= MAX_DEPTH)) {
		krelay_drop(kdev, skb, KRELAY_STAT_TX_LOOP);
		return;
	}
	__this_cpu_inc(depth);
	__skb_queue_head_init(&batch);
	if (!skb_is_gso(skb))
		__skb_queue_tail(&batch, skb);
	else if (unlikely(!krelay_transmit_segment(skb, &batch)))
		krelay_drop(kdev, skb, KRELAY_STAT_TX_NO_MEMORY);

	/* What waits already goes first. */
	krelay_transmit_staged(peer);
	if (!skb_queue_empty(&batch) && unlikely(!send_batch(peer, &batch)))
		stage(peer, &batch);
	__this_cpu_dec(depth);
}

void krelay_transmit_keepalive(struct krelay_peer *peer)
{
	struct sk_buff_head batch;
	struct sk_buff *skb;

	if (skb_queue_empty_lockless(&peer->staged)) {
		skb = alloc_skb(krelay_transmit_headroom() + krelay_transmit_tailroom(),
				GFP_ATOMIC);
		if (!skb)
			return;
		skb_reserve(skb, krelay_transmit_headroom());
		skb_reset_network_header(skb);
		__skb_queue_head_init(&batch);
		__skb_queue_tail(&batch, skb);
		if (!send_batch(peer, &batch))
			stage(peer, &batch);
		return;
	}
	krelay_transmit_staged(peer);
	if (!skb_queue_empty_lockless(&peer->staged))
		krelay_timers_want_handshake(&peer->timers, false);
}
