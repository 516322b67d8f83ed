// SPDX-License-Identifier: GPL-2.0
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "message.h"

/*
 * Bytes that bound what one entry of a list, one forward without its exceptions, and all that is
 * no list, takes.
 */
#define ENTRY_ROOM 160
#define FORWARD_ROOM 256
#define BASE_ROOM 1024

static void must(int err)
{
	if (!err)
		return;
	refuse(NULL, "a netlink message does not hold all of its contents: shorten the lists.");
	exit(1);
}

static struct nlattr *nest(struct nl_msg *message, int type)
{
	struct nlattr *start = nla_nest_start(message, type);

	must(!start);
	return start;
}

static struct nl_msg *start(int family, unsigned int ifindex, enum krelay_cmd cmd, int flags,
			    size_t room)
{
	struct nl_msg *message = nlmsg_alloc_size(BASE_ROOM + room);

	must(!message || !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
				      KRELAY_GENL_VERSION));
	must(nla_put_u32(message, KRELAY_A_IFINDEX, ifindex));
	return message;
}

void message_free(struct nl_msg *message)
{
	struct nlmsghdr *header;

	if (!message)
		return;
	header = nlmsg_hdr(message);
	sodium_memzero(nlmsg_data(header), nlmsg_datalen(header));
	nlmsg_free(message);
}

struct nl_msg *message_get(int family, unsigned int ifindex, enum krelay_cmd cmd, int flags)
{
	return start(family, ifindex, cmd, flags, 0);
}

static void put_address(struct nl_msg *message, int type, const struct address *address)
{
	must(nla_put(message, type, address_len(address), address->bytes));
}

struct nl_msg *message_device_set(int family, const struct device *device)
{
	const struct netdev_name *public;
	struct nl_msg *message;
	struct nlattr *outer, *list;

	message = start(family, device->ifindex, KRELAY_CMD_DEVICE_SET, 0,
			device->publics.count * ENTRY_ROOM);
	outer = nest(message, KRELAY_A_DEVICE);
	must(nla_put(message, KRELAY_DEVICE_A_PRIVATE_KEY, KRELAY_KEY_LEN, device->private_key));
	must(nla_put_u16(message, KRELAY_DEVICE_A_LISTEN_PORT, device->listen_port));
	must(nla_put_u32(message, KRELAY_DEVICE_A_FWMARK, device->fwmark));
	must(nla_put_u64(message, KRELAY_DEVICE_A_TIMESTAMP, device->timestamp));
	list = nest(message, KRELAY_DEVICE_A_PUBLICS);
	array_for_each(public, &device->publics)
		must(nla_put_string(message, KRELAY_DEVICE_A_PUBLIC, public->name));
	nla_nest_end_keep_empty(message, list);
	nla_nest_end(message, outer);
	return message;
}

static void put_allowed_ips(struct nl_msg *message, const struct peer *peer, size_t from,
			    size_t to)
{
	struct nlattr *list, *entry;

	list = nest(message, KRELAY_PEER_A_ALLOWEDIPS);
	for (; from < to && from < peer->allowed_ips.count; from++) {
		const struct prefix *prefix = &peer->allowed_ips.items[from].prefix;

		entry = nest(message, KRELAY_PEER_A_ALLOWEDIP);
		put_address(message, KRELAY_ALLOWEDIP_A_ADDRESS, &prefix->address);
		must(nla_put_u8(message, KRELAY_ALLOWEDIP_A_PREFIX, prefix->length));
		nla_nest_end(message, entry);
	}
	nla_nest_end(message, list);
}

static void put_accepts(struct nl_msg *message, const struct peer *peer, size_t from, size_t to)
{
	struct nlattr *list, *entry;

	list = nest(message, KRELAY_PEER_A_ACCEPTS);
	for (; from < to && from < peer->accepts.count; from++) {
		const struct accept *accept = &peer->accepts.items[from];

		entry = nest(message, KRELAY_PEER_A_ACCEPT);
		must(nla_put_u8(message, KRELAY_ACCEPT_A_PROTO, accept->proto));
		if (accept->first) {
			must(nla_put_u16(message, KRELAY_ACCEPT_A_PORT_FIRST, accept->first));
			must(nla_put_u16(message, KRELAY_ACCEPT_A_PORT_LAST, accept->last));
		}
		if (accept->address.family)
			put_address(message, KRELAY_ACCEPT_A_ADDRESS, &accept->address);
		nla_nest_end(message, entry);
	}
	nla_nest_end(message, list);
}

static void put_endpoint(struct nl_msg *message, const struct sockaddr_storage *endpoint)
{
	if (endpoint->ss_family == AF_INET)
		must(nla_put(message, KRELAY_PEER_A_ENDPOINT, sizeof(struct sockaddr_in),
			     endpoint));
	else if (endpoint->ss_family == AF_INET6)
		must(nla_put(message, KRELAY_PEER_A_ENDPOINT, sizeof(struct sockaddr_in6),
			     endpoint));
}

