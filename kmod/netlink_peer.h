/* SPDX-License-Identifier: GPL-2.0 */
/* PEER_GET, PEER_SET and PEER_DEL. */
#ifndef _KRELAY_NETLINK_PEER_H
#define _KRELAY_NETLINK_PEER_H

#include <linux/krelay.h>
#include <net/netlink.h>

struct genl_family;
struct genl_info;
struct netlink_callback;

extern const struct nla_policy krelay_netlink_peer_policy[KRELAY_PEER_A_MAX + 1];

int krelay_netlink_peer_dump(struct sk_buff *skb, struct netlink_callback *cb,
			     const struct genl_family *family);
int krelay_netlink_peer_set(struct sk_buff *skb, struct genl_info *info);
int krelay_netlink_peer_del(struct sk_buff *skb, struct genl_info *info);

#endif /* _KRELAY_NETLINK_PEER_H */
