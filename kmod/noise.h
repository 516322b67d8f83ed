/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake Noise_IKpsk2 as WireGuard uses it, and the keys that come out
 * of it. Pure state: nothing here sends, looks up or arms anything.
 *
 * All handshake functions run under the device's handshake lock, in a context
 * that may sleep, and none of them lets go of it in between.
 */
#ifndef _KRELAY_NOISE_H
#define _KRELAY_NOISE_H

#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "index.h"
#include "replay.h"
#include "wire.h"

/**
 * struct krelay_noise_identity - a device's own key pair
 * @private_key: clamped
 * @public_key: of it
 * @present: there is one
 * @timestamp: of the last initiation, or what the next is to be later than;
 *	nanoseconds since 1970
 */
struct krelay_noise_identity {
	u8 private_key[KRELAY_KEY_SIZE];
	u8 public_key[KRELAY_KEY_SIZE];
	bool present;
	u64 timestamp;
};

enum krelay_noise_state {
	KRELAY_NOISE_IDLE,
	KRELAY_NOISE_INITIATION_CREATED,
	KRELAY_NOISE_INITIATION_CONSUMED,
	KRELAY_NOISE_RESPONSE_CREATED,
	KRELAY_NOISE_RESPONSE_CONSUMED,
};

/**
 * struct krelay_noise_handshake - a peer's handshake
 * @state: how far it has come
 * @index: our receiver index of the running handshake; owned
 * @remote_index: the peer's
 * @remote_static: the peer's public key
 * @static_static: X25519 of both static keys, computed once
 * @preshared: zeros for none
 * @usable: @static_static is not zero
 * @ephemeral_private: ours
 * @remote_ephemeral: the peer's
 * @hash: of the transcript
 * @chaining: key material so far
 * @latest_timestamp: of the last initiation that was accepted
 * @last_accepted: when that was, nanoseconds since boot
 * @copies: how often this machine had been copied when @ephemeral_private was made
 */
struct krelay_noise_handshake {
	enum krelay_noise_state state;
	struct krelay_index *index;
	__le32 remote_index;
	u8 remote_static[KRELAY_KEY_SIZE];
	u8 static_static[KRELAY_KEY_SIZE];
	u8 preshared[KRELAY_KEY_SIZE];
	bool usable;
	u8 ephemeral_private[KRELAY_KEY_SIZE];
	u8 remote_ephemeral[KRELAY_KEY_SIZE];
	u8 hash[KRELAY_HASH_SIZE];
	u8 chaining[KRELAY_HASH_SIZE];
	u8 latest_timestamp[KRELAY_TIMESTAMP_SIZE];
	u64 last_accepted;
	int copies;
};

/* An initiation of which so far only the sender's static key is known. */
struct krelay_noise_opening {
	u8 remote_static[KRELAY_KEY_SIZE];
	u8 hash[KRELAY_HASH_SIZE];
	u8 chaining[KRELAY_HASH_SIZE];
};

/**
 * struct krelay_keypair - one session
 * @index: our receiver index, owned; finds the keypair for received data
 * @remote_index: goes into what we send
 * @sending_key: wiped when the keypair is freed
 * @receiving_key: the same
 * @sent: next nonce; one atomic add takes as many as a batch needs
 * @replay: counters received
 * @birth: nanoseconds since boot
 * @initiator: we began the handshake
 * @copies: the handshake's
 * @peer: valid as long as the keypair is found under RCU
 * @rcu: for freeing
 *
 * Owned by the peer's &struct krelay_keypairs. Immutable but for @sent and
 * @replay. The data path holds it under RCU.
 */
struct krelay_keypair {
	struct krelay_index *index;
	__le32 remote_index;
	u8 sending_key[KRELAY_KEY_SIZE];
	u8 receiving_key[KRELAY_KEY_SIZE];
	atomic64_t sent;
	struct krelay_replay replay;
	u64 birth;
	bool initiator;
	int copies;
	struct krelay_peer *peer;
	struct rcu_head rcu;
};

/**
 * struct krelay_keypairs - a peer's sessions
 * @current_one: used for sending
 * @previous: still receives what was under way
 * @next: we responded; used for sending once data under it has arrived
 * @lock: guards the three pointers; taken with BH off
 */
struct krelay_keypairs {
	struct krelay_keypair __rcu *current_one;
	struct krelay_keypair __rcu *previous;
	struct krelay_keypair __rcu *next;
	spinlock_t lock; /* see above */
};