/* All but the lists. */
static void put_peer(struct nl_msg *message, const struct peer *peer)
{
	if (*peer->name)
		must(nla_put_string(message, KRELAY_PEER_A_NAME, peer->name));
	if (peer->has_preshared_key)
		must(nla_put(message, KRELAY_PEER_A_PRESHARED_KEY, KRELAY_KEY_LEN,
			     peer->preshared_key));
	must(nla_put_u8(message, KRELAY_PEER_A_BRIDGE, peer->bridge));
	must(nla_put_u16(message, KRELAY_PEER_A_KEEPALIVE, peer->keepalive));
	put_endpoint(message, &peer->endpoint);
}

/* A PEER_SET of a peer that is there, to be gone on with in @outer. */
static struct nl_msg *start_peer(int family, unsigned int ifindex, const struct peer *peer,
				 struct nlattr **outer)
{
	struct nl_msg *message = start(family, ifindex, KRELAY_CMD_PEER_SET, 0, 0);

	*outer = nest(message, KRELAY_A_PEER);
	must(nla_put(message, KRELAY_PEER_A_PUBLIC_KEY, KRELAY_KEY_LEN, peer->public_key));
	must(nla_put_u32(message, KRELAY_PEER_A_SET_FLAGS, KRELAY_PEER_SET_UPDATE_ONLY));
	return message;
}

struct nl_msg *message_endpoint(int family, unsigned int ifindex, const struct peer *peer)
{
	struct nlattr *outer;
	struct nl_msg *message = start_peer(family, ifindex, peer, &outer);

	put_endpoint(message, &peer->endpoint);
	nla_nest_end(message, outer);
	return message;
}

struct nl_msg *message_keepalive(int family, unsigned int ifindex, const struct peer *peer,
				 uint16_t seconds)
{
	struct nlattr *outer;
	struct nl_msg *message = start_peer(family, ifindex, peer, &outer);

	must(nla_put_u16(message, KRELAY_PEER_A_KEEPALIVE, seconds));
	nla_nest_end(message, outer);
	return message;
}

struct nl_msg *message_peer_set(int family, unsigned int ifindex, const struct peer *peer,
				size_t *at)
{
	uint32_t flags = KRELAY_PEER_SET_UPDATE_ONLY;
	size_t to = *at + MESSAGE_LIST_MAX;
	struct nl_msg *message;
	struct nlattr *outer;

	if (*at && *at >= peer->allowed_ips.count && *at >= peer->accepts.count)
		return NULL;
	message = start(family, ifindex, KRELAY_CMD_PEER_SET, 0,
			2 * MESSAGE_LIST_MAX * ENTRY_ROOM);
	outer = nest(message, KRELAY_A_PEER);
	must(nla_put(message, KRELAY_PEER_A_PUBLIC_KEY, KRELAY_KEY_LEN, peer->public_key));
	if (!*at) {
		flags = KRELAY_PEER_SET_CREATE_ONLY | KRELAY_PEER_SET_REPLACE_ALLOWEDIPS |
			KRELAY_PEER_SET_REPLACE_ACCEPTS;
		put_peer(message, peer);
	}
	must(nla_put_u32(message, KRELAY_PEER_A_SET_FLAGS, flags));
	if (*at < peer->allowed_ips.count)
		put_allowed_ips(message, peer, *at, to);
	if (*at < peer->accepts.count)
		put_accepts(message, peer, *at, to);
	nla_nest_end(message, outer);
	*at = to;
	return message;
}

static void put_excepts(struct nl_msg *message, const struct forward *forward)
{
	const struct accept *except;
	struct nlattr *list, *entry;

	list = nest(message, KRELAY_FORWARD_A_EXCEPTS);
	array_for_each(except, &forward->excepts) {
		entry = nest(message, KRELAY_FORWARD_A_EXCEPT);
		must(nla_put_u8(message, KRELAY_EXCEPT_A_PROTO, except->proto));
		if (except->first) {
			must(nla_put_u16(message, KRELAY_EXCEPT_A_PORT_FIRST, except->first));
			must(nla_put_u16(message, KRELAY_EXCEPT_A_PORT_LAST, except->last));
		}
		nla_nest_end(message, entry);
	}
	nla_nest_end(message, list);
}

static void put_limit(struct nl_msg *message, int type, const struct limit *limit)
{
	struct nlattr *list;

	if (!limit->packets && !limit->bytes)
		return;
	list = nest(message, type);
	if (limit->packets)
		must(nla_put_u32(message, KRELAY_LIMIT_A_PACKETS, limit->packets));
	if (limit->bytes)
		must(nla_put_u64(message, KRELAY_LIMIT_A_BYTES, limit->bytes));
	nla_nest_end(message, list);
}

