// SPDX-License-Identifier: GPL-2.0
#include "receive.h"

#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>

#include "aead.h"
#include "bridge.h"
#include "event.h"
#include "handshake.h"
#include "home.h"
#include "outer.h"
#include "peer.h"
#include "rewrite.h"
#include "transmit.h"

enum {
	/* A last-minute handshake ends in time for the packets under way. */
	REFRESH_AFTER_TIME = KRELAY_REJECT_AFTER_TIME - KRELAY_KEEPALIVE_TIMEOUT -
			     KRELAY_REKEY_TIMEOUT,
};

/* The receiving initiator sees to it that it is not left without a session. */
static void keep_fresh(struct krelay_peer *peer, const struct krelay_keypair *keypair)
{
	if (peer->timers.refreshed || !keypair->initiator ||
	    !krelay_noise_is_older(keypair, REFRESH_AFTER_TIME))
		return;
	/* A late packet of the session before says nothing of the present one. */
	if (keypair != rcu_access_pointer(peer->keypairs.current_one))
		return;
	peer->timers.refreshed = true;
	krelay_timers_want_handshake(&peer->timers, false);
}

/* Something genuine came: it moves the endpoint, and confirms a new session. */
static void note_authentic(struct krelay_peer *peer, struct krelay_keypair *keypair,
			   const struct sk_buff *skb)
{
	krelay_outer_roam(peer, skb);
	if (krelay_noise_confirm_session(&peer->keypairs, keypair, &peer->device->indices)) {
		krelay_timers_handshake_complete(&peer->timers);
		krelay_event_tell(peer->device, peer, KRELAY_CMD_HANDSHAKE_NTF);
		krelay_transmit_staged(peer);
	}
	keep_fresh(peer, keypair);
	krelay_timers_any_received(&peer->timers);
}

/*
 * Decrypts @skb in place.
 * Return: its session, or NULL if it was dropped.
 */
static struct krelay_keypair *decrypt(struct krelay_device *kdev, struct sk_buff *skb)
{
	const struct krelay_wire_data *header = (const void *)skb->data;
	enum krelay_stat reason = KRELAY_STAT_RX_NO_SESSION;
	struct krelay_keypair *keypair;
	struct krelay_index *index;
	u64 counter;

	index = krelay_index_find(&kdev->indices, header->receiver);
	keypair = index ? rcu_dereference_bh(index->keypair) : NULL;
	if (unlikely(!keypair))
		goto drop;
	reason = KRELAY_STAT_RX_EXPIRED;
	if (unlikely(krelay_noise_is_older(keypair, KRELAY_REJECT_AFTER_TIME)))
		goto drop;
	reason = KRELAY_STAT_RX_NO_MEMORY;
	if (unlikely(skb_linearize_cow(skb)))
		goto drop;

	header = (const void *)skb->data;
	counter = le64_to_cpu(header->counter);
	reason = KRELAY_STAT_RX_DECRYPT;
	if (unlikely(!krelay_aead_open(skb->data + sizeof(*header), skb->len - sizeof(*header),
				       counter, keypair->receiving_key)))
		goto drop;
	reason = KRELAY_STAT_RX_REPLAY;
	if (unlikely(!krelay_replay_accept(&keypair->replay, counter)))
		goto drop;
	return keypair;
drop:
	krelay_drop(kdev, skb, reason);
	return NULL;
}

/* From message to packet. Return: whether it is a valid one. */
static bool unwrap(struct sk_buff *skb, u8 outer_tos)
{
	skb_pull(skb, sizeof(struct krelay_wire_data));
	pskb_trim(skb, skb->len - KRELAY_TAG_SIZE);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb_reset_network_header(skb);
	skb->ip_summed = CHECKSUM_NONE;
	if (unlikely(!krelay_rewrite_validate(skb)))
		return false;
	/* RFC 6040: congestion on the way of the outer packet is the inner's, too. */
	return skb->protocol == htons(ETH_P_IP) ?
	       INET_ECN_decapsulate(skb, outer_tos, ip_hdr(skb)->tos) <= 1 :
	       INET_ECN_decapsulate(skb, outer_tos, ipv6_get_dsfield(ipv6_hdr(skb))) <= 1;
}

static bool source_allowed(struct krelay_peer *peer, const struct sk_buff *skb)
{
	const struct krelay_cidr *allowed = &peer->device->allowed;
	struct krelay_cidr_owner *owner;

	owner = skb->protocol == htons(ETH_P_IP) ?
		krelay_cidr_lookup(allowed, &ip_hdr(skb)->saddr, KRELAY_CIDR_IPV4) :
		krelay_cidr_lookup(allowed, &ipv6_hdr(skb)->saddr, KRELAY_CIDR_IPV6);
	return owner == &peer->allowed;
}

