// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that listen, in an empty network namespace: which forwards would take their visitors.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common.h"
#include "forwards.h"
#include "listeners.h"

static struct kernel kernel;
static bool usable;

static void bring_up(const char *name)
{
	struct device device = { .ifindex = if_nametoindex(name) };

	strcpy(device.name, name);
	link_up(&kernel, NULL, &device);
}

static void add_address(const char *text)
{
	struct prefix prefix;

	assert_true(prefix_parse(text, &prefix));
	bring_up("ens3");
	assert_int_equal(link_add_address(&kernel, NULL, if_nametoindex("ens3"), &prefix), 0);
}

static int enter_namespace(void **state)
{
	struct listener_array listeners = { 0 };
	unsigned int ifindex;

	(void)state;
	said_clear();
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	if (kernel_open(&kernel) || link_create(&kernel, "ens3", "ens3", 1400, &ifindex))
		return 0;
	bring_up("lo");
	add_address("203.0.113.5/24");
	add_address("2001:db8::5/64");
	usable = !listeners_read(IPPROTO_TCP, &listeners) &&
		 !listeners_read(IPPROTO_UDP, &listeners);
	array_free(&listeners);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	kernel_close(&kernel);
	return 0;
}

/* A socket that is bound, not necessarily to an address of this host; -1 if it cannot be. */
static int bind_socket(int type, const char *host, uint16_t port, bool v6only)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is6 = strchr(host, ':');
	int fd = socket(is6 ? AF_INET6 : AF_INET, type, 0);
	int on = 1, v6 = v6only;

	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	if (is6) {
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v6, sizeof(v6));
		inet_pton(AF_INET6, host, &to6.sin6_addr);
	} else {
		inet_pton(AF_INET, host, &to4.sin_addr);
	}
	if (bind(fd, is6 ? (void *)&to6 : (void *)&to4, is6 ? sizeof(to6) : sizeof(to4)))
		fail_msg("cannot bind to %s", host);
	return fd;
}