/* What names it. */
static void put_public(struct nl_msg *message, const struct forward *forward)
{
	must(nla_put_u8(message, KRELAY_FORWARD_A_PROTO, forward->proto));
	if (forward->public.family)
		put_address(message, KRELAY_FORWARD_A_PUBLIC_ADDRESS, &forward->public);
	if (!forward->first)
		return;
	must(nla_put_u16(message, KRELAY_FORWARD_A_PORT_FIRST, forward->first));
	must(nla_put_u16(message, KRELAY_FORWARD_A_PORT_LAST, forward->last));
}

static void put_forward(struct nl_msg *message, const struct forward *forward, bool all)
{
	struct nlattr *entry = nest(message, KRELAY_A_FORWARD);

	put_public(message, forward);
	/* Otherwise an address says so. */
	if (!all && !forward->public.family && forward->family == AF_INET6)
		must(nla_put_u8(message, KRELAY_FORWARD_A_FAMILY, forward->family));
	if (all) {
		must(nla_put(message, KRELAY_FORWARD_A_PEER, KRELAY_KEY_LEN, forward->peer));
		put_address(message, KRELAY_FORWARD_A_TARGET_ADDRESS, &forward->target);
		if (forward->first)
			must(nla_put_u16(message, KRELAY_FORWARD_A_TARGET_PORT,
					 forward->target_first));
		if (forward->excepts.count)
			put_excepts(message, forward);
		if (forward->has_sources)
			must(nla_put_u32(message, KRELAY_FORWARD_A_SOURCES, forward->sources));
		put_limit(message, KRELAY_FORWARD_A_LIMIT, &forward->limit);
		put_limit(message, KRELAY_FORWARD_A_SOURCE_LIMIT, &forward->source_limit);
	}
	nla_nest_end(message, entry);
}

/* In several nests of one number, since each ends at 64 KiB. */
static void put_sources(struct nl_msg *message, const struct sources *sources)
{
	const struct source *source = NULL;
	struct nlattr *list = NULL, *entry;
	size_t i;

	for (i = 0; i < sources->list.count; i++) {
		source = &sources->list.items[i];
		if (i % MESSAGE_LIST_MAX == 0) {
			if (list)
				nla_nest_end(message, list);
			list = nest(message, KRELAY_A_SOURCES);
			must(nla_put_u32(message, KRELAY_SOURCES_A_ID, sources->id));
		}
		entry = nest(message, KRELAY_SOURCES_A_SOURCE);
		put_address(message, KRELAY_SOURCE_A_ADDRESS, &source->prefix.address);
		must(nla_put_u8(message, KRELAY_SOURCE_A_PREFIX, source->prefix.length));
		must(nla_put_u8(message, KRELAY_SOURCE_A_VERDICT,
				source->allow ? KRELAY_SOURCE_ALLOW : KRELAY_SOURCE_DENY));
		nla_nest_end(message, entry);
	}
	if (list)
		nla_nest_end(message, list);
}

static size_t room_of(const struct device *device, bool all)
{
	size_t room = device->forwards.count * FORWARD_ROOM;
	const struct sources *sources;
	const struct forward *forward;

	if (!all)
		return room;
	array_for_each(forward, &device->forwards)
		room += forward->excepts.count * ENTRY_ROOM;
	array_for_each(sources, &device->sources)
		room += (sources->list.count + 1) * ENTRY_ROOM;
	return room;
}

struct nl_msg *message_forwards(int family, enum krelay_cmd cmd, const struct device *device)
{
	bool all = cmd != KRELAY_CMD_FORWARD_DEL;
	const struct sources *sources;
	const struct forward *forward;
	struct nl_msg *message;

	message = start(family, device->ifindex, cmd, 0, room_of(device, all));
	for (sources = device->sources.items; all && sources < device->sources.items +
	     device->sources.count; sources++)
		put_sources(message, sources);
	array_for_each(forward, &device->forwards)
		put_forward(message, forward, all);
	return message;
}

int message_forward_at(struct nl_msg *message, unsigned int offset)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	const char *byte = (const char *)header + offset;
	struct nlattr *attr;
	int index = -1;
	int rest;

	nlmsg_for_each_attr(attr, header, GENL_HDRLEN, rest) {
		if (nla_type(attr) != KRELAY_A_FORWARD)
			continue;
		index++;
		if (byte >= (const char *)attr && byte < (const char *)attr + attr->nla_len)
			return index;
	}
	return -1;
}

