/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * krelay: the generic netlink contract between the module and its tools.
 *
 * A krelay device is made like any other link (RTM_NEWLINK, kind "krelay");
 * its peers, keys and forwards are then set by the commands below. Every
 * command takes KRELAY_A_IFINDEX or KRELAY_A_IFNAME, and needs CAP_NET_ADMIN
 * in the user namespace that owns the device's network namespace. What touches
 * the namespace of the UDP socket (DEVICE_SET, PEER_SET, FORWARD_*) needs it
 * there, too.
 *
 * Integers are in host byte order, addresses (4 bytes IPv4, 16 bytes IPv6) in
 * network byte order, ports are 1 to 65535, keys are 32 bytes. Every refusal
 * carries a text in NLMSGERR_ATTR_MSG.
 *
 * An attribute that is absent leaves what it names unchanged.
 */
#ifndef _UAPI_LINUX_KRELAY_H
#define _UAPI_LINUX_KRELAY_H

#define KRELAY_GENL_NAME	"krelay"
#define KRELAY_GENL_VERSION	1

/* Multicast group: KRELAY_CMD_*_NTF. */
#define KRELAY_MCGRP_EVENTS	"events"

#define KRELAY_KEY_LEN		32
/* Bytes of a peer's name, with the closing NUL. Letters, digits, '.', '_', '-'. */
#define KRELAY_NAME_LEN		32

/**
 * enum krelay_cmd - what may be asked of the module
 * @KRELAY_CMD_DEVICE_GET: one device. Answer: %KRELAY_A_IFINDEX,
 *	%KRELAY_A_IFNAME, %KRELAY_A_DEVICE.
 * @KRELAY_CMD_DEVICE_SET: change what %KRELAY_A_DEVICE holds. All or nothing.
 * @KRELAY_CMD_PEER_GET: dump of the device's peers, one %KRELAY_A_PEER a
 *	message. A peer whose allowed IPs do not fit is continued in the next
 *	message, which holds its public key and further allowed IPs only.
 * @KRELAY_CMD_PEER_SET: add a peer or change one. All or nothing, but that a
 *	want of memory may leave some of the allowed IPs added.
 * @KRELAY_CMD_PEER_DEL: remove a peer and every forward to it.
 * @KRELAY_CMD_FORWARD_GET: dump of the device's forwards, one %KRELAY_A_FORWARD
 *	a message.
 * @KRELAY_CMD_FORWARD_SET: replace the table of forwards by the
 *	%KRELAY_A_FORWARD attributes of the message, of which there may be none.
 *	All or nothing; what is in both tables does not notice.
 * @KRELAY_CMD_FORWARD_ADD: add the %KRELAY_A_FORWARD attributes of the message.
 * @KRELAY_CMD_FORWARD_DEL: remove the forwards that they name; only
 *	protocol, public address and public ports are compared.
 * @KRELAY_CMD_PEER_NTF: a peer was added (%KRELAY_A_PEER).
 * @KRELAY_CMD_PEER_DEL_NTF: a peer was removed.
 * @KRELAY_CMD_HANDSHAKE_NTF: a new session with a peer stands.
 * @KRELAY_CMD_ENDPOINT_NTF: a peer's endpoint has changed by roaming.
 * @KRELAY_CMD_FORWARD_NTF: the table of forwards has changed.
 */
enum krelay_cmd {
	KRELAY_CMD_UNSPEC,
	KRELAY_CMD_DEVICE_GET,
	KRELAY_CMD_DEVICE_SET,
	KRELAY_CMD_PEER_GET,
	KRELAY_CMD_PEER_SET,
	KRELAY_CMD_PEER_DEL,
	KRELAY_CMD_FORWARD_GET,
	KRELAY_CMD_FORWARD_SET,
	KRELAY_CMD_FORWARD_ADD,
	KRELAY_CMD_FORWARD_DEL,
	KRELAY_CMD_PEER_NTF,
	KRELAY_CMD_PEER_DEL_NTF,
	KRELAY_CMD_HANDSHAKE_NTF,
	KRELAY_CMD_ENDPOINT_NTF,
	KRELAY_CMD_FORWARD_NTF,

	__KRELAY_CMD_MAX
};

#define KRELAY_CMD_MAX (__KRELAY_CMD_MAX - 1)

