/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of the netlink contract with made-up contents: small numbers stand
 * for keys, ports and networks. Included once by each tool that sends some.
 */
#ifndef KRELAY_TESTS_CONTRACT_H
#define KRELAY_TESTS_CONTRACT_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/krelay.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The device that messages are for, and the number of the family. */
static const char *device = "fail0";
static int family;
/* The first peer dials by itself, which costs a slow kernel much time. */
static bool dial;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(2);
}

static void check(bool good, const char *what)
{
	if (!good)
		die(what);
}

static inline struct nl_msg *request(enum krelay_cmd cmd, int flags)
{
	struct nl_msg *message = nlmsg_alloc_size(8192);

	check(message && genlmsg_put(message, 0, 0, family, 0, NLM_F_REQUEST | flags, cmd,
				     KRELAY_GENL_VERSION), "request");
	nla_put_string(message, KRELAY_A_IFNAME, device);
	return message;
}

static inline struct nl_msg *get(enum krelay_cmd cmd)
{
	return request(cmd, cmd == KRELAY_CMD_DEVICE_GET ? NLM_F_ACK : NLM_F_DUMP);
}

static void put_key(struct nl_msg *message, int type, unsigned char number)
{
	unsigned char key[KRELAY_KEY_LEN] = { 8, number };

	key[KRELAY_KEY_LEN - 1] = 64;
	nla_put(message, type, sizeof(key), key);
}

static inline struct nl_msg *device_set(unsigned char key, uint16_t port, uint32_t mark, int publics)
{
	struct nl_msg *message = request(KRELAY_CMD_DEVICE_SET, NLM_F_ACK);
	struct nlattr *nest = nla_nest_start(message, KRELAY_A_DEVICE), *list;
	char name[IFNAMSIZ];
	int i;

	put_key(message, KRELAY_DEVICE_A_PRIVATE_KEY, key);
	nla_put_u16(message, KRELAY_DEVICE_A_LISTEN_PORT, port);
	nla_put_u32(message, KRELAY_DEVICE_A_FWMARK, mark);
	list = nla_nest_start(message, KRELAY_DEVICE_A_PUBLICS);
	for (i = 0; i < publics; i++) {
		sprintf(name, "pub%d", i);
		nla_put_string(message, KRELAY_DEVICE_A_PUBLIC, name);
	}
	nla_nest_end_keep_empty(message, list);
	nla_nest_end(message, nest);
	return message;
}

static void put_allowedip(struct nl_msg *message, int ip_family, const char *text, uint8_t prefix)
{
	struct nlattr *nest = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIP);
	unsigned char address[16];

	inet_pton(ip_family, text, address);
	nla_put(message, KRELAY_ALLOWEDIP_A_ADDRESS, ip_family == AF_INET ? 4 : 16, address);
	nla_put_u8(message, KRELAY_ALLOWEDIP_A_PREFIX, prefix);
	nla_nest_end(message, nest);
}

/* 10.@net.0.0/16, networks in it that make the trie fork, and the same in IPv6. */
static void put_allowedips(struct nl_msg *message, unsigned int net)
{
	struct nlattr *list = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIPS);
	static const unsigned char third[] = { 2, 128, 129 };
	char text[64];
	size_t i;

	sprintf(text, "10.%u.0.0", net);
	put_allowedip(message, AF_INET, text, 16);
	for (i = 0; i < ARRAY_SIZE(third); i++) {
		sprintf(text, "10.%u.%u.0", net, third[i]);
		put_allowedip(message, AF_INET, text, 24);
		sprintf(text, "fd00:%x:%x::", net, third[i]);
		put_allowedip(message, AF_INET6, text, 48);
	}
	/* Once more, and one that a peer of the start has. */
	put_allowedip(message, AF_INET, "10.1.2.0", 24);
	put_allowedip(message, AF_INET, "10.1.2.0", 24);
	nla_nest_end(message, list);
}

