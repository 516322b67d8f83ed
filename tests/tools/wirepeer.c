// SPDX-License-Identifier: GPL-2.0
/*
 * wirepeer ADDRESS PORT KEY PEER [PSK]: a WireGuard peer that does what it is
 * told, right or wrong, towards the one at ADDRESS and PORT (IPv4) with the
 * public key PEER. Keys are base64. It is told line by line on its standard
 * input, and answers each with one line.
 *
 *   initiate [zero|low N] [nomac] [mac2 PORT] [age SECONDS]
 *	send an initiation: with an ephemeral key of zeros or the Nth one of low
 *	order (and all that follows from it), with a wrong mac1, with a mac2 of
 *	the last cookie for that port of ours, of an earlier time: "sent"
 *   again
 *	send the last initiation once more: "sent"
 *   next MS [TYPE]
 *	wait so long for a message (of that type): what came. "initiation
 *	mac2=no|good|bad", "response N" with the number of the session that it
 *	has made (and "mac2=good|bad" if it has one), "cookie", "data N COUNTER
 *	LENGTH" (of the packet inside, 0 is a keepalive), "invalid TYPE" for what
 *	does not decrypt, or "nothing"
 *   respond [low N]
 *	answer the last initiation: "session N", or "sent" for a spoilt answer
 *   cookie [bad]
 *	answer the last initiation or response by a cookie reply: "sent"
 *   send N COUNTER|+ empty|SOURCE DESTINATION [SIZE]
 *	under session N a keepalive, or a UDP datagram to port 9001 with SIZE
 *	bytes (10) of payload: "sent"
 *   bind PORT [ADDRESS]
 *	go on from another port, or address: "bound"
 *   key KEY
 *	go on as another peer: "key"
 *   remote KEY, psk KEY
 *	go on towards another public key, with another preshared key: "key"
 *
 * Sessions are numbered from 0.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "blake2s.h"

enum {
	INITIATION = 1,
	RESPONSE = 2,
	COOKIE = 3,
	DATA = 4,
	INITIATION_LEN = 148,
	RESPONSE_LEN = 92,
	COOKIE_LEN = 64,
	TAG = 16,
	MAX_SESSIONS = 1024,
	MAX_MESSAGE = 2048,
	/* How finely a timestamp may tell the time, in nanoseconds. */
	GRAIN = 1 << 24,
};

struct session {
	uint32_t index;
	uint32_t remote_index;
	uint8_t sending[32];
	uint8_t receiving[32];
	uint64_t counter;
};

static struct session sessions[MAX_SESSIONS];
static int count;

static int sock;
static struct sockaddr_in peer;

static uint8_t private_key[32], public_key[32], remote[32], psk[32];
static uint8_t static_static[32];
static uint8_t my_mac1_key[32], remote_mac1_key[32], my_cookie_key[32], remote_cookie_key[32];

/* The handshake under way, whoever began it. */
static uint8_t hash[32], chaining[32], ephemeral[32], remote_ephemeral[32];
static uint32_t index_now, remote_index;

static uint8_t initiation[INITIATION_LEN];
/* Of the handshake message that came last, whose sender @remote_index is. */
static uint8_t received_mac1[16];
static uint8_t given[16];
static int has_given;

/* The last one for each port of ours. */
static struct {
	uint8_t bytes[16];
	int is_there;
} cookies[1 << 16];
static int own_port;

/* Points whose product with every clamped scalar is zero (RFC 7748, 6.1). */
static const uint8_t low_order[][32] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
	  0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
	  0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
	  0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
	  0xd0, 0x9f, 0x11, 0x57 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0x7f },
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0x7f },
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0x7f },
};

static void die(const char *what)
{
	fprintf(stderr, "wirepeer: %s\n", what);
	exit(1);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t x;

	memcpy(&x, p, 4);
	return x;
}

static void put32(uint8_t *p, uint32_t x)
{
	memcpy(p, &x, 4);
}

static void mix_hash(const uint8_t *data, size_t len)
{
	uint8_t text[256];

	memcpy(text, hash, 32);
	memcpy(text + 32, data, len);
	hash_of(hash, 32, NULL, 0, text, 32 + len);
}

static void hmac(uint8_t *out, const uint8_t *key, const uint8_t *in, size_t len)
{
	uint8_t text[64 + 64];
	int i;

	memset(text, 0x36, 64);
	for (i = 0; i < 32; i++)
		text[i] ^= key[i];
	memcpy(text + 64, in, len);
	hash_of(out, 32, NULL, 0, text, 64 + len);
	memset(text, 0x5c, 64);
	for (i = 0; i < 32; i++)
		text[i] ^= key[i];
	memcpy(text + 64, out, 32);
	hash_of(out, 32, NULL, 0, text, 64 + 32);
}

