/* SPDX-License-Identifier: GPL-2.0 */
/* What every netlink command needs: the device, the right, a text for a refusal. */
#ifndef _KRELAY_NETLINK_COMMON_H
#define _KRELAY_NETLINK_COMMON_H

#include <linux/krelay.h>
#include <linux/netlink.h>

struct genl_family;
struct genl_info;
struct krelay_device;
struct krelay_peer;
struct net;
struct sk_buff;

/**
 * krelay_netlink_refuse() - refuse a request with a text
 * @extack: of the request
 * @error: negative errno, returned
 * @format: of one sentence without its full stop; names the value and the rule
 *
 * Context: RTNL, which keeps refusals from writing over one another.
 */
__printf(3, 4)
int krelay_netlink_refuse(struct netlink_ext_ack *extack, int error, const char *format, ...);

/* Return: the device that @attrs name, or an ERR_PTR, refused. Context: RTNL. */
struct krelay_device *krelay_netlink_device(struct net *net, struct nlattr **attrs,
					    struct netlink_ext_ack *extack);

/* As krelay_netlink_device(), for one who may also steer the UDP socket's namespace. */
struct krelay_device *krelay_netlink_device_to_change(struct sk_buff *skb,
						      struct genl_info *info);

/*
 * The device that a dump is about, whose generation is noted in @cb: if it changes
 * before the end, the dump is repeated. Return: it, or an ERR_PTR, refused.
 * Context: RTNL.
 */
struct krelay_device *krelay_netlink_dump_device(const struct sk_buff *skb,
						 struct netlink_callback *cb);

/* Writes which device an answer is about. Return: 0 or -EMSGSIZE. */
int krelay_netlink_put_device(struct sk_buff *skb, const struct krelay_device *kdev);

/*
 * Begins one message of a dump about @kdev. Return: its header, or NULL if there
 * is no room left in @skb.
 */
void *krelay_netlink_put_header(struct sk_buff *skb, struct netlink_callback *cb,
				const struct genl_family *family, u8 cmd,
				const struct krelay_device *kdev);

/*
 * Reads a range of ports in host byte order. Without @first they stay as the
 * caller has set them, without @last the range is the first port alone.
 * Return: 0, or refused if it ends before it begins. Context: RTNL.
 */
int krelay_netlink_read_ports(const struct nlattr *first, const struct nlattr *last,
			      u16 *port_first, u16 *port_last, struct netlink_ext_ack *extack);

/* Writes where @peer is, if that is known. Return: 0 or -EMSGSIZE. */
int krelay_netlink_put_endpoint(struct sk_buff *skb, const struct krelay_peer *peer);

/* Wipes a secret that a request has brought; NULL is none. */
void krelay_netlink_wipe(struct nlattr *secret);

#endif /* _KRELAY_NETLINK_COMMON_H */
