/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Public netdevs: those on which forwards take packets. Their hooks come and go
 * with them; what a hook does, struct krelay_device.ingress says.
 */
#ifndef _KRELAY_PUBLICS_H
#define _KRELAY_PUBLICS_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct krelay_device;
struct net_device;

/* The device that a hook was set for. @priv: as the hook got it. */
struct krelay_device *krelay_publics_device(void *priv);

/**
 * krelay_publics_add() - the first half of replacing the list, which may fail
 * @kdev: device
 * @names: names, valid and different
 * @count: how many, 0 allowed
 *
 * Adds to the end of the list those that it does not have yet. A netdev need not
 * exist: its hook comes and goes with it.
 * Context: RTNL. Return: how many were added, -ENOMEM, or what registering a hook
 * returns; after an error the old list stands.
 */
int krelay_publics_add(struct krelay_device *kdev, const char *const *names, unsigned int count);

/* Takes back what krelay_publics_add() has added, @count of them. Context: RTNL. */
void krelay_publics_remove_last(struct krelay_device *kdev, unsigned int count);

/* The second half: removes all that are not among @names. Context: RTNL. */
void krelay_publics_keep(struct krelay_device *kdev, const char *const *names,
			 unsigned int count);

/* Calls @visit for each name until it returns non-zero. Context: RTNL. */
int krelay_publics_visit(struct krelay_device *kdev,
			 int (*visit)(void *context, const char *name), void *context);

/* A netdev has come to or is leaving the namespace of @kdev's UDP socket. RTNL. */
void krelay_publics_add_netdev(struct krelay_device *kdev, struct net_device *dev);
void krelay_publics_remove_netdev(struct krelay_device *kdev, struct net_device *dev);

/* When no device is left. Context: process, may sleep, without RTNL. */
void krelay_publics_exit(void);

/* Whether forwards take packets on @dev. Context: RCU. */
bool krelay_publics_contain(struct krelay_device *kdev, const struct net_device *dev);

/**
 * krelay_publics_address() - what a forward without an address stands for
 * @dev: public netdev
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @addr: receives the address, unused bytes zero
 *
 * A peer's reply does not tell which address the visitor used, and nobody keeps
 * that in mind: so there is one, the netdev's first of global scope (IPv6: the
 * oldest that is neither temporary nor deprecated).
 *
 * Context: RCU. Return: whether it has one.
 */
bool krelay_publics_address(const struct net_device *dev, u8 family, union nf_inet_addr *addr);

#endif /* _KRELAY_PUBLICS_H */
