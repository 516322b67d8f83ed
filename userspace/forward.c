// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accept.h"
#include "forwards.h"
#include "listeners.h"
#include "output.h"
#include "verbs.h"
#include "words.h"

static int parse_words(int argc, char *argv[], struct device *device)
{
	char *text = words_join(argc, argv);
	char *rest = text;
	char *list;
	int ret = 0;

	while (!ret && (list = text_split(&rest, '\n')))
		ret = forwards_parse(NULL, list, device);
	free(text);
	return ret;
}

/* Add to @own the addresses of the device. */
static int addresses_of(struct kernel *kernel, const struct device *device,
			struct local_address_array *own)
{
	struct local_address_array locals = { 0 };
	const struct local_address *local;
	int ret;

	ret = link_addresses(kernel, &locals);
	array_for_each(local, &locals) {
		if (local->ifindex == device->ifindex)
			*array_add(own) = *local;
	}
	array_free(&locals);
	return ret;
}

/* Families in which the device has an address, as bits. */
static unsigned int families_of(const struct local_address_array *own)
{
	const struct local_address *local;
	unsigned int families = 0;

	array_for_each(local, own) {
		/* Each netdev has a link-local one. */
		if (!address_is_link_local(&local->address))
			families |= family_bit(local->address.family);
	}
	return families;
}

static int check_target(const struct device *device, const struct local_address_array *own,
			const struct forward *forward)
{
	const struct local_address *local;
	char address[ADDRESS_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];

	array_for_each(local, own) {
		if (address_equal(&local->address, &forward->target))
			return refuse(NULL, "Forward \"%s\" leads to %s, the own address of %s, which no peer can have: write that of a host behind the peer.",
				      forward_format(forward, text),
				      address_format(&forward->target, address), device->name);
	}
	return 0;
}

/* Settle where the forwards of the device lead, and whether they may. */
static int aim(struct kernel *kernel, struct device *device, const char *peer_name)
{
	struct peer *peer = device_find_peer(device, peer_name);
	struct local_address_array own = { 0 };
	struct forward_array aimed = { 0 };
	struct forward *forward;
	unsigned int families;
	int ret;

	if (!peer)
		return refuse(NULL, "the interface %s has no peer \"%.64s\": write a peer's Name or public key, \"relayctl show %s\" lists them.",
			      device->name, peer_name, device->name);
	ret = addresses_of(kernel, device, &own);
	families = families_of(&own);
	array_for_each(forward, &device->forwards) {
		if (!ret)
			ret = check_target(device, &own, forward);
		if (!ret)
			ret = forward_aim(NULL, device, peer, families, forward, &aimed);
		if (!ret)
			ret = forward_check_public(NULL, device, forward);
	}
	array_free(&own);
	forwards_free(&device->forwards);
	device->forwards = aimed;
	if (!ret && device->listen_port)
		ret = forwards_check_tunnel(NULL, device, device->listen_port);
	return ret ? ret : forwards_check(NULL, device);
}

/* The public netdevs may be in another namespace, with its own listeners. */
static bool has_public(const struct device *device)
{
	const struct netdev_name *public;

	array_for_each(public, &device->publics) {
		if (if_nametoindex(public->name))
			return true;
	}
	return false;
}

/* IFACE PEER FORWARD... */
static int add(struct kernel *kernel, int argc, char *argv[])
{
	struct device device = { 0 };
	struct device words = { 0 };
	int ret;

	ret = parse_words(argc - 2, argv + 2, &words);
	if (!ret)
		ret = kernel_open(kernel);
	if (!ret)
		ret = module_read(kernel, argv[0], &device);
	if (ret)
		goto cleanup;
	/* The device with the new forwards in the place of its own. */
	device_swap_forwards(&device, &words);
	ret = aim(kernel, &device, argv[1]);
	if (!ret && has_public(&device))
		ret = listeners_check(kernel, NULL, &device);
	if (!ret)
		ret = module_forwards(kernel, KRELAY_CMD_FORWARD_ADD, NULL, &device);
cleanup:
	device_free(&device);
	device_free(&words);
	return ret;
}

/* True if @forward is one that the user means: what he does not say may be anything. */
static bool is_meant(const struct forward *forward, const struct forward *said)
{
	bool echo = said->proto == IPPROTO_ICMP && !said->family &&
		    forward->proto == IPPROTO_ICMPV6;

	if ((forward->proto != said->proto && !echo) || forward->first != said->first ||
	    forward->last != said->last || !address_equal(&forward->public, &said->public))
		return false;
	if (said->family && said->family != forward->family)
		return false;
	if (said->target_said && said->target_first != forward->target_first)
		return false;
	return !said->target.family || (address_equal(&said->target, &forward->target) &&
					said->target_first == forward->target_first);
}

/* Add to @gone what the device has of a forward: it may be there for both families. */
static int find_meant(const struct device *device, const struct forward *said,
		      struct device *gone)
{
	char text[FORWARD_TEXT_LEN];
	struct forward *forward;
	bool found = false;

	array_for_each(forward, &device->forwards) {
		if (!is_meant(forward, said))
			continue;
		forward_add(&gone->forwards, forward);
		found = true;
	}
	if (found)
		return 0;
	return refuse(NULL, "Forward \"%s\" is not one of those of %s: \"relayctl forward list %s\" lists them.",
		      forward_format(said, text), device->name, device->name);
}

static bool may_be_peer(const char *word)
{
	uint8_t key[KRELAY_KEY_LEN];
	uint32_t port;
	uint8_t proto;

	if (key_parse(word, key))
		return true;
	return name_is_valid(word) && strcasecmp(word, "all") && !proto_parse(word, &proto) &&
	       !text_decimal(word, UINT16_MAX, &port);
}

