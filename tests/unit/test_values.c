// SPDX-License-Identifier: GPL-2.0
/* Keys, addresses, numbers, names, routes, counters and what show prints of them. */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "explain.h"
#include "output.h"
#include "routes.h"

static void test_keys(void **state)
{
	/* RFC 7748, 6.1 */
	static const char alice[] = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
	static const char alice_public[] = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
	static const char *const bad[] = {
		"", "x", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
		"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo==",
		"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCp=",
		"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LC==",
		"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25L-o=",
		" dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
	};
	uint8_t public_key[KRELAY_KEY_LEN];
	uint8_t key[KRELAY_KEY_LEN];
	char text[KEY_TEXT_LEN];
	size_t i;

	(void)state;
	assert_true(key_parse(alice, key));
	key_derive_public(key, public_key);
	key_format(public_key, text);
	assert_string_equal(text, alice_public);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(key_parse(bad[i], key));
	key_make_private(key);
	assert_int_equal(key[0] & 7, 0);
	assert_int_equal(key[31] & 0xc0, 0x40);
	assert_false(key_is_zero(key));
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool covers;
	} pairs[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "10.0.0.0/24", "10.0.0.0/16", false },
		{ "10.0.0.128/25", "10.0.0.127", false },
		{ "10.0.0.128/25", "10.0.0.129", true },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "1.1.1.1", false },
		{ "fd00::/9", "fd7f::1", true },
		{ "fd00::/9", "fd80::1", false },
		{ "fd00::1", "fd00::1", true },
		{ "fd00::1", "fd00::", false },
	};
	struct prefix a, b;
	char text[PREFIX_TEXT_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(prefix_parse(pairs[i].a, &a));
		assert_true(prefix_parse(pairs[i].b, &b));
		if (prefix_covers(&a, &b) != pairs[i].covers)
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
	}
	assert_true(prefix_parse("255.255.255.255/11", &a));
	prefix_mask(&a);
	assert_string_equal(prefix_format(&a, text), "255.224.0.0/11");
	assert_true(prefix_parse("255.255.255.255/7", &a));
	prefix_mask(&a);
	assert_string_equal(prefix_format(&a, text), "254.0.0.0/7");
	assert_true(prefix_parse("255.255.255.255/8", &a));
	prefix_mask(&a);
	assert_string_equal(prefix_format(&a, text), "255.0.0.0/8");
	assert_true(prefix_parse("ffff:ffff::ffff/20", &a));
	prefix_mask(&a);
	assert_string_equal(prefix_format(&a, text), "ffff:f000::/20");
	assert_true(prefix_parse("1.2.3.4/0", &a));
	prefix_mask(&a);
	assert_string_equal(prefix_format(&a, text), "0.0.0.0/0");
	assert_false(prefix_parse("10.0.0.1/+8", &a));
	assert_false(prefix_parse("10.0.0.1/ 8", &a));
	assert_false(prefix_parse("10.0.0", &a));
}

static void test_numbers(void **state)
{
	uint32_t value;

	(void)state;
	assert_true(text_number("4294967295", UINT32_MAX, &value) && value == UINT32_MAX);
	assert_true(text_number("0xfFfFfFfF", UINT32_MAX, &value) && value == UINT32_MAX);
	assert_false(text_number("4294967296", UINT32_MAX, &value));
	assert_false(text_number("0x100000000", UINT32_MAX, &value));
	assert_true(text_number("010", 10, &value) && value == 10);
	assert_false(text_number("11", 10, &value));
	assert_false(text_number("1e3", 9999, &value));
	assert_false(text_number("0xg", 9999, &value));
	assert_false(text_number(" 1", 9999, &value));
}

