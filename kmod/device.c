// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <linux/delay.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "bridge.h"
#include "compat/compat.h"
#include "forwards.h"
#include "handshake.h"
#include "home.h"
#include "outer.h"
#include "peer.h"
#include "publics.h"
#include "receive.h"
#include "transmit.h"

enum {
	/* 1500 less an outer IPv6, UDP and data header and the tag. */
	DEFAULT_MTU = 1420,
	/* The same less than a datagram may have. */
	MAX_MTU = IP_MAX_MTU - 80,
	RP_FILTER_LOOSE = 2,
	/* In which what is under way to visitors arrives and is answered. */
	FADE_OUT_MS = 1000,
};

/* Every device, for events of namespaces, other netdevs and the machine; RTNL. */
static LIST_HEAD(devices);

/* Those that come now begin with it; RTNL. */
static bool asleep;

static int open(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);
	struct krelay_peer *peer;
	int ret;

	ret = krelay_outer_open(kdev);
	if (ret)
		return ret;
	/* Who is to be kept alive is dialled at once. */
	list_for_each_entry(peer, &kdev->peers, list)
		if (peer->timers.interval || peer->timers.dials)
			krelay_timers_want_keepalive(&peer->timers);
	return 0;
}

static int stop(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);
	struct krelay_peer *peer;

	krelay_outer_close(kdev);
	cancel_work_sync(&kdev->handshake_work);
	skb_queue_purge(&kdev->handshakes);
	list_for_each_entry(peer, &kdev->peers, list)
		krelay_peer_stop(peer);
	return 0;
}

static struct krelay_peer *peer_of(struct krelay_device *kdev, struct sk_buff *skb)
{
	struct krelay_cidr_owner *owner;
	struct krelay_peer *peer;

	peer = krelay_home_bridge_of(kdev, skb);
	if (peer)
		return peer;
	owner = skb->protocol == htons(ETH_P_IP) ?
		krelay_cidr_lookup(&kdev->allowed, &ip_hdr(skb)->daddr, KRELAY_CIDR_IPV4) :
		krelay_cidr_lookup(&kdev->allowed, &ipv6_hdr(skb)->daddr, KRELAY_CIDR_IPV6);
	return owner ? container_of(owner, struct krelay_peer, allowed) : NULL;
}

static void answer_unreachable(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else if (ipv6_mod_enabled())
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);
	struct krelay_peer *peer;

	if (unlikely(!pskb_inet_may_pull(skb) || ip_tunnel_parse_protocol(skb) != skb->protocol)) {
		krelay_drop(kdev, skb, KRELAY_STAT_TX_MALFORMED);
		return NETDEV_TX_OK;
	}
	rcu_read_lock_bh();
	peer = peer_of(kdev, skb);
	if (likely(peer && rcu_access_pointer(peer->endpoint))) {
		krelay_transmit_packet(peer, skb);
	} else {
		answer_unreachable(skb);
		krelay_drop(kdev, skb, peer ? KRELAY_STAT_TX_NO_ENDPOINT :
					      KRELAY_STAT_TX_NO_PEER);
	}
	rcu_read_unlock_bh();
	return NETDEV_TX_OK;
}

/* Of what the host has not counted itself. */
static bool is_drop(enum krelay_stat which)
{
	return which != KRELAY_STAT_RX_BACKLOG &&
	       which != KRELAY_STAT_RX_KEEPALIVE && which != KRELAY_STAT_BRIDGE_PIECE &&
	       !(which >= KRELAY_STAT_HS_INITIATION_SENT &&
		 which <= KRELAY_STAT_HS_PORT_FIXED);
}

static void get_stats64(struct net_device *dev, struct rtnl_link_stats64 *total)
{
	struct krelay_device *kdev = netdev_priv(dev);
	enum krelay_stat which;

	dev_get_tstats64(dev, total);
	for (which = KRELAY_STAT_RX_TRUNCATED; which < __KRELAY_STAT_MAX; which++) {
		if (!is_drop(which))
			continue;
		if (which < KRELAY_STAT_TX_MALFORMED)
			total->rx_dropped += krelay_stats_sum(kdev->stats, which);
		else
			total->tx_dropped += krelay_stats_sum(kdev->stats, which);
	}
}