/* IFACE FORWARD... */
static int delete(struct kernel *kernel, int argc, char *argv[])
{
	struct device device = { 0 };
	struct device words = { 0 };
	struct device gone = { 0 };
	struct forward *forward;
	int ret;

	/* As "add" has it. */
	if (argc > 2 && may_be_peer(argv[1]))
		return refuse(NULL, "\"%.64s\" is no forward, and del takes no PEER: leave it out, as in \"relayctl forward del %s tcp/443\".",
			      argv[1], argv[0]);
	ret = parse_words(argc - 1, argv + 1, &words);
	if (!ret)
		ret = kernel_open(kernel);
	if (!ret)
		ret = module_read(kernel, argv[0], &device);
	if (ret)
		goto cleanup;
	gone.ifindex = device.ifindex;
	array_for_each(forward, &words.forwards) {
		ret = find_meant(&device, forward, &gone);
		if (ret)
			goto cleanup;
	}
	ret = module_forwards(kernel, KRELAY_CMD_FORWARD_DEL, NULL, &gone);
cleanup:
	device_free(&device);
	device_free(&words);
	device_free(&gone);
	return ret;
}

/* Where forwards take packets is settled when the interface is made. */
static int check_publics(const struct config *config, const struct device *device)
{
	struct place at = { .file = config->file };
	const struct netdev_name *wanted, *public;
	bool found;

	array_for_each(wanted, &config->device.publics) {
		found = false;
		array_for_each(public, &device->publics)
			found |= !strcmp(public->name, wanted->name);
		if (!found)
			return refuse(&at, "Public %s is not one of those that %s was brought up with: take it down and up again.",
				      wanted->name, device->name);
	}
	return 0;
}

/* IFACE|FILE */
static int set(struct kernel *kernel, const char *argument)
{
	struct device device = { 0 };
	struct config config;
	int ret;

	ret = config_load(&config, argument);
	if (!ret)
		ret = kernel_open(kernel);
	if (!ret)
		ret = module_read_device(kernel, config.device.name, &device);
	if (!ret)
		ret = check_publics(&config, &device);
	if (ret)
		goto cleanup;
	config.device.ifindex = device.ifindex;
	if (device.listen_port)
		ret = forwards_check_tunnel(config.file, &config.device, device.listen_port);
	if (!ret && has_public(&config.device))
		ret = listeners_check(kernel, config.file, &config.device);
	if (!ret)
		ret = module_forwards(kernel, KRELAY_CMD_FORWARD_SET, config.file, &config.device);
	if (!ret)
		config_warn(&config);
cleanup:
	device_free(&device);
	config_free(&config);
	return ret;
}

static void print(const struct device *device, void *data)
{
	const struct forward *forward;
	char label[KEY_TEXT_LEN];
	const struct peer *peer;
	bool *many = data;
	char *text;

	array_for_each(forward, &device->forwards) {
		peer = device_find_key(device, forward->peer);
		if (*many)
			printf("%s: ", device->name);
		text = forward_text(device, forward, SOURCES_SHOWN);
		printf("%s  (%s, %llu packets in, %llu out", text,
		       peer ? peer_label(peer, label) : "peer is gone",
		       (unsigned long long)forward->in.packets,
		       (unsigned long long)forward->out.packets);
		drops_print(", ", forward);
		printf(")\n");
		free(text);
	}
}

static void add_json(const struct device *device, void *data)
{
	struct json_object *json;
	const struct forward *forward;

	array_for_each(forward, &device->forwards) {
		json = forward_json(device, forward);
		json_object_object_add(json, "interface", json_object_new_string(device->name));
		json_object_array_add(data, json);
	}
}

/* [IFACE] [-j], with "list" in front */
static int list(int argc, char *argv[])
{
	struct json_object *json;
	struct options options;
	const char *wrong;
	bool many;
	int ret;

	wrong = options_parse(argc, argv, "j", &options);
	if (wrong)
		return usage("forward", wrong);
	many = !options.name;
	if (!options.json) {
		ret = each_device(options.name, module_read, print, &many);
		return ret ? ret : output_end();
	}
	json = json_object_new_array();
	ret = each_device(options.name, module_read, add_json, json);
	if (!ret)
		return json_print(json);
	json_object_put(json);
	return ret;
}

static const char *action_name(size_t i)
{
	static const char *const names[] = { "add", "del", "set", "list" };

	return i < ARRAY_SIZE(names) ? names[i] : NULL;
}

static int refuse_action(const char *name)
{
	const char *nearest = text_nearest(name, action_name);

	if (nearest)
		return refuse(NULL, "\"forward\" knows no \"%.64s\": write \"%s\".", name, nearest);
	return refuse(NULL, "\"forward\" knows no \"%.64s\": write \"add\", \"del\", \"set\" or \"list\".",
		      name);
}

/* The action and its arguments */
static int run(struct kernel *kernel, int argc, char *argv[])
{
	const char *action = argv[0];

	if (!strcmp(action, "list"))
		return list(argc, argv);
	if (!strcmp(action, "add"))
		return argc > 3 ? add(kernel, argc - 1, argv + 1) : usage("forward", NULL);
	if (!strcmp(action, "del"))
		return argc > 2 ? delete(kernel, argc - 1, argv + 1) : usage("forward", NULL);
	if (strcmp(action, "set"))
		return refuse_action(action);
	if (argc != 2)
		return usage("forward", argc > 2 ? argv[2] : NULL);
	return set(kernel, argv[1]);
}

int forward_main(int argc, char *argv[])
{
	struct kernel kernel = { 0 };
	int ret;

	if (argc < 2)
		return usage("forward", NULL);
	ret = run(&kernel, argc - 1, argv + 1);
	kernel_close(&kernel);
	return ret ? 1 : 0;
}