static int listen_on(const char *host, uint16_t port, bool v6only)
{
	int fd = bind_socket(SOCK_STREAM, host, port, v6only);

	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The forward, aimed at a target, is refused with a sentence that has both; or it is not. */
static void assert_taken(const char *text, const char *by)
{
	struct device device = { 0 };
	struct forward *forward;
	char *copy = strdup(text);
	char self[64];
	int ret;

	strcpy(array_add(&device.publics)->name, "ens3");
	said_clear();
	assert_int_equal(forwards_parse(NULL, copy, &device), 0);
	free(copy);
	array_for_each(forward, &device.forwards) {
		if (!forward->family)
			forward_set_family(forward, AF_INET);
	}
	ret = listeners_check(&kernel, NULL, &device);
	if (!by) {
		assert_silent();
		assert_int_equal(ret, 0);
	} else {
		assert_said("relayctl: Forward \"");
		assert_int_equal(ret, -1);
		snprintf(self, sizeof(self), "on which krelay-test (pid %d) listens here on ",
			 getpid());
		if (!strstr(said, self) || !strstr(said, by))
			fail_msg("said \"%s\" without \"%s\" or \"%s\"", said, self, by);
	}
	device_free(&device);
}

static void need_namespace(void)
{
	if (!usable)
		skip();
	prctl(PR_SET_NAME, "krelay-test");
}

static void test_tcp(void **state)
{
	int fd;

	(void)state;
	need_namespace();
	assert_taken("tcp/22", NULL);
	fd = listen_on("0.0.0.0", 22, false);
	assert_taken("tcp/22", "takes tcp/22, ");
	assert_taken("tcp/20-30", "any address: forward another port, or write \"force\" ");
	assert_taken("tcp/22 on 203.0.113.5", "tcp/22");
	assert_taken("tcp/80, tcp/22", "tcp/22");
	assert_taken("tcp/22 force", NULL);
	assert_taken("tcp/23", NULL);
	assert_taken("udp/22", NULL);
	/* Which leaves what listens here alone. */
	assert_taken("all", NULL);
	assert_taken("icmp", NULL);
	assert_taken("tcp/22 on 2001:db8::5", NULL);
	assert_taken("tcp/22 -> [fd00::2]:22", NULL);
	close(fd);
	/* Bound only, or connected: nobody can connect to it. */
	fd = bind_socket(SOCK_STREAM, "0.0.0.0", 22, false);
	assert_taken("tcp/22", NULL);
	close(fd);
}

static void test_udp(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd;

	(void)state;
	need_namespace();
	fd = bind_socket(SOCK_DGRAM, "0.0.0.0", 53, false);
	assert_taken("udp/53", "udp/53");
	assert_taken("tcp+udp/53", "udp/53");
	assert_taken("tcp/53", NULL);
	/* A client's, from then on of the public address. */
	inet_pton(AF_INET, "203.0.113.5", &to.sin_addr);
	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	assert_taken("udp/53", NULL);
	close(fd);
}

static void test_families(void **state)
{
	int fd;

	(void)state;
	need_namespace();
	fd = listen_on("::", 22, false);
	assert_taken("tcp/22", "tcp/22");
	assert_taken("tcp/22 -> [fd00::2]:22", "tcp/22");
	close(fd);
	fd = listen_on("::", 22, true);
	assert_taken("tcp/22", NULL);
	assert_taken("tcp/22 -> [fd00::2]:22", "tcp/22");
	close(fd);
	fd = listen_on("::ffff:0.0.0.0", 22, false);
	assert_taken("tcp/22", "tcp/22");
	assert_taken("tcp/22 -> [fd00::2]:22", NULL);
	close(fd);
	fd = listen_on("::ffff:203.0.113.5", 22, false);
	assert_taken("tcp/22", "on 203.0.113.5: ");
	assert_taken("tcp/22 on 203.0.113.6", NULL);
	close(fd);
}

static void test_addresses(void **state)
{
	static const char *const loopback[] = { "127.0.0.1", "127.0.0.53", "::1" };
	struct ifreq request = { .ifr_name = "lo" };
	size_t i;
	int fd;

	(void)state;
	need_namespace();
	for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		fd = listen_on(loopback[i], 22, false);
		assert_taken("tcp/22", NULL);
		assert_taken("tcp/22 -> [fd00::2]:22", NULL);
		close(fd);
	}
	fd = listen_on("203.0.113.5", 22, false);
	assert_taken("tcp/22", "on 203.0.113.5: ");
	assert_taken("tcp/22 on 203.0.113.5", "on 203.0.113.5: ");
	assert_taken("tcp/22 on 203.0.113.6", NULL);
	close(fd);
	/* Not the public netdev's, but perhaps that of a network inside. */
	fd = listen_on("192.168.122.1", 22, false);
	assert_taken("tcp/22", NULL);
	assert_taken("tcp/22 on 192.168.122.1", "on 192.168.122.1: ");
	close(fd);
	fd = listen_on("2001:db8::5", 22, false);
	assert_taken("tcp/22 -> [fd00::2]:22", "on 2001:db8::5: ");
	assert_taken("tcp/22", NULL);
	close(fd);
	/* Serves another netdev alone. */
	fd = listen_on("0.0.0.0", 22, false);
	if (!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, &request, sizeof(request)))
		assert_taken("tcp/22", NULL);
	close(fd);
}

/* A long table is looked at in no time. */
static void test_many(void **state)
{
	int fds[50];
	size_t i;

	(void)state;
	need_namespace();
	for (i = 0; i < 50; i++)
		fds[i] = listen_on("0.0.0.0", 40000 + i, false);
	assert_taken("tcp/1-39999, tcp/40050-65535", NULL);
	assert_taken("tcp/1-39999, tcp/40050-65535, tcp/40049", "tcp/40049");
	for (i = 0; i < 50; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("listeners", tests, enter_namespace, leave);
}
