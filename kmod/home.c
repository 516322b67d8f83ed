// SPDX-License-Identifier: GPL-2.0
#include "home.h"

#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <linux/xarray.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/route.h>

#include "compat/compat.h"
#include "conntrack.h"
#include "peer.h"
#include "rewrite.h"

enum {
	/* Before conntrack makes a wrong connection of it. */
	PRIORITY_SOURCE = NF_IP_PRI_CONNTRACK - 10,
	/* Behind conntrack, before NAT, which forgets where the packet came from. */
	PRIORITY_MARK = NF_IP_PRI_MANGLE + 1,
	/* Behind NAT, which would forget the route, and before the routing decision. */
	PRIORITY_ROUTE = NF_IP_PRI_NAT_DST + 1,
};

/**
 * struct home_net - the reply side of a namespace
 * @bridges: peers by number; changed under RTNL, read under RCU
 * @users: how many there are, for the hooks; RTNL
 */
struct home_net {
	struct xarray bridges;
	unsigned int users;
};

static unsigned int net_id __read_mostly;
static u32 mark_mask __read_mostly;
static unsigned int mark_shift __read_mostly;

static struct home_net *home_of(const struct net *net)
{
	return net_generic(net, net_id);
}

u32 krelay_home_mask(void)
{
	return mark_mask;
}

u32 krelay_home_mark(const struct krelay_peer *peer)
{
	return peer->mark << mark_shift;
}

static u32 max_number(void)
{
	return mark_mask >> mark_shift;
}

static u32 number_of(const struct nf_conn *ct)
{
	return (READ_ONCE(ct->mark) & mark_mask) >> mark_shift;
}

static void set_number(struct nf_conn *ct, u32 number)
{
	u32 mark = READ_ONCE(ct->mark);

	WRITE_ONCE(ct->mark, (mark & ~mark_mask) | (number << mark_shift));
}

/* Any bridge of the namespace: its device counts what has none of its own. */
static struct krelay_device *some_device(struct home_net *home)
{
	unsigned long number = 0;
	struct krelay_peer *peer = xa_find(&home->bridges, &number, ULONG_MAX, XA_PRESENT);

	return peer ? peer->device : NULL;
}

/* Return: the connection that @skb is a reply of, if it came by a bridge. */
static struct nf_conn *answered(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct || nf_ct_is_template(ct) || CTINFO2DIR(ctinfo) != IP_CT_DIR_REPLY ||
	    !number_of(ct))
		return NULL;
	return ct;
}

struct krelay_peer *krelay_home_bridge_of(struct krelay_device *kdev, struct sk_buff *skb)
{
	struct nf_conn *ct = answered(skb);
	struct krelay_peer *peer;

	if (!ct)
		return NULL;
	peer = xa_load(&home_of(dev_net(kdev->dev))->bridges, number_of(ct));
	return peer && peer->device == kdev ? peer : NULL;
}

/* Replies take the tunnel's route, whatever the routing tables say. */
static unsigned int lead_back(struct net *net, struct sk_buff *skb, const struct nf_conn *ct)
{
	struct home_net *home = home_of(net);
	struct krelay_peer *peer = xa_load(&home->bridges, number_of(ct));
	struct krelay_device *kdev = peer ? peer->device : some_device(home);
	struct rtable *rt;

	if (unlikely(!peer)) {
		if (kdev)
			krelay_count(kdev, KRELAY_STAT_HOME_NO_BRIDGE);
		return NF_DROP;
	}
	rt = rcu_dereference(kdev->reply_route4);
	if (unlikely(!rt)) {
		krelay_count(kdev, KRELAY_STAT_HOME_NO_ROUTE);
		return NF_DROP;
	}
	skb_dst_drop(skb);
	dst_hold(&rt->dst);
	skb_dst_set(skb, &rt->dst);
	return NF_ACCEPT;
}

/* The number of the bridge through which @skb has just come in, or 0. */
static u32 came_from(const struct sk_buff *skb, const struct net_device *in)
{
	struct metadata_dst *md = skb_metadata_dst(skb);

	if (!md || md->type != METADATA_HW_PORT_MUX || md->u.port_info.lower_dev != in)
		return 0;
	return md->u.port_info.port_id;
}

