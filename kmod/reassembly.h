/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reassembly of IPv6 fragments where a packet enters (RFC 8200 section 4.5, RFC
 * 5722, RFC 6946), on the kernel's library of fragment queues and with its
 * limits: 4 MiB per namespace, 60 seconds per packet. Not nf_defrag_ipv6, which
 * brings sysctls with it. For IPv4 there is ip_defrag().
 *
 * A queue belongs to its namespace's table and to its timer; who holds neither
 * may look at one between rcu_read_lock() and unlock alone.
 */
#ifndef _KRELAY_REASSEMBLY_H
#define _KRELAY_REASSEMBLY_H

#include <linux/skbuff.h>
#include <net/net_namespace.h>

/**
 * krelay_reassembly_gather6() - put the pieces of an IPv6 packet together
 * @net: the namespace of skb->dev
 * @skb: not shared, data at the network header, accepted by
 *	krelay_rewrite_validate()
 *
 * Pieces of one packet have source, destination and identification in common,
 * and with link-local addresses also the netdev. Overlapping ones, and those
 * that do not agree on where the packet ends, are dropped together with all
 * that came before. When a packet remains incomplete the sender is told so, if
 * its first fragment is there.
 *
 * A whole packet has no fragment header any more; its length, its ECN field (RFC
 * 3168 section 5.3) and skb->csum are right, skb->data and the network header
 * are where it begins, the transport header is behind its base header. It may
 * be fragmented again (skb->ignore_df), to no larger pieces than it came in
 * (IP6CB(skb)->frag_max_size). A packet with a fragment header that is none
 * (RFC 6946) is whole; one without the header is left as it is. What the whole
 * holds nobody has looked at: krelay_rewrite_parse() it.
 *
 * Context: BH off.
 *
 * Return: 0: @skb is a whole packet now; -EINPROGRESS: it was taken and others
 * are missing; otherwise it was dropped: -EEXIST for a duplicate, -EINVAL for
 * what is malformed or overlaps, -E2BIG for a packet that would be longer than
 * 65535 bytes behind its base header, -ENOMEM also when the limit was reached,
 * -EAFNOSUPPORT on a host without IPv6.
 */
int krelay_reassembly_gather6(struct net *net, struct sk_buff *skb);

/**
 * krelay_reassembly_init() - before anybody gathers
 *
 * Return: 0 or -ENOMEM.
 */
int krelay_reassembly_init(void);

/**
 * krelay_reassembly_exit() - when nobody gathers any more
 *
 * Context: sleeps until all queues are gone.
 */
void krelay_reassembly_exit(void);

#ifdef KRELAY_SELFTEST
/* Wants krelay_reassembly_init() before. */
int krelay_reassembly_selftest(void);
#endif

#endif