/**
 * enum krelay_attr - the top level of every message
 * @KRELAY_A_IFINDEX: u32
 * @KRELAY_A_IFNAME: string
 * @KRELAY_A_DEVICE: nest of &enum krelay_device_attr
 * @KRELAY_A_PEER: nest of &enum krelay_peer_attr
 * @KRELAY_A_FORWARD: nest of &enum krelay_forward_attr; may be repeated
 */
enum krelay_attr {
	KRELAY_A_UNSPEC,
	KRELAY_A_IFINDEX,
	KRELAY_A_IFNAME,
	KRELAY_A_DEVICE,
	KRELAY_A_PEER,
	KRELAY_A_FORWARD,

	__KRELAY_A_MAX
};

#define KRELAY_A_MAX (__KRELAY_A_MAX - 1)

/**
 * enum krelay_device_attr - a device
 * @KRELAY_DEVICE_A_PRIVATE_KEY: 32 bytes; all zeros takes the key away
 * @KRELAY_DEVICE_A_PUBLIC_KEY: 32 bytes, answers only; absent without a key
 * @KRELAY_DEVICE_A_LISTEN_PORT: u16, UDP; 0 lets the kernel choose
 * @KRELAY_DEVICE_A_FWMARK: u32, mark of the outer packets; 0 is none
 * @KRELAY_DEVICE_A_PUBLICS: nest of %KRELAY_DEVICE_A_PUBLIC; replaces the list
 *	of netdevs on which forwards take packets
 * @KRELAY_DEVICE_A_PUBLIC: string, name of a netdev in the namespace of the
 *	UDP socket; it need not exist yet
 * @KRELAY_DEVICE_A_MARK_MASK: u32, answers only: the bits of the connection
 *	mark that the module uses
 * @KRELAY_DEVICE_A_STATS: nest, answers only: attribute type is
 *	&enum krelay_stat, payload u64
 * @KRELAY_DEVICE_A_PAD: for alignment
 */
enum krelay_device_attr {
	KRELAY_DEVICE_A_UNSPEC,
	KRELAY_DEVICE_A_PRIVATE_KEY,
	KRELAY_DEVICE_A_PUBLIC_KEY,
	KRELAY_DEVICE_A_LISTEN_PORT,
	KRELAY_DEVICE_A_FWMARK,
	KRELAY_DEVICE_A_PUBLICS,
	KRELAY_DEVICE_A_PUBLIC,
	KRELAY_DEVICE_A_MARK_MASK,
	KRELAY_DEVICE_A_STATS,
	KRELAY_DEVICE_A_PAD,

	__KRELAY_DEVICE_A_MAX
};

#define KRELAY_DEVICE_A_MAX (__KRELAY_DEVICE_A_MAX - 1)

/**
 * enum krelay_peer_set_flag - how PEER_SET is meant
 * @KRELAY_PEER_SET_REPLACE_ALLOWEDIPS: the allowed IPs of the message replace
 *	the peer's, else they are added (and taken from a peer that has them)
 * @KRELAY_PEER_SET_REPLACE_ACCEPTS: the same for the accept list
 * @KRELAY_PEER_SET_UPDATE_ONLY: refuse a peer that does not exist (-ENOENT)
 * @KRELAY_PEER_SET_CREATE_ONLY: refuse a peer that exists (-EEXIST)
 */
enum krelay_peer_set_flag {
	KRELAY_PEER_SET_REPLACE_ALLOWEDIPS = 1U << 0,
	KRELAY_PEER_SET_REPLACE_ACCEPTS = 1U << 1,
	KRELAY_PEER_SET_UPDATE_ONLY = 1U << 2,
	KRELAY_PEER_SET_CREATE_ONLY = 1U << 3,

	__KRELAY_PEER_SET_ALL = (1U << 4) - 1
};

