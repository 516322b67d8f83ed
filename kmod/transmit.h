/* SPDX-License-Identifier: GPL-2.0 */
/* Inner packets into the tunnel: segment, encrypt, send; or wait for a session. */
#ifndef _KRELAY_TRANSMIT_H
#define _KRELAY_TRANSMIT_H

#include <linux/types.h>

struct krelay_peer;
struct sk_buff;
struct sk_buff_head;

/**
 * krelay_transmit_packet() - send an IP packet to a peer
 * @peer: held under RCU
 * @skb: data begins at the network header, skb->protocol is right; may be GSO
 *	or wait for its checksum; consumed
 *
 * Without a session the packet is staged and a handshake begun.
 * Context: RCU, BH off.
 */
void krelay_transmit_packet(struct krelay_peer *peer, struct sk_buff *skb);

/**
 * krelay_transmit_segment() - what was merged, as the packets that it was
 * @skb: GSO; consumed unless this fails. Its data begins with the IP header
 * @batch: gets them
 *
 * Return: whether it could be done.
 */
bool krelay_transmit_segment(struct sk_buff *skb, struct sk_buff_head *batch);

/* Sends what is staged, if there is a session by now. Context: RCU, BH off. */
void krelay_transmit_staged(struct krelay_peer *peer);

/* Sends what is staged or an empty packet. Context: RCU, BH off. */
void krelay_transmit_keepalive(struct krelay_peer *peer);

/* Headroom and tailroom with which a packet is encrypted in place. */
unsigned int krelay_transmit_headroom(void);
unsigned int krelay_transmit_tailroom(void);

#endif /* _KRELAY_TRANSMIT_H */
