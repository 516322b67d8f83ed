// SPDX-License-Identifier: GPL-2.0
/*
 * Random and spoilt files: each is taken, or refused in one sentence with a line of the file.
 * KRELAY_SEED and KRELAY_ROUNDS choose others and more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

static const char *const words[] = {
	"[Interface]\n", "[Peer]\n", "[", "]", "PrivateKey = " PRIVATE_KEY "\n",
	"PublicKey = " KEY_A "\n", "PublicKey = " KEY_B "\n", "PresharedKey = " KEY_B "\n",
	"Address = 10.0.0.1/24\n", "Address = ", "fd00::1/64", "ListenPort = 51820\n", "FwMark = ",
	"MTU = 1420\n", "Public = ens3\n", "Table = off\n", "Table = ", "PostUp = echo %i\n",
	"DNS = 1.1.1.1\n", "SaveConfig = ", "Name = home\n", "Name = ", "AllowedIPs = ",
	"10.0.0.2/32", "0.0.0.0/0", "Endpoint = ", "203.0.113.5:51820", "[fd00::2]:443",
	"PersistentKeepalive = 25\n", "Bridge = yes\n", "Accept = ", "tcp/80", "icmp", "Forward = ",
	"tcp+udp/443", "udp/1-65535", " -> ", "443", " on ", "203.0.113.5", "all except tcp/22",
	"all", " except ", " and ", "sctp/5", "gre", " allow 10.0.0.0/8", " deny ", "fd00::/8",
	" limit 5pps", " source-limit 2mbps 1kpps", " force", " @/nowhere", "fd00::2/128",
	", ", ",", ";", "#", "=", "\n", "\r\n", "\t", " ", "\"", "\\", "%", "%s%n", "\xef\xbb\xbf",
	"\xff", "65535", "65536", "-1", "0x", "1-", "/",
};

static unsigned long number(const char *name, unsigned long otherwise)
{
	return getenv(name) ? strtoul(getenv(name), NULL, 0) : otherwise;
}

/* The exact size, so that a byte read beyond it is found. */
static void try(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct config config;
	unsigned int lines = 1;
	unsigned int line = 0;
	size_t i;
	int ret;

	memcpy(copy, text, len);
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	said_clear();
	ret = config_parse(&config, "t.conf", "relay0", copy, len);
	if (ret) {
		assert_said("t.conf:");
		if (said[7] != ' ')
			assert_int_equal(sscanf(said, "t.conf:%u: ", &line), 1);
		assert_true(line <= lines);
	} else {
		assert_silent();
		assert_true(config.device.has_private_key);
	}
	config_free(&config);
	free(copy);
}

static void test_bytes(void **state)
{
	unsigned long rounds = number("KRELAY_ROUNDS", 20000);
	char text[600];
	size_t len, i;

	(void)state;
	while (rounds--) {
		len = random() % sizeof(text);
		for (i = 0; i < len; i++)
			text[i] = random();
		try(text, len);
	}
}

static void test_words(void **state)
{
	unsigned long rounds = number("KRELAY_ROUNDS", 20000);
	char text[8192];
	size_t len;
	int i;

	(void)state;
	while (rounds--) {
		len = 0;
		if (random() % 8)
			len = sprintf(text, "[Interface]\nPrivateKey = " PRIVATE_KEY
				      "\nPublic = ens3\n");
		for (i = random() % 60; i; i--)
			len += sprintf(text + len, "%s",
				       words[random() % (sizeof(words) / sizeof(words[0]))]);
		try(text, len);
	}
}

static const char valid[] =
	"[Interface]\nPrivateKey = " PRIVATE_KEY "\nAddress = 10.66.0.1/24, fd00::1/64\n"
	"ListenPort = 51820\nPublic = ens3\nPostUp = a; b\n\n[Peer]\nName = home\n"
	"PublicKey = " KEY_A "\nAllowedIPs = 10.66.0.2/32, fd00::2/128\nForward = tcp/80, tcp/443\n"
	"Forward = tcp/8443 -> 8444, udp/8000-8010 on 203.0.113.5 -> 10.66.0.2:9000-9010\n"
	"[Peer]\nName = vps\nPublicKey = " KEY_B "\nEndpoint = [2001:db8::1]:51820\nBridge = yes\n"
	"Accept = tcp/80, udp/53-54, icmp\n"
	"[Peer]\nName = home2\nPublicKey = " KEY_C "\nAllowedIPs = 10.66.0.3, fd00::3\n"
	"Forward = sctp+dccp/5 on 203.0.113.5 allow 10.0.0.0/8 fd00::/8 deny 10.1.0.0/16\n"
	"Forward = gre -> 10.66.0.3 limit 5pps 1mbit source-limit 1pps\n"
	"Forward = icmp on 2001:db8::1 force, all except tcp/22 udp/5-6, icmp\n";

/* A good file with a few bytes changed, taken away or doubled. */
static void test_spoilt(void **state)
{
	unsigned long rounds = number("KRELAY_ROUNDS", 20000);
	char text[sizeof(valid) + 64];
	size_t len, at;
	int i;

	(void)state;
	try(valid, sizeof(valid) - 1);
	assert_silent();
	while (rounds--) {
		len = sizeof(valid) - 1;
		memcpy(text, valid, len);
		for (i = 1 + random() % 4; i; i--) {
			at = random() % len;
			switch (random() % 4) {
			case 0:
				text[at] = random();
				break;
			case 1:
				text[at] = "\n,=;#[]-/: 0"[random() % 12];
				break;
			case 2:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			default:
				memmove(text + at + 1, text + at, len - at);
				len++;
			}
		}
		try(text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_spoilt),
	};

	srandom(number("KRELAY_SEED", 1));
	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