static unsigned int mark(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	u32 number = came_from(skb, state->in);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	if (!number)
		return NF_ACCEPT;
	/* Also of a connection that has moved here from another bridge. */
	ct = nf_ct_get(skb, &ctinfo);
	if (ct && CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL && number_of(ct) != number)
		set_number(ct, number);
	return NF_ACCEPT;
}

/* Both for what comes in to be forwarded and for what is sent from here. */
static unsigned int route(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nf_conn *ct = answered(skb);

	return ct ? lead_back(state->net, skb, ct) : NF_ACCEPT;
}

static void fill_tuple(struct nf_conntrack_tuple *tuple, const struct krelay_flow *flow,
		       __be32 source)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->src.l3num = flow->family;
	tuple->src.u3.ip = source;
	tuple->src.u.all = flow->source_port;
	tuple->dst.u3 = flow->dest;
	tuple->dst.u.all = flow->dest_port;
	tuple->dst.protonum = flow->proto;
	tuple->dst.dir = IP_CT_DIR_ORIGINAL;
}

static bool is_known(struct net *net, const struct nf_conntrack_tuple *tuple)
{
	struct nf_conn *ct;
	bool reply;

	ct = krelay_conntrack_find(net, tuple, &reply);
	if (!ct)
		return false;
	nf_conntrack_put(&ct->ct_general);
	return true;
}

static bool is_reply_to_visitor(struct net *net, const struct nf_conntrack_tuple *tuple)
{
	struct nf_conn *ct;
	bool ret, reply;

	ct = krelay_conntrack_find(net, tuple, &reply);
	if (!ct)
		return false;
	ret = reply && number_of(ct);
	nf_conntrack_put(&ct->ct_general);
	return ret;
}

/* Return: the tunnel address to which the visitor of this flow sent, or 0. */
static __be32 tunnel_address(struct net *net, const struct krelay_flow *flow)
{
	struct home_net *home = home_of(net);
	struct nf_conntrack_tuple tuple;
	const struct in_ifaddr *ifa;
	struct krelay_peer *peer;
	struct in_device *in_dev;
	unsigned long number;

	fill_tuple(&tuple, flow, flow->source.ip);
	if (is_known(net, &tuple))
		return 0;
	xa_for_each(&home->bridges, number, peer) {
		in_dev = __in_dev_get_rcu(peer->device->dev);
		if (!in_dev)
			continue;
		in_dev_for_each_ifa_rcu(ifa, in_dev) {
			fill_tuple(&tuple, flow, ifa->ifa_local);
			if (is_reply_to_visitor(net, &tuple))
				return ifa->ifa_local;
		}
	}
	return 0;
}

/*
 * A UDP server that is bound to no address answers from the one that the first
 * route look-up gives, which is the WAN's. Gives such a reply the address back
 * that the visitor sent to, before conntrack sees it.
 */
static unsigned int mend_source(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	const struct sock *sk = skb->sk;
	union nf_inet_addr source = {};
	struct krelay_flow flow;

	if (ip_hdr(skb)->protocol != IPPROTO_UDP || skb->_nfct)
		return NF_ACCEPT;
	/* Bound to an address, it means that address. */
	if (sk && sk_fullsock(sk) && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	    inet_sk(sk)->inet_rcv_saddr)
		return NF_ACCEPT;
	if (krelay_rewrite_parse(skb, &flow) || flow.fragment)
		return NF_ACCEPT;
	source.ip = tunnel_address(state->net, &flow);
	if (!source.ip)
		return NF_ACCEPT;
	if (krelay_rewrite_source(skb, &flow, &source, flow.source_port))
		return NF_DROP;
	return NF_ACCEPT;
}

static int finish_forward(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	return dst_output(net, sk, skb);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (!(ip_hdr(skb)->frag_off & htons(IP_DF)) || skb->ignore_df)
		return true;
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu;
}

/*
 * Through FORWARD and POSTROUTING, where NAT is undone. What is too big is
 * refused before that, while the packet still names its sender.
 */
