/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KRELAY_NETLINK_FORWARD_ANSWER_H
#define _KRELAY_NETLINK_FORWARD_ANSWER_H

struct krelay_forward;
struct sk_buff;

/* Puts a %KRELAY_A_FORWARD. Context: RTNL. Return: 0 or -EMSGSIZE. */
int krelay_netlink_forward_put(struct sk_buff *skb, const struct krelay_forward *forward);

#endif /* _KRELAY_NETLINK_FORWARD_ANSWER_H */
