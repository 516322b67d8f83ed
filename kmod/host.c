// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <linux/icmp.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <net/addrconf.h>
#include <net/inet_sock.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_socket.h>
#include <net/protocol.h>
#include <net/route.h>

#include "rewrite.h"

/*
 * Functions of nf_conntrack, held while somebody asks and the module is there:
 * it is not loaded for that, and may come later. Set under @tracking_lock, read
 * under RCU.
 */
static DEFINE_MUTEX(tracking_lock);
static unsigned int askers;
static typeof(nf_conntrack_find_get) *find_get;
static typeof(nf_ct_get_tuplepr) *get_tuple;

static void acquire(void)
{
	typeof(get_tuple) get = symbol_get(nf_ct_get_tuplepr);
	typeof(find_get) find = symbol_get(nf_conntrack_find_get);

	if (get && find) {
		WRITE_ONCE(find_get, find);
		/* Who sees the one sees the other: is_tracked(). */
		smp_store_release(&get_tuple, get);
		return;
	}
	if (get)
		symbol_put(nf_ct_get_tuplepr);
	if (find)
		symbol_put(nf_conntrack_find_get);
}

static void release(void)
{
	if (!get_tuple)
		return;
	WRITE_ONCE(get_tuple, NULL);
	synchronize_net();
	WRITE_ONCE(find_get, NULL);
	symbol_put(nf_ct_get_tuplepr);
	symbol_put(nf_conntrack_find_get);
}

void krelay_host_ask(void)
{
	mutex_lock(&tracking_lock);
	if (!askers++)
		acquire();
	mutex_unlock(&tracking_lock);
}

void krelay_host_ask_no_more(void)
{
	mutex_lock(&tracking_lock);
	if (!--askers)
		release();
	mutex_unlock(&tracking_lock);
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct module *module = data;

	if (event != MODULE_STATE_LIVE || strcmp(module->name, "nf_conntrack"))
		return NOTIFY_DONE;
	mutex_lock(&tracking_lock);
	if (askers && !get_tuple)
		acquire();
	mutex_unlock(&tracking_lock);
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = { .notifier_call = module_event };

int krelay_host_init(void)
{
	return register_module_notifier(&module_notifier);
}

void krelay_host_exit(void)
{
	unregister_module_notifier(&module_notifier);
}

bool krelay_host_owns(struct net *net, u8 family, const union nf_inet_addr *addr)
{
	if (family == NFPROTO_IPV6)
		return ipv6_chk_addr(net, &addr->in6, NULL, 0);
	return inet_addr_type(net, addr->ip) == RTN_LOCAL;
}

/* Strict reverse path forwarding, RFC 3704, section 2.2. */
bool krelay_host_doubts(struct net *net, const struct net_device *dev, const struct sk_buff *skb)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct flowi4 back = { };
	struct fib_result res;

	/* Whoever IPsec has proven may come from anywhere. */
	if (likely(!in_dev || IN_DEV_RPFILTER(in_dev) != 1) || skb_sec_path(skb))
		return false;
	back.daddr = ip_hdr(skb)->saddr;
	back.saddr = ip_hdr(skb)->daddr;
	back.flowi4_iif = LOOPBACK_IFINDEX;
	back.flowi4_l3mdev = l3mdev_master_ifindex_rcu(dev);
	back.flowi4_mark = IN_DEV_SRC_VMARK(in_dev) ? skb->mark : 0;
	return fib_lookup(net, &back, &res, FIB_LOOKUP_NOREF) || !fib_info_nh_uses_dev(res.fi, dev);
}

static bool has_socket(struct net *net, const struct net_device *dev, const struct sk_buff *skb,
		       u8 family)
{
	struct sock *sk;

	sk = family == NFPROTO_IPV6 ? nf_sk_lookup_slow_v6(net, skb, dev) :
				      nf_sk_lookup_slow_v4(net, skb, dev);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

static bool has_receiver(const struct krelay_flow *flow)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (flow->family == NFPROTO_IPV6)
		return rcu_access_pointer(inet6_protos[flow->proto]);
#endif
	return rcu_access_pointer(inet_protos[flow->proto]);
}

/*
 * What came from outside and was neither answered nor sent on is no connection of
 * this host: maybe the packets that go on coming have made it before there was a
 * forward. Of a packet that an error is about, @own tells that this host sent it.
 */
static bool is_served(const struct nf_conn *ct, bool reply, bool own)
{
	return own || reply || READ_ONCE(ct->status) & (IPS_SEEN_REPLY | IPS_NAT_MASK);
}

/* @at: offset of the IP header, of the packet or of the one that an error is about. */
static bool is_tracked(struct net *net, const struct sk_buff *skb, unsigned int at, u8 family)
{
	bool own = at != skb_network_offset(skb), ret;
	struct nf_conntrack_tuple_hash *hash;
	struct nf_conntrack_tuple tuple;
	typeof(get_tuple) get;
	struct nf_conn *ct;

	/* Pairs with acquire(). */
	get = smp_load_acquire(&get_tuple);
	if (!get || !get(skb, at, family, net, &tuple))
		return false;
	hash = READ_ONCE(find_get)(net, &nf_ct_zone_dflt, &tuple);
	if (!hash)
		return false;
	ct = nf_ct_tuplehash_to_ctrack(hash);
	ret = is_served(ct, NF_CT_DIRECTION(hash) == IP_CT_DIR_REPLY, own);
	nf_conntrack_put(&ct->ct_general);
	return ret;
}

bool krelay_host_serves(struct net *net, const struct net_device *dev, const struct sk_buff *skb,
			const struct krelay_flow *flow)
{
	unsigned int at = skb_network_offset(skb);

	switch (flow->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		/* Only errors are asked about: conntrack knows what they quote. */
		at += flow->l4_offset + sizeof(struct icmphdr);
		fallthrough;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if (has_socket(net, dev, skb, flow->family))
			return true;
		break;
	default:
		if (has_receiver(flow))
			return true;
	}
	return is_tracked(net, skb, at, flow->family);
}
