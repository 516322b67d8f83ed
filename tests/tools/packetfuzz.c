// SPDX-License-Identifier: GPL-2.0
/*
 * packetfuzz [-m] NETDEV[/MAC] COUNT SEED SOURCES DESTS PORTS: sends COUNT packets by
 * IPv4 and IPv6, right ones and such as are wrong in every way that we could think
 * of, and prints how many it has sent, without those that the netdev refused. The
 * same SEED makes the same packets.
 *
 * NETDEV has no link layer, unless MAC says whose Ethernet address it leads to.
 * SOURCES and DESTS are addresses, or networks of which any address will do, joined
 * by commas; who is to be taken more often is named more often. PORTS are those
 * that most packets are from and to.
 *
 * With -m all are as a NIC hands them up that has merged several: each is three by
 * the wire, with a checksum that is still to be made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "packet.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	ETHER = 14,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	SIZE = 16384,
	MAX_MTU = 1500,
	MAX_MERGED = 4000,
	MAX_NAMED = 64,		/* addresses or ports on the command line */
	MAX_WAITING = 64,	/* pieces that others may overtake */
	MAX_DEPTH = 3,		/* of errors that quote errors */
	BATCH = 32,
	MORE4 = 0x2000,
	DONT = 0x4000,
};

struct net {
	int family;
	uint8_t bytes[16];
	unsigned int prefix;
};

struct nets {
	struct net net[MAX_NAMED];
	unsigned int count;
};

struct ends {
	int family;
	size_t len;		/* of an address */
	uint8_t source[16];
	uint8_t dest[16];
};

struct frame {
	struct virtio_net_hdr merged;
	uint8_t bytes[ETHER + MAX_MERGED];
	size_t len;
};

static uint64_t state;
static struct nets sources, dests;
static unsigned int ports[MAX_NAMED], num_ports;
static uint8_t mac[6];
static bool ethernet, merged;
static int sock;
static struct sockaddr_ll to = { .sll_family = AF_PACKET };
static unsigned int mtu;
static unsigned long left, sent, refused;
static struct frame waiting[MAX_WAITING], batch[BATCH];
static unsigned int num_waiting, num_batch;

static void die(const char *what)
{
	fprintf(stderr, "packetfuzz: %s\n", what);
	exit(1);
}

