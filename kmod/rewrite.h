/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and rewriting the headers of IPv4 and IPv6 packets. Pure: knows
 * neither peers nor forwards and keeps no state.
 *
 * What takes a const skb only reads: the skb may be shared, its data may begin
 * before or behind the network header, and nobody need have validated it.
 *
 * All the rest wants an skb that is not shared (skb_share_check()) and whose
 * data begins at the network header: skb->data == skb_network_header(skb), and
 * with CHECKSUM_COMPLETE skb->csum covers what begins there. Headers may move
 * in memory: pointers into the skb that were taken before a call are dead after
 * it. The order is validate, parse, then any of the others.
 *
 * Runs in any context and never sleeps. No function frees the skb.
 */
#ifndef _KRELAY_REWRITE_H
#define _KRELAY_REWRITE_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/types.h>

enum krelay_rewrite_limit {
	/* An upper header has to end within what every IPv6 link carries in
	 * one packet (RFC 8200 section 5, RFC 7112).
	 */
	KRELAY_REWRITE_MAX_HEADERS = 1280,
};

/**
 * struct krelay_flow - what a packet's headers say about its flow
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: upper protocol, IPPROTO_*; of an IPv6 packet the first header that
 *	is not a hop-by-hop, destination, routing or fragment header
 * @fragment: the packet is a piece: more fragments follow or its offset is not
 *	zero. An IPv6 "atomic" fragment (RFC 6946) is none.
 * @first: it holds the upper header: not a fragment, or the one at offset zero
 * @icmp_type: of an ICMP message in IPv4 and an ICMPv6 message in IPv6 with
 *	@first, otherwise 0. Zero is an echo reply in IPv4, too: look at @proto.
 * @l4_offset: bytes from the network header to the upper header; of a fragment
 *	which is not @first, to its payload
 * @source: in network byte order; unused bytes are zero
 * @dest: in network byte order; unused bytes are zero
 * @source_port: TCP, UDP, UDP-Lite, SCTP and DCCP with @first, otherwise 0
 * @dest_port: likewise
 */
struct krelay_flow {
	u8 family;
	u8 proto;
	bool fragment;
	bool first;
	u8 icmp_type;
	u16 l4_offset;
	union nf_inet_addr source;
	union nf_inet_addr dest;
	__be16 source_port;
	__be16 dest_port;
};

/**
 * struct krelay_upper - what an upper header holds that a rewrite needs
 * @len: bytes up to and including the last of it, 0 when there is nothing
 * @check: offset of a checksum over the pseudo header, 0 when there is none
 * @ports: it begins with the two ports
 */
struct krelay_upper {
	u8 len;
	u8 check;
	bool ports;
};

/**
 * krelay_rewrite_describe() - what is in a flow's upper header
 * @flow: family, proto and first have to be set
 *
 * Return: all zero when the packet holds no upper header that we know.
 */
struct krelay_upper krelay_rewrite_describe(const struct krelay_flow *flow);

/*
 * What the IP header says comes behind it, an IPPROTO_*. What this host sends has no
 * extension header in between but by wish.
 */
u8 krelay_rewrite_next(const struct sk_buff *skb, u8 family);

/* Whether packets of @proto, an IPPROTO_*, begin with ports. */
bool krelay_rewrite_has_ports(u8 proto);

/**
 * krelay_rewrite_walk() - read an IP header and what stands before the upper one
 * @skb: only read
 * @at: bytes from the network header to the IP header
 * @flow: all but ports and icmp_type are filled in, those are zero; l4_offset
 *	counts from skb's network header, too. Undefined after an error
 *
 * Looks at no length but those of the headers, and l4_offset may lie behind
 * the end of the packet.
 *
 * Return: 0 or -EINVAL, as krelay_rewrite_parse().
 */
int krelay_rewrite_walk(const struct sk_buff *skb, unsigned int at, struct krelay_flow *flow);

/**
 * krelay_rewrite_replace() - write a field
 * @field: at an even offset of what is summed
 * @value: what to put there
 * @len: bytes of both
 *
 * Return: new less old as a checksum sees it.
 */
__wsum krelay_rewrite_replace(void *field, const void *value, unsigned int len);

/**
 * krelay_rewrite_address() - write an address into an IP header
 * @header: an IPv4 header, whose checksum is brought up to date, or an IPv6 one
 * @family: of both, NFPROTO_IPV4 or NFPROTO_IPV6
 * @source: the source address, otherwise the destination
 * @addr: the new one
 *
 * Return: new less old of a pseudo header. It is what the IPv6 header's sum
 * changed by; that of an IPv4 header stays the same.
 */
__wsum krelay_rewrite_address(void *header, u8 family, bool source,
			      const union nf_inet_addr *addr);

/**
 * krelay_rewrite_check() - bring a complete upper checksum up to date
 * @check: where it is
 * @proto: upper protocol
 * @diff: new less old of what it covers
 *
 * Return: new less old of the field, zero for UDP without a checksum.
 */
__wsum krelay_rewrite_check(__sum16 *check, u8 proto, __wsum diff);

/**
 * krelay_rewrite_set_flow() - write address and port into a flow alone
 * @flow: the flow
 * @source: its source, otherwise its destination
 * @addr: the new address, of @flow's family
 * @port: the new port; ignored where there are no ports
 */
void krelay_rewrite_set_flow(struct krelay_flow *flow, bool source,
			     const union nf_inet_addr *addr, __be16 port);

