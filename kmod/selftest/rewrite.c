// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../rewrite.c. */

#include <linux/slab.h>

#include "packet.h"
#include "selftest.h"
#include "twin.c"

enum {
	TWIN_ROUNDS = 2500,
	TWIN_FUZZ = 2500,
};

static void set_summed(const struct twin *twin, struct sk_buff *skb)
{
	static const u8 states[SUMMED_COUNT] = {
		[SUMMED_NONE] = CHECKSUM_NONE,
		[SUMMED_UNNECESSARY] = CHECKSUM_UNNECESSARY,
		[SUMMED_COMPLETE] = CHECKSUM_COMPLETE,
		[SUMMED_PARTIAL] = CHECKSUM_PARTIAL,
		[SUMMED_INNER] = CHECKSUM_PARTIAL,
	};

	skb->ip_summed = states[twin->summed];
	if (twin->summed == SUMMED_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (twin->summed == SUMMED_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + twin->l4;
		skb->csum_offset = twin->check - twin->l4;
	}
	if (twin->summed == SUMMED_INNER) {
		skb->csum_start = skb_headroom(skb) + twin->l4 + twin->l4_len + 20;
		skb->csum_offset = 6;
	}
}

static struct sk_buff *twin_skb(struct twin *twin, u8 *bytes, unsigned int padding)
{
	unsigned int len = twin->cut + padding, linear = len;
	struct sk_buff *skb;

	memcpy(bytes, twin->bytes, twin->cut);
	prandom_bytes_state(&twin->test.state, bytes + twin->cut, padding);
	if (krelay_selftest_one_in(&twin->test, 2))
		linear = krelay_selftest_below(&twin->test, len);
	/* Where somebody else has still to fill in a checksum, it is in the head. */
	if (twin->summed == SUMMED_PARTIAL || twin->summed == SUMMED_INNER)
		linear = max(linear, min(len, twin->l4 + twin->l4_len + 40));
	skb = make_skb(bytes, len, linear);
	if (skb)
		set_summed(twin, skb);
	return skb;
}

static int check_skb(struct twin *twin, const struct sk_buff *skb, const char *what)
{
	u16 sum;

	twin_sum(twin);
	if (!has_bytes(skb, twin->bytes, twin->cut))
		return krelay_selftest_fail(&twin->test, what);
	if (skb->ip_summed != CHECKSUM_COMPLETE)
		return 0;
	/* Zero and 0xffff are the same sum. */
	sum = ntohs((__force __be16)(__sum16)~csum_fold(skb->csum));
	if ((sum ^ fold(sum16(twin->bytes, twin->cut, 0))) % 0xffff) {
		pr_err("skb->csum is wrong:\n");
		return krelay_selftest_fail(&twin->test, what);
	}
	return 0;
}

/* Whether the flow is the expected one, byte by byte. */
static bool same_flow(const struct krelay_flow *a, const struct krelay_flow *b)
{
	return a->family == b->family && a->proto == b->proto && a->fragment == b->fragment &&
	       a->first == b->first && a->icmp_type == b->icmp_type &&
	       a->l4_offset == b->l4_offset &&
	       !memcmp(&a->source, &b->source, sizeof(a->source)) &&
	       !memcmp(&a->dest, &b->dest, sizeof(a->dest)) &&
	       a->source_port == b->source_port && a->dest_port == b->dest_port;
}

static bool has_ports(const struct twin *twin)
{
	return twin->flow.first &&
	       (twin->flow.proto == IPPROTO_TCP || twin->flow.proto == IPPROTO_UDP ||
		twin->flow.proto == IPPROTO_UDPLITE || twin->flow.proto == IPPROTO_DCCP ||
		twin->flow.proto == IPPROTO_SCTP);
}

static int check_rewrite(struct twin *twin, struct sk_buff *skb, struct krelay_flow *flow,
			 bool source, const union nf_inet_addr *addr, __be16 port)
{
	unsigned int len, at = address_at(twin, source, &len);
	union nf_inet_addr *expected = source ? &twin->flow.source : &twin->flow.dest;
	__be16 *expected_port = source ? &twin->flow.source_port : &twin->flow.dest_port;
	int err;

	if (has_ports(twin) && twin->flow.proto == IPPROTO_SCTP) {
		err = source ? krelay_rewrite_source(skb, flow, addr, ~*expected_port) :
			       krelay_rewrite_dest(skb, flow, addr, ~*expected_port);
		if (err != -EOPNOTSUPP)
			return krelay_selftest_fail(&twin->test, "broke the CRC of SCTP");
		port = *expected_port;
	}
	err = source ? krelay_rewrite_source(skb, flow, addr, port) :
		       krelay_rewrite_dest(skb, flow, addr, port);
	if (err)
		return err;

	memcpy(twin->bytes + at, addr, len);
	memcpy(expected, addr, len);
	if (has_ports(twin)) {
		put16(twin->bytes + twin->l4 + (source ? 0 : 2), ntohs(port));
		*expected_port = port;
	}
	if (!same_flow(flow, &twin->flow))
		return krelay_selftest_fail(&twin->test, "the flow is not up to date");
	return check_skb(twin, skb, source ? "source" : "destination");
}

/* The one port that makes a checksum of zero, which UDP must not show. */
static int check_zero(struct twin *twin, struct sk_buff *skb, struct krelay_flow *flow)
{
	const union nf_inet_addr same = twin->flow.dest;
	u16 port = ntohs(twin->flow.dest_port);

	if (twin->check)
		port = fold(port + get16(twin->bytes + twin->check));
	return check_rewrite(twin, skb, flow, false, &same, htons(port));
}

static int check_translation(struct twin *twin, struct sk_buff *skb, struct krelay_flow *flow)
{
	const struct krelay_flow old = twin->flow;
	u8 *before = kmemdup(twin->bytes, twin->cut, GFP_KERNEL);
	union nf_inet_addr source, dest;
	int err = before ? 0 : -ENOMEM;

	prandom_bytes_state(&twin->test.state, &source, sizeof(source));
	prandom_bytes_state(&twin->test.state, &dest, sizeof(dest));
	err = err ?: check_rewrite(twin, skb, flow, false, &dest,
				   (__force __be16)krelay_selftest_u32(&twin->test));
	err = err ?: check_rewrite(twin, skb, flow, true, &source,
				   (__force __be16)krelay_selftest_u32(&twin->test));
	err = err ?: check_zero(twin, skb, flow);
	err = err ?: check_rewrite(twin, skb, flow, false, &old.dest, old.dest_port);
	err = err ?: check_rewrite(twin, skb, flow, true, &old.source, old.source_port);
	if (!err && !has_bytes(skb, before, twin->cut))
		err = krelay_selftest_fail(&twin->test, "there and back is another packet");
	kfree(before);
	return err ?: check_rewrite(twin, skb, flow, false, &dest, htons(443));
}

static int check_hop(struct twin *twin, struct sk_buff *skb)
{
	u8 *hops = twin->bytes + (is_ipv6(twin) ? 7 : 8);
	int expected = *hops <= 1 ? -ETIME : 0;

	if (krelay_rewrite_hop(skb) != expected)
		return krelay_selftest_fail(&twin->test, "hop saw another TTL");
	if (!expected)
		--*hops;
	return check_skb(twin, skb, "hop");
}

static int check_clamp(struct twin *twin, struct sk_buff *skb, const struct krelay_flow *flow)
{
	int mtu = krelay_selftest_below(&twin->test, 65536), fixed = is_ipv6(twin) ? 60 : 40;
	int err;

	if (krelay_selftest_one_in(&twin->test, 8))
		mtu = fixed + krelay_selftest_below(&twin->test, 3) - 1;
	err = krelay_rewrite_clamp_mss(skb, flow, mtu);
	if (err)
		return err;
	if (twin->mss && twin->bytes[twin->l4 + 13] & 2 && mtu > fixed &&
	    get16(twin->bytes + twin->mss) > mtu - fixed)
		put16(twin->bytes + twin->mss, mtu - fixed);
	return check_skb(twin, skb, "clamp");
}

/* The stack finishes what it was to finish: is the whole right on the wire? */
static int check_finish(struct twin *twin, struct sk_buff *skb)
{
	if (twin->summed != SUMMED_PARTIAL)
		return 0;
	if (skb_checksum_help(skb))
		return -ENOMEM;
	twin->summed = SUMMED_NONE;
	twin->mangle = true;
	return check_skb(twin, skb, "completed checksum");
}

/*
 * Reading alone, with the head's data somewhere before or in the network
 * header, and another one's reference to it.
 */
static int check_peek(struct twin *twin, struct sk_buff *skb)
{
	int offset = krelay_selftest_below(&twin->test, PACKET_HEADROOM);
	u8 *data = skb->data, *tail = skb_tail_pointer(skb);
	u16 transport = skb->transport_header;
	struct krelay_flow flow;
	bool good;

	if (krelay_selftest_one_in(&twin->test, 2))
		offset = -krelay_selftest_below(&twin->test, skb_headlen(skb));
	skb->data -= offset;
	skb->len += offset;
	good = !krelay_rewrite_peek(skb, &flow) && same_flow(&flow, &twin->flow) &&
	       !krelay_rewrite_source_routed(skb);
	skb->data += offset;
	skb->len -= offset;

	if (!good)
		return krelay_selftest_fail(&twin->test, "peek saw another flow");
	if (skb->data != data || skb_tail_pointer(skb) != tail ||
	    skb->transport_header != transport)
		return krelay_selftest_fail(&twin->test, "peek left a trace");
	return 0;
}

static int check_steps(struct twin *twin, struct sk_buff *skb)
{
	__be16 protocol = is_ipv6(twin) ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	struct krelay_flow flow;
	int err;

	err = check_peek(twin, skb);
	if (err)
		return err;
	if (!krelay_rewrite_validate(skb))
		return krelay_selftest_fail(&twin->test, "refused a good packet");
	if (skb->protocol != protocol || skb_transport_offset(skb) != twin->base)
		return krelay_selftest_fail(&twin->test, "protocol or transport header is wrong");
	err = check_skb(twin, skb, "validate");
	if (!err && krelay_rewrite_parse(skb, &flow))
		err = krelay_selftest_fail(&twin->test, "did not parse a good packet");
	if (!err && (!same_flow(&flow, &twin->flow) || skb_transport_offset(skb) != twin->l4))
		err = krelay_selftest_fail(&twin->test, "parsed another flow");
	err = err ?: check_skb(twin, skb, "parse");
	err = err ?: check_translation(twin, skb, &flow);
	err = err ?: check_hop(twin, skb);
	err = err ?: check_clamp(twin, skb, &flow);
	return err ?: check_finish(twin, skb);
}

static int check_packet(struct twin *twin)
{
	unsigned int padding = 0;
	struct sk_buff *skb, *clone = NULL;
	u8 *bytes = kmalloc(TWIN_BYTES + TWIN_PADDING, GFP_KERNEL);
	int err = -ENOMEM;

	make_twin(twin);
	if (krelay_selftest_one_in(&twin->test, 3))
		padding = krelay_selftest_below(&twin->test, TWIN_PADDING);
	skb = bytes ? twin_skb(twin, bytes, padding) : NULL;
	if (!skb)
		goto out;
	padding += twin->cut;
	if (krelay_selftest_one_in(&twin->test, 3))
		clone = skb_clone(skb, GFP_KERNEL);

	err = check_steps(twin, skb);
	if (!err && clone && !has_bytes(clone, bytes, padding))
		err = krelay_selftest_fail(&twin->test, "wrote into somebody else's packet");
	if (err)
		pr_err("family %u, proto %u, fragment %u, first %u, summed %u, offset %u, length %u\n",
		       twin->flow.family, twin->flow.proto, twin->flow.fragment,
		       twin->flow.first, twin->summed, twin->l4, twin->cut);
	kfree_skb(clone);
	kfree_skb(skb);
out:
	kfree(bytes);
	return err;
}

/* Lies that are told of a plain packet of a given kind. */
enum lie {
	LIE_VERSION,
	LIE_HEADER_LENGTH,
	LIE_HEADER_CHECKSUM,
	LIE_TOTAL_SHORT,
	LIE_TOTAL_LONG,
	LIE_JUMBO,
	LIE_GSO_PADDING,
	LIE_GSO_LIST,
	LIE_TRUNCATED,
	LIE_VALIDATE,	/* the others are parse's to find */
	LIE_UDP_SHORT = LIE_VALIDATE,
	LIE_UDP_LONG,
	LIE_DATA_OFFSET_SHORT,
	LIE_DATA_OFFSET_LONG,
	LIE_NO_UPPER,
	LIE_ICMP_SHORT,
	LIE_ROUTING,
	LIE_TWO_FRAGMENTS,
	LIE_EXTENSION_LONG,
	LIE_COUNT,
};

static void make_plain(struct twin *twin, u8 family, u8 proto)
{
	do {
		make_twin(twin);
	} while (twin->flow.family != family || twin->flow.proto != proto ||
		 twin->flow.fragment || twin->l4 != (family == NFPROTO_IPV4 ? 20 : 40));
	twin->summed = SUMMED_NONE;
}

static u8 lie_proto(enum lie lie)
{
	if (lie == LIE_ICMP_SHORT)
		return IPPROTO_ICMP;
	return lie == LIE_UDP_SHORT || lie == LIE_UDP_LONG ? IPPROTO_UDP : IPPROTO_TCP;
}

static void make_lie(struct twin *twin, enum lie lie)
{
	u8 *bytes = twin->bytes;
	bool v6 = lie == LIE_JUMBO || lie >= LIE_ROUTING;

	make_plain(twin, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, lie_proto(lie));
	if (lie == LIE_VERSION)
		bytes[0] = 0x55;
	if (lie == LIE_HEADER_LENGTH)
		bytes[0] = 0x44;
	if (lie == LIE_TOTAL_SHORT)
		put16(bytes + 2, 19);
	if (lie == LIE_TOTAL_LONG)
		put16(bytes + 2, twin->len + 1);
	if (lie == LIE_JUMBO)
		put16(bytes + 4, 0);
	if (lie == LIE_TRUNCATED)
		twin->cut = krelay_selftest_below(&twin->test, twin->len);
	if (lie == LIE_UDP_SHORT)
		put16(bytes + 24, krelay_selftest_below(&twin->test, 8));
	if (lie == LIE_UDP_LONG)
		put16(bytes + 24, twin->len - 20 + 1);
	if (lie == LIE_DATA_OFFSET_SHORT)
		bytes[32] = krelay_selftest_below(&twin->test, 5) << 4;
	if (lie == LIE_DATA_OFFSET_LONG) {
		bytes[32] = 0xf0;
		twin->cut = 20 + 59;
		put16(bytes + 2, twin->cut);
	}
	if (lie == LIE_NO_UPPER || lie == LIE_ICMP_SHORT) {
		twin->cut = lie == LIE_NO_UPPER ? 20 + 19 : 20 + 7;
		put16(bytes + 2, twin->cut);
	}
	if (lie >= LIE_ROUTING)
		memset(bytes + 40, 0, 24);
	if (lie == LIE_ROUTING) {
		bytes[6] = NEXTHDR_ROUTING;
		bytes[40] = IPPROTO_GRE;
		bytes[43] = 1;
	}
	if (lie == LIE_TWO_FRAGMENTS) {
		bytes[6] = NEXTHDR_FRAGMENT;
		bytes[40] = NEXTHDR_FRAGMENT;
		bytes[43] = 1;
		bytes[48] = IPPROTO_GRE;
	}
	if (lie == LIE_EXTENSION_LONG) {
		bytes[6] = NEXTHDR_DEST;
		bytes[40] = IPPROTO_GRE;
		bytes[41] = (twin->len - 40) / 8;
	}
	if (!v6 && lie != LIE_HEADER_LENGTH) {
		put16(bytes + 10, 0);
		put16(bytes + 10, ~fold(sum16(bytes, 20, 0)));
	}
	if (lie == LIE_HEADER_CHECKSUM)
		bytes[10 + krelay_selftest_below(&twin->test, 2)] ^= 0x10;
}

static int check_lie(struct twin *twin, enum lie lie)
{
	struct krelay_flow flow;
	struct sk_buff *skb;
	u8 *bytes;
	int err = 0;
	bool valid;

	make_lie(twin, lie);
	bytes = kmalloc(TWIN_BYTES + TWIN_PADDING, GFP_KERNEL);
	skb = bytes ? twin_skb(twin, bytes, lie == LIE_GSO_PADDING) : NULL;
	kfree(bytes);
	if (!skb)
		return -ENOMEM;
	if (lie == LIE_GSO_PADDING || lie == LIE_GSO_LIST)
		skb_shinfo(skb)->gso_size = 100;
	if (lie == LIE_GSO_LIST)
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_FRAGLIST;

	valid = krelay_rewrite_validate(skb);
	if (lie < LIE_VALIDATE ? valid :
	    !valid || krelay_rewrite_peek(skb, &flow) != -EINVAL ||
	    krelay_rewrite_parse(skb, &flow) != -EINVAL) {
		pr_err("lie %u\n", lie);
		err = krelay_selftest_fail(&twin->test, "believed a lie");
	}
	kfree_skb(skb);
	return err;
}

/* Headers that are whole, but longer than anybody has to read. */
static int check_long(struct twin *twin)
{
	static const unsigned int units[] = { 1240 / 8 - 1, 1240 / 8, 2040 / 8 };
	unsigned int len = 40 + 2040 + 8, i;
	u8 *bytes = kzalloc(len, GFP_KERNEL);
	struct krelay_flow flow;
	struct sk_buff *skb;
	int err = bytes ? 0 : -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(units) && !err; i++) {
		bytes[0] = 0x60;
		put16(bytes + 4, len - 40);
		bytes[6] = NEXTHDR_DEST;
		bytes[40] = IPPROTO_UDP;
		bytes[41] = units[i] - 1;
		put16(bytes + 40 + 8 * units[i] + 4, 8);
		skb = make_skb(bytes, len, 100);
		if (!skb)
			err = -ENOMEM;
		else if (!krelay_rewrite_validate(skb) ||
			 krelay_rewrite_parse(skb, &flow) != (i ? -EINVAL : 0))
			err = krelay_selftest_fail(&twin->test, "another limit of headers");
		kfree_skb(skb);
	}
	kfree(bytes);
	return err;
}