/* The chaining key is the first output. */
static void kdf(uint8_t *second, uint8_t *third, const uint8_t *in, size_t len)
{
	uint8_t secret[32], text[33];

	hmac(secret, chaining, in, len);
	text[0] = 1;
	hmac(chaining, secret, text, 1);
	memcpy(text, chaining, 32);
	text[32] = 2;
	if (!second)
		return;
	hmac(second, secret, text, 33);
	if (!third)
		return;
	memcpy(text, second, 32);
	text[32] = 3;
	hmac(third, secret, text, 33);
}

/* Zeros where the other one is of low order, and so has zeros, too. */
static void mix_dh(uint8_t *key, const uint8_t *secret, const uint8_t *point)
{
	uint8_t shared[32] = { 0 };

	if (secret && crypto_scalarmult(shared, secret, point))
		memset(shared, 0, sizeof(shared));
	kdf(key, NULL, shared, 32);
}

static void seal(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *key)
{
	static const uint8_t nonce[12];

	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, hash, 32, NULL, nonce, key);
	mix_hash(out, len + TAG);
}

static int unseal(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *key)
{
	static const uint8_t nonce[12];

	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, hash, 32, nonce,
						      key))
		return -1;
	mix_hash(in, len);
	return 0;
}

static void begin(const uint8_t *responder)
{
	static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
	static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

	hash_of(chaining, 32, NULL, 0, (const uint8_t *)construction, strlen(construction));
	memcpy(hash, chaining, 32);
	mix_hash((const uint8_t *)identifier, strlen(identifier));
	mix_hash(responder, 32);
}

static void mix_ephemeral(const uint8_t *key)
{
	kdf(NULL, NULL, key, 32);
	mix_hash(key, 32);
}

static void mix_psk(uint8_t *key)
{
	uint8_t text[32];

	kdf(text, key, psk, 32);
	mix_hash(text, 32);
}

static void transmit(const uint8_t *message, size_t len)
{
	sendto(sock, message, len, 0, (void *)&peer, sizeof(peer));
}

/* @cookie_port: the last cookie for this port of ours, 0 for none. */
static void add_macs(uint8_t *message, size_t len, int cookie_port)
{
	hash_of(message + len - 32, 16, remote_mac1_key, 32, message, len - 32);
	if (cookies[cookie_port].is_there)
		hash_of(message + len - 16, 16, cookies[cookie_port].bytes, 16, message, len - 16);
}

static void initiate(char **word)
{
	struct timespec t;
	int zero = -1, nomac = 0, cookie_port = 0;
	uint8_t *m = initiation, key[32], timestamp[12];
	long age = 0;
	uint64_t s;
	int i;

	for (; *word; word++) {
		if (!strcmp(*word, "zero"))
			zero = 0;
		else if (!strcmp(*word, "low") && word[1])
			zero = atoi(*++word);
		else if (!strcmp(*word, "nomac"))
			nomac = 1;
		else if (!strcmp(*word, "mac2") && word[1])
			cookie_port = (uint16_t)atoi(*++word);
		else if (!strcmp(*word, "age") && word[1])
			age = atol(*++word);
		else
			die("to begin how?");
	}
	memset(m, 0, INITIATION_LEN);
	m[0] = INITIATION;
	index_now = randombytes_random();
	put32(m + 4, index_now);
	begin(remote);
	randombytes_buf(ephemeral, 32);
	if (zero >= 0)
		memcpy(m + 8, low_order[zero], 32);
	else
		crypto_scalarmult_base(m + 8, ephemeral);
	mix_ephemeral(m + 8);
	mix_dh(key, zero < 0 ? ephemeral : NULL, remote);
	seal(m + 40, public_key, 32, key);
	kdf(key, NULL, static_static, 32);
	clock_gettime(CLOCK_REALTIME, &t);
	s = 0x400000000000000aULL + t.tv_sec - age;
	for (i = 0; i < 8; i++)
		timestamp[i] = s >> (56 - 8 * i);
	for (i = 0; i < 4; i++)
		timestamp[8 + i] = t.tv_nsec >> (24 - 8 * i);
	seal(m + 88, timestamp, 12, key);
	add_macs(m, INITIATION_LEN, cookie_port);
	if (nomac)
		m[116] ^= 1;
	transmit(m, INITIATION_LEN);
	puts("sent");
}

