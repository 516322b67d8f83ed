// SPDX-License-Identifier: GPL-2.0
#include "noise.h"

#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat/compat.h"

enum {
	HMAC_BLOCK_SIZE = 64,
	HMAC_MAX_TEXT = KRELAY_HASH_SIZE + 1,
	/* TAI64 of 1970-01-01, less the leap seconds, which nobody counts. */
	TAI64_LABEL_LOW = 10,
	/* Timestamps tell no finer time than initiations may come. */
	TIMESTAMP_GRAIN = 1 << 24,
};

#define TAI64_LABEL (0x4000000000000000ULL + TAI64_LABEL_LOW)

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

/* Of new sessions; zero, but for tests of the limits that nobody lives to see. */
static unsigned long long first_nonce __read_mostly;
#ifdef KRELAY_SELFTEST
module_param(first_nonce, ullong, 0644);
MODULE_PARM_DESC(first_nonce, "Counter with which the sending side of a session begins");
#endif

/* How often this machine has been copied. */
static atomic_t copies __read_mostly;

/* The transcript's hash and the chaining key before any message. */
static u8 initial_hash[KRELAY_HASH_SIZE] __ro_after_init;
static u8 initial_chaining[KRELAY_HASH_SIZE] __ro_after_init;

static void mix_hash(u8 hash[KRELAY_HASH_SIZE], const void *data, size_t len)
{
	u8 text[KRELAY_HASH_SIZE + KRELAY_KEY_SIZE + KRELAY_TAG_SIZE];

	memcpy(text, hash, KRELAY_HASH_SIZE);
	memcpy(text + KRELAY_HASH_SIZE, data, len);
	krelay_compat_blake2s(hash, KRELAY_HASH_SIZE, text, KRELAY_HASH_SIZE + len, NULL, 0);
}

int __init krelay_noise_init(void)
{
	krelay_compat_blake2s(initial_chaining, KRELAY_HASH_SIZE, construction,
			      sizeof(construction) - 1, NULL, 0);
	memcpy(initial_hash, initial_chaining, KRELAY_HASH_SIZE);
	mix_hash(initial_hash, identifier, sizeof(identifier) - 1);
	return 0;
}

/* RFC 2104 with BLAKE2s-256; @len is at most HMAC_MAX_TEXT. */
static void hmac(u8 out[KRELAY_HASH_SIZE], const u8 key[KRELAY_HASH_SIZE], const void *in,
		 size_t len)
{
	u8 text[HMAC_BLOCK_SIZE + HMAC_MAX_TEXT];
	unsigned int i;

	memset(text, 0x36, HMAC_BLOCK_SIZE);
	for (i = 0; i < KRELAY_HASH_SIZE; i++)
		text[i] ^= key[i];
	memcpy(text + HMAC_BLOCK_SIZE, in, len);
	krelay_compat_blake2s(out, KRELAY_HASH_SIZE, text, HMAC_BLOCK_SIZE + len, NULL, 0);

	for (i = 0; i < HMAC_BLOCK_SIZE; i++)
		text[i] ^= 0x36 ^ 0x5c;
	memcpy(text + HMAC_BLOCK_SIZE, out, KRELAY_HASH_SIZE);
	krelay_compat_blake2s(out, KRELAY_HASH_SIZE, text, HMAC_BLOCK_SIZE + KRELAY_HASH_SIZE,
			      NULL, 0);
	memzero_explicit(text, sizeof(text));
}

/*
 * HKDF (RFC 5869) with HMAC-BLAKE2s. @second and @third may be NULL; @first may
 * be @chaining itself.
 */
static void kdf(u8 *first, u8 *second, u8 *third, const void *in, size_t len,
		const u8 chaining[KRELAY_HASH_SIZE])
{
	u8 *outputs[] = { first, second, third };
	u8 text[KRELAY_HASH_SIZE + 1];
	u8 secret[KRELAY_HASH_SIZE];
	unsigned int i;

	hmac(secret, chaining, in, len);
	for (i = 0; i < ARRAY_SIZE(outputs) && outputs[i]; i++) {
		/* T(1) is made of its number alone, T(n) of T(n - 1), too. */
		text[i ? KRELAY_HASH_SIZE : 0] = i + 1;
		hmac(text, secret, text, i ? sizeof(text) : 1);
		memcpy(outputs[i], text, KRELAY_HASH_SIZE);
	}
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(text, sizeof(text));
}