static int init(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);

	return gro_cells_init(&kdev->gro_cells, dev);
}

int krelay_device_forget_forwards(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;
	struct krelay_forwards *old = rtnl_dereference(kdev->forwards), *new = NULL;
	unsigned int count = krelay_forwards_count(old), kept = 0, i;
	struct krelay_forward **list, *forward;
	unsigned int conflict[2];
	int ret = 0;

	if (!count)
		return 0;
	list = kvmalloc_array(count, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	for (i = 0; (forward = krelay_forwards_at(old, i)); i++)
		if (forward->peer != peer)
			list[kept++] = forward;
	if (kept && kept != count)
		ret = krelay_forwards_build(list, kept, &new, conflict);
	if (!ret && kept != count)
		krelay_bridge_set_forwards(kdev, new);
	kvfree(list);
	return ret ?: count - kept;
}

void krelay_device_remove_peer(struct krelay_peer *peer)
{
	LIST_HEAD(leaving);

	krelay_home_detach(peer);
	/* Not opened again while we hold RTNL. */
	krelay_outer_unmove(peer);
	list_move_tail(&peer->list, &leaving);
	krelay_peer_remove(&leaving);
}

static void uninit(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);
	struct krelay_peer *peer;
	LIST_HEAD(leaving);

	list_del_init(&kdev->list);
	krelay_publics_keep(kdev, NULL, 0);
	krelay_bridge_set_forwards(kdev, NULL);
	list_for_each_entry(peer, &kdev->peers, list)
		krelay_home_detach(peer);
	list_splice_init(&kdev->peers, &leaving);
	krelay_peer_remove(&leaving);
	gro_cells_destroy(&kdev->gro_cells);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init = init,
	.ndo_uninit = uninit,
	.ndo_open = open,
	.ndo_stop = stop,
	.ndo_start_xmit = xmit,
	.ndo_get_stats64 = get_stats64,
};

struct krelay_device *krelay_device_of(struct net_device *dev)
{
	return dev->netdev_ops == &netdev_ops ? netdev_priv(dev) : NULL;
}

struct krelay_device *krelay_device_next(struct krelay_device *kdev, struct krelay_device *last)
{
	struct krelay_device *next = list_prepare_entry(last, &devices, list);

	list_for_each_entry_continue(next, &devices, list)
		if (next != kdev &&
		    rtnl_dereference(next->transit) == rtnl_dereference(kdev->transit))
			return next;
	return NULL;
}

/* After the last grace period: nobody holds anything of it any more. */
static void destruct(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);

	destroy_workqueue(kdev->workqueue);
	rhashtable_destroy(&kdev->peers_by_key);
	krelay_index_destroy(&kdev->indices);
	krelay_limit_free(kdev->sources);
	krelay_compat_free_tstats(dev);
	free_percpu(kdev->stats);
	memzero_explicit(&kdev->identity, sizeof(kdev->identity));
	memzero_explicit(&kdev->checker, sizeof(kdev->checker));
}

static const struct device_type device_type = { .name = "krelay" };

static void setup(struct net_device *dev)
{
	struct krelay_device *kdev = netdev_priv(dev);
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SG |
					   NETIF_F_FRAGLIST | NETIF_F_GSO_SOFTWARE |
					   NETIF_F_HIGHDMA;

	dev->netdev_ops = &netdev_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->needed_headroom = krelay_transmit_headroom();
	dev->needed_tailroom = krelay_transmit_tailroom();
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	dev->mtu = DEFAULT_MTU;
	dev->min_mtu = IPV4_MIN_MTU;
	dev->max_mtu = MAX_MTU;
	dev->needs_free_netdev = true;
	krelay_compat_set_lltx(dev);
	SET_NETDEV_DEVTYPE(dev, &device_type);
	/* Without its route no sender is told that a packet cannot be sent. */
	netif_keep_dst(dev);

	memset(kdev, 0, sizeof(*kdev));
	kdev->dev = dev;
	kdev->receive = krelay_receive_datagram;
	kdev->ingress = krelay_bridge_ingress;
	INIT_LIST_HEAD(&kdev->list);
	INIT_LIST_HEAD(&kdev->peers);
	INIT_LIST_HEAD(&kdev->publics);
	krelay_handshake_init(kdev);
	krelay_cidr_init(&kdev->allowed);
}

