/* SPDX-License-Identifier: GPL-2.0 */
/* ChaCha20-Poly1305 of transport data, in place. RFC 8439. */
#ifndef _KRELAY_AEAD_H
#define _KRELAY_AEAD_H

#include "wire.h"

/**
 * krelay_aead_seal() - encrypt in place
 * @data: @len bytes of plain text, with room for %KRELAY_TAG_SIZE behind them
 * @len: bytes of plain text
 * @counter: nonce, never used before under @key
 * @key: sending key
 *
 * Context: any.
 */
void krelay_aead_seal(u8 *data, size_t len, u64 counter, const u8 key[KRELAY_KEY_SIZE]);

/**
 * krelay_aead_open() - decrypt in place
 * @data: @len bytes of cipher text, the last %KRELAY_TAG_SIZE are the tag
 * @len: bytes with the tag, at least %KRELAY_TAG_SIZE
 * @counter: nonce
 * @key: receiving key
 *
 * Context: any.
 * Return: whether the tag is right; if not, @data is undefined.
 */
bool krelay_aead_open(u8 *data, size_t len, u64 counter, const u8 key[KRELAY_KEY_SIZE]);

#endif /* _KRELAY_AEAD_H */