static int add_session(const uint8_t *first, const uint8_t *second)
{
	struct session *s = &sessions[count];

	if (count == MAX_SESSIONS)
		die("too many sessions");
	s->index = index_now;
	s->remote_index = remote_index;
	memcpy(s->sending, first, 32);
	memcpy(s->receiving, second, 32);
	s->counter = 0;
	return count++;
}

static int read_response(const uint8_t *m)
{
	uint8_t key[32], first[32], second[32];
	uint8_t old_hash[32], old_chaining[32];

	memcpy(old_hash, hash, 32);
	memcpy(old_chaining, chaining, 32);
	if (get32(m + 8) != index_now)
		return -1;
	mix_ephemeral(m + 12);
	mix_dh(NULL, ephemeral, m + 12);
	mix_dh(NULL, private_key, m + 12);
	mix_psk(key);
	if (unseal(NULL, m + 44, TAG, key)) {
		memcpy(hash, old_hash, 32);
		memcpy(chaining, old_chaining, 32);
		return -1;
	}
	remote_index = get32(m + 4);
	kdf(second, NULL, NULL, 0);
	memcpy(first, chaining, 32);
	return add_session(first, second);
}

static uint64_t get64_be(const uint8_t *p)
{
	uint64_t x = 0;
	int i;

	for (i = 0; i < 8; i++)
		x = x << 8 | p[i];
	return x;
}

/* The time of day is nobody's business, beyond what makes initiations differ. */
static int is_coarse(const uint8_t *timestamp)
{
	uint64_t seconds = get64_be(timestamp) - 0x400000000000000aULL;
	uint64_t rest = get64_be(timestamp + 4) & 0xffffffff;

	return (seconds * 1000000000 + rest) % GRAIN == 0;
}

/* What a cookie reply is to be about. */
static void keep_mac1(const uint8_t *m, size_t len)
{
	memcpy(received_mac1, m + len - 32, 16);
}

static int read_initiation(const uint8_t *m)
{
	uint8_t key[32], who[32], timestamp[12];

	begin(public_key);
	mix_ephemeral(m + 8);
	memcpy(remote_ephemeral, m + 8, 32);
	mix_dh(key, private_key, m + 8);
	if (unseal(who, m + 40, 48, key) || memcmp(who, remote, 32))
		return -1;
	kdf(key, NULL, static_static, 32);
	if (unseal(timestamp, m + 88, 28, key) || !is_coarse(timestamp))
		return -1;
	remote_index = get32(m + 4);
	keep_mac1(m, INITIATION_LEN);
	return 0;
}

static const char *mac2_of(const uint8_t *m, size_t len)
{
	static const uint8_t zeros[16];
	uint8_t mac2[16];

	if (!memcmp(m + len - 16, zeros, 16))
		return "no";
	hash_of(mac2, 16, given, 16, m, len - 16);
	return has_given && !memcmp(mac2, m + len - 16, 16) ? "good" : "bad";
}

static int mac1_fits(const uint8_t *m, size_t len)
{
	uint8_t mac1[16];

	hash_of(mac1, 16, my_mac1_key, 32, m, len - 32);
	return !memcmp(mac1, m + len - 32, 16);
}

static void respond(char **word)
{
	uint8_t m[RESPONSE_LEN] = { RESPONSE }, key[32], first[32], second[32];
	uint8_t old_hash[32], old_chaining[32];
	int low = word[0] && word[1] ? atoi(word[1]) : -1;

	memcpy(old_hash, hash, 32);
	memcpy(old_chaining, chaining, 32);
	index_now = randombytes_random();
	put32(m + 4, index_now);
	put32(m + 8, remote_index);
	randombytes_buf(ephemeral, 32);
	if (low >= 0)
		memcpy(m + 12, low_order[low], 32);
	else
		crypto_scalarmult_base(m + 12, ephemeral);
	mix_ephemeral(m + 12);
	mix_dh(NULL, low < 0 ? ephemeral : NULL, remote_ephemeral);
	mix_dh(NULL, low < 0 ? ephemeral : NULL, remote);
	mix_psk(key);
	seal(m + 44, NULL, 0, key);
	add_macs(m, RESPONSE_LEN, 0);
	transmit(m, RESPONSE_LEN);
	if (low >= 0) {
		/* Another answer may follow. */
		memcpy(hash, old_hash, 32);
		memcpy(chaining, old_chaining, 32);
		puts("sent");
		return;
	}
	kdf(second, NULL, NULL, 0);
	memcpy(first, chaining, 32);
	printf("session %d\n", add_session(second, first));
}

