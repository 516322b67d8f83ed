/* SPDX-License-Identifier: GPL-2.0 */
/* The outer UDP sockets: their life, routes to endpoints, roaming. */
#ifndef _KRELAY_OUTER_H
#define _KRELAY_OUTER_H

#include "krelay.h"

struct krelay_cookie_source;
struct krelay_endpoint_key;
struct krelay_peer;

/**
 * krelay_outer_open() - open the sockets on @kdev->port
 * @kdev: device; its port is filled in if it was 0
 *
 * Sockets that are open on another port are closed then; after an error they
 * go on.
 *
 * Context: RTNL. Return: 0, -EADDRINUSE, or what creating a socket returns.
 */
int krelay_outer_open(struct krelay_device *kdev);

/*
 * No datagram is being received or sent when it returns; what peers have of
 * their own is closed, too. Context: RTNL.
 */
void krelay_outer_close(struct krelay_device *kdev);

/**
 * krelay_outer_move() - give a peer a new port of its own
 * @peer: its device is up
 *
 * All other peers keep the device's port, which goes on to receive for this one.
 * One that the peer was moved to before is closed.
 * Context: RTNL; may sleep. Return: 0, or what opening returns.
 */
int krelay_outer_move(struct krelay_peer *peer);

/* Closes what krelay_outer_move() has opened. Context: RTNL; may sleep. */
void krelay_outer_unmove(struct krelay_peer *peer);

/* The UDP port that messages to the peer leave from, host byte order. Context: RTNL. */
u16 krelay_outer_port(const struct krelay_peer *peer);

/* Whether @sk is one of a krelay device, of whichever. Context: any. */
bool krelay_outer_is_own(const struct sock *sk);

/* Bytes in front of a message that krelay_outer_send() needs. */
unsigned int krelay_outer_headroom(void);

/**
 * krelay_outer_send() - send a message to a peer
 * @peer: with or without an endpoint; if without, the message is dropped
 * @skb: message, with krelay_outer_headroom() in front; consumed
 * @tos: TOS byte or traffic class
 *
 * Context: RCU, BH off. Return: 0, -EDESTADDRREQ, -ENETDOWN, or that of routing.
 */
int krelay_outer_send(struct krelay_peer *peer, struct sk_buff *skb, u8 tos);

/* Answers the sender of @received, who need not be a peer. Context: BH off. */
int krelay_outer_reply(struct krelay_device *kdev, const struct sk_buff *received,
		       const void *message, size_t len);

/* Makes the sender of @skb the peer's endpoint. Context: RCU. */
void krelay_outer_roam(struct krelay_peer *peer, const struct sk_buff *skb);

/* Address and port of the sender of @skb, for a cookie. */
void krelay_outer_source(const struct sk_buff *skb, struct krelay_cookie_source *source);

#endif /* _KRELAY_OUTER_H */
