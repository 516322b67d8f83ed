// SPDX-License-Identifier: GPL-2.0
#include "bridge.h"

#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

#include "compat/compat.h"
#include "forwards.h"
#include "outer.h"
#include "peer.h"
#include "rewrite.h"
#include "transmit.h"

enum {
	/*
	 * Behind an administrator's own nft ingress chains, whose priority is
	 * "filter" (0) or less.
	 */
	HOOK_PRIORITY = 100,
	/* Of the users of reassembly the one that is not met on a public netdev. */
	DEFRAG_USER = IP_DEFRAG_MACVLAN,
};

/**
 * struct krelay_public - a netdev on which forwards take packets
 * @list: in the device's @publics; RTNL
 * @kdev: whose it is
 * @name: of the netdev
 * @dev: the netdev, NULL while there is none of that name; RTNL, read under RCU.
 *	Held by the hook, which goes before the netdev does.
 * @ops: the hook; its @priv is this object
 * @rcu: for freeing
 *
 * Owned by the device. The hook may hold it until a grace period after it is
 * unregistered.
 */
struct krelay_public {
	struct list_head list;
	struct krelay_device *kdev;
	char name[IFNAMSIZ];
	struct net_device *dev;
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

static bool is_public(struct krelay_device *kdev, const struct net_device *dev)
{
	struct krelay_public *public;

	list_for_each_entry_rcu(public, &kdev->publics, list)
		if (READ_ONCE(public->dev) == dev)
			return true;
	return false;
}

/*
 * The address that a forward without one stands for. A peer's reply does not
 * tell which address the visitor used, and nobody keeps that in mind: so there
 * is one, the netdev's first.
 */
static __be32 main_address(const struct net_device *dev)
{
	return inet_select_addr(dev, 0, RT_SCOPE_UNIVERSE);
}

/* What is looked at before it is known whether the packet is ours to touch. */
static struct krelay_forward *match(struct krelay_device *kdev, const struct sk_buff *skb,
				    const struct net_device *dev, const struct iphdr *ip)
{
	const struct krelay_forwards *table = rcu_dereference(kdev->forwards);
	struct krelay_forward *forward;
	union nf_inet_addr dest = {};
	__be16 ports[2], *found;

	found = skb_header_pointer(skb, skb_network_offset(skb) + ip->ihl * 4, sizeof(ports),
				   ports);
	if (!found)
		return NULL;
	dest.ip = ip->daddr;
	forward = krelay_forwards_by_public(table, NFPROTO_IPV4, ip->protocol, &dest, found[1]);
	if (!forward)
		return NULL;
	if (forward->any_address ? ip->daddr != main_address(dev) :
				   inet_addr_type(dev_net(dev), ip->daddr) != RTN_LOCAL)
		return NULL;
	return forward;
}

/* An ICMP error needs a route to the visitor, of which an ingress packet has none. */
static void answer(struct krelay_device *kdev, struct sk_buff *skb, u8 type, u8 code, u32 info,
		   enum krelay_stat reason)
{
	struct net *net = dev_net(skb->dev);
	struct flowi4 flow = { .daddr = ip_hdr(skb)->saddr };
	struct rtable *rt = ip_route_output_key(net, &flow);

	if (!IS_ERR(rt)) {
		skb_dst_drop(skb);
		skb_dst_set(skb, &rt->dst);
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		icmp_send(skb, type, code, htonl(info));
	}
	krelay_drop(kdev, skb, reason);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu;
}

/*
 * Too big and allowed to be cut: the IP output of the tunnel netdev does that,
 * and gives the pieces to the peer of the rewritten address.
 */
static void fragment(struct krelay_device *kdev, struct sk_buff *skb)
{
	struct flowi4 flow = {
		.daddr = ip_hdr(skb)->daddr,
		.saddr = ip_hdr(skb)->saddr,
		.flowi4_oif = kdev->dev->ifindex,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
	};
	struct net *net = dev_net(kdev->dev);
	struct rtable *rt = ip_route_output_key(net, &flow);

	if (IS_ERR(rt)) {
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_TOO_BIG);
		return;
	}
	skb_scrub_packet(skb, true);
	skb_dst_set(skb, &rt->dst);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->ignore_df = 1;
	dst_output(net, NULL, skb);
}

