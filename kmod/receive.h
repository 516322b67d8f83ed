/* SPDX-License-Identifier: GPL-2.0 */
/* A datagram from the tunnel: which message is it, and whose is what is in it? */
#ifndef _KRELAY_RECEIVE_H
#define _KRELAY_RECEIVE_H

struct krelay_device;
struct sk_buff;

/* A krelay_receive_t. Context: softirq. */
void krelay_receive_datagram(struct krelay_device *kdev, struct sk_buff *skb);

#endif /* _KRELAY_RECEIVE_H */
