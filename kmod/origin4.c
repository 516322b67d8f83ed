// SPDX-License-Identifier: GPL-2.0
#include <linux/inetdevice.h>
#include <net/ip_fib.h>
#include <net/nexthop.h>

#include "origin.h"
#include "peer.h"

enum {
	/* A default route may be written as two halves. */
	DEFAULT_PREFIX = 1,
};

bool krelay_origin4_find(const struct krelay_device *kdev,
			 bool (*matches)(const union nf_inet_addr *address, void *priv),
			 void *priv)
{
	struct in_device *in_dev = __in_dev_get_rcu(kdev->dev);
	union nf_inet_addr address = {};
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		address.ip = ifa->ifa_local;
		if (matches(&address, priv))
			return true;
	}
	return false;
}

static bool equals(const union nf_inet_addr *address, void *priv)
{
	return address->ip == *(__be32 *)priv;
}

bool krelay_origin4_is_own(const struct krelay_device *kdev, __be32 address)
{
	return krelay_origin4_find(kdev, equals, &address);
}

bool krelay_origin4_is_martian(__be32 address)
{
	return ipv4_is_multicast(address) || ipv4_is_loopback(address) ||
	       !(address & htonl(0xff000000)) || /* RFC 1122 section 3.2.1.3 */
	       (address & htonl(0xf0000000)) == htonl(0xf0000000); /* RFC 1112 section 4 */
}

bool krelay_origin4_is_peers(const struct krelay_device *kdev, __be32 address)
{
	return krelay_cidr_is_owned(&kdev->allowed, &address, KRELAY_CIDR_IPV4,
				    DEFAULT_PREFIX + 1);
}

static bool is_private(__be32 address)
{
	const __be32 shared = htonl(0x64400000); /* 100.64.0.0/10, RFC 6598 */

	return ipv4_is_private_10(address) || ipv4_is_private_172(address) ||
	       ipv4_is_private_192(address) || ipv4_is_linklocal_169(address) ||
	       (address & htonl(0xffc00000)) == shared;
}

bool krelay_origin4_is_visitor(const struct krelay_peer *peer, __be32 source)
{
	struct flowi4 flow = { .daddr = source, .flowi4_iif = LOOPBACK_IFINDEX };
	struct krelay_device *kdev = peer->device;
	struct fib_result result;
	int ret;

	if (krelay_origin4_is_martian(source) ||
	    krelay_origin_is_others(peer, &source, sizeof(source), false))
		return false;
	ret = fib_lookup(dev_net(kdev->dev), &flow, &result, FIB_LOOKUP_NOREF);
	/* No route at all: the default route is away, and the reply needs none. */
	if (ret == -ENETUNREACH)
		return true;
	if (ret || result.type != RTN_UNICAST)
		return false;
	/* What covers half of the Internet is no network of home's. */
	if (result.prefixlen <= DEFAULT_PREFIX)
		return true;
	/* Of the networks that home knows, only the tunnel's are behind a bridge. */
	if (fib_info_nhc(result.fi, 0)->nhc_dev == kdev->dev)
		return !krelay_origin_is_others(peer, &source, sizeof(source), true);
	return result.scope < RT_SCOPE_LINK && !is_private(source);
}
