// SPDX-License-Identifier: GPL-2.0

#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "rewrite.h"

/**
 * struct upper - what an upper header holds that a rewrite needs
 * @len: bytes up to and including the last of it, 0 when there is nothing
 * @check: offset of a checksum over the pseudo header, 0 when there is none
 * @ports: it begins with the two ports
 */
struct upper {
	u8 len;
	u8 check;
	bool ports;
};

static struct upper describe(const struct krelay_flow *flow)
{
	static const struct upper tcp = {
		sizeof(struct tcphdr), offsetof(struct tcphdr, check), true
	};
	static const struct upper udp = {
		sizeof(struct udphdr), offsetof(struct udphdr, check), true
	};
	static const struct upper sctp = { sizeof(struct sctphdr), 0, true };
	static const struct upper icmpv6 = {
		sizeof(struct icmp6hdr), offsetof(struct icmp6hdr, icmp6_cksum), false
	};
	static const struct upper none;

	if (!flow->first)
		return none;
	switch (flow->proto) {
	case IPPROTO_TCP:
		return tcp;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP: /* has both in the same places (RFC 4340 section 5.1) */
		return udp;
	case IPPROTO_SCTP:
		return sctp;
	case IPPROTO_ICMPV6:
		return flow->family == NFPROTO_IPV6 ? icmpv6 : none;
	default:
		return none;
	}
}

/* A GSO packet with anything behind it would be segmented with it. */
static bool trim(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len || (len < skb->len && skb_is_gso(skb)))
		return false;
	return !pskb_trim_rcsum(skb, len);
}

static bool validate4(struct sk_buff *skb)
{
	const struct iphdr *ip;
	unsigned int header, len;

	if (!pskb_may_pull(skb, sizeof(*ip)))
		return false;
	header = ip_hdr(skb)->ihl * 4;
	if (header < sizeof(*ip) || !pskb_may_pull(skb, header))
		return false;

	ip = ip_hdr(skb);
	len = ntohs(ip->tot_len);
	if (ip_fast_csum(ip, ip->ihl) || len < header || !trim(skb, len))
		return false;
	skb->protocol = htons(ETH_P_IP);
	skb_set_transport_header(skb, header);
	return true;
}

static bool validate6(struct sk_buff *skb)
{
	const struct ipv6hdr *ip;
	unsigned int payload;

	if (!pskb_may_pull(skb, sizeof(*ip)))
		return false;
	ip = ipv6_hdr(skb);
	payload = ntohs(ip->payload_len);
	/* Zero stands for "beyond 64 KiB", except where nothing follows. */
	if ((!payload && ip->nexthdr != NEXTHDR_NONE) || !trim(skb, sizeof(*ip) + payload))
		return false;
	skb->protocol = htons(ETH_P_IPV6);
	skb_set_transport_header(skb, sizeof(*ip));
	return true;
}

bool krelay_rewrite_validate(struct sk_buff *skb)
{
	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		return false;
	if (!pskb_may_pull(skb, 1))
		return false;

	switch (*skb->data >> 4) {
	case 4:
		return validate4(skb);
	case 6:
		return validate6(skb);
	default:
		return false;
	}
}

static int parse4(struct sk_buff *skb, struct krelay_flow *flow)
{
	const struct iphdr *ip = ip_hdr(skb);

	flow->family = NFPROTO_IPV4;
	flow->proto = ip->protocol;
	flow->fragment = ip_is_fragment(ip);
	flow->first = !(ip->frag_off & htons(IP_OFFSET));
	flow->l4_offset = ip->ihl * 4;
	flow->source.ip = ip->saddr;
	flow->dest.ip = ip->daddr;
	return 0;
}

static bool is_extension(u8 header)
{
	return header == NEXTHDR_HOP || header == NEXTHDR_DEST || header == NEXTHDR_ROUTING ||
	       header == NEXTHDR_FRAGMENT;
}

/*
 * Not ipv6_skip_exthdr(): that steps over AH, keeps silent on routing headers,
 * and forgets the first of two fragment headers.
 */
static int skip_extensions(const struct sk_buff *skb, struct krelay_flow *flow)
{
	unsigned int offset = sizeof(struct ipv6hdr);
	union {
		struct ipv6_opt_hdr opt;
		struct ipv6_rt_hdr routing;
		struct frag_hdr fragment;
	} buffer, *header;
	bool pieces = false;

	flow->first = true;
	while (flow->first && is_extension(flow->proto)) {
		header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
		if (!header)
			return -EINVAL;

		if (flow->proto == NEXTHDR_FRAGMENT) {
			if (pieces)
				return -EINVAL;
			pieces = true;
			flow->first = !(header->fragment.frag_off & htons(IP6_OFFSET));
			flow->fragment = header->fragment.frag_off & htons(IP6_OFFSET | IP6_MF);
			offset += sizeof(header->fragment);
		} else {
			if (flow->proto == NEXTHDR_ROUTING && header->routing.segments_left)
				return -EINVAL;
			offset += ipv6_optlen(&header->opt);
		}
		/* Bounds the walk, and l4_offset; the end of the packet is pull()'s. */
		if (offset > KRELAY_REWRITE_MAX_HEADERS)
			return -EINVAL;
		flow->proto = header->opt.nexthdr;
	}
	flow->l4_offset = offset;
	return 0;
}

