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
 * network byte order, ports are 1 to 65535, keys are 32 bytes. Private and
 * preshared keys are never in an answer: an answer's memory is freed by its
 * reader, who does not wipe it. In a request they are wiped once it was carried
 * out, also in what its refusal quotes; one that is not of the form below is refused
 * before it is read. Every refusal carries a text in NLMSGERR_ATTR_MSG.
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

/* Of a device. */
#define KRELAY_MAX_PUBLICS	64
/* Of a peer. */
#define KRELAY_MAX_ACCEPTS	1024

/**
 * enum krelay_cmd - what may be asked of the module
 * @KRELAY_CMD_DEVICE_GET: one device. Answer: %KRELAY_A_IFINDEX,
 *	%KRELAY_A_IFNAME, %KRELAY_A_DEVICE.
 * @KRELAY_CMD_DEVICE_SET: change what %KRELAY_A_DEVICE holds. All or nothing.
 * @KRELAY_CMD_PEER_GET: dump of the device's peers, one %KRELAY_A_PEER a
 *	message. A peer whose lists do not fit is continued in the next message,
 *	which holds its public key, further entries of the accept list and
 *	further allowed IPs only.
 * @KRELAY_CMD_PEER_SET: add a peer or change one. All or nothing.
 * @KRELAY_CMD_PEER_DEL: remove a peer and every forward to it.
 * @KRELAY_CMD_FORWARD_GET: dump of the device's forwards, one %KRELAY_A_FORWARD
 *	a message.
 * @KRELAY_CMD_FORWARD_SET: replace the table of forwards by the
 *	%KRELAY_A_FORWARD attributes of the message, of which there may be none.
 *	All or nothing; what is in both tables does not notice.
 * @KRELAY_CMD_FORWARD_ADD: add the %KRELAY_A_FORWARD attributes of the message.
 *	Lists of sources that they refer to come in the same message.
 * @KRELAY_CMD_FORWARD_DEL: remove the forwards that they name; only family,
 *	protocol, public address and public ports are compared.
 * @KRELAY_CMD_PEER_NTF: a peer was added (%KRELAY_A_PEER).
 * @KRELAY_CMD_PEER_DEL_NTF: a peer was removed.
 * @KRELAY_CMD_HANDSHAKE_NTF: a new session with a peer stands.
 * @KRELAY_CMD_ENDPOINT_NTF: a peer's endpoint has changed by roaming.
 * @KRELAY_CMD_FORWARD_NTF: the table of forwards has changed.
 * @KRELAY_CMD_SOURCES_GET: dump of the lists of sources that forwards refer to,
 *	one %KRELAY_A_SOURCES a message. A list that does not fit is continued in
 *	the next message under the same number.
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
	KRELAY_CMD_SOURCES_GET,

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
 * @KRELAY_A_SOURCES: nest of &enum krelay_sources_attr; may be repeated, also
 *	for one list, since a nest holds no more than 64 KiB
 */
enum krelay_attr {
	KRELAY_A_UNSPEC,
	KRELAY_A_IFINDEX,
	KRELAY_A_IFNAME,
	KRELAY_A_DEVICE,
	KRELAY_A_PEER,
	KRELAY_A_FORWARD,
	KRELAY_A_SOURCES,

	__KRELAY_A_MAX
};

#define KRELAY_A_MAX (__KRELAY_A_MAX - 1)

/**
 * enum krelay_device_attr - a device
 * @KRELAY_DEVICE_A_PRIVATE_KEY: 32 bytes, requests only; all zeros takes the key
 *	away
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
 * @KRELAY_DEVICE_A_TIMESTAMP: u64, nanoseconds since 1970, at most 2^63 - 1.
 *	Initiations bear later timestamps than this, whatever the clock says; it
 *	can be raised only. Answers: of the last one
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
	KRELAY_DEVICE_A_TIMESTAMP,
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
 * @KRELAY_PEER_A_LOCAL_PORT: u16, answers only: UDP port that messages to the
 *	peer leave from; not the device's once the peer was moved
 * @KRELAY_PEER_A_UNANSWERED: u32, answers only: initiations sent since the last
 *	one that led to a session
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
	KRELAY_PEER_A_LOCAL_PORT,
	KRELAY_PEER_A_UNANSWERED,
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
 * @KRELAY_ACCEPT_A_ADDRESS: destination, 4 or 16 bytes, not of multicast, of
 *	loopback or of nobody; absent: every address of the device
 */
enum krelay_accept_attr {
	KRELAY_ACCEPT_A_UNSPEC,
	KRELAY_ACCEPT_A_PROTO,
	KRELAY_ACCEPT_A_PORT_FIRST,
	KRELAY_ACCEPT_A_PORT_LAST,
	KRELAY_ACCEPT_A_ADDRESS,

