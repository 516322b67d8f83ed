/* SPDX-License-Identifier: GPL-2.0 */
/* The netdev and its life in a namespace. */
#ifndef _KRELAY_DEVICE_H
#define _KRELAY_DEVICE_H

#include <linux/list.h>
#include <linux/types.h>

struct krelay_device;
struct krelay_peer;
struct net_device;

int krelay_device_init(void);

/* No device is left when it returns. */
void krelay_device_exit(void);

/* Return: @dev's private part, or NULL if it is no krelay netdev. */
struct krelay_device *krelay_device_of(struct net_device *dev);

/*
 * Walks the devices that share the namespace of @kdev's UDP socket with it.
 * Return: the one behind @last, the first for NULL; NULL at the end.
 * Context: RTNL.
 */
struct krelay_device *krelay_device_next(struct krelay_device *kdev, struct krelay_device *last);

/* Removes all forwards to the peer. Return: how many, or -ENOMEM. Context: RTNL. */
int krelay_device_forget_forwards(struct krelay_peer *peer);

/* Removes a peer to which there is no forward. Context: RTNL. */
void krelay_device_remove_peer(struct krelay_peer *peer);

/* An all-zero key takes the identity away. Context: RTNL. */
void krelay_device_set_private_key(struct krelay_device *kdev, const u8 *private_key);

/*
 * @fixed: its owner has named the port, so that it is not to be left.
 * Return: 0, or, with the old port in use still, that of opening. Context: RTNL.
 */
int krelay_device_set_port(struct krelay_device *kdev, u16 port, bool fixed);

/* Initiations will bear later timestamps than this, nanoseconds since 1970. */
void krelay_device_set_timestamp(struct krelay_device *kdev, u64 timestamp);

void krelay_device_set_fwmark(struct krelay_device *kdev, u32 fwmark);

#endif /* _KRELAY_DEVICE_H */