/* Option lists that end in the middle of an option, and one that has an end. */
static int check_options(struct twin *twin)
{
	static const u8 lists[][8] = {
		{ 2, 4, 255, 255, 8, 0, 1, 1 },
		{ 2, 4, 255, 255, 8, 1, 1, 1 },
		{ 2, 4, 255, 255, 8, 5, 1, 1 },
		{ 2, 4, 255, 255, 1, 1, 1, 8 },
		{ 2, 5, 255, 255, 255, 1, 1, 1 },
		{ 1, 1, 1, 0, 2, 4, 255, 255 },
		{ 1, 1, 1, 1, 1, 2, 4, 255 },
	};
	struct krelay_flow flow = {
		.family = NFPROTO_IPV4, .proto = IPPROTO_TCP, .first = true, .l4_offset = 20
	};
	u8 bytes[48] = { 0x45, 0, 0, 48, [32] = 0x70, 0x02 };
	struct sk_buff *skb;
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(lists) && !err; i++) {
		memcpy(bytes + 40, lists[i], sizeof(lists[i]));
		skb = make_skb(bytes, sizeof(bytes), sizeof(bytes));
		if (!skb)
			return -ENOMEM;
		if (krelay_rewrite_clamp_mss(skb, &flow, 1000) ||
		    !has_bytes(skb, bytes, sizeof(bytes)))
			err = krelay_selftest_fail(&twin->test, "touched malformed options");
		kfree_skb(skb);
	}
	return err;
}

