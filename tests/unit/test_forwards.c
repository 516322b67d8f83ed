// SPDX-License-Identifier: GPL-2.0
/* The grammar of forwards and accept lists, targets and overlaps. */
#include <stdio.h>
#include <stdlib.h>

#include "accept.h"
#include "common.h"
#include "forwards.h"

static const struct place at = { .file = "t.conf", .line = 9 };

static int parse_list(struct device *device, const char *text)
{
	char *copy = strdup(text);
	int ret;

	memset(device, 0, sizeof(*device));
	said_clear();
	ret = forwards_parse(&at, copy, device);
	free(copy);
	return ret;
}

/* What is read, and written again in the same or a shorter form. */
static const struct {
	const char *text;
	const char *written;
} good[] = {
	{ "tcp/80", "tcp/80" },
	{ "TCP/80", "tcp/80" },
	{ "6/80", "tcp/80" },
	{ "udp/1-65535", "udp/1-65535" },
	{ "tcp/80-80", "tcp/80" },
	{ "tcp/8443 -> 443", "tcp/8443 -> 443" },
	{ "tcp/8443->443", "tcp/8443 -> 443" },
	{ "tcp/443 -> 443", "tcp/443" },
	{ "tcp/8000-8010 -> 9000-9010", "tcp/8000-8010 -> 9000-9010" },
	{ "tcp/80 -> 192.168.7.20:8080", "tcp/80 -> 192.168.7.20:8080" },
	{ "tcp/80 -> 192.168.7.20", "tcp/80 -> 192.168.7.20:80" },
	{ "tcp/80-81 -> [fd00::2]:90-91", "tcp/80-81 -> [fd00::2]:90-91" },
	{ "tcp/80 -> [fd00::2]", "tcp/80 -> [fd00::2]:80" },
	{ "tcp/443 on 203.0.113.5", "tcp/443 on 203.0.113.5" },
	{ "tcp/443  ON\t203.0.113.5  ->  1", "tcp/443 on 203.0.113.5 -> 1" },
	{ "tcp/443 on 2001:db8::1 -> [fd00::2]:8443", "tcp/443 on 2001:db8::1 -> [fd00::2]:8443" },
};

static void test_good(void **state)
{
	char text[FORWARD_TEXT_LEN];
	struct device device;
	struct device again;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (parse_list(&device, good[i].text))
			fail_msg("%s", said);
		assert_int_equal(device.forwards.count, 1);
		assert_int_equal(device.forwards.items[0].line, 9);
		assert_string_equal(forward_format(device.forwards.items, text), good[i].written);
		/* What is written reads the same. */
		assert_int_equal(parse_list(&again, text), 0);
		assert_memory_equal(again.forwards.items, device.forwards.items,
				    sizeof(struct forward));
		device_free(&device);
		device_free(&again);
	}
}

static void test_lists(void **state)
{
	struct device device;

	(void)state;
	assert_int_equal(parse_list(&device, "tcp/80, tcp+udp/443 -> 444,udp/5"), 0);
	assert_int_equal(device.forwards.count, 4);
	assert_int_equal(device.forwards.items[1].proto, IPPROTO_TCP);
	assert_int_equal(device.forwards.items[2].proto, IPPROTO_UDP);
	assert_int_equal(device.forwards.items[2].target_first, 444);
	assert_int_equal(device.forwards.items[3].first, 5);
	device_free(&device);
}

