// SPDX-License-Identifier: GPL-2.0
#include "mark.h"

#include <linux/jhash.h>
#include <linux/xarray.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>

#include "peer.h"

/**
 * struct mark_net - the bridges of a namespace
 * @bridges: peers by number; changed under RTNL, read under RCU
 */
struct mark_net {
	struct xarray bridges;
};

static unsigned int net_id __read_mostly;
static u32 mark_mask __read_mostly;
static unsigned int mark_shift __read_mostly;

static struct xarray *bridges_of(const struct net *net)
{
	struct mark_net *mark = net_generic(net, net_id);

	return &mark->bridges;
}

u32 krelay_mark_mask(void)
{
	return mark_mask;
}

u32 krelay_mark_of(const struct krelay_peer *peer)
{
	return peer->mark << mark_shift;
}

static u32 max_number(void)
{
	return mark_mask >> mark_shift;
}

int krelay_mark_take(struct krelay_peer *peer)
{
	u32 start = jhash(peer->public_key, KRELAY_KEY_SIZE, 0) % max_number();
	struct xarray *bridges = bridges_of(dev_net(peer->device->dev));
	u32 number, i;
	int ret;

	for (i = 0; i < max_number(); i++) {
		number = 1 + (start + i) % max_number();
		ret = xa_insert(bridges, number, peer, GFP_KERNEL);
		if (!ret)
			peer->mark = number;
		if (ret != -EBUSY)
			return ret;
	}
	return -ENOSPC;
}

void krelay_mark_release(struct krelay_peer *peer)
{
	xa_erase(bridges_of(dev_net(peer->device->dev)), peer->mark);
	peer->mark = 0;
}

struct krelay_peer *krelay_mark_peer(const struct net *net, u32 number)
{
	return xa_load(bridges_of(net), number);
}

struct krelay_peer *krelay_mark_next(const struct net *net, unsigned long *number)
{
	return xa_find(bridges_of(net), number, ULONG_MAX, XA_PRESENT);
}

struct krelay_peer *krelay_mark_only(const struct krelay_device *kdev)
{
	struct net *net = dev_net(kdev->dev);
	struct krelay_peer *peer, *only = NULL;
	unsigned long number;

	for (number = 0; (peer = krelay_mark_next(net, &number)); number++) {
		if (peer->device != kdev)
			continue;
		if (only)
			return NULL;
		only = peer;
	}
	return only;
}

u32 krelay_mark_read(const struct nf_conn *ct)
{
	return (READ_ONCE(ct->mark) & mark_mask) >> mark_shift;
}

void krelay_mark_write(struct nf_conn *ct, u32 number)
{
	u32 mark = READ_ONCE(ct->mark);

	WRITE_ONCE(ct->mark, (mark & ~mark_mask) | (number << mark_shift));
}

struct nf_conn *krelay_mark_answered(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct || nf_ct_is_template(ct) || CTINFO2DIR(ctinfo) != IP_CT_DIR_REPLY ||
	    !krelay_mark_read(ct))
		return NULL;
	return ct;
}

static int __net_init init_net_mark(struct net *net)
{
	xa_init(bridges_of(net));
	return 0;
}

static void __net_exit exit_net_mark(struct net *net)
{
	WARN_ON(!xa_empty(bridges_of(net)));
	xa_destroy(bridges_of(net));
}

static struct pernet_operations net_ops = {
	.init = init_net_mark,
	.exit = exit_net_mark,
	.id = &net_id,
	.size = sizeof(struct mark_net),
};

int __init krelay_mark_init(u32 mask)
{
	unsigned int shift = mask ? __ffs(mask) : 0;

	/* Contiguous: adding one to it carries over all of it. */
	if (hweight32(mask) < 2 || (mask >> shift) & ((mask >> shift) + 1))
		return -EINVAL;
	mark_mask = mask;
	mark_shift = shift;
	return register_pernet_subsys(&net_ops);
}

void krelay_mark_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