static int newlink_in(struct net *net, struct net_device *dev, struct netlink_ext_ack *extack)
{
	struct krelay_device *kdev = netdev_priv(dev);
	int ret;

	rcu_assign_pointer(kdev->transit, net);
	kdev->asleep = asleep;
	ret = krelay_compat_alloc_tstats(dev);
	if (ret)
		return ret;
	ret = -ENOMEM;
	kdev->stats = alloc_percpu(struct krelay_stats);
	if (!kdev->stats)
		goto err_tstats;
	kdev->sources = krelay_limit_new();
	if (!kdev->sources)
		goto err_stats;
	/*
	 * Before whatever else this host computes, for a handshake that takes 5 s
	 * is begun anew and in vain. What others can ask of it is bounded.
	 */
	kdev->workqueue = alloc_ordered_workqueue("krelay-%s", WQ_FREEZABLE | WQ_HIGHPRI,
						  dev->name);
	if (!kdev->workqueue)
		goto err_sources;
	ret = krelay_index_init(&kdev->indices);
	if (ret)
		goto err_workqueue;
	ret = krelay_peer_init_table(kdev);
	if (ret)
		goto err_indices;
	ret = register_netdevice(dev);
	if (ret)
		goto err_table;

	/* Only now: a failing register_netdevice() would have called it, too. */
	dev->priv_destructor = destruct;
	list_add(&kdev->list, &devices);
	return 0;

err_table:
	rhashtable_destroy(&kdev->peers_by_key);
err_indices:
	krelay_index_destroy(&kdev->indices);
err_workqueue:
	destroy_workqueue(kdev->workqueue);
err_sources:
	krelay_limit_free(kdev->sources);
err_stats:
	free_percpu(kdev->stats);
err_tstats:
	krelay_compat_free_tstats(dev);
	return ret;
}

KRELAY_COMPAT_NEWLINK(newlink)

static struct rtnl_link_ops link_ops = {
	.kind = "krelay",
	.priv_size = sizeof(struct krelay_device),
	.setup = setup,
	.newlink = newlink,
};

void krelay_device_set_private_key(struct krelay_device *kdev, const u8 *private_key)
{
	struct krelay_peer *peer;

	mutex_lock(&kdev->handshake_lock);
	if (krelay_noise_is_identity(&kdev->identity, private_key))
		goto out;
	krelay_noise_set_identity(&kdev->identity, private_key);
	krelay_cookie_set_public(&kdev->checker, kdev->identity.public_key);
	list_for_each_entry(peer, &kdev->peers, list) {
		krelay_noise_precompute(&peer->handshake, &kdev->identity);
		/* Sessions of the old identity end with it. */
		krelay_peer_forget(peer);
		krelay_timers_dial_anew(&peer->timers);
	}
out:
	mutex_unlock(&kdev->handshake_lock);
}

void krelay_device_set_timestamp(struct krelay_device *kdev, u64 timestamp)
{
	mutex_lock(&kdev->handshake_lock);
	krelay_noise_raise_timestamp(&kdev->identity, timestamp);
	mutex_unlock(&kdev->handshake_lock);
}

