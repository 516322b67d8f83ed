// SPDX-License-Identifier: GPL-2.0

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/checksum.h>
#include <net/ndisc.h>

#include "quote.h"

enum {
	/* Of the quoted packet, from its upper header on (RFC 792). */
	QUOTE_UPPER = 8,
	/* Who says how long the quote is has padded it to this (RFC 4884 section 3). */
	QUOTE_PADDED = 128,
};

static bool is_icmp(const struct krelay_flow *flow)
{
	return flow->first && flow->family == NFPROTO_IPV4 && flow->proto == IPPROTO_ICMP;
}

static bool is_icmpv6(const struct krelay_flow *flow)
{
	return flow->first && flow->family == NFPROTO_IPV6 && flow->proto == IPPROTO_ICMPV6;
}

static bool is_error(const struct krelay_flow *flow)
{
	if (is_icmp(flow))
		return flow->icmp_type == ICMP_DEST_UNREACH ||
		       flow->icmp_type == ICMP_SOURCE_QUENCH ||
		       flow->icmp_type == ICMP_TIME_EXCEEDED ||
		       flow->icmp_type == ICMP_PARAMETERPROB;
	if (is_icmpv6(flow))
		return flow->icmp_type == ICMPV6_DEST_UNREACH ||
		       flow->icmp_type == ICMPV6_PKT_TOOBIG ||
		       flow->icmp_type == ICMPV6_TIME_EXCEED ||
		       flow->icmp_type == ICMPV6_PARAMPROB;
	return false;
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e). */
static bool never_answered(const struct krelay_flow *flow)
{
	if (is_icmp(flow))
		return is_error(flow) || flow->icmp_type == ICMP_REDIRECT;
	if (is_icmpv6(flow))
		return !(flow->icmp_type & ICMPV6_INFOMSG_MASK) ||
		       flow->icmp_type == NDISC_REDIRECT;
	return false;
}

static unsigned int quote_start(const struct krelay_flow *outer)
{
	BUILD_BUG_ON(sizeof(struct icmphdr) != sizeof(struct icmp6hdr));
	return outer->l4_offset + sizeof(struct icmphdr);
}

/* Bytes that an error says it quotes (RFC 4884 section 4), or 0. */
static unsigned int stated_len(const struct krelay_flow *outer, const u8 *icmp)
{
	if (is_icmpv6(outer))
		return outer->icmp_type == ICMPV6_DEST_UNREACH ||
		       outer->icmp_type == ICMPV6_TIME_EXCEED ? 8 * icmp[4] : 0;
	return outer->icmp_type == ICMP_SOURCE_QUENCH ? 0 : 4 * icmp[5];
}

/*
 * Where the quote ends, from the network header: at extensions of the error or
 * at its end. The quoted packet's own length is nobody's promise: there are
 * stacks that swap or shorten it in the quote.
 */
static unsigned int quote_end(const struct sk_buff *skb, const struct krelay_flow *outer)
{
	unsigned int start = quote_start(outer), len;
	int offset = skb_network_offset(skb);
	u8 buffer[sizeof(struct icmphdr)], *icmp;

	icmp = skb_header_pointer(skb, offset + outer->l4_offset, sizeof(buffer), buffer);
	if (!icmp)
		return 0;
	len = stated_len(outer, icmp);
	/* Shorter ones are what was in an unused field before there was a length. */
	if (len < QUOTE_PADDED)
		return skb->len - offset;
	return min(start + len, skb->len - offset);
}

int krelay_quote_peek(const struct sk_buff *skb, const struct krelay_flow *outer,
		      struct krelay_flow *quoted)
{
	__be16 buffer[QUOTE_UPPER / 2], *upper;
	struct krelay_upper known;

	if (!is_error(outer))
		return -ENOENT;
	if (krelay_rewrite_walk(skb, quote_start(outer), quoted) ||
	    quoted->family != outer->family || !quoted->first ||
	    quoted->l4_offset + QUOTE_UPPER > quote_end(skb, outer))
		return -EINVAL;
	upper = skb_header_pointer(skb, skb_network_offset(skb) + quoted->l4_offset,
				   sizeof(buffer), buffer);
	if (!upper)
		return -EINVAL;

	known = krelay_rewrite_describe(quoted);
	if (known.ports) {
		quoted->source_port = upper[0];
		quoted->dest_port = upper[1];
	} else if (known.len) {
		quoted->icmp_type = *(u8 *)upper;
	}
	return never_answered(quoted) ? -EINVAL : 0;
}

static void update_icmp(struct sk_buff *skb, const struct krelay_flow *outer, __wsum diff)
{
	__sum16 *check = (__sum16 *)(skb->data + outer->l4_offset +
				     offsetof(struct icmphdr, checksum));

	BUILD_BUG_ON(offsetof(struct icmphdr, checksum) !=
		     offsetof(struct icmp6hdr, icmp6_cksum));
	/* Who sums it later does so over what is there then. */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) == outer->l4_offset)
		return;
	/* Here both cancel out in skb->csum. */
	csum_replace_by_diff(check, diff);
}

static int set(struct sk_buff *skb, const struct krelay_flow *outer, struct krelay_flow *quoted,
	       bool source, const union nf_inet_addr *addr, __be16 port)
{
	const struct krelay_upper upper = krelay_rewrite_describe(quoted);
	unsigned int len = upper.check ? upper.check + sizeof(__sum16) : 0;
	__wsum pseudo, inside = 0, total;
	__be16 *ports;
	u8 *header;

	/* All of it is at even offsets of what ICMP sums. */
	if (quoted->l4_offset + len > quote_end(skb, outer))
		len = 0;
	if (skb_ensure_writable(skb, quoted->l4_offset + max_t(unsigned int, len, QUOTE_UPPER)))
		return -ENOMEM;

	pseudo = krelay_rewrite_address(skb->data + quote_start(outer), quoted->family, source,
					addr);
	total = quoted->family == NFPROTO_IPV6 ? pseudo : 0;
	header = skb->data + quoted->l4_offset;
	if (upper.ports) {
		ports = (__be16 *)header;
		inside = krelay_rewrite_replace(source ? &ports[0] : &ports[1], &port,
						sizeof(port));
		total = csum_add(total, inside);
	}
	if (len)
		total = csum_add(total, krelay_rewrite_check((__sum16 *)(header + upper.check),
							     quoted->proto,
							     csum_add(pseudo, inside)));
	update_icmp(skb, outer, total);
	krelay_rewrite_set_flow(quoted, source, addr, port);
	return 0;
}

int krelay_quote_set_source(struct sk_buff *skb, const struct krelay_flow *outer,
			    struct krelay_flow *quoted, const union nf_inet_addr *addr, __be16 port)
{
	return set(skb, outer, quoted, true, addr, port);
}

int krelay_quote_set_dest(struct sk_buff *skb, const struct krelay_flow *outer,
			  struct krelay_flow *quoted, const union nf_inet_addr *addr, __be16 port)
{
	return set(skb, outer, quoted, false, addr, port);
}

#ifdef KRELAY_SELFTEST
#include "selftest/quote.c"
#endif