static struct nla_policy top_policy[KRELAY_A_MAX + 1] = {
	[KRELAY_A_IFINDEX] = { .type = NLA_U32 },
	[KRELAY_A_IFNAME] = { .type = NLA_NUL_STRING, .maxlen = IFNAMSIZ },
	[KRELAY_A_DEVICE] = { .type = NLA_NESTED },
	[KRELAY_A_PEER] = { .type = NLA_NESTED },
	[KRELAY_A_FORWARD] = { .type = NLA_NESTED },
	[KRELAY_A_SOURCES] = { .type = NLA_NESTED },
};

static struct nla_policy device_policy[KRELAY_DEVICE_A_MAX + 1] = {
	[KRELAY_DEVICE_A_PUBLIC_KEY] = { .minlen = KRELAY_KEY_LEN, .maxlen = KRELAY_KEY_LEN },
	[KRELAY_DEVICE_A_LISTEN_PORT] = { .type = NLA_U16 },
	[KRELAY_DEVICE_A_FWMARK] = { .type = NLA_U32 },
	[KRELAY_DEVICE_A_PUBLICS] = { .type = NLA_NESTED },
	[KRELAY_DEVICE_A_MARK_MASK] = { .type = NLA_U32 },
	[KRELAY_DEVICE_A_STATS] = { .type = NLA_NESTED },
	[KRELAY_DEVICE_A_TIMESTAMP] = { .type = NLA_U64 },
};

static struct nla_policy peer_policy[KRELAY_PEER_A_MAX + 1] = {
	[KRELAY_PEER_A_PUBLIC_KEY] = { .minlen = KRELAY_KEY_LEN, .maxlen = KRELAY_KEY_LEN },
	[KRELAY_PEER_A_HAS_PRESHARED_KEY] = { .type = NLA_FLAG },
	[KRELAY_PEER_A_NAME] = { .type = NLA_NUL_STRING, .maxlen = KRELAY_NAME_LEN },
	[KRELAY_PEER_A_BRIDGE] = { .type = NLA_U8 },
	[KRELAY_PEER_A_ENDPOINT] = { .minlen = sizeof(struct sockaddr_in),
				     .maxlen = sizeof(struct sockaddr_in6) },
	[KRELAY_PEER_A_KEEPALIVE] = { .type = NLA_U16 },
	[KRELAY_PEER_A_ALLOWEDIPS] = { .type = NLA_NESTED },
	[KRELAY_PEER_A_ACCEPTS] = { .type = NLA_NESTED },
	[KRELAY_PEER_A_MARK] = { .type = NLA_U32 },
	[KRELAY_PEER_A_LAST_HANDSHAKE] = { .type = NLA_U64 },
	[KRELAY_PEER_A_RX_BYTES] = { .type = NLA_U64 },
	[KRELAY_PEER_A_TX_BYTES] = { .type = NLA_U64 },
	[KRELAY_PEER_A_LOCAL_PORT] = { .type = NLA_U16 },
	[KRELAY_PEER_A_UNANSWERED] = { .type = NLA_U32 },
};

static struct nla_policy allowed_ip_policy[KRELAY_ALLOWEDIP_A_MAX + 1] = {
	[KRELAY_ALLOWEDIP_A_ADDRESS] = { .minlen = 4, .maxlen = 16 },
	[KRELAY_ALLOWEDIP_A_PREFIX] = { .type = NLA_U8 },
};

static struct nla_policy accept_policy[KRELAY_ACCEPT_A_MAX + 1] = {
	[KRELAY_ACCEPT_A_PROTO] = { .type = NLA_U8 },
	[KRELAY_ACCEPT_A_PORT_FIRST] = { .type = NLA_U16 },
	[KRELAY_ACCEPT_A_PORT_LAST] = { .type = NLA_U16 },
	[KRELAY_ACCEPT_A_ADDRESS] = { .minlen = 4, .maxlen = 16 },
};