static int check_source_routes(struct twin *twin)
{
	static const struct {
		u8 options[8];
		u8 words;
		bool routed;
	} lists[] = {
		{ { 131, 7, 4, 1, 2, 3, 4, 0 }, 7, true },
		{ { 1, 137, 7, 8, 1, 2, 3, 4 }, 7, true },
		{ { 148, 4, 0, 0, 131, 3, 4, 0 }, 7, true },
		{ { 1, 1, 1, 1, 1, 1, 1, 131 }, 7, true },
		{ { 7, 7, 4, 131, 137, 131, 137, 0 }, 7, false },
		{ { 148, 4, 131, 131, 0, 131, 3, 4 }, 7, false },
		{ { 148, 1, 131, 3, 4, 0, 0, 0 }, 7, false },
		{ { 148, 9, 131, 3, 4, 0, 0, 0 }, 7, false },
		{ { 148, 4, 0, 0, 131, 3, 4, 0 }, 6, false },
		{ { 131, 7, 4, 1, 2, 3, 4, 0 }, 5, false },
		{ { 131, 7, 4, 1, 2, 3, 4, 0 }, 4, false },
		{ { 131, 7, 4, 1, 2, 3, 4, 0 }, 8, false },
	};
	u8 bytes[28] = {};
	struct sk_buff *skb;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 * ARRAY_SIZE(lists) && !err; i++) {
		bytes[0] = 0x40 | lists[i / 2].words;
		memcpy(bytes + 20, lists[i / 2].options, 8);
		skb = make_skb(bytes, sizeof(bytes), i & 1 ? sizeof(bytes) : 10);
		if (!skb)
			return -ENOMEM;
		if (krelay_rewrite_source_routed(skb) != lists[i / 2].routed)
			err = krelay_selftest_fail(&twin->test, "source route");
		kfree_skb(skb);
	}
	return err;
}

