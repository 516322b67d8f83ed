/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may come in from a bridge, which need not be an honest one: visitors of
 * what this host offers, and answers to what it began.
 */
#ifndef _KRELAY_GUARD_H
#define _KRELAY_GUARD_H

#include <linux/krelay.h>

struct krelay_peer;
struct sk_buff;

/**
 * krelay_guard_judge() - may this packet come in?
 * @peer: the bridge
 * @skb: decrypted, validated; headers may move
 *
 * Context: softirq, RCU; conntrack is enabled. Does not consume @skb.
 * Return: KRELAY_STAT_UNSPEC if it may, otherwise what to count it as.
 */
enum krelay_stat krelay_guard_judge(struct krelay_peer *peer, struct sk_buff *skb);

#endif /* _KRELAY_GUARD_H */