/* A visitor's packet, known to be for @forward. Consumes @skb. */
static void relay(struct krelay_device *kdev, struct krelay_forward *forward, struct sk_buff *skb)
{
	unsigned int mtu = READ_ONCE(kdev->dev->mtu);
	unsigned int packets, len = skb->len;
	struct krelay_flow flow;
	bool big;

	/* Not refused: a connection survives that the tunnel comes back. */
	if (unlikely(!netif_running(kdev->dev))) {
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_DOWN);
		return;
	}
	if (!krelay_rewrite_validate(skb) || krelay_rewrite_parse(skb, &flow)) {
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_MALFORMED);
		return;
	}
	big = !fits(skb, mtu);
	if (big && (ip_hdr(skb)->frag_off & htons(IP_DF))) {
		answer(kdev, skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu,
		       KRELAY_STAT_BRIDGE_TOO_BIG);
		return;
	}
	switch (krelay_rewrite_hop(skb)) {
	case 0:
		break;
	case -ETIME:
		answer(kdev, skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0, KRELAY_STAT_BRIDGE_TTL);
		return;
	default:
		goto no_memory;
	}
	if (krelay_rewrite_clamp_mss(skb, &flow, mtu) ||
	    krelay_rewrite_dest(skb, &flow, &forward->target,
				krelay_forwards_target_port(forward, flow.dest_port)))
		goto no_memory;

	packets = skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
	krelay_forwards_account_in(forward, packets, len);
	if (unlikely(big))
		fragment(kdev, skb);
	else
		krelay_transmit_packet(forward->peer, skb);
	return;

no_memory:
	krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_NO_MEMORY);
}

/*
 * Only the first piece of a packet knows its ports.
 * Return: whether @skb is the whole packet now; if not, it is gone.
 */
static bool reassemble(struct krelay_device *kdev, struct net *net, struct sk_buff *skb)
{
	int ret;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	ret = ip_defrag(net, skb, DEFRAG_USER);
	if (ret) {
		if (ret != -EINPROGRESS)
			krelay_count(kdev, KRELAY_STAT_BRIDGE_FRAGMENT);
		return false;
	}
	ip_send_check(ip_hdr(skb));
	skb->ignore_df = 1;
	return true;
}

/* The hook on a public netdev. Context: softirq, RCU. */
static unsigned int ingress(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct krelay_public *public = priv;
	struct krelay_device *kdev = public->kdev;
	struct krelay_forward *forward;
	struct iphdr header, *ip;

	if (!rcu_access_pointer(kdev->forwards) || skb->pkt_type != PACKET_HOST ||
	    skb->protocol != htons(ETH_P_IP) || skb_vlan_tag_present(skb))
		return NF_ACCEPT;
	ip = skb_header_pointer(skb, skb_network_offset(skb), sizeof(header), &header);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return NF_ACCEPT;

	if (unlikely(ip_is_fragment(ip))) {
		/* What is routed is left alone. */
		if (skb_shared(skb) || inet_addr_type(state->net, ip->daddr) != RTN_LOCAL ||
		    !krelay_rewrite_validate(skb))
			return NF_ACCEPT;
		if (!reassemble(kdev, state->net, skb))
			return NF_STOLEN;
		ip = ip_hdr(skb);
	}
	forward = match(kdev, skb, state->in, ip);
	if (!forward)
		return NF_ACCEPT;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (likely(skb))
		relay(kdev, forward, skb);
	else
		krelay_count(kdev, KRELAY_STAT_BRIDGE_NO_MEMORY);
	return NF_STOLEN;
}

/* Return: a route out of a public netdev to the visitor, NULL if it is none, or an error. */
static struct rtable *route_to_visitor(struct krelay_device *kdev, struct net *net,
				       struct krelay_forward *forward, struct sk_buff *skb,
				       union nf_inet_addr *source)
{
	struct flowi4 flow = {
		.daddr = ip_hdr(skb)->daddr,
		.saddr = forward->any_address ? 0 : forward->public.ip,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt = ip_route_output_key(net, &flow);

	if (IS_ERR(rt))
		return rt;
	if (rt->rt_type != RTN_UNICAST || !is_public(kdev, rt->dst.dev)) {
		ip_rt_put(rt);
		return NULL;
	}
	*source = forward->public;
	if (forward->any_address)
		source->ip = main_address(rt->dst.dev);
	return rt;
}

bool krelay_bridge_reply(struct krelay_peer *peer, struct sk_buff *skb)
{
	struct krelay_device *kdev = peer->device;
	const struct krelay_forwards *table = rcu_dereference_bh(kdev->forwards);
	struct net *net = rcu_dereference_bh(kdev->transit);
	struct krelay_forward *forward;
	union nf_inet_addr source;
	struct krelay_flow flow;
	unsigned int len;
	struct rtable *rt;

	if (!table || !net || skb->protocol != htons(ETH_P_IP))
		return false;
	if (unlikely(ip_is_fragment(ip_hdr(skb))) &&
	    inet_addr_type(net, ip_hdr(skb)->daddr) != RTN_LOCAL &&
	    !reassemble(kdev, net, skb))
		return true;
	len = skb->len;
	if (krelay_rewrite_parse(skb, &flow) || flow.fragment)
		return false;
	forward = krelay_forwards_by_target(table, peer, flow.family, flow.proto, &flow.source,
					    flow.source_port);
	if (!forward)
		return false;
	rt = route_to_visitor(kdev, net, forward, skb, &source);
	if (!rt)
		return false;
	if (IS_ERR(rt)) {
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_NO_ROUTE);
		return true;
	}