/* A zero result is refused: the remote key is of low order. RFC 7748, 6.1. */
static bool mix_dh(u8 chaining[KRELAY_HASH_SIZE], u8 *key, const u8 private_key[KRELAY_KEY_SIZE],
		   const u8 public_key[KRELAY_KEY_SIZE])
{
	u8 shared[KRELAY_KEY_SIZE];
	bool ret;

	ret = curve25519(shared, private_key, public_key);
	if (ret)
		kdf(chaining, key, NULL, shared, sizeof(shared), chaining);
	memzero_explicit(shared, sizeof(shared));
	return ret;
}

static bool mix_static_static(const struct krelay_noise_handshake *handshake,
			      u8 chaining[KRELAY_HASH_SIZE], u8 key[KRELAY_KEY_SIZE])
{
	if (!handshake->usable)
		return false;
	kdf(chaining, key, NULL, handshake->static_static, KRELAY_KEY_SIZE, chaining);
	return true;
}

static void seal(u8 *out, const u8 *in, size_t len, const u8 key[KRELAY_KEY_SIZE],
		 u8 hash[KRELAY_HASH_SIZE])
{
	chacha20poly1305_encrypt(out, in, len, hash, KRELAY_HASH_SIZE, 0, key);
	mix_hash(hash, out, len + KRELAY_TAG_SIZE);
}

/* @len counts the tag. */
static bool unseal(u8 *out, const u8 *in, size_t len, const u8 key[KRELAY_KEY_SIZE],
		   u8 hash[KRELAY_HASH_SIZE])
{
	if (!chacha20poly1305_decrypt(out, in, len, hash, KRELAY_HASH_SIZE, 0, key))
		return false;
	mix_hash(hash, in, len);
	return true;
}

/* A copy that is told of only now does not have the random bytes that follow. */
static void make_ephemeral(struct krelay_noise_handshake *handshake)
{
	handshake->copies = atomic_read_acquire(&copies);
	curve25519_generate_secret(handshake->ephemeral_private);
}

/* Both sides begin by mixing in the responder's static key. */
static void begin(u8 hash[KRELAY_HASH_SIZE], u8 chaining[KRELAY_HASH_SIZE],
		  const u8 responder_static[KRELAY_KEY_SIZE])
{
	memcpy(hash, initial_hash, KRELAY_HASH_SIZE);
	memcpy(chaining, initial_chaining, KRELAY_HASH_SIZE);
	mix_hash(hash, responder_static, KRELAY_KEY_SIZE);
}

static void mix_ephemeral(u8 hash[KRELAY_HASH_SIZE], u8 chaining[KRELAY_HASH_SIZE],
			  const u8 ephemeral[KRELAY_KEY_SIZE])
{
	kdf(chaining, NULL, NULL, ephemeral, KRELAY_KEY_SIZE, chaining);
	mix_hash(hash, ephemeral, KRELAY_KEY_SIZE);
}

static void mix_preshared(u8 hash[KRELAY_HASH_SIZE], u8 chaining[KRELAY_HASH_SIZE],
			  u8 key[KRELAY_KEY_SIZE], const u8 preshared[KRELAY_KEY_SIZE])
{
	u8 text[KRELAY_HASH_SIZE];

	kdf(chaining, text, key, preshared, KRELAY_KEY_SIZE, chaining);
	mix_hash(hash, text, sizeof(text));
	memzero_explicit(text, sizeof(text));
}

/*
 * The responder takes an initiation only if its timestamp is later than the
 * last. So it is later even when the clock was set back.
 */
static void next_timestamp(struct krelay_noise_identity *identity,
			   u8 timestamp[KRELAY_TIMESTAMP_SIZE])
{
	u64 now = ALIGN_DOWN(ktime_get_real_ns(), TIMESTAMP_GRAIN);
	__be32 nanoseconds;
	__be64 seconds;
	u32 rest;

	identity->timestamp = max(now, identity->timestamp + TIMESTAMP_GRAIN);
	seconds = cpu_to_be64(TAI64_LABEL +
			      div_u64_rem(identity->timestamp, NSEC_PER_SEC, &rest));
	nanoseconds = cpu_to_be32(rest);
	memcpy(timestamp, &seconds, sizeof(seconds));
	memcpy(timestamp + sizeof(seconds), &nanoseconds, sizeof(nanoseconds));
}

void krelay_noise_raise_timestamp(struct krelay_noise_identity *identity, u64 timestamp)
{
	/* The next one is a grain later, and tells no more of the time than others. */
	identity->timestamp = max(identity->timestamp,
				  ALIGN_DOWN(timestamp, TIMESTAMP_GRAIN));
}

