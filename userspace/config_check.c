// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "config.h"
#include "forwards.h"

static int check_peer(const struct config *config, struct peer *peer)
{
	struct place at = { .file = config->file, .line = peer->line };

	if (!peer->has_public_key)
		return refuse(&at, "the peer has no PublicKey: add the one that \"relayctl pubkey\" prints there.");
	if (key_equal(peer->public_key, config->device.public_key))
		return refuse(&at, "the peer's PublicKey is this interface's own: write the key of the other machine.");
	if (peer->accepts.count && !peer->bridge) {
		at.line = peer->accept_line;
		return refuse(&at, "Accept limits what comes in through a bridge, which this peer is not: add Bridge = yes, or remove Accept.");
	}
	/* The mapping of a CGNAT lasts 30 s at worst. */
	if (peer->bridge && !peer->has_keepalive)
		peer->keepalive = CONFIG_BRIDGE_KEEPALIVE;
	return 0;
}

/* The kernel has no IPv6 on a netdev with less. */
static int check_mtu(const struct config *config)
{
	struct place at = { .file = config->file };
	const struct config_address *address;
	char text[PREFIX_TEXT_LEN];

	array_for_each(address, &config->addresses) {
		at.line = address->line;
		if (address->prefix.address.family == AF_INET6 && config->mtu < 1280)
			return refuse(&at, "Address %s is of IPv6, which needs an MTU of 1280 or more, not %u: raise MTU, or remove the address.",
				      prefix_format(&address->prefix, text), config->mtu);
	}
	return 0;
}

struct owned_ip {
	const struct allowed_ip *ip;
	const struct peer *peer;
};

DEFINE_ARRAY(owned_ip_array, struct owned_ip);

static void add_owned(struct owned_ip_array *owned, const struct allowed_ip *ip,
		      const struct peer *peer)
{
	struct owned_ip *item = array_add(owned);

	item->ip = ip;
	item->peer = peer;
}

static int compare_owned(const void *a, const void *b)
{
	const struct owned_ip *x = a;
	const struct owned_ip *y = b;
	int order = address_compare(&x->ip->prefix.address, &y->ip->prefix.address);

	return order ? order : x->ip->prefix.length - y->ip->prefix.length;
}

/* An address leads to one peer only: the module would take it from the one before. */
static int check_owners(const struct config *config)
{
	struct place at = { .file = config->file };
	struct owned_ip_array owned = { 0 };
	const struct allowed_ip *ip;
	const struct peer *peer;
	char text[PREFIX_TEXT_LEN];
	int ret = 0;
	size_t i;

	array_for_each(peer, &config->device.peers) {
		array_for_each(ip, &peer->allowed_ips)
			add_owned(&owned, ip, peer);
	}
	if (owned.count)
		qsort(owned.items, owned.count, sizeof(*owned.items), compare_owned);
	for (i = 1; i < owned.count && !ret; i++) {
		const struct owned_ip *a = &owned.items[i - 1];
		const struct owned_ip *b = &owned.items[i];

		if (a->peer == b->peer || compare_owned(a, b))
			continue;
		at.line = a->ip->line > b->ip->line ? a->ip->line : b->ip->line;
		ret = refuse(&at, "AllowedIPs %s is that of the peer in line %u already: an address leads to one peer only, so remove one of them.",
			     prefix_format(&a->ip->prefix, text),
			     a->ip->line > b->ip->line ? b->peer->line : a->peer->line);
	}
	array_free(&owned);
	return ret;
}

/* A packet to it would never leave this host. */
static int check_own(const struct config *config, const struct allowed_ip *ip)
{
	struct place at = { .file = config->file, .line = ip->line };
	const struct config_address *own;
	char text[PREFIX_TEXT_LEN];

	if (!prefix_is_host(&ip->prefix))
		return 0;
	array_for_each(own, &config->addresses) {
		if (address_equal(&own->prefix.address, &ip->prefix.address))
			return refuse(&at, "AllowedIPs %s is this interface's own Address of line %u, which no peer can have: write that of the peer's interface.",
				      prefix_format(&ip->prefix, text), own->line);
	}
	return 0;
}

static int check_allowed_ips(const struct config *config)
{
	const struct allowed_ip *ip;
	const struct peer *peer;

	array_for_each(peer, &config->device.peers) {
		array_for_each(ip, &peer->allowed_ips) {
			if (check_own(config, ip))
				return -1;
		}
	}
	return 0;
}

static int check_default_route(const struct config *config)
{
	struct place at = { .file = config->file };
	const struct allowed_ip *ip;
	const struct peer *peer;
	char text[PREFIX_TEXT_LEN];

	if (config->table != TABLE_AUTO)
		return 0;
	array_for_each(peer, &config->device.peers) {
		if (peer->bridge)
			continue;
		array_for_each(ip, &peer->allowed_ips) {
			at.line = ip->line;
			if (!ip->prefix.length)
				return refuse(&at, "AllowedIPs %s would take this host's default route into the tunnel: mark the peer with Bridge = yes, or write Table = off into [Interface].",
					      prefix_format(&ip->prefix, text));
		}
	}
	return 0;
}

/* Families in which the interface has an address, as bits. */
static unsigned int families_of(const struct config *config)
{
	const struct config_address *address;
	unsigned int families = 0;

	array_for_each(address, &config->addresses) {
		if (!address_is_link_local(&address->prefix.address))
			families |= family_bit(address->prefix.address.family);
	}
	return families;
}

static int check_target(const struct place *at, const struct config *config,
			const struct forward *forward)
{
	const struct config_address *own;
	char address[ADDRESS_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];

	array_for_each(own, &config->addresses) {
		if (address_equal(&own->prefix.address, &forward->target))
			return refuse(at, "Forward \"%s\" leads to %s, this interface's own Address of line %u, which no peer can have: write that of a host behind the peer.",
				      forward_format(forward, text),
				      address_format(&forward->target, address), own->line);
	}
	return 0;
}

static int check_forwards(struct config *config)
{
	unsigned int families = families_of(config);
	struct place at = { .file = config->file };
	struct device *device = &config->device;
	struct forward_array aimed = { 0 };
	struct forward *forward;
	int ret = 0;
	size_t i;

	for (i = 0; i < device->forwards.count && !ret; i++) {
		forward = &device->forwards.items[i];
		at.line = forward->line;
		ret = check_target(&at, config, forward);
		if (!ret)
			ret = forward_aim(&at, device,
					  &device->peers.items[config->forward_peers.items[i]],
					  families, forward, &aimed);
		if (!ret)
			ret = forward_check_public(&at, device, forward);
	}
	forwards_free(&device->forwards);
	device->forwards = aimed;
	array_free(&config->forward_peers);
	if (!ret)
		ret = forwards_check_tunnel(config->file, device, device->listen_port);
	return ret ? ret : forwards_check(config->file, device);
}

int config_check(struct config *config)
{
	struct place at = { .file = config->file };
	struct peer *peer;

	if (!config->device.has_private_key)
		return refuse(&at, "[Interface] has no PrivateKey: make one with \"relayctl genkey\".");
	if (check_mtu(config))
		return -1;
	array_for_each(peer, &config->device.peers) {
		if (check_peer(config, peer))
			return -1;
	}
	if (check_allowed_ips(config) || check_owners(config) || check_default_route(config))
		return -1;
	return check_forwards(config);
}
