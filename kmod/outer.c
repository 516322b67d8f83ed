// SPDX-License-Identifier: GPL-2.0
#include "outer.h"

#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "compat/compat.h"
#include "event.h"
#include "peer.h"

enum {
	/* Tries to find one port that is free for both families. */
	MAX_PORT_TRIES = 100,
};

static int encap_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct krelay_device *kdev = rcu_dereference_sk_user_data(sk);

	if (unlikely(!kdev)) {
		kfree_skb(skb);
		return 0;
	}
	skb_mark_not_on_list(skb);
	__skb_pull(skb, sizeof(struct udphdr));
	kdev->receive(kdev, skb);
	return 0;
}

bool krelay_outer_is_own(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_UDP && READ_ONCE(udp_sk(sk)->encap_rcv) == encap_rcv;
}

static struct sock *open_socket(struct krelay_device *kdev, struct net *net,
				struct udp_port_cfg *config)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = kdev,
		.encap_type = 1,
		.encap_rcv = encap_rcv,
	};
	struct socket *sock;
	int ret;

	ret = udp_sock_create(net, config, &sock);
	if (ret)
		return ERR_PTR(ret);
	/* Data is sent in softirq; what may be sent is bounded by the senders. */
	sock->sk->sk_allocation = GFP_ATOMIC;
	sock->sk->sk_sndbuf = INT_MAX;
	krelay_compat_setup_tunnel(net, sock, &tunnel);
	return sock->sk;
}

static int open_both(struct krelay_device *kdev, struct net *net, u16 port, struct sock **sock4,
		     struct sock **sock6)
{
	struct udp_port_cfg config = {
		.family = AF_INET,
		.local_ip.s_addr = htonl(INADDR_ANY),
		.local_udp_port = htons(port),
		.use_udp_checksums = true,
	};
	struct udp_port_cfg config6 = {
		.family = AF_INET6,
		.local_ip6 = IN6ADDR_ANY_INIT,
		.use_udp6_tx_checksums = true,
		.use_udp6_rx_checksums = true,
		.ipv6_v6only = true,
	};

	*sock6 = NULL;
	*sock4 = open_socket(kdev, net, &config);
	if (IS_ERR(*sock4))
		return PTR_ERR(*sock4);
	if (!IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
		return 0;

	config6.local_udp_port = inet_sk(*sock4)->inet_sport;
	*sock6 = open_socket(kdev, net, &config6);
	if (!IS_ERR(*sock6))
		return 0;
	krelay_compat_release_tunnel(*sock4);
	return PTR_ERR(*sock6);
}

/* @port may be 0. */
static int open_port(struct krelay_device *kdev, u16 port, struct sock **sock4,
		     struct sock **sock6)
{
	struct net *net = rtnl_dereference(kdev->transit);
	unsigned int tries = 0;
	int ret;

