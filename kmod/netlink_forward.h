/* SPDX-License-Identifier: GPL-2.0 */
/* FORWARD_GET, FORWARD_SET, FORWARD_ADD and FORWARD_DEL. */
#ifndef _KRELAY_NETLINK_FORWARD_H
#define _KRELAY_NETLINK_FORWARD_H

#include <linux/krelay.h>
#include <net/netlink.h>

struct genl_family;
struct genl_info;
struct netlink_callback;

int krelay_netlink_forward_dump(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family);
int krelay_netlink_forward_set(struct sk_buff *skb, struct genl_info *info);
int krelay_netlink_forward_add(struct sk_buff *skb, struct genl_info *info);
int krelay_netlink_forward_del(struct sk_buff *skb, struct genl_info *info);

#endif /* _KRELAY_NETLINK_FORWARD_H */