static int parse6(struct sk_buff *skb, struct krelay_flow *flow)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	flow->family = NFPROTO_IPV6;
	flow->proto = ip->nexthdr;
	flow->source.in6 = ip->saddr;
	flow->dest.in6 = ip->daddr;
	return skip_extensions(skb, flow);
}

static int pull(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len || len > KRELAY_REWRITE_MAX_HEADERS)
		return -EINVAL;
	return pskb_may_pull(skb, len) ? 0 : -ENOMEM;
}

static int check_tcp(struct sk_buff *skb, const struct krelay_flow *flow)
{
	unsigned int len = tcp_hdrlen(skb);

	if (len < sizeof(struct tcphdr))
		return -EINVAL;
	return pull(skb, flow->l4_offset + len);
}

static int check_udp(const struct sk_buff *skb, const struct krelay_flow *flow)
{
	unsigned int len = ntohs(udp_hdr(skb)->len);

	/* A first fragment states the length of the whole. */
	if (len < sizeof(struct udphdr) || (!flow->fragment && len > skb->len - flow->l4_offset))
		return -EINVAL;
	return 0;
}

static int parse_upper(struct sk_buff *skb, struct krelay_flow *flow)
{
	const struct upper upper = describe(flow);
	const __be16 *ports;
	int err;

	err = pull(skb, flow->l4_offset + upper.len);
	if (err)
		return err;
	skb_set_transport_header(skb, flow->l4_offset);

	if (flow->first && flow->proto == IPPROTO_TCP)
		err = check_tcp(skb, flow);
	else if (flow->first && flow->proto == IPPROTO_UDP)
		err = check_udp(skb, flow);
	if (err || !upper.ports)
		return err;

	ports = (const __be16 *)skb_transport_header(skb);
	flow->source_port = ports[0];
	flow->dest_port = ports[1];
	return 0;
}

int krelay_rewrite_parse(struct sk_buff *skb, struct krelay_flow *flow)
{
	int err;

	memset(flow, 0, sizeof(*flow));
	err = ip_hdr(skb)->version == 4 ? parse4(skb, flow) : parse6(skb, flow);
	return err ?: parse_upper(skb, flow);
}

/* Gives new less old as a checksum sees it. */
static __wsum replace(void *field, const void *value, unsigned int len)
{
	__wsum old = csum_partial(field, len, 0);

	memcpy(field, value, len);
	return csum_sub(csum_partial(value, len, 0), old);
}

static __wsum replace_address(struct sk_buff *skb, const struct krelay_flow *flow, bool source,
			      const union nf_inet_addr *addr)
{
	struct ipv6hdr *ip6 = ipv6_hdr(skb);
	struct iphdr *ip = ip_hdr(skb);
	__wsum diff;

	if (flow->family == NFPROTO_IPV6)
		return replace(source ? &ip6->saddr : &ip6->daddr, &addr->in6, sizeof(addr->in6));

	diff = replace(source ? &ip->saddr : &ip->daddr, &addr->ip, sizeof(addr->ip));
	csum_replace_by_diff(&ip->check, diff);
	return diff;
}

/*
 * Somebody further down fills in this very checksum, whose field holds the sum
 * of the pseudo header. A checksum of an inner packet does not concern us.
 */
static bool is_partial(const struct sk_buff *skb, const struct krelay_flow *flow)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_checksum_start_offset(skb) == flow->l4_offset;
}

/**
 * update_check() - bring an upper checksum up to date
 * @skb: the packet
 * @flow: its flow
 * @at: offset of the checksum in the upper header
 * @pseudo: new less old of what the pseudo header covers
 * @inside: new less old of what the upper header covers
 *
 * Return: new less old of the checksum field itself, as far as skb->csum is
 * concerned.
 */
