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
 */
struct accept {
	uint8_t proto;
	uint16_t first;
	uint16_t last;
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
 * struct forward - public (address, protocol, ports) to a peer
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @public: public address; family 0 for any
 * @first: first public port
 * @last: last public port
 * @target: address behind the peer; family 0 until forward_aim()
 * @target_first: target of the first public port, the others follow
 * @peer: public key of the peer
 * @in: visitors to peer, of an answer
 * @out: peer to visitors, of an answer
 * @line: of the file, 0 without one
 */
struct forward {
	uint8_t proto;
	struct address public;
	uint16_t first;
	uint16_t last;
	struct address target;
	uint16_t target_first;
	uint8_t peer[KRELAY_KEY_LEN];
	struct counter in;
	struct counter out;
	unsigned int line;
};

DEFINE_ARRAY(forward_array, struct forward);

/**
 * struct peer - a peer
 * @endpoint: family AF_UNSPEC without one
 * @endpoint_host: as written in the file, for resolve(); else NULL
 * @endpoint_port: the same
 * @keepalive: seconds, 0 is off
 * @has_keepalive: the file says something about it
 * @mark: connection mark, of an answer; 0 for none
 * @last_handshake: nanoseconds since 1970, of an answer; 0 is never
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
	struct allowed_ip_array allowed_ips;
	struct accept_array accepts;
	uint32_t mark;
	uint64_t last_handshake;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	unsigned int line;
	unsigned int endpoint_line;
	unsigned int accept_line;
};

DEFINE_ARRAY(peer_array, struct peer);

struct netdev_name {
	char name[IFNAMSIZ];
};

DEFINE_ARRAY(netdev_array, struct netdev_name);
DEFINE_ARRAY(stat_array, uint64_t);

/**
 * struct device - a krelay device
 * @listen_port: UDP; 0 lets the kernel choose
 * @fwmark: of outer packets; 0 is none
 * @mark_mask: bits of the connection mark that the module uses, of an answer
 * @stats: by enum krelay_stat, of an answer
 */
struct device {
	char name[IFNAMSIZ];
	unsigned int ifindex;
	uint8_t private_key[KRELAY_KEY_LEN];
	uint8_t public_key[KRELAY_KEY_LEN];
	bool has_private_key;
	bool has_public_key;
	uint16_t listen_port;
	uint32_t fwmark;
	uint32_t mark_mask;
	struct netdev_array publics;
	struct peer_array peers;
	struct forward_array forwards;
	struct stat_array stats;
};

/* Wipe and free all that a peer or device holds. */
void peer_free(struct peer *peer);
void device_free(struct device *device);

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
/* A name that the kernel takes for a netdev. */
bool netdev_is_valid(const char *text);

#endif