	if (krelay_rewrite_hop(skb)) {
		ip_rt_put(rt);
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_TTL);
		return true;
	}
	if (krelay_rewrite_clamp_mss(skb, &flow, READ_ONCE(kdev->dev->mtu)) ||
	    krelay_rewrite_source(skb, &flow, &source,
				  krelay_forwards_public_port(forward, flow.source_port))) {
		ip_rt_put(rt);
		krelay_drop(kdev, skb, KRELAY_STAT_BRIDGE_NO_MEMORY);
		return true;
	}
	krelay_forwards_account_out(forward, 1, len);

	skb_dst_set(skb, &rt->dst);
	skb->dev = rt->dst.dev;
	/* No entry for it, whatever else on this host uses conntrack. */
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	dst_output(net, NULL, skb);
	return true;
}

static int hook(struct krelay_public *public, struct net_device *dev)
{
	int ret;

	public->ops = (struct nf_hook_ops) {
		.hook = ingress,
		.priv = public,
		.dev = dev,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = HOOK_PRIORITY,
	};
	ret = nf_register_net_hook(dev_net(dev), &public->ops);
	if (!ret)
		WRITE_ONCE(public->dev, dev);
	return ret;
}

static void unhook(struct krelay_public *public)
{
	if (!public->dev)
		return;
	nf_unregister_net_hook(dev_net(public->dev), &public->ops);
	WRITE_ONCE(public->dev, NULL);
}

static struct krelay_public *find_public(struct krelay_device *kdev, const char *name)
{
	struct krelay_public *public;

	list_for_each_entry(public, &kdev->publics, list)
		if (!strcmp(public->name, name))
			return public;
	return NULL;
}

static void remove_public(struct krelay_public *public)
{
	list_del_rcu(&public->list);
	unhook(public);
	kfree_rcu(public, rcu);
}

static int add_public(struct krelay_device *kdev, struct net *net, const char *name)
{
	struct krelay_public *public = kzalloc(sizeof(*public), GFP_KERNEL_ACCOUNT);
	struct net_device *dev;
	int ret;

	if (!public)
		return -ENOMEM;
	public->kdev = kdev;
	strscpy(public->name, name, sizeof(public->name));
	dev = __dev_get_by_name(net, name);
	ret = dev ? hook(public, dev) : 0;
	if (ret) {
		kfree(public);
		return ret;
	}
	list_add_tail_rcu(&public->list, &kdev->publics);
	return 0;
}

static bool is_named(const char *name, const char *const *names, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

int krelay_bridge_set_publics(struct krelay_device *kdev, const char *const *names,
			      unsigned int count)
{
	struct net *net = rtnl_dereference(kdev->transit);
	struct krelay_public *public, *tmp;
	unsigned int i;
	int ret = 0;

	if (!net && count)
		return -ENONET;
	/* New ones first: if that fails, they go again and the old list stands. */
	for (i = 0; i < count; i++) {
		if (find_public(kdev, names[i]))
			continue;
		ret = add_public(kdev, net, names[i]);
		if (ret)
			break;
	}
	if (ret) {
		while (i--) {
			public = list_last_entry(&kdev->publics, struct krelay_public, list);
			if (!strcmp(public->name, names[i]))
				remove_public(public);
		}
		return ret;
	}
	list_for_each_entry_safe(public, tmp, &kdev->publics, list)
		if (!is_named(public->name, names, count))
			remove_public(public);
	return 0;
}

int krelay_bridge_visit_publics(struct krelay_device *kdev,
				int (*visit)(void *context, const char *name), void *context)
{
	struct krelay_public *public;
	int ret;

	list_for_each_entry(public, &kdev->publics, list) {
		ret = visit(context, public->name);
		if (ret)
			return ret;
	}
	return 0;
}

void krelay_bridge_add_netdev(struct krelay_device *kdev, struct net_device *dev)
{
	struct krelay_public *public = find_public(kdev, dev->name);

	if (!public || public->dev)
		return;
	if (hook(public, dev))
		netdev_warn(kdev->dev, "forwards cannot take packets from %s\n", dev->name);
}

void krelay_bridge_remove_netdev(struct krelay_device *kdev, struct net_device *dev)
{
	struct krelay_public *public;

	list_for_each_entry(public, &kdev->publics, list)
		if (public->dev == dev)
			unhook(public);
}

void krelay_bridge_set_forwards(struct krelay_device *kdev, struct krelay_forwards *table)
{
	krelay_forwards_free_rcu(rcu_replace_pointer(kdev->forwards, table,
						     lockdep_rtnl_is_held()));
}
