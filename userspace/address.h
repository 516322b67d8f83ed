/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_ADDRESS_H
#define RELAYCTL_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct address - an IP address
 * @family: AF_INET, AF_INET6, or 0 for none
 * @bytes: in network byte order; 4 or 16 of them count
 */
struct address {
	int family;
	uint8_t bytes[16];
};

/**
 * struct prefix - an IP address and the length of its network
 * @address: host bits may be set
 * @length: 0 to 32 or 128
 */
struct prefix {
	struct address address;
	uint8_t length;
};

/* Bytes of the longest address, and of the longest address with its prefix. */
#define ADDRESS_TEXT_LEN INET6_ADDRSTRLEN
#define PREFIX_TEXT_LEN (INET6_ADDRSTRLEN + 4)

bool address_parse(const char *text, struct address *address);
/* The address of a struct sockaddr_in or sockaddr_in6. */
void address_from_sockaddr(struct address *address, const struct sockaddr *from);
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_LEN]);
/* 4 or 16; 0 for no address. */
unsigned int address_len(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
/* 169.254.0.0/16 and fe80::/10 */
bool address_is_link_local(const struct address *address);
/* 127.0.0.0/8 and ::1 */
bool address_is_loopback(const struct address *address);
/* True for what is no single host's: unspecified, multicast, 0.0.0.0/8 and 240.0.0.0/4. */
bool address_is_nobodys(const struct address *address);
/* Neither nobody's nor loopback. */
bool address_can_be_hosts(const struct address *address);
/* Any total order. */
int address_compare(const struct address *a, const struct address *b);

/* ADDRESS[/LENGTH]; without a length the prefix is the host. */
bool prefix_parse(const char *text, struct prefix *prefix);
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_LEN]);
bool prefix_contains(const struct prefix *prefix, const struct address *address);
/* True if all of @b is in @a. */
bool prefix_covers(const struct prefix *a, const struct prefix *b);
bool prefix_is_host(const struct prefix *prefix);
/* Clear the host bits. */
void prefix_mask(struct prefix *prefix);

#endif
