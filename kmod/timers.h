/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's timers. They are told what happens to packets, and when time is up
 * they queue the peer's own work items; they send nothing themselves.
 *
 * - retransmit: an initiation is not answered within 5 s and a jitter: send
 *   another, until 90 s are over.
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

#include <linux/types.h>

struct krelay_peer;

void krelay_timers_init(struct krelay_peer *peer);

/* Waits for running ones. The caller sees to it that none is armed again. */
void krelay_timers_stop(struct krelay_peer *peer);

/* @retry: asked for by time, not by new data to send. */
void krelay_timers_want_handshake(struct krelay_peer *peer, bool retry);

void krelay_timers_data_sent(struct krelay_peer *peer);
void krelay_timers_data_received(struct krelay_peer *peer);

/* Any message that the peer will be or was able to authenticate. */
void krelay_timers_any_sent(struct krelay_peer *peer);
void krelay_timers_any_received(struct krelay_peer *peer);

void krelay_timers_handshake_initiated(struct krelay_peer *peer);
void krelay_timers_handshake_complete(struct krelay_peer *peer);
void krelay_timers_session_begun(struct krelay_peer *peer);

#endif /* _KRELAY_TIMERS_H */
