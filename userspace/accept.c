// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"

#define BLANKS " \t"

/* Known even where /etc/protocols is not. */
static const struct {
	const char *name;
	uint8_t proto;
} known[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "dccp", IPPROTO_DCCP },
	{ "udplite", IPPROTO_UDPLITE },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	/* As in ip-tunnel(8); protocols(5) has another one of that name, which nobody uses. */
	{ "ipip", IPPROTO_IPIP },
};

bool proto_parse(const char *text, uint8_t *proto)
{
	struct protoent *entry;
	uint32_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcasecmp(text, known[i].name)) {
			*proto = known[i].proto;
			return true;
		}
	}
	if (text_decimal(text, 255, &number)) {
		*proto = number;
		return number;
	}
	entry = getprotobyname(text);
	if (!entry || entry->p_proto < 1 || entry->p_proto > 255)
		return false;
	*proto = entry->p_proto;
	return true;
}

/*
 * Numbers that everybody takes for ports: from ftp to snmp and bgp. No protocol that is in use has
 * one of them.
 */
bool proto_is_port(const char *text)
{
	static const uint8_t ports[] = {
		7, 20, 21, 22, 23, 25, 37, 43, 53, 67, 69, 70, 79, 80, 110, 111, 113, 119, 123,
		143, 161, 162, 177, 179, 194,
	};
	uint32_t number;

	return text_decimal(text, UINT8_MAX, &number) && memchr(ports, number, sizeof(ports));
}

bool ports_before_proto(const char *text, char swapped[ACCEPT_TEXT_LEN])
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? strspn(text, "0123456789-") : 0;
	uint8_t proto;

	/* 17/6 is port 6 of udp. */
	if (!n || text + n != slash || isdigit((unsigned char)slash[1]) ||
	    !proto_parse(slash + 1, &proto) || !proto_has_ports(proto) ||
	    strlen(text) >= ACCEPT_TEXT_LEN)
		return false;
	snprintf(swapped, ACCEPT_TEXT_LEN, "%s/%.*s", slash + 1, (int)n, text);
	return true;
}

bool proto_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

const char *proto_format(uint8_t proto, char text[PROTO_TEXT_LEN])
{
	struct protoent *entry;
	uint8_t again;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (proto == known[i].proto)
			return strcpy(text, known[i].name);
	}
	entry = getprotobynumber(proto);
	if (entry && strlen(entry->p_name) < PROTO_TEXT_LEN) {
		strcpy(text, entry->p_name);
		if (proto_parse(text, &again) && again == proto)
			return text;
	}
	snprintf(text, PROTO_TEXT_LEN, "%u", proto);
	return text;
}

int ports_parse(const struct place *at, const char *what, const char *text, uint16_t *first,
		uint16_t *last)
{
	const char *dash = strchr(text, '-');
	uint32_t from, to;
	char *head;
	bool good;

	head = text_copy_n(text, dash ? (size_t)(dash - text) : strlen(text));
	good = text_decimal(head, UINT16_MAX, &from) && from;
	free(head);
	to = from;
	if (good && dash)
		good = text_decimal(dash + 1, UINT16_MAX, &to) && to;
	if (!good)
		return refuse(at, "%s \"%.64s\" is no port or range of ports: write a number of 1 to 65535, or two of them as in 8000-8010.",
			      what, text);
	if (from > to)
		return refuse(at, "%s \"%.64s\" ends before it begins: write %u-%u.", what,
			      text, to, from);
	*first = from;
	*last = to;
	return 0;
}

const char *ports_format(uint16_t first, uint16_t last, char text[12])
{
	if (first == last)
		snprintf(text, 12, "%u", first);
	else
		snprintf(text, 12, "%u-%u", first, last);
	return text;
}

static int refuse_proto(const struct place *at, const char *whole, const char *text)
{
	char swapped[ACCEPT_TEXT_LEN];
	uint32_t port;

	if (ports_before_proto(text, swapped))
		return refuse(at, "Accept \"%.64s\" has the port before the protocol: write %s.",
			      whole, swapped);
	if (text_decimal(text, UINT16_MAX, &port) && port)
		return refuse(at, "Accept \"%.64s\" is a port without its protocol: write tcp/%u or udp/%u.",
			      whole, port, port);
	return refuse(at, "Accept \"%.64s\" does not begin with an IP protocol: write its name or its number of 1 to 255, as in tcp/443, icmp or 47.",
		      whole);
}

static int what_parse(const struct place *at, const char *whole, const char *text,
		      struct accept *accept)
{
	const char *slash = strchr(text, '/');
	char swapped[ACCEPT_TEXT_LEN];
	char *name;
	bool good;

	name = text_copy_n(text, slash ? (size_t)(slash - text) : strlen(text));
	good = proto_parse(name, &accept->proto) && !ports_before_proto(text, swapped) &&
	       (slash || !proto_is_port(name));
	free(name);
	if (!good)
		return refuse_proto(at, whole, text);
	if (!slash)
		return 0;
	if (!proto_has_ports(accept->proto))
		return refuse(at, "Accept \"%.64s\" gives a port to a protocol that has none: only tcp, udp, udplite, sctp and dccp have ports, so leave out \"%.64s\".",
			      whole, slash);
	return ports_parse(at, "Accept port", slash + 1, &accept->first, &accept->last);
}

/* What follows the first word. */
static int address_word_parse(const struct place *at, const char *whole, const char *text,
			      struct accept *accept)
{
	text += strspn(text, BLANKS);
	if (!*text)
		return 0;
	if (strncasecmp(text, "on", 2) || !strchr(BLANKS, text[2]) || !text[2])
		return refuse(at, "Accept \"%.64s\" goes on with something else than an address: write it as in tcp/443 on 192.168.7.20.",
			      whole);
	text += 2 + strspn(text + 2, BLANKS);
	if (!address_parse(text, &accept->address))
		return refuse(at, "Accept \"%.64s\" names an address that is none: write one IPv4 or IPv6 address, as in tcp/443 on 192.168.7.20.",
			      whole);
	if (!address_can_be_hosts(&accept->address))
		return refuse(at, "Accept \"%.64s\" is on %s, at which no visitor reaches a host: write the address of one behind this machine, or leave out \"on %s\" for the tunnel's own.",
			      whole, text, text);
	return 0;
}

int accept_parse(const struct place *at, const char *text, struct accept *accept)
{
	size_t len = strcspn(text, BLANKS);
	char *what = text_copy_n(text, len);
	int ret;

	memset(accept, 0, sizeof(*accept));
	ret = what_parse(at, text, what, accept);
	free(what);
	return ret ? ret : address_word_parse(at, text, text + len, accept);
}

bool accept_overlap(const struct accept *a, const struct accept *b)
{
	if (a->proto != b->proto)
		return false;
	return !a->first || !b->first || (a->first <= b->last && b->first <= a->last);
}

const char *accept_format(const struct accept *accept, char text[ACCEPT_TEXT_LEN])
{
	char address[ADDRESS_TEXT_LEN];
	char proto[PROTO_TEXT_LEN];
	char ports[12];
	int len;

	if (accept->first)
		len = snprintf(text, ACCEPT_TEXT_LEN, "%s/%s", proto_format(accept->proto, proto),
			       ports_format(accept->first, accept->last, ports));
	else
		len = strlen(proto_format(accept->proto, text));
	if (accept->address.family)
		snprintf(text + len, ACCEPT_TEXT_LEN - len, " on %s",
			 address_format(&accept->address, address));
	return text;
}
