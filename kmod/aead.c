// SPDX-License-Identifier: GPL-2.0
#include "aead.h"

#include <crypto/chacha20poly1305.h>

void krelay_aead_seal(u8 *data, size_t len, u64 counter, const u8 key[KRELAY_KEY_SIZE])
{
	chacha20poly1305_encrypt(data, data, len, NULL, 0, counter, key);
}

bool krelay_aead_open(u8 *data, size_t len, u64 counter, const u8 key[KRELAY_KEY_SIZE])
{
	return chacha20poly1305_decrypt(data, data, len, NULL, 0, counter, key);
}
