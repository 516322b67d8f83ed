// SPDX-License-Identifier: GPL-2.0
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "accept.h"
#include "config.h"
#include "forwards.h"
#include "reader.h"

/* What the parser of a value gets. */
struct input {
	struct config *config;
	const struct place *at;
	const char *key;
	char *value;
};

/**
 * struct key - a key of the file
 * @parse: returns 0, or -1 after refuse()
 * @data: for @parse
 */
struct key {
	const char *name;
	int (*parse)(struct input *in, int data);
	int data;
	unsigned int flags;
};

#define ONCE 1		/* May stand in a section once only. */
#define SEMICOLONS 2	/* ';' is part of the value. */
#define MAY_BE_EMPTY 4
#define FOR_DOWN 8

static int parse_uint(struct input *in, uint32_t max, uint32_t *value)
{
	if (text_number(in->value, max, value))
		return 0;
	return refuse(in->at, "%s \"%.64s\" is not a number of 0 to %u: write one.", in->key,
		      in->value, max);
}

/* Never shows the text: it may be most of a secret. */
static int parse_secret(struct input *in, uint8_t key[KRELAY_KEY_LEN])
{
	if (!key_parse(in->value, key))
		return refuse(in->at, "%s is not a key, which is 44 characters of base64 for 32 bytes: make one with \"relayctl %s\".",
			      in->key, strcmp(in->key, "PrivateKey") ? "genpsk" : "genkey");
	if (key_is_zero(key))
		return refuse(in->at, "%s is all zeros, which means no key: make one with \"relayctl %s\".",
			      in->key, strcmp(in->key, "PrivateKey") ? "genpsk" : "genkey");
	return 0;
}

static int parse_private_key(struct input *in, int data)
{
	struct device *device = &in->config->device;

	(void)data;
	if (parse_secret(in, device->private_key))
		return -1;
	device->has_private_key = true;
	key_derive_public(device->private_key, device->public_key);
	device->has_public_key = true;
	return 0;
}

static bool can_be_hosts(const struct prefix *prefix)
{
	return prefix->length && address_can_be_hosts(&prefix->address);
}

static int parse_address(struct input *in, int data)
{
	struct config_address *address;
	struct config_address *other;
	struct prefix prefix;
	char *element;

	(void)data;
	while ((element = text_split(&in->value, ','))) {
		if (!*element)
			return refuse_empty(in->at, in->key);
		if (!prefix_parse(element, &prefix))
			return refuse(in->at, "Address \"%.64s\" is no IP address with an optional prefix length: write it as in 10.66.0.1/24 or fd00::1/64.",
				      element);
		if (!can_be_hosts(&prefix))
			return refuse(in->at, "Address \"%.64s\" cannot be that of an interface: write a host's own, with the length of its network, as in 10.66.0.1/24 or fd00::1/64.",
				      element);
		array_for_each(other, &in->config->addresses) {
			if (address_equal(&other->prefix.address, &prefix.address))
				return refuse(in->at, "Address \"%.64s\" stands already in line %u: remove one of them.",
					      element, other->line);
		}
		address = array_add(&in->config->addresses);
		address->prefix = prefix;
		address->line = in->at->line;
	}
	return 0;
}

static int parse_listen_port(struct input *in, int data)
{
	uint32_t port;

	(void)data;
	if (parse_uint(in, UINT16_MAX, &port))
		return -1;
	in->config->device.listen_port = port;
	in->config->listen_port_line = in->at->line;
	return 0;
}

static int parse_fwmark(struct input *in, int data)
{
	(void)data;
	if (!strcasecmp(in->value, "off"))
		return 0;
	if (text_number(in->value, UINT32_MAX, &in->config->device.fwmark))
		return 0;
	return refuse(in->at, "FwMark \"%.64s\" is no 32-bit number: write one as in 51820 or 0xca6c, or off.",
		      in->value);
}

static int parse_mtu(struct input *in, int data)
{
	(void)data;
	if (text_decimal(in->value, 65455, &in->config->mtu) && in->config->mtu >= 576)
		return 0;
	return refuse(in->at, "MTU \"%.64s\" is not a number of 576 to 65455: write one, or leave it out for %u.",
		      in->value, CONFIG_MTU);
}