static int forward_through(struct net *net, struct sk_buff *skb, struct net_device *in)
{
	struct net_device *dev = skb_dst(skb)->dev;
	unsigned int mtu = READ_ONCE(dev->mtu);

	if (!fits(skb, mtu)) {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TOO_BIG);
		return NET_RX_DROP;
	}
	return NF_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, net, NULL, skb, in, dev, finish_forward);
}

/*
 * dst.input of the reply route: what forwarding does, for replies of containers
 * and LAN hosts.
 */
static int forward_reply(struct sk_buff *skb)
{
	struct net_device *dev = skb_dst(skb)->dev;

	/* The netdev went while the packet waited in a queue of user space. */
	if (unlikely(dev == blackhole_netdev)) {
		kfree_skb(skb);
		return NET_RX_DROP;
	}
	if (skb->pkt_type != PACKET_HOST || skb_cow(skb, LL_RESERVED_SPACE(dev))) {
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_NO_ROUTE);
		return NET_RX_DROP;
	}
	if (ip_hdr(skb)->ttl <= 1) {
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
		krelay_drop(netdev_priv(dev), skb, KRELAY_STAT_HOME_TTL);
		return NET_RX_DROP;
	}
	skb_forward_csum(skb);
	ip_decrease_ttl(ip_hdr(skb));
	return forward_through(dev_net(dev), skb, skb->dev);
}

/*
 * Where br_netfilter is at work, as Docker has it, PRE_ROUTING runs in the
 * Ethernet bridge, which forgets the route, and not again in IP. Such a reply
 * is met here, on its way to the wrong netdev, with its time to live counted.
 */
static unsigned int divert(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nf_conn *ct = answered(skb);
	const struct dst_entry *dst;

	if (!ct)
		return NF_ACCEPT;
	dst = skb_dst(skb);
	/* On the reply route already, or only switched and not routed. */
	if (!dst || dst->dev != state->out || dst->flags & DST_FAKE_RTABLE ||
	    dst->input == forward_reply)
		return NF_ACCEPT;
	if (lead_back(state->net, skb, ct) != NF_ACCEPT)
		return NF_DROP;
	forward_through(state->net, skb, state->in);
	return NF_STOLEN;
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook = mend_source,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_SOURCE,
	},
	{
		.hook = route,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_ROUTE,
	},
	{
		.hook = mark,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_MARK,
	},
	{
		.hook = route,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_ROUTE,
	},
	{
		.hook = divert,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_FORWARD,
		.priority = NF_IP_PRI_FIRST,
	},
};

static bool is_own_address(const struct net_device *dev, __be32 address)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == address)
			return true;
	return false;
}

static bool is_private(__be32 address)
{
	const __be32 shared = htonl(0x64400000); /* 100.64.0.0/10, RFC 6598 */

	return ipv4_is_private_10(address) || ipv4_is_private_172(address) ||
	       ipv4_is_private_192(address) || ipv4_is_linklocal_169(address) ||
	       (address & htonl(0xffc00000)) == shared;
}

/* A visitor has a public face: not ours, not a neighbour's, not a group's. */
static bool is_visitor(struct krelay_device *kdev, __be32 source)
{
	struct net *net = dev_net(kdev->dev);
	struct flowi4 flow = { .daddr = source, .flowi4_iif = LOOPBACK_IFINDEX };
	struct fib_result result;
	int ret;

	if (ipv4_is_multicast(source) || ipv4_is_lbcast(source) || ipv4_is_zeronet(source) ||
	    ipv4_is_loopback(source))
		return false;
	ret = fib_lookup(net, &flow, &result, FIB_LOOKUP_NOREF);
	/* No route at all: the default route is away, and the reply needs none. */
	if (ret == -ENETUNREACH)
		return true;
	if (ret || result.type != RTN_UNICAST)
		return false;
	/* What covers half of the Internet is no network of home's. */
	if (result.prefixlen <= 1)
		return true;
	/* Of the networks that home is on, only the tunnel's is behind a bridge. */
	if (result.scope >= RT_SCOPE_LINK)
		return fib_info_nhc(result.fi, 0)->nhc_dev == kdev->dev;
	return !is_private(source);
}

static bool is_listed(const struct krelay_accepts *accepts, u8 proto, u16 port)
{
	unsigned int i;

	for (i = 0; i < accepts->count; i++) {
		const struct krelay_accept *accept = &accepts->list[i];

		if (accept->proto == proto && port >= accept->port_first &&
		    port <= accept->port_last)
			return true;
	}
	return false;
}