	if (!net)
		return -ENONET;
	do {
		ret = open_both(kdev, net, port, sock4, sock6);
	} while (ret == -EADDRINUSE && !port && ++tries < MAX_PORT_TRIES);
	return ret;
}

static void release(struct sock *sock4, struct sock *sock6)
{
	if (sock4)
		krelay_compat_release_tunnel(sock4);
	if (sock6)
		krelay_compat_release_tunnel(sock6);
}

int krelay_outer_open(struct krelay_device *kdev)
{
	struct sock *old4 = rtnl_dereference(kdev->sock4), *old6 = rtnl_dereference(kdev->sock6);
	struct sock *sock4, *sock6;
	int ret;

	ASSERT_RTNL();
	ret = open_port(kdev, kdev->port, &sock4, &sock6);
	/* Another has taken what the kernel chose when we were up last. */
	if (ret == -EADDRINUSE && !kdev->port_fixed)
		ret = open_port(kdev, 0, &sock4, &sock6);
	if (ret)
		return ret;

	kdev->port = ntohs(inet_sk(sock4)->inet_sport);
	rcu_assign_pointer(kdev->sock4, sock4);
	rcu_assign_pointer(kdev->sock6, sock6);
	if (!old4 && !old6)
		return 0;
	/* Nobody finds them any more; nobody uses them when we return. */
	synchronize_net();
	release(old4, old6);
	synchronize_net();
	return 0;
}

/* Nobody sends by them any more, for a grace period. */
static void release_list(struct krelay_sockets *list)
{
	struct krelay_sockets *sockets;

	for (sockets = list; sockets; sockets = sockets->next)
		release(sockets->sock4, sockets->sock6);
	synchronize_net();
	while ((sockets = list)) {
		list = sockets->next;
		kfree(sockets);
	}
}

void krelay_outer_close(struct krelay_device *kdev)
{
	struct sock *sock4 = rtnl_dereference(kdev->sock4);
	struct sock *sock6 = rtnl_dereference(kdev->sock6);
	struct krelay_sockets *sockets, *list = NULL;
	struct krelay_peer *peer;

	ASSERT_RTNL();
	RCU_INIT_POINTER(kdev->sock4, NULL);
	RCU_INIT_POINTER(kdev->sock6, NULL);
	list_for_each_entry(peer, &kdev->peers, list) {
		sockets = rtnl_dereference(peer->sockets);
		if (!sockets)
			continue;
		RCU_INIT_POINTER(peer->sockets, NULL);
		sockets->next = list;
		list = sockets;
	}
	if (!sock4 && !sock6 && !list)
		return;
	synchronize_net();
	release(sock4, sock6);
	release_list(list);
}

static void replace_sockets(struct krelay_peer *peer, struct krelay_sockets *new)
{
	struct krelay_sockets *old;

	ASSERT_RTNL();
	old = rcu_replace_pointer(peer->sockets, new, lockdep_rtnl_is_held());
	if (!old)
		return;
	synchronize_net();
	release_list(old);
}

int krelay_outer_move(struct krelay_peer *peer)
{
	struct krelay_sockets *new = kzalloc(sizeof(*new), GFP_KERNEL);
	int ret;

	if (!new)
		return -ENOMEM;
	ret = open_port(peer->device, 0, &new->sock4, &new->sock6);
	if (ret) {
		kfree(new);
		return ret;
	}
	replace_sockets(peer, new);
	return 0;
}

void krelay_outer_unmove(struct krelay_peer *peer)
{
	replace_sockets(peer, NULL);
}

u16 krelay_outer_port(const struct krelay_peer *peer)
{
	const struct krelay_sockets *sockets = rtnl_dereference(peer->sockets);

	return sockets ? ntohs(inet_sk(sockets->sock4)->inet_sport) : peer->device->port;
}

unsigned int krelay_outer_headroom(void)
{
	return ALIGN(LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr), 16);
}

/**
 * struct way - where a message is to go
 * @key: endpoint
 * @ifindex: of the netdev that its datagrams come in by, 0 if none did
 * @cache: of the route, or NULL
 * @sockets: what the peer was moved to, or NULL
 * @port: to send from, or 0 for that of the socket
 */
struct way {
	const struct krelay_endpoint_key *key;
	int ifindex;
	struct dst_cache *cache;
	const struct krelay_sockets *sockets;
	__be16 port;
};

/*
 * A source address that is another netdev's would be dropped on the way, or be
 * answered by another way. One of no netdev in particular, as that of a host
 * which several uplinks lead to, is right where the peer's datagrams come in.
 */
static bool fits4(const struct rtable *rt, __be32 source, const struct way *way)
{
	struct net_device *dev = rt->dst.dev;
	struct in_device *in_dev;
	bool fits;

	if (dev->ifindex == way->ifindex)
		return true;
	/* Handshakes are sent under rcu_read_lock_bh() alone. */
	rcu_read_lock();
	in_dev = __in_dev_get_rcu(dev);
	fits = in_dev && inet_confirm_addr(dev_net(dev), in_dev, 0, source, RT_SCOPE_HOST);
	rcu_read_unlock();
	return fits;
}

static struct rtable *find4(struct sock *sk, struct flowi4 *flow, const struct way *way)
{
	struct net *net = sock_net(sk);
	struct flowi4 any = *flow;
	struct rtable *rt;

	any.saddr = 0;
	/* The address that the peer used may be gone by now, but not in an answer at once. */
	if (flow->saddr &&
	    (!way->cache || inet_confirm_addr(net, NULL, 0, flow->saddr, RT_SCOPE_HOST))) {
		rt = ip_route_output_flow(net, flow, sk);
		if (!IS_ERR(rt) && fits4(rt, flow->saddr, way))
			return rt;
		if (!IS_ERR(rt))
			ip_rt_put(rt);
	}
	*flow = any;
	return ip_route_output_flow(net, flow, sk);
}

static struct rtable *route4(struct krelay_device *kdev, struct sock *sk, struct flowi4 *flow,
			     const struct way *way)
{
	struct rtable *rt;

	security_sk_classify_flow(sk, flowi4_to_flowi_common(flow));
	rt = find4(sk, flow, way);
	if (IS_ERR(rt))
		return rt;
	if (unlikely(rt->dst.dev == kdev->dev)) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	if (way->cache)
		dst_cache_set_ip4(way->cache, &rt->dst, flow->saddr);
	return rt;
}