static void give_cookie(char **word)
{
	uint8_t m[COOKIE_LEN] = { COOKIE }, about[16];

	memcpy(about, received_mac1, 16);
	if (word[0])
		about[0] ^= 1;
	else
		has_given = 1;
	put32(m + 4, remote_index);
	randombytes_buf(m + 8, 24);
	if (has_given && !word[0])
		randombytes_buf(given, 16);
	crypto_aead_xchacha20poly1305_ietf_encrypt(m + 32, NULL, given, 16, about, 16, NULL, m + 8,
						   my_cookie_key);
	transmit(m, COOKIE_LEN);
	puts("sent");
}

static int read_cookie(const uint8_t *m)
{
	if (get32(m + 4) != index_now ||
	    crypto_aead_xchacha20poly1305_ietf_decrypt(cookies[own_port].bytes, NULL, NULL,
						       m + 32, 32,
						       initiation + INITIATION_LEN - 32, 16, m + 8,
						       remote_cookie_key))
		return -1;
	cookies[own_port].is_there = 1;
	return 0;
}

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static size_t make_packet(uint8_t *p, const char *from, const char *to, size_t size)
{
	static const uint8_t ports[] = { 9001 >> 8, 9001 & 255, 9001 >> 8, 9001 & 255 };
	uint8_t *udp = p + 20;
	size_t len = 28 + size;
	uint16_t sum;

	memset(p, 0, len);
	p[0] = 0x45;
	p[2] = len >> 8;
	p[3] = len;
	p[8] = 64;
	p[9] = IPPROTO_UDP;
	if (inet_pton(AF_INET, from, p + 12) != 1 || inet_pton(AF_INET, to, p + 16) != 1)
		die("send from where to where?");
	sum = checksum(p, 20);
	memcpy(p + 10, &sum, 2);
	memcpy(udp, ports, sizeof(ports));
	udp[4] = (len - 20) >> 8;
	udp[5] = len - 20;
	return len;
}

static struct session *session_of(const char *word)
{
	int n = word ? atoi(word) : -1;

	if (n < 0 || n >= count)
		die("no such session");
	return &sessions[n];
}

