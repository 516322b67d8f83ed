// SPDX-License-Identifier: GPL-2.0
/* Requests as the kernel will see them, and answers as it may write them. */
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "forwards.h"
#include "message.h"
#include "output.h"

#define FAMILY 0x1234
#define IFINDEX 77

static struct nlattr *top(struct nl_msg *message, int type)
{
	return nlmsg_find_attr(nlmsg_hdr(message), GENL_HDRLEN, type);
}

static struct nlattr *inner(struct nlattr *outer, int type)
{
	return nla_find(nla_data(outer), nla_len(outer), type);
}

/* What the kernel's strict parser wants: marked nests, exact lengths, no unknown bits. */
static void assert_header(struct nl_msg *message, enum krelay_cmd cmd)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));

	assert_int_equal(nlmsg_hdr(message)->nlmsg_type, FAMILY);
	assert_int_equal(header->cmd, cmd);
	assert_int_equal(header->version, KRELAY_GENL_VERSION);
	assert_int_equal(nla_get_u32(top(message, KRELAY_A_IFINDEX)), IFINDEX);
}

static void load(struct config *config, const char *text)
{
	if (parse(config, text))
		fail_msg("%s", said);
	config->device.ifindex = IFINDEX;
}

#define HEAD "[Interface]\nPrivateKey = " PRIVATE_KEY "\nListenPort = 51820\nFwMark = 7\n" \
	"Public = ens3, ens4\n"

static void test_device_set(void **state)
{
	struct nlattr *outer, *publics;
	struct config config;
	struct nl_msg *message;

	(void)state;
	load(&config, HEAD);
	message = message_device_set(FAMILY, &config.device);
	assert_header(message, KRELAY_CMD_DEVICE_SET);
	outer = top(message, KRELAY_A_DEVICE);
	assert_true(outer->nla_type & NLA_F_NESTED);
	assert_memory_equal(nla_data(inner(outer, KRELAY_DEVICE_A_PRIVATE_KEY)),
			    config.device.private_key, KRELAY_KEY_LEN);
	assert_null(inner(outer, KRELAY_DEVICE_A_PUBLIC_KEY));
	assert_int_equal(nla_len(inner(outer, KRELAY_DEVICE_A_LISTEN_PORT)), 2);
	assert_int_equal(nla_get_u16(inner(outer, KRELAY_DEVICE_A_LISTEN_PORT)), 51820);
	assert_int_equal(nla_get_u32(inner(outer, KRELAY_DEVICE_A_FWMARK)), 7);
	publics = inner(outer, KRELAY_DEVICE_A_PUBLICS);
	assert_true(publics->nla_type & NLA_F_NESTED);
	assert_string_equal(nla_get_string(inner(publics, KRELAY_DEVICE_A_PUBLIC)), "ens3");
	message_free(message);
	config_free(&config);

	/* An empty list is said, too, for it replaces. */
	load(&config, "[Interface]\nPrivateKey = " PRIVATE_KEY "\n");
	message = message_device_set(FAMILY, &config.device);
	outer = top(message, KRELAY_A_DEVICE);
	assert_int_equal(nla_len(inner(outer, KRELAY_DEVICE_A_PUBLICS)), 0);
	message_free(message);
	config_free(&config);
}