	__KRELAY_ACCEPT_A_MAX
};

#define KRELAY_ACCEPT_A_MAX (__KRELAY_ACCEPT_A_MAX - 1)

/**
 * enum krelay_source_verdict - what becomes of a visitor
 * @KRELAY_SOURCE_DENY: dropped
 * @KRELAY_SOURCE_ALLOW: let through
 */
enum krelay_source_verdict {
	KRELAY_SOURCE_DENY,
	KRELAY_SOURCE_ALLOW,
};

/**
 * enum krelay_source_attr - visitors of one address range
 * @KRELAY_SOURCE_A_ADDRESS: 4 or 16 bytes; bits beyond the prefix are ignored
 * @KRELAY_SOURCE_A_PREFIX: u8, 0 to 32 or 128
 * @KRELAY_SOURCE_A_VERDICT: u8, &enum krelay_source_verdict
 */
enum krelay_source_attr {
	KRELAY_SOURCE_A_UNSPEC,
	KRELAY_SOURCE_A_ADDRESS,
	KRELAY_SOURCE_A_PREFIX,
	KRELAY_SOURCE_A_VERDICT,

	__KRELAY_SOURCE_A_MAX
};

#define KRELAY_SOURCE_A_MAX (__KRELAY_SOURCE_A_MAX - 1)

/**
 * enum krelay_sources_attr - a list of sources: the longest prefix decides
 *
 * Visitors of no range in the list are denied if it allows any, else allowed.
 *
 * @KRELAY_SOURCES_A_ID: u32, what forwards refer to it by. In a request any
 *	number that is the message's own; answers state the module's.
 * @KRELAY_SOURCES_A_SOURCE: nest of &enum krelay_source_attr; may be repeated
 */
enum krelay_sources_attr {
	KRELAY_SOURCES_A_UNSPEC,
	KRELAY_SOURCES_A_ID,
	KRELAY_SOURCES_A_SOURCE,

	__KRELAY_SOURCES_A_MAX
};

#define KRELAY_SOURCES_A_MAX (__KRELAY_SOURCES_A_MAX - 1)

/**
 * enum krelay_limit_attr - how much of visitors' packets is let through
 *
 * By token buckets, each of which holds the worth of one second.
 *
 * @KRELAY_LIMIT_A_PACKETS: u32, a second; 0 or absent: no limit
 * @KRELAY_LIMIT_A_BYTES: u64, of IP packets, a second; 0 or absent: no limit
 * @KRELAY_LIMIT_A_PAD: for alignment
 */
enum krelay_limit_attr {
	KRELAY_LIMIT_A_UNSPEC,
	KRELAY_LIMIT_A_PACKETS,
	KRELAY_LIMIT_A_BYTES,
	KRELAY_LIMIT_A_PAD,

	__KRELAY_LIMIT_A_MAX
};

#define KRELAY_LIMIT_A_MAX (__KRELAY_LIMIT_A_MAX - 1)

/**
 * enum krelay_except_attr - what a catch-all leaves to this host
 * @KRELAY_EXCEPT_A_PROTO: u8, IPPROTO_*
 * @KRELAY_EXCEPT_A_PORT_FIRST: u16, public port; absent: the whole protocol
 * @KRELAY_EXCEPT_A_PORT_LAST: u16; absent: the first alone
 */
enum krelay_except_attr {
	KRELAY_EXCEPT_A_UNSPEC,
	KRELAY_EXCEPT_A_PROTO,
	KRELAY_EXCEPT_A_PORT_FIRST,
	KRELAY_EXCEPT_A_PORT_LAST,

	__KRELAY_EXCEPT_A_MAX
};

#define KRELAY_EXCEPT_A_MAX (__KRELAY_EXCEPT_A_MAX - 1)

