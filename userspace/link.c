// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <string.h>

#include "kernel.h"

static void must(const void *p)
{
	if (p)
		return;
	refuse(NULL, "there is no memory left: free some and try again.");
	exit(1);
}

static bool is_ours(struct rtnl_link *link)
{
	const char *kind = rtnl_link_get_type(link);

	return kind && !strcmp(kind, KERNEL_KIND);
}

int link_find(struct kernel *kernel, const char *name, unsigned int *ifindex, bool *up)
{
	struct rtnl_link *link = NULL;
	int ret = 0;

	kernel_begin(kernel);
	if (kernel_failed(kernel, rtnl_link_get_kernel(kernel->route, 0, name, &link))) {
		if (kernel->error != ENODEV)
			return kernel_refuse(kernel, NULL, "asking for the interface %s", name);
		return refuse(NULL, "there is no interface %s here: bring it up with \"relayctl up %s\", \"relayctl show\" lists those that are.",
			      name, name);
	}
	*ifindex = rtnl_link_get_ifindex(link);
	if (up)
		*up = rtnl_link_get_flags(link) & IFF_UP;
	if (!is_ours(link))
		ret = refuse(NULL, "the interface %s is not of the kind " KERNEL_KIND ": name another, \"relayctl show\" lists those that are.",
			     name);
	rtnl_link_put(link);
	return ret;
}

int link_list(struct kernel *kernel, struct netdev_array *names)
{
	struct nl_cache *cache = NULL;
	struct nl_object *object;

	kernel_begin(kernel);
	if (kernel_failed(kernel, rtnl_link_alloc_cache(kernel->route, AF_UNSPEC, &cache)))
		return kernel_refuse(kernel, NULL, "listing the interfaces");
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;

		if (is_ours(link))
			strncpy(array_add(names)->name, rtnl_link_get_name(link), IFNAMSIZ - 1);
	}
	nl_cache_free(cache);
	return 0;
}

static void add_local(struct rtnl_addr *addr, struct local_address_array *addresses)
{
	struct nl_addr *local = rtnl_addr_get_local(addr);
	struct local_address *item;
	unsigned int len;

	if (!local)
		return;
	len = nl_addr_get_len(local);
	if (len != 4 && len != 16)
		return;
	item = array_add(addresses);
	item->ifindex = rtnl_addr_get_ifindex(addr);
	item->address.family = len == 4 ? AF_INET : AF_INET6;
	memcpy(item->address.bytes, nl_addr_get_binary_addr(local), len);
}

int link_addresses(struct kernel *kernel, struct local_address_array *addresses)
{
	struct nl_cache *cache = NULL;
	struct nl_object *object;

	kernel_begin(kernel);
	if (kernel_failed(kernel, rtnl_addr_alloc_cache(kernel->route, &cache)))
		return kernel_refuse(kernel, NULL, "listing this host's addresses");
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object))
		add_local((struct rtnl_addr *)object, addresses);
	nl_cache_free(cache);
	return 0;
}

int link_create(struct kernel *kernel, const char *name, const char *argument, uint32_t mtu,
		unsigned int *ifindex)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int err;

	must(link);
	rtnl_link_set_name(link, name);
	rtnl_link_set_mtu(link, mtu);
	kernel_begin(kernel);
	err = rtnl_link_set_type(link, KERNEL_KIND);
	if (err >= 0)
		err = rtnl_link_add(kernel->route, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	if (kernel_failed(kernel, err)) {
		if (kernel->error == EEXIST)
			return refuse(NULL, "there is an interface %s already: take it down with \"relayctl down %s\" first, or choose another name.",
				      name, argument);
		return kernel_refuse(kernel, NULL, "making the interface %s", name);
	}
	*ifindex = if_nametoindex(name);
	if (!*ifindex)
		return refuse(NULL, "the interface %s vanished as soon as it was made: see what else manages it.",
			      name);
	return 0;
}

int link_delete(struct kernel *kernel, const char *name, unsigned int ifindex, bool quiet)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int err;

	must(link);
	rtnl_link_set_ifindex(link, ifindex);
	kernel_begin(kernel);
	err = rtnl_link_delete(kernel->route, link);
	rtnl_link_put(link);
	if (!kernel_failed(kernel, err))
		return 0;
	return quiet ? -1 : kernel_refuse(kernel, NULL, "removing the interface %s", name);
}

