// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../quote.c. */

#include <linux/slab.h>

#include "packet.h"
#include "selftest.h"
#include "twin.c"

enum {
	ERROR_BYTES = 60 + 8 + TWIN_BYTES + 128,
	ERROR_ROUNDS = 2500,
	ERROR_FUZZ = 2500,
};

/**
 * struct error - an ICMP error, and where its parts are
 * @twin: the packet that it quotes, whole; and random numbers
 * @bytes: the error
 * @len: of it
 * @icmp: offset of the ICMP header
 * @quoted: bytes of the twin that are quoted
 * @summed: what the skb's state is
 * @flow: what a parser has to find outside
 * @clone: shares the skb's data, or NULL
 */
struct error {
	struct twin twin;
	u8 bytes[ERROR_BYTES];
	unsigned int len;
	unsigned int icmp;
	unsigned int quoted;
	enum summed summed;
	struct krelay_flow flow;
	struct sk_buff *clone;
};

static u8 error_type(struct error *error)
{
	static const u8 types[] = { 3, 4, 11, 12, 3, 3 };
	u32 random = krelay_selftest_u32(&error->twin.test);

	return is_ipv6(&error->twin) ? 1 + random % 4 : types[random % ARRAY_SIZE(types)];
}

/* All checksums from nothing. */
static void error_sum(struct error *error)
{
	u8 *bytes = error->bytes, *check = bytes + error->icmp + 2;
	unsigned int len = error->len - error->icmp;
	u32 sum = 0;

	if (is_ipv6(&error->twin)) {
		sum = sum16(bytes + 8, 32, len + IPPROTO_ICMPV6);
	} else {
		put16(bytes + 10, 0);
		put16(bytes + 10, ~fold(sum16(bytes, error->icmp, 0)));
	}
	put16(check, 0);
	if (error->summed == SUMMED_PARTIAL)
		put16(check, fold(sum));
	else
		put16(check, ~fold(sum16(bytes + error->icmp, len, sum)));
}

static void make_outer4(struct error *error)
{
	unsigned int words = 5 + krelay_selftest_below(&error->twin.test, 3);

	error->icmp = 4 * words;
	error->bytes[0] = 0x40 | words;
	put16(error->bytes + 6, 0);
	error->bytes[9] = IPPROTO_ICMP;
	memset(error->bytes + 20, 1, error->icmp - 20);
}

static void make_outer6(struct error *error)
{
	bool extension = krelay_selftest_one_in(&error->twin.test, 4);

	error->icmp = extension ? 48 : 40;
	error->bytes[0] = 0x60;
	error->bytes[6] = extension ? NEXTHDR_DEST : IPPROTO_ICMPV6;
	error->bytes[40] = IPPROTO_ICMPV6;
	error->bytes[41] = 0;
}

static bool has_length(u8 family, u8 type)
{
	return family == NFPROTO_IPV4 ? type != 4 : type == 1 || type == 3;
}

/*
 * An error with extensions is padded and says so; in others the byte is unused,
 * and there are those who leave something in it.
 */
static void make_length(struct error *error)
{
	u8 *icmp = error->bytes + error->icmp;
	bool v6 = is_ipv6(&error->twin);
	unsigned int at = v6 ? 4 : 5, unit = v6 ? 8 : 4, room;

	if (!has_length(error->twin.flow.family, icmp[0]))
		return;
	icmp[at] = krelay_selftest_below(&error->twin.test, 128 / unit);
	if (!krelay_selftest_one_in(&error->twin.test, 3))
		return;

	error->quoted = max(error->quoted, min(128U, error->twin.len));
	room = max(128U, round_up(error->quoted, unit));
	memcpy(icmp + 8, error->twin.bytes, error->quoted);
	memset(icmp + 8 + error->quoted, 0, room - error->quoted);
	icmp[at] = room / unit;
	error->len = error->icmp + 8 + room + krelay_selftest_below(&error->twin.test, 5) * 4;
}

