// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <sodium.h>

#include "key.h"

bool key_parse(const char *text, uint8_t key[KRELAY_KEY_LEN])
{
	size_t len;

	/* Spare bits at the end are refused, too, so a key has one text only. */
	return strlen(text) == KEY_TEXT_LEN - 1 &&
	       !sodium_base642bin(key, KRELAY_KEY_LEN, text, KEY_TEXT_LEN - 1, NULL, &len, NULL,
				  sodium_base64_VARIANT_ORIGINAL) &&
	       len == KRELAY_KEY_LEN;
}

void key_format(const uint8_t key[KRELAY_KEY_LEN], char text[KEY_TEXT_LEN])
{
	sodium_bin2base64(text, KEY_TEXT_LEN, key, KRELAY_KEY_LEN, sodium_base64_VARIANT_ORIGINAL);
}

void key_make_private(uint8_t key[KRELAY_KEY_LEN])
{
	randombytes_buf(key, KRELAY_KEY_LEN);
	key[0] &= 248;
	key[31] = (key[31] & 127) | 64;
}

void key_derive_public(const uint8_t private_key[KRELAY_KEY_LEN],
		       uint8_t public_key[KRELAY_KEY_LEN])
{
	crypto_scalarmult_base(public_key, private_key);
}

bool key_is_zero(const uint8_t key[KRELAY_KEY_LEN])
{
	return sodium_is_zero(key, KRELAY_KEY_LEN);
}

bool key_equal(const uint8_t a[KRELAY_KEY_LEN], const uint8_t b[KRELAY_KEY_LEN])
{
	return !sodium_memcmp(a, b, KRELAY_KEY_LEN);
}
