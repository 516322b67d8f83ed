// SPDX-License-Identifier: GPL-2.0
/* Included at the end of ../reassembly.c. */

#include <linux/delay.h>
#include <linux/if_ether.h>
#include <linux/slab.h>

#include "packet.h"
#include "selftest.h"

enum {
	WHOLE_BYTES = 40 + 2 * 24 + 65535 + 8,
	WHOLE_PIECES = 64,
	WHOLE_ROUNDS = 600,
	PIECE_TRUESIZE = 65536,
};

/**
 * struct whole - a packet, and how it is cut
 * @test: random numbers
 * @bytes: the packet
 * @len: of it
 * @front: bytes that every piece begins with
 * @next: offset of the byte that announces what follows them
 * @id: identification
 * @max_size: length of the longest piece
 * @complete: all pieces have CHECKSUM_COMPLETE
 * @count: of pieces
 * @at: where each begins; one more is the end
 * @order: in which they come
 */
struct whole {
	struct krelay_selftest test;
	u8 bytes[WHOLE_BYTES];
	unsigned int len;
	unsigned int front;
	unsigned int next;
	u32 id;
	unsigned int max_size;
	bool complete;
	unsigned int count;
	unsigned int at[WHOLE_PIECES + 1];
	unsigned int order[WHOLE_PIECES];
};

static const u8 link_header[ETH_HLEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd };

static long memory(void)
{
	const struct reassembly_net *own = net_generic(&init_net, reassembly_net_id);

	return frag_mem_limit(own->queues);
}

static void set_ecn(u8 *packet, u8 ecn)
{
	packet[1] = (packet[1] & 0xcf) | ecn << 4;
}

static void add_header(struct whole *whole, unsigned int *next, unsigned int *at, u8 number)
{
	unsigned int units = 1 + krelay_selftest_below(&whole->test, 3);

	whole->bytes[*next] = number;
	whole->bytes[*at + 1] = units - 1;
	if (number == NEXTHDR_ROUTING)
		whole->bytes[*at + 3] = 0;
	*next = *at;
	*at += 8 * units;
}

/* @len bytes in the fragmentable part. */
static void make_whole(struct whole *whole, unsigned int len, bool headers)
{
	static const u8 numbers[] = { NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING };
	struct krelay_selftest *test = &whole->test;
	unsigned int next = 6, at = 40, i;
	u8 *bytes = whole->bytes;

	prandom_bytes_state(&test->state, bytes, 40 + 2 * 24 + len);
	whole->id = krelay_selftest_u32(test);
	bytes[0] = 0x60;
	set_ecn(bytes, INET_ECN_ECT_0);
	/* Of global scope. */
	put16(bytes + 8, 0x2001);
	put16(bytes + 24, 0x2001);
	for (i = headers ? krelay_selftest_below(test, 3) : 0; i > 0; i--)
		add_header(whole, &next, &at, numbers[krelay_selftest_below(test, 3)]);
	whole->front = at;
	whole->next = next;
	if (headers && krelay_selftest_one_in(test, 4))
		add_header(whole, &next, &at, NEXTHDR_DEST);
	bytes[next] = IPPROTO_UDP;
	whole->len = whole->front + len;
	put16(bytes + 4, whole->len - 40);
	whole->max_size = 0;
	whole->complete = krelay_selftest_one_in(test, 2);
}

static void cut(struct whole *whole, unsigned int most)
{
	unsigned int len = whole->len - whole->front, at = 0, step;

	whole->count = 0;
	while (at < len) {
		whole->at[whole->count++] = at;
		step = 8 * (1 + krelay_selftest_below(&whole->test, most / 8));
		/* All headers are in the first piece, and there are two at least. */
		if (!at)
			step = 32;
		if (whole->count == WHOLE_PIECES)
			step = len;
		at += step;
	}
	whole->at[whole->count] = len;
}

static void shuffle(struct whole *whole)
{
	unsigned int kind = krelay_selftest_below(&whole->test, 4), i, j, last = whole->count - 1;

	for (i = 0; i < whole->count; i++)
		whole->order[i] = kind == 1 ? last - i : i;
	for (i = last; kind >= 2 && i > 0; i--) {
		j = krelay_selftest_below(&whole->test, i + 1);
		swap(whole->order[i], whole->order[j]);
	}
}