static void put_accepts(struct nl_msg *message)
{
	struct nlattr *list = nla_nest_start(message, KRELAY_PEER_A_ACCEPTS), *nest;
	const unsigned char host[] = { 192, 168, 7, 20 };
	int i;

	for (i = 1; i <= 3; i++) {
		nest = nla_nest_start(message, KRELAY_PEER_A_ACCEPT);
		nla_put_u8(message, KRELAY_ACCEPT_A_PROTO, IPPROTO_TCP);
		nla_put_u16(message, KRELAY_ACCEPT_A_PORT_FIRST, 80 + i);
		if (i == 3)
			nla_put(message, KRELAY_ACCEPT_A_ADDRESS, sizeof(host), host);
		nla_nest_end(message, nest);
	}
	nla_nest_end(message, list);
}

static inline struct nl_msg *peer_set(unsigned char number, uint32_t flags, bool bridge)
{
	struct sockaddr_in endpoint = { .sin_family = AF_INET, .sin_port = htons(1000 + number),
					.sin_addr.s_addr = htonl(0xcb007101) };
	struct nl_msg *message = request(KRELAY_CMD_PEER_SET, NLM_F_ACK);
	struct nlattr *peer = nla_nest_start(message, KRELAY_A_PEER);
	char name[KRELAY_NAME_LEN];

	sprintf(name, "peer%u%s", number, bridge ? "b" : "");
	put_key(message, KRELAY_PEER_A_PUBLIC_KEY, number);
	put_key(message, KRELAY_PEER_A_PRESHARED_KEY, number + 100);
	nla_put_string(message, KRELAY_PEER_A_NAME, name);
	nla_put_u32(message, KRELAY_PEER_A_SET_FLAGS, flags);
	nla_put_u8(message, KRELAY_PEER_A_BRIDGE, bridge);
	nla_put_u16(message, KRELAY_PEER_A_KEEPALIVE, dial && number == 1);
	nla_put(message, KRELAY_PEER_A_ENDPOINT, sizeof(endpoint), &endpoint);
	put_allowedips(message, number + (flags ? 50 : 0));
	put_accepts(message);
	nla_nest_end(message, peer);
	return message;
}

static inline struct nl_msg *peer_del(unsigned char number)
{
	struct nl_msg *message = request(KRELAY_CMD_PEER_DEL, NLM_F_ACK);
	struct nlattr *peer = nla_nest_start(message, KRELAY_A_PEER);

	put_key(message, KRELAY_PEER_A_PUBLIC_KEY, number);
	nla_nest_end(message, peer);
	return message;
}

static void put_forward(struct nl_msg *message, uint16_t port, uint16_t last, unsigned char peer)
{
	unsigned char target[4] = { 10, peer, 0, 9 };
	struct nlattr *nest = nla_nest_start(message, KRELAY_A_FORWARD);

	nla_put_u8(message, KRELAY_FORWARD_A_PROTO, IPPROTO_UDP);
	nla_put_u16(message, KRELAY_FORWARD_A_PORT_FIRST, port);
	nla_put_u16(message, KRELAY_FORWARD_A_PORT_LAST, last);
	put_key(message, KRELAY_FORWARD_A_PEER, peer);
	nla_put(message, KRELAY_FORWARD_A_TARGET_ADDRESS, sizeof(target), target);
	nla_put_u16(message, KRELAY_FORWARD_A_TARGET_PORT, port);
	nla_nest_end(message, nest);
}

static inline struct nl_msg *forwards(enum krelay_cmd cmd, uint16_t first, unsigned int count)
{
	struct nl_msg *message = request(cmd, NLM_F_ACK);
	unsigned int i;

	for (i = 0; i < count; i++)
		put_forward(message, first + 1000 * i, first + 1000 * i + 300, 1 + i % 2);
	return message;
}

static void put_source(struct nl_msg *message, const char *text, uint8_t prefix, uint8_t verdict)
{
	struct nlattr *nest = nla_nest_start(message, KRELAY_SOURCES_A_SOURCE);
	int ip_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned char address[16];

	inet_pton(ip_family, text, address);
	nla_put(message, KRELAY_SOURCE_A_ADDRESS, ip_family == AF_INET ? 4 : 16, address);
	nla_put_u8(message, KRELAY_SOURCE_A_PREFIX, prefix);
	nla_put_u8(message, KRELAY_SOURCE_A_VERDICT, verdict);
	nla_nest_end(message, nest);
}