static void send_data(char **word)
{
	struct session *s = session_of(word[0]);
	uint8_t m[MAX_MESSAGE] = { DATA }, packet[MAX_MESSAGE] = { 0 }, nonce[12] = { 0 };
	uint64_t counter;
	size_t len = 0;

	if (!word[1] || !word[2])
		die("send what?");
	counter = word[1][0] == '+' ? s->counter : strtoull(word[1], NULL, 0);
	s->counter = counter + 1;
	if (strcmp(word[2], "empty"))
		len = make_packet(packet, word[2], word[3], word[3] && word[4] ? atoi(word[4]) : 10);
	len = (len + 15) / 16 * 16;
	put32(m + 4, s->remote_index);
	memcpy(m + 8, &counter, 8);
	memcpy(nonce + 4, &counter, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(m + 16, NULL, packet, len, NULL, 0, NULL, nonce,
						  s->sending);
	transmit(m, 16 + len + TAG);
	puts("sent");
}

/* Into @said. Return: its type, or 0 for what is no message of ours. */
static int read_message(const uint8_t *m, size_t len, char *said, size_t size)
{
	uint8_t packet[MAX_MESSAGE] = { 0 }, nonce[12] = { 0 };
	const char *mac2;
	uint64_t counter;
	int n;

	switch (m[0]) {
	case INITIATION:
		if (len != INITIATION_LEN || !mac1_fits(m, len) || read_initiation(m))
			break;
		snprintf(said, size, "initiation mac2=%s", mac2_of(m, len));
		return INITIATION;
	case RESPONSE:
		n = len == RESPONSE_LEN && mac1_fits(m, len) ? read_response(m) : -1;
		if (n < 0)
			break;
		keep_mac1(m, len);
		mac2 = mac2_of(m, len);
		if (!strcmp(mac2, "no"))
			snprintf(said, size, "response %d", n);
		else
			snprintf(said, size, "response %d mac2=%s", n, mac2);
		return RESPONSE;
	case COOKIE:
		if (len != COOKIE_LEN || read_cookie(m))
			break;
		snprintf(said, size, "cookie");
		return COOKIE;
	case DATA:
		for (n = count - 1; n >= 0 && sessions[n].index != get32(m + 4); n--)
			;
		if (len < 32 || n < 0)
			break;
		memcpy(&counter, m + 8, 8);
		memcpy(nonce + 4, m + 8, 8);
		if (crypto_aead_chacha20poly1305_ietf_decrypt(packet, NULL, NULL, m + 16, len - 16,
							      NULL, 0, nonce,
							      sessions[n].receiving))
			break;
		snprintf(said, size, "data %d %llu %u", n, (unsigned long long)counter,
			 len == 32 ? 0 : (unsigned int)(packet[0] >> 4 == 4 ?
							packet[2] << 8 | packet[3] :
							40 + (packet[4] << 8 | packet[5])));
		return DATA;
	}
	snprintf(said, size, "invalid %u", m[0]);
	return 0;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void next(char **word)
{
	static const char *const names[] = { "", "initiation", "response", "cookie", "data" };
	struct pollfd p = { sock, POLLIN, 0 };
	long end = now_ms() + (word[0] ? atol(word[0]) : 0), left;
	char said[64] = "nothing";
	uint8_t m[MAX_MESSAGE];
	ssize_t n;
	int type;

	while ((left = end - now_ms()) >= 0 && poll(&p, 1, left) > 0) {
		n = recv(sock, m, sizeof(m), 0);
		if (n < 4)
			continue;
		type = read_message(m, n, said, sizeof(said));
		if (!word[0] || !word[1] || !strcmp(word[1], names[type]))
			break;
		strcpy(said, "nothing");
	}
	puts(said);
}

static void bind_to(int port, const char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int size = 4 << 20;

	if (sock > 0)
		close(sock);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	sa.sin_port = htons(port);
	if (address && inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		die(address);
	if (bind(sock, (void *)&sa, sizeof(sa)))
		die("cannot bind");
	own_port = port;
}

static void decode(uint8_t *key, const char *base64)
{
	if (!base64 || sodium_base642bin(key, 32, base64, strlen(base64), NULL, NULL, NULL,
					 sodium_base64_VARIANT_ORIGINAL))
		die("no key");
}

static void cookie_key_of(uint8_t *key, const uint8_t *public)
{
	uint8_t text[40] = "cookie--";

	memcpy(text + 8, public, 32);
	hash_of(key, 32, NULL, 0, text, sizeof(text));
}

/* What follows from both keys. */
static void derive(void)
{
	crypto_scalarmult_base(public_key, private_key);
	if (crypto_scalarmult(static_static, private_key, remote))
		die("a peer of low order");
	mac1_key_of(my_mac1_key, public_key);
	mac1_key_of(remote_mac1_key, remote);
	cookie_key_of(my_cookie_key, public_key);
	cookie_key_of(remote_cookie_key, remote);
}

static void obey(char **word)
{
	if (!strcmp(word[0], "initiate")) {
		initiate(word + 1);
	} else if (!strcmp(word[0], "again")) {
		transmit(initiation, INITIATION_LEN);
		puts("sent");
	} else if (!strcmp(word[0], "next")) {
		next(word + 1);
	} else if (!strcmp(word[0], "respond")) {
		respond(word + 1);
	} else if (!strcmp(word[0], "cookie")) {
		give_cookie(word + 1);
	} else if (!strcmp(word[0], "send")) {
		send_data(word + 1);
	} else if (!strcmp(word[0], "bind")) {
		bind_to(word[1] ? atoi(word[1]) : 0, word[2]);
		puts("bound");
	} else if (!strcmp(word[0], "key")) {
		decode(private_key, word[1]);
		derive();
		puts("key");
	} else if (!strcmp(word[0], "remote")) {
		decode(remote, word[1]);
		derive();
		puts("key");
	} else if (!strcmp(word[0], "psk")) {
		decode(psk, word[1]);
		puts("key");
	} else {
		die(word[0]);
	}
}

int main(int argc, char **argv)
{
	char line[256], *word[9], *at;
	size_t n;

	if (argc < 5 || sodium_init() < 0)
		die("wirepeer ADDRESS PORT KEY PEER [PSK]");
	peer.sin_family = AF_INET;
	peer.sin_port = htons(atoi(argv[2]));
	if (inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1)
		die(argv[1]);
	decode(remote, argv[4]);
	if (argc > 5)
		decode(psk, argv[5]);
	decode(private_key, argv[3]);
	derive();
	bind_to(51820, NULL);
	setlinebuf(stdout);
	/* In virtual time a page that is waited for takes minutes. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		memset(word, 0, sizeof(word));
		line[strcspn(line, "\n")] = '\0';
		for (at = strtok(line, " "); at && n < 8; at = strtok(NULL, " "))
			word[n++] = at;
		if (n)
			obey(word);
	}
	return 0;
}
