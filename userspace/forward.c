// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "forwards.h"
#include "output.h"
#include "verbs.h"

static bool is_glue(const char *word)
{
	return !strcasecmp(word, "on") || !strcmp(word, "->") || !strcmp(word, "-");
}

/*
 * The words of a command line as one list: a forward may come in one word, or in several as in
 * "tcp/443 on 203.0.113.5".
 */
static char *join(int argc, char *argv[])
{
	size_t room = 1;
	char *text;
	bool glued;
	int i;

	for (i = 0; i < argc; i++)
		room += strlen(argv[i]) + 2;
	text = zalloc(room);
	for (i = 0; i < argc; i++) {
		glued = i && (is_glue(argv[i]) || is_glue(argv[i - 1]));
		if (i)
			strcat(text, glued ? " " : ", ");
		strcat(text, argv[i]);
	}
	return text;
}

static int parse_words(int argc, char *argv[], struct device *device)
{
	char *text = join(argc, argv);
	int ret = forwards_parse(NULL, text, device);

	free(text);
	return ret;
}

static int aim(struct device *device, const char *peer_name)
{
	struct peer *peer = device_find_peer(device, peer_name);
	struct forward *forward;

	if (!peer)
		return refuse(NULL, "the interface %s has no peer \"%.64s\": write a peer's Name or public key, \"relayctl show %s\" lists them.",
			      device->name, peer_name, device->name);
	array_for_each(forward, &device->forwards) {
		if (forward_aim(NULL, device, peer, forward))
			return -1;
	}
	return forwards_check(NULL, device);
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
	array_free(&device.forwards);
	memcpy(&device.forwards, &words.forwards, sizeof(words.forwards));
	memset(&words.forwards, 0, sizeof(words.forwards));
	ret = aim(&device, argv[1]);
	if (!ret)
		ret = module_forwards(kernel, KRELAY_CMD_FORWARD_ADD, NULL, &device);
cleanup:
	device_free(&device);
	device_free(&words);
	return ret;
}

/* IFACE FORWARD... */
static int del(struct kernel *kernel, int argc, char *argv[])
{
	struct device device = { 0 };
	char text[FORWARD_TEXT_LEN];
	struct forward *forward;
	int ret;

	ret = parse_words(argc - 1, argv + 1, &device);
	if (ret)
		goto cleanup;
	array_for_each(forward, &device.forwards) {
		if (!forward->target.family && forward->target_first == forward->first)
			continue;
		ret = refuse(NULL, "Forward \"%s\" names a target, which a removal does not look at: leave out \"->\" and what follows.",
			     forward_format(forward, text));
		goto cleanup;
	}
	ret = kernel_open(kernel);
	if (!ret)
		ret = link_find(kernel, argv[0], &device.ifindex);
	if (!ret)
		ret = kernel_module(kernel, false);
	if (!ret)
		ret = module_forwards(kernel, KRELAY_CMD_FORWARD_DEL, NULL, &device);
cleanup:
	device_free(&device);
	return ret;
}

static void print(const struct device *device, void *data)
{
	const struct forward *forward;
	char text[FORWARD_TEXT_LEN];
	char label[KEY_TEXT_LEN];
	const struct peer *peer;
	bool *many = data;

	array_for_each(forward, &device->forwards) {
		peer = device_find_key(device, forward->peer);
		if (*many)
			printf("%s: ", device->name);
		printf("%s  (%s, %llu packets in, %llu out)\n", forward_format(forward, text),
		       peer ? peer_label(peer, label) : "peer is gone",
		       (unsigned long long)forward->in.packets,
		       (unsigned long long)forward->out.packets);
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
	bool many;
	int ret;

	if (options_parse(argc, argv, "j", &options))
		return usage("forward");
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

int forward_main(int argc, char *argv[])
{
	struct kernel kernel = { 0 };
	int ret;

	if (argc >= 2 && !strcmp(argv[1], "list"))
		ret = list(argc - 1, argv + 1);
	else if (argc >= 5 && !strcmp(argv[1], "add"))
		ret = add(&kernel, argc - 2, argv + 2);
	else if (argc >= 4 && !strcmp(argv[1], "del"))
		ret = del(&kernel, argc - 2, argv + 2);
	else
		ret = usage("forward");
	kernel_close(&kernel);
	return ret ? 1 : 0;
}
