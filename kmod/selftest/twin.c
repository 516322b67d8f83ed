// SPDX-License-Identifier: GPL-2.0
/* Random packets, each beside what is known of it. Included by those who test with them. */

#include <net/ipv6.h>

enum {
	TWIN_BYTES = 700,
	TWIN_PADDING = 20,
};

/* States of skb->ip_summed; the last is CHECKSUM_PARTIAL of an inner packet. */
enum summed {
	SUMMED_NONE,
	SUMMED_UNNECESSARY,
	SUMMED_COMPLETE,
	SUMMED_PARTIAL,
	SUMMED_INNER,
	SUMMED_COUNT,
};

/**
 * struct twin - a packet, and where its parts are
 * @test: random numbers
 * @bytes: the packet; of a first fragment, as if it were whole
 * @len: of the whole
 * @cut: bytes of it that are in the skb
 * @base: length of the IP header without extension headers
 * @l4: offset of the upper header
 * @l4_len: its length
 * @check: offset of the upper checksum, 0 when there is none
 * @mss: offset of the value of the MSS option, 0 when there is none
 * @summed: what the skb's state is
 * @no_check: UDP without a checksum
 * @mangle: a checksum of zero is written as 0xffff
 * @flow: what a parser has to find
 */
struct twin {
	struct krelay_selftest test;
	u8 bytes[TWIN_BYTES];
	unsigned int len;
	unsigned int cut;
	unsigned int base;
	unsigned int l4;
	unsigned int l4_len;
	unsigned int check;
	unsigned int mss;
	enum summed summed;
	bool no_check;
	bool mangle;
	struct krelay_flow flow;
};

static bool is_ipv6(const struct twin *twin)
{
	return twin->flow.family == NFPROTO_IPV6;
}

/* Offset of the source or destination address; @len receives its length. */
static unsigned int address_at(const struct twin *twin, bool source, unsigned int *len)
{
	*len = is_ipv6(twin) ? 16 : 4;
	return (is_ipv6(twin) ? 8 : 12) + (source ? 0 : *len);
}

/* All checksums from nothing. */
static void twin_sum(struct twin *twin)
{
	unsigned int len, at = address_at(twin, true, &len), payload = twin->len - twin->l4;
	u8 *bytes = twin->bytes;
	u32 sum;

	if (!is_ipv6(twin)) {
		put16(bytes + 10, 0);
		put16(bytes + 10, ~fold(sum16(bytes, twin->base, 0)));
	}
	if (!twin->check || twin->no_check)
		return;

	sum = sum16(bytes + at, 2 * len, twin->flow.proto + payload);
	put16(bytes + twin->check, 0);
	if (twin->summed == SUMMED_PARTIAL) {
		put16(bytes + twin->check, fold(sum));
		return;
	}
	sum = sum16(bytes + twin->l4, payload, sum);
	put16(bytes + twin->check, ~fold(sum));
	if (twin->mangle && !get16(bytes + twin->check))
		put16(bytes + twin->check, 0xffff);
}

static u8 random_proto(struct twin *twin)
{
	static const u8 protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDPLITE,
		IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6,
		IPPROTO_ICMPV6, IPPROTO_AH,
	};

	return protos[krelay_selftest_below(&twin->test, ARRAY_SIZE(protos))];
}

static void make_header4(struct twin *twin)
{
	unsigned int words = 5, i;

	if (krelay_selftest_one_in(&twin->test, 4))
		words += krelay_selftest_below(&twin->test, 11);
	twin->bytes[0] = 0x40 | words;
	for (i = 20; i < 4 * words; i++)
		twin->bytes[i] = 1;
	twin->bytes[9] = twin->flow.proto;
	twin->base = 4 * words;
	twin->l4 = 4 * words;
	put16(twin->bytes + 6, 0x4000);
	if (twin->flow.fragment)
		put16(twin->bytes + 6, twin->flow.first ? 0x2000 :
				       1 + krelay_selftest_below(&twin->test, 0x1fff));
}

/* One more extension header: @next is where its number goes. */
static unsigned int make_extension(struct twin *twin, unsigned int next, u8 number,
				   unsigned int units)
{
	u8 *header = twin->bytes + twin->l4;

	twin->bytes[next] = number;
	header[1] = units - 1;
	if (number == NEXTHDR_ROUTING)
		header[3] = 0;
	if (number == NEXTHDR_FRAGMENT && !twin->flow.fragment)
		put16(header + 2, 0);
	else if (number == NEXTHDR_FRAGMENT)
		put16(header + 2, twin->flow.first ? 1 :
				  8 + krelay_selftest_below(&twin->test, 0xfff0));
	next = twin->l4;
	twin->l4 += 8 * units;
	return next;
}