int krelay_noise_init(void);

/* The next initiation will be later; what is earlier already changes nothing. */
void krelay_noise_raise_timestamp(struct krelay_noise_identity *identity, u64 timestamp);

/* Return: whether it is this one already. Context: that of what @identity belongs to. */
bool krelay_noise_is_identity(const struct krelay_noise_identity *identity,
			      const u8 private_key[KRELAY_KEY_SIZE]);

/* Zeros take the identity away. Timestamps go on. */
void krelay_noise_set_identity(struct krelay_noise_identity *identity,
			       const u8 private_key[KRELAY_KEY_SIZE]);

void krelay_noise_init_handshake(struct krelay_noise_handshake *handshake,
				 const struct krelay_noise_identity *identity,
				 const u8 remote_static[KRELAY_KEY_SIZE]);

/* To be called when the identity has changed. */
void krelay_noise_precompute(struct krelay_noise_handshake *handshake,
			     const struct krelay_noise_identity *identity);

/* Forgets a handshake under way. The caller frees its index. */
void krelay_noise_clear_handshake(struct krelay_noise_handshake *handshake);

/**
 * krelay_noise_create_initiation() - write message 1, but for its macs
 * @handshake: its @index is set already
 * @identity: ours; its timestamp moves on
 * @message: written
 *
 * Return: false without an identity or with an unusable remote key.
 */
bool krelay_noise_create_initiation(struct krelay_noise_handshake *handshake,
				    struct krelay_noise_identity *identity,
				    struct krelay_wire_initiation *message);

/* First half of reading message 1: who sent it? */
bool krelay_noise_open_initiation(struct krelay_noise_opening *opening,
				  const struct krelay_noise_identity *identity,
				  const struct krelay_wire_initiation *message);

/**
 * krelay_noise_accept_initiation() - second half: is it genuine and new?
 * @handshake: of the peer that has @opening's static key
 * @opening: what krelay_noise_open_initiation() wrote
 * @message: the initiation
 *
 * Return: 0, -EKEYREJECTED if it does not decrypt, -EALREADY if its timestamp
 * is not newer than the last one, -EBUSY if the last one was less than 20 ms
 * ago. The handshake has changed only if 0 is returned.
 */
int krelay_noise_accept_initiation(struct krelay_noise_handshake *handshake,
				   const struct krelay_noise_opening *opening,
				   const struct krelay_wire_initiation *message);

/* Writes message 2, but for its macs; the handshake's @index is set already. */
bool krelay_noise_create_response(struct krelay_noise_handshake *handshake,
				  struct krelay_wire_response *message);

/* The handshake has changed only if true is returned. */
bool krelay_noise_consume_response(struct krelay_noise_handshake *handshake,
				   const struct krelay_noise_identity *identity,
				   const struct krelay_wire_response *message);

/**
 * krelay_noise_begin_session() - turn a finished handshake into a session
 * @handshake: wiped; its index passes over to the new keypair
 * @keypairs: of the same peer
 * @peer: that peer
 * @indices: of the device, to free the indices of sessions that end
 *
 * Return: 0 or -ENOMEM.
 */
int krelay_noise_begin_session(struct krelay_noise_handshake *handshake,
			       struct krelay_keypairs *keypairs, struct krelay_peer *peer,
			       struct rhashtable *indices);

/**
 * krelay_noise_confirm_session() - data under @keypair has arrived
 * @keypairs: of its peer
 * @keypair: held under RCU
 * @indices: of the device
 *
 * Return: whether this made @keypair the one to send with. Context: BH off.
 */
bool krelay_noise_confirm_session(struct krelay_keypairs *keypairs, struct krelay_keypair *keypair,
				  struct rhashtable *indices);

/* Ends every session. Context: any but hard interrupts. */
void krelay_noise_clear_sessions(struct krelay_keypairs *keypairs, struct rhashtable *indices);

/* Whether @keypair is at least @seconds old. Context: any. */
bool krelay_noise_is_older(const struct krelay_keypair *keypair, unsigned int seconds);

/*
 * Another machine may go on from the same snapshot: nothing is sent any more under
 * sessions of handshakes that have begun so far. Context: any; takes no lock, so that
 * nothing that holds one delays it.
 */
void krelay_noise_tell_copied(void);

/* Whether another machine may have @keypair, too. Context: any. */
bool krelay_noise_is_copied(const struct krelay_keypair *keypair);

#endif /* _KRELAY_NOISE_H */
