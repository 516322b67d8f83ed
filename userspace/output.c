// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "explain.h"
#include "forwards.h"
#include "limits.h"
#include "output.h"

const char *bytes_format(uint64_t bytes, char text[BYTES_TEXT_LEN])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = bytes / 1024.0;
	size_t i;

	if (bytes < 1024) {
		snprintf(text, BYTES_TEXT_LEN, "%u B", (unsigned int)bytes);
		return text;
	}
	for (i = 0; value >= 1024 && i < ARRAY_SIZE(units) - 1; i++)
		value /= 1024;
	snprintf(text, BYTES_TEXT_LEN, "%.2f %s", value, units[i]);
	return text;
}

const char *endpoint_format(const struct sockaddr_storage *endpoint, char text[ENDPOINT_TEXT_LEN])
{
	socklen_t len = endpoint->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
							  sizeof(struct sockaddr_in);
	char host[INET6_ADDRSTRLEN + IFNAMSIZ + 1];
	char port[6];

	if (getnameinfo((const struct sockaddr *)endpoint, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM))
		snprintf(text, ENDPOINT_TEXT_LEN, "(unknown)");
	else
		snprintf(text, ENDPOINT_TEXT_LEN, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
			 port);
	return text;
}

const char *ago_format(uint64_t then, uint64_t now, char text[AGO_TEXT_LEN])
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {
		{ "year", 365 * 24 * 60 * 60 },
		{ "day", 24 * 60 * 60 },
		{ "hour", 60 * 60 },
		{ "minute", 60 },
		{ "second", 1 },
	};
	uint64_t left = then < now ? (now - then) / 1000000000 : 0;
	size_t i, n = 0;

	if (then > now + 1000000000) {
		snprintf(text, AGO_TEXT_LEN, "in the future (the clock was set back)");
		return text;
	}
	if (!left) {
		snprintf(text, AGO_TEXT_LEN, "now");
		return text;
	}
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		uint64_t count = left / units[i].seconds;

		left %= units[i].seconds;
		if (count)
			n += snprintf(text + n, AGO_TEXT_LEN - n, "%s%llu %s%s", n ? ", " : "",
				      (unsigned long long)count, units[i].name,
				      count == 1 ? "" : "s");
	}
	snprintf(text + n, AGO_TEXT_LEN - n, " ago");
	return text;
}

struct json_object *key_json(const uint8_t key[KRELAY_KEY_LEN])
{
	char text[KEY_TEXT_LEN];

	key_format(key, text);
	return json_object_new_string(text);
}

static void add_number(struct json_object *json, const char *key, uint64_t value)
{
	json_object_object_add(json, key, json_object_new_uint64(value));
}

static void add_address(struct json_object *json, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_LEN];

	if (address->family)
		json_object_object_add(json, key,
				       json_object_new_string(address_format(address, text)));
	else
		json_object_object_add(json, key, NULL);
}

static bool print_drops(const char *before, const char *direction,
			const struct stat_array *drops)
{
	char name[STAT_NAME_LEN];
	bool any = false;
	size_t i;

	for (i = 0; i < drops->count; i++) {
		if (!drops->items[i])
			continue;
		if (any)
			printf(",");
		else
			printf("%s%s:", before, direction);
		printf(" %s %llu", stat_name(i, name), (unsigned long long)drops->items[i]);
		any = true;
	}
	return any;
}

void drops_print(const char *before, const struct forward *forward)
{
	bool any = print_drops(before, "dropped in", &forward->in_drops);

	print_drops(any ? "; " : before, any ? "out" : "dropped out", &forward->out_drops);
}

struct json_object *drops_json(const struct stat_array *drops)
{
	struct json_object *json = json_object_new_object();
	char name[STAT_NAME_LEN];
	size_t i;

	for (i = 0; i < drops->count; i++) {
		if (drops->items[i])
			add_number(json, stat_name(i, name), drops->items[i]);
	}
	return json;
}

static void add_port(struct json_object *json, const char *key, unsigned int port)
{
	json_object_object_add(json, key, port ? json_object_new_int(port) : NULL);
}

static struct json_object *excepts_json(const struct forward *forward)
{
	struct json_object *list = json_object_new_array();
	const struct accept *except;
	char text[ACCEPT_TEXT_LEN];

	array_for_each(except, &forward->excepts)
		json_object_array_add(list, json_object_new_string(accept_format(except, text)));
	return list;
}

static struct json_object *sources_json(const struct sources *sources, bool allow)
{
	struct json_object *list = json_object_new_array();
	const struct source *source;
	char text[PREFIX_TEXT_LEN];
	size_t i;

	for (i = 0; sources && i < sources->list.count; i++) {
		source = &sources->list.items[i];
		if (source->allow == allow)
			json_object_array_add(list,
					      json_object_new_string(prefix_format(&source->prefix,
										   text)));
	}
	return list;
}

