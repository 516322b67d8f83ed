// SPDX-License-Identifier: GPL-2.0
#include "origin.h"

#include "peer.h"

bool krelay_origin_is_others(const struct krelay_peer *peer, const void *address, size_t len,
			     bool exclusive)
{
	const struct krelay_cidr_owner *owner;
	const struct krelay_peer *other;

	owner = krelay_cidr_lookup(&peer->device->allowed, address, len);
	if (!owner || owner == &peer->allowed)
		return false;
	other = container_of(owner, const struct krelay_peer, allowed);
	return exclusive || !READ_ONCE(other->bridge);
}
