// SPDX-License-Identifier: GPL-2.0
/*
 * wirefuzz PCAP ADDRESS PORT PUBLIC-KEY [SEED]: spoil what was captured of a
 * WireGuard conversation and send it. For each type of message: every length,
 * random bytes flipped, and handshake messages again with a mac1 that fits what
 * was spoiled (PUBLIC-KEY, hex, is the receiver's), for mac1 would stop all of
 * them at the door. Prints how many datagrams it sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "blake2s.h"

#define FLIPS 200
#define MAX_MESSAGES 4 /* of one type */

static int sock;
static unsigned long sent;
static uint8_t mac1_key[32];

static void pause_ms(int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000L };

	nanosleep(&t, NULL);
}

static void post(const uint8_t *m, size_t n)
{
	/* An earlier ICMP error, if any, is told once: send again then. */
	while (send(sock, m, n, 0) < 0) {
		if (errno != ECONNREFUSED && errno != EHOSTUNREACH) {
			perror("wirefuzz: send");
			exit(1);
		}
	}
	/* Faster than it is looked at would only test the socket's queue. */
	if (++sent % 16 == 0)
		pause_ms(2);
}

/* Where mac1 stands in a message of this type, 0 if it has none. */
static size_t mac1_at(int type)
{
	return type == 1 ? 116 : type == 2 ? 60 : 0;
}

static void spoil(const uint8_t *message, size_t n)
{
	int type = message[0], i, k, flips;
	uint8_t m[2048];
	size_t len;

	for (len = 0; len < n; len++)
		post(message, len);
	memcpy(m, message, n);
	memset(m + n, 0, 4);
	for (len = n + 1; len <= n + 3; len++)
		post(m, len);

	for (i = 0; i < FLIPS; i++) {
		memcpy(m, message, n);
		flips = 1 + random() % 8;
		for (k = 0; k < flips; k++)
			m[random() % n] ^= 1 + random() % 255;
		post(m, n);
	}

	if (!mac1_at(type))
		return;
	for (i = 0; i < FLIPS / 2; i++) {
		memcpy(m, message, n);
		if (i == 0)
			memset(m + 8, 0, 32); /* an ephemeral key of low order */
		else
			m[4 + random() % (mac1_at(type) - 4)] ^= 1 + random() % 255;
		hash_of(m + mac1_at(type), 16, mac1_key, 32, m, mac1_at(type));
		post(m, n);
		pause_ms(15); /* below what counts as load */
	}
}

static void rubbish(void)
{
	static const size_t lengths[] = { 0, 1, 4, 16, 31, 32, 64, 92, 148, 149, 1400, 2000 };
	uint8_t m[2000];
	unsigned int type, i, k;

	for (type = 0; type < 256; type++) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			for (k = 0; k < lengths[i]; k++)
				m[k] = random();
			m[0] = type;
			if (i & 1)
				memset(m + 1, 0, 3);
			post(m, lengths[i]);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	uint8_t cookie[64] = { 3 }, head[24], rec[16], frame[4096], key[32];
	int seen[5] = { 0 }, i;
	unsigned int byte;
	FILE *f;

	if (argc < 5 || strlen(argv[4]) != 64) {
		fprintf(stderr, "wirefuzz PCAP ADDRESS PORT PUBLIC-KEY-IN-HEX [SEED]\n");
		return 1;
	}
	srandom(argc > 5 ? atoi(argv[5]) : 1);
	for (i = 0; i < 32; i++) {
		sscanf(argv[4] + 2 * i, "%2x", &byte);
		key[i] = byte;
	}
	mac1_key_of(mac1_key, key);

	sa.sin_port = htons(atoi(argv[3]));
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (inet_pton(AF_INET, argv[2], &sa.sin_addr) != 1 ||
	    connect(sock, (void *)&sa, sizeof(sa))) {
		perror(argv[2]);
		return 1;
	}

	f = fopen(argv[1], "r");
	if (!f || fread(head, sizeof(head), 1, f) != 1) {
		perror(argv[1]);
		return 1;
	}
	while (fread(rec, sizeof(rec), 1, f) == 1) {
		const uint8_t *ip = frame + 14, *udp, *m;
		uint32_t caplen;
		size_t n;

		memcpy(&caplen, rec + 8, 4);
		if (caplen > sizeof(frame) || fread(frame, 1, caplen, f) != caplen)
			break;
		if (caplen < 14 + 20 + 8 || frame[12] != 8 || frame[13] || ip[9] != IPPROTO_UDP)
			continue;
		udp = ip + (ip[0] & 15) * 4;
		m = udp + 8;
		n = (udp[4] << 8 | udp[5]) - 8;
		if (m + n > frame + caplen || n < 4 || n > 1500 || m[0] < 1 || m[0] > 4)
			continue;
		if (seen[m[0]]++ < MAX_MESSAGES)
			spoil(m, n);
	}
	for (i = 1; i <= 4; i++)
		if (i != 3 && !seen[i])
			fprintf(stderr, "wirefuzz: no message of type %d was captured\n", i);

	/* Cookie replies only come under load, so this one is made up. */
	for (i = 4; i < 64; i++)
		cookie[i] = random();
	spoil(cookie, sizeof(cookie));
	rubbish();
	printf("%lu\n", sent);
	return seen[1] && seen[2] && seen[4] ? 0 : 1;
}