static struct sk_buff *make_piece(struct whole *whole, unsigned int begin, unsigned int len,
				  bool more, u8 ecn)
{
	unsigned int front = whole->front, size = front + 8 + len, linear = size;
	struct krelay_selftest *test = &whole->test;
	u8 *bytes = kmalloc(size, GFP_KERNEL);
	struct sk_buff *skb;

	if (!bytes)
		return NULL;
	memcpy(bytes, whole->bytes, front);
	set_ecn(bytes, ecn);
	put16(bytes + 4, size - 40);
	bytes[whole->next] = NEXTHDR_FRAGMENT;
	/* What the others announce counts for nothing. */
	bytes[front] = begin ? krelay_selftest_u32(test) : whole->bytes[whole->next];
	bytes[front + 1] = 0;
	put16(bytes + front + 2, begin | more);
	put16(bytes + front + 4, whole->id >> 16);
	put16(bytes + front + 6, whole->id);
	memcpy(bytes + front + 8, whole->bytes + front + begin, len);

	if (krelay_selftest_one_in(test, 3))
		linear = 40 + krelay_selftest_below(test, size - 40);
	skb = make_skb(bytes, size, linear);
	kfree(bytes);
	if (!skb)
		return NULL;
	memcpy(skb->data - ETH_HLEN, link_header, ETH_HLEN);
	skb_set_mac_header(skb, -ETH_HLEN);
	skb->dev = init_net.loopback_dev;
	if (whole->complete) {
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	}
	whole->max_size = max(whole->max_size, size);
	return skb;
}

static int gather_bh(struct sk_buff *skb)
{
	int ret;

	if (!skb)
		return -ENOBUFS;
	local_bh_disable();
	ret = krelay_reassembly_gather6(&init_net, skb);
	local_bh_enable();
	return ret;
}

/* Frees what has become whole. */
static int send(struct whole *whole, unsigned int begin, unsigned int len, bool more, u8 ecn)
{
	struct sk_buff *skb = make_piece(whole, begin, len, more, ecn);
	int ret = gather_bh(skb);

	if (!ret)
		kfree_skb(skb);
	return ret;
}

static struct sk_buff *numbered_piece(struct whole *whole, unsigned int i)
{
	return make_piece(whole, whole->at[i], whole->at[i + 1] - whole->at[i],
			  i + 1 < whole->count, INET_ECN_ECT_0);
}

static bool has_link_header(const struct sk_buff *skb)
{
	return skb_mac_header(skb) + ETH_HLEN == skb_network_header(skb) &&
	       !memcmp(skb_mac_header(skb), link_header, ETH_HLEN);
}

static int check_whole(const struct whole *whole, const struct sk_buff *skb)
{
	u16 sum;

	if (!has_bytes(skb, whole->bytes, whole->len))
		return krelay_selftest_fail(&whole->test, "another packet came out");
	if (skb->dev != init_net.loopback_dev || skb->data != skb_network_header(skb) ||
	    skb_transport_offset(skb) != 40 || !has_link_header(skb))
		return krelay_selftest_fail(&whole->test, "a header or the netdev is wrong");
	if (skb->ip_summed != (whole->complete ? CHECKSUM_COMPLETE : CHECKSUM_NONE))
		return krelay_selftest_fail(&whole->test, "another ip_summed");
	sum = ntohs((__force __be16)(__sum16)~csum_fold(skb->csum));
	/* Zero and 0xffff are the same sum. */
	if (whole->complete && (sum ^ fold(sum16(whole->bytes, whole->len, 0))) % 0xffff)
		return krelay_selftest_fail(&whole->test, "skb->csum is wrong");
	return 0;
}

/* Piece number @i is the last that was missing. */
static int check_last(struct whole *whole, unsigned int i)
{
	struct sk_buff *skb = numbered_piece(whole, i);
	int err;

	err = gather_bh(skb);
	if (err) {
		pr_err("error %d with %u pieces of %u bytes\n", err, whole->count, whole->len);
		return krelay_selftest_fail(&whole->test, "the packet is not complete");
	}
	err = check_whole(whole, skb);
	if (!err && (!skb->ignore_df || IP6CB(skb)->frag_max_size != whole->max_size ||
		     !(IP6CB(skb)->flags & IP6SKB_FRAGMENTED)))
		err = krelay_selftest_fail(&whole->test, "nobody can tell how it came");
	kfree_skb(skb);
	return err;
}

