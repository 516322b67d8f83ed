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
 * Checks mac1, and whether what it answers exists, here and now, so that
 * garbage never takes a place in the queue.
 * Context: softirq.
 */
void krelay_handshake_queue(struct krelay_device *kdev, struct sk_buff *skb);

/* The device's @handshake_work. */
void krelay_handshake_work(struct work_struct *work);

#endif /* _KRELAY_HANDSHAKE_H */
