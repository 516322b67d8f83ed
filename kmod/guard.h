/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may come in from a bridge, which need not be an honest one: visitors of
 * what this host offers, and answers to what it began.
 */
#ifndef _KRELAY_GUARD_H
#define _KRELAY_GUARD_H

#include <linux/krelay.h>
#include <linux/netfilter.h>

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

/**
 * krelay_guard_is_offered() - may a bridge reach this?
 * @peer: the bridge
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @address: in network byte order, the rest of it zero
 * @proto: IPPROTO_*
 * @port: of @address
 *
 * Context: RCU.
 */
bool krelay_guard_is_offered(const struct krelay_peer *peer, u8 family,
			     const union nf_inet_addr *address, u8 proto, __be16 port);

#endif /* _KRELAY_GUARD_H */