/**
 * enum krelay_forward_attr - a forward: public (address, ports) to a peer
 *
 * Of two that a packet fits, the one with a port or protocol goes before the
 * catch-all, and then the one on an address before the one on any.
 *
 * @KRELAY_FORWARD_A_PEER: 32 bytes, public key of the peer
 * @KRELAY_FORWARD_A_PROTO: u8, IPPROTO_*. 0 is the catch-all: whatever this host
 *	does not serve itself. ICMP and ICMPv6 are echo requests; errors go where
 *	the packets go that they are about.
 * @KRELAY_FORWARD_A_PUBLIC_ADDRESS: 4 or 16 bytes; absent: the address from
 *	which this host answers on the public netdev
 * @KRELAY_FORWARD_A_PORT_FIRST: u16, public port. Absent with a protocol that
 *	has none and with the catch-all; needed with TCP, UDP, UDP-Lite, SCTP
 *	and DCCP.
 * @KRELAY_FORWARD_A_PORT_LAST: u16; absent: the first alone
 * @KRELAY_FORWARD_A_TARGET_ADDRESS: 4 or 16 bytes, among the peer's allowed IPs
 * @KRELAY_FORWARD_A_TARGET_PORT: u16, target of the first public port, the
 *	others follow; absent: as the public port. SCTP and DCCP allow no other.
 * @KRELAY_FORWARD_A_IN_PACKETS: u64, answers only: visitors to peer
 * @KRELAY_FORWARD_A_IN_BYTES: u64, answers only: IP packets' lengths
 * @KRELAY_FORWARD_A_OUT_PACKETS: u64, answers only: peer to visitors
 * @KRELAY_FORWARD_A_OUT_BYTES: u64, answers only
 * @KRELAY_FORWARD_A_PAD: for alignment
 * @KRELAY_FORWARD_A_FAMILY: u8, AF_INET or AF_INET6; absent: that of the target
 *	or the public address, without either AF_INET
 * @KRELAY_FORWARD_A_EXCEPTS: nest of %KRELAY_FORWARD_A_EXCEPT, of a catch-all
 *	only
 * @KRELAY_FORWARD_A_EXCEPT: nest of &enum krelay_except_attr
 * @KRELAY_FORWARD_A_SOURCES: u32, number of the list of sources; absent: all
 *	are let through
 * @KRELAY_FORWARD_A_LIMIT: nest of &enum krelay_limit_attr, for all visitors
 *	together
 * @KRELAY_FORWARD_A_SOURCE_LIMIT: nest of &enum krelay_limit_attr, for each
 *	IPv4 address or IPv6 /64
 * @KRELAY_FORWARD_A_IN_DROPS: nest, answers only: attribute type is
 *	&enum krelay_stat, payload u64; visitors to peer
 * @KRELAY_FORWARD_A_OUT_DROPS: nest, answers only: the same, peer to visitors
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
	KRELAY_FORWARD_A_FAMILY,
	KRELAY_FORWARD_A_EXCEPTS,
	KRELAY_FORWARD_A_EXCEPT,
	KRELAY_FORWARD_A_SOURCES,
	KRELAY_FORWARD_A_LIMIT,
	KRELAY_FORWARD_A_SOURCE_LIMIT,
	KRELAY_FORWARD_A_IN_DROPS,
	KRELAY_FORWARD_A_OUT_DROPS,

	__KRELAY_FORWARD_A_MAX
};

#define KRELAY_FORWARD_A_MAX (__KRELAY_FORWARD_A_MAX - 1)

/**
 * enum krelay_stat - counters of a device, each in packets
 *
 * All but the RX_KEEPALIVE, HS_INITIATION_*, HS_RESPONSE_*, HS_COOKIE_*,
 * HS_PORT_* and BRIDGE_PIECE counters are reasons for which a packet was dropped.
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
 * @KRELAY_STAT_RX_SPOOFED: from a bridge, with a source that no visitor has: of
 *	this host, its networks, another peer or of nobody
 * @KRELAY_STAT_RX_SOURCE_ROUTE: from a bridge, with a route prescribed by the
 *	sender
 * @KRELAY_STAT_RX_CONTROL: from a bridge, what only neighbours have to say:
 *	redirects, router advertisements, neighbour discovery, group reports
 * @KRELAY_STAT_RX_BACKLOG: decrypted, while the host was so far behind that
 *	net.core.netdev_max_backlog packets waited for it
 * @KRELAY_STAT_RX_NO_MEMORY: no memory for a received packet
 * @KRELAY_STAT_RX_KEEPALIVE: keepalives received
 * @KRELAY_STAT_HS_BAD_MAC1: handshake message without a valid mac1
 * @KRELAY_STAT_HS_INVALID: handshake message that does not decrypt or is of an
 *	unknown peer
 * @KRELAY_STAT_HS_REPLAYED: initiation with an old timestamp
 * @KRELAY_STAT_HS_TOO_MANY: initiations of one peer above 50 a second
 * @KRELAY_STAT_HS_QUEUE_FULL: handshake message while 4096 wait
 * @KRELAY_STAT_HS_UNDER_LOAD: handshake message without proof of its source
 *	while there is no time for it; answered by a cookie, or by nothing if
 *	there is no time for that
 * @KRELAY_STAT_HS_RATE_LIMITED: handshake message under load with that proof,
 *	above 20 a second of one source or the time that there is for all
 * @KRELAY_STAT_HS_ASLEEP: handshake message while the machine falls asleep
 * @KRELAY_STAT_HS_INITIATION_SENT: initiations sent
 * @KRELAY_STAT_HS_INITIATION_RECEIVED: valid initiations received
 * @KRELAY_STAT_HS_RESPONSE_SENT: responses sent
 * @KRELAY_STAT_HS_RESPONSE_RECEIVED: valid responses received
 * @KRELAY_STAT_HS_COOKIE_SENT: cookie replies sent
 * @KRELAY_STAT_HS_COOKIE_RECEIVED: valid cookie replies received
 * @KRELAY_STAT_HS_PORT_MOVED: unanswered peers moved to a new UDP port of ours
 * @KRELAY_STAT_HS_PORT_FIXED: the same, but the port was named by its owner
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
 * @KRELAY_STAT_BRIDGE_DENIED: visitor whom the forward's list of sources denies
 * @KRELAY_STAT_BRIDGE_SPOOFED: from an address of this host, of a peer, or of no
 *	host
 * @KRELAY_STAT_BRIDGE_LIMIT: above the forward's limit for all visitors
 * @KRELAY_STAT_BRIDGE_SOURCE_LIMIT: above the forward's limit for one source
 * @KRELAY_STAT_BRIDGE_OPTIONS: source-routed packet
 * @KRELAY_STAT_BRIDGE_PIECE: fragments taken to wait for the others of their
 *	packet; the last one to come is the packet and not counted here
 * @KRELAY_STAT_HOME_NO_BRIDGE: reply to a connection whose bridge is gone, or to
 *	one that conntrack has forgotten, where there are several bridges
 * @KRELAY_STAT_HOME_NO_ROUTE: reply for which no route could be made
 * @KRELAY_STAT_HOME_TTL: forwarded reply whose time to live ended here
 * @KRELAY_STAT_HOME_TOO_BIG: forwarded reply larger than the tunnel's MTU; the
 *	sender was told so
 * @KRELAY_STAT_HOME_INVALID: what conntrack calls invalid: a reply, or a packet for a
 *	container behind NAT
 * @KRELAY_STAT_HOME_SPOOFED: reply of another host, from an address of this one
 *	or from one that rp_filter (1, strict) does not allow there
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
	KRELAY_STAT_RX_SPOOFED,
	KRELAY_STAT_RX_SOURCE_ROUTE,
	KRELAY_STAT_RX_CONTROL,
	KRELAY_STAT_RX_BACKLOG,
	KRELAY_STAT_RX_NO_MEMORY,
	KRELAY_STAT_RX_KEEPALIVE,
	KRELAY_STAT_HS_BAD_MAC1,
	KRELAY_STAT_HS_INVALID,
	KRELAY_STAT_HS_REPLAYED,
	KRELAY_STAT_HS_TOO_MANY,
	KRELAY_STAT_HS_QUEUE_FULL,
	KRELAY_STAT_HS_UNDER_LOAD,
	KRELAY_STAT_HS_RATE_LIMITED,
	KRELAY_STAT_HS_ASLEEP,
	KRELAY_STAT_HS_INITIATION_SENT,
	KRELAY_STAT_HS_INITIATION_RECEIVED,
	KRELAY_STAT_HS_RESPONSE_SENT,
	KRELAY_STAT_HS_RESPONSE_RECEIVED,
	KRELAY_STAT_HS_COOKIE_SENT,
	KRELAY_STAT_HS_COOKIE_RECEIVED,
	KRELAY_STAT_HS_PORT_MOVED,
	KRELAY_STAT_HS_PORT_FIXED,
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
	KRELAY_STAT_BRIDGE_DENIED,
	KRELAY_STAT_BRIDGE_SPOOFED,
	KRELAY_STAT_BRIDGE_LIMIT,
	KRELAY_STAT_BRIDGE_SOURCE_LIMIT,
	KRELAY_STAT_BRIDGE_OPTIONS,
	KRELAY_STAT_BRIDGE_PIECE,
	KRELAY_STAT_HOME_NO_BRIDGE,
	KRELAY_STAT_HOME_NO_ROUTE,
	KRELAY_STAT_HOME_TTL,
	KRELAY_STAT_HOME_TOO_BIG,
	KRELAY_STAT_HOME_INVALID,
	KRELAY_STAT_HOME_SPOOFED,

	__KRELAY_STAT_MAX
};

#define KRELAY_STAT_MAX (__KRELAY_STAT_MAX - 1)

#endif /* _UAPI_LINUX_KRELAY_H */
