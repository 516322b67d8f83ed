// SPDX-License-Identifier: GPL-2.0
#include "home.h"

#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/rtnetlink.h>
#include <net/dst_metadata.h>
#include <net/netfilter/nf_conntrack.h>

#include "conntrack.h"
#include "guard.h"
#include "mark.h"
#include "peer.h"
#include "reply.h"
#include "route.h"
#include "source.h"

/* The same in both families. */
enum {
	/* Behind defragmentation, before any rule but those for raw pieces. */
	PRIORITY_VOUCH = NF_IP_PRI_CONNTRACK_DEFRAG + 1,
	/* Before conntrack makes a wrong connection of it. */
	PRIORITY_SOURCE = NF_IP_PRI_CONNTRACK - 10,
	/* Behind conntrack, before NAT, which forgets where the packet came from. */
	PRIORITY_MARK = NF_IP_PRI_MANGLE + 1,
	/*
	 * Behind NAT, which would forget the route, and in LOCAL_OUT behind all rules,
	 * some of which look a new route up for a new mark.
	 */
	PRIORITY_ROUTE = NF_IP_PRI_LAST,
};

/* The number of the bridge through which @skb has just come in, or 0. */
static u32 came_from(const struct sk_buff *skb, const struct net_device *in)
{
	struct metadata_dst *md = skb_metadata_dst(skb);

	if (!md || md->type != METADATA_HW_PORT_MUX || md->u.port_info.lower_dev != in)
		return 0;
	return md->u.port_info.port_id;
}

/*
 * A bridge is where no route to the visitor leads, so a rule that compares the
 * two (rpfilter in iptables, `fib saddr . iif` in nftables) would drop him, as
 * rp_filter does on a netdev that is not loose. Such rules leave alone what is
 * looped back. So to the rules of PRE_ROUTING that is what a packet looks like
 * whose source krelay_guard_judge() has checked.
 */
static unsigned int vouch(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (skb->pkt_type == PACKET_HOST && came_from(skb, state->in))
		skb->pkt_type = PACKET_LOOPBACK;
	return NF_ACCEPT;
}

static void retract(struct sk_buff *skb, const struct net_device *in)
{
	/* What is truly looped back has a route of its own. Ours may have lost all to NAT. */
	if (!skb_dst(skb) || came_from(skb, in))
		skb->pkt_type = PACKET_HOST;
}

/* Each hook is paid for by all packets of this host, so these two are one. */
static unsigned int retract_and_route(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		retract(skb, state->in);
	return krelay_reply_route(priv, skb, state);
}

/*
 * What conntrack calls invalid does not get to the container that it is for. Home itself
 * knows nothing of the connection, and would end it by a reset to the visitor.
 */
static bool is_astray(struct net *net, const struct sk_buff *skb, u8 family)
{
	struct nf_conn *ct;
	bool reply, ret;

	ct = krelay_conntrack_find_invalid(net, skb, family, &reply);
	if (!ct)
		return false;
	ret = !reply && READ_ONCE(ct->status) & IPS_DST_NAT;
	nf_conntrack_put(&ct->ct_general);
	return ret;
}

static unsigned int drop_astray(struct sk_buff *skb, const struct nf_hook_state *state, u32 number)
{
	struct krelay_peer *peer;

	if (!number || !is_astray(state->net, skb, state->pf))
		return NF_ACCEPT;
	peer = krelay_mark_peer(state->net, number);
	if (peer)
		krelay_count(peer->device, KRELAY_STAT_HOME_INVALID);
	return NF_DROP;
}

static unsigned int mark(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	u32 number, old;

	ct = nf_ct_get(skb, &ctinfo);
	if (unlikely(!ct))
		return drop_astray(skb, state, came_from(skb, state->in));
	if (nf_ct_is_template(ct) || CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL)
		return NF_ACCEPT;
	number = came_from(skb, state->in);
	old = krelay_mark_read(ct);
	if (likely(old == number))
		return NF_ACCEPT;
	/* Also of a connection that has moved here from another bridge, or away
	 * from one that is no more.
	 */
	if (number || !krelay_mark_peer(state->net, old))
		krelay_mark_write(ct, number);
	return NF_ACCEPT;
}

/* IPv4's come first, for they are all where IPv6 is switched off. */
static const struct nf_hook_ops hooks[] = {
	{
		.hook = vouch,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_VOUCH,
	},
	{
		.hook = mark,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_MARK,
	},
	{
		.hook = retract_and_route,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_ROUTE,
	},
	{
		.hook = krelay_reply_divert,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_FORWARD,
		.priority = NF_IP_PRI_FIRST,
	},
	{
		.hook = krelay_source_mend,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_SOURCE,
	},
	{
		.hook = krelay_reply_route,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_ROUTE,
	},
	{
		.hook = vouch,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_VOUCH,
	},
	{
		.hook = mark,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_MARK,
	},
	{
		.hook = retract_and_route,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_ROUTE,
	},
	{
		.hook = krelay_reply_divert,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_FORWARD,
		.priority = NF_IP_PRI_FIRST,
	},
	{
		.hook = krelay_source_mend,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_SOURCE,
	},
	{
		.hook = krelay_reply_route,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_ROUTE,
	},
};

