// SPDX-License-Identifier: GPL-2.0
#include "cookie.h"

#include <crypto/chacha20poly1305.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

static_assert(sizeof_field(struct krelay_cookie_checker, secret) / sizeof(siphash_key_t) *
	      sizeof(u64) == KRELAY_COOKIE_SIZE);

enum {
	LABEL_SIZE = 8,
};

static const u8 mac1_label[LABEL_SIZE] __nonstring = "mac1----";
static const u8 cookie_label[LABEL_SIZE] __nonstring = "cookie--";

static void derive_key(u8 key[KRELAY_KEY_SIZE], const u8 label[LABEL_SIZE],
		       const u8 public_key[KRELAY_KEY_SIZE])
{
	u8 text[LABEL_SIZE + KRELAY_KEY_SIZE];

	memcpy(text, label, LABEL_SIZE);
	memcpy(text + LABEL_SIZE, public_key, KRELAY_KEY_SIZE);
	krelay_compat_blake2s(key, KRELAY_KEY_SIZE, text, sizeof(text), NULL, 0);
}

/* All messages of a type begin with the same word: its first block is the key's. */
static void begin_mac1(struct krelay_cookie_checker *checker, const u8 key[KRELAY_KEY_SIZE],
		       u32 type)
{
	__le32 word = cpu_to_le32(type);
	struct blake2s_state begun;

	blake2s_init_key(&begun, KRELAY_MAC_SIZE, key, KRELAY_KEY_SIZE);
	blake2s_update(&begun, (const u8 *)&word, sizeof(word));
	checker->mac1_begun[type] = begun;
}

void krelay_cookie_init_checker(struct krelay_cookie_checker *checker)
{
	static const u8 no_key[KRELAY_KEY_SIZE];

	memset(checker, 0, sizeof(*checker));
	spin_lock_init(&checker->lock);
	begin_mac1(checker, no_key, KRELAY_WIRE_INITIATION);
	begin_mac1(checker, no_key, KRELAY_WIRE_RESPONSE);
}

void krelay_cookie_set_public(struct krelay_cookie_checker *checker,
			      const u8 public_key[KRELAY_KEY_SIZE])
{
	u8 key[KRELAY_KEY_SIZE];

	derive_key(key, mac1_label, public_key);
	begin_mac1(checker, key, KRELAY_WIRE_INITIATION);
	begin_mac1(checker, key, KRELAY_WIRE_RESPONSE);
	spin_lock_bh(&checker->lock);
	derive_key(checker->cookie_key, cookie_label, public_key);
	checker->secret_birth = 0;
	spin_unlock_bh(&checker->lock);
}

void krelay_cookie_init(struct krelay_cookie *cookie, const u8 remote_public[KRELAY_KEY_SIZE])
{
	memset(cookie, 0, sizeof(*cookie));
	derive_key(cookie->mac1_key, mac1_label, remote_public);
	derive_key(cookie->cookie_key, cookie_label, remote_public);
}

static const struct krelay_wire_macs *macs_of(const void *message, size_t len)
{
	return message + len - sizeof(struct krelay_wire_macs);
}

static void compute_mac1(u8 mac1[KRELAY_MAC_SIZE], const void *message, size_t len,
			 const u8 key[KRELAY_KEY_SIZE])
{
	krelay_compat_blake2s(mac1, KRELAY_MAC_SIZE, message,
			      len - sizeof(struct krelay_wire_macs), key, KRELAY_KEY_SIZE);
}

static void compute_mac2(u8 mac2[KRELAY_MAC_SIZE], const void *message, size_t len,
			 const u8 cookie[KRELAY_COOKIE_SIZE])
{
	krelay_compat_blake2s(mac2, KRELAY_MAC_SIZE, message, len - KRELAY_MAC_SIZE, cookie,
			      KRELAY_COOKIE_SIZE);
}

static bool older_than(u64 birth, unsigned int seconds)
{
	return !birth || ktime_get_boottime_ns() - birth >= (u64)seconds * NSEC_PER_SEC;
}