void krelay_noise_set_identity(struct krelay_noise_identity *identity,
			       const u8 private_key[KRELAY_KEY_SIZE])
{
	memcpy(identity->private_key, private_key, KRELAY_KEY_SIZE);
	identity->present = memchr_inv(private_key, 0, KRELAY_KEY_SIZE);
	if (!identity->present) {
		memzero_explicit(identity->private_key, KRELAY_KEY_SIZE);
		memset(identity->public_key, 0, KRELAY_KEY_SIZE);
		return;
	}
	curve25519_clamp_secret(identity->private_key);
	identity->present = curve25519_generate_public(identity->public_key,
						       identity->private_key);
}

bool krelay_noise_is_identity(const struct krelay_noise_identity *identity,
			      const u8 private_key[KRELAY_KEY_SIZE])
{
	u8 clamped[KRELAY_KEY_SIZE];
	bool ret;

	memcpy(clamped, private_key, sizeof(clamped));
	curve25519_clamp_secret(clamped);
	ret = identity->present && !crypto_memneq(clamped, identity->private_key, sizeof(clamped));
	memzero_explicit(clamped, sizeof(clamped));
	return ret;
}

void krelay_noise_precompute(struct krelay_noise_handshake *handshake,
			     const struct krelay_noise_identity *identity)
{
	handshake->usable = identity->present &&
			    curve25519(handshake->static_static, identity->private_key,
				       handshake->remote_static);
	if (!handshake->usable)
		memzero_explicit(handshake->static_static, KRELAY_KEY_SIZE);
}

void krelay_noise_init_handshake(struct krelay_noise_handshake *handshake,
				 const struct krelay_noise_identity *identity,
				 const u8 remote_static[KRELAY_KEY_SIZE])
{
	memset(handshake, 0, sizeof(*handshake));
	memcpy(handshake->remote_static, remote_static, KRELAY_KEY_SIZE);
	krelay_noise_precompute(handshake, identity);
}

void krelay_noise_clear_handshake(struct krelay_noise_handshake *handshake)
{
	memzero_explicit(handshake->ephemeral_private, KRELAY_KEY_SIZE);
	memzero_explicit(handshake->remote_ephemeral, KRELAY_KEY_SIZE);
	memzero_explicit(handshake->hash, KRELAY_HASH_SIZE);
	memzero_explicit(handshake->chaining, KRELAY_HASH_SIZE);
	handshake->remote_index = 0;
	handshake->index = NULL;
	handshake->state = KRELAY_NOISE_IDLE;
}

bool krelay_noise_create_initiation(struct krelay_noise_handshake *handshake,
				    struct krelay_noise_identity *identity,
				    struct krelay_wire_initiation *message)
{
	u8 timestamp[KRELAY_TIMESTAMP_SIZE];
	u8 key[KRELAY_KEY_SIZE];
	bool ret = false;

	if (!identity->present || !handshake->usable)
		return false;

	message->type = cpu_to_le32(KRELAY_WIRE_INITIATION);
	message->sender = cpu_to_le32(handshake->index->value);
	begin(handshake->hash, handshake->chaining, handshake->remote_static);

	make_ephemeral(handshake);
	if (!curve25519_generate_public(message->ephemeral, handshake->ephemeral_private))
		goto out;
	mix_ephemeral(handshake->hash, handshake->chaining, message->ephemeral);

	if (!mix_dh(handshake->chaining, key, handshake->ephemeral_private,
		    handshake->remote_static))
		goto out;
	seal(message->static_sealed, identity->public_key, KRELAY_KEY_SIZE, key, handshake->hash);

	mix_static_static(handshake, handshake->chaining, key);
	next_timestamp(identity, timestamp);
	seal(message->timestamp_sealed, timestamp, sizeof(timestamp), key, handshake->hash);

	handshake->state = KRELAY_NOISE_INITIATION_CREATED;
	ret = true;
out:
	memzero_explicit(key, sizeof(key));
	return ret;
}

bool krelay_noise_open_initiation(struct krelay_noise_opening *opening,
				  const struct krelay_noise_identity *identity,
				  const struct krelay_wire_initiation *message)
{
	u8 key[KRELAY_KEY_SIZE];
	bool ret;

	if (!identity->present)
		return false;

	begin(opening->hash, opening->chaining, identity->public_key);
	mix_ephemeral(opening->hash, opening->chaining, message->ephemeral);
	ret = mix_dh(opening->chaining, key, identity->private_key, message->ephemeral) &&
	      unseal(opening->remote_static, message->static_sealed,
		     sizeof(message->static_sealed), key, opening->hash);
	memzero_explicit(key, sizeof(key));
	return ret;
}

