// SPDX-License-Identifier: GPL-2.0

#include <linux/icmp.h>
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

struct krelay_upper krelay_rewrite_describe(const struct krelay_flow *flow)
{
	static const struct krelay_upper tcp = {
		sizeof(struct tcphdr), offsetof(struct tcphdr, check), true
	};
	static const struct krelay_upper udp = {
		sizeof(struct udphdr), offsetof(struct udphdr, check), true
	};
	static const struct krelay_upper sctp = { sizeof(struct sctphdr), 0, true };
	static const struct krelay_upper icmpv6 = {
		sizeof(struct icmp6hdr), offsetof(struct icmp6hdr, icmp6_cksum), false
	};
	/* Has no pseudo header. */
	static const struct krelay_upper icmp = { sizeof(struct icmphdr), 0, false };
	static const struct krelay_upper none;

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
	case IPPROTO_ICMP:
		return flow->family == NFPROTO_IPV4 ? icmp : none;
	case IPPROTO_ICMPV6:
		return flow->family == NFPROTO_IPV6 ? icmpv6 : none;
	default:
		return none;
	}
}

u8 krelay_rewrite_next(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;
}

bool krelay_rewrite_has_ports(u8 proto)
{
	const struct krelay_flow flow = { .proto = proto, .first = true };

	return krelay_rewrite_describe(&flow).ports;
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
	if (krelay_rewrite_is_list(skb))
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

/* @at counts from the network header. */
static void *read(const struct sk_buff *skb, unsigned int at, unsigned int len, void *buffer)
{
	return skb_header_pointer(skb, skb_network_offset(skb) + at, len, buffer);
}

static int walk4(const struct sk_buff *skb, unsigned int at, struct krelay_flow *flow)
{
	const struct iphdr *ip;
	struct iphdr buffer;

	ip = read(skb, at, sizeof(buffer), &buffer);
	if (!ip || ip->ihl * 4 < sizeof(*ip))
		return -EINVAL;
	flow->family = NFPROTO_IPV4;
	flow->proto = ip->protocol;
	flow->fragment = ip_is_fragment(ip);
	flow->first = !(ip->frag_off & htons(IP_OFFSET));
	flow->l4_offset = at + ip->ihl * 4;
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
static int skip_extensions(const struct sk_buff *skb, unsigned int at, struct krelay_flow *flow)
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
		header = read(skb, at + offset, sizeof(buffer), &buffer);
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
		/* Bounds the walk, and l4_offset; the end of the packet is the caller's. */
		if (offset > KRELAY_REWRITE_MAX_HEADERS)
			return -EINVAL;
		flow->proto = header->opt.nexthdr;
	}
	flow->l4_offset = at + offset;
	return 0;
}

static int walk6(const struct sk_buff *skb, unsigned int at, struct krelay_flow *flow)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr buffer;

	ip = read(skb, at, sizeof(buffer), &buffer);
	if (!ip)
		return -EINVAL;
	flow->family = NFPROTO_IPV6;
	flow->proto = ip->nexthdr;
	flow->source.in6 = ip->saddr;
	flow->dest.in6 = ip->daddr;
	return skip_extensions(skb, at, flow);
}

int krelay_rewrite_walk(const struct sk_buff *skb, unsigned int at, struct krelay_flow *flow)
{
	const u8 *version;
	u8 buffer;

	memset(flow, 0, sizeof(*flow));
	version = read(skb, at, sizeof(buffer), &buffer);
	if (version && *version >> 4 == 4)
		return walk4(skb, at, flow);
	if (version && *version >> 4 == 6)
		return walk6(skb, at, flow);
	return -EINVAL;
}

/* Bytes of the upper header that have to be there, or less than none. */
static int upper_len(const struct krelay_flow *flow, const struct krelay_upper *upper,
		     const void *header, unsigned int left)
{
	unsigned int len;

	switch (flow->first ? flow->proto : IPPROTO_NONE) {
	case IPPROTO_TCP:
		len = ((const struct tcphdr *)header)->doff * 4;
		return len < sizeof(struct tcphdr) ? -EINVAL : len;
	case IPPROTO_UDP:
		len = ntohs(((const struct udphdr *)header)->len);
		/* A first fragment states the length of the whole. */
		if (len < sizeof(struct udphdr) || (!flow->fragment && len > left))
			return -EINVAL;
		return upper->len;
	default:
		return upper->len;
	}
}

/**
 * read_flow() - read all headers
 * @skb: only read
 * @flow: filled in
 *
 * Return: bytes from the network header to the end of the upper header, TCP
 * options included, or -EINVAL.
 */
static int read_flow(const struct sk_buff *skb, struct krelay_flow *flow)
{
	unsigned int left = skb->len - skb_network_offset(skb);
	struct krelay_upper upper;
	union {
		struct tcphdr tcp;
		struct sctphdr sctp;
		__be16 ports[2];
		u8 type;
	} buffer, *header;
	int len;

	if (krelay_rewrite_walk(skb, 0, flow) || flow->l4_offset > left)
		return -EINVAL;
	left -= flow->l4_offset;

	upper = krelay_rewrite_describe(flow);
	header = read(skb, flow->l4_offset, upper.len, &buffer);
	if (!header)
		return -EINVAL;
	len = upper_len(flow, &upper, header, left);
	if (len < 0 || len > left || flow->l4_offset + len > KRELAY_REWRITE_MAX_HEADERS)
		return -EINVAL;

	if (upper.ports) {
		flow->source_port = header->ports[0];
		flow->dest_port = header->ports[1];
	} else if (upper.len) {
		flow->icmp_type = header->type;
	}
	return flow->l4_offset + len;
}

