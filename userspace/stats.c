// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "forwards.h"
#include "output.h"
#include "verbs.h"

struct request {
	const struct options *options;
	struct json_object *json;
	bool first;
};

static uint64_t value_of(const struct device *device, size_t stat)
{
	return stat < device->stats.count ? device->stats.items[stat] : 0;
}

/* The module may know more counters than this program. */
static size_t stats_end(const struct device *device)
{
	return device->stats.count > KRELAY_STAT_MAX ? device->stats.count : KRELAY_STAT_MAX + 1;
}

static void print_drops(const char *direction, const struct stat_array *drops)
{
	char name[STAT_NAME_LEN];
	size_t i;

	for (i = 0; i < drops->count; i++) {
		if (drops->items[i])
			printf("    %s %s %llu: %s: %s\n", direction, stat_name(i, name),
			       (unsigned long long)drops->items[i], stat_meaning(i),
			       stat_advice(i));
	}
}

static bool has_drops(const struct stat_array *drops)
{
	const uint64_t *value;

	array_for_each(value, drops) {
		if (*value)
			return true;
	}
	return false;
}

/* What single forwards dropped; the device's counters hold it, too. */
static void print_forwards(const struct device *device)
{
	const struct forward *forward;
	char *text;

	array_for_each(forward, &device->forwards) {
		if (!has_drops(&forward->in_drops) && !has_drops(&forward->out_drops))
			continue;
		text = forward_text(device, forward, SOURCES_SHOWN);
		printf("  forward %s\n", text);
		print_drops("in", &forward->in_drops);
		print_drops("out", &forward->out_drops);
		free(text);
	}
}

static void print(const struct device *device, void *data)
{
	struct request *request = data;
	char name[STAT_NAME_LEN];
	bool any = false;
	size_t i;

	printf("%sinterface: %s\n", request->first ? "" : "\n", device->name);
	request->first = false;
	for (i = 1; i < stats_end(device); i++) {
		if (!value_of(device, i) && !request->options->all)
			continue;
		any = true;
		printf("  %-24s %llu\n", stat_name(i, name),
		       (unsigned long long)value_of(device, i));
		if (request->options->explain)
			printf("    %s: %s\n", stat_meaning(i), stat_advice(i));
	}
	if (!any)
		printf("  (all counters are zero)\n");
	if (request->options->explain)
		print_forwards(device);
}

static struct json_object *explanation_json(size_t stat)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "meaning", json_object_new_string(stat_meaning(stat)));
	json_object_object_add(json, "advice", json_object_new_string(stat_advice(stat)));
	return json;
}

static struct json_object *forwards_json(const struct device *device)
{
	struct json_object *list = json_object_new_array();
	const struct forward *forward;
	struct json_object *json;
	char *text;

	array_for_each(forward, &device->forwards) {
		if (!has_drops(&forward->in_drops) && !has_drops(&forward->out_drops))
			continue;
		text = forward_text(device, forward, SIZE_MAX);
		json = json_object_new_object();
		json_object_object_add(json, "forward", json_object_new_string(text));
		json_object_object_add(json, "in_drops", drops_json(&forward->in_drops));
		json_object_object_add(json, "out_drops", drops_json(&forward->out_drops));
		json_object_array_add(list, json);
		free(text);
	}
	return list;
}

static void add_json(const struct device *device, void *data)
{
	struct json_object *explanations = json_object_new_object();
	struct json_object *counters = json_object_new_object();
	struct json_object *json = json_object_new_object();
	struct request *request = data;
	char name[STAT_NAME_LEN];
	size_t i;

	/* Zeros, too: programs want every name. */
	for (i = 1; i < stats_end(device); i++) {
		stat_name(i, name);
		json_object_object_add(counters, name,
				       json_object_new_uint64(value_of(device, i)));
		json_object_object_add(explanations, name, explanation_json(i));
	}
	json_object_object_add(json, "interface", json_object_new_string(device->name));
	json_object_object_add(json, "counters", counters);
	if (request->options->explain) {
		json_object_object_add(json, "explanations", explanations);
		json_object_object_add(json, "forwards", forwards_json(device));
	} else {
		json_object_put(explanations);
	}
	json_object_array_add(request->json, json);
}

int stats_main(int argc, char *argv[])
{
	struct request request = { .first = true };
	struct options options;
	const char *wrong;
	int ret;

	wrong = options_parse(argc, argv, "jae", &options);
	if (wrong)
		return usage("stats", wrong);
	request.options = &options;
	if (options.json)
		request.json = json_object_new_array();
	ret = each_device(options.name, options.explain ? module_read : module_read_device,
			  options.json ? add_json : print, &request);
	if (!ret)
		ret = options.json ? json_print(request.json) : output_end();
	else
		json_object_put(request.json);
	return ret ? 1 : 0;
}
