/* SPDX-License-Identifier: GPL-2.0 */
/* DEVICE_GET and DEVICE_SET. */
#ifndef _KRELAY_NETLINK_DEVICE_H
#define _KRELAY_NETLINK_DEVICE_H

#include <linux/krelay.h>
#include <net/netlink.h>

struct genl_family;
struct genl_info;

extern const struct nla_policy krelay_netlink_device_policy[KRELAY_DEVICE_A_MAX + 1];

int krelay_netlink_device_get(struct genl_info *info, const struct genl_family *family);
int krelay_netlink_device_set(struct sk_buff *skb, struct genl_info *info);

#endif /* _KRELAY_NETLINK_DEVICE_H */
