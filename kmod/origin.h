/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an address is: the device's own, a neighbour's or a visitor's. By the
 * host's own addresses and routes, which are asked for each packet.
 */
#ifndef _KRELAY_ORIGIN_H
#define _KRELAY_ORIGIN_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct krelay_device;
struct krelay_peer;

/*
 * Is it an address of the netdev, for the world? Not an IPv6 one of its link.
 * Context: RCU.
 */
bool krelay_origin4_is_own(const struct krelay_device *kdev, __be32 address);
bool krelay_origin6_is_own(const struct krelay_device *kdev, const struct in6_addr *address);

/* Is it an address that no host has for another: multicast, loopback, nobody's? */
bool krelay_origin4_is_martian(__be32 address);
bool krelay_origin6_is_martian(const struct in6_addr *address);

/*
 * Is it among the allowed IPs of a peer? What covers all of the Internet says nothing of
 * that. Context: RCU.
 */
bool krelay_origin4_is_peers(const struct krelay_device *kdev, __be32 address);
bool krelay_origin6_is_peers(const struct krelay_device *kdev, const struct in6_addr *address);

/**
 * krelay_origin4_is_visitor() - may a packet from there come in by a bridge?
 * @peer: the bridge
 * @source: the packet's
 *
 * A visitor has a public face: not the host's own, nor an address of a network
 * that the host knows to be elsewhere, nor another peer's, nor one that no host
 * has (multicast, loopback and the like). Context: softirq, RCU.
 */
bool krelay_origin4_is_visitor(const struct krelay_peer *peer, __be32 source);
bool krelay_origin6_is_visitor(const struct krelay_peer *peer, const struct in6_addr *source);

/**
 * krelay_origin4_find() - try the netdev's own addresses
 * @kdev: its device
 * @matches: returns whether @address, in network byte order, is the one
 * @priv: for @matches
 *
 * Context: RCU. Return: whether there was one.
 */
bool krelay_origin4_find(const struct krelay_device *kdev,
			 bool (*matches)(const union nf_inet_addr *address, void *priv),
			 void *priv);
bool krelay_origin6_find(const struct krelay_device *kdev,
			 bool (*matches)(const union nf_inet_addr *address, void *priv),
			 void *priv);

/*
 * Does a peer other than @peer have that address, of @len bytes, among its allowed
 * IPs? Bridges may share what they let through, so they count only if @exclusive.
 */
bool krelay_origin_is_others(const struct krelay_peer *peer, const void *address, size_t len,
			     bool exclusive);

#endif /* _KRELAY_ORIGIN_H */