static void test_peer_set(void **state)
{
	struct device answer = { 0 };
	struct nlattr *outer, *accept;
	struct sockaddr_in *endpoint;
	struct nl_msg *message;
	struct config config;
	size_t next = 0;

	(void)state;
	load(&config, HEAD "[Peer]\nName = vps\nPublicKey = " KEY_A "\nPresharedKey = " KEY_B
	     "\nBridge = yes\nAccept = tcp/80-81, icmp on 192.168.7.20, udp on fd00:7::20\n"
	     "Endpoint = 203.0.113.5:9\nAllowedIPs = fd00::/64\n");
	assert_int_equal(config_resolve(&config, 1), 0);
	message = message_peer_set(FAMILY, IFINDEX, config.device.peers.items, &next);
	assert_header(message, KRELAY_CMD_PEER_SET);
	outer = top(message, KRELAY_A_PEER);
	assert_int_equal(nla_get_u32(inner(outer, KRELAY_PEER_A_SET_FLAGS)),
			 KRELAY_PEER_SET_CREATE_ONLY | KRELAY_PEER_SET_REPLACE_ALLOWEDIPS |
			 KRELAY_PEER_SET_REPLACE_ACCEPTS);
	assert_string_equal(nla_get_string(inner(outer, KRELAY_PEER_A_NAME)), "vps");
	assert_int_equal(nla_len(inner(outer, KRELAY_PEER_A_PRESHARED_KEY)), 32);
	assert_int_equal(nla_get_u8(inner(outer, KRELAY_PEER_A_BRIDGE)), 1);
	assert_int_equal(nla_get_u16(inner(outer, KRELAY_PEER_A_KEEPALIVE)), 25);
	endpoint = nla_data(inner(outer, KRELAY_PEER_A_ENDPOINT));
	assert_int_equal(nla_len(inner(outer, KRELAY_PEER_A_ENDPOINT)), sizeof(*endpoint));
	assert_int_equal(ntohs(endpoint->sin_port), 9);
	accept = inner(inner(outer, KRELAY_PEER_A_ACCEPTS), KRELAY_PEER_A_ACCEPT);
	assert_int_equal(nla_get_u8(inner(accept, KRELAY_ACCEPT_A_PROTO)), IPPROTO_TCP);
	assert_int_equal(nla_get_u16(inner(accept, KRELAY_ACCEPT_A_PORT_LAST)), 81);
	assert_null(inner(accept, KRELAY_ACCEPT_A_ADDRESS));
	/* ICMP has no ports to tell. */
	accept = (struct nlattr *)((char *)accept + NLA_ALIGN(accept->nla_len));
	assert_int_equal(nla_get_u8(inner(accept, KRELAY_ACCEPT_A_PROTO)), IPPROTO_ICMP);
	assert_null(inner(accept, KRELAY_ACCEPT_A_PORT_FIRST));
	assert_int_equal(nla_len(inner(accept, KRELAY_ACCEPT_A_ADDRESS)), 4);
	accept = (struct nlattr *)((char *)accept + NLA_ALIGN(accept->nla_len));
	assert_int_equal(nla_len(inner(accept, KRELAY_ACCEPT_A_ADDRESS)), 16);
	assert_true(message_read(nlmsg_hdr(message), &answer));
	assert_int_equal(answer.peers.items[0].accepts.count, 3);
	assert_memory_equal(answer.peers.items[0].accepts.items,
			    config.device.peers.items[0].accepts.items,
			    3 * sizeof(struct accept));
	device_free(&answer);
	message_free(message);
	assert_null(message_peer_set(FAMILY, IFINDEX, config.device.peers.items, &next));
	config_free(&config);
}

/* Request and answer have the same form: what is sent can be read back. */
static void test_long_list(void **state)
{
	const size_t counts[] = { 0, 1, MESSAGE_LIST_MAX, MESSAGE_LIST_MAX + 1,
				  4 * MESSAGE_LIST_MAX };
	struct device device;
	struct allowed_ip *ip;
	struct nl_msg *message;
	struct peer peer;
	size_t i, j, next;
	unsigned int n;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		memset(&peer, 0, sizeof(peer));
		memset(&device, 0, sizeof(device));
		for (j = 0; j < counts[i]; j++) {
			ip = array_add(&peer.allowed_ips);
			ip->prefix.address.family = j % 2 ? AF_INET : AF_INET6;
			memcpy(ip->prefix.address.bytes, &j, sizeof(j) / 2);
			ip->prefix.length = 32;
		}
		next = 0;
		n = 0;
		while ((message = message_peer_set(FAMILY, IFINDEX, &peer, &next))) {
			struct nlattr *outer = top(message, KRELAY_A_PEER);

			assert_true(nlmsg_hdr(message)->nlmsg_len < 32768);
			assert_int_equal(!!(nla_get_u32(inner(outer, KRELAY_PEER_A_SET_FLAGS)) &
					    KRELAY_PEER_SET_UPDATE_ONLY), n > 0);
			assert_true(message_read(nlmsg_hdr(message), &device));
			message_free(message);
			n++;
		}
		assert_int_equal(device.peers.count, 1);
		assert_int_equal(device.peers.items[0].allowed_ips.count, counts[i]);
		for (j = 0; j < counts[i]; j++)
			assert_memory_equal(&device.peers.items[0].allowed_ips.items[j].prefix,
					    &peer.allowed_ips.items[j].prefix,
					    sizeof(struct prefix));
		device_free(&device);
		peer_free(&peer);
	}
}

