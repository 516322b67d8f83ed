/* SPDX-License-Identifier: GPL-2.0 */
/* The source address of replies of UDP servers that are bound to no address. */
#ifndef _KRELAY_SOURCE_H
#define _KRELAY_SOURCE_H

struct nf_hook_state;
struct sk_buff;

/*
 * LOCAL_OUT, before conntrack. Such a server answers from the address that the
 * first route look-up gives, which is the WAN's. Gives the reply the address
 * back that the visitor sent to, before conntrack takes it for something new.
 */
unsigned int krelay_source_mend(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);

#endif /* _KRELAY_SOURCE_H */
