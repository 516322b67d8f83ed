/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that the self-tests build and sum byte by byte. */
#ifndef _KRELAY_SELFTEST_PACKET_H
#define _KRELAY_SELFTEST_PACKET_H

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/types.h>

enum {
	PACKET_HEADROOM = 64,
};

static inline void put16(u8 *at, u16 value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

static inline u16 get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static inline u32 sum16(const u8 *bytes, unsigned int len, u32 sum)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static inline u16 fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* @linear bytes in the head, the rest in a page. */
static inline struct sk_buff *make_skb(const u8 *bytes, unsigned int len, unsigned int linear)
{
	struct sk_buff *skb = alloc_skb(PACKET_HEADROOM + linear, GFP_KERNEL);
	struct page *page;

	if (!skb)
		return NULL;
	skb_reserve(skb, PACKET_HEADROOM);
	skb_put_data(skb, bytes, linear);
	if (linear < len) {
		page = alloc_page(GFP_KERNEL);
		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		memcpy((u8 *)page_address(page) + 100, bytes + linear, len - linear);
		skb_add_rx_frag(skb, 0, page, 100, len - linear, PAGE_SIZE);
	}
	skb_reset_network_header(skb);
	return skb;
}

static inline bool has_bytes(const struct sk_buff *skb, const u8 *bytes, unsigned int len)
{
	u8 *copy = kmalloc(len + 1, GFP_KERNEL);
	bool same;

	same = copy && skb->len == len && !skb_copy_bits(skb, 0, copy, len) &&
	       !memcmp(copy, bytes, len);
	kfree(copy);
	return same;
}

#endif