void krelay_cookie_add_macs(struct krelay_cookie *cookie, void *message, size_t len)
{
	struct krelay_wire_macs *macs = message + len - sizeof(*macs);

	compute_mac1(macs->mac1, message, len, cookie->mac1_key);
	memcpy(cookie->mac1_sent, macs->mac1, KRELAY_MAC_SIZE);
	WRITE_ONCE(cookie->awaited, true);

	if (older_than(cookie->birth, KRELAY_COOKIE_SECRET_AGE - KRELAY_COOKIE_SECRET_LATENCY))
		memset(macs->mac2, 0, KRELAY_MAC_SIZE);
	else
		compute_mac2(macs->mac2, message, len, cookie->value);
}

bool krelay_cookie_check_mac1(const struct krelay_cookie_checker *checker, const void *message,
			      size_t len)
{
	u32 type = le32_to_cpup(message);
	struct blake2s_state state;
	u8 mac1[KRELAY_MAC_SIZE];

	if (WARN_ON_ONCE(type >= ARRAY_SIZE(checker->mac1_begun)))
		return false;
	state = checker->mac1_begun[type];
	blake2s_update(&state, message + sizeof(__le32),
		       len - sizeof(__le32) - sizeof(struct krelay_wire_macs));
	blake2s_final(&state, mac1);
	return !crypto_memneq(mac1, macs_of(message, len)->mac1, KRELAY_MAC_SIZE);
}

void krelay_cookie_make(struct krelay_cookie_checker *checker, u8 cookie[KRELAY_COOKIE_SIZE],
			const struct krelay_cookie_source *source)
{
	u64 halves[ARRAY_SIZE(checker->secret)];
	unsigned int i;

	spin_lock_bh(&checker->lock);
	if (older_than(checker->secret_birth, KRELAY_COOKIE_SECRET_AGE)) {
		get_random_bytes(checker->secret, sizeof(checker->secret));
		checker->secret_birth = ktime_get_boottime_ns();
	}
	for (i = 0; i < ARRAY_SIZE(halves); i++)
		halves[i] = siphash(source->bytes, source->len, &checker->secret[i]);
	spin_unlock_bh(&checker->lock);
	memcpy(cookie, halves, KRELAY_COOKIE_SIZE);
}

bool krelay_cookie_check_mac2(const u8 cookie[KRELAY_COOKIE_SIZE], const void *message,
			      size_t len)
{
	const u8 *claimed = macs_of(message, len)->mac2;
	u8 mac2[KRELAY_MAC_SIZE];

	/* Who holds no cookie says so. */
	if (!memchr_inv(claimed, 0, KRELAY_MAC_SIZE))
		return false;
	compute_mac2(mac2, message, len, cookie);
	return !crypto_memneq(mac2, claimed, KRELAY_MAC_SIZE);
}

static void make_nonce(u8 nonce[KRELAY_COOKIE_NONCE_SIZE])
{
	u64 words[KRELAY_COOKIE_NONCE_SIZE / sizeof(u64)];
	unsigned int i;

	/* Drawn from a batch, a tenth of the cost of get_random_bytes(). */
	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = get_random_u64();
	memcpy(nonce, words, sizeof(words));
}

void krelay_cookie_make_reply(struct krelay_cookie_checker *checker,
			      struct krelay_wire_cookie *reply, const void *message, size_t len,
			      __le32 receiver, const u8 cookie[KRELAY_COOKIE_SIZE])
{
	u8 key[KRELAY_KEY_SIZE];

	reply->type = cpu_to_le32(KRELAY_WIRE_COOKIE);
	reply->receiver = receiver;
	make_nonce(reply->nonce);
	spin_lock_bh(&checker->lock);
	memcpy(key, checker->cookie_key, sizeof(key));
	spin_unlock_bh(&checker->lock);
	xchacha20poly1305_encrypt(reply->cookie_sealed, cookie, KRELAY_COOKIE_SIZE,
				  macs_of(message, len)->mac1, KRELAY_MAC_SIZE, reply->nonce,
				  key);
}

bool krelay_cookie_consume(struct krelay_cookie *cookie, const struct krelay_wire_cookie *reply)
{
	u8 value[KRELAY_COOKIE_SIZE];

	if (!cookie->awaited)
		return false;
	if (!xchacha20poly1305_decrypt(value, reply->cookie_sealed, sizeof(reply->cookie_sealed),
				       cookie->mac1_sent, KRELAY_MAC_SIZE, reply->nonce,
				       cookie->cookie_key))
		return false;
	memcpy(cookie->value, value, sizeof(value));
	cookie->birth = ktime_get_boottime_ns();
	WRITE_ONCE(cookie->awaited, false);
	return true;
}