/* Home has begun this itself. */
static bool is_answer(struct net *net, const struct sk_buff *skb, const struct krelay_flow *flow)
{
	struct nf_conntrack_tuple tuple;
	struct icmphdr buffer, *icmp;
	struct nf_conn *ct;
	bool reply;

	fill_tuple(&tuple, flow, flow->source.ip);
	if (flow->proto == IPPROTO_ICMP) {
		icmp = skb_header_pointer(skb, flow->l4_offset, sizeof(buffer), &buffer);
		if (!icmp || icmp->type != ICMP_ECHOREPLY)
			return false;
		tuple.src.u.icmp.id = icmp->un.echo.id;
		tuple.dst.u.icmp.type = icmp->type;
		tuple.dst.u.icmp.code = icmp->code;
	}
	ct = krelay_conntrack_find(net, &tuple, &reply);
	if (!ct)
		return false;
	nf_conntrack_put(&ct->ct_general);
	return reply;
}

/*
 * Reads the packet that an ICMP error quotes, turned round: as a packet of the
 * one to whom the quoted one was sent. Return: whether there is one.
 */
static bool read_quoted(const struct sk_buff *skb, struct krelay_flow *flow)
{
	unsigned int offset = flow->l4_offset;
	struct icmphdr icmp_buffer, *icmp;
	struct iphdr ip_buffer, *ip;
	__be16 port_buffer[2], *ports;

	icmp = skb_header_pointer(skb, offset, sizeof(icmp_buffer), &icmp_buffer);
	if (!icmp || (icmp->type != ICMP_DEST_UNREACH && icmp->type != ICMP_TIME_EXCEEDED &&
		      icmp->type != ICMP_PARAMETERPROB))
		return false;
	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(ip_buffer), &ip_buffer);
	if (!ip || ip->version != 4 || ip->ihl < 5 || ip->saddr != flow->dest.ip)
		return false;
	ports = skb_header_pointer(skb, offset + ip->ihl * 4, sizeof(port_buffer), port_buffer);
	if (!ports)
		return false;

	flow->proto = ip->protocol;
	flow->source.ip = ip->daddr;
	flow->source_port = ports[1];
	flow->dest_port = ports[0];
	return true;
}

static bool is_accepted(struct krelay_peer *peer, struct sk_buff *skb, struct krelay_flow *flow)
{
	const struct krelay_accepts *accepts = rcu_dereference_bh(peer->accepts);

	if (!accepts || !accepts->count)
		return true;
	if (is_listed(accepts, flow->proto, ntohs(flow->dest_port)))
		return true;
	/* An error is let in when what it is about is. */
	if (flow->proto == IPPROTO_ICMP && read_quoted(skb, flow) &&
	    is_listed(accepts, flow->proto, ntohs(flow->dest_port)))
		return true;
	return is_answer(dev_net(peer->device->dev), skb, flow);
}

bool krelay_home_admit(struct krelay_peer *peer, struct sk_buff *skb, bool own)
{
	struct krelay_device *kdev = peer->device;
	struct metadata_dst *tag;
	struct krelay_flow flow;

	if (skb->protocol != htons(ETH_P_IP) || krelay_rewrite_parse(skb, &flow))
		return false;
	/* Only the first piece knows the port; without it the others are worth nothing. */
	if (!is_own_address(kdev->dev, flow.dest.ip) || is_own_address(kdev->dev, flow.source.ip))
		return false;
	if (!own && !is_visitor(kdev, flow.source.ip))
		return false;
	if (!(flow.fragment && !flow.first) && !is_accepted(peer, skb, &flow))
		return false;

	tag = READ_ONCE(peer->from_bridge);
	/* Without it nobody would know where the reply has to go. */
	if (unlikely(!tag))
		return false;
	dst_hold(&tag->dst);
	skb_dst_set(skb, &tag->dst);
	return true;
}

static struct rtable *make_route(struct krelay_device *kdev)
{
	struct rtable *rt = rt_dst_alloc(kdev->dev, 0, RTN_UNICAST, true);

