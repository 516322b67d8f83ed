/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that krelay builds on. The sources call the
 * wrappers below and hold no test of a version; Kbuild.probe finds the forms.
 */
#ifndef _KRELAY_COMPAT_H
#define _KRELAY_COMPAT_H

#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/inet_frag.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>
#include <crypto/blake2s.h>
#ifdef KRELAY_GSO_HEADER
#include <net/gso.h>
#endif
#ifdef KRELAY_CRYPTO_UTILS
#include <crypto/utils.h>
#else
#include <crypto/algapi.h>
#endif

#ifndef from_timer
#define from_timer timer_container_of
#endif

/* What a BLAKE2s that goes on later is called. */
#ifdef KRELAY_BLAKE2S_CTX
#define blake2s_state blake2s_ctx
#endif

/* BLAKE2s of @in into @out; the kernel has swapped the order of the arguments. */
static inline void krelay_compat_blake2s(u8 *out, size_t out_len, const u8 *in, size_t in_len,
					 const u8 *key, size_t key_len)
{
#ifdef KRELAY_BLAKE2S_CTX
	blake2s(key, key_len, in, in_len, out, out_len);
#else
	blake2s(out, in, key, out_len, in_len, key_len);
#endif
}

/* The device takes no lock around ndo_start_xmit. */
static inline void krelay_compat_set_lltx(struct net_device *dev)
{
#ifdef KRELAY_DEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/*
 * dev->tstats. Where a device can say that it has them the core allocates and
 * frees them, and iptunnel_xmit_stats() may warn of a device that says nothing.
 */
static inline int krelay_compat_alloc_tstats(struct net_device *dev)
{
#ifdef KRELAY_DEV_STAT_TYPE
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
#else
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return -ENOMEM;
#endif
	return 0;
}

static inline void krelay_compat_free_tstats(struct net_device *dev)
{
#ifndef KRELAY_DEV_STAT_TYPE
	free_percpu(dev->tstats);
#endif
}

#ifdef KRELAY_NEWLINK_PARAMS
#define KRELAY_COMPAT_NEWLINK(name)						\
static int name(struct net_device *dev, struct rtnl_newlink_params *params,	\
		struct netlink_ext_ack *extack)					\
{										\
	return name##_in(rtnl_newlink_link_net(params), dev, extack);		\
}
#else
#define KRELAY_COMPAT_NEWLINK(name)						\
static int name(struct net *net, struct net_device *dev, struct nlattr *tb[],	\
		struct nlattr *data[], struct netlink_ext_ack *extack)		\
{										\
	return name##_in(net, dev, extack);					\
}
#endif

static inline struct nlattr **krelay_compat_dump_attrs(struct netlink_callback *cb)
{
#ifdef KRELAY_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Consumes @skb. BH must be off. */
static inline void krelay_compat_xmit4(struct rtable *rt, struct sock *sk, struct sk_buff *skb,
				       const struct flowi4 *flow, u8 tos, u8 ttl)
{
	udp_tunnel_xmit_skb(rt, sk, skb, flow->saddr, flow->daddr, tos, ttl, 0, flow->fl4_sport,
			    flow->fl4_dport, false, false
#ifdef KRELAY_XMIT_IPCB_FLAGS
			    , 0
#endif
			    );
}

/* Consumes @skb. BH must be off. */
static inline void krelay_compat_xmit6(struct dst_entry *dst, struct sock *sk, struct sk_buff *skb,
				       struct flowi6 *flow, u8 tos, u8 ttl)
{
	udp_tunnel6_xmit_skb(dst, sk, skb, skb->dev, &flow->saddr, &flow->daddr, tos, ttl, 0,
			     flow->fl6_sport, flow->fl6_dport, false
#ifdef KRELAY_XMIT_IPCB_FLAGS
			     , 0
#endif
			     );
}

static inline void krelay_compat_setup_tunnel(struct net *net, struct socket *sock,
					      struct udp_tunnel_sock_cfg *config)
{
#ifdef KRELAY_TUNNEL_TAKES_SK
	setup_udp_tunnel_sock(net, sock->sk, config);
#else
	setup_udp_tunnel_sock(net, sock, config);
#endif
}

/* Some kernels wait a grace period in here and some do not: the caller waits. */
static inline void krelay_compat_release_tunnel(struct sock *sk)
{
#ifdef KRELAY_TUNNEL_TAKES_SK
	udp_tunnel_sock_release(sk);
#else
	udp_tunnel_sock_release(sk->sk_socket);
#endif
}

/*
 * References that inet_frag_find() has taken. Where it takes none, a queue is
 * its finder's until rcu_read_unlock().
 */
#ifdef KRELAY_FRAG_PUTN
#define KRELAY_COMPAT_FRAG_REFS 0
#else
#define KRELAY_COMPAT_FRAG_REFS 1
#endif

/* @refs: grows by the references that krelay_compat_frag_put() has to drop. */
static inline void krelay_compat_frag_kill(struct inet_frag_queue *queue, int *refs)
{
#ifdef KRELAY_FRAG_PUTN
	inet_frag_kill(queue, refs);
#else
	inet_frag_kill(queue);
#endif
}

/* Where @refs is zero, @queue may be gone already. */
static inline void krelay_compat_frag_put(struct inet_frag_queue *queue, int refs)
{
#ifdef KRELAY_FRAG_PUTN
	inet_frag_putn(queue, refs);
#else
	inet_frag_put(queue);
#endif
}

#endif /* _KRELAY_COMPAT_H */
