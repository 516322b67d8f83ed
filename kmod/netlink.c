// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <linux/if.h>
#include <linux/krelay.h>
#include <net/genetlink.h>

#include "event.h"
#include "netlink_device.h"
#include "netlink_event.h"
#include "netlink_forward.h"
#include "netlink_forward_request.h"
#include "netlink_peer.h"
#include "netlink_sources.h"
#include "wire.h"

static_assert(KRELAY_KEY_LEN == KRELAY_KEY_SIZE);

static struct genl_family family;

static const struct nla_policy policy[KRELAY_A_MAX + 1] = {
	[KRELAY_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[KRELAY_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[KRELAY_A_DEVICE] = NLA_POLICY_NESTED(krelay_netlink_device_policy),
	[KRELAY_A_PEER] = NLA_POLICY_NESTED(krelay_netlink_peer_policy),
	[KRELAY_A_FORWARD] = NLA_POLICY_NESTED(krelay_netlink_forward_policy),
	[KRELAY_A_SOURCES] = NLA_POLICY_NESTED(krelay_netlink_sources_policy),
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

static int sources_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return krelay_netlink_sources_dump(skb, cb, &family);
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
	{
		.cmd = KRELAY_CMD_SOURCES_GET,
		.dumpit = sources_dump,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

/* Who talks to whom is for administrators. */
static const struct genl_multicast_group groups[] = {
	{ .name = KRELAY_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
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
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.resv_start_op = KRELAY_CMD_DEVICE_GET,
};

static void sink(struct krelay_device *kdev, struct krelay_peer *peer, enum krelay_cmd what)
{
	krelay_netlink_event_send(&family, kdev, peer, what);
}

int __init krelay_netlink_init(void)
{
	int ret = genl_register_family(&family);

	if (!ret)
		krelay_event_set_sink(sink);
	return ret;
}

void krelay_netlink_exit(void)
{
	krelay_event_set_sink(NULL);
	genl_unregister_family(&family);
}