static __wsum update_check(struct sk_buff *skb, const struct krelay_flow *flow, u8 at,
			   __wsum pseudo, __wsum inside)
{
	__sum16 *check = (__sum16 *)(skb->data + flow->l4_offset + at);
	__wsum diff = csum_add(pseudo, inside);

	if (is_partial(skb, flow)) {
		*check = ~csum_fold(csum_add(csum_unfold(*check), pseudo));
		return 0;
	}
	if (flow->proto == IPPROTO_UDP && !*check)
		return 0;

	csum_replace_by_diff(check, diff);
	if (flow->proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;
	/* What is summed and its complement cancel out. */
	return csum_sub(0, diff);
}

static int rewrite(struct sk_buff *skb, struct krelay_flow *flow, bool source,
		   const union nf_inet_addr *addr, __be16 port)
{
	__be16 *flow_port = source ? &flow->source_port : &flow->dest_port;
	const struct upper upper = describe(flow);
	__wsum pseudo, inside = 0, total;
	__be16 *ports;

	if (flow->proto == IPPROTO_SCTP && upper.ports && port != *flow_port)
		return -EOPNOTSUPP;
	if (skb_ensure_writable(skb, flow->l4_offset + upper.len))
		return -ENOMEM;

	pseudo = replace_address(skb, flow, source, addr);
	/* In IPv4 the header's own checksum cancels the address out. */
	total = flow->family == NFPROTO_IPV6 ? pseudo : 0;
	if (upper.ports) {
		ports = (__be16 *)(skb->data + flow->l4_offset);
		inside = replace(source ? &ports[0] : &ports[1], &port, sizeof(port));
		total = csum_add(total, inside);
		*flow_port = port;
	}
	if (upper.check)
		total = csum_add(total, update_check(skb, flow, upper.check, pseudo, inside));
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(skb->csum, total);
	return 0;
}

static void set_flow_address(const struct krelay_flow *flow, union nf_inet_addr *to,
			     const union nf_inet_addr *from)
{
	if (flow->family == NFPROTO_IPV6)
		to->in6 = from->in6;
	else
		to->ip = from->ip;
}

int krelay_rewrite_dest(struct sk_buff *skb, struct krelay_flow *flow,
			const union nf_inet_addr *addr, __be16 port)
{
	int err = rewrite(skb, flow, false, addr, port);

	if (!err)
		set_flow_address(flow, &flow->dest, addr);
	return err;
}

int krelay_rewrite_source(struct sk_buff *skb, struct krelay_flow *flow,
			  const union nf_inet_addr *addr, __be16 port)
{
	int err = rewrite(skb, flow, true, addr, port);

	if (!err)
		set_flow_address(flow, &flow->source, addr);
	return err;
}

static int hop4(struct sk_buff *skb)
{
	if (ip_hdr(skb)->ttl <= 1)
		return -ETIME;
	if (skb_ensure_writable(skb, sizeof(struct iphdr)))
		return -ENOMEM;
	/* TTL and header checksum cancel out in skb->csum. */
	ip_decrease_ttl(ip_hdr(skb));
	return 0;
}

static int hop6(struct sk_buff *skb)
{
	if (ipv6_hdr(skb)->hop_limit <= 1)
		return -ETIME;
	if (skb_ensure_writable(skb, sizeof(struct ipv6hdr)))
		return -ENOMEM;
	/* The lower byte of a 16-bit word: one less is one less of the sum. */
	ipv6_hdr(skb)->hop_limit--;
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_sub(skb->csum, (__force __wsum)htons(1));
	return 0;
}

int krelay_rewrite_hop(struct sk_buff *skb)
{
	return ip_hdr(skb)->version == 4 ? hop4(skb) : hop6(skb);
}

/* Offset from the TCP header to the MSS option's value, 0 when there is none. */
static unsigned int find_mss(const u8 *tcp, unsigned int len)
{
	unsigned int at = sizeof(struct tcphdr), found = 0;

	while (at < len && tcp[at] != TCPOPT_EOL) {
		if (tcp[at] == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (at + 1 >= len || tcp[at + 1] < 2 || tcp[at + 1] > len - at)
			return 0;
		if (tcp[at] == TCPOPT_MSS && tcp[at + 1] == TCPOLEN_MSS)
			found = at + 2;
		at += tcp[at + 1];
	}
	return found;
}

int krelay_rewrite_clamp_mss(struct sk_buff *skb, const struct krelay_flow *flow, u16 mtu)
{
	unsigned int at, len, fixed = sizeof(struct tcphdr);
	struct tcphdr *tcp;
	__be16 mss;
	__wsum diff;

	if (flow->proto != IPPROTO_TCP || !flow->first)
		return 0;
	tcp = (struct tcphdr *)(skb->data + flow->l4_offset);
	if (!tcp->syn)
		return 0;

	fixed += flow->family == NFPROTO_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	len = tcp->doff * 4;
	at = find_mss((u8 *)tcp, len);
	if (mtu <= fixed || !at)
		return 0;
	memcpy(&mss, (u8 *)tcp + at, sizeof(mss));
	if (ntohs(mss) <= mtu - fixed)
		return 0;
	if (skb_ensure_writable(skb, flow->l4_offset + len))
		return -ENOMEM;

	tcp = (struct tcphdr *)(skb->data + flow->l4_offset);
	mss = htons(mtu - fixed);
	diff = replace((u8 *)tcp + at, &mss, sizeof(mss));
	/* Behind an odd number of NOPs the value straddles two summed words. */
	if (!is_partial(skb, flow))
		csum_replace_by_diff(&tcp->check, csum_block_add(0, diff, at));
	return 0;
}

#ifdef KRELAY_SELFTEST
#include "selftest/rewrite.c"
#endif