static const struct {
	const char *text;
	const char *sentence;
} bad[] = {
	{ "", "t.conf:9: Forward has an empty element: " },
	{ "tcp/80,", "t.conf:9: Forward has an empty element: " },
	{ "-> 80", "t.conf:9: Forward \"-> 80\" has nothing to forward: " },
	{ "tcp", "t.conf:9: Forward \"tcp\" has no port: " },
	{ "80", "t.conf:9: Forward \"80\" is of a kind that this version does not know: " },
	{ "443/tcp", "t.conf:9: Forward \"443/tcp\" does not begin with a protocol: " },
	{ "tpc/80", "t.conf:9: Forward \"tpc/80\" does not begin with a protocol: " },
	{ "tcp+/80", "t.conf:9: Forward \"tcp+/80\" does not begin with a protocol: " },
	{ "tcp+tcp/80", "t.conf:9: Forward \"tcp+tcp/80\" names the protocol tcp twice: " },
	{ "tcp/", "t.conf:9: Forward port \"\" is no port or range of ports: " },
	{ "tcp/0", "t.conf:9: Forward port \"0\" is no port or range of ports: " },
	{ "tcp/65536", "t.conf:9: Forward port \"65536\" is no port or range of ports: " },
	{ "tcp/80-", "t.conf:9: Forward port \"80-\" is no port or range of ports: " },
	{ "tcp/-80", "t.conf:9: Forward port \"-80\" is no port or range of ports: " },
	{ "tcp/80-90-100", "t.conf:9: Forward port \"80-90-100\" is no port or range of " },
	{ "tcp/http", "t.conf:9: Forward port \"http\" is no port or range of ports: " },
	{ "tcp/81-80", "t.conf:9: Forward port \"81-80\" ends before it begins: write 80-81." },
	{ "tcp/90-80", "t.conf:9: Forward port \"90-80\" ends before it begins: write 80-90." },
	{ "tcp/80 443", "t.conf:9: Forward \"tcp/80 443\" has words after its ports that mean " },
	{ "tcp/80 on", "t.conf:9: Forward \"tcp/80 on\" has words after its ports that mean " },
	{ "tcp/80 on ens3", "t.conf:9: Forward \"tcp/80 on ens3\" is on \"ens3\", which is no IP " },
	{ "tcp/80 on 10.0.0.1/32", "t.conf:9: Forward \"tcp/80 on 10.0.0.1/32\" is on \"10.0.0.1/32" },
	{ "tcp/80 -", "t.conf:9: Forward \"tcp/80 -\" ends in half an arrow: " },
	{ "tcp/80 ->", "t.conf:9: Forward target port \"\" is no port or range of ports: " },
	{ "tcp/80 -> -> 1", "t.conf:9: Forward target port \"-> 1\" is no port or range of " },
	{ "tcp/80 -> 0", "t.conf:9: Forward target port \"0\" is no port or range of ports: " },
	{ "tcp/80 -> 10.0.0.2:", "t.conf:9: Forward target port \"\" is no port or range of " },
	{ "tcp/80 -> fd00::2:80", "t.conf:9: Forward \"tcp/80 -> fd00::2:80\" has the target " },
	{ "tcp/80 -> [fd00::2", "t.conf:9: Forward \"tcp/80 -> [fd00::2\" has the target " },
	{ "tcp/80 -> [10.0.0.2]:80", "t.conf:9: Forward \"tcp/80 -> [10.0.0.2]:80\" has the target " },
	{ "tcp/80 -> [fd00::2]80", "t.conf:9: Forward \"tcp/80 -> [fd00::2]80\" has the target " },
	{ "tcp/80 -> home.lan:80", "t.conf:9: Forward \"tcp/80 -> home.lan:80\" has the target " },
	{ "tcp/80-90 -> 90", "t.conf:9: Forward \"tcp/80-90 -> 90\" leads 11 public ports to 1: " },
	{ "tcp/80 -> 80-90", "t.conf:9: Forward \"tcp/80 -> 80-90\" leads 1 public ports to 11: " },
	{ "tcp/80 on 203.0.113.5 -> [fd00::2]:80",
	  "t.conf:9: Forward \"tcp/80 on 203.0.113.5 -> [fd00::2]:80\" leads from IPv4 to IPv6: " },
	/* Of later versions */
	{ "all", "t.conf:9: Forward \"all\" is of a kind that this version does not know: " },
	{ "all except tcp/22", "t.conf:9: Forward \"all except tcp/22\" is of a kind that " },
	{ "icmp", "t.conf:9: Forward \"icmp\" is of a kind that this version does not know: " },
	{ "sctp/80", "t.conf:9: Forward \"sctp/80\" is of a kind that this version does not know: " },
	{ "gre", "t.conf:9: Forward \"gre\" is of a kind that this version does not know: " },
};

static void test_bad(void **state)
{
	struct device device;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_list(&device, bad[i].text), -1);
		assert_said(bad[i].sentence);
		device_free(&device);
	}
}

