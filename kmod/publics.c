// SPDX-License-Identifier: GPL-2.0
#include "publics.h"

#include <linux/inetdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>

#include "krelay.h"

enum {
	/*
	 * Behind an administrator's own nft ingress chains, whose priority is
	 * "filter" (0) or less.
	 */
	HOOK_PRIORITY = 100,
};

/**
 * struct krelay_public - a netdev on which forwards take packets
 * @list: in the device's @publics; RTNL
 * @kdev: whose it is
 * @name: of the netdev
 * @dev: the netdev, NULL while there is none of that name; RTNL, read under RCU.
 *	Held by the hook, which goes before the netdev does.
 * @hooked: in @hooked_publics while there is a @dev; RTNL
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
	struct list_head hooked;
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

/* Those of all devices; RTNL. */
static LIST_HEAD(hooked_publics);

/*
 * What a NIC has merged for a receiver cannot be sent on. The kernel sees to that where
 * it forwards, which a bridge need not. Not while the netdev is being hooked: there
 * notifiers may hold its lock.
 */
static void disable_lro(struct work_struct *work)
{
	struct krelay_public *public;

	rtnl_lock();
	list_for_each_entry(public, &hooked_publics, hooked)
		dev_disable_lro(public->dev);
	rtnl_unlock();
}

static DECLARE_WORK(lro_work, disable_lro);

void krelay_publics_exit(void)
{
	cancel_work_sync(&lro_work);
}

struct krelay_device *krelay_publics_device(void *priv)
{
	struct krelay_public *public = priv;

	return public->kdev;
}

bool krelay_publics_contain(struct krelay_device *kdev, const struct net_device *dev)
{
	struct krelay_public *public;

	list_for_each_entry_rcu(public, &kdev->publics, list)
		if (READ_ONCE(public->dev) == dev)
			return true;
	return false;
}

/* New addresses are put in front: the oldest stays what it is. */
static bool main_address6(const struct net_device *dev, struct in6_addr *addr)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;
	bool found = false;

	if (!idev)
		return false;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
		if (ifa->flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_TEMPORARY) ||
		    ipv6_addr_src_scope(&ifa->addr) != IPV6_ADDR_SCOPE_GLOBAL)
			continue;
		*addr = ifa->addr;
		found = true;
	}
	return found;
}

bool krelay_publics_address(const struct net_device *dev, u8 family, union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (family == NFPROTO_IPV6)
		return main_address6(dev, &addr->in6);
	addr->ip = inet_select_addr(dev, 0, RT_SCOPE_UNIVERSE);
	return addr->ip;
}

static int hook(struct krelay_public *public, struct net_device *dev)
{
	int ret;

	public->ops = (struct nf_hook_ops) {
		.hook = public->kdev->ingress,
		.priv = public,
		.dev = dev,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = HOOK_PRIORITY,
	};
	ret = nf_register_net_hook(dev_net(dev), &public->ops);
	if (ret)
		return ret;
	WRITE_ONCE(public->dev, dev);
	list_add(&public->hooked, &hooked_publics);
	schedule_work(&lro_work);
	return 0;
}

static void unhook(struct krelay_public *public)
{
	if (!public->dev)
		return;
	nf_unregister_net_hook(dev_net(public->dev), &public->ops);
	list_del(&public->hooked);
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
	/* Another name of its stays when it is renamed: nobody would tell. */
	ret = dev && !strcmp(dev->name, name) ? hook(public, dev) : 0;
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

int krelay_publics_add(struct krelay_device *kdev, const char *const *names,
		       unsigned int count)
{
	struct net *net = rtnl_dereference(kdev->transit);
	unsigned int i, added = 0;
	int ret;

	if (!net && count)
		return -ENONET;
	for (i = 0; i < count; i++) {
		if (find_public(kdev, names[i]))
			continue;
		ret = add_public(kdev, net, names[i]);
		if (ret) {
			krelay_publics_remove_last(kdev, added);
			return ret;
		}
		added++;
	}
	return added;
}

void krelay_publics_remove_last(struct krelay_device *kdev, unsigned int count)
{
	while (count--)
		remove_public(list_last_entry(&kdev->publics, struct krelay_public, list));
}

void krelay_publics_keep(struct krelay_device *kdev, const char *const *names,
			 unsigned int count)
{
	struct krelay_public *public, *tmp;

	list_for_each_entry_safe(public, tmp, &kdev->publics, list)
		if (!is_named(public->name, names, count))
			remove_public(public);
}

int krelay_publics_visit(struct krelay_device *kdev,
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

void krelay_publics_add_netdev(struct krelay_device *kdev, struct net_device *dev)
{
	struct krelay_public *public = find_public(kdev, dev->name);

	if (!public || public->dev)
		return;
	if (hook(public, dev))
		netdev_warn(kdev->dev, "forwards cannot take packets from %s\n", dev->name);
}

void krelay_publics_remove_netdev(struct krelay_device *kdev, struct net_device *dev)
{
	struct krelay_public *public;

	list_for_each_entry(public, &kdev->publics, list)
		if (public->dev == dev)
			unhook(public);
}
