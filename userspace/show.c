// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accept.h"
#include "forwards.h"
#include "output.h"
#include "verbs.h"

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void print_publics(const struct device *device)
{
	const struct netdev_name *public;

	if (device->publics.count)
		printf("  public:");
	array_for_each(public, &device->publics)
		printf("%s %s", public == device->publics.items ? "" : ",", public->name);
	if (device->publics.count)
		printf("\n");
}

static void print_allowed_ips(const struct peer *peer)
{
	const struct allowed_ip *ip;
	char text[PREFIX_TEXT_LEN];

	printf("  allowed ips:");
	array_for_each(ip, &peer->allowed_ips)
		printf("%s %s", ip == peer->allowed_ips.items ? "" : ",",
		       prefix_format(&ip->prefix, text));
	printf("%s\n", peer->allowed_ips.count ? "" : " (none)");
}

static void print_bridge(const struct device *device, const struct peer *peer)
{
	const struct accept *accept;
	char text[ACCEPT_TEXT_LEN];

	if (!peer->bridge)
		return;
	printf("  bridge: yes");
	if (peer->mark)
		printf(", mark 0x%x/0x%x", peer->mark, device->mark_mask);
	printf("\n  accept:");
	array_for_each(accept, &peer->accepts)
		printf("%s %s", accept == peer->accepts.items ? "" : ",",
		       accept_format(accept, text));
	printf("%s\n", peer->accepts.count ? "" : " (own addresses)");
}

static void print_forwards(const struct device *device, const struct peer *peer)
{
	const struct forward *forward;
	char out[BYTES_TEXT_LEN];
	char in[BYTES_TEXT_LEN];
	char *text;

	array_for_each(forward, &device->forwards) {
		if (!key_equal(forward->peer, peer->public_key))
			continue;
		text = forward_text(device, forward, SOURCES_SHOWN);
		printf("  forward: %s, %s in, %s out", text,
		       bytes_format(forward->in.bytes, in), bytes_format(forward->out.bytes, out));
		drops_print(", ", forward);
		printf("\n");
		free(text);
	}
}

static void print_peer(const struct device *device, const struct peer *peer)
{
	char endpoint[ENDPOINT_TEXT_LEN];
	char sent[BYTES_TEXT_LEN];
	char got[BYTES_TEXT_LEN];
	char key[KEY_TEXT_LEN];
	char ago[AGO_TEXT_LEN];

	key_format(peer->public_key, key);
	printf("\npeer: %s\n", key);
	if (*peer->name)
		printf("  name: %s\n", peer->name);
	if (peer->has_preshared_key)
		printf("  preshared key: (hidden)\n");
	if (peer->endpoint.ss_family)
		printf("  endpoint: %s\n", endpoint_format(&peer->endpoint, endpoint));
	if (peer->local_port && peer->local_port != device->listen_port)
		printf("  local port: %u\n", peer->local_port);
	print_allowed_ips(peer);
	if (peer->last_handshake)
		printf("  latest handshake: %s\n", ago_format(peer->last_handshake, now(), ago));
	if (peer->unanswered >= UNANSWERED_MANY)
		printf("  handshakes without an answer: %u\n", peer->unanswered);
	if (peer->rx_bytes || peer->tx_bytes)
		printf("  transfer: %s received, %s sent\n", bytes_format(peer->rx_bytes, got),
		       bytes_format(peer->tx_bytes, sent));
	if (peer->keepalive)
		printf("  persistent keepalive: every %u second%s\n", peer->keepalive,
		       peer->keepalive == 1 ? "" : "s");
	print_bridge(device, peer);
	print_forwards(device, peer);
}

static void print_device(const struct device *device, void *data)
{
	const struct peer *peer;
	char key[KEY_TEXT_LEN];
	bool *first = data;

	printf("%sinterface: %s\n", *first ? "" : "\n", device->name);
	*first = false;
	if (!device->up)
		printf("  state: down\n");
	if (device->has_public_key) {
		key_format(device->public_key, key);
		printf("  public key: %s\n  private key: (hidden)\n", key);
	}
	if (device->listen_port)
		printf("  listening port: %u\n", device->listen_port);
	if (device->fwmark)
		printf("  fwmark: 0x%x\n", device->fwmark);
	print_publics(device);
	array_for_each(peer, &device->peers)
		print_peer(device, peer);
}