/* Whatever comes, nothing is read or written beyond the packet. */
static int check_garbage(struct twin *twin)
{
	u8 *bytes = kmalloc(TWIN_BYTES + TWIN_PADDING, GFP_KERNEL);
	unsigned int i, hits = 1 + krelay_selftest_below(&twin->test, 4);
	union nf_inet_addr addr = {};
	struct krelay_flow flow, peeked;
	struct sk_buff *skb;
	int err = -ENOMEM;
	bool peek;

	make_twin(twin);
	twin->summed = krelay_selftest_below(&twin->test, SUMMED_PARTIAL);
	for (i = 0; i < hits; i++)
		twin->bytes[krelay_selftest_below(&twin->test, min(twin->cut, twin->l4 + 24))] =
			krelay_selftest_u32(&twin->test);
	if (twin->bytes[0] >> 4 == 4 && (twin->bytes[0] & 15) >= 5) {
		put16(twin->bytes + 10, 0);
		put16(twin->bytes + 10, ~fold(sum16(twin->bytes, 4 * (twin->bytes[0] & 15), 0)));
	}
	skb = bytes ? twin_skb(twin, bytes, 0) : NULL;
	kfree(bytes);
	if (!skb)
		return err;

	err = 0;
	krelay_rewrite_source_routed(skb);
	peek = !krelay_rewrite_peek(skb, &peeked);
	if (krelay_rewrite_validate(skb) && !krelay_rewrite_parse(skb, &flow)) {
		if (!peek || !same_flow(&flow, &peeked))
			err = krelay_selftest_fail(&twin->test, "peek and parse differ");
		if (flow.l4_offset > skb->len || flow.l4_offset > skb_headlen(skb))
			err = krelay_selftest_fail(&twin->test, "an upper header out of reach");
		krelay_rewrite_clamp_mss(skb, &flow, 100);
		krelay_rewrite_dest(skb, &flow, &addr, htons(1));
		krelay_rewrite_hop(skb);
	}
	kfree_skb(skb);
	return err;
}

static int run(struct twin *twin)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < TWIN_ROUNDS && !err; i++)
		err = check_packet(twin);
	for (i = 0; i < 4 * LIE_COUNT && !err; i++)
		err = check_lie(twin, i % LIE_COUNT);
	err = err ?: check_long(twin);
	err = err ?: check_options(twin);
	err = err ?: check_source_routes(twin);
	for (i = 0; i < TWIN_FUZZ && !err; i++)
		err = check_garbage(twin);
	return err;
}

int krelay_rewrite_selftest(void)
{
	struct twin *twin = kzalloc(sizeof(*twin), GFP_KERNEL);
	int err;

	if (!twin)
		return -ENOMEM;
	krelay_selftest_begin(&twin->test, "rewrite");
	err = run(twin);
	kfree(twin);
	return err;
}