static struct nla_policy forward_policy[KRELAY_FORWARD_A_MAX + 1] = {
	[KRELAY_FORWARD_A_PEER] = { .minlen = KRELAY_KEY_LEN, .maxlen = KRELAY_KEY_LEN },
	[KRELAY_FORWARD_A_PROTO] = { .type = NLA_U8 },
	[KRELAY_FORWARD_A_PUBLIC_ADDRESS] = { .minlen = 4, .maxlen = 16 },
	[KRELAY_FORWARD_A_PORT_FIRST] = { .type = NLA_U16 },
	[KRELAY_FORWARD_A_PORT_LAST] = { .type = NLA_U16 },
	[KRELAY_FORWARD_A_TARGET_ADDRESS] = { .minlen = 4, .maxlen = 16 },
	[KRELAY_FORWARD_A_TARGET_PORT] = { .type = NLA_U16 },
	[KRELAY_FORWARD_A_IN_PACKETS] = { .type = NLA_U64 },
	[KRELAY_FORWARD_A_IN_BYTES] = { .type = NLA_U64 },
	[KRELAY_FORWARD_A_OUT_PACKETS] = { .type = NLA_U64 },
	[KRELAY_FORWARD_A_OUT_BYTES] = { .type = NLA_U64 },
	[KRELAY_FORWARD_A_FAMILY] = { .type = NLA_U8 },
	[KRELAY_FORWARD_A_EXCEPTS] = { .type = NLA_NESTED },
	[KRELAY_FORWARD_A_SOURCES] = { .type = NLA_U32 },
	[KRELAY_FORWARD_A_LIMIT] = { .type = NLA_NESTED },
	[KRELAY_FORWARD_A_SOURCE_LIMIT] = { .type = NLA_NESTED },
	[KRELAY_FORWARD_A_IN_DROPS] = { .type = NLA_NESTED },
	[KRELAY_FORWARD_A_OUT_DROPS] = { .type = NLA_NESTED },
};

static struct nla_policy except_policy[KRELAY_EXCEPT_A_MAX + 1] = {
	[KRELAY_EXCEPT_A_PROTO] = { .type = NLA_U8 },
	[KRELAY_EXCEPT_A_PORT_FIRST] = { .type = NLA_U16 },
	[KRELAY_EXCEPT_A_PORT_LAST] = { .type = NLA_U16 },
};

static struct nla_policy limit_policy[KRELAY_LIMIT_A_MAX + 1] = {
	[KRELAY_LIMIT_A_PACKETS] = { .type = NLA_U32 },
	[KRELAY_LIMIT_A_BYTES] = { .type = NLA_U64 },
};

static struct nla_policy source_policy[KRELAY_SOURCE_A_MAX + 1] = {
	[KRELAY_SOURCE_A_ADDRESS] = { .minlen = 4, .maxlen = 16 },
	[KRELAY_SOURCE_A_PREFIX] = { .type = NLA_U8 },
	[KRELAY_SOURCE_A_VERDICT] = { .type = NLA_U8 },
};

static uint64_t get_u64(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static bool get_address(struct nlattr *attr, struct address *address)
{
	int len = nla_len(attr);

	if (len != 4 && len != 16)
		return false;
	address->family = len == 4 ? AF_INET : AF_INET6;
	memcpy(address->bytes, nla_data(attr), len);
	return true;
}

static bool read_prefix(struct nlattr *address, struct nlattr *length, struct prefix *prefix)
{
	if (!address || !length || !get_address(address, &prefix->address))
		return false;
	prefix->length = nla_get_u8(length);
	return prefix->length <= address_len(&prefix->address) * 8;
}

static bool read_publics(struct nlattr *list, struct device *device)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, list, rest) {
		if (nla_type(attr) != KRELAY_DEVICE_A_PUBLIC)
			continue;
		if (strnlen(nla_data(attr), nla_len(attr)) >= IFNAMSIZ)
			return false;
		nla_strlcpy(array_add(&device->publics)->name, attr, IFNAMSIZ);
	}
	return true;
}

static bool read_stats(struct nlattr *list, struct stat_array *stats)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, list, rest) {
		if (nla_len(attr) < (int)sizeof(uint64_t)) {
			/* Padding has no contents. */
			if (nla_len(attr))
				return false;
			continue;
		}
		while (stats->count <= (size_t)nla_type(attr))
			(void)array_add(stats);
		stats->items[nla_type(attr)] = nla_get_u64(attr);
	}
	return true;
}

static bool read_device(struct nlattr *outer, struct device *device)
{
	struct nlattr *attrs[KRELAY_DEVICE_A_MAX + 1];

	if (nla_parse_nested(attrs, KRELAY_DEVICE_A_MAX, outer, device_policy))
		return false;
	if (attrs[KRELAY_DEVICE_A_PUBLIC_KEY]) {
		nla_memcpy(device->public_key, attrs[KRELAY_DEVICE_A_PUBLIC_KEY], KRELAY_KEY_LEN);
		device->has_public_key = true;
	}
	if (attrs[KRELAY_DEVICE_A_LISTEN_PORT])
		device->listen_port = nla_get_u16(attrs[KRELAY_DEVICE_A_LISTEN_PORT]);
	if (attrs[KRELAY_DEVICE_A_FWMARK])
		device->fwmark = nla_get_u32(attrs[KRELAY_DEVICE_A_FWMARK]);
	if (attrs[KRELAY_DEVICE_A_MARK_MASK])
		device->mark_mask = nla_get_u32(attrs[KRELAY_DEVICE_A_MARK_MASK]);
	if (attrs[KRELAY_DEVICE_A_TIMESTAMP])
		device->timestamp = nla_get_u64(attrs[KRELAY_DEVICE_A_TIMESTAMP]);
	if (attrs[KRELAY_DEVICE_A_PUBLICS] && !read_publics(attrs[KRELAY_DEVICE_A_PUBLICS], device))
		return false;
	return !attrs[KRELAY_DEVICE_A_STATS] ||
	       read_stats(attrs[KRELAY_DEVICE_A_STATS], &device->stats);
}

