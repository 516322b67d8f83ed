// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "key.h"
#include "output.h"
#include "text.h"
#include "verbs.h"

/* A redirection into a new file leaves it readable by others unless told otherwise. */
static void warn_if_public(void)
{
	struct stat info;

	if (!fstat(STDOUT_FILENO, &info) && S_ISREG(info.st_mode) && info.st_mode & 0007)
		warn(NULL, "the key goes into a file that everybody can access: run \"chmod 600\" on it, or \"umask 077\" before.");
}

static int print_key(const uint8_t key[KRELAY_KEY_LEN])
{
	char text[KEY_TEXT_LEN];
	int ret;

	key_format(key, text);
	puts(text);
	ret = output_end();
	sodium_memzero(text, sizeof(text));
	return ret ? 1 : 0;
}

static int print_random(void (*make)(uint8_t key[KRELAY_KEY_LEN]))
{
	uint8_t key[KRELAY_KEY_LEN];
	int ret;

	warn_if_public();
	make(key);
	ret = print_key(key);
	sodium_memzero(key, sizeof(key));
	return ret;
}

static void make_preshared(uint8_t key[KRELAY_KEY_LEN])
{
	randombytes_buf(key, KRELAY_KEY_LEN);
}

int genkey_main(int argc, char *argv[])
{
	return argc == 1 ? print_random(key_make_private) : usage("genkey", argv[1]);
}

int genpsk_main(int argc, char *argv[])
{
	return argc == 1 ? print_random(make_preshared) : usage("genpsk", argv[1]);
}

/* One key, maybe with blanks around it. */
static int read_key(uint8_t key[KRELAY_KEY_LEN])
{
	char text[256] = "";
	ssize_t n, len = 0;
	int ret = 0;

	while ((n = read(STDIN_FILENO, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	if (n < 0 || !key_parse(text_trim(text), key))
		ret = refuse(NULL, "what comes in is not a key, which is 44 characters of base64 for 32 bytes: run \"relayctl pubkey < FILE\" with what \"relayctl genkey\" printed.");
	sodium_memzero(text, sizeof(text));
	return ret;
}

int pubkey_main(int argc, char *argv[])
{
	uint8_t private_key[KRELAY_KEY_LEN];
	uint8_t public_key[KRELAY_KEY_LEN];
	int ret;

	if (argc != 1)
		return usage("pubkey", argv[1]);
	if (read_key(private_key))
		return 1;
	key_derive_public(private_key, public_key);
	ret = print_key(public_key);
	sodium_memzero(private_key, sizeof(private_key));
	return ret;
}