static void add_limit(struct json_object *json, const char *key, const struct limit *limit)
{
	struct json_object *object;

	if (!limit_is_set(limit)) {
		json_object_object_add(json, key, NULL);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "packets_per_second", limit->packets ?
			       json_object_new_int64(limit->packets) : NULL);
	json_object_object_add(object, "bytes_per_second", limit->bytes ?
			       json_object_new_uint64(limit->bytes) : NULL);
	json_object_object_add(json, key, object);
}

/* What makes it. */
static void add_rule(struct json_object *json, const struct device *device,
		     const struct forward *forward)
{
	const struct sources *sources = device_find_sources(device, forward);
	char proto[PROTO_TEXT_LEN];
	unsigned int last;
	char *text;

	last = forward->target_first + (forward->last - forward->first);
	text = forward_text(device, forward, SIZE_MAX);
	json_object_object_add(json, "forward", json_object_new_string(text));
	free(text);
	json_object_object_add(json, "family", json_object_new_string(forward->family == AF_INET6 ?
								      "ipv6" : "ipv4"));
	json_object_object_add(json, "protocol",
			       json_object_new_string(forward->proto ?
						      proto_format(forward->proto, proto) :
						      "all"));
	json_object_object_add(json, "except", excepts_json(forward));
	add_address(json, "public_address", &forward->public);
	add_port(json, "port_first", forward->first);
	add_port(json, "port_last", forward->last);
	add_address(json, "target_address", &forward->target);
	add_port(json, "target_port_first", forward->target_first);
	add_port(json, "target_port_last", last);
	json_object_object_add(json, "allow", sources_json(sources, true));
	json_object_object_add(json, "deny", sources_json(sources, false));
	add_limit(json, "limit", &forward->limit);
	add_limit(json, "source_limit", &forward->source_limit);
}

struct json_object *forward_json(const struct device *device, const struct forward *forward)
{
	const struct peer *peer = device_find_key(device, forward->peer);
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "peer", peer && *peer->name ?
			       json_object_new_string(peer->name) : NULL);
	json_object_object_add(json, "peer_public_key", key_json(forward->peer));
	add_rule(json, device, forward);
	add_number(json, "in_packets", forward->in.packets);
	add_number(json, "in_bytes", forward->in.bytes);
	add_number(json, "out_packets", forward->out.packets);
	add_number(json, "out_bytes", forward->out.bytes);
	json_object_object_add(json, "in_drops", drops_json(&forward->in_drops));
	json_object_object_add(json, "out_drops", drops_json(&forward->out_drops));
	return json;
}

int output_end(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return refuse(NULL, "the output cannot be written, %s: see where it goes.",
		      strerror(errno));
}

int json_print(struct json_object *json)
{
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
						  JSON_C_TO_STRING_SPACED |
						  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
	return output_end();
}

static bool *option_of(struct options *options, const char *argument, const char *allowed)
{
	static const struct {
		const char *brief;
		const char *full;
	} names[] = { { "-j", "--json" }, { "-a", "--all" }, { "-e", "--explain" } };
	bool *const values[] = { &options->json, &options->all, &options->explain };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strchr(allowed, names[i].brief[1]) &&
		    (!strcmp(argument, names[i].brief) || !strcmp(argument, names[i].full)))
			return values[i];
	}
	return NULL;
}

const char *options_parse(int argc, char *argv[], const char *allowed, struct options *options)
{
	bool *option;
	int i;

	memset(options, 0, sizeof(*options));
	for (i = 1; i < argc; i++) {
		option = option_of(options, argv[i], allowed);
		if (option) {
			*option = true;
			continue;
		}
		if (*argv[i] == '-' || options->name)
			return argv[i];
		options->name = argv[i];
	}
	if (options->name && !strcmp(options->name, "all"))
		options->name = NULL;
	return NULL;
}

static int one_device(struct kernel *kernel, const char *name,
		      int (*read)(struct kernel *kernel, const char *name, struct device *device),
		      void (*fn)(const struct device *device, void *data), void *data)
{
	struct device device = { 0 };
	int ret;

	ret = read(kernel, name, &device);
	if (!ret)
		fn(&device, data);
	device_free(&device);
	return ret;
}

int each_device(const char *name,
		int (*read)(struct kernel *kernel, const char *name, struct device *device),
		void (*fn)(const struct device *device, void *data), void *data)
{
	struct kernel kernel = { 0 };
	struct netdev_name *netdev;
	struct netdev_array names = { 0 };
	int ret;

	ret = kernel_open(&kernel);
	if (ret)
		goto cleanup;
	if (name) {
		ret = one_device(&kernel, name, read, fn, data);
		goto cleanup;
	}
	ret = link_list(&kernel, &names);
	/* Nothing to show for want of a module is not the same as nothing to show. */
	if (!ret && !names.count)
		ret = kernel_module(&kernel, false);
	if (ret)
		goto cleanup;
	array_for_each(netdev, &names) {
		if (!if_nametoindex(netdev->name))
			continue;
		ret = one_device(&kernel, netdev->name, read, fn, data);
		if (ret)
			break;
	}
cleanup:
	array_free(&names);
	kernel_close(&kernel);
	return ret;
}
