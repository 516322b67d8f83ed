/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of a forward:
 *
 *   WHAT [on PUBLIC] [-> TARGET] [allow SOURCE...] [deny SOURCE...] [limit RATE...]
 *	[source-limit RATE...] [force]
 *
 * WHAT is PROTO[+PROTO...]/PORT[-PORT] for protocols with ports, PROTO[+PROTO...] for those
 * without, or all [except PROTO[/PORT[-PORT]]...]; PUBLIC is an address of the bridge; TARGET is
 * PORT[-PORT], ADDRESS, or ADDRESS:PORT[-PORT], with an IPv6 address in brackets; SOURCE is a
 * prefix or @FILE; RATE see limits.h. What follows WHAT may stand in any order.
 */
#ifndef RELAYCTL_FORWARDS_H
#define RELAYCTL_FORWARDS_H

#include "model.h"

#define FORWARD_TEXT_LEN (2 * ADDRESS_TEXT_LEN + 64)

/* Families, as bits. */
#define FAMILY_IPV4 1
#define FAMILY_IPV6 2

static inline unsigned int family_bit(int family)
{
	return family == AF_INET6 ? FAMILY_IPV6 : family == AF_INET ? FAMILY_IPV4 : 0;
}

/**
 * forwards_parse() - read a list of forwards, with commas between them
 * @at: its line goes into the forwards; files of sources are sought beside its file
 * @text: is cut up
 * @device: the forwards and their lists of sources are added to it; tcp+udp makes two
 *
 * What follows "all except" in a list are further exceptions. Peer and target are still open.
 *
 * Return: 0, or -1 after refuse().
 */
int forwards_parse(const struct place *at, char *text, struct device *device);

/* Settle the family of a forward: "icmp" is that of the family, also among its exceptions. */
void forward_set_family(struct forward *forward, int family);

/* True for a word with which a part of a forward behind its protocol and ports begins. */
bool forward_is_keyword(const char *word);

/**
 * forward_aim() - settle where a forward leads
 * @at: for the refusal
 * @device: with all peers and their allowed IPs
 * @peer: one of them
 * @families: bits of the families in which the interface has an address
 * @forward: may have a target and a family
 * @aimed: gets it with the peer's key; without target or family once for each family in which
 *	the peer has a host address and the interface an address
 *
 * Return: 0, or -1 after refuse().
 */
int forward_aim(const struct place *at, const struct device *device, const struct peer *peer,
		unsigned int families, const struct forward *forward,
		struct forward_array *aimed);

/**
 * forwards_check() - refuse forwards that stand in each other's way
 * @file: for the refusal, NULL for the command line
 * @device: its forwards have been aimed
 *
 * Return: 0, or -1 after refuse().
 */
int forwards_check(const char *file, const struct device *device);

/* Refuse a forward of a device that has no public netdev. */
int forward_check_public(const struct place *at, const struct device *device,
			 const struct forward *forward);

/* Warn of what is allowed, but makes some ports of a catch-all unreachable. */
void forwards_warn(const char *file, const struct device *device);

/**
 * forwards_check_tunnel() - refuse a forward of the port of the tunnel itself
 * @port: on which the device listens; 0 if it is not known
 */
int forwards_check_tunnel(const char *file, const struct device *device, uint16_t port);

/* Its public side and target, for sentences: without exceptions, sources and limits. */
const char *forward_format(const struct forward *forward, char text[FORWARD_TEXT_LEN]);

/**
 * forward_text() - a forward as it may be written
 * @device: has its sources
 * @sources_max: longer lists of sources are counted only, in a form that cannot be read again
 *
 * Return: to be freed.
 */
char *forward_text(const struct device *device, const struct forward *forward,
		   size_t sources_max);

#endif