/**
 * enum krelay_peer_attr - a peer
 * @KRELAY_PEER_A_PUBLIC_KEY: 32 bytes; names the peer in every message
 * @KRELAY_PEER_A_PRESHARED_KEY: 32 bytes, requests only; zeros take it away
 * @KRELAY_PEER_A_HAS_PRESHARED_KEY: flag, answers only
 * @KRELAY_PEER_A_NAME: string, unique in the device; empty takes it away
 * @KRELAY_PEER_A_SET_FLAGS: u32, &enum krelay_peer_set_flag
 * @KRELAY_PEER_A_BRIDGE: u8, 1: visitors of any source address may come through
 *	this peer, to what the accept list names, and are answered through it
 * @KRELAY_PEER_A_ENDPOINT: struct sockaddr_in or sockaddr_in6
 * @KRELAY_PEER_A_KEEPALIVE: u16, seconds; 0 is off
 * @KRELAY_PEER_A_ALLOWEDIPS: nest of %KRELAY_PEER_A_ALLOWEDIP
 * @KRELAY_PEER_A_ALLOWEDIP: nest of &enum krelay_allowedip_attr
 * @KRELAY_PEER_A_ACCEPTS: nest of %KRELAY_PEER_A_ACCEPT; an empty list accepts
 *	all protocols and ports of the device's own addresses
 * @KRELAY_PEER_A_ACCEPT: nest of &enum krelay_accept_attr
 * @KRELAY_PEER_A_MARK: u32, answers only: connection mark (under the mask) of
 *	connections that came through this bridge
 * @KRELAY_PEER_A_LAST_HANDSHAKE: u64, answers only: nanoseconds since 1970, 0
 *	is never
 * @KRELAY_PEER_A_RX_BYTES: u64, answers only
 * @KRELAY_PEER_A_TX_BYTES: u64, answers only
 * @KRELAY_PEER_A_PAD: for alignment
 */
enum krelay_peer_attr {
	KRELAY_PEER_A_UNSPEC,
	KRELAY_PEER_A_PUBLIC_KEY,
	KRELAY_PEER_A_PRESHARED_KEY,
	KRELAY_PEER_A_HAS_PRESHARED_KEY,
	KRELAY_PEER_A_NAME,
	KRELAY_PEER_A_SET_FLAGS,
	KRELAY_PEER_A_BRIDGE,
	KRELAY_PEER_A_ENDPOINT,
	KRELAY_PEER_A_KEEPALIVE,
	KRELAY_PEER_A_ALLOWEDIPS,
	KRELAY_PEER_A_ALLOWEDIP,
	KRELAY_PEER_A_ACCEPTS,
	KRELAY_PEER_A_ACCEPT,
	KRELAY_PEER_A_MARK,
	KRELAY_PEER_A_LAST_HANDSHAKE,
	KRELAY_PEER_A_RX_BYTES,
	KRELAY_PEER_A_TX_BYTES,
	KRELAY_PEER_A_PAD,

	__KRELAY_PEER_A_MAX
};

#define KRELAY_PEER_A_MAX (__KRELAY_PEER_A_MAX - 1)

/**
 * enum krelay_allowedip_attr - an address range behind a peer
 * @KRELAY_ALLOWEDIP_A_ADDRESS: 4 or 16 bytes; bits beyond the prefix are ignored
 * @KRELAY_ALLOWEDIP_A_PREFIX: u8, 0 to 32 or 128
 */
enum krelay_allowedip_attr {
	KRELAY_ALLOWEDIP_A_UNSPEC,
	KRELAY_ALLOWEDIP_A_ADDRESS,
	KRELAY_ALLOWEDIP_A_PREFIX,

	__KRELAY_ALLOWEDIP_A_MAX
};

#define KRELAY_ALLOWEDIP_A_MAX (__KRELAY_ALLOWEDIP_A_MAX - 1)

/**
 * enum krelay_accept_attr - what home lets in from a bridge
 * @KRELAY_ACCEPT_A_PROTO: u8, IPPROTO_*
 * @KRELAY_ACCEPT_A_PORT_FIRST: u16, destination port; absent: every port
 * @KRELAY_ACCEPT_A_PORT_LAST: u16; absent: the first alone
 */
enum krelay_accept_attr {
	KRELAY_ACCEPT_A_UNSPEC,
	KRELAY_ACCEPT_A_PROTO,
	KRELAY_ACCEPT_A_PORT_FIRST,
	KRELAY_ACCEPT_A_PORT_LAST,

	__KRELAY_ACCEPT_A_MAX
};

#define KRELAY_ACCEPT_A_MAX (__KRELAY_ACCEPT_A_MAX - 1)