/* Through GRO on our netdev, so that the host sees an ordinary packet. */
static void hand_up(const struct krelay_peer *peer, struct sk_buff *skb)
{
	struct krelay_device *kdev = peer->device;

	skb->dev = kdev->dev;
	/*
	 * The tunnel has authenticated it, which is more than any checksum does. But what a
	 * bridge relays has come a long way before the tunnel, and only its checksum knows.
	 */
	if (peer->bridge) {
		skb->ip_summed = CHECKSUM_NONE;
		/* The outer one's. */
		skb->csum_valid = 0;
	} else {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		skb->csum_level = ~0;
	}
	if (unlikely(gro_cells_receive(&kdev->gro_cells, skb) == NET_RX_DROP))
		krelay_count(kdev, KRELAY_STAT_RX_BACKLOG);
}

static void deliver(struct krelay_peer *peer, struct sk_buff *skb)
{
	struct krelay_device *kdev = peer->device;
	bool allowed = source_allowed(peer, skb);
	enum krelay_stat reason;

	if (unlikely(!allowed && !peer->bridge)) {
		krelay_drop(kdev, skb, KRELAY_STAT_RX_SOURCE);
		return;
	}
	dev_sw_netstats_rx_add(kdev->dev, skb->len);
	if (allowed && krelay_bridge_reply(peer, skb))
		return;
	if (peer->bridge) {
		reason = krelay_home_admit(peer, skb);
		if (unlikely(reason)) {
			krelay_drop(kdev, skb, reason);
			return;
		}
	}
	hand_up(peer, skb);
}

static u8 outer_tos(const struct sk_buff *skb)
{
	return ip_hdr(skb)->version == 4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
}

static void receive_data(struct krelay_device *kdev, struct sk_buff *skb)
{
	struct krelay_keypair *keypair;
	unsigned int len = skb->len;
	struct krelay_peer *peer;
	u8 tos;

	keypair = decrypt(kdev, skb);
	if (unlikely(!keypair))
		return;
	peer = keypair->peer;
	note_authentic(peer, keypair, skb);
	krelay_peer_account_rx(peer, len);
	if (len == sizeof(struct krelay_wire_data) + KRELAY_TAG_SIZE) {
		krelay_count(kdev, KRELAY_STAT_RX_KEEPALIVE);
		consume_skb(skb);
		return;
	}
	krelay_timers_data_received(&peer->timers);

	tos = outer_tos(skb);
	if (unlikely(!unwrap(skb, tos))) {
		krelay_drop(kdev, skb, KRELAY_STAT_RX_MALFORMED);
		return;
	}
	deliver(peer, skb);
}

static size_t handshake_len(u32 type)
{
	switch (type) {
	case KRELAY_WIRE_INITIATION:
		return sizeof(struct krelay_wire_initiation);
	case KRELAY_WIRE_RESPONSE:
		return sizeof(struct krelay_wire_response);
	default:
		return sizeof(struct krelay_wire_cookie);
	}
}

static void receive_handshake(struct krelay_device *kdev, struct sk_buff *skb, u32 type)
{
	size_t len = handshake_len(type);

	if (unlikely(skb->len != len)) {
		krelay_drop(kdev, skb, KRELAY_STAT_RX_TRUNCATED);
		return;
	}
	if (unlikely(!pskb_may_pull(skb, len))) {
		krelay_drop(kdev, skb, KRELAY_STAT_RX_NO_MEMORY);
		return;
	}
	krelay_handshake_queue(kdev, skb);
}

void krelay_receive_datagram(struct krelay_device *kdev, struct sk_buff *skb)
{
	u32 type;

	if (unlikely(!pskb_may_pull(skb, sizeof(__le32))))
		goto truncated;
	type = le32_to_cpup((const __le32 *)skb->data);
	switch (type) {
	case KRELAY_WIRE_DATA:
		if (unlikely(skb->len < sizeof(struct krelay_wire_data) + KRELAY_TAG_SIZE ||
			     !pskb_may_pull(skb, sizeof(struct krelay_wire_data))))
			goto truncated;
		receive_data(kdev, skb);
		return;
	case KRELAY_WIRE_INITIATION:
	case KRELAY_WIRE_RESPONSE:
	case KRELAY_WIRE_COOKIE:
		receive_handshake(kdev, skb, type);
		return;
	default:
		krelay_drop(kdev, skb, KRELAY_STAT_RX_UNKNOWN_TYPE);
		return;
	}
truncated:
	krelay_drop(kdev, skb, KRELAY_STAT_RX_TRUNCATED);
}