static void test_forwards(void **state)
{
	struct device answer = { 0 };
	struct nl_msg *message;
	struct config config;
	struct nlattr *attr;
	int i = 0, rest;

	(void)state;
	load(&config, HEAD "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2, fd00::2\n"
	     "Forward = tcp/80, tcp+udp/8000-8010 on 203.0.113.5 -> 9000-9010\n"
	     "Forward = udp/5 -> [fd00::2]:6\n");
	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_SET, &config.device);
	assert_header(message, KRELAY_CMD_FORWARD_SET);
	assert_true(message_read(nlmsg_hdr(message), &answer));
	assert_int_equal(answer.forwards.count, 4);
	for (i = 0; i < 4; i++) {
		/* The kernel does not know of lines, nor of what was written. */
		answer.forwards.items[i].line = config.device.forwards.items[i].line;
		answer.forwards.items[i].target_said = config.device.forwards.items[i].target_said;
		assert_memory_equal(&answer.forwards.items[i], &config.device.forwards.items[i],
				    sizeof(struct forward));
	}
	/* Which one an offset of the kernel's means */
	i = 0;
	nlmsg_for_each_attr(attr, nlmsg_hdr(message), GENL_HDRLEN, rest) {
		unsigned int offset = (char *)attr - (char *)nlmsg_hdr(message);

		if (nla_type(attr) != KRELAY_A_FORWARD) {
			assert_int_equal(message_forward_at(message, offset), -1);
			continue;
		}
		assert_int_equal(message_forward_at(message, offset), i);
		assert_int_equal(message_forward_at(message, offset + attr->nla_len - 1), i);
		i++;
	}
	assert_int_equal(i, 4);
	assert_int_equal(message_forward_at(message, 1 << 20), -1);
	message_free(message);

	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_DEL, &config.device);
	attr = top(message, KRELAY_A_FORWARD);
	assert_null(inner(attr, KRELAY_FORWARD_A_PEER));
	assert_null(inner(attr, KRELAY_FORWARD_A_TARGET_ADDRESS));
	message_free(message);
	device_free(&answer);
	config_free(&config);
}