static void add_string(struct json_object *json, const char *key, const char *value)
{
	json_object_object_add(json, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *json, const char *key, uint64_t value)
{
	json_object_object_add(json, key, json_object_new_uint64(value));
}

static struct json_object *allowed_ips_json(const struct peer *peer)
{
	struct json_object *list = json_object_new_array();
	const struct allowed_ip *ip;
	char text[PREFIX_TEXT_LEN];

	array_for_each(ip, &peer->allowed_ips)
		json_object_array_add(list, json_object_new_string(prefix_format(&ip->prefix,
										 text)));
	return list;
}

static struct json_object *accepts_json(const struct peer *peer)
{
	struct json_object *list = json_object_new_array();
	const struct accept *accept;
	char text[ACCEPT_TEXT_LEN];

	array_for_each(accept, &peer->accepts)
		json_object_array_add(list, json_object_new_string(accept_format(accept, text)));
	return list;
}

static struct json_object *forwards_json(const struct device *device, const struct peer *peer)
{
	struct json_object *list = json_object_new_array();
	const struct forward *forward;

	array_for_each(forward, &device->forwards) {
		if (key_equal(forward->peer, peer->public_key))
			json_object_array_add(list, forward_json(device, forward));
	}
	return list;
}

static struct json_object *peer_json(const struct device *device, const struct peer *peer)
{
	struct json_object *json = json_object_new_object();
	char text[ENDPOINT_TEXT_LEN];

	json_object_object_add(json, "public_key", key_json(peer->public_key));
	add_string(json, "name", *peer->name ? peer->name : NULL);
	json_object_object_add(json, "has_preshared_key",
			       json_object_new_boolean(peer->has_preshared_key));
	add_string(json, "endpoint", peer->endpoint.ss_family ?
		   endpoint_format(&peer->endpoint, text) : NULL);
	json_object_object_add(json, "allowed_ips", allowed_ips_json(peer));
	/* In whole seconds since 1970, 0 is never; the nanoseconds do not fit every reader. */
	add_number(json, "latest_handshake", peer->last_handshake / 1000000000);
	add_number(json, "unanswered", peer->unanswered);
	add_number(json, "local_port", peer->local_port);
	add_number(json, "rx_bytes", peer->rx_bytes);
	add_number(json, "tx_bytes", peer->tx_bytes);
	add_number(json, "persistent_keepalive", peer->keepalive);
	json_object_object_add(json, "bridge", json_object_new_boolean(peer->bridge));
	add_number(json, "mark", peer->mark);
	json_object_object_add(json, "accept", accepts_json(peer));
	json_object_object_add(json, "forwards", forwards_json(device, peer));
	return json;
}

static void add_device_json(const struct device *device, void *data)
{
	struct json_object *json = json_object_new_object();
	struct json_object *publics = json_object_new_array();
	struct json_object *peers = json_object_new_array();
	const struct netdev_name *public;
	const struct peer *peer;

	add_string(json, "interface", device->name);
	add_number(json, "ifindex", device->ifindex);
	json_object_object_add(json, "up", json_object_new_boolean(device->up));
	json_object_object_add(json, "public_key", device->has_public_key ?
			       key_json(device->public_key) : NULL);
	add_number(json, "listen_port", device->listen_port);
	add_number(json, "fwmark", device->fwmark);
	add_number(json, "mark_mask", device->mark_mask);
	array_for_each(public, &device->publics)
		json_object_array_add(publics, json_object_new_string(public->name));
	json_object_object_add(json, "public", publics);
	array_for_each(peer, &device->peers)
		json_object_array_add(peers, peer_json(device, peer));
	json_object_object_add(json, "peers", peers);
	json_object_array_add(data, json);
}

static int show_json(const char *name)
{
	struct json_object *list = json_object_new_array();

	if (!each_device(name, module_read, add_device_json, list))
		return json_print(list);
	json_object_put(list);
	return -1;
}

int show_main(int argc, char *argv[])
{
	struct options options;
	const char *wrong;
	bool first = true;
	int ret;

	wrong = options_parse(argc, argv, "j", &options);
	if (wrong)
		return usage("show", wrong);
	if (options.json)
		return show_json(options.name) ? 1 : 0;
	ret = each_device(options.name, module_read, print_device, &first);
	if (!ret)
		ret = output_end();
	return ret ? 1 : 0;
}