static int parse_public(struct input *in, int data)
{
	struct device *device = &in->config->device;
	struct netdev_name *public;
	char *element;

	(void)data;
	while ((element = text_split(&in->value, ','))) {
		if (!*element)
			return refuse_empty(in->at, in->key);
		if (!netdev_is_valid(element))
			return refuse(in->at, "Public \"%.64s\" cannot be the name of a netdev: write names of at most %d characters with commas between them, as in ens3.",
				      element, IFNAMSIZ - 1);
		if (!strcmp(element, device->name))
			return refuse(in->at, "Public \"%s\" is the tunnel itself: name the netdev that faces the Internet.",
				      element);
		array_for_each(public, &device->publics) {
			if (!strcmp(public->name, element))
				return refuse(in->at, "Public \"%s\" is listed twice: remove one of them.",
					      element);
		}
		if (device->publics.count == KRELAY_MAX_PUBLICS)
			return refuse(in->at, "Public \"%s\" is one more than the %u that an interface can have: remove one.",
				      element, KRELAY_MAX_PUBLICS);
		public = array_add(&device->publics);
		strcpy(public->name, element);
		public->line = in->at->line;
	}
	return 0;
}

static int parse_table(struct input *in, int data)
{
	struct config *config = in->config;

	(void)data;
	config->table = TABLE_AUTO;
	if (!strcasecmp(in->value, "auto"))
		return 0;
	config->table = TABLE_OFF;
	if (!strcasecmp(in->value, "off"))
		return 0;
	config->table = TABLE_NUMBER;
	if (text_number(in->value, UINT32_MAX, &config->table_number) && config->table_number)
		return 0;
	return refuse(in->at, "Table \"%.64s\" is no routing table: write auto, off, or a number from 1.",
		      in->value);
}

static int parse_hook(struct input *in, int hook)
{
	struct config_text *text = array_add(&in->config->hooks[hook]);

	text->text = text_copy(in->value);
	text->line = in->at->line;
	return 0;
}

static bool domain_is_valid(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n && n < 254 && !text[n] && *text != '-';
}

static int parse_dns(struct input *in, int data)
{
	struct config *config = in->config;
	struct address address;
	struct config_text *text;
	char *element;

	(void)data;
	while ((element = text_split(&in->value, ','))) {
		if (!*element)
			return refuse_empty(in->at, in->key);
		if (address_parse(element, &address))
			text = array_add(&config->dns);
		else if (domain_is_valid(element))
			text = array_add(&config->search);
		else
			return refuse(in->at, "DNS \"%.64s\" is neither an IP address nor a search domain: write such with commas between them.",
				      element);
		text->text = text_copy(element);
		text->line = in->at->line;
		config->dns_line = in->at->line;
	}
	return 0;
}

static int parse_save_config(struct input *in, int data)
{
	(void)data;
	if (!strcasecmp(in->value, "false"))
		return 0;
	return refuse(in->at, "SaveConfig \"%.64s\" is not supported, relayctl never writes this file: remove the line or write false.",
		      in->value);
}

static int compare_texts(const void *a, const void *b)
{
	const struct config_text *x = a;
	const struct config_text *y = b;

	return strcmp(x->text, y->text);
}

static void free_taken(void *node)
{
	struct config_text *text = node;

	free(text->text);
	free(text);
}

/*
 * Take a name or key for the peer whose section is being read; gives the line of the one that has
 * it already, else 0. No name is as long as a key, so both fit into one tree.
 */
static unsigned int take(struct config *config, const char *text)
{
	struct config_text *mine = zalloc(sizeof(*mine));
	struct config_text **found;
	unsigned int line;

	mine->text = text_copy(text);
	mine->line = config->peer->line;
	found = tree_add(&config->taken, mine, compare_texts);
	if (*found == mine)
		return 0;
	line = (*found)->line;
	free_taken(mine);
	return line;
}

static int parse_name(struct input *in, int data)
{
	unsigned int line;

	(void)data;
	if (!name_is_valid(in->value))
		return refuse(in->at, "Name \"%.64s\" is no name: use 1 to %d letters, digits, '.', '_' and '-'.",
			      in->value, KRELAY_NAME_LEN - 1);
	line = take(in->config, in->value);
	if (line)
		return refuse(in->at, "Name \"%s\" is that of the peer in line %u already: give each peer its own.",
			      in->value, line);
	strcpy(in->config->peer->name, in->value);
	return 0;
}

