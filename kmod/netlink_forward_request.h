/* SPDX-License-Identifier: GPL-2.0 */
/* From the attributes of a request to a forward. Context of all: RTNL. */
#ifndef _KRELAY_NETLINK_FORWARD_REQUEST_H
#define _KRELAY_NETLINK_FORWARD_REQUEST_H

#include <linux/krelay.h>
#include <linux/xarray.h>
#include <net/netlink.h>

struct krelay_device;
struct krelay_forward;

enum {
	/* "udplite/65535-65535 on [a whole IPv6 address]" */
	KRELAY_NETLINK_FORWARD_TEXT = 80,
};

extern const struct nla_policy krelay_netlink_forward_policy[KRELAY_FORWARD_A_MAX + 1];

/* The public side of a forward as people write it. */
void krelay_netlink_forward_describe(const struct krelay_forward *forward,
				     char text[KRELAY_NETLINK_FORWARD_TEXT]);

/**
 * krelay_netlink_forward_read_public() - the public side, which names a forward
 * @forward: zeros; filled in
 * @attrs: parsed by krelay_netlink_forward_policy
 * @extack: for the refusal
 *
 * Return: 0 or why it is refused.
 */
int krelay_netlink_forward_read_public(struct krelay_forward *forward, struct nlattr **attrs,
				       struct netlink_ext_ack *extack);

/**
 * krelay_netlink_forward_read() - all of a forward
 * @forward: fresh; filled in, and freed by the caller after an error, too
 * @kdev: its device
 * @lists: of sources, by their numbers in the request
 * @attrs: parsed by krelay_netlink_forward_policy
 * @extack: for the refusal
 *
 * Return: 0 or why it is refused.
 */
int krelay_netlink_forward_read(struct krelay_forward *forward, struct krelay_device *kdev,
				struct xarray *lists, struct nlattr **attrs,
				struct netlink_ext_ack *extack);

#endif /* _KRELAY_NETLINK_FORWARD_REQUEST_H */
