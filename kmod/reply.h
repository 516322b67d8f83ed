/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replies of connections that came by a bridge are led back through it,
 * whatever the routing tables say. Hook functions, for both families.
 */
#ifndef _KRELAY_REPLY_H
#define _KRELAY_REPLY_H

struct krelay_device;
struct nf_hook_state;
struct sk_buff;

/**
 * krelay_reply_enable() - have the device's reply routes
 * @kdev: it gets those that it has not and can have
 *
 * Also brings the IPv6 one up to date with what the netdev has become. Context:
 * RTNL, may sleep. Return: 0 or -ENOMEM.
 */
int krelay_reply_enable(struct krelay_device *kdev);

/* Takes them away. Waits for a grace period. Context: RTNL. */
void krelay_reply_disable(struct krelay_device *kdev);

/* LOCAL_OUT and PRE_ROUTING: gives a reply the tunnel's route. */
unsigned int krelay_reply_route(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);

/*
 * FORWARD. Where br_netfilter is at work, as Docker has it, PRE_ROUTING runs in
 * the Ethernet bridge, which forgets the route, and not again in IP. Such a reply
 * is met here, on its way to the wrong netdev, with its time to live counted.
 */
unsigned int krelay_reply_divert(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);

#endif /* _KRELAY_REPLY_H */