static int parse_public_key(struct input *in, int data)
{
	struct peer *peer = in->config->peer;
	uint8_t key[KRELAY_KEY_LEN];
	unsigned int line;

	(void)data;
	if (!key_parse(in->value, key) || key_is_zero(key))
		return refuse(in->at, "PublicKey \"%.64s\" is not a key, which is 44 characters of base64 for 32 bytes: copy what \"relayctl pubkey\" prints on the peer.",
			      in->value);
	line = take(in->config, in->value);
	if (line)
		return refuse(in->at, "PublicKey \"%s\" is that of the peer in line %u already: give each peer its own section and key.",
			      in->value, line);
	memcpy(peer->public_key, key, sizeof(key));
	peer->has_public_key = true;
	return 0;
}

static int parse_preshared_key(struct input *in, int data)
{
	(void)data;
	if (parse_secret(in, in->config->peer->preshared_key))
		return -1;
	in->config->peer->has_preshared_key = true;
	return 0;
}

static int parse_allowed_ips(struct input *in, int data)
{
	struct allowed_ip *ip;
	struct prefix prefix;
	char *element;

	(void)data;
	while ((element = text_split(&in->value, ','))) {
		/* As in wg, a whole list may be empty. */
		if (!*element && !in->value)
			return 0;
		if (!*element)
			return refuse_empty(in->at, in->key);
		if (!prefix_parse(element, &prefix))
			return refuse(in->at, "AllowedIPs \"%.64s\" is no IP address with an optional prefix length: write it as in 10.66.0.2/32 or fd00::/64.",
				      element);
		prefix_mask(&prefix);
		ip = array_add(&in->config->peer->allowed_ips);
		ip->prefix = prefix;
		ip->line = in->at->line;
	}
	return 0;
}

static int parse_endpoint(struct input *in, int data)
{
	struct peer *peer = in->config->peer;
	char *colon = strrchr(in->value, ':');
	char *host = in->value;
	uint32_t port;

	(void)data;
	if (!colon)
		return refuse(in->at, "Endpoint \"%.64s\" has no port: write HOST:PORT, as in vps.example.org:51820.",
			      in->value);
	*colon = '\0';
	if (!text_decimal(colon + 1, UINT16_MAX, &port) || !port)
		return refuse(in->at, "Endpoint port \"%.64s\" is not a number of 1 to 65535: write HOST:PORT, as in vps.example.org:51820.",
			      colon + 1);
	if (*host == '[' && colon > host + 2 && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	} else if (strpbrk(host, "[]:") || !*host) {
		return refuse(in->at, "Endpoint host \"%.64s\" is neither a name nor an address: write HOST:PORT, with an IPv6 address in brackets as in [2001:db8::1]:51820.",
			      host);
	}
	if (strlen(host) > 253 || strpbrk(host, " \t/,"))
		return refuse(in->at, "Endpoint host \"%.64s\" cannot be the name of a host: write HOST:PORT, as in vps.example.org:51820.",
			      host);
	peer->endpoint_host = text_copy(host);
	peer->endpoint_port = text_copy(colon + 1);
	peer->endpoint_line = in->at->line;
	return 0;
}

static int parse_keepalive(struct input *in, int data)
{
	struct peer *peer = in->config->peer;
	uint32_t seconds = 0;

	(void)data;
	if (strcasecmp(in->value, "off") && !text_decimal(in->value, UINT16_MAX, &seconds))
		return refuse(in->at, "PersistentKeepalive \"%.64s\" is not a number of seconds of 0 to 65535: write one, or off.",
			      in->value);
	peer->keepalive = seconds;
	peer->has_keepalive = true;
	return 0;
}

static int parse_bridge(struct input *in, int data)
{
	(void)data;
	in->config->peer->bridge = !strcasecmp(in->value, "yes") || !strcasecmp(in->value, "true");
	if (in->config->peer->bridge || !strcasecmp(in->value, "no") ||
	    !strcasecmp(in->value, "false"))
		return 0;
	return refuse(in->at, "Bridge \"%.64s\" is neither yes nor no: write one of them.",
		      in->value);
}

