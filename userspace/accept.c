// SPDX-License-Identifier: GPL-2.0
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"

/* Known even where /etc/protocols is not. */
static const struct {
	const char *name;
	uint8_t proto;
} known[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
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

const char *proto_format(uint8_t proto, char text[PROTO_TEXT_LEN])
{
	struct protoent *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (proto == known[i].proto)
			return strcpy(text, known[i].name);
	}
	entry = getprotobynumber(proto);
	if (entry && strlen(entry->p_name) < PROTO_TEXT_LEN)
		return strcpy(text, entry->p_name);
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

int accept_parse(const struct place *at, const char *text, struct accept *accept)
{
	const char *slash = strchr(text, '/');
	char *name;
	bool good;

	memset(accept, 0, sizeof(*accept));
	name = text_copy_n(text, slash ? (size_t)(slash - text) : strlen(text));
	good = proto_parse(name, &accept->proto);
	free(name);
	if (!good)
		return refuse(at, "Accept \"%.64s\" does not begin with an IP protocol: write its name or its number of 1 to 255, as in tcp/443, icmp or 47.",
			      text);
	if (!slash)
		return 0;
	if (accept->proto != IPPROTO_TCP && accept->proto != IPPROTO_UDP &&
	    accept->proto != IPPROTO_SCTP)
		return refuse(at, "Accept \"%.64s\" gives a port to a protocol that has none: only tcp, udp and sctp have ports, so leave out \"%.64s\".",
			      text, slash);
	return ports_parse(at, "Accept port", slash + 1, &accept->first, &accept->last);
}

const char *accept_format(const struct accept *accept, char text[ACCEPT_TEXT_LEN])
{
	char proto[PROTO_TEXT_LEN];
	char ports[12];

	if (accept->first)
		snprintf(text, ACCEPT_TEXT_LEN, "%s/%s", proto_format(accept->proto, proto),
			 ports_format(accept->first, accept->last, ports));
	else
		proto_format(accept->proto, text);
	return text;
}
