// SPDX-License-Identifier: GPL-2.0
/* Where peers called from, kept in a folder of the test's own. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "endpoints.h"

#define SECOND 1000000000ULL

static const char name[] = STATE_FOLDER "/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=.endpoints";
static struct device device;

static int setup(void **state)
{
	(void)state;
	said_clear();
	unlink(name);
	rmdir(STATE_FOLDER);
	return 0;
}

static int teardown(void **state)
{
	device_free(&device);
	return setup(state);
}

static struct peer *add(const char *key)
{
	struct peer *peer = array_add(&device.peers);

	peer->has_public_key = key_parse(key, peer->public_key);
	return peer;
}

static struct peer *add4(const char *key, uint64_t ago)
{
	struct peer *peer = add(key);
	struct sockaddr_in *in = (struct sockaddr_in *)&peer->endpoint;

	in->sin_family = AF_INET;
	in->sin_port = htons(51820);
	inet_pton(AF_INET, "192.0.2.2", &in->sin_addr);
	peer->last_handshake = (time(NULL) - ago) * SECOND;
	return peer;
}

static void recall(const char *key)
{
	static const uint8_t ours[KRELAY_KEY_LEN];

	device_free(&device);
	add(key);
	endpoints_recall(ours, &device);
}

static void assert_recalled(bool recalled)
{
	assert_true(device.peers.items[0].recalled == recalled);
	assert_true(!!device.peers.items[0].endpoint.ss_family == recalled);
	assert_silent();
}

static void test_kept_and_recalled(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	struct stat info;

	(void)state;
	add4(KEY_A, 10);
	inet_pton(AF_INET6, "2001:db8::7", &in6.sin6_addr);
	memcpy(&add4(KEY_B, 300)->endpoint, &in6, sizeof(in6));
	add(KEY_C);
	endpoints_keep(&device);
	assert_int_equal(stat(name, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);

	recall(KEY_A);
	assert_recalled(true);
	assert_int_equal(((struct sockaddr_in *)&device.peers.items[0].endpoint)->sin_port,
			 htons(51820));
	recall(KEY_B);
	assert_recalled(true);
	assert_memory_equal(&device.peers.items[0].endpoint, &in6, sizeof(in6));
	recall(KEY_C);
	assert_recalled(false);
}

static void test_peers_own_endpoint(void **state)
{
	static const uint8_t ours[KRELAY_KEY_LEN];
	struct peer *peer = add4(KEY_A, 10);

	(void)state;
	endpoints_keep(&device);
	((struct sockaddr_in *)&peer->endpoint)->sin_port = htons(9);
	endpoints_recall(ours, &device);
	assert_false(peer->recalled);
	assert_int_equal(((struct sockaddr_in *)&peer->endpoint)->sin_port, htons(9));
}

static void test_nobody_heard_of(void **state)
{
	(void)state;
	add4(KEY_A, 10);
	endpoints_keep(&device);
	device_free(&device);
	add(KEY_A);
	endpoints_keep(&device);
	recall(KEY_A);
	assert_recalled(true);
}

/* One that has called meanwhile is no reason to forget another. */
static void test_some_heard_of(void **state)
{
	(void)state;
	add4(KEY_A, 10);
	add4(KEY_B, 10);
	add4(KEY_C, 600);
	endpoints_keep(&device);
	device_free(&device);
	((struct sockaddr_in *)&add4(KEY_A, 5)->endpoint)->sin_port = htons(9);
	add(KEY_B);
	add(KEY_C);
	endpoints_keep(&device);
	recall(KEY_A);
	assert_recalled(true);
	assert_int_equal(((struct sockaddr_in *)&device.peers.items[0].endpoint)->sin_port,
			 htons(9));
	recall(KEY_B);
	assert_recalled(true);
	recall(KEY_C);
	assert_recalled(false);
}

/* Each of many finds its own. */
static void test_many(void **state)
{
	static const uint8_t ours[KRELAY_KEY_LEN];
	clock_t start = clock();
	struct sockaddr_in *in;
	struct peer *peer;
	unsigned int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		peer = add4(KEY_A, 10);
		peer->public_key[7] = i;
		peer->public_key[8] = i >> 8;
		((struct sockaddr_in *)&peer->endpoint)->sin_port = htons(i + 1);
	}
	endpoints_keep(&device);
	array_for_each(peer, &device.peers)
		memset(&peer->endpoint, 0, sizeof(peer->endpoint));
	endpoints_recall(ours, &device);
	for (i = 0; i < 20000; i++) {
		in = (struct sockaddr_in *)&device.peers.items[i].endpoint;
		assert_int_equal(ntohs(in->sin_port), i + 1);
	}
	assert_silent();
	assert_true(clock() - start < 8 * CLOCKS_PER_SEC);
}

static void test_old_and_future(void **state)
{
	(void)state;
	add4(KEY_A, 600);
	add4(KEY_B, -60);
	endpoints_keep(&device);
	recall(KEY_A);
	assert_recalled(false);
	recall(KEY_B);
	assert_recalled(false);
}

static void write_file(const char *format, unsigned long long seconds)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fprintf(file, format, seconds);
	fclose(file);
}

static void test_damaged(void **state)
{
	static const char *const bad[] = {
		"", "x", KEY_A, KEY_A " -1 192.0.2.2 7", KEY_A " %llu 192.0.2.2",
		KEY_A " %llu 192.0.2.2 0", KEY_A " %llu 0.0.0.0 7", KEY_A " %llu :: 7",
		KEY_A " %llu localhost 7", KEY_A " %llu 192.0.2.2 http", KEY_B "x %llu 192.0.2.2 7",
		"x\n" KEY_A " %llu 192.0.2.2 7",
	};
	size_t i;

	(void)state;
	mkdir(STATE_FOLDER, 0700);
	write_file(KEY_A " %llu 192.0.2.2 7\n", time(NULL));
	recall(KEY_A);
	assert_recalled(true);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		write_file(bad[i], time(NULL));
		recall(KEY_A);
		assert_recalled(false);
	}
}

static void test_of_others(void **state)
{
	(void)state;
	mkdir(STATE_FOLDER, 0700);
	write_file(KEY_A " %llu 192.0.2.2 7\n", time(NULL));
	assert_int_equal(chmod(name, 0620), 0);
	recall(KEY_A);
	assert_recalled(false);
	unlink(name);
	/* Nobody is waited for. */
	assert_int_equal(mkfifo(name, 0600), 0);
	recall(KEY_A);
	assert_recalled(false);
}

static void test_no_place(void **state)
{
	FILE *file = fopen(STATE_FOLDER, "w");

	(void)state;
	assert_non_null(file);
	fclose(file);
	add4(KEY_A, 10);
	endpoints_keep(&device);
	assert_said(name);
	unlink(STATE_FOLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept_and_recalled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peers_own_endpoint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_heard_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_some_heard_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_and_future, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_place, setup, teardown),
	};

	return cmocka_run_group_tests_name("endpoints", tests, folder_enter, folder_leave);
}