static int send4(struct krelay_device *kdev, struct sock *sk, struct sk_buff *skb,
		 const struct way *way, u8 tos)
{
	const struct krelay_endpoint_key *key = way->key;
	struct flowi4 flow = {
		.saddr = key->source4,
		.daddr = key->addr4.sin_addr.s_addr,
		.fl4_dport = key->addr4.sin_port,
		.fl4_sport = way->port ?: inet_sk(sk)->inet_sport,
		.flowi4_mark = kdev->fwmark,
		.flowi4_proto = IPPROTO_UDP,
	};
	struct rtable *rt = NULL;

	if (way->cache)
		rt = dst_cache_get_ip4(way->cache, &flow.saddr);
	if (!rt)
		rt = route4(kdev, sk, &flow, way);
	if (IS_ERR(rt)) {
		kfree_skb(skb);
		return PTR_ERR(rt);
	}
	krelay_compat_xmit4(rt, sk, skb, &flow, tos, ip4_dst_hoplimit(&rt->dst));
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
/* See fits4(). */
static bool fits6(const struct dst_entry *dst, const struct in6_addr *source,
		  const struct way *way)
{
	return dst->dev->ifindex == way->ifindex ||
	       ipv6_chk_addr(dev_net(dst->dev), source, dst->dev, 1);
}

static struct dst_entry *find6(struct sock *sk, struct flowi6 *flow, const struct way *way)
{
	struct net *net = sock_net(sk);
	struct flowi6 any = *flow;
	struct dst_entry *dst;

	any.saddr = in6addr_any;
	if (!ipv6_addr_any(&flow->saddr) &&
	    (!way->cache || ipv6_chk_addr(net, &flow->saddr, NULL, 0))) {
		dst = ip6_dst_lookup_flow(net, sk, flow, NULL);
		if (!IS_ERR(dst) && fits6(dst, &flow->saddr, way))
			return dst;
		if (!IS_ERR(dst))
			dst_release(dst);
	}
	*flow = any;
	return ip6_dst_lookup_flow(net, sk, flow, NULL);
}

static struct dst_entry *route6(struct krelay_device *kdev, struct sock *sk, struct flowi6 *flow,
				const struct way *way)
{
	struct dst_entry *dst;

	security_sk_classify_flow(sk, flowi6_to_flowi_common(flow));
	dst = find6(sk, flow, way);
	if (IS_ERR(dst))
		return dst;
	if (unlikely(dst->dev == kdev->dev)) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	if (way->cache)
		dst_cache_set_ip6(way->cache, dst, &flow->saddr);
	return dst;
}

static int send6(struct krelay_device *kdev, struct sock *sk, struct sk_buff *skb,
		 const struct way *way, u8 tos)
{
	const struct krelay_endpoint_key *key = way->key;
	struct flowi6 flow = {
		.saddr = key->source6,
		.daddr = key->addr6.sin6_addr,
		.fl6_dport = key->addr6.sin6_port,
		.fl6_sport = way->port ?: inet_sk(sk)->inet_sport,
		.flowi6_mark = kdev->fwmark,
		.flowi6_oif = key->addr6.sin6_scope_id,
		.flowi6_proto = IPPROTO_UDP,
	};
	struct dst_entry *dst = NULL;

	if (way->cache)
		dst = dst_cache_get_ip6(way->cache, &flow.saddr);
	if (!dst)
		dst = route6(kdev, sk, &flow, way);
	if (IS_ERR(dst)) {
		kfree_skb(skb);
		return PTR_ERR(dst);
	}
	/* May be fragmented here: PMTU is for the packets inside. */
	skb->ignore_df = 1;
	krelay_compat_xmit6(dst, sk, skb, &flow, tos, ip6_dst_hoplimit(dst));
	return 0;
}
#else
static int send6(struct krelay_device *kdev, struct sock *sk, struct sk_buff *skb,
		 const struct way *way, u8 tos)
{
	kfree_skb(skb);
	return -EAFNOSUPPORT;
}
#endif

static int send_to(struct krelay_device *kdev, struct sk_buff *skb, const struct way *way, u8 tos)
{
	bool ipv6 = way->key->addr.sa_family == AF_INET6;
	struct sock *sk;

	if (unlikely(way->sockets))
		sk = ipv6 ? way->sockets->sock6 : way->sockets->sock4;
	else
		sk = ipv6 ? rcu_dereference_bh(kdev->sock6) : rcu_dereference_bh(kdev->sock4);
	if (unlikely(!sk)) {
		kfree_skb(skb);
		return -ENETDOWN;
	}
	skb->dev = kdev->dev;
	skb->mark = kdev->fwmark;
	return ipv6 ? send6(kdev, sk, skb, way, tos) : send4(kdev, sk, skb, way, tos);
}

static void count_failure(struct krelay_device *kdev, int error)
{
	switch (error) {
	case 0:
		break;
	case -EDESTADDRREQ:
		krelay_count(kdev, KRELAY_STAT_TX_NO_ENDPOINT);
		break;
	case -ELOOP:
		krelay_count(kdev, KRELAY_STAT_TX_LOOP);
		break;
	default:
		krelay_count(kdev, KRELAY_STAT_TX_NO_ROUTE);
	}
}

int krelay_outer_send(struct krelay_peer *peer, struct sk_buff *skb, u8 tos)
{
	struct krelay_endpoint *endpoint = rcu_dereference_bh(peer->endpoint);
	unsigned int len = skb->len;
	int ret;

	if (likely(endpoint)) {
		struct way way = {
			.key = &endpoint->key,
			.ifindex = READ_ONCE(endpoint->ifindex),
			.cache = &endpoint->cache,
			.sockets = rcu_dereference_bh(peer->sockets),
		};

		ret = send_to(peer->device, skb, &way, tos);
	} else {
		kfree_skb(skb);
		ret = -EDESTADDRREQ;
	}
	if (likely(!ret))
		krelay_peer_account_tx(peer, len);
	count_failure(peer->device, ret);
	return ret;
}

static void key_of(const struct sk_buff *skb, struct krelay_endpoint_key *key)
{
	const struct udphdr *udp = udp_hdr(skb);

	memset(key, 0, sizeof(*key));
	if (ip_hdr(skb)->version == 4) {
		key->addr4.sin_family = AF_INET;
		key->addr4.sin_port = udp->source;
		key->addr4.sin_addr.s_addr = ip_hdr(skb)->saddr;
		key->source4 = ip_hdr(skb)->daddr;
	} else {
		key->addr6.sin6_family = AF_INET6;
		key->addr6.sin6_port = udp->source;
		key->addr6.sin6_addr = ipv6_hdr(skb)->saddr;
		key->addr6.sin6_scope_id = ipv6_iface_scope_id(&ipv6_hdr(skb)->saddr,
							       skb->skb_iif);
		key->source6 = ipv6_hdr(skb)->daddr;
	}
}

int krelay_outer_reply(struct krelay_device *kdev, const struct sk_buff *received,
		       const void *message, size_t len)
{
	struct krelay_endpoint_key key;
	/* Whom it came from may have been moved to a port of its own. */
	struct way way = {
		.key = &key,
		.ifindex = received->skb_iif,
		.port = udp_hdr(received)->dest,
	};
	struct sk_buff *skb;
	int ret;

	skb = alloc_skb(krelay_outer_headroom() + len, GFP_ATOMIC);
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, krelay_outer_headroom());
	skb_put_data(skb, message, len);
	skb_set_inner_network_header(skb, 0);
	key_of(received, &key);
	ret = send_to(kdev, skb, &way, KRELAY_TOS_HANDSHAKE);
	count_failure(kdev, ret);
	return ret;
}