static int add_accept(struct input *in, const char *text)
{
	struct accept_array *accepts = &in->config->peer->accepts;
	struct accept accept;

	if (accept_parse(in->at, text, &accept))
		return -1;
	if (accepts->count == KRELAY_MAX_ACCEPTS)
		return refuse(in->at, "Accept \"%.64s\" is one more than the %u that a peer can have: write ranges of ports, as in tcp/8000-8099.",
			      text, KRELAY_MAX_ACCEPTS);
	*array_add(accepts) = accept;
	return 0;
}

/* PROTO[+PROTO...], and what follows goes with each. */
static int add_accepts(struct input *in, const char *element)
{
	size_t n = strcspn(element, "/ \t");
	char *protos = text_copy_n(element, n);
	char *rest = protos;
	char *proto, *text;
	int ret = 0;

	while (!ret && (proto = text_split(&rest, '+'))) {
		text = zalloc(strlen(element) + 1);
		strcpy(stpcpy(text, proto), element + n);
		ret = add_accept(in, text);
		free(text);
	}
	free(protos);
	return ret;
}

static int parse_accept(struct input *in, int data)
{
	char *element;

	(void)data;
	in->config->peer->accept_line = in->at->line;
	while ((element = text_split(&in->value, ','))) {
		if (!*element)
			return refuse_empty(in->at, in->key);
		if (add_accepts(in, element))
			return -1;
	}
	return 0;
}

static int parse_forward(struct input *in, int data)
{
	struct config *config = in->config;

	(void)data;
	if (forwards_parse(in->at, in->value, &config->device))
		return -1;
	/* Whose they are; a target may be among allowed IPs that are yet to be read. */
	while (config->forward_peers.count < config->device.forwards.count)
		*array_add(&config->forward_peers) = config->device.peers.count - 1;
	return 0;
}

static const struct key interface_keys[] = {
	{ "PrivateKey", parse_private_key, 0, ONCE },
	{ "Address", parse_address, 0, 0 },
	{ "ListenPort", parse_listen_port, 0, ONCE },
	{ "FwMark", parse_fwmark, 0, ONCE },
	{ "MTU", parse_mtu, 0, ONCE },
	{ "Public", parse_public, 0, 0 },
	{ "Table", parse_table, 0, ONCE },
	{ "PreUp", parse_hook, HOOK_PRE_UP, SEMICOLONS },
	{ "PostUp", parse_hook, HOOK_POST_UP, SEMICOLONS },
	{ "PreDown", parse_hook, HOOK_PRE_DOWN, SEMICOLONS | FOR_DOWN },
	{ "PostDown", parse_hook, HOOK_POST_DOWN, SEMICOLONS | FOR_DOWN },
	{ "DNS", parse_dns, 0, FOR_DOWN },
	{ "SaveConfig", parse_save_config, 0, ONCE },
};

static const struct key peer_keys[] = {
	{ "Name", parse_name, 0, ONCE },
	{ "PublicKey", parse_public_key, 0, ONCE },
	{ "PresharedKey", parse_preshared_key, 0, ONCE },
	{ "AllowedIPs", parse_allowed_ips, 0, MAY_BE_EMPTY },
	{ "Endpoint", parse_endpoint, 0, ONCE },
	{ "PersistentKeepalive", parse_keepalive, 0, ONCE },
	{ "Bridge", parse_bridge, 0, ONCE },
	{ "Accept", parse_accept, 0, 0 },
	{ "Forward", parse_forward, 0, 0 },
};