/* A list of sources of both families, whose trie forks. */
static void put_sources(struct nl_msg *message, uint32_t id)
{
	struct nlattr *nest = nla_nest_start(message, KRELAY_A_SOURCES);

	nla_put_u32(message, KRELAY_SOURCES_A_ID, id);
	put_source(message, "198.51.100.0", 24, KRELAY_SOURCE_ALLOW);
	put_source(message, "198.51.100.128", 25, KRELAY_SOURCE_DENY);
	put_source(message, "203.0.113.0", 24, KRELAY_SOURCE_ALLOW);
	put_source(message, "2001:db8::", 32, KRELAY_SOURCE_ALLOW);
	put_source(message, "2001:db8:1::", 48, KRELAY_SOURCE_DENY);
	nla_nest_end(message, nest);
}

static void put_limit(struct nl_msg *message, int type, uint32_t packets)
{
	struct nlattr *nest = nla_nest_start(message, type);

	nla_put_u32(message, KRELAY_LIMIT_A_PACKETS, packets);
	nla_nest_end(message, nest);
}

static void put_except(struct nl_msg *message, uint8_t proto, uint16_t port)
{
	struct nlattr *nest = nla_nest_start(message, KRELAY_FORWARD_A_EXCEPT);

	nla_put_u8(message, KRELAY_EXCEPT_A_PROTO, proto);
	if (port)
		nla_put_u16(message, KRELAY_EXCEPT_A_PORT_FIRST, port);
	nla_nest_end(message, nest);
}

/* The catch-all to @peer, for listed sources, with limits and excepts. */
static inline struct nl_msg *catch_all(enum krelay_cmd cmd, unsigned char peer)
{
	struct nl_msg *message = request(cmd, NLM_F_ACK);
	unsigned char target[4] = { 10, peer, 0, 9 };
	struct nlattr *nest, *excepts;

	put_sources(message, 7);
	nest = nla_nest_start(message, KRELAY_A_FORWARD);
	nla_put_u8(message, KRELAY_FORWARD_A_PROTO, 0);
	put_key(message, KRELAY_FORWARD_A_PEER, peer);
	nla_put(message, KRELAY_FORWARD_A_TARGET_ADDRESS, sizeof(target), target);
	nla_put_u32(message, KRELAY_FORWARD_A_SOURCES, 7);
	put_limit(message, KRELAY_FORWARD_A_LIMIT, 10000);
	put_limit(message, KRELAY_FORWARD_A_SOURCE_LIMIT, 100);
	excepts = nla_nest_start(message, KRELAY_FORWARD_A_EXCEPTS);
	put_except(message, IPPROTO_TCP, 22);
	put_except(message, IPPROTO_UDP, 500);
	put_except(message, IPPROTO_ESP, 0);
	nla_nest_end(message, excepts);
	nla_nest_end(message, nest);
	return message;
}

static inline struct nl_msg *link_message(int type, int flags, const char *name, bool up)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK | flags);
	struct ifinfomsg header = { .ifi_change = flags ? 0 : IFF_UP,
				    .ifi_flags = up ? IFF_UP : 0 };
	struct nlattr *info;

	check(message && !nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO),
	      "request");
	nla_put_string(message, IFLA_IFNAME, name);
	if (flags) {
		info = nla_nest_start(message, IFLA_LINKINFO);
		nla_put_string(message, IFLA_INFO_KIND, KRELAY_GENL_NAME);
		nla_nest_end(message, info);
	}
	return message;
}

static inline struct nl_msg *link_add(const char *name)
{
	return link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name, false);
}

static inline struct nl_msg *link_set(bool up)
{
	return link_message(RTM_NEWLINK, 0, device, up);
}

static inline struct nl_msg *link_del(const char *name)
{
	return link_message(RTM_DELLINK, 0, name, false);
}

#endif
