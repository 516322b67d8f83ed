// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <linux/if.h>
#include <linux/krelay.h>
#include <net/genetlink.h>

#include "netlink_device.h"
#include "netlink_forward.h"
#include "netlink_peer.h"
#include "wire.h"

static_assert(KRELAY_KEY_LEN == KRELAY_KEY_SIZE);

static struct genl_family family;

static const struct nla_policy policy[KRELAY_A_MAX + 1] = {
	[KRELAY_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[KRELAY_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[KRELAY_A_DEVICE] = NLA_POLICY_NESTED(krelay_netlink_device_policy),
	[KRELAY_A_PEER] = NLA_POLICY_NESTED(krelay_netlink_peer_policy),
	[KRELAY_A_FORWARD] = NLA_POLICY_NESTED(krelay_netlink_forward_policy),
};

static int device_get(struct sk_buff *skb, struct genl_info *info)
{
	return krelay_netlink_device_get(info, &family);
}

static int peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return krelay_netlink_peer_dump(skb, cb, &family);
}

static int forward_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return krelay_netlink_forward_dump(skb, cb, &family);
}

/* CAP_NET_ADMIN for reading, too: who serves what, and the private key. */
static const struct genl_ops ops[] = {
	{
		.cmd = KRELAY_CMD_DEVICE_GET,
		.doit = device_get,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_DEVICE_SET,
		.doit = krelay_netlink_device_set,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_PEER_GET,
		.dumpit = peer_dump,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_PEER_SET,
		.doit = krelay_netlink_peer_set,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_PEER_DEL,
		.doit = krelay_netlink_peer_del,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_FORWARD_GET,
		.dumpit = forward_dump,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_FORWARD_SET,
		.doit = krelay_netlink_forward_set,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_FORWARD_ADD,
		.doit = krelay_netlink_forward_add,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KRELAY_CMD_FORWARD_DEL,
		.doit = krelay_netlink_forward_del,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

static struct genl_family family __ro_after_init = {
	.name = KRELAY_GENL_NAME,
	.version = KRELAY_GENL_VERSION,
	.maxattr = KRELAY_A_MAX,
	.policy = policy,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = KRELAY_CMD_MAX + 1,
};

int __init krelay_netlink_init(void)
{
	return genl_register_family(&family);
}

void krelay_netlink_exit(void)
{
	genl_unregister_family(&family);
}