/* All but the last in order; some come twice. */
static int check_most(struct whole *whole)
{
	unsigned int i;
	int ret;

	for (i = 0; i + 1 < whole->count; i++) {
		ret = gather_bh(numbered_piece(whole, whole->order[i]));
		if (ret != -EINPROGRESS)
			return krelay_selftest_fail(&whole->test, "a piece was not taken");
		if (!krelay_selftest_one_in(&whole->test, 8))
			continue;
		ret = gather_bh(numbered_piece(whole, whole->order[i]));
		if (ret != -EEXIST)
			return krelay_selftest_fail(&whole->test, "a duplicate was taken");
	}
	return 0;
}

static int check_empty(const struct whole *whole)
{
	if (memory()) {
		pr_err("%ld bytes\n", memory());
		return krelay_selftest_fail(&whole->test, "memory is held");
	}
	return 0;
}

static int check_packet(struct whole *whole)
{
	int err;

	make_whole(whole, 40 + krelay_selftest_below(&whole->test, 4000), true);
	cut(whole, krelay_selftest_one_in(&whole->test, 4) ? 8 : 1400);
	shuffle(whole);
	err = check_most(whole);
	err = err ?: check_last(whole, whole->order[whole->count - 1]);
	return err ?: check_empty(whole);
}

/* Two packets that differ in one respect do not mix. */
static int check_keys(struct whole *whole)
{
	static const unsigned int bytes[] = { 10, 23, 30, 39 };
	unsigned int i;
	int err = 0;

	for (i = 0; i <= ARRAY_SIZE(bytes) && !err; i++) {
		make_whole(whole, 100, true);
		if (send(whole, 0, 48, true, INET_ECN_ECT_0) != -EINPROGRESS)
			err = -EINVAL;
		if (i < ARRAY_SIZE(bytes))
			whole->bytes[bytes[i]] ^= 1;
		else
			whole->id ^= 0x10000;
		if (send(whole, 48, 52, false, INET_ECN_ECT_0) != -EINPROGRESS)
			err = -EINVAL;
		if (send(whole, 0, 48, true, INET_ECN_ECT_0))
			err = -EINVAL;
		if (i < ARRAY_SIZE(bytes))
			whole->bytes[bytes[i]] ^= 1;
		else
			whole->id ^= 0x10000;
		if (send(whole, 48, 52, false, INET_ECN_ECT_0))
			err = -EINVAL;
	}
	if (err)
		return krelay_selftest_fail(&whole->test, "two packets were mixed");
	return check_empty(whole);
}