int krelay_rewrite_peek(const struct sk_buff *skb, struct krelay_flow *flow)
{
	return min(read_flow(skb, flow), 0);
}

int krelay_rewrite_parse(struct sk_buff *skb, struct krelay_flow *flow)
{
	int len = read_flow(skb, flow);

	if (len < 0)
		return len;
	if (!pskb_may_pull(skb, len))
		return -ENOMEM;
	skb_set_transport_header(skb, flow->l4_offset);
	return 0;
}

bool krelay_rewrite_source_routed(const struct sk_buff *skb)
{
	unsigned int at = 0, len;
	u8 buffer[MAX_IPOPTLEN];
	const struct iphdr *ip;
	struct iphdr header;
	const u8 *options;

	ip = read(skb, 0, sizeof(header), &header);
	if (!ip || ip->version != 4 || ip->ihl * 4 <= sizeof(*ip))
		return false;
	len = ip->ihl * 4 - sizeof(*ip);
	options = read(skb, sizeof(*ip), len, buffer);
	if (!options)
		return false;

	while (at < len && options[at] != IPOPT_END) {
		if (options[at] == IPOPT_LSRR || options[at] == IPOPT_SSRR)
			return true;
		if (options[at] == IPOPT_NOOP) {
			at++;
			continue;
		}
		if (at + 1 >= len || options[at + 1] < 2)
			return false;
		at += options[at + 1];
	}
	return false;
}

__wsum krelay_rewrite_replace(void *field, const void *value, unsigned int len)
{
	__wsum old = csum_partial(field, len, 0);

	memcpy(field, value, len);
	return csum_sub(csum_partial(value, len, 0), old);
}

__wsum krelay_rewrite_address(void *header, u8 family, bool source,
			      const union nf_inet_addr *addr)
{
	struct ipv6hdr *ip6 = header;
	struct iphdr *ip = header;
	__wsum diff;

	if (family == NFPROTO_IPV6)
		return krelay_rewrite_replace(source ? &ip6->saddr : &ip6->daddr, &addr->in6,
					      sizeof(addr->in6));

	diff = krelay_rewrite_replace(source ? &ip->saddr : &ip->daddr, &addr->ip,
				      sizeof(addr->ip));
	csum_replace_by_diff(&ip->check, diff);
	return diff;
}

__wsum krelay_rewrite_check(__sum16 *check, u8 proto, __wsum diff)
{
	if (proto == IPPROTO_UDP && !*check)
		return 0;
	csum_replace_by_diff(check, diff);
	if (proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;
	/* What is summed and its complement cancel out. */
	return csum_sub(0, diff);
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

	if (is_partial(skb, flow)) {
		*check = ~csum_fold(csum_add(csum_unfold(*check), pseudo));
		return 0;
	}
	return krelay_rewrite_check(check, flow->proto, csum_add(pseudo, inside));
}

static int rewrite(struct sk_buff *skb, struct krelay_flow *flow, bool source,
		   const union nf_inet_addr *addr, __be16 port)
{
	__be16 flow_port = source ? flow->source_port : flow->dest_port;
	const struct krelay_upper upper = krelay_rewrite_describe(flow);
	__wsum pseudo, inside = 0, total;
	__be16 *ports;

	if (flow->proto == IPPROTO_SCTP && upper.ports && port != flow_port)
		return -EOPNOTSUPP;
	if (skb_ensure_writable(skb, flow->l4_offset + upper.len))
		return -ENOMEM;

	pseudo = krelay_rewrite_address(skb->data, flow->family, source, addr);
	/* In IPv4 the header's own checksum cancels the address out. */
	total = flow->family == NFPROTO_IPV6 ? pseudo : 0;
	if (upper.ports) {
		ports = (__be16 *)(skb->data + flow->l4_offset);
		inside = krelay_rewrite_replace(source ? &ports[0] : &ports[1], &port,
						sizeof(port));
		total = csum_add(total, inside);
	}
	if (upper.check)
		total = csum_add(total, update_check(skb, flow, upper.check, pseudo, inside));
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(skb->csum, total);
	krelay_rewrite_set_flow(flow, source, addr, port);
	return 0;
}

void krelay_rewrite_set_flow(struct krelay_flow *flow, bool source,
			     const union nf_inet_addr *addr, __be16 port)
{
	union nf_inet_addr *to = source ? &flow->source : &flow->dest;

	if (flow->family == NFPROTO_IPV6)
		to->in6 = addr->in6;
	else
		to->ip = addr->ip;
	if (!krelay_rewrite_describe(flow).ports)
		return;
	if (source)
		flow->source_port = port;
	else
		flow->dest_port = port;
}

int krelay_rewrite_dest(struct sk_buff *skb, struct krelay_flow *flow,
			const union nf_inet_addr *addr, __be16 port)
{
	return rewrite(skb, flow, false, addr, port);
}

int krelay_rewrite_source(struct sk_buff *skb, struct krelay_flow *flow,
			  const union nf_inet_addr *addr, __be16 port)
{
	return rewrite(skb, flow, true, addr, port);
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
	diff = krelay_rewrite_replace((u8 *)tcp + at, &mss, sizeof(mss));
	/* Behind an odd number of NOPs the value straddles two summed words. */
	if (!is_partial(skb, flow))
		csum_replace_by_diff(&tcp->check, csum_block_add(0, diff, at));
	return 0;
}

#ifdef KRELAY_SELFTEST
#include "selftest/rewrite.c"
#endif