/**
 * enum krelay_forward_attr - a forward: public (address, ports) to a peer
 * @KRELAY_FORWARD_A_PEER: 32 bytes, public key of the peer
 * @KRELAY_FORWARD_A_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @KRELAY_FORWARD_A_PUBLIC_ADDRESS: 4 or 16 bytes; absent: the address from
 *	which this host answers on the public netdev
 * @KRELAY_FORWARD_A_PORT_FIRST: u16, public port
 * @KRELAY_FORWARD_A_PORT_LAST: u16; absent: the first alone
 * @KRELAY_FORWARD_A_TARGET_ADDRESS: 4 or 16 bytes, among the peer's allowed IPs
 * @KRELAY_FORWARD_A_TARGET_PORT: u16, target of the first public port, the
 *	others follow; absent: as the public port
 * @KRELAY_FORWARD_A_IN_PACKETS: u64, answers only: visitors to peer
 * @KRELAY_FORWARD_A_IN_BYTES: u64, answers only: IP packets' lengths
 * @KRELAY_FORWARD_A_OUT_PACKETS: u64, answers only: peer to visitors
 * @KRELAY_FORWARD_A_OUT_BYTES: u64, answers only
 * @KRELAY_FORWARD_A_PAD: for alignment
 */
enum krelay_forward_attr {
	KRELAY_FORWARD_A_UNSPEC,
	KRELAY_FORWARD_A_PEER,
	KRELAY_FORWARD_A_PROTO,
	KRELAY_FORWARD_A_PUBLIC_ADDRESS,
	KRELAY_FORWARD_A_PORT_FIRST,
	KRELAY_FORWARD_A_PORT_LAST,
	KRELAY_FORWARD_A_TARGET_ADDRESS,
	KRELAY_FORWARD_A_TARGET_PORT,
	KRELAY_FORWARD_A_IN_PACKETS,
	KRELAY_FORWARD_A_IN_BYTES,
	KRELAY_FORWARD_A_OUT_PACKETS,
	KRELAY_FORWARD_A_OUT_BYTES,
	KRELAY_FORWARD_A_PAD,

	__KRELAY_FORWARD_A_MAX
};

#define KRELAY_FORWARD_A_MAX (__KRELAY_FORWARD_A_MAX - 1)

/**
 * enum krelay_stat - counters of a device, each in packets
 *
 * All but the RX_KEEPALIVE, HS_INITIATION_*, HS_RESPONSE_* and HS_COOKIE_*
 * counters are reasons for which a packet was dropped.
 *
 * @KRELAY_STAT_RX_TRUNCATED: outer datagram shorter or longer than its type
 * @KRELAY_STAT_RX_UNKNOWN_TYPE: outer datagram of no WireGuard message type
 * @KRELAY_STAT_RX_NO_SESSION: data for a session that is not known (any more)
 * @KRELAY_STAT_RX_EXPIRED: data under a session past its 180 s or its messages
 * @KRELAY_STAT_RX_DECRYPT: data whose authentication failed
 * @KRELAY_STAT_RX_REPLAY: data whose counter was seen before or is too old
 * @KRELAY_STAT_RX_MALFORMED: decrypted packet that is no valid IP packet
 * @KRELAY_STAT_RX_SOURCE: inner source not among the peer's allowed IPs
 * @KRELAY_STAT_RX_NOT_ACCEPTED: from a bridge, to what home does not accept
 * @KRELAY_STAT_RX_NO_MEMORY: no memory for a received packet
 * @KRELAY_STAT_RX_KEEPALIVE: keepalives received
 * @KRELAY_STAT_HS_BAD_MAC1: handshake message without a valid mac1
 * @KRELAY_STAT_HS_INVALID: handshake message that does not decrypt or is of an
 *	unknown peer
 * @KRELAY_STAT_HS_REPLAYED: initiation with an old timestamp
 * @KRELAY_STAT_HS_TOO_MANY: initiations of one peer above 50 a second
 * @KRELAY_STAT_HS_QUEUE_FULL: handshake message while 4096 wait
 * @KRELAY_STAT_HS_UNDER_LOAD: handshake message answered by a cookie
 * @KRELAY_STAT_HS_INITIATION_SENT: initiations sent
 * @KRELAY_STAT_HS_INITIATION_RECEIVED: valid initiations received
 * @KRELAY_STAT_HS_RESPONSE_SENT: responses sent
 * @KRELAY_STAT_HS_RESPONSE_RECEIVED: valid responses received
 * @KRELAY_STAT_HS_COOKIE_SENT: cookie replies sent
 * @KRELAY_STAT_HS_COOKIE_RECEIVED: valid cookie replies received
 * @KRELAY_STAT_TX_MALFORMED: packet given to the device that is no IP packet
 * @KRELAY_STAT_TX_NO_PEER: destination not among any peer's allowed IPs
 * @KRELAY_STAT_TX_NO_ENDPOINT: the peer's endpoint is not known (yet)
 * @KRELAY_STAT_TX_NO_ROUTE: no route to the peer's endpoint
 * @KRELAY_STAT_TX_STAGED: waited for a handshake and lost its place or patience
 * @KRELAY_STAT_TX_LOOP: the outer packet would have gone through the device
 * @KRELAY_STAT_TX_NO_MEMORY: no memory to encapsulate a packet
 * @KRELAY_STAT_BRIDGE_MALFORMED: public packet with lying header or checksum
 * @KRELAY_STAT_BRIDGE_FRAGMENT: fragment that cannot be reassembled
 * @KRELAY_STAT_BRIDGE_TTL: time to live ended here; time exceeded was answered
 * @KRELAY_STAT_BRIDGE_TOO_BIG: larger than the way; the sender was told so
 * @KRELAY_STAT_BRIDGE_NO_ROUTE: no way back to the visitor
 * @KRELAY_STAT_BRIDGE_NO_MEMORY: no memory to rewrite a packet
 * @KRELAY_STAT_BRIDGE_DOWN: visitor's packet while the tunnel is down
 * @KRELAY_STAT_HOME_NO_BRIDGE: reply to a connection whose bridge is gone
 * @KRELAY_STAT_HOME_NO_ROUTE: reply for which no route could be made
 * @KRELAY_STAT_HOME_TTL: forwarded reply whose time to live ended here
 * @KRELAY_STAT_HOME_TOO_BIG: forwarded reply larger than the tunnel's MTU; the
 *	sender was told so
 */