/* Every attribute that a forward can have, and its lists of sources, there and back. */
static void test_all_of_a_forward(void **state)
{
	static const char *const texts[] = {
		"all except tcp/22 udp/5-6 icmp -> 10.0.0.2 limit 1000pps 20mbit source-limit 5pps",
		"all except tcp/22 -> fd00::2",
		"gre -> 10.0.0.2 allow 10.0.0.0/8 2001:db8::/32 deny 10.1.0.0/16",
		"sctp/5-6 on 203.0.113.5 -> 10.0.0.2:5-6 limit 1mbit",
		"ipv6-icmp on 2001:db8::1 -> fd00::2 deny ::/0",
		"tcp/1 -> 10.0.0.2:1 allow 10.0.0.0/8 2001:db8::/32 deny 10.1.0.0/16",
	};
	struct device device = { .ifindex = IFINDEX };
	struct device answer = { 0 };
	struct nl_msg *message;
	unsigned int lists = 0;
	struct nlattr *attr;
	char *text;
	size_t i;
	int rest;

	(void)state;
	said_clear();
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text = strdup(texts[i]);
		if (forwards_parse(NULL, text, &device))
			fail_msg("%s", said);
		free(text);
	}
	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_ADD, &device);
	assert_true(message_read(nlmsg_hdr(message), &answer));
	assert_int_equal(answer.forwards.count, i);
	assert_int_equal(answer.sources.count, 2);
	while (i--) {
		text = forward_text(&answer, &answer.forwards.items[i], SIZE_MAX);
		assert_string_equal(text, texts[i]);
		free(text);
	}
	nlmsg_for_each_attr(attr, nlmsg_hdr(message), GENL_HDRLEN, rest)
		lists += nla_type(attr) == KRELAY_A_SOURCES;
	assert_int_equal(lists, 2);
	attr = top(message, KRELAY_A_FORWARD);
	/* No ports, so none are told. */
	assert_null(inner(attr, KRELAY_FORWARD_A_PORT_FIRST));
	assert_null(inner(attr, KRELAY_FORWARD_A_TARGET_PORT));
	attr = inner(attr, KRELAY_FORWARD_A_EXCEPTS);
	assert_true(attr->nla_type & NLA_F_NESTED);
	assert_true(inner(attr, KRELAY_FORWARD_A_EXCEPT)->nla_type & NLA_F_NESTED);
	message_free(message);

	/* What is removed is named alone, its family only where no address tells it. */
	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_DEL, &device);
	assert_null(top(message, KRELAY_A_SOURCES));
	i = 0;
	nlmsg_for_each_attr(attr, nlmsg_hdr(message), GENL_HDRLEN, rest) {
		if (nla_type(attr) != KRELAY_A_FORWARD)
			continue;
		assert_null(inner(attr, KRELAY_FORWARD_A_EXCEPTS));
		assert_null(inner(attr, KRELAY_FORWARD_A_LIMIT));
		assert_null(inner(attr, KRELAY_FORWARD_A_SOURCES));
		assert_int_equal(!!inner(attr, KRELAY_FORWARD_A_FAMILY), i == 1);
		i++;
	}
	assert_int_equal(i, sizeof(texts) / sizeof(texts[0]));
	message_free(message);
	device_free(&answer);
	device_free(&device);
}

/* More sources than a nest holds. */
static void test_many_sources(void **state)
{
	const unsigned int counts[] = { 1, MESSAGE_LIST_MAX, MESSAGE_LIST_MAX + 1, 12000 };
	struct device answer, device;
	struct sources *sources;
	struct source *source;
	struct nl_msg *message;
	struct nlattr *attr;
	unsigned int i, j;
	int rest;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		memset(&answer, 0, sizeof(answer));
		memset(&device, 0, sizeof(device));
		sources = array_add(&device.sources);
		sources->id = 7;
		for (j = 0; j < counts[i]; j++) {
			source = array_add(&sources->list);
			source->prefix.address.family = j % 2 ? AF_INET : AF_INET6;
			memcpy(source->prefix.address.bytes, &j, sizeof(j));
			source->prefix.length = 32;
			source->allow = j % 3;
		}
		message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_SET, &device);
		nlmsg_for_each_attr(attr, nlmsg_hdr(message), GENL_HDRLEN, rest) {
			if (nla_type(attr) == KRELAY_A_SOURCES)
				assert_int_equal(nla_get_u32(inner(attr, KRELAY_SOURCES_A_ID)), 7);
		}
		assert_true(message_read(nlmsg_hdr(message), &answer));
		assert_int_equal(answer.sources.count, 1);
		assert_int_equal(answer.sources.items[0].list.count, counts[i]);
		assert_memory_equal(answer.sources.items[0].list.items, sources->list.items,
				    counts[i] * sizeof(*source));
		message_free(message);
		device_free(&answer);
		device_free(&device);
	}
}

