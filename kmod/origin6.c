// SPDX-License-Identifier: GPL-2.0
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>

#include "origin.h"
#include "peer.h"

enum {
	/* A default route may be written as 2000::/3, all that is public. */
	DEFAULT_PREFIX = 3,
};

bool krelay_origin6_find(const struct krelay_device *kdev,
			 bool (*matches)(const union nf_inet_addr *address, void *priv),
			 void *priv)
{
	struct inet6_dev *in6_dev = __in6_dev_get(kdev->dev);
	union nf_inet_addr address;
	struct inet6_ifaddr *ifa;

	if (!in6_dev)
		return false;
	list_for_each_entry_rcu(ifa, &in6_dev->addr_list, if_list) {
		address.in6 = ifa->addr;
		if (!(ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL) &&
		    matches(&address, priv))
			return true;
	}
	return false;
}

bool krelay_origin6_is_own(const struct krelay_device *kdev, const struct in6_addr *address)
{
	return !(ipv6_addr_type(address) & IPV6_ADDR_LINKLOCAL) &&
	       ipv6_chk_addr(dev_net(kdev->dev), address, kdev->dev, 1);
}

/* Also what stands for an IPv4 address: its packets come as IPv4 (RFC 4291 section 2.5.5). */
bool krelay_origin6_is_martian(const struct in6_addr *address)
{
	const int no_hosts = IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL | IPV6_ADDR_SITELOCAL;

	/* ::/96 holds the unspecified, the loopback and the compatible addresses. */
	return ipv6_addr_type(address) & no_hosts || ipv6_addr_v4mapped(address) ||
	       (!address->s6_addr32[0] && !address->s6_addr32[1] && !address->s6_addr32[2]);
}

bool krelay_origin6_is_peers(const struct krelay_device *kdev, const struct in6_addr *address)
{
	return krelay_cidr_is_owned(&kdev->allowed, address, KRELAY_CIDR_IPV6,
				    DEFAULT_PREFIX + 1);
}

/* RFC 4193 */
static bool is_private(const struct in6_addr *address)
{
	return (address->s6_addr[0] & 0xfe) == 0xfc;
}

static bool is_beyond(const struct krelay_peer *peer, const struct rt6_info *rt,
		      const struct in6_addr *source)
{
	const struct fib6_info *from = rcu_dereference(rt->from);

	/* No route at all: the default route is away, and the reply needs none. */
	if (!from)
		return rt->dst.error == -ENETUNREACH;
	/* What covers all of the Internet is no network of home's. */
	if (from->fib6_dst.plen <= DEFAULT_PREFIX)
		return true;
	if (rt->dst.error || rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST))
		return false;
	/* Of the networks that home knows, only the tunnel's are behind a bridge. */
	if (rt->dst.dev == peer->device->dev)
		return !krelay_origin_is_others(peer, source, sizeof(*source), true);
	return rt->rt6i_flags & RTF_GATEWAY && !is_private(source);
}

bool krelay_origin6_is_visitor(const struct krelay_peer *peer, const struct in6_addr *source)
{
	struct flowi6 flow = { .daddr = *source };
	struct dst_entry *dst;
	bool ret;

	if (krelay_origin6_is_martian(source) ||
	    krelay_origin_is_others(peer, source, sizeof(*source), false))
		return false;
	dst = ip6_route_output(dev_net(peer->device->dev), NULL, &flow);
	ret = is_beyond(peer, container_of(dst, struct rt6_info, dst), source);
	dst_release(dst);
	return ret;
}
