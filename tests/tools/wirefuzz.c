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

#define FLIPS 200
#define MAX_MESSAGES 4 /* of one type */

static int sock;
static unsigned long sent;
static uint8_t mac1_key[32];

/* BLAKE2s (RFC 7693), whole input at once. */
static const uint32_t iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static const uint8_t sigma[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void mix(uint32_t *v, int a, int b, int c, int d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = ror(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = ror(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 7);
}

static void compress(uint32_t *h, const uint8_t *block, uint64_t count, int last)
{
	uint32_t v[16], m[16];
	int i, r;

	memcpy(m, block, 64); /* little endian, as x86 is */
	memcpy(v, h, 32);
	memcpy(v + 8, iv, 32);
	v[12] ^= (uint32_t)count;
	v[13] ^= (uint32_t)(count >> 32);
	if (last)
		v[14] = ~v[14];
	for (r = 0; r < 10; r++) {
		const uint8_t *s = sigma[r];

		for (i = 0; i < 4; i++)
			mix(v, i, i + 4, i + 8, i + 12, m[s[2 * i]], m[s[2 * i + 1]]);
		for (i = 0; i < 4; i++)
			mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12,
			    m[s[2 * i + 8]], m[s[2 * i + 9]]);
	}
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

static void blake2s(uint8_t *out, size_t outlen, const uint8_t *key, size_t keylen,
		    const uint8_t *in, size_t n)
{
	uint8_t buf[64 + 2048] = { 0 };
	size_t total = 0, at;
	uint32_t h[8];

	memcpy(h, iv, 32);
	h[0] ^= 0x01010000 ^ (keylen << 8) ^ outlen;
	if (keylen) {
		memcpy(buf, key, keylen);
		total = 64;
	}
	memcpy(buf + total, in, n);
	total += n;
	for (at = 0; total - at > 64; at += 64)
		compress(h, buf + at, at + 64, 0);
	compress(h, buf + at, total, 1);
	memcpy(out, h, outlen);
}

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
		blake2s(m + mac1_at(type), 16, mac1_key, 32, m, mac1_at(type));
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
	static const uint8_t label[] = "mac1----";
	uint8_t cookie[64] = { 3 }, head[24], rec[16], frame[4096], key[40];
	int seen[5] = { 0 }, i;
	unsigned int byte;
	FILE *f;

	if (argc < 5 || strlen(argv[4]) != 64) {
		fprintf(stderr, "wirefuzz PCAP ADDRESS PORT PUBLIC-KEY-IN-HEX [SEED]\n");
		return 1;
	}
	srandom(argc > 5 ? atoi(argv[5]) : 1);
	memcpy(key, label, 8);
	for (i = 0; i < 32; i++) {
		sscanf(argv[4] + 2 * i, "%2x", &byte);
		key[8 + i] = byte;
	}
	blake2s(mac1_key, 32, NULL, 0, key, 40);

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