static unsigned int num_hooks(void)
{
	return ipv6_mod_enabled() ? ARRAY_SIZE(hooks) : ARRAY_SIZE(hooks) / 2;
}

struct krelay_peer *krelay_home_bridge_of(struct krelay_device *kdev, struct sk_buff *skb)
{
	struct nf_conn *ct = krelay_mark_answered(skb);
	const struct dst_entry *dst = skb_dst(skb);
	struct krelay_peer *peer;

	if (!ct)
		return dst && krelay_route_is_reply(dst) ? krelay_mark_only(kdev) : NULL;
	peer = krelay_mark_peer(dev_net(kdev->dev), krelay_mark_read(ct));
	return peer && peer->device == kdev ? peer : NULL;
}

enum krelay_stat krelay_home_admit(struct krelay_peer *peer, struct sk_buff *skb)
{
	enum krelay_stat reason;
	struct metadata_dst *tag;

	/* What was made before it is seen by who sees it. */
	tag = smp_load_acquire(&peer->from_bridge);
	/* Without it nobody would know where the reply has to go. */
	if (unlikely(!tag))
		return KRELAY_STAT_RX_NOT_ACCEPTED;
	reason = krelay_guard_judge(peer, skb);
	if (reason)
		return reason;
	dst_hold(&tag->dst);
	skb_dst_set(skb, &tag->dst);
	return KRELAY_STAT_UNSPEC;
}

static bool has_bridges(const struct net *net)
{
	unsigned long number = 0;

	return krelay_mark_next(net, &number);
}

static bool device_has_bridges(const struct krelay_device *kdev)
{
	struct krelay_peer *peer;

	list_for_each_entry(peer, &kdev->peers, list)
		if (peer->mark)
			return true;
	return false;
}

static int enable(struct net *net)
{
	int ret;

	if (has_bridges(net))
		return 0;
	ret = krelay_conntrack_enable(net);
	if (ret)
		return ret;
	ret = nf_register_net_hooks(net, hooks, num_hooks());
	if (ret)
		krelay_conntrack_disable(net);
	return ret;
}

static void disable(struct net *net)
{
	if (has_bridges(net))
		return;
	nf_unregister_net_hooks(net, hooks, num_hooks());
	/* A hook may be looking for a connection. */
	synchronize_net();
	krelay_conntrack_disable(net);
}

static struct metadata_dst *make_tag(struct krelay_peer *peer)
{
	struct metadata_dst *md = metadata_dst_alloc(0, METADATA_HW_PORT_MUX, GFP_KERNEL);

	if (!md)
		return NULL;
	md->u.port_info.lower_dev = peer->device->dev;
	md->u.port_info.port_id = peer->mark;
	return md;
}

void krelay_home_prepare(void)
{
	krelay_conntrack_load();
}

int krelay_home_attach(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;
	struct net *net = dev_net(kdev->dev);
	struct metadata_dst *tag;
	int ret;

	ASSERT_RTNL();
	ret = enable(net);
	if (ret)
		return ret;
	ret = krelay_reply_enable(kdev);
	if (ret)
		goto err_route;
	ret = krelay_mark_take(peer);
	if (ret)
		goto err_route;
	ret = -ENOMEM;
	tag = make_tag(peer);
	if (!tag)
		goto err_mark;
	/* What is in it is seen by who sees it. */
	smp_store_release(&peer->from_bridge, tag);
	return 0;

err_mark:
	krelay_mark_release(peer);
	synchronize_net();
err_route:
	if (!device_has_bridges(kdev))
		krelay_reply_disable(kdev);
	disable(net);
	return ret;
}

void krelay_home_detach(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;
	struct net *net = dev_net(kdev->dev);
	struct metadata_dst *tag = peer->from_bridge;

	ASSERT_RTNL();
	if (!peer->mark)
		return;
	krelay_mark_release(peer);
	WRITE_ONCE(peer->from_bridge, NULL);
	synchronize_net();
	dst_release(&tag->dst);
	if (!device_has_bridges(kdev))
		krelay_reply_disable(kdev);
	disable(net);
}

void krelay_home_refresh(struct krelay_device *kdev)
{
	ASSERT_RTNL();
	if (device_has_bridges(kdev) && krelay_reply_enable(kdev))
		netdev_warn(kdev->dev, "no memory for the route of replies\n");
}