enum krelay_stat {
	KRELAY_STAT_UNSPEC,
	KRELAY_STAT_RX_TRUNCATED,
	KRELAY_STAT_RX_UNKNOWN_TYPE,
	KRELAY_STAT_RX_NO_SESSION,
	KRELAY_STAT_RX_EXPIRED,
	KRELAY_STAT_RX_DECRYPT,
	KRELAY_STAT_RX_REPLAY,
	KRELAY_STAT_RX_MALFORMED,
	KRELAY_STAT_RX_SOURCE,
	KRELAY_STAT_RX_NOT_ACCEPTED,
	KRELAY_STAT_RX_NO_MEMORY,
	KRELAY_STAT_RX_KEEPALIVE,
	KRELAY_STAT_HS_BAD_MAC1,
	KRELAY_STAT_HS_INVALID,
	KRELAY_STAT_HS_REPLAYED,
	KRELAY_STAT_HS_TOO_MANY,
	KRELAY_STAT_HS_QUEUE_FULL,
	KRELAY_STAT_HS_UNDER_LOAD,
	KRELAY_STAT_HS_INITIATION_SENT,
	KRELAY_STAT_HS_INITIATION_RECEIVED,
	KRELAY_STAT_HS_RESPONSE_SENT,
	KRELAY_STAT_HS_RESPONSE_RECEIVED,
	KRELAY_STAT_HS_COOKIE_SENT,
	KRELAY_STAT_HS_COOKIE_RECEIVED,
	KRELAY_STAT_TX_MALFORMED,
	KRELAY_STAT_TX_NO_PEER,
	KRELAY_STAT_TX_NO_ENDPOINT,
	KRELAY_STAT_TX_NO_ROUTE,
	KRELAY_STAT_TX_STAGED,
	KRELAY_STAT_TX_LOOP,
	KRELAY_STAT_TX_NO_MEMORY,
	KRELAY_STAT_BRIDGE_MALFORMED,
	KRELAY_STAT_BRIDGE_FRAGMENT,
	KRELAY_STAT_BRIDGE_TTL,
	KRELAY_STAT_BRIDGE_TOO_BIG,
	KRELAY_STAT_BRIDGE_NO_ROUTE,
	KRELAY_STAT_BRIDGE_NO_MEMORY,
	KRELAY_STAT_BRIDGE_DOWN,
	KRELAY_STAT_HOME_NO_BRIDGE,
	KRELAY_STAT_HOME_NO_ROUTE,
	KRELAY_STAT_HOME_TTL,
	KRELAY_STAT_HOME_TOO_BIG,

	__KRELAY_STAT_MAX
};

#define KRELAY_STAT_MAX (__KRELAY_STAT_MAX - 1)

#endif /* _UAPI_LINUX_KRELAY_H */
