// SPDX-License-Identifier: GPL-2.0
/*
 * Links, addresses and routes, in an empty network namespace and with a kind of link that every
 * kernel has in the place of the module's. See link.o in the Makefile.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"
#include "kernel.h"

static bool in_namespace;
static struct kernel kernel;

static int enter_namespace(void **state)
{
	(void)state;
	in_namespace = !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
	said_clear();
	return in_namespace ? kernel_open(&kernel) : 0;
}

static int leave(void **state)
{
	(void)state;
	if (in_namespace)
		kernel_close(&kernel);
	return 0;
}

static unsigned int make(const char *name)
{
	unsigned int ifindex = 0;

	if (!in_namespace)
		skip();
	said_clear();
	if (link_create(&kernel, name, name, 1380, &ifindex))
		fail_msg("%s", said);
	assert_int_equal(ifindex, if_nametoindex(name));
	return ifindex;
}

static void assert_file(const char *command, const char *expected)
{
	FILE *pipe = popen(command, "r");
	char text[1024];
	size_t n;

	n = fread(text, 1, sizeof(text) - 1, pipe);
	text[n] = '\0';
	pclose(pipe);
	if (!strstr(text, expected))
		fail_msg("\"%s\" gives \"%s\" without \"%s\"", command, text, expected);
}

static void test_life(void **state)
{
	struct netdev_array names = { 0 };
	unsigned int ifindex = make("kr0");
	unsigned int found;
	struct device device = { .name = "kr0", .ifindex = ifindex };
	bool up = true;

	(void)state;
	assert_int_equal(link_find(&kernel, "kr0", &found, &up), 0);
	assert_int_equal(found, ifindex);
	assert_false(up);
	assert_file("ip link show kr0", "mtu 1380");
	assert_int_equal(link_up(&kernel, NULL, &device), 0);
	assert_file("ip link show kr0", "UP");
	assert_int_equal(link_find(&kernel, "kr0", &found, &up), 0);
	assert_true(up);
	assert_int_equal(link_list(&kernel, &names), 0);
	/* The other end of the pair, and the loopback device, which is not of the kind. */
	assert_int_equal(names.count, 2);
	array_free(&names);
	assert_silent();

	assert_int_equal(link_create(&kernel, "kr0", "kr0", 1380, &found), -1);
	assert_said("relayctl: there is an interface kr0 already: ");
	said_clear();
	assert_int_equal(link_find(&kernel, "lo", &found, NULL), -1);
	assert_said("relayctl: the interface lo is not of the kind ");
	said_clear();
	assert_int_equal(link_delete(&kernel, "kr0", ifindex, false), 0);
	assert_int_equal(if_nametoindex("kr0"), 0);
	assert_int_equal(link_delete(&kernel, "kr0", ifindex, true), -1);
	assert_silent();
	assert_int_equal(link_find(&kernel, "kr0", &found, &up), -1);
	assert_said("relayctl: there is no interface kr0 here: ");
	said_clear();
	assert_int_equal(link_delete(&kernel, "kr0", ifindex, false), -1);
	assert_said("relayctl: removing the interface kr0 is refused, the kernel says ");
}

static void test_addresses(void **state)
{
	struct place at = { .file = "t.conf", .line = 3 };
	unsigned int ifindex = make("kr1");
	struct prefix prefix;

	(void)state;
	assert_true(prefix_parse("10.66.0.1/24", &prefix));
	assert_int_equal(link_add_address(&kernel, &at, ifindex, &prefix), 0);
	assert_file("ip addr show kr1", "inet 10.66.0.1/24 scope global kr1");
	assert_int_equal(link_add_address(&kernel, &at, ifindex, &prefix), -1);
	assert_said("t.conf:3: Address 10.66.0.1/24 is refused, the kernel says ");
	said_clear();
	assert_true(prefix_parse("fd00::1/64", &prefix));
	if (!access("/proc/net/if_inet6", F_OK)) {
		assert_int_equal(link_add_address(&kernel, &at, ifindex, &prefix), 0);
		assert_file("ip addr show kr1", "inet6 fd00::1/64 scope global");
	}
	assert_int_equal(link_delete(&kernel, "kr1", ifindex, false), 0);
	assert_silent();
}

static void test_routes(void **state)
{
	struct place at = { .file = "t.conf" };
	struct device device = { .name = "kr2", .ifindex = make("kr2") };
	unsigned int ifindex = device.ifindex;
	struct prefix prefix;

	(void)state;
	assert_true(prefix_parse("192.168.7.0/24", &prefix));
	assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 0), -1);
	assert_said("t.conf: the route to AllowedIPs 192.168.7.0/24 is refused, the kernel says \"");
	/* The kernel's own words came through. */
	assert_non_null(strstr(said, "not up"));
	said_clear();
	assert_int_equal(link_up(&kernel, NULL, &device), 0);
	assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 0), 0);
	assert_file("ip route", "192.168.7.0/24 dev kr2 scope link");
	assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 5182), 0);
	assert_file("ip route show table 5182", "192.168.7.0/24 dev kr2 scope link");
	assert_true(prefix_parse("0.0.0.0/0", &prefix));
	assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 5182), 0);
	assert_file("ip route show table 5182", "default dev kr2 scope link");
	assert_silent();
	assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 5182), -1);
	assert_said("t.conf: there is a route to AllowedIPs 0.0.0.0/0 already, as ");
	said_clear();
	if (!access("/proc/net/if_inet6", F_OK)) {
		assert_true(prefix_parse("fd01::/48", &prefix));
		assert_int_equal(link_add_route(&kernel, &at, ifindex, &prefix, 0), 0);
		assert_file("ip -6 route", "fd01::/48 dev kr2");
	}
	assert_int_equal(link_delete(&kernel, "kr2", ifindex, false), 0);
	assert_silent();
}

static void test_no_module(void **state)
{
	(void)state;
	if (!in_namespace)
		skip();
	said_clear();
	if (!kernel_module(&kernel, false))
		skip();
	assert_true(strstr(said, "module krelay") && strstr(said, ": "));
	assert_said("relayctl: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_no_module),
	};

	return cmocka_run_group_tests_name("link", tests, enter_namespace, leave);
}
