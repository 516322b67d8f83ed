// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "routes.h"

static bool is_covered(const struct config *config, const struct prefix *prefix)
{
	const struct config_address *address;

	array_for_each(address, &config->addresses) {
		if (prefix_covers(&address->prefix, prefix))
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct prefix *x = &((const struct allowed_ip *)a)->prefix;
	const struct prefix *y = &((const struct allowed_ip *)b)->prefix;

	if (x->length != y->length)
		return y->length - x->length;
	return address_compare(&x->address, &y->address);
}

void routes_derive(const struct config *config, struct allowed_ip_array *routes)
{
	const struct allowed_ip *ip;
	const struct peer *peer;
	size_t i, n = 0;

	if (config->table == TABLE_OFF)
		return;
	array_for_each(peer, &config->device.peers) {
		if (peer->bridge)
			continue;
		array_for_each(ip, &peer->allowed_ips) {
			if (config->table == TABLE_NUMBER || !is_covered(config, &ip->prefix))
				*array_add(routes) = *ip;
		}
	}
	if (!routes->count)
		return;
	qsort(routes->items, routes->count, sizeof(*routes->items), compare);
	for (i = 1; i < routes->count; i++) {
		if (compare(&routes->items[n], &routes->items[i]))
			routes->items[++n] = routes->items[i];
	}
	routes->count = n + 1;
}