int krelay_device_set_port(struct krelay_device *kdev, u16 port, bool fixed)
{
	bool was_fixed = kdev->port_fixed;
	struct krelay_peer *peer;
	u16 old = kdev->port;
	int ret;

	WRITE_ONCE(kdev->port_fixed, fixed);
	if (old == port && port)
		return 0;
	kdev->port = port;
	if (!netif_running(kdev->dev))
		return 0;
	ret = krelay_outer_open(kdev);
	if (ret) {
		kdev->port = old;
		WRITE_ONCE(kdev->port_fixed, was_fixed);
		return ret;
	}
	/* Who had left the old port comes back to the new one. */
	list_for_each_entry(peer, &kdev->peers, list)
		krelay_outer_unmove(peer);
	return 0;
}

void krelay_device_set_fwmark(struct krelay_device *kdev, u32 fwmark)
{
	struct krelay_peer *peer;

	WRITE_ONCE(kdev->fwmark, fwmark);
	list_for_each_entry(peer, &kdev->peers, list)
		krelay_peer_reset_route(peer);
}

static void attach_bridges(struct krelay_device *kdev)
{
	struct krelay_peer *peer;

	list_for_each_entry(peer, &kdev->peers, list)
		if (peer->bridge && krelay_home_attach(peer))
			netdev_warn(kdev->dev, "replies to a bridge find no way in this namespace\n");
}

/* What a device of this kind wants of the addressing of its netdev. */
static void tune(struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	struct inet6_dev *in6_dev = __in6_dev_get(dev);

	if (in_dev) {
		/* Visitors come from where the default route does not lead. */
		IN_DEV_CONF_SET(in_dev, RP_FILTER, RP_FILTER_LOOSE);
		IN_DEV_CONF_SET(in_dev, SEND_REDIRECTS, false);
	}
	if (in6_dev)
		in6_dev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
}

static void own_event(struct krelay_device *kdev, unsigned long event)
{
	struct krelay_peer *peer;

	switch (event) {
	case NETDEV_REGISTER:
		tune(kdev->dev);
		attach_bridges(kdev);
		break;
	case NETDEV_UP:
	case NETDEV_CHANGEMTU:
		krelay_home_refresh(kdev);
		break;
	case NETDEV_UNREGISTER:
		list_for_each_entry(peer, &kdev->peers, list)
			krelay_home_detach(peer);
		break;
	}
}

static void public_event(struct krelay_device *kdev, struct net_device *dev, unsigned long event)
{
	switch (event) {
	case NETDEV_REGISTER:
		krelay_publics_add_netdev(kdev, dev);
		break;
	case NETDEV_UNREGISTER:
		krelay_publics_remove_netdev(kdev, dev);
		break;
	case NETDEV_CHANGENAME:
		krelay_publics_remove_netdev(kdev, dev);
		krelay_publics_add_netdev(kdev, dev);
		break;
	}
}

static int netdev_event(struct notifier_block *block, unsigned long event, void *pointer)
{
	struct net_device *dev = netdev_notifier_info_to_dev(pointer);
	struct krelay_device *kdev = krelay_device_of(dev);

	if (kdev)
		own_event(kdev, event);
	list_for_each_entry(kdev, &devices, list)
		if (rtnl_dereference(kdev->transit) == dev_net(dev))
			public_event(kdev, dev, event);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = netdev_event };

/* A namespace goes away: devices that live elsewhere lose their sockets in it. */
static void __net_exit leave_net(struct net *net)
{
	struct krelay_device *kdev;
	struct krelay_peer *peer;

	rtnl_lock();
	list_for_each_entry(kdev, &devices, list) {
		if (rtnl_dereference(kdev->transit) != net)
			continue;
		krelay_outer_close(kdev);
		krelay_publics_keep(kdev, NULL, 0);
		RCU_INIT_POINTER(kdev->transit, NULL);
		/* Their routes hold netdevs of that namespace. */
		list_for_each_entry(peer, &kdev->peers, list)
			krelay_peer_set_endpoint(peer, NULL, 0, 0);
	}
	rtnl_unlock();
}

/*
 * No key lies in the memory of a machine that sleeps, and none is used on from
 * an image that may be restored twice.
 */
