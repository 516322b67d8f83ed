/* SPDX-License-Identifier: GPL-2.0 */
/* BLAKE2s as WireGuard's messages use it, for the tests' tools. */
#ifndef _KR_BLAKE2S_H
#define _KR_BLAKE2S_H

#include <blake2.h>
#include <stdint.h>
#include <string.h>

/* @keylen may be 0. */
static inline void hash_of(uint8_t *out, size_t outlen, const uint8_t *key, size_t keylen,
			   const uint8_t *in, size_t n)
{
	blake2s(out, in, key, outlen, n, keylen);
}

/* The key of the mac1 of messages to the owner of @public_key (32 bytes). */
static inline void mac1_key_of(uint8_t *key, const uint8_t *public_key)
{
	uint8_t text[40] = "mac1----";

	memcpy(text + 8, public_key, 32);
	hash_of(key, 32, NULL, 0, text, sizeof(text));
}

#endif
