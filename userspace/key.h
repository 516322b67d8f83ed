/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_KEY_H
#define RELAYCTL_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/krelay.h>

/* Bytes of a key in base64, with the closing NUL. */
#define KEY_TEXT_LEN 45

typedef uint8_t key_bytes[KRELAY_KEY_LEN];

/* False unless @text is the one base64 of 32 bytes. */
bool key_parse(const char *text, key_bytes key);
void key_format(const key_bytes key, char text[KEY_TEXT_LEN]);
void key_make_private(key_bytes key);
void key_derive_public(const key_bytes private_key, key_bytes public_key);
bool key_is_zero(const key_bytes key);
bool key_equal(const key_bytes a, const key_bytes b);

#endif