/* splitmix64 */
static uint64_t any(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int below(unsigned int n)
{
	return any() % n;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

static void fill(uint8_t *at, size_t len)
{
	while (len--)
		*at++ = any();
}

static bool has_family(const struct nets *nets, int family)
{
	for (unsigned int i = 0; i < nets->count; i++)
		if (nets->net[i].family == family)
			return true;
	return false;
}

static void pick(const struct nets *nets, int family, uint8_t *address)
{
	const struct net *net;

	do {
		net = &nets->net[below(nets->count)];
	} while (net->family != family);
	memcpy(address, net->bytes, sizeof(net->bytes));
	for (unsigned int bit = net->prefix; bit < (family == AF_INET ? 32 : 128); bit++)
		if (one_in(2))
			address[bit / 8] ^= 0x80 >> bit % 8;
}

static unsigned int port(void)
{
	return one_in(4) ? below(65536) : ports[below(num_ports)];
}

static uint32_t pseudo(const struct ends *ends, uint8_t proto, size_t len)
{
	return sum(ends->dest, ends->len, sum(ends->source, ends->len, proto + len));
}

/* Most are small: there is more to be wrong about headers. */
static size_t payload(void)
{
	static const unsigned int sizes[] = { 1, 9, 64, 64, 256, 1200, MAX_MTU, 4000 };

	return below(sizes[below(ARRAY_SIZE(sizes))]);
}

static size_t packet(uint8_t *out, const struct ends *ends, int depth);

/* An ICMP error and what it is about, which came from where the error goes to. */
static size_t error(uint8_t *out, const struct ends *ends, int depth)
{
	static const uint8_t types[] = { 1, 2, 3, 3, 3, 4, 11, 11, 12 };
	struct ends back = { .family = ends->family, .len = ends->len };
	uint8_t quote[SIZE];
	size_t len;

	memcpy(back.source, ends->dest, sizeof(back.source));
	memcpy(back.dest, ends->source, sizeof(back.dest));
	if (one_in(8))
		pick(&sources, back.family, back.source);
	out[0] = one_in(8) ? below(256) : types[below(ARRAY_SIZE(types))];
	out[1] = below(one_in(4) ? 256 : 6);
	memset(out + 4, 0, 4);
	if (one_in(2))
		put16(out + 6, below(2000));
	/* The length of the quote (RFC 4884), or a lie about it. */
	if (one_in(4))
		out[ends->family == AF_INET ? 5 : 4] = below(64);
	len = packet(quote, &back, depth + 1);
	if (one_in(2))
		len = below(len + 1);
	else if (len > 548)
		len = 548;
	memcpy(out + 8, quote, len);
	return 8 + len;
}

/* Return: the length; where a checksum stands, if any, goes to @check. */
static size_t upper(uint8_t *out, const struct ends *ends, uint8_t *proto, int *check, int depth)
{
	static const uint8_t protos[] = {
		6, 6, 6, 17, 17, 17, 17, 132, 132, 47, 47, 50, 51, 136, 33, 2, 4, 41, 59, 255, 0, 43,
	};
	uint8_t icmp = ends->family == AF_INET ? PROTO_ICMP : PROTO_ICMPV6;
	size_t len = 8 + payload();

	fill(out, len);
	*check = -1;
	*proto = one_in(4) ? icmp : protos[below(ARRAY_SIZE(protos))];
	put16(out, port());
	put16(out + 2, port());
	if (*proto == icmp) {
		*check = 2;
		if (depth < MAX_DEPTH && !one_in(3))
			return error(out, ends, depth);
		out[0] = one_in(4) ? below(256) : icmp == PROTO_ICMP ? 8 * below(2) : 128 + below(2);
		out[1] = 0;
	} else if (*proto == PROTO_TCP) {
		*check = 16;
		if (len < 20)
			fill(out + 8, 12), len = 20;
		/* SYN with a list of options, the MSS first. */
		out[12] = (one_in(4) ? below(16) : len >= 24 ? 6 : 5) << 4;
		out[13] = one_in(2) ? 2 : below(64);
		if (len >= 24 && !one_in(4)) {
			put16(out + 20, 0x0204);
			put16(out + 22, below(one_in(2) ? 65536 : 1500));
		}
	} else if (*proto == PROTO_UDP || *proto == 136) {
		*check = 6;
		put16(out + 4, len);
	} else if (*proto == 47) {
		put16(out, one_in(2) ? 0 : 0xb000);
	}
	return len;
}

static void checksum(uint8_t *at, size_t len, const struct ends *ends, uint8_t proto, int check)
{
	if (check < 0 || len < (size_t)check + 2 || one_in(8))
		return;
	put16(at + check, 0);
	/* UDP may have none. */
	if (proto == PROTO_UDP && one_in(8))
		return;
	put16(at + check, fold(sum(at, len, proto == PROTO_ICMP ? 0 : pseudo(ends, proto, len))));
}

/* IPv4 options, a multiple of four bytes. */
static size_t options(uint8_t *out)
{
	static const uint8_t kinds[] = { 7, 68, 130, 131, 137, 148, 1, 0 };
	size_t len = 4 * below(11), at = 0, n;

	if (!one_in(6))
		return 0;
	if (one_in(3)) {
		fill(out, len);
		return len;
	}
	memset(out, 0, len);
	while (at + 3 < len) {
		out[at] = kinds[below(ARRAY_SIZE(kinds))];
		if (out[at] < 2) {
			at++;
			continue;
		}
		n = 3 + below(len - at - 2);
		out[at + 1] = n;
		out[at + 2] = 4 + below(8);
		at += n;
	}
	return len;
}

static void finish4(uint8_t *ip)
{
	size_t head = (ip[0] & 15) * 4;

	put16(ip + 10, 0);
	put16(ip + 10, fold(sum(ip, head, 0)));
}

static size_t header4(uint8_t *out, const struct ends *ends, uint8_t proto, size_t len,
		      unsigned int id, unsigned int flags)
{
	size_t head = 20 + options(out + 20);

	out[0] = 0x40 | head / 4;
	out[1] = below(4);
	put16(out + 2, head + len);
	put16(out + 4, id);
	put16(out + 6, flags);
	out[8] = one_in(16) ? below(3) : 64;
	out[9] = proto;
	memcpy(out + 12, ends->source, 4);
	memcpy(out + 16, ends->dest, 4);
	finish4(out);
	return head;
}

/* Puts headers before the upper one. Return: their length; @proto is of the first. */
static size_t extensions(uint8_t *out, uint8_t *proto)
{
	static const uint8_t kinds[] = { 0, 60, 43, 60, 44, 51, 0, 135, 139 };
	unsigned int count = one_in(4) ? 1 + below(4) : 0, n;
	uint8_t first = *proto, kind;
	size_t len = 0, next = 0;

	while (count--) {
		kind = kinds[below(ARRAY_SIZE(kinds))];
		n = kind == PROTO_FRAGMENT || !one_in(3) ? 0 : below(4);
		memset(out + len, 0, 8 + 8 * n);
		if (one_in(8))
			fill(out + len, 8 + 8 * n);
		out[len + 1] = one_in(16) ? below(256) : n;
		if (kind == 43 && one_in(2))
			out[len + 3] = below(3);
		if (kind == 0 || kind == 60) /* one option that pads */
			put16(out + len + 2, 0x0104 + 8 * (n > 31 ? 31 : n));
		if (kind == PROTO_FRAGMENT && one_in(2))
			put16(out + len + 2, below(65536));
		if (!len)
			first = kind;
		else
			out[next] = kind;
		next = len;
		len += 8 + 8 * n;
	}
	if (len)
		out[next] = *proto;
	*proto = first;
	return len;
}

static size_t header6(uint8_t *out, const struct ends *ends, uint8_t proto, size_t len)
{
	put32(out, 0x60000000 | below(256));
	put16(out + 4, len);
	out[6] = proto;
	out[7] = one_in(16) ? below(3) : 64;
	memcpy(out + 8, ends->source, 16);
	memcpy(out + 24, ends->dest, 16);
	return 40;
}

/* What IP carries, behind the headers that go with each piece. */
static size_t body(uint8_t *out, const struct ends *ends, uint8_t *proto, int depth)
{
	uint8_t upper_proto;
	uint8_t data[SIZE];
	size_t len, head;
	int check;

	len = upper(data, ends, &upper_proto, &check, depth);
	checksum(data, len, ends, upper_proto, check);
	*proto = upper_proto;
	head = ends->family == AF_INET6 ? extensions(out, proto) : 0;
	memcpy(out + head, data, len);
	return head + len;
}

static size_t packet(uint8_t *out, const struct ends *ends, int depth)
{
	uint8_t data[SIZE];
	size_t len, head;
	uint8_t proto;

	len = body(data, ends, &proto, depth);
	if (ends->family == AF_INET)
		head = header4(out, ends, proto, len, any(), one_in(2) ? DONT : 0);
	else
		head = header6(out, ends, proto, len);
	memcpy(out + head, data, len);
	return head + len;
}

static void lie(uint8_t *ip, size_t *len)
{
	unsigned int i;

	switch (below(8)) {
	case 0:
	case 1:
		for (i = 1 + below(8); i; i--)
			ip[below(*len)] ^= 1 + below(255);
		break;
	case 2:
		for (i = 1 + below(4); i; i--)
			ip[below(*len < 60 ? *len : 60)] = any();
		break;
	case 3:
		*len = 1 + below(*len);
		break;
	case 4: /* padding that is not there for the length */
		i = 1 + below(64);
		if (*len + i > mtu)
			i = mtu - *len;
		fill(ip + *len, i);
		*len += i;
		break;
	case 5:
		if (*len >= 6)
			put16(ip + (ip[0] >> 4 == 4 ? 2 : 4), one_in(2) ? below(65536) : *len - below(48));
		break;
	case 6:
		ip[0] = one_in(2) ? any() : (ip[0] & 0xf0) | below(16);
		break;
	default:
		if (*len >= 8)
			put16(ip + 6, any());
		break;
	}
	/* Or its checksum would be all that is seen to be wrong. */
	if (*len >= 60 && ip[0] >> 4 == 4 && !one_in(4))
		finish4(ip);
}

static void flush(void)
{
	struct sockaddr_ll name[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH][2];
	unsigned int i, done = 0;
	int n;

	for (i = 0; i < num_batch; i++) {
		const uint8_t *ip = batch[i].bytes + ETHER;

		parts[i][0].iov_base = &batch[i].merged;
		parts[i][0].iov_len = sizeof(batch[i].merged);
		parts[i][1].iov_base = batch[i].bytes + (ethernet ? 0 : ETHER);
		parts[i][1].iov_len = batch[i].len - (ethernet ? 0 : ETHER);
		name[i] = to;
		name[i].sll_protocol = htons(*ip >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
		messages[i].msg_hdr.msg_iov = parts[i] + !merged;
		messages[i].msg_hdr.msg_iovlen = 1 + merged;
		messages[i].msg_hdr.msg_name = &name[i];
		messages[i].msg_hdr.msg_namelen = sizeof(name[i]);
	}
	while (done < num_batch) {
		n = sendmmsg(sock, messages + done, num_batch - done, 0);
		if (n < 0 && (errno == ENOBUFS || errno == EINTR))
			continue;
		if (n > 0) {
			sent += n;
		} else {
			/*
			 * WireGuard takes nothing that does not look like IP, and nobody
			 * what is too short for its checksum.
			 */
			n = 1;
			left++;
			if (++refused > sent + 1000)
				die(strerror(errno));
		}
		done += n;
	}
	num_batch = 0;
}

static void ether(struct frame *frame)
{
	static const uint8_t other[][6] = {
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 1, 0, 0x5e, 0, 0, 1 }, { 2, 0, 0, 0, 0, 9 },
	};
	unsigned int type = frame->bytes[ETHER] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;

	if (one_in(64))
		type = one_in(2) ? 0x8100 : type ^ ETHERTYPE_IPV4 ^ ETHERTYPE_IPV6;
	memcpy(frame->bytes, one_in(64) ? other[below(3)] : mac, 6);
	memcpy(frame->bytes + 6, "\2\0\0\0\0\1", 6);
	put16(frame->bytes + 12, type);
}

static void post(struct frame *frame)
{
	size_t len = frame->len - ETHER;

	if (!left)
		return;
	left--;
	if (one_in(3))
		lie(frame->bytes + ETHER, &len);
	/* Headers that may be as long as packets would leave open how many it was. */
	if (merged && len > 6 && frame->bytes[ETHER] >> 4 == 6)
		frame->bytes[ETHER + 6] = PROTO_TCP;
	frame->len = ETHER + len;
	ether(frame);
	batch[num_batch++] = *frame;
	if (num_batch == BATCH)
		flush();
}

static void queue_frame(const struct frame *frame)
{
	unsigned int i;

	if (num_waiting < MAX_WAITING) {
		waiting[num_waiting++] = *frame;
		return;
	}
	i = below(MAX_WAITING);
	post(&waiting[i]);
	waiting[i] = *frame;
}

/* @at: what begins with an IP header. What the netdev has no room for is cut off. */
static void queue(const uint8_t *at, size_t len)
{
	struct frame frame = { 0 };

	if (len > mtu)
		len = mtu;
	memcpy(frame.bytes + ETHER, at, len);
	frame.len = ETHER + len;
	queue_frame(&frame);
}

static void piece(const struct ends *ends, uint8_t proto, const uint8_t *data, size_t from,
		  size_t len, bool more, uint32_t id)
{
	uint8_t out[SIZE + 128], fragment[8] = { 0 };
	unsigned int at = from / 8;
	size_t head;

	/* Beyond the end of what can be. */
	if (one_in(256))
		at = 8191 - below(64);
	if (ends->family == AF_INET) {
		head = header4(out, ends, proto, len, id, (at & 0x1fff) | (more ? MORE4 : 0));
	} else {
		fragment[0] = proto;
		put16(fragment + 2, at << 3 | more);
		put32(fragment + 4, id);
		proto = PROTO_FRAGMENT;
		head = header6(out, ends, proto, 0);
		head += extensions(out + head, &proto);
		out[6] = proto;
		put16(out + 4, head - 40 + sizeof(fragment) + len);
		memcpy(out + head, fragment, sizeof(fragment));
		head += sizeof(fragment);
	}
	memcpy(out + head, data + from, len);
	queue(out, head + len);
}

/* Pieces that meet, or overlap, or leave a gap; the queue mixes them up. */
static void pieces(const struct ends *ends, const uint8_t *data, size_t len, uint8_t proto)
{
	unsigned int size = 8 * (1 + below(one_in(2) ? 8 : 150)), count = 0;
	bool honest = !one_in(3);
	uint32_t id = any();
	size_t at, n;

	for (at = 0; at < len && count < 40; at += size, count++) {
		n = len - at > size ? size : len - at;
		if (!honest && one_in(8))
			continue;
		piece(ends, proto, data, at, n, at + n < len, id);
		if (honest || !one_in(4))
			continue;
		/* The same once more, or more of it. */
		if (at && one_in(2))
			piece(ends, proto, data, at - 8, n, at + n - 8 < len, id);
		else
			piece(ends, proto, data, at, n, one_in(4) ? one_in(2) : at + n < len, id);
	}
}

/*
 * Two packets and a half of one connection: three, however long the header is
 * said to be.
 */
static void make_merged(const struct ends *ends)
{
	unsigned int size = 600 + 2 * below(400), head;
	bool v4 = ends->family == AF_INET;
	uint8_t data[SIZE];
	struct frame frame = { 0 };
	uint8_t *ip = frame.bytes + ETHER;
	size_t len;

	len = 20 + size * 5 / 2;
	fill(data, len);
	put16(data, port());
	put16(data + 2, port());
	data[12] = 5 << 4;
	data[13] = 0x10;
	put16(data + 16, (uint16_t)~fold(pseudo(ends, PROTO_TCP, len)));
	frame.merged.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame.merged.gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	frame.merged.gso_size = size;
	if (v4)
		head = header4(ip, ends, PROTO_TCP, len, any(), DONT);
	else
		head = header6(ip, ends, PROTO_TCP, len);
	frame.merged.hdr_len = ETHER + head + 20;
	frame.merged.csum_start = ETHER + head;
	frame.merged.csum_offset = 16;
	memcpy(ip + head, data, len);
	frame.len = ETHER + head + len;
	queue_frame(&frame);
}

static void make_one(void)
{
	bool v4 = has_family(&sources, AF_INET) && has_family(&dests, AF_INET);
	bool v6 = has_family(&sources, AF_INET6) && has_family(&dests, AF_INET6);
	struct ends ends = { 0 };
	uint8_t data[SIZE];
	uint8_t proto;
	size_t len;

	if (!v4 && !v6)
		die("no source and destination are of one family");
	ends.family = v4 && (!v6 || one_in(2)) ? AF_INET : AF_INET6;
	ends.len = ends.family == AF_INET ? 4 : 16;
	pick(&sources, ends.family, ends.source);
	pick(&dests, ends.family, ends.dest);
	if (merged) {
		make_merged(&ends);
	} else if (one_in(8)) {
		len = body(data, &ends, &proto, 0);
		pieces(&ends, data, len, proto);
	} else {
		len = packet(data, &ends, 0);
		queue(data, len);
	}
}

static void read_nets(struct nets *nets, char *text)
{
	char *word, *prefix;
	struct net *net;

	while ((word = strsep(&text, ","))) {
		if (nets->count == MAX_NAMED)
			die("too many addresses");
		net = &nets->net[nets->count++];
		prefix = word;
		strsep(&prefix, "/");
		net->family = strchr(word, ':') ? AF_INET6 : AF_INET;
		net->prefix = prefix ? atoi(prefix) : net->family == AF_INET ? 32 : 128;
		if (inet_pton(net->family, word, net->bytes) != 1)
			die(word);
	}
}

static void read_ports(char *text)
{
	char *word;

	while ((word = strsep(&text, ",")) && num_ports < MAX_NAMED)
		ports[num_ports++] = atoi(word);
}

static void open_netdev(char *name)
{
	char *address = name;
	struct ifreq request = { 0 };

	strsep(&address, "/");
	ethernet = address;
	if (ethernet && sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
			       &mac[3], &mac[4], &mac[5]) != 6)
		die(address);
	sock = socket(AF_PACKET, SOCK_RAW, 0);
	to.sll_ifindex = if_nametoindex(name);
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (sock < 0 || !to.sll_ifindex || ioctl(sock, SIOCGIFMTU, &request))
		die(name);
	mtu = request.ifr_mtu < MAX_MTU ? request.ifr_mtu : MAX_MTU;
	if (!merged)
		return;
	mtu = MAX_MERGED;
	if (setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &(int){ 1 }, sizeof(int)))
		die("PACKET_VNET_HDR");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-m")) {
		merged = true;
		argv++;
		argc--;
	}
	if (argc != 7) {
		fprintf(stderr, "packetfuzz [-m] NETDEV[/MAC] COUNT SEED SOURCES DESTS PORTS\n");
		return 1;
	}
	open_netdev(argv[1]);
	left = strtoul(argv[2], NULL, 0);
	state = strtoul(argv[3], NULL, 0);
	read_nets(&sources, argv[4]);
	read_nets(&dests, argv[5]);
	read_ports(argv[6]);
	while (left) {
		while (left > num_waiting)
			make_one();
		while (left && num_waiting)
			post(&waiting[--num_waiting]);
		flush();
	}
	printf("%lu\n", sent);
	return 0;
}