int krelay_noise_accept_initiation(struct krelay_noise_handshake *handshake,
				   const struct krelay_noise_opening *opening,
				   const struct krelay_wire_initiation *message)
{
	u64 now = ktime_get_boottime_ns();
	u8 timestamp[KRELAY_TIMESTAMP_SIZE];
	u8 chaining[KRELAY_HASH_SIZE];
	u8 hash[KRELAY_HASH_SIZE];
	u8 key[KRELAY_KEY_SIZE];
	int ret = -EKEYREJECTED;

	memcpy(hash, opening->hash, sizeof(hash));
	memcpy(chaining, opening->chaining, sizeof(chaining));
	if (!mix_static_static(handshake, chaining, key) ||
	    !unseal(timestamp, message->timestamp_sealed, sizeof(message->timestamp_sealed), key,
		    hash))
		goto out;

	ret = -EALREADY;
	if (memcmp(timestamp, handshake->latest_timestamp, sizeof(timestamp)) <= 0)
		goto out;
	ret = -EBUSY;
	if (handshake->last_accepted &&
	    now - handshake->last_accepted < NSEC_PER_SEC / KRELAY_INITIATIONS_PER_SECOND)
		goto out;

	memcpy(handshake->remote_ephemeral, message->ephemeral, KRELAY_KEY_SIZE);
	memcpy(handshake->latest_timestamp, timestamp, sizeof(timestamp));
	memcpy(handshake->hash, hash, sizeof(hash));
	memcpy(handshake->chaining, chaining, sizeof(chaining));
	handshake->remote_index = message->sender;
	handshake->last_accepted = now;
	handshake->state = KRELAY_NOISE_INITIATION_CONSUMED;
	ret = 0;
out:
	memzero_explicit(key, sizeof(key));
	memzero_explicit(hash, sizeof(hash));
	memzero_explicit(chaining, sizeof(chaining));
	return ret;
}

bool krelay_noise_create_response(struct krelay_noise_handshake *handshake,
				  struct krelay_wire_response *message)
{
	u8 key[KRELAY_KEY_SIZE];
	bool ret = false;

	if (handshake->state != KRELAY_NOISE_INITIATION_CONSUMED)
		return false;

	message->type = cpu_to_le32(KRELAY_WIRE_RESPONSE);
	message->sender = cpu_to_le32(handshake->index->value);
	message->receiver = handshake->remote_index;

	make_ephemeral(handshake);
	if (!curve25519_generate_public(message->ephemeral, handshake->ephemeral_private))
		goto out;
	mix_ephemeral(handshake->hash, handshake->chaining, message->ephemeral);
	if (!mix_dh(handshake->chaining, NULL, handshake->ephemeral_private,
		    handshake->remote_ephemeral) ||
	    !mix_dh(handshake->chaining, NULL, handshake->ephemeral_private,
		    handshake->remote_static))
		goto out;
	mix_preshared(handshake->hash, handshake->chaining, key, handshake->preshared);
	seal(message->empty_sealed, NULL, 0, key, handshake->hash);

	handshake->state = KRELAY_NOISE_RESPONSE_CREATED;
	ret = true;
out:
	memzero_explicit(key, sizeof(key));
	return ret;
}

bool krelay_noise_consume_response(struct krelay_noise_handshake *handshake,
				   const struct krelay_noise_identity *identity,
				   const struct krelay_wire_response *message)
{
	u8 chaining[KRELAY_HASH_SIZE];
	u8 hash[KRELAY_HASH_SIZE];
	u8 key[KRELAY_KEY_SIZE];
	bool ret = false;

	if (handshake->state != KRELAY_NOISE_INITIATION_CREATED || !identity->present)
		return false;

	/* The next response may be the genuine one: work on a copy. */
	memcpy(hash, handshake->hash, sizeof(hash));
	memcpy(chaining, handshake->chaining, sizeof(chaining));
	mix_ephemeral(hash, chaining, message->ephemeral);
	if (!mix_dh(chaining, NULL, handshake->ephemeral_private, message->ephemeral) ||
	    !mix_dh(chaining, NULL, identity->private_key, message->ephemeral))
		goto out;
	mix_preshared(hash, chaining, key, handshake->preshared);
	if (!unseal(NULL, message->empty_sealed, sizeof(message->empty_sealed), key, hash))
		goto out;

	memcpy(handshake->chaining, chaining, sizeof(chaining));
	handshake->remote_index = message->sender;
	handshake->state = KRELAY_NOISE_RESPONSE_CONSUMED;
	ret = true;
out:
	memzero_explicit(key, sizeof(key));
	memzero_explicit(hash, sizeof(hash));
	memzero_explicit(chaining, sizeof(chaining));
	return ret;
}

static void free_keypair_rcu(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct krelay_keypair, rcu));
}

