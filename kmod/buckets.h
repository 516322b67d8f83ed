/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Token buckets, each of which holds the worth of one second: one for whatever
 * its owner wants, and a table of them for single sources of packets. The
 * table's size is fixed, whoever floods it: who was not heard of for longest
 * makes room, and begins anew with a full bucket.
 *
 * A packet is let through as long as there is anything in the bucket, and may
 * leave it in debt: a super-packet of 64 KiB passes a limit of 10 kB/s, once in
 * seven seconds.
 */
#ifndef _KRELAY_BUCKETS_H
#define _KRELAY_BUCKETS_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct krelay_rate - what flows into a bucket a second
 * @packets: 0 for no limit
 * @bytes: 0 for no limit
 */
struct krelay_rate {
	u32 packets;
	u64 bytes;
};

/**
 * struct krelay_bucket - when it will be full again, nanoseconds since boot
 * @packets: of packets
 * @bytes: of bytes
 *
 * Zeros are a full bucket.
 */
struct krelay_bucket {
	atomic64_t packets;
	atomic64_t bytes;
};

static inline bool krelay_rate_is_none(const struct krelay_rate *rate)
{
	return !rate->packets && !rate->bytes;
}

/**
 * krelay_bucket_take() - take packets out
 * @bucket: the bucket
 * @rate: what fills it
 * @packets: how many
 * @bytes: of all of them
 *
 * Context: any. Return: whether they may pass; if not, nothing was taken.
 */
bool krelay_bucket_take(struct krelay_bucket *bucket, const struct krelay_rate *rate,
			unsigned int packets, unsigned int bytes);

/**
 * krelay_buckets_init() - how large the table may become
 * @sources: buckets; rounded up to a power of two
 *
 * Return: 0, or -EINVAL for less than 256 or more than 16 million.
 */
int krelay_buckets_init(unsigned int sources);

/* Context: process; nobody takes from it any more. */
void krelay_buckets_exit(void);

/**
 * krelay_buckets_prepare() - have the table, which is made for the first who asks
 *
 * Context: process, RTNL. Return: 0 or -ENOMEM.
 */
int krelay_buckets_prepare(void);

/**
 * krelay_buckets_take() - take packets out of the bucket of one source
 * @owner: whose limit it is; two owners' buckets of one source are different
 * @addr: of the source, network byte order
 * @len: 4, or 8: the upper half of an IPv6 address
 * @rate: what fills it
 * @packets: how many
 * @bytes: of all of them
 *
 * Context: softirq, after krelay_buckets_prepare(). Return: whether they may pass.
 */
bool krelay_buckets_take(const void *owner, const void *addr, u8 len,
			 const struct krelay_rate *rate, unsigned int packets,
			 unsigned int bytes);

#ifdef KRELAY_SELFTEST
int krelay_buckets_selftest(void);
#endif

#endif /* _KRELAY_BUCKETS_H */
