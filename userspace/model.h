/* SPDX-License-Identifier: GPL-2.0 */
/* What a file or the kernel says about a device. */
#ifndef RELAYCTL_MODEL_H
#define RELAYCTL_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address.h"
#include "key.h"
#include "text.h"

/**
 * struct accept - what home lets in from a bridge
 * @proto: IPPROTO_*
 * @first: first destination port; 0 for every port
 * @last: last destination port
 * @address: destination; family 0 for every address of the interface
 */
struct accept {
	uint8_t proto;
	uint16_t first;
	uint16_t last;
	struct address address;
};

DEFINE_ARRAY(accept_array, struct accept);

/**
 * struct allowed_ip - addresses behind a peer
 * @prefix: host bits are clear
 * @line: of the file, 0 without one
 */
struct allowed_ip {
	struct prefix prefix;
	unsigned int line;
};

DEFINE_ARRAY(allowed_ip_array, struct allowed_ip);

/**
 * struct counter - packets and bytes in one direction
 */
struct counter {
	uint64_t packets;
	uint64_t bytes;
};

/**
 * struct limit - how much of visitors' packets is let through in a second
 * @packets: 0 for no limit
 * @bytes: of IP packets; 0 for no limit
 */
struct limit {
	uint32_t packets;
	uint64_t bytes;
};

/**
 * struct source - visitors of one address range
 * @prefix: host bits are clear
 */
struct source {
	struct prefix prefix;
	bool allow;
};

DEFINE_ARRAY(source_array, struct source);

/**
 * struct sources - a list of sources, to which several forwards may refer
 * @id: number in the message or of the module
 */
struct sources {
	uint32_t id;
	struct source_array list;
};

DEFINE_ARRAY(sources_array, struct sources);
DEFINE_ARRAY(stat_array, uint64_t);

/**
 * struct forward - public (address, protocol, ports) to a peer
 * @proto: IPPROTO_*; 0 for the catch-all
 * @family: AF_INET or AF_INET6; 0 while any will do, not after forward_aim()
 * @public: public address; family 0 for any
 * @first: first public port; 0 for a protocol without ports, and for the catch-all
 * @last: last public port
 * @excepts: what a catch-all leaves to this host
 * @target: address behind the peer; family 0 until forward_aim()
 * @target_first: target of the first public port, the others follow
 * @target_said: the user wrote it
 * @peer: public key of the peer
 * @has_sources: some visitors only are let through
 * @sources: number of the list of them, among the device's
 * @limit: for all visitors together
 * @source_limit: for each IPv4 address or IPv6 /64
 * @force: also onto a port on which this host listens; not told to the module
 * @in: visitors to peer, of an answer
 * @out: peer to visitors, of an answer
 * @in_drops: by enum krelay_stat, of an answer
 * @out_drops: the same
 * @line: of the file, 0 without one
 */
struct forward {
	uint8_t proto;
	int family;
	struct address public;
	uint16_t first;
	uint16_t last;
	struct accept_array excepts;
	struct address target;
	uint16_t target_first;
	bool target_said;
	uint8_t peer[KRELAY_KEY_LEN];
	bool has_sources;
	uint32_t sources;
	struct limit limit;
	struct limit source_limit;
	bool force;
	struct counter in;
	struct counter out;
	struct stat_array in_drops;
	struct stat_array out_drops;
	unsigned int line;
};

DEFINE_ARRAY(forward_array, struct forward);

/**
 * struct peer - a peer
 * @endpoint: family AF_UNSPEC without one
 * @endpoint_host: as written in the file, for resolve(); else NULL
 * @endpoint_port: the same
 * @recalled: the endpoint is what was kept of it, see endpoints.h
 * @keepalive: seconds, 0 is off
 * @has_keepalive: the file says something about it
 * @mark: connection mark, of an answer; 0 for none
 * @last_handshake: nanoseconds since 1970, of an answer; 0 is never
 * @local_port: UDP port that messages to it leave from, of an answer
 * @unanswered: handshakes begun since the last session, of an answer
 * @line: of the section in the file, 0 without one
 * @endpoint_line: of the endpoint in the file
 */
struct peer {
	char name[KRELAY_NAME_LEN];
	uint8_t public_key[KRELAY_KEY_LEN];
	uint8_t preshared_key[KRELAY_KEY_LEN];
	bool has_public_key;
	bool has_preshared_key;
	bool bridge;
	bool has_keepalive;
	uint16_t keepalive;
	struct sockaddr_storage endpoint;
	char *endpoint_host;
	char *endpoint_port;
	bool recalled;
	struct allowed_ip_array allowed_ips;
	struct accept_array accepts;
	uint32_t mark;
	uint64_t last_handshake;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint16_t local_port;
	uint32_t unanswered;
	unsigned int line;
	unsigned int endpoint_line;
	unsigned int accept_line;
};

/* Handshakes without an answer that make an endpoint doubtful: fifteen seconds. */
#define UNANSWERED_MANY 3

DEFINE_ARRAY(peer_array, struct peer);

/**
 * struct netdev_name - a netdev, which may not exist
 * @line: of the file, 0 without one
 */
struct netdev_name {
	char name[IFNAMSIZ];
	unsigned int line;
};

DEFINE_ARRAY(netdev_array, struct netdev_name);

/**
 * struct device - a krelay device
 * @up: the link is, of an answer
 * @listen_port: UDP; 0 lets the kernel choose
 * @fwmark: of outer packets; 0 is none
 * @mark_mask: bits of the connection mark that the module uses, of an answer
 * @timestamp: what handshakes are to be later than, nanoseconds since 1970; in an
 *	answer that of the last one
 * @sources: lists to which the forwards refer
 * @stats: by enum krelay_stat, of an answer
 */
struct device {
	char name[IFNAMSIZ];
	unsigned int ifindex;
	bool up;
	uint8_t private_key[KRELAY_KEY_LEN];
	uint8_t public_key[KRELAY_KEY_LEN];
	bool has_private_key;
	bool has_public_key;
	uint16_t listen_port;
	uint32_t fwmark;
	uint32_t mark_mask;
	uint64_t timestamp;
	struct netdev_array publics;
	struct peer_array peers;
	struct forward_array forwards;
	struct sources_array sources;
	struct stat_array stats;
};

/* Wipe and free all that a peer or device holds. */
void peer_free(struct peer *peer);
void device_free(struct device *device);
void forwards_free(struct forward_array *forwards);

/* Add a copy of a forward that was written, without what answers say. */
struct forward *forward_add(struct forward_array *forwards, const struct forward *forward);

/* Exchange the forwards of two devices, with their lists of sources. */
void device_swap_forwards(struct device *a, struct device *b);

/* The list of sources to which a forward refers; NULL without one. */
const struct sources *device_find_sources(const struct device *device,
					  const struct forward *forward);

/* The peer by its key or NULL. */
struct peer *device_find_key(const struct device *device, const uint8_t key[KRELAY_KEY_LEN]);

/* The peer by its name, or its key in base64, or NULL. */
struct peer *device_find_peer(const struct device *device, const char *text);

/**
 * device_route() - the peer to which the device sends an address
 *
 * Return: the one with the longest prefix among its allowed IPs, NULL if there is none.
 */
struct peer *device_route(const struct device *device, const struct address *address);

/* The peer's name, or its key in base64 without one. @text backs the latter. */
const char *peer_label(const struct peer *peer, char text[KEY_TEXT_LEN]);

bool name_is_valid(const char *text);
/*
 * A name that the kernel takes for a netdev, without those that stand for all of them in sysctl and
 * here, and without what looks like an option.
 */
bool netdev_is_valid(const char *text);

#endif
