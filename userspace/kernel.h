/* SPDX-License-Identifier: GPL-2.0 */
/* Asking the kernel. */
#ifndef RELAYCTL_KERNEL_H
#define RELAYCTL_KERNEL_H

#include <netlink/netlink.h>

#include "config.h"

#ifndef KERNEL_KIND
#define KERNEL_KIND "krelay"
#endif

/**
 * struct kernel - connections to the kernel
 * @generic: to generic netlink families
 * @route: to links, addresses and routes
 * @family: number of the module's family; 0 if it is not there
 * @error: errno of the last refusal, 0 if there was none
 * @offset: of what was refused in the message, 0 if it is not known
 * @text: what the kernel said about it, may be empty
 */
struct kernel {
	struct nl_sock *generic;
	struct nl_sock *route;
	int family;
	int error;
	unsigned int offset;
	char text[256];
};

/**
 * struct local_address - an address of this host
 * @ifindex: of its netdev
 */
struct local_address {
	unsigned int ifindex;
	struct address address;
};

DEFINE_ARRAY(local_address_array, struct local_address);

/*
 * All that return int give 0, or -1 after refuse(). kernel_close() is to be called in any case.
 */
int kernel_open(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

/**
 * kernel_module() - make sure that the module is there
 * @load: call modprobe if it is not
 */
int kernel_module(struct kernel *kernel, bool load);

/* Forget the last refusal, before the kernel is asked for something. */
void kernel_begin(struct kernel *kernel);

/**
 * kernel_failed() - see what came of it
 * @err: of libnl, whose number of an error counts if the kernel's did not come through
 *
 * Return: 0, or -1 with the kernel's refusal or libnl's in @kernel.
 */
int kernel_failed(struct kernel *kernel, int err);

/* refuse() what the kernel has refused; @doing begins the sentence: "Address 10.0.0.1/24". */
__printf(3, 4)
int kernel_refuse(const struct kernel *kernel, const struct place *at, const char *doing, ...);

/*
 * Links: find the device @name, which must be of the module's kind, into @ifindex, and whether it
 * is up into @up unless that is NULL.
 */
int link_find(struct kernel *kernel, const char *name, unsigned int *ifindex, bool *up);
/* All of this namespace; array of names. */
int link_list(struct kernel *kernel, struct netdev_array *names);
/* All addresses of this namespace. */
int link_addresses(struct kernel *kernel, struct local_address_array *addresses);
int link_create(struct kernel *kernel, const char *name, const char *argument, uint32_t mtu,
		unsigned int *ifindex);
/* Says nothing if @quiet. */
int link_delete(struct kernel *kernel, const char *name, unsigned int ifindex, bool quiet);
/* @at: of its port in the file. */
int link_up(struct kernel *kernel, const struct place *at, const struct device *device);
int link_down(struct kernel *kernel, const char *name, unsigned int ifindex);
int link_add_address(struct kernel *kernel, const struct place *at, unsigned int ifindex,
		     const struct prefix *address);
/* @table: 0 for the main one. */
int link_add_route(struct kernel *kernel, const struct place *at, unsigned int ifindex,
		   const struct prefix *prefix, uint32_t table);

/* The module: read a device with its peers, forwards and sources; @name must exist. */
int module_read(struct kernel *kernel, const char *name, struct device *device);
/* Read the device alone: keys, ports and statistics. */
int module_read_device(struct kernel *kernel, const char *name, struct device *device);
/* Tell it all about a new device. */
int module_set_device(struct kernel *kernel, const struct config *config);
int module_set_peers(struct kernel *kernel, const struct config *config);
/* Tell it the endpoint of a peer that is there. */
int module_set_endpoint(struct kernel *kernel, const struct place *at, unsigned int ifindex,
			const struct peer *peer);
/* Let a peer that is there, and has no keepalive, begin a handshake. */
int module_dial(struct kernel *kernel, const struct config *config, const struct peer *peer);
/* Set, add or remove the forwards of @device; @file is NULL for the command line. */
int module_forwards(struct kernel *kernel, enum krelay_cmd cmd, const char *file,
		    const struct device *device);

#endif
