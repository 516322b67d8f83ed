/* SPDX-License-Identifier: GPL-2.0 */
/* What show, stats and forward list print alike. */
#ifndef RELAYCTL_OUTPUT_H
#define RELAYCTL_OUTPUT_H

#include <json-c/json.h>

#include "kernel.h"

/* "3.20 KiB" */
#define BYTES_TEXT_LEN 24
const char *bytes_format(uint64_t bytes, char text[BYTES_TEXT_LEN]);

/* "203.0.113.5:51820" or "[2001:db8::1]:51820". */
#define ENDPOINT_TEXT_LEN (INET6_ADDRSTRLEN + IFNAMSIZ + 9)
const char *endpoint_format(const struct sockaddr_storage *endpoint,
			    char text[ENDPOINT_TEXT_LEN]);

/* "1 hour, 2 minutes, 3 seconds ago"; times in nanoseconds since 1970. */
#define AGO_TEXT_LEN 128
const char *ago_format(uint64_t then, uint64_t now, char text[AGO_TEXT_LEN]);

/* Sources of a forward that are written out in words; of more than these just the number is. */
#define SOURCES_SHOWN 8

/**
 * drops_print() - say what a forward dropped
 * @before: comes before it
 *
 * "dropped in: bridge_denied 3, bridge_limit 1; out: bridge_ttl 1", or nothing without drops.
 */
void drops_print(const char *before, const struct forward *forward);

/* What was dropped in one direction as JSON, by the names of the counters. */
struct json_object *drops_json(const struct stat_array *drops);

/* A forward as JSON, with the peer's name and key. */
struct json_object *forward_json(const struct device *device, const struct forward *forward);

/* A key as JSON. */
struct json_object *key_json(const uint8_t key[KRELAY_KEY_LEN]);

/* Print and free; gives 0, or -1 after refuse(). */
int json_print(struct json_object *json);

/* What was written got to where it was to go; gives 0, or -1 after refuse(). */
int output_end(void);

/**
 * struct options - what these verbs have in common
 * @json: -j
 * @all: -a
 * @explain: --explain
 * @name: of the interface, NULL for all
 */
struct options {
	bool json;
	bool all;
	bool explain;
	const char *name;
};

/**
 * options_parse() - read the arguments of a verb that prints
 * @allowed: of "j", "a" and "e"
 *
 * Return: the first argument that does not fit, NULL without one.
 */
const char *options_parse(int argc, char *argv[], const char *allowed, struct options *options);

/**
 * each_device() - read one device, or each of this namespace, and do something with it
 * @name: NULL for each
 * @read: module_read() or module_read_device()
 * @fn: gets @data
 *
 * Return: 0, or -1 after refuse().
 */
int each_device(const char *name,
		int (*read)(struct kernel *kernel, const char *name, struct device *device),
		void (*fn)(const struct device *device, void *data), void *data);

#endif