/* From now on its index finds nothing; readers may hold it a little longer. */
static void end_session(struct krelay_keypair *keypair, struct rhashtable *indices)
{
	if (!keypair)
		return;
	krelay_index_free(indices, keypair->index);
	call_rcu(&keypair->rcu, free_keypair_rcu);
}

static struct krelay_keypair *locked(struct krelay_keypairs *keypairs,
				     struct krelay_keypair __rcu *keypair)
{
	return rcu_dereference_protected(keypair, lockdep_is_held(&keypairs->lock));
}

static void install(struct krelay_keypairs *keypairs, struct krelay_keypair *keypair,
		    struct rhashtable *indices)
{
	struct krelay_keypair *current_one, *previous, *next;

	spin_lock_bh(&keypairs->lock);
	current_one = locked(keypairs, keypairs->current_one);
	previous = locked(keypairs, keypairs->previous);
	next = locked(keypairs, keypairs->next);
	if (keypair->initiator) {
		/* An unconfirmed session is newer than the current one. */
		rcu_assign_pointer(keypairs->next, NULL);
		rcu_assign_pointer(keypairs->previous, next ?: current_one);
		rcu_assign_pointer(keypairs->current_one, keypair);
		end_session(next ? current_one : NULL, indices);
	} else {
		rcu_assign_pointer(keypairs->next, keypair);
		rcu_assign_pointer(keypairs->previous, NULL);
		end_session(next, indices);
	}
	end_session(previous, indices);
	spin_unlock_bh(&keypairs->lock);
}

int krelay_noise_begin_session(struct krelay_noise_handshake *handshake,
			       struct krelay_keypairs *keypairs, struct krelay_peer *peer,
			       struct rhashtable *indices)
{
	struct krelay_keypair *keypair = kzalloc(sizeof(*keypair), GFP_KERNEL);

	if (!keypair)
		return -ENOMEM;

	keypair->initiator = handshake->state == KRELAY_NOISE_RESPONSE_CONSUMED;
	if (keypair->initiator)
		kdf(keypair->sending_key, keypair->receiving_key, NULL, NULL, 0,
		    handshake->chaining);
	else
		kdf(keypair->receiving_key, keypair->sending_key, NULL, NULL, 0,
		    handshake->chaining);
	keypair->copies = handshake->copies;
	keypair->remote_index = handshake->remote_index;
	keypair->birth = ktime_get_coarse_boottime_ns();
	keypair->peer = peer;
	keypair->index = handshake->index;
	atomic64_set(&keypair->sent, first_nonce);
	krelay_replay_init(&keypair->replay);
	krelay_noise_clear_handshake(handshake);

	install(keypairs, keypair, indices);
	rcu_assign_pointer(keypair->index->keypair, keypair);
	return 0;
}

bool krelay_noise_confirm_session(struct krelay_keypairs *keypairs, struct krelay_keypair *keypair,
				  struct rhashtable *indices)
{
	bool confirmed;

	if (likely(rcu_access_pointer(keypairs->next) != keypair))
		return false;

	spin_lock_bh(&keypairs->lock);
	confirmed = rcu_access_pointer(keypairs->next) == keypair;
	if (confirmed) {
		end_session(locked(keypairs, keypairs->previous), indices);
		rcu_assign_pointer(keypairs->previous, locked(keypairs, keypairs->current_one));
		rcu_assign_pointer(keypairs->current_one, keypair);
		rcu_assign_pointer(keypairs->next, NULL);
	}
	spin_unlock_bh(&keypairs->lock);
	return confirmed;
}

void krelay_noise_clear_sessions(struct krelay_keypairs *keypairs, struct rhashtable *indices)
{
	spin_lock_bh(&keypairs->lock);
	end_session(locked(keypairs, keypairs->current_one), indices);
	end_session(locked(keypairs, keypairs->previous), indices);
	end_session(locked(keypairs, keypairs->next), indices);
	rcu_assign_pointer(keypairs->current_one, NULL);
	rcu_assign_pointer(keypairs->previous, NULL);
	rcu_assign_pointer(keypairs->next, NULL);
	spin_unlock_bh(&keypairs->lock);
}

bool krelay_noise_is_older(const struct krelay_keypair *keypair, unsigned int seconds)
{
	return ktime_get_coarse_boottime_ns() - keypair->birth >= (u64)seconds * NSEC_PER_SEC;
}

void krelay_noise_tell_copied(void)
{
	atomic_inc(&copies);
}

bool krelay_noise_is_copied(const struct krelay_keypair *keypair)
{
	return keypair->copies != atomic_read(&copies);
}
