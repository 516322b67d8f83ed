/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tools that make packets by hand have in common.
 */
#ifndef KRELAY_TESTS_PACKET_H
#define KRELAY_TESTS_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
};

static inline void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static inline uint32_t sum(const uint8_t *at, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 ? at[i] : at[i] << 8;
	return start;
}

static inline uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return ~value;
}

#endif