/* Steps that end in what drops everything which came before, or comes alone. */
static int check_refused(struct whole *whole)
{
	static const struct {
		unsigned int begin;
		unsigned int len;
		bool more;
		u8 ecn;
		int expected;
	} steps[] = {
		/* Overlaps: with the last, the first, both, a hole, from within. */
		{ 0, 64, true, 2, -EINPROGRESS }, { 56, 80, true, 2, -EINVAL },
		{ 64, 64, true, 2, -EINPROGRESS }, { 0, 72, true, 2, -EINVAL },
		{ 64, 64, true, 2, -EINPROGRESS }, { 0, 200, true, 2, -EINVAL },
		{ 0, 64, true, 2, -EINPROGRESS }, { 128, 64, true, 2, -EINPROGRESS },
			{ 56, 80, true, 2, -EINVAL },
		{ 0, 64, true, 2, -EINPROGRESS }, { 56, 9, false, 2, -EINVAL },
		/* Two ends, and something behind the end. */
		{ 64, 64, false, 2, -EINPROGRESS }, { 128, 64, false, 2, -EINVAL },
		{ 64, 64, false, 2, -EINPROGRESS }, { 128, 64, true, 2, -EINVAL },
		{ 128, 64, true, 2, -EINPROGRESS }, { 64, 8, false, 2, -EINVAL },
		/* Congestion that some ends could not have told of. */
		{ 0, 64, true, 0, -EINPROGRESS }, { 64, 64, false, 3, -EINVAL },
		{ 0, 64, true, 2, -EINPROGRESS }, { 64, 64, false, 0, -EINVAL },
		/* Alone: no multiple of 8, nothing in it, too little in the first. */
		{ 0, 61, true, 2, -EINVAL },
		{ 64, 0, true, 2, -EINVAL },
		{ 64, 0, false, 2, -EINVAL },
		{ 0, 0, true, 2, -EINVAL },
		/* Too long by itself. */
		{ 65528, 8, false, 2, -E2BIG },
		{ 65528, 8, true, 2, -E2BIG },
	};
	unsigned int i;
	int err = 0, ret;

	make_whole(whole, 65535, false);
	for (i = 0; i < ARRAY_SIZE(steps) && !err; i++) {
		ret = send(whole, steps[i].begin, steps[i].len, steps[i].more, steps[i].ecn);
		if (ret != steps[i].expected) {
			pr_err("step %u: error %d instead of %d\n", i, ret, steps[i].expected);
			err = krelay_selftest_fail(&whole->test, "took another view of a piece");
		}
		if (ret != -EINPROGRESS)
			err = err ?: check_empty(whole);
	}
	return err;
}

/* The first piece has to have the whole upper header (RFC 7112). */
static int check_tiny(struct whole *whole)
{
	int err = 0;

	make_whole(whole, 100, false);
	whole->bytes[6] = IPPROTO_TCP;
	if (send(whole, 0, 16, true, INET_ECN_ECT_0) != -EINVAL ||
	    send(whole, 0, 24, true, INET_ECN_ECT_0) != -EINPROGRESS ||
	    send(whole, 24, 76, false, INET_ECN_ECT_0))
		err = krelay_selftest_fail(&whole->test, "another view of a tiny piece");
	return err ?: check_empty(whole);
}

static int check_congestion(struct whole *whole)
{
	struct sk_buff *skb;
	int err;

	make_whole(whole, 100, false);
	if (send(whole, 0, 48, true, INET_ECN_CE) != -EINPROGRESS)
		return krelay_selftest_fail(&whole->test, "a piece was not taken");
	skb = make_piece(whole, 48, 52, false, INET_ECN_ECT_0);
	set_ecn(whole->bytes, INET_ECN_CE);
	if (gather_bh(skb))
		return krelay_selftest_fail(&whole->test, "congestion was not taken");
	err = check_whole(whole, skb);
	kfree_skb(skb);
	return err ?: check_empty(whole);
}

/* The longest packet that there is, and one with longer headers in the first piece. */
static int check_longest(struct whole *whole, bool longer)
{
	unsigned int i;
	int err;

	make_whole(whole, 65535, false);
	for (i = 0; i < WHOLE_PIECES; i++)
		whole->at[i] = i * 1024;
	whole->count = WHOLE_PIECES;
	whole->at[WHOLE_PIECES] = 65535;
	shuffle(whole);
	/* The first piece comes last. */
	for (i = 0; i < WHOLE_PIECES; i++)
		if (!whole->order[i])
			swap(whole->order[i], whole->order[WHOLE_PIECES - 1]);
	err = check_most(whole);
	if (err || !longer)
		return err ?: check_last(whole, 0) ?: check_empty(whole);

	memmove(whole->bytes + 48, whole->bytes + 40, 1024);
	whole->bytes[6] = NEXTHDR_DEST;
	whole->bytes[40] = IPPROTO_UDP;
	whole->bytes[41] = 0;
	whole->front = 48;
	whole->next = 40;
	if (gather_bh(numbered_piece(whole, 0)) != -E2BIG)
		return krelay_selftest_fail(&whole->test, "a packet is too long");
	return check_empty(whole);
}

