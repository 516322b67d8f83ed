// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "text.h"

unsigned int address_len(const struct address *address)
{
	switch (address->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

bool address_parse(const char *text, struct address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(address->family, text, address->bytes) == 1;
}

void address_from_sockaddr(struct address *address, const struct sockaddr *from)
{
	memset(address, 0, sizeof(*address));
	address->family = from->sa_family;
	if (from->sa_family == AF_INET)
		memcpy(address->bytes, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else
		memcpy(address->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_LEN])
{
	if (!inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_LEN))
		snprintf(text, ADDRESS_TEXT_LEN, "(none)");
	return text;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return !address_compare(a, b);
}

bool address_is_link_local(const struct address *address)
{
	const uint8_t *bytes = address->bytes;

	return address->family == AF_INET ? bytes[0] == 169 && bytes[1] == 254 :
	       address->family == AF_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool address_is_loopback(const struct address *address)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	return address->family == AF_INET ? address->bytes[0] == 127 :
	       address->family == AF_INET6 && !memcmp(address->bytes, loopback, 16);
}

bool address_is_nobodys(const struct address *address)
{
	static const uint8_t zeros[16];

	if (address->family == AF_INET6)
		return address->bytes[0] == 0xff || !memcmp(address->bytes, zeros, 16);
	/* RFC 1122, section 3.2.1.3; multicast; RFC 1112, section 4. */
	return !address->bytes[0] || address->bytes[0] >= 224;
}

bool address_can_be_hosts(const struct address *address)
{
	return !address_is_nobodys(address) && !address_is_loopback(address);
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, address_len(a));
}

bool prefix_parse(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT_LEN];
	uint32_t length;
	size_t n;

	n = slash ? (size_t)(slash - text) : strlen(text);
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!address_parse(host, &prefix->address))
		return false;
	length = address_len(&prefix->address) * 8;
	if (slash && !text_decimal(slash + 1, length, &length))
		return false;
	prefix->length = length;
	return true;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_LEN])
{
	char host[ADDRESS_TEXT_LEN];

	snprintf(text, PREFIX_TEXT_LEN, "%s/%u", address_format(&prefix->address, host),
		 prefix->length);
	return text;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	unsigned int whole = prefix->length / 8;
	unsigned int bits = prefix->length % 8;
	uint8_t mask = 0xff << (8 - bits);

	if (prefix->address.family != address->family)
		return false;
	if (memcmp(prefix->address.bytes, address->bytes, whole))
		return false;
	return !bits || !((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask);
}

bool prefix_covers(const struct prefix *a, const struct prefix *b)
{
	return a->length <= b->length && prefix_contains(a, &b->address);
}

bool prefix_is_host(const struct prefix *prefix)
{
	return prefix->length == address_len(&prefix->address) * 8;
}

void prefix_mask(struct prefix *prefix)
{
	unsigned int i;

	for (i = 0; i < address_len(&prefix->address); i++) {
		unsigned int kept = prefix->length > i * 8 ? prefix->length - i * 8 : 0;

		if (kept < 8)
			prefix->address.bytes[i] &= 0xff00 >> kept;
	}
}
