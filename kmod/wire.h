/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The WireGuard protocol on the wire: message layouts and limits, as published
 * in the whitepaper. Integers are little endian.
 */
#ifndef _KRELAY_WIRE_H
#define _KRELAY_WIRE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/limits.h>
#include <linux/types.h>

enum krelay_wire_size {
	KRELAY_KEY_SIZE = 32,
	KRELAY_HASH_SIZE = 32,
	KRELAY_TAG_SIZE = 16,
	KRELAY_MAC_SIZE = 16,
	KRELAY_COOKIE_SIZE = 16,
	KRELAY_COOKIE_NONCE_SIZE = 24,
	KRELAY_TIMESTAMP_SIZE = 12,
	KRELAY_PADDING = 16,
};

enum krelay_wire_type {
	KRELAY_WIRE_INITIATION = 1,
	KRELAY_WIRE_RESPONSE = 2,
	KRELAY_WIRE_COOKIE = 3,
	KRELAY_WIRE_DATA = 4,
};

struct krelay_wire_macs {
	u8 mac1[KRELAY_MAC_SIZE];
	u8 mac2[KRELAY_MAC_SIZE];
} __packed;

struct krelay_wire_initiation {
	__le32 type;
	__le32 sender;
	u8 ephemeral[KRELAY_KEY_SIZE];
	u8 static_sealed[KRELAY_KEY_SIZE + KRELAY_TAG_SIZE];
	u8 timestamp_sealed[KRELAY_TIMESTAMP_SIZE + KRELAY_TAG_SIZE];
	struct krelay_wire_macs macs;
} __packed;

struct krelay_wire_response {
	__le32 type;
	__le32 sender;
	__le32 receiver;
	u8 ephemeral[KRELAY_KEY_SIZE];
	u8 empty_sealed[KRELAY_TAG_SIZE];
	struct krelay_wire_macs macs;
} __packed;

struct krelay_wire_cookie {
	__le32 type;
	__le32 receiver;
	u8 nonce[KRELAY_COOKIE_NONCE_SIZE];
	u8 cookie_sealed[KRELAY_COOKIE_SIZE + KRELAY_TAG_SIZE];
} __packed;

struct krelay_wire_data {
	__le32 type;
	__le32 receiver;
	__le64 counter;
} __packed;

static_assert(sizeof(struct krelay_wire_initiation) == 148);
static_assert(sizeof(struct krelay_wire_response) == 92);
static_assert(sizeof(struct krelay_wire_cookie) == 64);
static_assert(sizeof(struct krelay_wire_data) == 16);

/* Seconds, unless the name says otherwise. */
enum krelay_wire_limit {
	KRELAY_REKEY_AFTER_TIME = 120,
	KRELAY_REJECT_AFTER_TIME = 180,
	KRELAY_REKEY_TIMEOUT = 5,
	KRELAY_REKEY_TIMEOUT_JITTER_MS = 333,
	KRELAY_REKEY_ATTEMPT_TIME = 90,
	KRELAY_KEEPALIVE_TIMEOUT = 10,
	KRELAY_COOKIE_SECRET_AGE = 120,
	/* A cookie is used while its maker surely accepts it. */
	KRELAY_COOKIE_SECRET_LATENCY = 5,
	KRELAY_INITIATIONS_PER_SECOND = 50,
	/* The last attempt is the one after which 90 s are over. */
	KRELAY_MAX_ATTEMPTS = KRELAY_REKEY_ATTEMPT_TIME / KRELAY_REKEY_TIMEOUT,
	KRELAY_MAX_STAGED = 128,
	KRELAY_MAX_HANDSHAKES = 4096,
};

#define KRELAY_REKEY_AFTER_MESSAGES	BIT_ULL(60)
#define KRELAY_REJECT_AFTER_MESSAGES	(U64_MAX - BIT_ULL(13))

/* DSCP AF41 for handshakes, and none for data, as TOS bytes. */
enum krelay_wire_tos {
	KRELAY_TOS_HANDSHAKE = 0x88,
	KRELAY_TOS_DATA = 0,
};

#endif /* _KRELAY_WIRE_H */
