// SPDX-License-Identifier: GPL-2.0
#include "conntrack.h"

#include <linux/ipv6.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

/* Functions of nf_conntrack, held while there are users. */
static DEFINE_MUTEX(users_lock);
static unsigned int users;
static typeof(nf_conntrack_find_get) *find_get;
static typeof(nf_ct_get_tuplepr) *get_tuple;
static typeof(nf_ct_netns_get) *netns_get;
static typeof(nf_ct_netns_put) *netns_put;

static void release(void)
{
	if (find_get)
		symbol_put(nf_conntrack_find_get);
	if (get_tuple)
		symbol_put(nf_ct_get_tuplepr);
	if (netns_get)
		symbol_put(nf_ct_netns_get);
	if (netns_put)
		symbol_put(nf_ct_netns_put);
	find_get = NULL;
	get_tuple = NULL;
	netns_get = NULL;
	netns_put = NULL;
}

static int acquire(void)
{
	find_get = symbol_get(nf_conntrack_find_get);
	get_tuple = symbol_get(nf_ct_get_tuplepr);
	netns_get = symbol_get(nf_ct_netns_get);
	netns_put = symbol_get(nf_ct_netns_put);
	if (find_get && get_tuple && netns_get && netns_put)
		return 0;
	release();
	return -EOPNOTSUPP;
}

/* Both families, where there are both. */
static u8 families(void)
{
	return ipv6_mod_enabled() ? NFPROTO_INET : NFPROTO_IPV4;
}

void krelay_conntrack_load(void)
{
	request_module("nf_conntrack");
}

int krelay_conntrack_enable(struct net *net)
{
	int ret = 0;

	mutex_lock(&users_lock);
	if (!users)
		ret = acquire();
	if (!ret)
		ret = netns_get(net, families());
	if (!ret)
		users++;
	else if (!users)
		release();
	mutex_unlock(&users_lock);
	return ret;
}

void krelay_conntrack_disable(struct net *net)
{
	mutex_lock(&users_lock);
	netns_put(net, families());
	if (!--users)
		release();
	mutex_unlock(&users_lock);
}

bool krelay_conntrack_read(struct net *net, const struct sk_buff *skb, unsigned int offset,
			   u8 family, struct nf_conntrack_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	return get_tuple(skb, offset, family, net, tuple);
}

struct nf_conn *krelay_conntrack_find(struct net *net, const struct nf_conntrack_tuple *tuple,
				      bool *reply)
{
	struct nf_conntrack_tuple_hash *hash = find_get(net, &nf_ct_zone_dflt, tuple);

	if (!hash)
		return NULL;
	*reply = NF_CT_DIRECTION(hash) == IP_CT_DIR_REPLY;
	return nf_ct_tuplehash_to_ctrack(hash);
}

struct nf_conn *krelay_conntrack_find_invalid(struct net *net, const struct sk_buff *skb,
					      u8 family, bool *reply)
{
	struct nf_conntrack_tuple tuple;
	enum ip_conntrack_info ctinfo;

	if (nf_ct_get(skb, &ctinfo) || ctinfo == IP_CT_UNTRACKED)
		return NULL;
	if (!krelay_conntrack_read(net, skb, skb_network_offset(skb), family, &tuple))
		return NULL;
	return krelay_conntrack_find(net, &tuple, reply);
}