static void make_error(struct error *error)
{
	struct krelay_selftest *test = &error->twin.test;
	struct twin *twin = &error->twin;
	u8 *bytes = error->bytes;

	make_twin(twin);
	twin->summed = SUMMED_NONE;
	twin_sum(twin);
	prandom_bytes_state(&test->state, bytes, sizeof(error->bytes));
	if (is_ipv6(twin))
		make_outer6(error);
	else
		make_outer4(error);

	/* Often just what RFC 792 wants or less, and all of it. */
	error->quoted = twin->l4 + krelay_selftest_below(test, twin->len - twin->l4 + 1);
	if (krelay_selftest_one_in(test, 3))
		error->quoted = twin->l4 + 6 + krelay_selftest_below(test, 4);
	error->quoted = min(error->quoted, twin->len);
	/* Of half a checksum nobody can say what it has to be. */
	if (twin->check && error->quoted == twin->check + 1)
		error->quoted--;
	memcpy(bytes + error->icmp + 8, twin->bytes, error->quoted);
	error->len = error->icmp + 8 + error->quoted;
	bytes[error->icmp] = error_type(error);
	make_length(error);

	if (is_ipv6(twin))
		put16(bytes + 4, error->len - 40);
	else
		put16(bytes + 2, error->len);
	error->summed = krelay_selftest_below(test, SUMMED_INNER);
	error_sum(error);
}

/* What has become of the quoted packet, and the sums around it. */
static void update_error(struct error *error)
{
	unsigned int len = error->quoted;

	twin_sum(&error->twin);
	/* Half a checksum is nobody's. */
	if (error->twin.check && len == error->twin.check + 1)
		len--;
	memcpy(error->bytes + error->icmp + 8, error->twin.bytes, len);
	error_sum(error);
}

static struct sk_buff *error_skb(struct error *error)
{
	struct krelay_selftest *test = &error->twin.test;
	unsigned int linear = error->len;
	struct sk_buff *skb;

	if (krelay_selftest_one_in(test, 2))
		linear = krelay_selftest_below(test, error->len);
	if (error->summed == SUMMED_PARTIAL)
		linear = max(linear, error->icmp + 8);
	skb = make_skb(error->bytes, error->len, linear);
	if (!skb)
		return NULL;
	if (error->summed == SUMMED_UNNECESSARY)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (error->summed == SUMMED_COMPLETE) {
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	}
	if (error->summed == SUMMED_PARTIAL) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + error->icmp;
		skb->csum_offset = 2;
	}
	return skb;
}

static int check_skb(struct error *error, const struct sk_buff *skb, const char *what)
{
	u16 sum;

	update_error(error);
	if (!has_bytes(skb, error->bytes, error->len))
		return krelay_selftest_fail(&error->twin.test, what);
	if (skb->ip_summed != CHECKSUM_COMPLETE)
		return 0;
	sum = ntohs((__force __be16)(__sum16)~csum_fold(skb->csum));
	/* Zero and 0xffff are the same sum. */
	if ((sum ^ fold(sum16(error->bytes, error->len, 0))) % 0xffff) {
		pr_err("skb->csum is wrong:\n");
		return krelay_selftest_fail(&error->twin.test, what);
	}
	return 0;
}

static bool same_flow(const struct error *error, const struct krelay_flow *quoted)
{
	const struct krelay_flow *flow = &error->twin.flow;

	return quoted->family == flow->family && quoted->proto == flow->proto &&
	       quoted->fragment == flow->fragment && quoted->first &&
	       quoted->icmp_type == flow->icmp_type &&
	       quoted->l4_offset == error->icmp + 8 + flow->l4_offset &&
	       !memcmp(&quoted->source, &flow->source, sizeof(flow->source)) &&
	       !memcmp(&quoted->dest, &flow->dest, sizeof(flow->dest)) &&
	       quoted->source_port == flow->source_port && quoted->dest_port == flow->dest_port;
}

static int expected_peek(const struct error *error)
{
	const struct krelay_flow *flow = &error->twin.flow;
	bool v6 = is_ipv6(&error->twin);

	if (!flow->first || error->quoted < error->twin.l4 + 8)
		return -EINVAL;
	if (!v6 && flow->proto == IPPROTO_ICMP &&
	    (flow->icmp_type == 3 || flow->icmp_type == 4 || flow->icmp_type == 5 ||
	     flow->icmp_type == 11 || flow->icmp_type == 12))
		return -EINVAL;
	if (v6 && flow->proto == IPPROTO_ICMPV6 &&
	    (flow->icmp_type < 128 || flow->icmp_type == 137))
		return -EINVAL;
	return 0;
}

