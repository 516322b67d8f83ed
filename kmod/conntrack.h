/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The little of conntrack that the reply side needs. The nf_conntrack module is
 * loaded when the first bridge peer is made and not before: a machine that is
 * only a bridge goes without it, and without its sysctls.
 */
#ifndef _KRELAY_CONNTRACK_H
#define _KRELAY_CONNTRACK_H

#include <linux/types.h>

struct net;
struct nf_conn;
struct nf_conntrack_tuple;
struct sk_buff;

/*
 * Loads nf_conntrack. Never under RTNL: loading waits for namespaces that are
 * made or cleaned up, and those wait for RTNL.
 */
void krelay_conntrack_load(void);

/**
 * krelay_conntrack_enable() - have connections of both families tracked in a namespace
 * @net: namespace
 *
 * Context: process; pairs with krelay_conntrack_disable().
 * Return: 0, -EOPNOTSUPP if the kernel has no conntrack, or that of enabling.
 */
int krelay_conntrack_enable(struct net *net);
void krelay_conntrack_disable(struct net *net);

/**
 * krelay_conntrack_read() - the tuple by which conntrack knows a packet
 * @net: namespace in which conntrack is enabled
 * @skb: where the packet is
 * @offset: of its IP header from skb->data
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @tuple: filled in
 *
 * Believes the headers: checks neither checksums nor lengths. Context: RCU.
 * Return: whether there is one; not for a fragment but the first.
 */
bool krelay_conntrack_read(struct net *net, const struct sk_buff *skb, unsigned int offset,
			   u8 family, struct nf_conntrack_tuple *tuple);

/**
 * krelay_conntrack_find() - whose is this packet?
 * @net: namespace in which conntrack is enabled
 * @tuple: of the packet
 * @reply: set to whether the packet goes in reply direction
 *
 * Context: RCU.
 * Return: the connection with a reference, for nf_conntrack_put() (nf_ct_put() would
 * need the module), or NULL.
 */
struct nf_conn *krelay_conntrack_find(struct net *net, const struct nf_conntrack_tuple *tuple,
				      bool *reply);

/**
 * krelay_conntrack_find_invalid() - to which connection does this packet seem to belong?
 * @net: namespace in which conntrack is enabled
 * @skb: a packet that conntrack has seen
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @reply: set to whether the packet goes in reply direction
 *
 * What conntrack calls invalid (a segment out of its window, say) is of no connection
 * to it, so that NAT passes it by. Context: RCU.
 * Return: as krelay_conntrack_find(); NULL also for what is of a connection, and for
 * what was kept out of conntrack on purpose.
 */
struct nf_conn *krelay_conntrack_find_invalid(struct net *net, const struct sk_buff *skb,
					      u8 family, bool *reply);

#endif /* _KRELAY_CONNTRACK_H */