#define FILE_HEAD "[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n[Peer]\n" \
	"Name = home\nPublicKey = " KEY_A "\nAllowedIPs = fd00::2, 192.168.7.0/24, 10.0.0.2\n"

/* Public side, and where it is aimed at. */
static void assert_target(const char *forward, const char *written)
{
	char text[FORWARD_TEXT_LEN];
	struct config config;
	char file[1024];

	snprintf(file, sizeof(file), FILE_HEAD "Forward = %s\n", forward);
	if (parse(&config, file))
		fail_msg("%s", said);
	assert_string_equal(forward_format(config.device.forwards.items, text), written);
	assert_memory_equal(config.device.forwards.items[0].peer,
			    config.device.peers.items[0].public_key, KRELAY_KEY_LEN);
	config_free(&config);
}

static void test_aim(void **state)
{
	(void)state;
	assert_target("tcp/80", "tcp/80 -> 10.0.0.2:80");
	assert_target("tcp/80 -> 81", "tcp/80 -> 10.0.0.2:81");
	assert_target("tcp/80 on 203.0.113.5", "tcp/80 on 203.0.113.5 -> 10.0.0.2:80");
	assert_target("tcp/80 on 2001:db8::1", "tcp/80 on 2001:db8::1 -> [fd00::2]:80");
	assert_target("tcp/80-81 -> 192.168.7.255:1-2", "tcp/80-81 -> 192.168.7.255:1-2");
	assert_refused(FILE_HEAD "Forward = tcp/80 -> 192.168.8.1:80\n",
		       "t.conf:8: Forward \"tcp/80 -> 192.168.8.1:80\" has the target 192.168.8.1, "
		       "which is not among the AllowedIPs of peer home: ");
	/* A longer prefix takes the address away to another peer. */
	assert_refused(FILE_HEAD "Forward = tcp/80 -> 192.168.7.9\n[Peer]\nPublicKey = " KEY_B
		       "\nAllowedIPs = 192.168.7.8/29\n",
		       "t.conf:8: Forward \"tcp/80 -> 192.168.7.9:80\" has the target ");
	assert_refused("[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n[Peer]\n"
		       "PublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2\n"
		       "Forward = tcp/80 on 2001:db8::1\n",
		       "t.conf:7: Forward \"tcp/80 on 2001:db8::1\" names no target address and "
		       "peer " KEY_A " has no IPv6 host among its AllowedIPs: ");
}

/* Each forward goes to the peer in whose section it stands. */
static void test_two_homes(void **state)
{
	struct config config;
	size_t i;

	(void)state;
	assert_int_equal(parse(&config, "[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n"
			       "[Peer]\nForward = tcp/1\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2\n"
			       "[Peer]\nForward = tcp/2\nPublicKey = " KEY_B "\nAllowedIPs = 10.0.0.3\n"),
			 0);
	assert_int_equal(config.device.forwards.count, 2);
	for (i = 0; i < 2; i++) {
		assert_memory_equal(config.device.forwards.items[i].peer,
				    config.device.peers.items[i].public_key, KRELAY_KEY_LEN);
		assert_int_equal(config.device.forwards.items[i].target.bytes[3], 2 + i);
	}
	config_free(&config);
}

static void assert_overlap(const char *first, const char *second, const char *which)
{
	char beginning[512];
	struct config config;
	char file[1024];
	char *place;

	snprintf(file, sizeof(file), FILE_HEAD "Forward = %s\nForward = %s\n", first, second);
	said_clear();
	if (!which) {
		if (parse(&config, file))
			fail_msg("%s", said);
		config_free(&config);
		return;
	}
	assert_refused(file, "t.conf:9: Forward \"");
	snprintf(beginning, sizeof(beginning), "of line 8 in its %s", which);
	place = strstr(said, beginning);
	if (!place)
		fail_msg("said \"%s\" without \"%s\"", said, beginning);
}