static int check_set(struct error *error, struct sk_buff *skb, struct krelay_flow *quoted,
		     bool source, const union nf_inet_addr *addr, __be16 port)
{
	struct twin *twin = &error->twin;
	unsigned int len, at = address_at(twin, source, &len);
	int err;

	err = source ? krelay_quote_set_source(skb, &error->flow, quoted, addr, port) :
		       krelay_quote_set_dest(skb, &error->flow, quoted, addr, port);
	if (err)
		return err;

	memcpy(twin->bytes + at, addr, len);
	memcpy(source ? &twin->flow.source : &twin->flow.dest, addr, len);
	if (krelay_rewrite_describe(&twin->flow).ports) {
		put16(twin->bytes + twin->l4 + (source ? 0 : 2), ntohs(port));
		*(source ? &twin->flow.source_port : &twin->flow.dest_port) = port;
	}
	if (!same_flow(error, quoted))
		return krelay_selftest_fail(&twin->test, "the quoted flow is not up to date");
	return check_skb(error, skb, source ? "quoted source" : "quoted destination");
}

static int check_outer(struct error *error, struct sk_buff *skb, bool source)
{
	unsigned int len, at = address_at(&error->twin, source, &len);
	union nf_inet_addr addr;
	int err;

	prandom_bytes_state(&error->twin.test.state, &addr, sizeof(addr));
	err = source ? krelay_rewrite_source(skb, &error->flow, &addr, 0) :
		       krelay_rewrite_dest(skb, &error->flow, &addr, 0);
	if (err)
		return err;
	memcpy(error->bytes + at, &addr, len);
	return check_skb(error, skb, source ? "source of an error" : "destination of an error");
}

/* The one port that makes a checksum of zero, which UDP must not show. */
static int check_zero(struct error *error, struct sk_buff *skb, struct krelay_flow *quoted)
{
	const union nf_inet_addr same = error->twin.flow.dest;
	u16 port = ntohs(error->twin.flow.dest_port);

	if (error->twin.check)
		port = fold(port + get16(error->twin.bytes + error->twin.check));
	return check_set(error, skb, quoted, false, &same, htons(port));
}

static int check_translation(struct error *error, struct sk_buff *skb, struct krelay_flow *quoted)
{
	struct krelay_selftest *test = &error->twin.test;
	const struct krelay_flow old = *quoted;
	union nf_inet_addr source, dest;
	u8 *before;
	int err;

	before = kmemdup(error->bytes, error->len, GFP_KERNEL);
	prandom_bytes_state(&test->state, &source, sizeof(source));
	prandom_bytes_state(&test->state, &dest, sizeof(dest));
	err = before ? 0 : -ENOMEM;
	err = err ?: check_set(error, skb, quoted, true, &source,
			       (__force __be16)krelay_selftest_u32(test));
	if (!err && error->clone && !has_bytes(error->clone, before, error->len))
		err = krelay_selftest_fail(test, "wrote into somebody else's error");
	err = err ?: check_set(error, skb, quoted, false, &dest,
			       (__force __be16)krelay_selftest_u32(test));
	err = err ?: check_zero(error, skb, quoted);
	err = err ?: check_set(error, skb, quoted, false, &old.dest, old.dest_port);
	err = err ?: check_set(error, skb, quoted, true, &old.source, old.source_port);
	if (!err && !has_bytes(skb, before, error->len))
		err = krelay_selftest_fail(test, "there and back is another error");
	kfree(before);
	err = err ?: check_outer(error, skb, false);
	err = err ?: check_set(error, skb, quoted, true, &dest, htons(443));
	return err ?: check_outer(error, skb, true);
}