static void forget_sessions(struct krelay_device *kdev)
{
	struct krelay_peer *peer;

	mutex_lock(&kdev->handshake_lock);
	kdev->asleep = asleep;
	list_for_each_entry(peer, &kdev->peers, list)
		krelay_peer_forget(peer);
	mutex_unlock(&kdev->handshake_lock);
}

static void dial_anew(struct krelay_device *kdev)
{
	struct krelay_peer *peer;

	list_for_each_entry(peer, &kdev->peers, list)
		krelay_timers_dial_anew(&peer->timers);
}

static void begin_anew(void)
{
	struct krelay_device *kdev;

	ASSERT_RTNL();
	list_for_each_entry(kdev, &devices, list)
		forget_sessions(kdev);
	if (asleep)
		return;
	list_for_each_entry(kdev, &devices, list)
		dial_anew(kdev);
}

/* While asleep no session is there, and none begins. */
static void set_asleep(bool value)
{
	rtnl_lock();
	asleep = value;
	begin_anew();
	rtnl_unlock();
	/* Keys are wiped by callbacks, which must not wait in the image of memory. */
	if (value)
		rcu_barrier();
}

static int pm_event(struct notifier_block *block, unsigned long event, void *pointer)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
		/* Where the machine sleeps whenever it has nothing to do. */
		if (IS_ENABLED(CONFIG_PM_AUTOSLEEP))
			break;
		fallthrough;
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		set_asleep(true);
		break;
	case PM_POST_SUSPEND:
		if (IS_ENABLED(CONFIG_PM_AUTOSLEEP))
			break;
		fallthrough;
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		set_asleep(false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_notifier = { .notifier_call = pm_event };

/* This machine goes on from a snapshot, from which another may go on, too. */
static int fork_event(struct notifier_block *block, unsigned long event, void *pointer)
{
	/* Data does not wait for RTNL, which somebody may have slept under in the snapshot. */
	krelay_noise_tell_copied();
	rtnl_lock();
	begin_anew();
	rtnl_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block fork_notifier = { .notifier_call = fork_event };

static struct pernet_operations net_ops = { .pre_exit = leave_net };

int __init krelay_device_init(void)
{
	int ret;

	ret = register_pernet_device(&net_ops);
	if (ret)
		return ret;
	ret = register_netdevice_notifier(&notifier);
	if (ret)
		goto err_net;
	ret = register_pm_notifier(&pm_notifier);
	if (ret)
		goto err_notifier;
	ret = register_random_vmfork_notifier(&fork_notifier);
	if (ret)
		goto err_pm;
	ret = rtnl_link_register(&link_ops);
	if (ret)
		goto err_fork;
	return 0;

err_fork:
	unregister_random_vmfork_notifier(&fork_notifier);
err_pm:
	unregister_pm_notifier(&pm_notifier);
err_notifier:
	unregister_netdevice_notifier(&notifier);
err_net:
	unregister_pernet_device(&net_ops);
	return ret;
}

/*
 * Ends all tunnels, and for a moment drops what visitors still send, which the
 * host would refuse, and so end connections that could go on after a reload.
 */
static void fade_out(void)
{
	struct krelay_device *kdev;
	bool serves = false;

	rtnl_lock();
	list_for_each_entry(kdev, &devices, list) {
		if (!netif_running(kdev->dev))
			continue;
		serves |= krelay_forwards_count(rtnl_dereference(kdev->forwards)) > 0;
		dev_close(kdev->dev);
	}
	rtnl_unlock();
	if (serves)
		msleep(FADE_OUT_MS);
}

void krelay_device_exit(void)
{
	fade_out();
	rtnl_link_unregister(&link_ops);
	unregister_random_vmfork_notifier(&fork_notifier);
	unregister_pm_notifier(&pm_notifier);
	unregister_netdevice_notifier(&notifier);
	unregister_pernet_device(&net_ops);
	krelay_publics_exit();
}