/**
 * krelay_rewrite_peek() - krelay_rewrite_parse() without a trace
 * @skb: only read
 * @flow: filled in; undefined after an error
 *
 * For a packet of which it is not yet known whether it concerns us. What
 * krelay_rewrite_validate() checks is not checked, so padding counts as a part
 * of the packet here; of valid packets it finds what krelay_rewrite_parse()
 * finds.
 *
 * Return: 0; -EINVAL as krelay_rewrite_parse(), and when it is neither IPv4 nor
 * IPv6.
 */
int krelay_rewrite_peek(const struct sk_buff *skb, struct krelay_flow *flow);

/**
 * krelay_rewrite_source_routed() - does the sender want to say where it goes?
 * @skb: only read
 *
 * Of IPv6 packets that is krelay_rewrite_peek()'s to refuse.
 *
 * Return: whether an IPv4 packet has a loose or strict source route (RFC 791),
 * be it used up. A list of options is read up to where it is malformed.
 */
bool krelay_rewrite_source_routed(const struct sk_buff *skb);

/* Return: whether @skb is a list of packets, with headers of their own, that GRO made. */
static inline bool krelay_rewrite_is_list(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST;
}

/**
 * krelay_rewrite_validate() - is it a sane IPv4 or IPv6 packet?
 * @skb: the packet
 *
 * Pulls the IP header (IPv4: with options), checks version, header length,
 * IPv4 header checksum and the total length against skb->len, and cuts off
 * padding behind it, keeping CHECKSUM_COMPLETE right.
 *
 * Sets skb->protocol by the version nibble (who has a link layer's word for it
 * compares before) and the transport header to the end of the base header.
 *
 * A GSO packet has to state its exact length. So super-packets beyond 64 KiB
 * ("BIG TCP", with a zero length field) and IPv6 jumbograms (RFC 2675) are
 * refused; so is krelay_rewrite_is_list(), where a rewrite would not reach all
 * headers: segment those before.
 *
 * Return: true when all of this holds. On false the packet must be dropped or
 * left to the stack; no header was changed, though padding may be gone.
 */
bool krelay_rewrite_validate(struct sk_buff *skb);

/**
 * krelay_rewrite_parse() - read a packet's flow
 * @skb: a packet that krelay_rewrite_validate() accepted
 * @flow: filled in; undefined after an error
 *
 * Pulls everything that the functions below read or write into the linear
 * area, TCP options included, and sets the transport header to @flow's
 * l4_offset.
 *
 * An authentication header (RFC 4302) counts as the upper protocol: what it
 * protects must not be rewritten. So does anything unknown.
 *
 * Return: 0; -EINVAL when a header is cut short or lies: TCP data offset, UDP
 * length below 8 or beyond the packet, an extension header that ends outside
 * of it, ICMP of fewer than 8 bytes, headers beyond
 * %KRELAY_REWRITE_MAX_HEADERS, or an IPv6 routing header
 * with segments left, where the packet's destination is not the final one;
 * -ENOMEM.
 */
int krelay_rewrite_parse(struct sk_buff *skb, struct krelay_flow *flow);

/**
 * krelay_rewrite_dest() - give a packet another destination
 * @skb: the packet
 * @flow: what krelay_rewrite_parse() said of it; brought up to date
 * @addr: the new address, of @flow's family
 * @port: the new port; ignored where there are no ports in the packet
 *
 * Address, port and all checksums over them, incrementally (RFC 1624), right
 * for every skb->ip_summed. A UDP checksum of zero (none) stays zero; one that
 * becomes zero is written as 0xffff (RFC 768). Fragments but the first get the
 * address alone. skb->hash and the dst are not touched.
 *
 * Return: 0; -ENOMEM; -EOPNOTSUPP for another port in an SCTP packet, whose CRC
 * would have to be computed over all of it. The packet is unchanged after an
 * error.
 */
int krelay_rewrite_dest(struct sk_buff *skb, struct krelay_flow *flow,
			const union nf_inet_addr *addr, __be16 port);

/**
 * krelay_rewrite_source() - give a packet another source
 * @skb: the packet
 * @flow: what krelay_rewrite_parse() said of it; brought up to date
 * @addr: the new address, of @flow's family
 * @port: the new port; ignored where there are no ports in the packet
 *
 * As krelay_rewrite_dest().
 *
 * Return: as krelay_rewrite_dest().
 */
int krelay_rewrite_source(struct sk_buff *skb, struct krelay_flow *flow,
			  const union nf_inet_addr *addr, __be16 port);

/**
 * krelay_rewrite_hop() - count a router: TTL or hop limit less one
 * @skb: a validated packet
 *
 * Return: 0; -ETIME when nothing would be left (the packet is untouched: quote
 * it in the ICMP error); -ENOMEM.
 */
int krelay_rewrite_hop(struct sk_buff *skb);

/**
 * krelay_rewrite_clamp_mss() - keep TCP segments within an MTU
 * @skb: the packet
 * @flow: what krelay_rewrite_parse() said of it
 * @mtu: bytes of IP packet that fit
 *
 * Lowers the MSS option of a SYN or SYN-ACK to @mtu less the fixed headers, 40
 * bytes for IPv4 and 60 for IPv6; the sender takes options off by itself (RFC
 * 6691). Without the option nothing is added: the default of 536 or 1220 fits
 * through every MTU that IP allows, and a longer header would have to move the
 * packet. A malformed option list is left alone. Does nothing to
 * other packets.
 *
 * Return: 0 or -ENOMEM.
 */
int krelay_rewrite_clamp_mss(struct sk_buff *skb, const struct krelay_flow *flow, u16 mtu);

#ifdef KRELAY_SELFTEST
int krelay_rewrite_selftest(void);
#endif

#endif