static int change_flags(struct kernel *kernel, unsigned int ifindex, bool up)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int err;

	must(change);
	rtnl_link_set_ifindex(change, ifindex);
	if (up)
		rtnl_link_set_flags(change, IFF_UP);
	else
		rtnl_link_unset_flags(change, IFF_UP);
	kernel_begin(kernel);
	err = rtnl_link_change(kernel->route, change, change, 0);
	rtnl_link_put(change);
	return err;
}

int link_up(struct kernel *kernel, const struct place *at, const struct device *device)
{
	if (!kernel_failed(kernel, change_flags(kernel, device->ifindex, true)))
		return 0;
	if (kernel->error == EADDRINUSE && device->listen_port)
		return refuse(at, "ListenPort %u is in use: choose another one, or take down what uses it.",
			      device->listen_port);
	return kernel_refuse(kernel, NULL, "setting the interface %s up", device->name);
}

int link_down(struct kernel *kernel, const char *name, unsigned int ifindex)
{
	return kernel_failed(kernel, change_flags(kernel, ifindex, false)) ?
	       kernel_refuse(kernel, NULL, "setting the interface %s down", name) : 0;
}

static struct nl_addr *to_nl(const struct prefix *prefix)
{
	struct nl_addr *addr = nl_addr_build(prefix->address.family, prefix->address.bytes,
					     address_len(&prefix->address));

	must(addr);
	nl_addr_set_prefixlen(addr, prefix->length);
	return addr;
}

/* EACCES: what the kernel has for that. */
static int refuse_ipv6(const struct place *at, const char *what, const char *text)
{
	return refuse(at, "%s %s cannot be had, IPv6 is switched off for new interfaces here: run \"sysctl net.ipv6.conf.default.disable_ipv6=0\", or write IPv4 alone.",
		      what, text);
}

int link_add_address(struct kernel *kernel, const struct place *at, unsigned int ifindex,
		     const struct prefix *address)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = to_nl(address);
	char text[PREFIX_TEXT_LEN];
	int err;

	must(addr);
	rtnl_addr_set_ifindex(addr, ifindex);
	rtnl_addr_set_local(addr, local);
	kernel_begin(kernel);
	err = rtnl_addr_add(kernel->route, addr, 0);
	nl_addr_put(local);
	rtnl_addr_put(addr);
	if (!kernel_failed(kernel, err))
		return 0;
	prefix_format(address, text);
	return kernel->error == EACCES ? refuse_ipv6(at, "Address", text) :
					 kernel_refuse(kernel, at, "Address %s", text);
}

int link_add_route(struct kernel *kernel, const struct place *at, unsigned int ifindex,
		   const struct prefix *prefix, uint32_t table)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_addr *destination = to_nl(prefix);
	char text[PREFIX_TEXT_LEN];
	int err;

	must(hop);
	must(route);
	rtnl_route_nh_set_ifindex(hop, ifindex);
	rtnl_route_set_family(route, prefix->address.family);
	rtnl_route_set_dst(route, destination);
	rtnl_route_set_table(route, table ?: RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, RTPROT_BOOT);
	rtnl_route_set_scope(route, prefix->address.family == AF_INET ? RT_SCOPE_LINK :
			     RT_SCOPE_UNIVERSE);
	rtnl_route_add_nexthop(route, hop);
	kernel_begin(kernel);
	err = rtnl_route_add(kernel->route, route, NLM_F_CREATE | NLM_F_EXCL);
	nl_addr_put(destination);
	rtnl_route_put(route);
	if (!kernel_failed(kernel, err))
		return 0;
	prefix_format(prefix, text);
	if (kernel->error == EEXIST)
		return refuse(at, "there is a route to AllowedIPs %s already, as \"ip route show table all %s\" tells: remove it, choose other addresses, or write Table = off into [Interface] and route them yourself.",
			      text, text);
	if (kernel->error == EACCES)
		return refuse_ipv6(at, "the route to AllowedIPs", text);
	return kernel_refuse(kernel, at, "the route to AllowedIPs %s", text);
}
