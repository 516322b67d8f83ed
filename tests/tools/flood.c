// SPDX-License-Identifier: GPL-2.0
/*
 * flood KIND NETDEV MAC ADDRESS PORT RATE SECONDS FILE: send handshake messages,
 * RATE a second, out of NETDEV to ADDRESS behind MAC. All are made beforehand,
 * and sent by one system call for many, so that sending is cheap. Each comes from
 * another source, but for `proven`. Prints how many were sent, and how many that
 * was a second. Ends before its time at SIGTERM. KIND is
 *	garbage   bytes of no type of message
 *	bad-mac1  initiations of random bytes
 *	spoofed   the same with a valid mac1; FILE holds the receiver's public key
 *	proven    the same from this host, with a valid mac2, too
 *	replayed  the genuine initiation that is in FILE
 *	cookie    cookie replies to the index in FILE, which holds a data message
 * flood sink PORT: a UDP socket that drops what it gets at once, in the kernel.
 * flood capture NETDEV TYPE FILE: the next message of that type to go in there.
 */
#include <arpa/inet.h>
#include <blake2.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAMES = 2048,
	BATCH = 64,
	PAUSE_NS = 1000000,
	INITIATION_LEN = 148,
	COOKIE_LEN = 64,
	COOKIE_SEALED_AT = 32,
	NONCE_LEN = 24,
	KEY_LEN = 32,
	MAC_LEN = 16,
	MAC1_AT = INITIATION_LEN - 2 * MAC_LEN,
	MAC2_AT = INITIATION_LEN - MAC_LEN,
};

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t message[INITIATION_LEN];
} __attribute__((packed));

static struct frame frames[FRAMES];
static size_t message_len = INITIATION_LEN;
static bool spoofs = true;

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fill_random(void *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		die("getrandom");
}

static size_t read_file(const char *path, void *out, size_t len)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(out, 1, len, f) : 0;

	if (!n)
		die(path);
	fclose(f);
	return n;
}

/* A key that is made of the receiver's public key. */
static void derive(uint8_t key[KEY_LEN], const char *label, const char *path)
{
	uint8_t text[8 + KEY_LEN];

	memcpy(text, label, 8);
	if (read_file(path, text + 8, KEY_LEN) != KEY_LEN)
		die(path);
	blake2s(key, text, NULL, KEY_LEN, sizeof(text), 0);
}

static void put_mac1(uint8_t *message, const uint8_t key[KEY_LEN])
{
	blake2s(message + MAC1_AT, message, key, MAC_LEN, MAC1_AT, KEY_LEN);
	memset(message + MAC2_AT, 0, MAC_LEN);
}

static void make_messages(const char *kind, const char *path)
{
	int with_mac1 = !strcmp(kind, "spoofed") || !strcmp(kind, "proven"), i;
	uint8_t key[KEY_LEN], genuine[INITIATION_LEN];

	if (with_mac1)
		derive(key, "mac1----", path);
	else if (!strcmp(kind, "replayed") || !strcmp(kind, "cookie"))
		read_file(path, genuine, sizeof(genuine));
	if (!strcmp(kind, "cookie"))
		message_len = COOKIE_LEN;
	for (i = 0; i < FRAMES; i++) {
		uint8_t *message = frames[i].message;
		uint32_t type = !strcmp(kind, "garbage") ? 0x55aa55aa :
				!strcmp(kind, "cookie") ? 3 : 1;

		fill_random(message, message_len);
		memcpy(message, &type, sizeof(type)); /* little endian, as x86 is */
		memcpy(message + 4, &i, sizeof(i)); /* the sender's index */
		if (with_mac1)
			put_mac1(message, key);
		else if (!strcmp(kind, "replayed"))
			memcpy(message, genuine, INITIATION_LEN);
		else if (!strcmp(kind, "cookie"))
			memcpy(message + 4, genuine + 4, 4);
	}
}

/* RFC 1071 */
static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (; len; len -= 2)
		sum += *words++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void make_headers(const char *netdev, const char *mac, const char *host, const char *port)
{
	struct in_addr to;
	FILE *f;
	int i;
	uint8_t own[ETH_ALEN], other[ETH_ALEN];
	char path[128];
	static const char mac_format[] = "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx";

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", netdev);
	f = fopen(path, "r");
	if (!f || fscanf(f, mac_format, own, own + 1, own + 2, own + 3, own + 4, own + 5) != 6)
		die(path);
	fclose(f);
	if (sscanf(mac, mac_format, other, other + 1, other + 2, other + 3, other + 4,
		   other + 5) != 6 || inet_pton(AF_INET, host, &to) != 1)
		die(mac);

	for (i = 0; i < FRAMES; i++) {
		struct frame *frame = &frames[i];
		uint32_t source;

		fill_random(&source, sizeof(source));
		memcpy(frame->eth.h_dest, other, ETH_ALEN);
		memcpy(frame->eth.h_source, own, ETH_ALEN);
		frame->eth.h_proto = htons(ETHERTYPE_IP);
		frame->ip = (struct iphdr){
			.version = 4,
			.ihl = 5,
			.tot_len = htons(sizeof(frame->ip) + sizeof(frame->udp) + message_len),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			/* 45.0.0.0/8 */
			.saddr = htonl(45u << 24 | (source & 0xffffff)),
			.daddr = to.s_addr,
		};
		frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
		/* No checksum of the whole, as IPv4 allows. */
		frame->udp.source = htons(1024 + i);
		frame->udp.dest = htons(atoi(port));
		frame->udp.len = htons(sizeof(frame->udp) + message_len);
	}
}