static const struct key *find_in(const struct key *keys, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcasecmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

static const struct key *find_key(bool peer, const char *name)
{
	if (peer)
		return find_in(peer_keys, ARRAY_SIZE(peer_keys), name);
	return find_in(interface_keys, ARRAY_SIZE(interface_keys), name);
}

static const char *interface_key_name(size_t i)
{
	return i < ARRAY_SIZE(interface_keys) ? interface_keys[i].name : NULL;
}

static const char *peer_key_name(size_t i)
{
	return i < ARRAY_SIZE(peer_keys) ? peer_keys[i].name : NULL;
}

static int refuse_key(const struct place *at, bool peer, const char *name)
{
	const char *section = peer ? "[Peer]" : "[Interface]";
	const struct key *elsewhere = find_key(!peer, name);
	const char *nearest;

	if (elsewhere)
		return refuse(at, "%s belongs into %s, not into %s: move it there.",
			      elsewhere->name, peer ? "[Interface]" : "[Peer]", section);
	nearest = text_nearest(name, peer ? peer_key_name : interface_key_name);
	if (nearest)
		return refuse(at, "%s knows no key \"%s\": write %s, or remove the line.",
			      section, name, nearest);
	return refuse(at, "%s knows no key \"%s\": remove the line, krelay.conf(5) lists those that there are.",
		      section, name);
}

/* A key may stand once in the interface's sections, and once in each peer's. */
static int check_once(struct config *config, const struct place *at, const struct key *key)
{
	struct config_seen *seen;

	array_for_each(seen, &config->seen[!!config->peer]) {
		if (seen->key == key)
			return refuse(at, "%s stands already in line %u: remove one of them.",
				      key->name, seen->line);
	}
	seen = array_add(&config->seen[!!config->peer]);
	seen->key = key;
	seen->line = at->line;
	return 0;
}

static int on_value(void *user, const struct place *at, const char *name, char *value)
{
	struct config *config = user;
	const struct key *key = find_key(config->peer, name);
	struct input in = { .config = config, .at = at, .value = value };

	if (config->for_down && !(key && key->flags & FOR_DOWN))
		return 0;
	/* The end of a secret on a line of its own looks like this. */
	if (!key && !value[strspn(value, "=")])
		return refuse(at, "what stands before \"=\" is no key, and nothing stands behind it: write KEY = VALUE.");
	if (!key)
		return refuse_key(at, config->peer, name);
	if (key->flags & ONCE && check_once(config, at, key))
		return -1;
	if (!*value && !(key->flags & MAY_BE_EMPTY))
		return refuse(at, "%s has no value: write one after '=', or remove the line.",
			      key->name);
	in.key = key->name;
	return key->parse(&in, key->data);
}

static const char *section_name(size_t i)
{
	static const char *const names[] = { "Interface", "Peer" };

	return i < ARRAY_SIZE(names) ? names[i] : NULL;
}

static int on_section(void *user, const struct place *at, const char *name)
{
	struct config *config = user;
	const char *nearest;

	if (!strcasecmp(name, "Interface")) {
		config->peer = NULL;
		return 0;
	}
	if (!strcasecmp(name, "Peer")) {
		array_free(&config->seen[true]);
		config->peer = array_add(&config->device.peers);
		config->peer->line = at->line;
		return 0;
	}
	if (config->for_down)
		return 0;
	nearest = text_nearest(name, section_name);
	if (nearest)
		return refuse(at, "there is no section [%.64s]: write [%s].", name, nearest);
	return refuse(at, "there is no section [%.64s]: write [Interface] or [Peer].", name);
}

static int keeps_semicolons(void *user, const char *name)
{
	struct config *config = user;
	const struct key *key = find_key(config->peer, name);

	return key && key->flags & SEMICOLONS;
}

static const struct reader_events events = {
	.section = on_section,
	.value = on_value,
	.keeps_semicolons = keeps_semicolons,
};

static void begin(struct config *config, const char *file, const char *ifname)
{
	memset(config, 0, sizeof(*config));
	config->file = text_copy(file);
	config->mtu = CONFIG_MTU;
	snprintf(config->device.name, sizeof(config->device.name), "%s", ifname);
}

int config_parse_for_down(struct config *config, const char *file, const char *ifname,
			  const char *text, size_t len)
{
	struct reader_events lenient = events;

	begin(config, file, ifname);
	config->for_down = true;
	lenient.goes_on = true;
	return reader_run(config->file, text, len, &lenient, config);
}

int config_parse(struct config *config, const char *file, const char *ifname, const char *text,
		 size_t len)
{
	begin(config, file, ifname);
	if (reader_run(config->file, text, len, &events, config))
		return -1;
	return config_check(config);
}

static void free_texts(struct config_text_array *texts)
{
	struct config_text *text;

	array_for_each(text, texts)
		free(text->text);
	array_free(texts);
}

void config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < HOOKS; i++)
		free_texts(&config->hooks[i]);
	free_texts(&config->dns);
	free_texts(&config->search);
	array_free(&config->addresses);
	array_free(&config->seen[0]);
	array_free(&config->seen[1]);
	tdestroy(config->taken, free_taken);
	array_free(&config->forward_peers);
	device_free(&config->device);
	free(config->file);
	memset(config, 0, sizeof(*config));
}
