// SPDX-License-Identifier: GPL-2.0
#include "netlink_event.h"

#include <net/genetlink.h>

#include "netlink_common.h"
#include "peer.h"

static int put_peer(struct sk_buff *skb, const struct krelay_peer *peer)
{
	struct nlattr *nest = nla_nest_start(skb, KRELAY_A_PEER);

	if (!nest || nla_put(skb, KRELAY_PEER_A_PUBLIC_KEY, KRELAY_KEY_LEN, peer->public_key) ||
	    krelay_netlink_put_endpoint(skb, peer))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

void krelay_netlink_event_send(const struct genl_family *family, struct krelay_device *kdev,
			       struct krelay_peer *peer, enum krelay_cmd what)
{
	struct net *net = dev_net(kdev->dev);
	struct sk_buff *skb;
	void *header;

	if (!genl_has_listeners(family, net, 0))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return;
	header = genlmsg_put(skb, 0, 0, family, 0, what);
	if (!header || krelay_netlink_put_device(skb, kdev) || (peer && put_peer(skb, peer))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(family, net, skb, 0, 0, GFP_ATOMIC);
}