/* The next round of the frames comes from others than this one. */
static void change_source(struct frame *frame)
{
	uint32_t source = ntohl(frame->ip.saddr) * 1664525 + 1013904223;

	frame->ip.saddr = htonl(45u << 24 | (source & 0xffffff));
	frame->ip.check = 0;
	frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
}

static int open_netdev(const char *netdev, int protocol)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(netdev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(protocol)), one = 1;

	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)))
		die(netdev);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned long post(int fd, unsigned long sent, unsigned int count)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	unsigned int i;
	int n;

	for (i = 0; i < count; i++) {
		parts[i].iov_base = &frames[(sent + i) % FRAMES];
		parts[i].iov_len = offsetof(struct frame, message) + message_len;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(fd, messages, count, 0);
	if (n < 0 && errno != ENOBUFS)
		die("sendmmsg");
	for (i = 0; spoofs && n > 0 && i < (unsigned int)n; i++)
		change_source(&frames[(sent + i) % FRAMES]);
	return n < 0 ? 0 : n;
}

#define unseal crypto_aead_xchacha20poly1305_ietf_decrypt

static unsigned long sent_before;

/* Sends the messages to whom the frames are for: one is answered by a cookie. */
static int get_cookie(int fd, uint8_t cookie[MAC_LEN], const char *path)
{
	uint8_t reply[2 * COOKIE_LEN], *sealed = reply + COOKIE_SEALED_AT, key[KEY_LEN], *mac1;
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	unsigned long long len;
	uint32_t type, index;
	int i, n;

	derive(key, "cookie--", path);
	for (i = 0; i < FRAMES; i++) {
		sent_before += send(fd, frames[i].message, message_len, 0) > 0;
		/* Or the receiver's backlog overflows, uncounted. */
		if (i % BATCH == BATCH - 1)
			nanosleep(&pause, NULL);
	}
	while ((n = recv(fd, reply, sizeof(reply), 0)) > 0) {
		memcpy(&type, reply, sizeof(type));
		memcpy(&index, reply + 4, sizeof(index));
		if (n != COOKIE_LEN || type != 3 || index >= FRAMES)
			continue;
		mac1 = frames[index].message + MAC1_AT;
		if (!unseal(cookie, &len, NULL, sealed, COOKIE_LEN - COOKIE_SEALED_AT, mac1,
			    MAC_LEN, sealed - NONCE_LEN, key))
			return 0;
	}
	return -1;
}

/* From now on all frames come from here, and prove it. */
static void prove(const char *path)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = frames[0].udp.dest,
		.sin_addr.s_addr = frames[0].ip.daddr,
	}, own;
	struct timeval timeout = { .tv_usec = 200000 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;
	socklen_t len = sizeof(own);
	uint8_t cookie[MAC_LEN];

	spoofs = false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (void *)&to, sizeof(to)) || getsockname(fd, (void *)&own, &len) ||
	    get_cookie(fd, cookie, path))
		die("no cookie");
	for (i = 0; i < FRAMES; i++) {
		struct frame *frame = &frames[i];

		frame->ip.saddr = own.sin_addr.s_addr;
		frame->ip.check = 0;
		frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
		frame->udp.source = own.sin_port;
		blake2s(frame->message + MAC2_AT, frame->message, cookie, MAC_LEN, MAC2_AT,
			MAC_LEN);
	}
}

static atomic_bool stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = true;
}

/* The network does not wait for the processor that it floods. */
static void go_first(void)
{
	struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &first) || mlockall(MCL_CURRENT))
		die("sched_setscheduler");
}

static void flood(const char *netdev, double rate, double seconds)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int fd = open_netdev(netdev, 0);
	unsigned long sent = 0, due;
	double begin = now(), t;

	signal(SIGTERM, stop);
	while ((t = now() - begin) < seconds && !stopped) {
		due = t * rate;
		while (sent < due)
			sent += post(fd, sent, due - sent < BATCH ? due - sent : BATCH);
		nanosleep(&pause, NULL);
	}
	printf("%lu %.0f\n", sent + sent_before, sent / t);
}

static void sink(const char *port)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    bind(fd, (void *)&address, sizeof(address)))
		die(port);
	pause();
}

static void capture(const char *netdev, const char *type, const char *path)
{
	int fd = open_netdev(netdev, ETHERTYPE_IP);
	struct frame frame;
	FILE *f;

	do {
		if (recv(fd, &frame, sizeof(frame), 0) < 0)
			die(netdev);
	} while (frame.ip.protocol != IPPROTO_UDP || frame.message[0] != atoi(type) ||
		 frame.message[1] || frame.message[2] || frame.message[3]);
	f = fopen(path, "w");
	if (!f || fwrite(frame.message, sizeof(frame.message), 1, f) != 1 || fclose(f))
		die(path);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "sink")) {
		sink(argv[2]);
	} else if (argc == 5 && !strcmp(argv[1], "capture")) {
		capture(argv[2], argv[3], argv[4]);
	} else if (argc == 9) {
		make_messages(argv[1], argv[8]);
		make_headers(argv[2], argv[3], argv[4], argv[5]);
		if (!strcmp(argv[1], "proven"))
			prove(argv[8]);
		go_first();
		flood(argv[2], atof(argv[6]), atof(argv[7]));
	} else {
		fprintf(stderr, "flood KIND NETDEV MAC ADDRESS PORT RATE SECONDS FILE\n"
				"flood sink PORT | flood capture NETDEV TYPE FILE\n");
		return 1;
	}
	return 0;
}