static bool read_allowed_ips(struct nlattr *list, struct peer *peer)
{
	struct nlattr *attrs[KRELAY_ALLOWEDIP_A_MAX + 1];
	struct allowed_ip ip = { 0 };
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, list, rest) {
		if (nla_parse_nested(attrs, KRELAY_ALLOWEDIP_A_MAX, attr, allowed_ip_policy) ||
		    !read_prefix(attrs[KRELAY_ALLOWEDIP_A_ADDRESS],
				 attrs[KRELAY_ALLOWEDIP_A_PREFIX], &ip.prefix))
			return false;
		*array_add(&peer->allowed_ips) = ip;
	}
	return true;
}

static bool read_accepts(struct nlattr *list, struct peer *peer)
{
	struct nlattr *attrs[KRELAY_ACCEPT_A_MAX + 1];
	struct accept *accept;
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, list, rest) {
		if (nla_parse_nested(attrs, KRELAY_ACCEPT_A_MAX, attr, accept_policy) ||
		    !attrs[KRELAY_ACCEPT_A_PROTO])
			return false;
		accept = array_add(&peer->accepts);
		accept->proto = nla_get_u8(attrs[KRELAY_ACCEPT_A_PROTO]);
		if (attrs[KRELAY_ACCEPT_A_ADDRESS] &&
		    !get_address(attrs[KRELAY_ACCEPT_A_ADDRESS], &accept->address))
			return false;
		if (!attrs[KRELAY_ACCEPT_A_PORT_FIRST])
			continue;
		accept->first = nla_get_u16(attrs[KRELAY_ACCEPT_A_PORT_FIRST]);
		accept->last = accept->first;
		if (attrs[KRELAY_ACCEPT_A_PORT_LAST])
			accept->last = nla_get_u16(attrs[KRELAY_ACCEPT_A_PORT_LAST]);
	}
	return true;
}

static bool read_endpoint(struct nlattr *attr, struct peer *peer)
{
	const struct sockaddr *address = nla_data(attr);

	if (!(address->sa_family == AF_INET && nla_len(attr) == sizeof(struct sockaddr_in)) &&
	    !(address->sa_family == AF_INET6 && nla_len(attr) == sizeof(struct sockaddr_in6)))
		return false;
	memcpy(&peer->endpoint, address, nla_len(attr));
	return true;
}

/* The peer of this key: the last one goes on, any other is new. */
static struct peer *peer_of(struct device *device, const void *key)
{
	struct peer *peer;

	if (device->peers.count) {
		peer = &device->peers.items[device->peers.count - 1];
		if (key_equal(peer->public_key, key))
			return peer;
	}
	peer = array_add(&device->peers);
	memcpy(peer->public_key, key, KRELAY_KEY_LEN);
	peer->has_public_key = true;
	return peer;
}

static bool read_peer(struct nlattr *outer, struct device *device)
{
	struct nlattr *attrs[KRELAY_PEER_A_MAX + 1];
	struct peer *peer;

	if (nla_parse_nested(attrs, KRELAY_PEER_A_MAX, outer, peer_policy) ||
	    !attrs[KRELAY_PEER_A_PUBLIC_KEY])
		return false;
	peer = peer_of(device, nla_data(attrs[KRELAY_PEER_A_PUBLIC_KEY]));
	if (attrs[KRELAY_PEER_A_NAME])
		nla_strlcpy(peer->name, attrs[KRELAY_PEER_A_NAME], sizeof(peer->name));
	if (attrs[KRELAY_PEER_A_HAS_PRESHARED_KEY])
		peer->has_preshared_key = true;
	if (attrs[KRELAY_PEER_A_BRIDGE])
		peer->bridge = nla_get_u8(attrs[KRELAY_PEER_A_BRIDGE]);
	if (attrs[KRELAY_PEER_A_KEEPALIVE])
		peer->keepalive = nla_get_u16(attrs[KRELAY_PEER_A_KEEPALIVE]);
	if (attrs[KRELAY_PEER_A_MARK])
		peer->mark = nla_get_u32(attrs[KRELAY_PEER_A_MARK]);
	if (attrs[KRELAY_PEER_A_LAST_HANDSHAKE])
		peer->last_handshake = nla_get_u64(attrs[KRELAY_PEER_A_LAST_HANDSHAKE]);
	if (attrs[KRELAY_PEER_A_RX_BYTES])
		peer->rx_bytes = nla_get_u64(attrs[KRELAY_PEER_A_RX_BYTES]);
	if (attrs[KRELAY_PEER_A_TX_BYTES])
		peer->tx_bytes = nla_get_u64(attrs[KRELAY_PEER_A_TX_BYTES]);
	if (attrs[KRELAY_PEER_A_LOCAL_PORT])
		peer->local_port = nla_get_u16(attrs[KRELAY_PEER_A_LOCAL_PORT]);
	if (attrs[KRELAY_PEER_A_UNANSWERED])
		peer->unanswered = nla_get_u32(attrs[KRELAY_PEER_A_UNANSWERED]);
	if (attrs[KRELAY_PEER_A_ENDPOINT] && !read_endpoint(attrs[KRELAY_PEER_A_ENDPOINT], peer))
		return false;
	if (attrs[KRELAY_PEER_A_ALLOWEDIPS] &&
	    !read_allowed_ips(attrs[KRELAY_PEER_A_ALLOWEDIPS], peer))
		return false;
	return !attrs[KRELAY_PEER_A_ACCEPTS] || read_accepts(attrs[KRELAY_PEER_A_ACCEPTS], peer);
}