	if (rt)
		rt->dst.input = forward_reply;
	return rt;
}

static void drop_route(struct rtable *rt)
{
	if (!rt)
		return;
	/* Packets under way may still hold it: it lets go of the netdev now. */
	dst_dev_put(&rt->dst);
	dst_release(&rt->dst);
}

/* The same key gets the same number again, so its connections go on after a restart. */
static int take_number(struct home_net *home, struct krelay_peer *peer)
{
	u32 start = jhash(peer->public_key, KRELAY_KEY_SIZE, 0) % max_number();
	u32 number, i;
	int ret;

	for (i = 0; i < max_number(); i++) {
		number = 1 + (start + i) % max_number();
		ret = xa_insert(&home->bridges, number, peer, GFP_KERNEL);
		if (!ret)
			peer->mark = number;
		if (ret != -EBUSY)
			return ret;
	}
	return -ENOSPC;
}

static int enable(struct net *net, struct home_net *home)
{
	int ret;

	if (home->users++)
		return 0;
	ret = krelay_conntrack_enable(net);
	if (ret)
		goto err_users;
	ret = nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	if (ret)
		goto err_conntrack;
	return 0;

err_conntrack:
	krelay_conntrack_disable(net);
err_users:
	home->users--;
	return ret;
}

static void disable(struct net *net, struct home_net *home)
{
	if (--home->users)
		return;
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
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
	struct home_net *home = home_of(net);
	struct rtable *rt = NULL;
	int ret;

	ASSERT_RTNL();
	ret = enable(net, home);
	if (ret)
		return ret;
	ret = -ENOMEM;
	if (!rcu_access_pointer(kdev->reply_route4)) {
		rt = make_route(kdev);
		if (!rt)
			goto err_disable;
		rcu_assign_pointer(kdev->reply_route4, rt);
	}
	ret = take_number(home, peer);
	if (ret)
		goto err_route;
	ret = -ENOMEM;
	peer->from_bridge = make_tag(peer);
	if (!peer->from_bridge)
		goto err_number;
	return 0;

err_number:
	xa_erase(&home->bridges, peer->mark);
	peer->mark = 0;
	synchronize_net();
err_route:
	if (rt) {
		RCU_INIT_POINTER(kdev->reply_route4, NULL);
		synchronize_net();
		drop_route(rt);
	}
err_disable:
	disable(net, home);
	return ret;
}

static bool has_bridge(struct home_net *home, const struct krelay_device *kdev)
{
	struct krelay_peer *peer;
	unsigned long number;

	xa_for_each(&home->bridges, number, peer)
		if (peer->device == kdev)
			return true;
	return false;
}

void krelay_home_detach(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;
	struct net *net = dev_net(kdev->dev);
	struct home_net *home = home_of(net);
	struct metadata_dst *tag = peer->from_bridge;
	struct rtable *rt = NULL;

	ASSERT_RTNL();
	if (!peer->mark)
		return;
	xa_erase(&home->bridges, peer->mark);
	peer->mark = 0;
	WRITE_ONCE(peer->from_bridge, NULL);
	if (!has_bridge(home, kdev))
		rt = rcu_replace_pointer(kdev->reply_route4, NULL, lockdep_rtnl_is_held());
	synchronize_net();
	drop_route(rt);
	dst_release(&tag->dst);
	disable(net, home);
}

static int __net_init init_net_home(struct net *net)
{
	xa_init(&home_of(net)->bridges);
	return 0;
}

static void __net_exit exit_net_home(struct net *net)
{
	WARN_ON(home_of(net)->users);
	xa_destroy(&home_of(net)->bridges);
}

static struct pernet_operations net_ops = {
	.init = init_net_home,
	.exit = exit_net_home,
	.id = &net_id,
	.size = sizeof(struct home_net),
};

int __init krelay_home_init(u32 mask)
{
	unsigned int shift = mask ? __ffs(mask) : 0;

	/* Contiguous: adding one to it carries over all of it. */
	if (hweight32(mask) < 2 || (mask >> shift) & ((mask >> shift) + 1))
		return -EINVAL;
	mark_mask = mask;
	mark_shift = shift;
	return register_pernet_subsys(&net_ops);
}

void krelay_home_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
