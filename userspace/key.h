/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_KEY_H
#define RELAYCTL_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/krelay.h>

/* Bytes of a key in base64, with the closing NUL. */
#define KEY_TEXT_LEN 45

/* False unless @text is the one base64 of 32 bytes. */
bool key_parse(const char *text, uint8_t key[KRELAY_KEY_LEN]);
void key_format(const uint8_t key[KRELAY_KEY_LEN], char text[KEY_TEXT_LEN]);
void key_make_private(uint8_t key[KRELAY_KEY_LEN]);
void key_derive_public(const uint8_t private_key[KRELAY_KEY_LEN],
		       uint8_t public_key[KRELAY_KEY_LEN]);
bool key_is_zero(const uint8_t key[KRELAY_KEY_LEN]);
bool key_equal(const uint8_t a[KRELAY_KEY_LEN], const uint8_t b[KRELAY_KEY_LEN]);

#endif
