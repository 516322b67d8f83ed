/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mac1, mac2 and cookies: who may make us compute. A cookie proves that its
 * holder receives at the address it sends from, and nothing else.
 */
#ifndef _KRELAY_COOKIE_H
#define _KRELAY_COOKIE_H

#include <linux/siphash.h>
#include <linux/spinlock.h>

#include "compat/compat.h"
#include "wire.h"

/**
 * struct krelay_cookie_checker - what a device needs to judge macs
 * @lock: guards all but @mac1_begun; taken with BH off
 * @secret: cookies are made of it, half by half; changes every 120 s. Nobody else
 *	has to understand a cookie, so its MAC need not be BLAKE2s, at the price of
 *	which a flood could be bought; SipHash is a tenth of it.
 * @secret_birth: of @secret, nanoseconds since boot, 0 for none
 * @cookie_key: seals our cookie replies
 * @mac1_begun: the MAC that must be known to get any answer, by message type, with
 *	its key and the type hashed already: a third of what a message costs
 *
 * @mac1_begun is changed under the device's handshake lock and read without: a
 * torn one costs the sender one message, since lengths in it never differ.
 * @cookie_key, a hash of our public key, is no secret, nor is the key of mac1.
 */
struct krelay_cookie_checker {
	spinlock_t lock; /* see above */
	siphash_key_t secret[2];
	u64 secret_birth;
	u8 cookie_key[KRELAY_KEY_SIZE];
	struct blake2s_state mac1_begun[KRELAY_WIRE_RESPONSE + 1];
};

/**
 * struct krelay_cookie - what we hold of a peer's cookies
 * @mac1_key: for messages to the peer
 * @cookie_key: opens its cookie replies
 * @value: the last cookie
 * @birth: of @value, nanoseconds since boot, 0 for none
 * @mac1_sent: mac1 of the last message that we sent
 * @awaited: a reply to @mac1_sent has not come yet
 *
 * Guarded by the device's handshake lock; @awaited is read without, as a hint.
 */
struct krelay_cookie {
	u8 mac1_key[KRELAY_KEY_SIZE];
	u8 cookie_key[KRELAY_KEY_SIZE];
	u8 value[KRELAY_COOKIE_SIZE];
	u64 birth;
	u8 mac1_sent[KRELAY_MAC_SIZE];
	bool awaited;
};

/**
 * struct krelay_cookie_source - where a message came from
 * @len: bytes used of @bytes
 * @bytes: IP address and UDP port, network byte order
 */
struct krelay_cookie_source {
	u8 len;
	u8 bytes[18];
};

/* A checker without a key, which lets nothing through. */
void krelay_cookie_init_checker(struct krelay_cookie_checker *checker);

/* Context: may sleep; the device's handshake lock is held. */
void krelay_cookie_set_public(struct krelay_cookie_checker *checker,
			      const u8 public_key[KRELAY_KEY_SIZE]);
void krelay_cookie_init(struct krelay_cookie *cookie, const u8 remote_public[KRELAY_KEY_SIZE]);

/* Fills in the macs, which are the last 32 of the @len bytes of @message. */
void krelay_cookie_add_macs(struct krelay_cookie *cookie, void *message, size_t len);

/* An initiation or a response. Context: any. */
bool krelay_cookie_check_mac1(const struct krelay_cookie_checker *checker, const void *message,
			      size_t len);

/* The cookie that messages from @source have to be made with. Context: any but hard interrupts. */
void krelay_cookie_make(struct krelay_cookie_checker *checker, u8 cookie[KRELAY_COOKIE_SIZE],
			const struct krelay_cookie_source *source);

/* Return: whether the message was made with @cookie. Context: any. */
bool krelay_cookie_check_mac2(const u8 cookie[KRELAY_COOKIE_SIZE], const void *message,
			      size_t len);

/*
 * Answers the handshake message of @len bytes, sent by index @receiver, with
 * @cookie. Context: any but hard interrupts.
 */
void krelay_cookie_make_reply(struct krelay_cookie_checker *checker,
			      struct krelay_wire_cookie *reply, const void *message, size_t len,
			      __le32 receiver, const u8 cookie[KRELAY_COOKIE_SIZE]);

/* Return: whether the reply was awaited and is genuine. */
bool krelay_cookie_consume(struct krelay_cookie *cookie, const struct krelay_wire_cookie *reply);

#endif /* _KRELAY_COOKIE_H */