static void test_overlaps(void **state)
{
	(void)state;
	assert_overlap("tcp/80", "tcp/80 -> 81", "public ports");
	assert_overlap("tcp/10-20", "tcp/20-30 -> 120-130", "public ports");
	assert_overlap("tcp/20-30", "tcp/10-20 -> 120-130", "public ports");
	assert_overlap("tcp/10-30", "tcp/20 -> 200", "public ports");
	assert_overlap("tcp/80 on 203.0.113.5", "tcp/80 on 203.0.113.5 -> 1", "public ports");
	assert_overlap("tcp/80", "tcp/81 -> 80", "target ports");
	assert_overlap("tcp/80-90", "tcp/100 -> 85", "target ports");
	assert_overlap("tcp/80", "tcp/80 on 203.0.113.5", "target ports");
	assert_overlap("tcp/80", "udp/80", NULL);
	assert_overlap("tcp/80", "tcp/81", NULL);
	assert_overlap("tcp/10-19", "tcp/20-29", NULL);
	assert_overlap("tcp/80", "tcp/80 on 203.0.113.5 -> 81", NULL);
	assert_overlap("tcp/80 on 203.0.113.6", "tcp/80 on 203.0.113.5 -> 81", NULL);
	assert_overlap("tcp/80", "tcp/81 -> 192.168.7.9:80", NULL);
	assert_overlap("tcp/80", "tcp/80 -> [fd00::2]:80", NULL);
}

static bool naive_overlap(const struct forward *a, const struct forward *b)
{
	bool public = a->first <= b->last && b->first <= a->last;
	int first = a->target_first, last = first + a->last - a->first;
	int other = b->target_first, end = other + b->last - b->first;

	return a->proto == b->proto && (public || (first <= end && other <= last));
}

/* Against every pair looked at. */
static void test_overlaps_random(void **state)
{
	struct forward *a, *b;
	struct forward *item;
	struct device device;
	unsigned int round;
	bool expected;
	int i;

	(void)state;
	srandom(1);
	for (round = 0; round < 3000; round++) {
		memset(&device, 0, sizeof(device));
		for (i = 0; i < 6; i++) {
			item = array_add(&device.forwards);
			item->proto = random() % 2 ? IPPROTO_TCP : IPPROTO_UDP;
			item->first = 1 + random() % 100;
			item->last = item->first + random() % 10;
			item->target_first = 1 + random() % 100;
			item->target.family = AF_INET;
		}
		expected = false;
		array_for_each(a, &device.forwards) {
			for (b = device.forwards.items; b < a; b++)
				expected |= naive_overlap(a, b);
		}
		said_clear();
		assert_int_equal(forwards_check(NULL, &device), expected ? -1 : 0);
		device_free(&device);
	}
}

static void test_accept(void **state)
{
	static const struct {
		const char *text;
		const char *written;
	} entries[] = {
		{ "tcp", "tcp" }, { "TCP/80", "tcp/80" }, { "udp/5-9", "udp/5-9" },
		{ "sctp/1-65535", "sctp/1-65535" }, { "icmp", "icmp" }, { "1", "icmp" },
		{ "47", "gre" }, { "esp", "esp" }, { "253", "253" }, { "ipv6-icmp", "ipv6-icmp" },
	};
	static const struct {
		const char *text;
		const char *sentence;
	} refused[] = {
		{ "", "t.conf:9: Accept \"\" does not begin with an IP protocol: " },
		{ "0", "t.conf:9: Accept \"0\" does not begin with an IP protocol: " },
		{ "256", "t.conf:9: Accept \"256\" does not begin with an IP protocol: " },
		{ "web", "t.conf:9: Accept \"web\" does not begin with an IP protocol: " },
		{ "icmp/8", "t.conf:9: Accept \"icmp/8\" gives a port to a protocol that has none: " },
		{ "tcp/", "t.conf:9: Accept port \"\" is no port or range of ports: " },
		{ "tcp/0-5", "t.conf:9: Accept port \"0-5\" is no port or range of ports: " },
		{ "tcp/9-5", "t.conf:9: Accept port \"9-5\" ends before it begins: write 5-9." },
	};
	char text[ACCEPT_TEXT_LEN];
	struct accept accept;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		said_clear();
		if (accept_parse(&at, entries[i].text, &accept))
			fail_msg("%s", said);
		assert_string_equal(accept_format(&accept, text), entries[i].written);
	}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		said_clear();
		assert_int_equal(accept_parse(&at, refused[i].text, &accept), -1);
		assert_said(refused[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_aim),
		cmocka_unit_test(test_two_homes),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_overlaps_random),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests_name("forwards", tests, NULL, NULL);
}