static bool read_excepts(struct nlattr *list, struct forward *forward)
{
	struct nlattr *attrs[KRELAY_EXCEPT_A_MAX + 1];
	struct accept *except;
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, list, rest) {
		if (nla_parse_nested(attrs, KRELAY_EXCEPT_A_MAX, attr, except_policy) ||
		    !attrs[KRELAY_EXCEPT_A_PROTO])
			return false;
		except = array_add(&forward->excepts);
		except->proto = nla_get_u8(attrs[KRELAY_EXCEPT_A_PROTO]);
		if (!attrs[KRELAY_EXCEPT_A_PORT_FIRST])
			continue;
		except->first = nla_get_u16(attrs[KRELAY_EXCEPT_A_PORT_FIRST]);
		except->last = except->first;
		if (attrs[KRELAY_EXCEPT_A_PORT_LAST])
			except->last = nla_get_u16(attrs[KRELAY_EXCEPT_A_PORT_LAST]);
	}
	return true;
}

static bool read_limit(struct nlattr *outer, struct limit *limit)
{
	struct nlattr *attrs[KRELAY_LIMIT_A_MAX + 1];

	if (!outer)
		return true;
	if (nla_parse_nested(attrs, KRELAY_LIMIT_A_MAX, outer, limit_policy))
		return false;
	if (attrs[KRELAY_LIMIT_A_PACKETS])
		limit->packets = nla_get_u32(attrs[KRELAY_LIMIT_A_PACKETS]);
	limit->bytes = get_u64(attrs[KRELAY_LIMIT_A_BYTES]);
	return true;
}

/* What packets it is about, and how many there were. */
static void read_ports(struct nlattr **attrs, struct forward *forward)
{
	forward->proto = nla_get_u8(attrs[KRELAY_FORWARD_A_PROTO]);
	if (attrs[KRELAY_FORWARD_A_PORT_FIRST])
		forward->first = nla_get_u16(attrs[KRELAY_FORWARD_A_PORT_FIRST]);
	forward->last = forward->first;
	if (attrs[KRELAY_FORWARD_A_PORT_LAST])
		forward->last = nla_get_u16(attrs[KRELAY_FORWARD_A_PORT_LAST]);
	forward->target_first = forward->first;
	if (attrs[KRELAY_FORWARD_A_TARGET_PORT])
		forward->target_first = nla_get_u16(attrs[KRELAY_FORWARD_A_TARGET_PORT]);
	forward->in.packets = get_u64(attrs[KRELAY_FORWARD_A_IN_PACKETS]);
	forward->in.bytes = get_u64(attrs[KRELAY_FORWARD_A_IN_BYTES]);
	forward->out.packets = get_u64(attrs[KRELAY_FORWARD_A_OUT_PACKETS]);
	forward->out.bytes = get_u64(attrs[KRELAY_FORWARD_A_OUT_BYTES]);
}

static bool read_addresses(struct nlattr **attrs, struct forward *forward)
{
	if (attrs[KRELAY_FORWARD_A_PUBLIC_ADDRESS] &&
	    !get_address(attrs[KRELAY_FORWARD_A_PUBLIC_ADDRESS], &forward->public))
		return false;
	if (attrs[KRELAY_FORWARD_A_TARGET_ADDRESS] &&
	    !get_address(attrs[KRELAY_FORWARD_A_TARGET_ADDRESS], &forward->target))
		return false;
	forward->family = forward->target.family ?: forward->public.family;
	if (attrs[KRELAY_FORWARD_A_FAMILY])
		forward->family = nla_get_u8(attrs[KRELAY_FORWARD_A_FAMILY]);
	return forward->family == AF_INET || forward->family == AF_INET6;
}

