/* SPDX-License-Identifier: GPL-2.0 */
/* Handshake messages: created, sent, consumed. All in the device's workqueue. */
#ifndef _KRELAY_HANDSHAKE_H
#define _KRELAY_HANDSHAKE_H

#include <linux/workqueue.h>

struct krelay_device;
struct krelay_timers_works;
struct sk_buff;

/* Gives a peer's works their functions. */
void krelay_handshake_init_works(struct krelay_timers_works *works);

/**
 * krelay_handshake_queue() - take a handshake message from the wire
 * @kdev: device
 * @skb: message of type 1, 2 or 3, pulled and of that type's length; consumed
 *
 * Checks mac1, whether what it answers exists, and whether there is time to
 * compute it, here and now, so that no flood ever takes a place in the queue.
 * Who has to wait under load is asked to prove its address.
 * Context: softirq, RCU.
 */
void krelay_handshake_queue(struct krelay_device *kdev, struct sk_buff *skb);

/* Prepares what a new device needs for handshakes, but for @sources. */
void krelay_handshake_init(struct krelay_device *kdev);

#endif /* _KRELAY_HANDSHAKE_H */