/* A table of every port is one message, with everything that a forward may have. */
static void test_many_forwards(void **state)
{
	struct device answer = { 0 };
	struct device device = { 0 };
	struct forward *forward;
	struct nl_msg *message;
	unsigned int i;

	(void)state;
	for (i = 1; i <= 65535; i++) {
		forward = array_add(&device.forwards);
		forward->proto = IPPROTO_TCP;
		forward->first = i;
		forward->last = i;
		forward->target_first = i;
		forward->target.family = AF_INET6;
		forward->public.family = AF_INET6;
		forward->family = AF_INET6;
		forward->has_sources = true;
		forward->limit = (struct limit){ 1, 1 };
		forward->source_limit = (struct limit){ 1, 1 };
	}
	said_clear();
	assert_int_equal(forwards_check(NULL, &device), 0);
	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_SET, &device);
	assert_true(message_read(nlmsg_hdr(message), &answer));
	assert_int_equal(answer.forwards.count, 65535);
	message_free(message);
	device_free(&answer);
	device_free(&device);
}

static struct nl_msg *answer_start(void);

static void assert_json(struct json_object *json, const char *key, const char *expected)
{
	struct json_object *value;

	if (!json_object_object_get_ex(json, key, &value))
		fail_msg("there is no \"%s\"", key);
	assert_string_equal(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
}

/* What is printed of it. */
static void check_output(const struct device *device, const struct forward *forward)
{
	struct json_object *json = forward_json(device, forward);
	FILE *before = stdout;
	char *text = NULL;
	size_t size;

	assert_json(json, "forward", "\"all except tcp/22 -> fd00:: allow 10.0.0.0/8 deny 10.1.0.0/16 limit 8kbit\"");
	assert_json(json, "family", "\"ipv6\"");
	assert_json(json, "protocol", "\"all\"");
	assert_json(json, "except", "[\"tcp/22\"]");
	assert_json(json, "public_address", "null");
	assert_json(json, "port_first", "null");
	assert_json(json, "target_port_last", "null");
	assert_json(json, "allow", "[\"10.0.0.0/8\"]");
	assert_json(json, "deny", "[\"10.1.0.0/16\"]");
	assert_json(json, "limit", "{\"packets_per_second\":null,\"bytes_per_second\":1000}");
	assert_json(json, "source_limit", "null");
	assert_json(json, "in_packets", "5000000000");
	assert_json(json, "in_drops", "{\"bridge_denied\":3,\"bridge_limit\":1}");
	json_object_put(json);

	stdout = open_memstream(&text, &size);
	drops_print(", ", forward);
	fclose(stdout);
	stdout = before;
	assert_memory_equal(text, ", dropped in: bridge_denied 3, bridge_limit 1; out: counter_", 60);
	free(text);
}

static void put_source(struct nl_msg *message, uint8_t second, uint8_t length, uint8_t verdict)
{
	struct nlattr *entry = nla_nest_start(message, KRELAY_SOURCES_A_SOURCE);
	uint8_t address[4] = { 10, second };

	nla_put(message, KRELAY_SOURCE_A_ADDRESS, sizeof(address), address);
	nla_put_u8(message, KRELAY_SOURCE_A_PREFIX, length);
	nla_put_u8(message, KRELAY_SOURCE_A_VERDICT, verdict);
	nla_nest_end(message, entry);
}

/* What only answers say. */
static void test_forward_answer(void **state)
{
	uint8_t key[32] = { 1 }, address[16] = { 0xfd };
	struct device device = { 0 };
	struct forward *forward;
	struct nlattr *outer, *list, *entry;
	struct nl_msg *message;

	(void)state;
	message = answer_start();
	outer = nla_nest_start(message, KRELAY_A_FORWARD);
	nla_put(message, KRELAY_FORWARD_A_PEER, sizeof(key), key);
	nla_put_u8(message, KRELAY_FORWARD_A_PROTO, 0);
	nla_put_u8(message, KRELAY_FORWARD_A_FAMILY, AF_INET6);
	nla_put(message, KRELAY_FORWARD_A_TARGET_ADDRESS, sizeof(address), address);
	nla_put_u64(message, KRELAY_FORWARD_A_IN_PACKETS, 5000000000ULL);
	nla_put_u32(message, KRELAY_FORWARD_A_SOURCES, 0);
	list = nla_nest_start(message, KRELAY_FORWARD_A_EXCEPTS);
	entry = nla_nest_start(message, KRELAY_FORWARD_A_EXCEPT);
	nla_put_u8(message, KRELAY_EXCEPT_A_PROTO, IPPROTO_TCP);
	nla_put_u16(message, KRELAY_EXCEPT_A_PORT_FIRST, 22);
	nla_nest_end(message, entry);
	nla_nest_end(message, list);
	list = nla_nest_start(message, KRELAY_FORWARD_A_LIMIT);
	nla_put_u32(message, KRELAY_LIMIT_A_PACKETS, 0);
	nla_put_u64(message, KRELAY_LIMIT_A_BYTES, 1000);
	nla_nest_end(message, list);
	list = nla_nest_start(message, KRELAY_FORWARD_A_IN_DROPS);
	nla_put(message, KRELAY_FORWARD_A_PAD, 0, NULL);
	nla_put_u64(message, KRELAY_STAT_BRIDGE_DENIED, 3);
	nla_put_u64(message, KRELAY_STAT_BRIDGE_LIMIT, 1);
	nla_nest_end(message, list);
	list = nla_nest_start(message, KRELAY_FORWARD_A_OUT_DROPS);
	nla_put_u64(message, KRELAY_STAT_MAX + 2, 4);
	nla_nest_end(message, list);
	nla_nest_end(message, outer);
	outer = nla_nest_start(message, KRELAY_A_SOURCES);
	nla_put_u32(message, KRELAY_SOURCES_A_ID, 0);
	put_source(message, 0, 8, KRELAY_SOURCE_ALLOW);
	put_source(message, 1, 16, KRELAY_SOURCE_DENY);
	nla_nest_end(message, outer);
	assert_true(message_read(nlmsg_hdr(message), &device));
	forward = device.forwards.items;
	assert_int_equal(forward->family, AF_INET6);
	assert_int_equal(forward->proto, 0);
	assert_int_equal(forward->first, 0);
	assert_int_equal(forward->in.packets, 5000000000ULL);
	/* The module's number may be any. */
	assert_ptr_equal(device_find_sources(&device, forward), device.sources.items);
	assert_int_equal(forward->in_drops.items[KRELAY_STAT_BRIDGE_DENIED], 3);
	assert_int_equal(forward->out_drops.items[KRELAY_STAT_MAX + 2], 4);
	check_output(&device, forward);
	nlmsg_free(message);
	device_free(&device);
}

static struct nl_msg *answer_start(void)
{
	struct nl_msg *message = nlmsg_alloc_size(8192);

	genlmsg_put(message, 0, 0, FAMILY, 0, 0, KRELAY_CMD_DEVICE_GET, KRELAY_GENL_VERSION);
	nla_put_u32(message, KRELAY_A_IFINDEX, 5);
	nla_put_string(message, KRELAY_A_IFNAME, "relay7");
	return message;
}

static void test_device_answer(void **state)
{
	struct device device = { 0 };
	struct nlattr *outer, *list;
	uint8_t key[32] = { 1, 2, 3 };
	struct nl_msg *message;

	(void)state;
	message = answer_start();
	outer = nla_nest_start(message, KRELAY_A_DEVICE);
	nla_put(message, KRELAY_DEVICE_A_PUBLIC_KEY, sizeof(key), key);
	nla_put_u32(message, KRELAY_DEVICE_A_MARK_MASK, 0xff0000);
	list = nla_nest_start(message, KRELAY_DEVICE_A_PUBLICS);
	nla_put_string(message, KRELAY_DEVICE_A_PUBLIC, "ens3");
	nla_put_string(message, KRELAY_DEVICE_A_PUBLIC, "123456789012345");
	nla_nest_end(message, list);
	list = nla_nest_start(message, KRELAY_DEVICE_A_STATS);
	nla_put_u64(message, KRELAY_STAT_HOME_TTL, 99);
	nla_put_u64(message, KRELAY_STAT_MAX + 3, UINT64_MAX);
	nla_nest_end(message, list);
	nla_nest_end(message, outer);
	assert_true(message_read(nlmsg_hdr(message), &device));
	assert_string_equal(device.name, "relay7");
	assert_int_equal(device.ifindex, 5);
	assert_true(device.has_public_key);
	assert_int_equal(device.mark_mask, 0xff0000);
	assert_int_equal(device.publics.count, 2);
	assert_string_equal(device.publics.items[1].name, "123456789012345");
	assert_int_equal(device.stats.items[KRELAY_STAT_HOME_TTL], 99);
	assert_int_equal(device.stats.count, KRELAY_STAT_MAX + 4);
	nlmsg_free(message);
	device_free(&device);
}

static void test_peer_answer(void **state)
{
	struct sockaddr_in6 endpoint = { .sin6_family = AF_INET6, .sin6_port = htons(5) };
	struct device device = { 0 };
	uint8_t key[32] = { 9 };
	struct nl_msg *message;
	struct nlattr *outer;
	struct peer *peer;

	(void)state;
	message = answer_start();
	outer = nla_nest_start(message, KRELAY_A_PEER);
	nla_put(message, KRELAY_PEER_A_PUBLIC_KEY, sizeof(key), key);
	nla_put_string(message, KRELAY_PEER_A_NAME, "1234567890123456789012345678901");
	nla_put_flag(message, KRELAY_PEER_A_HAS_PRESHARED_KEY);
	nla_put(message, KRELAY_PEER_A_ENDPOINT, sizeof(endpoint), &endpoint);
	nla_put_u32(message, KRELAY_PEER_A_MARK, 0x10000);
	nla_put_u64(message, KRELAY_PEER_A_LAST_HANDSHAKE, 1700000000123456789ULL);
	nla_put_u64(message, KRELAY_PEER_A_RX_BYTES, 5000000000ULL);
	nla_nest_end(message, outer);
	assert_true(message_read(nlmsg_hdr(message), &device));
	peer = device.peers.items;
	assert_string_equal(peer->name, "1234567890123456789012345678901");
	assert_true(peer->has_preshared_key);
	assert_int_equal(peer->endpoint.ss_family, AF_INET6);
	assert_int_equal(peer->mark, 0x10000);
	assert_int_equal(peer->last_handshake, 1700000000123456789ULL);
	assert_int_equal(peer->rx_bytes, 5000000000ULL);
	assert_ptr_equal(device_find_peer(&device, "1234567890123456789012345678901"), peer);
	assert_ptr_equal(device_find_peer(&device, "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
			 peer);
	assert_null(device_find_peer(&device, ""));
	nlmsg_free(message);
	device_free(&device);
}

/* A peer with one allowed IP and an endpoint of these lengths. */
static bool read_peer(int address_len, int prefix_len, int prefix, int endpoint_len)
{
	struct sockaddr_in6 endpoint = { .sin6_family = AF_INET6 };
	struct nlattr *outer, *list, *entry;
	struct device device = { 0 };
	uint8_t bytes[32] = { 1 };
	struct nl_msg *message;
	bool good;

	message = answer_start();
	outer = nla_nest_start(message, KRELAY_A_PEER);
	nla_put(message, KRELAY_PEER_A_PUBLIC_KEY, 32, bytes);
	nla_put(message, KRELAY_PEER_A_ENDPOINT, endpoint_len, &endpoint);
	list = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIPS);
	entry = nla_nest_start(message, KRELAY_PEER_A_ALLOWEDIP);
	nla_put(message, KRELAY_ALLOWEDIP_A_ADDRESS, address_len, bytes);
	bytes[0] = prefix;
	nla_put(message, KRELAY_ALLOWEDIP_A_PREFIX, prefix_len, bytes);
	nla_nest_end(message, entry);
	nla_nest_end(message, list);
	nla_nest_end(message, outer);
	good = message_read(nlmsg_hdr(message), &device);
	nlmsg_free(message);
	device_free(&device);
	return good;
}

static bool read_stat(int len)
{
	struct nlattr *outer, *list;
	struct device device = { 0 };
	struct nl_msg *message;
	uint64_t value = 1;
	bool good;

	message = answer_start();
	outer = nla_nest_start(message, KRELAY_A_DEVICE);
	list = nla_nest_start(message, KRELAY_DEVICE_A_STATS);
	nla_put(message, KRELAY_STAT_RX_REPLAY, len, &value);
	nla_nest_end(message, list);
	nla_nest_end(message, outer);
	good = message_read(nlmsg_hdr(message), &device);
	nlmsg_free(message);
	device_free(&device);
	return good;
}

static void test_wrong_lengths(void **state)
{
	(void)state;
	assert_true(read_peer(4, 1, 32, 28));
	assert_true(read_peer(16, 1, 128, 28));
	assert_false(read_peer(5, 1, 32, 28));
	assert_false(read_peer(4, 0, 32, 28));
	assert_false(read_peer(4, 1, 33, 28));
	assert_false(read_peer(16, 1, 129, 28));
	assert_false(read_peer(4, 1, 32, 16));
	assert_true(read_stat(8));
	assert_false(read_stat(4));
}

static void spoil(struct nl_msg *message)
{
	struct device device;
	struct nlmsghdr *copy;
	unsigned int len, i;

	srandom(2);
	for (i = 0; i < 20000; i++) {
		len = nlmsg_hdr(message)->nlmsg_len;
		copy = malloc(len);
		memcpy(copy, nlmsg_hdr(message), len);
		memset(&device, 0, sizeof(device));
		if (i < len)
			((uint8_t *)copy)[i] ^= 1 << random() % 8;
		else
			((uint8_t *)copy)[random() % len] = random();
		copy->nlmsg_len = len - (i % 3 ? 0 : random() % len);
		if (copy->nlmsg_len < NLMSG_HDRLEN)
			copy->nlmsg_len = NLMSG_HDRLEN;
		copy = realloc(copy, copy->nlmsg_len);
		message_read(copy, &device);
		device_free(&device);
		free(copy);
	}
}

/* Answers that are cut off or lie must not be believed, and never read beyond their end. */
static void test_spoilt_answers(void **state)
{
	struct config config;
	struct nl_msg *message;
	size_t next = 0;

	(void)state;
	load(&config, HEAD "[Peer]\nName = a\nPublicKey = " KEY_A "\nBridge = yes\n"
	     "Accept = tcp/80\nEndpoint = 203.0.113.5:9\nAllowedIPs = 10.0.0.0/8, fd00::/64\n");
	config_resolve(&config, 1);
	message = message_peer_set(FAMILY, IFINDEX, config.device.peers.items, &next);
	spoil(message);
	message_free(message);
	config_free(&config);

	load(&config, HEAD "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2, fd00::2\n"
	     "Forward = tcp/80 allow 10.0.0.0/8 fd00::/8 limit 5pps 1mbit source-limit 1pps\n"
	     "Forward = all except tcp/22 icmp deny 1.2.3.4\n");
	message = message_forwards(FAMILY, KRELAY_CMD_FORWARD_SET, &config.device);
	spoil(message);
	message_free(message);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_set),
		cmocka_unit_test(test_peer_set),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_all_of_a_forward),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_many_forwards),
		cmocka_unit_test(test_forward_answer),
		cmocka_unit_test(test_device_answer),
		cmocka_unit_test(test_peer_answer),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_spoilt_answers),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