static int check_peek(struct error *error, struct sk_buff *skb, struct krelay_flow *quoted)
{
	int offset = krelay_selftest_below(&error->twin.test, PACKET_HEADROOM), err;

	if (krelay_selftest_one_in(&error->twin.test, 2))
		offset = -krelay_selftest_below(&error->twin.test, skb_headlen(skb));
	skb->data -= offset;
	skb->len += offset;
	err = krelay_rewrite_peek(skb, &error->flow);
	if (err)
		err = krelay_selftest_fail(&error->twin.test, "did not see an error");
	else if (krelay_quote_peek(skb, &error->flow, quoted) != expected_peek(error))
		err = krelay_selftest_fail(&error->twin.test, "saw another quote");
	else if (!expected_peek(error) && !same_flow(error, quoted))
		err = krelay_selftest_fail(&error->twin.test, "saw another quoted flow");
	skb->data += offset;
	skb->len -= offset;
	return err;
}

static int check_steps(struct error *error, struct sk_buff *skb)
{
	struct krelay_flow quoted;
	int err;

	err = check_peek(error, skb, &quoted);
	if (err || expected_peek(error))
		return err;
	if (!krelay_rewrite_validate(skb) || krelay_rewrite_parse(skb, &error->flow))
		return krelay_selftest_fail(&error->twin.test, "refused a good error");
	err = check_translation(error, skb, &quoted);
	if (err || error->summed != SUMMED_PARTIAL)
		return err;
	if (skb_checksum_help(skb))
		return -ENOMEM;
	error->summed = SUMMED_NONE;
	return check_skb(error, skb, "completed checksum of an error");
}

static int check_error(struct error *error)
{
	struct sk_buff *skb;
	int err;

	make_error(error);
	skb = error_skb(error);
	error->clone = NULL;
	if (skb && krelay_selftest_one_in(&error->twin.test, 3))
		error->clone = skb_clone(skb, GFP_KERNEL);
	err = skb ? check_steps(error, skb) : -ENOMEM;
	if (err)
		pr_err("family %u, proto %u, type %u, summed %u, offsets %u and %u, quoted %u, length %u\n",
		       error->twin.flow.family, error->twin.flow.proto, error->flow.icmp_type,
		       error->summed, error->icmp, error->twin.l4, error->quoted, error->len);
	kfree_skb(error->clone);
	kfree_skb(skb);
	return err;
}

/* What is no error, and what quotes another family. */
static int check_others(struct error *error)
{
	struct krelay_flow quoted;
	struct sk_buff *skb;
	unsigned int type;
	int expected, err = 0;

	do {
		make_error(error);
	} while (expected_peek(error));
	skb = make_skb(error->bytes, error->len, error->len);
	if (!skb || krelay_rewrite_peek(skb, &error->flow)) {
		kfree_skb(skb);
		return -ENOMEM;
	}

	for (type = 0; type < 256 && !err; type++) {
		error->flow.icmp_type = type;
		expected = type == 3 || type == 4 || type == 11 || type == 12 ? 0 : -ENOENT;
		if (is_ipv6(&error->twin))
			expected = type >= 1 && type <= 4 ? 0 : -ENOENT;
		if (krelay_quote_peek(skb, &error->flow, &quoted) != expected)
			err = krelay_selftest_fail(&error->twin.test, "another set of errors");
	}
	error->flow.icmp_type = 3;
	error->flow.proto = IPPROTO_GRE;
	if (!err && krelay_quote_peek(skb, &error->flow, &quoted) != -ENOENT)
		err = krelay_selftest_fail(&error->twin.test, "an error of another protocol");
	error->flow.family = is_ipv6(&error->twin) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	error->flow.proto = is_ipv6(&error->twin) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	if (!err && krelay_quote_peek(skb, &error->flow, &quoted) != -EINVAL)
		err = krelay_selftest_fail(&error->twin.test, "an error quotes the other family");
	kfree_skb(skb);
	return err;
}

