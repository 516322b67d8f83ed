// SPDX-License-Identifier: GPL-2.0
/*
 * inject NETDEV|-: sends packets that no honest host would send, one for each
 * line of stdin, out of a netdev without link layer, or (-) as routing has it:
 *
 * SOURCE DEST [ttl=N] [options=HEX] [header=PROTO:HEX] [piece=OFFSET[+][df]] WHAT
 * WHAT: udp PORT PORT [TEXT] | tcp PORT PORT FLAGS SEQUENCE ACK [TEXT] |
 *	icmp TYPE CODE [HEX] | PROTO [HEX]
 *
 * options are IPv4's; a header is IPv6's, its first byte of HEX replaced by the
 * protocol that follows. piece makes a fragment of it, + says that more follow,
 * df that IPv4 must not cut it further.
 * icmp is the family's; HEX begins behind type, code and checksum. A HEX may hold
 * @SOURCE>DEST/PORT>PORT as its end, which is the head of such a UDP packet.
 * Lengths and checksums are right. A line that is none ends the program with 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

enum {
	SIZE = 4096,
};

struct address {
	int family;
	size_t len;
	uint8_t bytes[16];
};

struct packet {
	struct address source, dest;
	uint8_t ttl;
	uint8_t extra[256];	/* IPv4 options or IPv6 headers */
	size_t extra_len;
	int first_proto;	/* of the first such header, or -1 */
	size_t next_at;		/* where the last of them names what follows */
	int piece;		/* in bytes, or -1 */
	bool more, df;
	uint8_t proto;
	uint8_t payload[SIZE];
	size_t len;
};

static int line_number;

static void die(const char *what)
{
	fprintf(stderr, "inject: line %d: %s\n", line_number, what);
	exit(1);
}

static char *need(char **at, const char *what)
{
	char *word = strsep(at, " ");

	if (!word || !*word)
		die(what);
	return word;
}

static struct address address(const char *text)
{
	struct address a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	a.len = a.family == AF_INET ? 4 : 16;
	if (inet_pton(a.family, text, a.bytes) != 1)
		die("address");
	return a;
}

static size_t hex(uint8_t *out, const char *text)
{
	unsigned int byte;
	size_t n = 0;

	for (; *text && *text != '@'; text += 2, n++) {
		if (sscanf(text, "%2x", &byte) != 1 || !text[1])
			die("hexadecimal digits");
		out[n] = byte;
	}
	return n;
}

static size_t ip(uint8_t *out, const struct packet *p, size_t len)
{
	if (p->source.family == AF_INET) {
		size_t head = 20 + p->extra_len;

		memset(out, 0, 20);
		out[0] = 0x40 | head / 4;
		put16(out + 2, head + len);
		put16(out + 4, 0x4242);
		if (p->piece >= 0)
			put16(out + 6, p->piece / 8 | (p->more ? 0x2000 : 0) |
				       (p->df ? 0x4000 : 0));
		out[8] = p->ttl;
		out[9] = p->proto;
		memcpy(out + 12, p->source.bytes, 4);
		memcpy(out + 16, p->dest.bytes, 4);
		memcpy(out + 20, p->extra, p->extra_len);
		put16(out + 10, fold(sum(out, head, 0)));
		return head;
	}
	memset(out, 0, 40);
	out[0] = 0x60;
	put16(out + 4, p->extra_len + len);
	out[6] = p->first_proto >= 0 ? p->first_proto : p->proto;
	out[7] = p->ttl;
	memcpy(out + 8, p->source.bytes, 16);
	memcpy(out + 24, p->dest.bytes, 16);
	memcpy(out + 40, p->extra, p->extra_len);
	if (p->first_proto >= 0)
		out[40 + p->next_at] = p->proto;
	return 40 + p->extra_len;
}

static void header(struct packet *p, int proto, const uint8_t *bytes, size_t len)
{
	if (p->first_proto < 0)
		p->first_proto = proto;
	else
		p->extra[p->next_at] = proto;
	p->next_at = p->extra_len;
	memcpy(p->extra + p->extra_len, bytes, len);
	p->extra_len += len;
}

static void piece(struct packet *p, const char *text)
{
	uint8_t fragment[8] = { 0 };

	p->piece = atoi(text);
	p->more = strchr(text, '+');
	p->df = strstr(text, "df");
	if (p->source.family == AF_INET)
		return;
	put16(fragment + 2, p->piece | p->more);
	put32(fragment + 4, 0x42424242);
	header(p, PROTO_FRAGMENT, fragment, sizeof(fragment));
}

/* "SOURCE>DEST/PORT>PORT" */
static size_t quoted(uint8_t *out, char *text)
{
	struct packet p = { .ttl = 60, .first_proto = -1, .piece = -1, .proto = PROTO_UDP };
	char *source = strsep(&text, ">"), *dest = strsep(&text, "/");
	char *from = strsep(&text, ">");
	size_t n;

	if (!text)
		die("the packet behind @");
	p.source = address(source);
	p.dest = address(dest);
	n = ip(out, &p, 8);
	memset(out + n, 0, 8);
	put16(out + n, atoi(from));
	put16(out + n + 2, atoi(text));
	put16(out + n + 4, 8);
	return n + 8;
}