/* The peer is where it was, and comes by another of our uplinks: so may answers go. */
static void follow(struct krelay_endpoint *endpoint, int ifindex)
{
	if (likely(READ_ONCE(endpoint->ifindex) == ifindex))
		return;
	WRITE_ONCE(endpoint->ifindex, ifindex);
	dst_cache_reset(&endpoint->cache);
}

void krelay_outer_roam(struct krelay_peer *peer, const struct sk_buff *skb)
{
	struct krelay_endpoint_key key;
	struct krelay_endpoint *endpoint;

	key_of(skb, &key);
	endpoint = rcu_dereference_bh(peer->endpoint);
	if (likely(endpoint && !memcmp(&endpoint->key, &key, sizeof(key)))) {
		follow(endpoint, skb->skb_iif);
		return;
	}
	/* Without memory the old endpoint stays until the next packet. */
	if (!krelay_peer_set_endpoint(peer, &key, skb->skb_iif, GFP_ATOMIC))
		krelay_event_tell(peer->device, peer, KRELAY_CMD_ENDPOINT_NTF);
}

void krelay_outer_source(const struct sk_buff *skb, struct krelay_cookie_source *source)
{
	const void *address = &ip_hdr(skb)->saddr;
	u8 len = sizeof(struct in_addr);

	if (ip_hdr(skb)->version == 6) {
		address = &ipv6_hdr(skb)->saddr;
		len = sizeof(struct in6_addr);
	}
	memcpy(source->bytes, address, len);
	memcpy(source->bytes + len, &udp_hdr(skb)->source, sizeof(__be16));
	source->len = len + sizeof(__be16);
}