/* Extensions of an error are no part of what it quotes (RFC 4884). */
static int check_extension(struct error *error)
{
	/* 21 * 8 bytes of headers are quoted before TCP. */
	struct krelay_flow outer = {
		.family = NFPROTO_IPV6, .proto = IPPROTO_ICMPV6, .first = true,
		.icmp_type = ICMPV6_DEST_UNREACH, .l4_offset = 40
	}, quoted;
	u8 bytes[40 + 8 + 40 + 128 + 20] = {
		[0] = 0x60, [4] = 0, [5] = sizeof(bytes) - 40, [6] = IPPROTO_ICMPV6,
		[40] = ICMPV6_DEST_UNREACH, [44] = 22,
		[48] = 0x60, [54] = NEXTHDR_DEST, [88] = IPPROTO_TCP, [89] = 15,
	};
	union nf_inet_addr addr = {};
	struct sk_buff *skb;
	unsigned int units;
	int peek, err = 0;
	__sum16 check;
	bool whole;

	for (units = 20; units < 26 && !err; units++) {
		bytes[44] = units;
		skb = make_skb(bytes, sizeof(bytes), 60);
		if (!skb)
			return -ENOMEM;
		addr.ip6[0] = htonl(units);
		peek = krelay_quote_peek(skb, &outer, &quoted);
		if (peek != (units < 22 ? -EINVAL : 0))
			err = krelay_selftest_fail(&error->twin.test, "another end of the quote");
		if (!peek)
			err = err ?: krelay_quote_set_source(skb, &outer, &quoted, &addr, 0);
		/* It ends 18 bytes behind the beginning of TCP. */
		whole = units >= 24;
		if (!err && (skb_copy_bits(skb, 216 + 16, &check, sizeof(check)) ||
			     whole != !!check))
			err = krelay_selftest_fail(&error->twin.test, "wrote into an extension");
		kfree_skb(skb);
	}
	return err;
}

/* Sum of the ICMP message: what is right stays right, and wrong stays wrong. */
static u16 message_sum(const struct error *error, const struct sk_buff *skb)
{
	u8 *copy = kmalloc(error->len, GFP_KERNEL);
	u16 sum = 1;

	if (copy && !skb_copy_bits(skb, 0, copy, error->len))
		sum = fold(sum16(copy + error->icmp, error->len - error->icmp, 0)) % 0xffff;
	kfree(copy);
	return sum;
}

/* Whatever is quoted, nothing is read or written beyond it. */
static int check_garbage(struct error *error)
{
	struct krelay_selftest *test = &error->twin.test;
	unsigned int i, start, hits = 1 + krelay_selftest_below(test, 4);
	union nf_inet_addr addr = { .ip = htonl(0x01020304) };
	struct krelay_flow quoted;
	struct sk_buff *skb;
	int err = 0;
	u16 sum;

	make_error(error);
	error->summed = SUMMED_NONE;
	start = error->icmp + 4;
	for (i = 0; i < hits; i++)
		error->bytes[start + krelay_selftest_below(test, min(100U, error->len - start))] =
			krelay_selftest_u32(test);
	skb = error_skb(error);
	if (!skb)
		return -ENOMEM;

	if (krelay_rewrite_validate(skb) && !krelay_rewrite_parse(skb, &error->flow) &&
	    !krelay_quote_peek(skb, &error->flow, &quoted)) {
		sum = message_sum(error, skb);
		if (quoted.l4_offset + 8 > skb->len)
			err = krelay_selftest_fail(test, "a quoted header out of reach");
		else if (krelay_quote_set_source(skb, &error->flow, &quoted, &addr, htons(7)) ||
			 krelay_quote_set_dest(skb, &error->flow, &quoted, &addr, htons(9)))
			err = krelay_selftest_fail(test, "garbage would not fit");
		else if (skb->len != error->len || message_sum(error, skb) != sum)
			err = krelay_selftest_fail(test, "garbage has another sum");
	}
	kfree_skb(skb);
	return err;
}

static int run(struct error *error)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ERROR_ROUNDS && !err; i++)
		err = check_error(error);
	for (i = 0; i < 32 && !err; i++)
		err = check_others(error);
	err = err ?: check_extension(error);
	for (i = 0; i < ERROR_FUZZ && !err; i++)
		err = check_garbage(error);
	return err;
}

int krelay_quote_selftest(void)
{
	struct error *error = kzalloc(sizeof(*error), GFP_KERNEL);
	int err;

	if (!error)
		return -ENOMEM;
	krelay_selftest_begin(&error->twin.test, "quote");
	err = run(error);
	kfree(error);
	return err;
}