static bool read_forward(struct nlattr *outer, struct device *device)
{
	struct nlattr *attrs[KRELAY_FORWARD_A_MAX + 1];
	struct forward *forward;

	if (nla_parse_nested(attrs, KRELAY_FORWARD_A_MAX, outer, forward_policy) ||
	    !attrs[KRELAY_FORWARD_A_PEER] || !attrs[KRELAY_FORWARD_A_PROTO])
		return false;
	forward = array_add(&device->forwards);
	nla_memcpy(forward->peer, attrs[KRELAY_FORWARD_A_PEER], KRELAY_KEY_LEN);
	read_ports(attrs, forward);
	if (attrs[KRELAY_FORWARD_A_SOURCES]) {
		forward->sources = nla_get_u32(attrs[KRELAY_FORWARD_A_SOURCES]);
		forward->has_sources = true;
	}
	if (!read_addresses(attrs, forward) ||
	    !read_limit(attrs[KRELAY_FORWARD_A_LIMIT], &forward->limit) ||
	    !read_limit(attrs[KRELAY_FORWARD_A_SOURCE_LIMIT], &forward->source_limit))
		return false;
	if (attrs[KRELAY_FORWARD_A_EXCEPTS] &&
	    !read_excepts(attrs[KRELAY_FORWARD_A_EXCEPTS], forward))
		return false;
	if (attrs[KRELAY_FORWARD_A_IN_DROPS] &&
	    !read_stats(attrs[KRELAY_FORWARD_A_IN_DROPS], &forward->in_drops))
		return false;
	return !attrs[KRELAY_FORWARD_A_OUT_DROPS] ||
	       read_stats(attrs[KRELAY_FORWARD_A_OUT_DROPS], &forward->out_drops);
}

/* The list of this number: the last one goes on, any other is new. */
static struct sources *sources_of(struct device *device, uint32_t id)
{
	struct sources *sources;

	if (device->sources.count) {
		sources = &device->sources.items[device->sources.count - 1];
		if (sources->id == id)
			return sources;
	}
	sources = array_add(&device->sources);
	sources->id = id;
	return sources;
}

static bool read_sources(struct nlattr *outer, struct device *device)
{
	struct nlattr *attrs[KRELAY_SOURCE_A_MAX + 1];
	struct source source = { 0 };
	struct sources *sources;
	struct nlattr *attr;
	int rest;

	attr = nla_find(nla_data(outer), nla_len(outer), KRELAY_SOURCES_A_ID);
	if (!attr || nla_len(attr) != sizeof(uint32_t))
		return false;
	sources = sources_of(device, nla_get_u32(attr));
	nla_for_each_nested(attr, outer, rest) {
		if (nla_type(attr) != KRELAY_SOURCES_A_SOURCE)
			continue;
		if (nla_parse_nested(attrs, KRELAY_SOURCE_A_MAX, attr, source_policy) ||
		    !attrs[KRELAY_SOURCE_A_VERDICT] ||
		    !read_prefix(attrs[KRELAY_SOURCE_A_ADDRESS], attrs[KRELAY_SOURCE_A_PREFIX],
				 &source.prefix))
			return false;
		source.allow = nla_get_u8(attrs[KRELAY_SOURCE_A_VERDICT]) == KRELAY_SOURCE_ALLOW;
		*array_add(&sources->list) = source;
	}
	return true;
}

bool message_read(struct nlmsghdr *header, struct device *device)
{
	struct nlattr *attrs[KRELAY_A_MAX + 1];
	struct nlattr *attr;
	int rest;

	if (!genlmsg_valid_hdr(header, 0) ||
	    genlmsg_parse(header, 0, attrs, KRELAY_A_MAX, top_policy))
		return false;
	if (attrs[KRELAY_A_IFINDEX])
		device->ifindex = nla_get_u32(attrs[KRELAY_A_IFINDEX]);
	if (attrs[KRELAY_A_IFNAME])
		nla_strlcpy(device->name, attrs[KRELAY_A_IFNAME], sizeof(device->name));
	nlmsg_for_each_attr(attr, header, GENL_HDRLEN, rest) {
		if (nla_type(attr) == KRELAY_A_DEVICE && !read_device(attr, device))
			return false;
		if (nla_type(attr) == KRELAY_A_PEER && !read_peer(attr, device))
			return false;
		if (nla_type(attr) == KRELAY_A_FORWARD && !read_forward(attr, device))
			return false;
		if (nla_type(attr) == KRELAY_A_SOURCES && !read_sources(attr, device))
			return false;
	}
	return true;
}
