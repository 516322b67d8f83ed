/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of sources in requests of forwards, and SOURCES_GET. */
#ifndef _KRELAY_NETLINK_SOURCES_H
#define _KRELAY_NETLINK_SOURCES_H

#include <linux/krelay.h>
#include <linux/xarray.h>
#include <net/netlink.h>

struct genl_family;
struct genl_info;
struct krelay_forwards;
struct krelay_sources;
struct netlink_callback;

extern const struct nla_policy krelay_netlink_sources_policy[KRELAY_SOURCES_A_MAX + 1];

/**
 * krelay_netlink_sources_read() - the lists of a request
 * @lists: initialised; gets a struct krelay_sources for each number of the
 *	message, with a reference that is its own
 * @info: the request
 *
 * Context: RTNL. Return: 0 or what is refused; @lists has to be released either way.
 */
int krelay_netlink_sources_read(struct xarray *lists, struct genl_info *info);

/* Gives back what is in @lists. */
void krelay_netlink_sources_release(struct xarray *lists);

int krelay_netlink_sources_dump(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family);

#endif /* _KRELAY_NETLINK_SOURCES_H */