static void make_header6(struct twin *twin)
{
	static const u8 numbers[] = { NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING };
	struct krelay_selftest *test = &twin->test;
	unsigned int next = 6, i;

	twin->bytes[0] = 0x60 | (twin->bytes[0] & 15);
	twin->base = 40;
	twin->l4 = 40;
	for (i = krelay_selftest_below(test, 8); i > 5; i--)
		next = make_extension(twin, next, numbers[krelay_selftest_below(test, 3)],
				      1 + krelay_selftest_below(test, 3));
	if (twin->flow.fragment || krelay_selftest_one_in(test, 16))
		next = make_extension(twin, next, NEXTHDR_FRAGMENT, 1);
	/* Behind the header of a later fragment comes what nobody can tell. */
	if (twin->flow.first && krelay_selftest_one_in(test, 8))
		next = make_extension(twin, next, NEXTHDR_DEST, 1);
	twin->bytes[next] = twin->flow.proto;
}

static void make_tcp(struct twin *twin)
{
	struct krelay_selftest *test = &twin->test;
	u8 *tcp = twin->bytes + twin->l4;
	unsigned int at = 20, end = 20 + 4 * krelay_selftest_below(test, 11);

	tcp[12] = end / 4 << 4;
	twin->l4_len = end;
	while (at < end) {
		if (!twin->mss && at + 4 <= end && krelay_selftest_one_in(test, 3)) {
			tcp[at] = 2;
			tcp[at + 1] = 4;
			twin->mss = twin->l4 + at + 2;
			at += 4;
		} else if (at + 10 <= end && krelay_selftest_one_in(test, 3)) {
			tcp[at] = 8;
			tcp[at + 1] = 10;
			at += 10;
		} else {
			tcp[at++] = 1;
		}
	}
}

static void make_upper(struct twin *twin)
{
	u8 *upper = twin->bytes + twin->l4;
	bool ports = twin->flow.first;

	twin->l4_len = 8;
	switch (twin->flow.first ? twin->flow.proto : IPPROTO_NONE) {
	case IPPROTO_TCP:
		twin->check = twin->l4 + 16;
		make_tcp(twin);
		break;
	case IPPROTO_UDP:
		twin->mangle = true;
		fallthrough;
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		twin->check = twin->l4 + 6;
		break;
	case IPPROTO_SCTP:
		twin->l4_len = 12;
		break;
	case IPPROTO_ICMPV6:
		twin->check = is_ipv6(twin) ? twin->l4 + 2 : 0;
		fallthrough;
	default:
		ports = false;
	}
	if (ports) {
		twin->flow.source_port = htons(get16(upper));
		twin->flow.dest_port = htons(get16(upper + 2));
	}
	if (twin->flow.first &&
	    twin->flow.proto == (is_ipv6(twin) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		twin->flow.icmp_type = upper[0];
}

static void choose_summed(struct twin *twin)
{
	struct krelay_selftest *test = &twin->test;

	twin->summed = krelay_selftest_below(test, SUMMED_COUNT);
	if (twin->flow.fragment || !twin->check)
		twin->summed = krelay_selftest_below(test, SUMMED_PARTIAL);
	if (twin->summed == SUMMED_INNER && twin->len < twin->l4 + twin->l4_len + 40)
		twin->summed = SUMMED_NONE;
	twin->no_check = twin->flow.proto == IPPROTO_UDP && twin->summed != SUMMED_PARTIAL &&
			 krelay_selftest_one_in(test, 4);
	if (twin->no_check && twin->check)
		put16(twin->bytes + twin->check, 0);
}

static void make_lengths(struct twin *twin)
{
	struct krelay_selftest *test = &twin->test;
	unsigned int payload = krelay_selftest_below(test, 200);

	twin->len = twin->l4 + twin->l4_len + payload;
	twin->cut = twin->len;
	if (twin->flow.fragment && twin->flow.first)
		twin->cut -= krelay_selftest_below(test, payload + 1);
	if (twin->flow.first && twin->flow.proto == IPPROTO_UDP)
		put16(twin->bytes + twin->l4 + 4, twin->len - twin->l4);
	if (is_ipv6(twin))
		put16(twin->bytes + 4, twin->cut - 40);
	else
		put16(twin->bytes + 2, twin->cut);
}

static void make_twin(struct twin *twin)
{
	struct krelay_selftest test = twin->test;
	unsigned int at, len;

	memset(twin, 0, sizeof(*twin));
	twin->test = test;
	prandom_bytes_state(&twin->test.state, twin->bytes, sizeof(twin->bytes));
	twin->flow.family = krelay_selftest_one_in(&twin->test, 2) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	twin->flow.proto = random_proto(twin);
	twin->flow.fragment = krelay_selftest_one_in(&twin->test, 5);
	twin->flow.first = !twin->flow.fragment || krelay_selftest_one_in(&twin->test, 2);

	if (is_ipv6(twin))
		make_header6(twin);
	else
		make_header4(twin);
	make_upper(twin);
	make_lengths(twin);
	choose_summed(twin);
	twin_sum(twin);

	at = address_at(twin, true, &len);
	memcpy(&twin->flow.source, twin->bytes + at, len);
	at = address_at(twin, false, &len);
	memcpy(&twin->flow.dest, twin->bytes + at, len);
	twin->flow.l4_offset = twin->l4;
}