static size_t data(uint8_t *out, char *text)
{
	size_t n = hex(out, text);
	char *at = strchr(text, '@');

	return at ? n + quoted(out + n, at + 1) : n;
}

/* Return: where the checksum is, or -1. */
static int upper(struct packet *p, char *rest)
{
	const char *what = need(&rest, "what to send");
	bool v4 = p->source.family == AF_INET;
	uint8_t *at = p->payload;
	bool ports = true;
	int sum_at = -1;

	if (!strcmp(what, "udp")) {
		p->proto = PROTO_UDP;
		put16(at, atoi(need(&rest, "source port")));
		put16(at + 2, atoi(need(&rest, "destination port")));
		p->len = 8;
	} else if (!strcmp(what, "tcp")) {
		p->proto = PROTO_TCP;
		put16(at, atoi(need(&rest, "source port")));
		put16(at + 2, atoi(need(&rest, "destination port")));
		at[12] = 0x50;
		at[13] = strtoul(need(&rest, "flags"), NULL, 0);
		put32(at + 4, strtoul(need(&rest, "sequence"), NULL, 0));
		put32(at + 8, strtoul(need(&rest, "acknowledged"), NULL, 0));
		put16(at + 14, 8192);
		p->len = 20;
	} else if (!strcmp(what, "icmp")) {
		p->proto = v4 ? PROTO_ICMP : PROTO_ICMPV6;
		at[0] = atoi(need(&rest, "type"));
		at[1] = atoi(need(&rest, "code"));
		p->len = 4 + (rest ? data(at + 4, rest) : 0);
		sum_at = 2;
	} else {
		p->proto = atoi(what);
		p->len = rest ? hex(at, rest) : 0;
		ports = false;
	}
	if (sum_at >= 0 || !ports)
		return sum_at;
	if (rest) {
		memcpy(at + p->len, rest, strlen(rest));
		p->len += strlen(rest);
	}
	if (p->proto == PROTO_UDP)
		put16(at + 4, p->len);
	return p->proto == PROTO_UDP ? 6 : 16;
}

static void checksum(struct packet *p, int at)
{
	uint32_t start = 0;

	if (at < 0)
		return;
	if (p->proto != PROTO_ICMP) {
		start = sum(p->source.bytes, p->source.len, p->proto + p->len);
		start = sum(p->dest.bytes, p->dest.len, start);
	}
	put16(p->payload + at, fold(sum(p->payload, p->len, start)));
}

static size_t build(uint8_t *out, char *line)
{
	struct packet p = { .ttl = 64, .first_proto = -1, .piece = -1 };
	uint8_t bytes[256];
	size_t n;

	p.source = address(need(&line, "source"));
	p.dest = address(need(&line, "destination"));
	while (line && strchr(line, '=') && strcspn(line, "=") < strcspn(line, " ")) {
		char *value = need(&line, "option"), *key = strsep(&value, "=");

		if (!strcmp(key, "ttl")) {
			p.ttl = atoi(value);
		} else if (!strcmp(key, "options")) {
			p.extra_len = hex(p.extra, value);
		} else if (!strcmp(key, "piece")) {
			piece(&p, value);
		} else if (!strcmp(key, "header")) {
			int proto = atoi(strsep(&value, ":"));

			n = hex(bytes, value);
			header(&p, proto, bytes, n);
		} else {
			die("unknown option");
		}
	}
	checksum(&p, upper(&p, line));
	n = ip(out, &p, p.len);
	memcpy(out + n, p.payload, p.len);
	return n + p.len;
}

static void by_netdev(const char *netdev, const uint8_t *packet, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(packet[0] >> 4 == 4 ? 0x0800 : 0x86dd),
		.sll_ifindex = if_nametoindex(netdev),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (sendto(fd, packet, len, 0, (void *)&to, sizeof(to)) < 0)
		die(strerror(errno));
	close(fd);
}

static void by_routing(const uint8_t *packet, size_t len)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	bool v4 = packet[0] >> 4 == 4;
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_RAW);

	memcpy(&to4.sin_addr, packet + 16, 4);
	memcpy(&to6.sin6_addr, packet + 24, 16);
	if (sendto(fd, packet, len, 0, v4 ? (void *)&to4 : (void *)&to6,
		   v4 ? sizeof(to4) : sizeof(to6)) < 0)
		die(strerror(errno));
	close(fd);
}

int main(int argc, char **argv)
{
	uint8_t packet[2 * SIZE];
	char line[SIZE];
	size_t len;

	if (argc != 2) {
		fprintf(stderr, "inject NETDEV|- <PACKETS\n");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		line_number++;
		line[strcspn(line, "\n")] = '\0';
		len = build(packet, line);
		if (!strcmp(argv[1], "-"))
			by_routing(packet, len);
		else
			by_netdev(argv[1], packet, len);
	}
	return 0;
}
