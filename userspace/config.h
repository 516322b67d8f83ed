/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_CONFIG_H
#define RELAYCTL_CONFIG_H

#include "model.h"

/* Bytes: the inner packet of the smallest common way, less 80 for IPv6, UDP and the tunnel. */
#define CONFIG_MTU 1420

/* Seconds between keepalives to a bridge, for the sake of the CGNAT's mapping. */
#define CONFIG_BRIDGE_KEEPALIVE 25

struct config_address {
	struct prefix prefix;
	unsigned int line;
};

DEFINE_ARRAY(config_address_array, struct config_address);

struct config_text {
	char *text;
	unsigned int line;
};

DEFINE_ARRAY(config_text_array, struct config_text);

/* A key that stands in a section. */
struct config_seen {
	const void *key;
	unsigned int line;
};

DEFINE_ARRAY(config_seen_array, struct config_seen);
DEFINE_ARRAY(index_array, size_t);

enum config_hook { HOOK_PRE_UP, HOOK_POST_UP, HOOK_PRE_DOWN, HOOK_POST_DOWN, HOOKS };

enum config_table { TABLE_AUTO, TABLE_OFF, TABLE_NUMBER };

/**
 * struct config - what a file says
 * @device: sent to the module; peers' endpoints are texts until config_resolve()
 * @listen_port_line: of its port, 0 without
 * @addresses: of the netdev
 * @mtu: bytes, 576 to 65455
 * @table: into which table routes go
 * @table_number: for TABLE_NUMBER, from 1
 * @dns: addresses of name servers
 * @search: search domains
 * @dns_line: of the last of them, 0 without
 * @hooks: commands for the shell
 * @peer: whose section is being read; NULL in the interface's
 * @for_down: what only `up` wants is passed over
 * @seen: keys that may stand once, of the interface and of @peer
 * @taken: tree of the names and public keys of peers, with the lines of their sections
 * @forward_peers: index of the peer of each forward, until config_check() has aimed them
 */
struct config {
	char *file;
	struct device device;
	unsigned int listen_port_line;
	struct config_address_array addresses;
	uint32_t mtu;
	enum config_table table;
	uint32_t table_number;
	struct config_text_array dns;
	struct config_text_array search;
	unsigned int dns_line;
	struct config_text_array hooks[HOOKS];
	struct peer *peer;
	bool for_down;
	struct config_seen_array seen[2];
	void *taken;
	struct index_array forward_peers;
};

/**
 * config_parse() - read and check a configuration, touching nothing
 * @config: gets what it says; to be freed in any case
 * @file: name of the file, for refusals
 * @ifname: name of the interface
 * @text: of @len bytes
 *
 * Return: 0, or -1 after refuse().
 */
int config_parse(struct config *config, const char *file, const char *ifname, const char *text,
		 size_t len);

/* The same of what `down` has to know alone: whatever else is wrong is no reason to stay up. */
int config_parse_for_down(struct config *config, const char *file, const char *ifname,
			  const char *text, size_t len);

/* The rules that span more than one line; config_parse() ends with it. */
int config_check(struct config *config);

/**
 * config_load() - the same from a file
 * @argument: what the user wrote: the name of an interface whose file is in the system's
 *	folder, or the name of a file, which has a slash or ends in ".conf"
 *
 * Return: 0, or -1 after refuse().
 */
int config_load(struct config *config, const char *argument);
int config_load_for_down(struct config *config, const char *argument);

/*
 * Warn if others may read the file, of public netdevs that are not there, of bridges to which all
 * is open, and of forwards that keep others from working. A refusal needs no second sentence, so
 * this comes last.
 */
void config_warn(const struct config *config);

/**
 * config_find() - the interface and the file that an argument means
 * @ifname: gets the interface's name
 * @file: gets the file's name; to be freed
 *
 * Return: 0, or -1 after refuse().
 */
int config_find(const char *argument, char ifname[IFNAMSIZ], char **file);

/**
 * config_resolve() - find the addresses of all endpoints
 * @tries: how often to ask while name servers do not answer; from 1, waits 1, 2, 4... seconds
 *
 * Return: 0, or -1 after refuse().
 */
int config_resolve(struct config *config, unsigned int tries);

void config_free(struct config *config);

#endif