static const char *words(size_t i)
{
	static const char *const list[] = { "forward", "show", "up" };

	return i < 3 ? list[i] : NULL;
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(text_nearest("foward", words), "forward");
	assert_string_equal(text_nearest("SHOW", words), "show");
	assert_string_equal(text_nearest("uo", words), "up");
	assert_null(text_nearest("zebra", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("0123456789012345678901234567890123456789012345678901234567890123456789",
				 words));
}

static void assert_routes(const char *interface, const char *peer, const char *expected)
{
	struct allowed_ip_array routes = { 0 };
	char prefix_text[PREFIX_TEXT_LEN];
	struct allowed_ip *route;
	struct config config;
	char written[512] = "";
	char file[1024];

	snprintf(file, sizeof(file), "[Interface]\nPrivateKey = " PRIVATE_KEY "\n%s\n[Peer]\n"
		 "PublicKey = " KEY_A "\n%s\n[Peer]\nPublicKey = " KEY_B "\nBridge = yes\n"
		 "AllowedIPs = 172.16.0.0/12\n", interface, peer);
	if (parse(&config, file))
		fail_msg("%s", said);
	routes_derive(&config, &routes);
	array_for_each(route, &routes) {
		assert_in_range(route->line, 5, 8);
		strcat(written, prefix_format(&route->prefix, prefix_text));
		strcat(written, " ");
	}
	assert_string_equal(written, expected);
	array_free(&routes);
	config_free(&config);
}

static void test_routes(void **state)
{
	(void)state;
	assert_routes("Address = 10.0.0.1/24", "AllowedIPs = 10.0.0.2/32", "");
	assert_routes("Address = 10.0.0.1", "AllowedIPs = 10.0.0.2/32", "10.0.0.2/32 ");
	assert_routes("Address = 10.0.0.1/24", "AllowedIPs = 10.0.0.0/16", "10.0.0.0/16 ");
	assert_routes("Address = fd00::1/64",
		      "AllowedIPs = fd00::/64, 192.168.0.0/16, fd01::/48, 192.168.7.9/24, fd01::/48",
		      "fd01::/48 192.168.7.0/24 192.168.0.0/16 ");
	assert_routes("Address = 10.0.0.1/24\nTable = off", "AllowedIPs = 0.0.0.0/0", "");
	assert_routes("Address = 10.0.0.1/24\nTable = 7", "AllowedIPs = 0.0.0.0/0, 10.0.0.2",
		      "10.0.0.2/32 0.0.0.0/0 ");
	assert_routes("", "", "");
}

static void test_names(void **state)
{
	(void)state;
	assert_true(name_is_valid("a"));
	assert_true(name_is_valid("A.b_c-9"));
	assert_true(name_is_valid("1234567890123456789012345678901"));
	assert_false(name_is_valid("12345678901234567890123456789012"));
	assert_false(name_is_valid(""));
	assert_false(name_is_valid("a b"));
	assert_false(name_is_valid("\xc3\xa4"));
	assert_false(name_is_valid("a/b"));
}

static void test_output(void **state)
{
	const uint64_t s = 1000000000;
	char text[128];

	(void)state;
	assert_string_equal(bytes_format(0, text), "0 B");
	assert_string_equal(bytes_format(1023, text), "1023 B");
	assert_string_equal(bytes_format(1024, text), "1.00 KiB");
	assert_string_equal(bytes_format(1536 * 1024, text), "1.50 MiB");
	assert_string_equal(bytes_format(UINT64_MAX, text), "16.00 EiB");
	assert_string_equal(ago_format(100 * s, 112 * s, text), "12 seconds ago");
	assert_string_equal(ago_format(100 * s, 101 * s, text), "1 second ago");
	assert_string_equal(ago_format(100 * s, 100 * s + 5, text), "now");
	assert_string_equal(ago_format(s, 90062 * s, text),
			    "1 day, 1 hour, 1 minute, 1 second ago");
	assert_string_equal(ago_format(100 * s, 50 * s, text),
			    "in the future (the clock was set back)");
}

static void test_explanations(void **state)
{
	char name[STAT_NAME_LEN];
	size_t i;

	(void)state;
	assert_string_equal(stat_name(KRELAY_STAT_RX_TRUNCATED, name), "rx_truncated");
	/* A newer module's. */
	assert_string_equal(stat_name(60000, name), "counter_60000");
	for (i = 1; i <= KRELAY_STAT_MAX; i++) {
		assert_non_null(strchr(stat_name(i, name), '_'));
		assert_null(strstr(name, "counter_"));
		assert_true(stat_meaning(i)[0] >= 'A' && stat_meaning(i)[0] <= 'Z');
		assert_null(strchr(stat_meaning(i), '.'));
		assert_string_equal(stat_advice(i) + strlen(stat_advice(i)) - 1, ".");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_explanations),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
