// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "model.h"

void peer_free(struct peer *peer)
{
	free(peer->endpoint_host);
	free(peer->endpoint_port);
	array_free(&peer->allowed_ips);
	array_free(&peer->accepts);
	sodium_memzero(peer, sizeof(*peer));
}

void forwards_free(struct forward_array *forwards)
{
	struct forward *forward;

	array_for_each(forward, forwards) {
		array_free(&forward->excepts);
		array_free(&forward->in_drops);
		array_free(&forward->out_drops);
	}
	array_free(forwards);
}

void device_free(struct device *device)
{
	struct sources *sources;
	struct peer *peer;

	array_for_each(peer, &device->peers)
		peer_free(peer);
	array_free(&device->peers);
	array_free(&device->publics);
	forwards_free(&device->forwards);
	array_for_each(sources, &device->sources)
		array_free(&sources->list);
	array_free(&device->sources);
	array_free(&device->stats);
	sodium_memzero(device, sizeof(*device));
}

struct forward *forward_add(struct forward_array *forwards, const struct forward *forward)
{
	struct forward *copy = array_add(forwards);
	const struct accept *except;

	*copy = *forward;
	memset(&copy->excepts, 0, sizeof(copy->excepts));
	memset(&copy->in_drops, 0, sizeof(copy->in_drops));
	memset(&copy->out_drops, 0, sizeof(copy->out_drops));
	array_for_each(except, &forward->excepts) {
		*array_add(&copy->excepts) = *except;
	}
	return copy;
}

void device_swap_forwards(struct device *a, struct device *b)
{
	struct forward_array forwards = a->forwards;
	struct sources_array sources = a->sources;

	a->forwards = b->forwards;
	a->sources = b->sources;
	b->forwards = forwards;
	b->sources = sources;
}

const struct sources *device_find_sources(const struct device *device,
					  const struct forward *forward)
{
	const struct sources *sources;

	if (!forward->has_sources)
		return NULL;
	array_for_each(sources, &device->sources) {
		if (sources->id == forward->sources)
			return sources;
	}
	return NULL;
}

struct peer *device_find_key(const struct device *device, const uint8_t key[KRELAY_KEY_LEN])
{
	struct peer *peer;

	array_for_each(peer, &device->peers) {
		if (peer->has_public_key && key_equal(peer->public_key, key))
			return peer;
	}
	return NULL;
}

struct peer *device_find_peer(const struct device *device, const char *text)
{
	struct peer *peer;
	uint8_t key[KRELAY_KEY_LEN];

	array_for_each(peer, &device->peers) {
		if (*peer->name && !strcmp(peer->name, text))
			return peer;
	}
	return key_parse(text, key) ? device_find_key(device, key) : NULL;
}

struct peer *device_route(const struct device *device, const struct address *address)
{
	struct allowed_ip *ip;
	struct peer *found = NULL;
	struct peer *peer;
	int longest = -1;

	array_for_each(peer, &device->peers) {
		array_for_each(ip, &peer->allowed_ips) {
			if (ip->prefix.length <= longest || !prefix_contains(&ip->prefix, address))
				continue;
			longest = ip->prefix.length;
			found = peer;
		}
	}
	return found;
}

const char *peer_label(const struct peer *peer, char text[KEY_TEXT_LEN])
{
	if (*peer->name)
		return peer->name;
	key_format(peer->public_key, text);
	return text;
}

static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++) {
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= '0' && *text <= '9') || strchr(others, *text)))
			return false;
	}
	return true;
}

bool name_is_valid(const char *text)
{
	return *text && strlen(text) < KRELAY_NAME_LEN && is_made_of(text, "._-");
}

bool netdev_is_valid(const char *text)
{
	static const char *const taken[] = { ".", "..", "all", "default" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		if (!strcmp(text, taken[i]))
			return false;
	}
	return *text && *text != '-' && strlen(text) < IFNAMSIZ && is_made_of(text, "_=+.-");
}
