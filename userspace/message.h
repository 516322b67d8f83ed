/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of the generic netlink family, built and read; nothing here talks to the kernel. */
#ifndef RELAYCTL_MESSAGE_H
#define RELAYCTL_MESSAGE_H

#include <netlink/msg.h>

#include "model.h"

/* Entries of a list in one PEER_SET: a nest ends at 64 KiB. */
#define MESSAGE_LIST_MAX 512

/*
 * Each builds one request for the device @ifindex of the family with the number @family.
 * Out of memory ends the program. To be freed by message_free(), which wipes it.
 */

/* A request without further contents; @flags are NLM_F_*. */
struct nl_msg *message_get(int family, unsigned int ifindex, enum krelay_cmd cmd, int flags);

/* DEVICE_SET: private key, port, mark, timestamp and publics. */
struct nl_msg *message_device_set(int family, const struct device *device);

/**
 * message_peer_set() - one of the PEER_SET that add a new peer
 * @at: 0 at first; then where the next message goes on
 *
 * Return: the message, NULL if the peer has been told.
 */
struct nl_msg *message_peer_set(int family, unsigned int ifindex, const struct peer *peer,
				size_t *at);

/* PEER_SET: the endpoint of a peer that is there. */
struct nl_msg *message_endpoint(int family, unsigned int ifindex, const struct peer *peer);
/* PEER_SET: its keepalive, in seconds. */
struct nl_msg *message_keepalive(int family, unsigned int ifindex, const struct peer *peer,
				 uint16_t seconds);

/* FORWARD_SET, _ADD or _DEL with all the device's forwards; but for _DEL with their sources. */
struct nl_msg *message_forwards(int family, enum krelay_cmd cmd, const struct device *device);

void message_free(struct nl_msg *message);

/**
 * message_read() - add what an answer says to a device
 * @header: an answer to DEVICE_GET, PEER_GET, FORWARD_GET or SOURCES_GET
 * @device: peers that go on in another message become one
 *
 * Return: false if the answer breaks the contract.
 */
bool message_read(struct nlmsghdr *header, struct device *device);

/**
 * message_forward_at() - the forward at an offset
 * @message: of message_forwards()
 * @offset: bytes from the start of the message
 *
 * Return: its index, or -1.
 */
int message_forward_at(struct nl_msg *message, unsigned int offset);

#endif
