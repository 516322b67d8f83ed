/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that ICMP errors quote (RFC 792, RFC 4443, RFC 4884), and how a
 * translator changes them (RFC 5508 section 4). Pure, on top of rewrite.h.
 *
 * Who quoted the packet may have cut, translated or mangled it before: of its
 * lengths and checksums nothing is believed. A checksum that was wrong stays
 * wrong by the same amount. Whatever is quoted, nothing is read or written
 * outside of it.
 */
#ifndef _KRELAY_QUOTE_H
#define _KRELAY_QUOTE_H

#include <linux/skbuff.h>
#include <linux/types.h>

#include "rewrite.h"

/**
 * krelay_quote_peek() - which flow does an ICMP error speak of?
 * @skb: only read
 * @outer: its flow, from krelay_rewrite_peek() or krelay_rewrite_parse()
 * @quoted: filled in unless there is an error, undefined otherwise. l4_offset
 *	counts from @skb's network header, as @outer's does. Of an IPv6 packet,
 *	extension headers are skipped as krelay_rewrite_parse() does
 *
 * Errors are destination unreachable, source quench, time exceeded and
 * parameter problem in IPv4, and destination unreachable, packet too big, time
 * exceeded and parameter problem in IPv6. A redirect is none: it is for the
 * link that it came from.
 *
 * Return: 0; -ENOENT when it is no ICMP error; -EINVAL when it is one which
 * does not quote an IP header of the same family and 8 bytes behind it, or one
 * that quotes a fragment without an upper header, an IPv6 packet with segments
 * left to visit, or an ICMP error or redirect, of which there must be no error.
 */
int krelay_quote_peek(const struct sk_buff *skb, const struct krelay_flow *outer,
		      struct krelay_flow *quoted);

/**
 * krelay_quote_set_source() - give the quoted packet another source
 * @skb: a packet that krelay_rewrite_parse() accepted
 * @outer: its flow
 * @quoted: what krelay_quote_peek() said of it; brought up to date
 * @addr: the new address, of @quoted's family
 * @port: the new port; ignored where there are no ports in the quoted packet
 *
 * Address, port, the quoted IPv4 header checksum, the quoted upper checksum
 * where the quote reaches that far, and the ICMP checksum over all of it, right
 * for every skb->ip_summed (CHECKSUM_PARTIAL of the ICMP message itself). A
 * quoted UDP checksum of zero (none) stays zero. The CRC of a quoted SCTP
 * packet is left: whom it comes back to looks at the verification tag (RFC 9260
 * section 10).
 *
 * The outer addresses are krelay_rewrite_source()'s and krelay_rewrite_dest()'s
 * to change, in any order.
 *
 * Return: 0 or -ENOMEM. The packet is unchanged after an error.
 */
int krelay_quote_set_source(struct sk_buff *skb, const struct krelay_flow *outer,
			    struct krelay_flow *quoted, const union nf_inet_addr *addr,
			    __be16 port);

/**
 * krelay_quote_set_dest() - give the quoted packet another destination
 * @skb: a packet that krelay_rewrite_parse() accepted
 * @outer: its flow
 * @quoted: what krelay_quote_peek() said of it; brought up to date
 * @addr: the new address, of @quoted's family
 * @port: the new port; ignored where there are no ports in the quoted packet
 *
 * As krelay_quote_set_source().
 *
 * Return: as krelay_quote_set_source().
 */
int krelay_quote_set_dest(struct sk_buff *skb, const struct krelay_flow *outer,
			  struct krelay_flow *quoted, const union nf_inet_addr *addr, __be16 port);

#ifdef KRELAY_SELFTEST
int krelay_quote_selftest(void);
#endif

#endif