/* RFC 6946: in the midst of others with its identification, and unharmed. */
static int check_atomic(struct whole *whole)
{
	struct sk_buff *skb, *clone;
	__be16 payload;
	int err;

	make_whole(whole, 200, true);
	if (send(whole, 0, 48, true, INET_ECN_ECT_0) != -EINPROGRESS)
		return krelay_selftest_fail(&whole->test, "a piece was not taken");
	skb = make_piece(whole, 0, 200, false, INET_ECN_ECT_0);
	clone = skb ? skb_clone(skb, GFP_KERNEL) : NULL;
	err = gather_bh(skb);
	if (err || !clone) {
		kfree_skb(clone);
		return krelay_selftest_fail(&whole->test, "an atomic fragment was not taken");
	}
	err = check_whole(whole, skb);
	if (!err && (skb_copy_bits(clone, 4, &payload, sizeof(payload)) ||
		     payload == ipv6_hdr(skb)->payload_len))
		err = krelay_selftest_fail(&whole->test, "wrote into somebody else's packet");
	kfree_skb(clone);

	/* Now it is one without a fragment header. */
	if (!err && gather_bh(skb))
		return krelay_selftest_fail(&whole->test, "a packet that is whole was not taken");
	err = err ?: check_whole(whole, skb);
	kfree_skb(skb);
	if (!err && send(whole, 48, 152, false, INET_ECN_ECT_0))
		err = krelay_selftest_fail(&whole->test, "an atomic fragment was mixed in");
	return err ?: check_empty(whole);
}

static int check_lie(struct whole *whole)
{
	struct sk_buff *skb;
	int ret;

	make_whole(whole, 200, false);
	skb = make_piece(whole, 0, 48, true, INET_ECN_ECT_0);
	if (!skb || !pskb_may_pull(skb, 40)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	ipv6_hdr(skb)->payload_len = htons(57);
	ret = gather_bh(skb);
	if (ret != -EINVAL)
		return krelay_selftest_fail(&whole->test, "believed a length");
	return check_empty(whole);
}

/* Pieces of as many packets as there is memory for; time frees them. */
static int check_limit(struct whole *whole)
{
	const struct reassembly_net *own = net_generic(&init_net, reassembly_net_id);
	unsigned int i, timeout = own->queues->timeout;
	struct sk_buff *skb;
	long most = 0;
	int ret;

	own->queues->timeout = HZ;
	make_whole(whole, 1400, false);
	/* Its sender is told. */
	ret = send(whole, 0, 48, true, INET_ECN_ECT_0);
	for (i = 0; ret == -EINPROGRESS && i < 1000; i++) {
		whole->id++;
		skb = make_piece(whole, 8, 800, true, INET_ECN_ECT_0);
		if (skb)
			skb->truesize = PIECE_TRUESIZE;
		ret = gather_bh(skb);
		most = max(most, memory());
	}
	for (i = 0; memory() && i < 600; i++)
		msleep(50);
	own->queues->timeout = timeout;
	/* The last one was let in when there was room. */
	if (ret != -ENOMEM || most < IPV6_FRAG_HIGH_THRESH ||
	    most > IPV6_FRAG_HIGH_THRESH + 2 * PIECE_TRUESIZE) {
		pr_err("error %d, %ld bytes\n", ret, most);
		return krelay_selftest_fail(&whole->test, "another limit");
	}
	return check_empty(whole);
}

static int run(struct whole *whole)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < WHOLE_ROUNDS && !err; i++)
		err = check_packet(whole);
	for (i = 0; i < 8 && !err; i++) {
		err = check_keys(whole);
		err = err ?: check_atomic(whole);
		err = err ?: check_congestion(whole);
		err = err ?: check_tiny(whole);
		err = err ?: check_lie(whole);
	}
	err = err ?: check_refused(whole);
	err = err ?: check_longest(whole, false);
	err = err ?: check_longest(whole, true);
	err = err ?: check_limit(whole);
	/* Its end is the module's. */
	make_whole(whole, 200, true);
	if (!err && send(whole, 0, 48, true, INET_ECN_ECT_0) != -EINPROGRESS)
		err = krelay_selftest_fail(&whole->test, "a piece was not taken");
	return err;
}

int krelay_reassembly_selftest(void)
{
	struct whole *whole = kvzalloc(sizeof(*whole), GFP_KERNEL);
	int err;

	if (!whole)
		return -ENOMEM;
	krelay_selftest_begin(&whole->test, "reassembly");
	err = run(whole);
	kvfree(whole);
	return err;
}
