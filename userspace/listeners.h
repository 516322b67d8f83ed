/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets of this namespace that wait for visitors. */
#ifndef RELAYCTL_LISTENERS_H
#define RELAYCTL_LISTENERS_H

#include "kernel.h"

/**
 * struct listener - a listening or bound socket
 * @proto: IPPROTO_*
 * @address: that it is bound to; family 0 for any
 * @families: bits of those that it serves
 * @port: that it is bound to
 * @ifindex: of the netdev that it is bound to, 0 for any
 * @inode: of the socket; 0 for one of the kernel's own
 */
struct listener {
	uint8_t proto;
	struct address address;
	unsigned int families;
	uint16_t port;
	unsigned int ifindex;
	uint32_t inode;
};

DEFINE_ARRAY(listener_array, struct listener);

/**
 * listeners_read() - all of this namespace by a protocol
 * @proto: of IPPROTO_TCP, _UDP, _UDPLITE, _SCTP and _DCCP
 *
 * Return: 0, or -1 with errno if the kernel does not tell.
 */
int listeners_read(uint8_t proto, struct listener_array *listeners);

/**
 * listeners_find() - the one that a forward would take its visitors from
 * @locals: addresses of this host
 * @publics: indices of the public netdevs
 *
 * A forward of no address takes packets to the first of a public netdev. Which that is may change,
 * so each counts. What listens on loopback or on a network inside is not in its way.
 */
const struct listener *listeners_find(const struct listener_array *listeners,
				      const struct local_address_array *locals,
				      const struct index_array *publics,
				      const struct forward *forward);

/**
 * listeners_check() - refuse forwards onto ports on which this host listens
 * @kernel: open
 * @file: for the refusal, NULL for the command line
 *
 * Only explicit forwards without "force" count: a catch-all leaves such ports alone.
 *
 * Return: 0, or -1 after refuse().
 */
int listeners_check(struct kernel *kernel, const char *file, const struct device *device);

#endif
