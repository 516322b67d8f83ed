// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accept.h"
#include "forwards.h"

/* Ends the sentence about what does not follow it. */
static const char grammar[] =
	"write PROTO/PORT[-PORT] [on ADDRESS] [-> [ADDRESS:]PORT[-PORT]], as in tcp/8443 -> 443.";

static int refuse_kind(const struct place *at, const char *text)
{
	return refuse(at, "Forward \"%.64s\" is of a kind that this version does not know: it forwards explicit TCP and UDP ports, as in tcp/443 or tcp+udp/8000-8010.",
		      text);
}

/* A bit mask: 1 is TCP, 2 is UDP. */
static int parse_protos(const struct place *at, const char *whole, char *text, unsigned int *mask)
{
	unsigned int bit;
	uint8_t proto;
	char *name;

	*mask = 0;
	while ((name = text_split(&text, '+'))) {
		if (!proto_parse(name, &proto))
			return refuse(at, "Forward \"%.64s\" does not begin with a protocol: %s",
				      whole, grammar);
		if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
			return refuse_kind(at, whole);
		bit = proto == IPPROTO_TCP ? 1 : 2;
		if (*mask & bit)
			return refuse(at, "Forward \"%.64s\" names the protocol %s twice: write it once.",
				      whole, name);
		*mask |= bit;
	}
	return 0;
}

/* PROTO/PORTS [on ADDRESS] */
static int parse_public(const struct place *at, const char *whole, char *text,
			unsigned int *protos, struct forward *forward)
{
	char *rest = text;
	char *address;
	char *slash;
	char *head;
	char *on;

	head = strsep(&rest, " \t");
	slash = strchr(head, '/');
	if (!strcasecmp(head, "all"))
		return refuse_kind(at, whole);
	if (slash)
		*slash++ = '\0';
	if (parse_protos(at, whole, head, protos))
		return -1;
	if (!slash)
		return refuse(at, "Forward \"%.64s\" has no port: %s", whole, grammar);
	if (ports_parse(at, "Forward port", slash, &forward->first, &forward->last))
		return -1;
	if (!rest)
		return 0;

	rest = text_trim(rest);
	on = strsep(&rest, " \t");
	address = rest ? text_trim(rest) : NULL;
	if (!strcmp(on, "-") && !address)
		return refuse(at, "Forward \"%.64s\" ends in half an arrow: on a command line put quotes around it, as in 'tcp/8443 -> 443'.",
			      whole);
	if (strcasecmp(on, "on") || !address || !*address)
		return refuse(at, "Forward \"%.64s\" has words after its ports that mean nothing: %s",
			      whole, grammar);
	if (!address_parse(address, &forward->public))
		return refuse(at, "Forward \"%.64s\" is on \"%.64s\", which is no IP address: write an address of this host, as in tcp/443 on 203.0.113.5.",
			      whole, address);
	return 0;
}

/* True if @text begins with an address; *@ports is what follows its colon, NULL without one. */
static bool split_target(char *text, struct address *address, char **ports)
{
	char *end;

	*ports = NULL;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*ports = end[1] ? end + 2 : NULL;
		*end = '\0';
		return address_parse(text + 1, address) && address->family == AF_INET6;
	}
	end = strchr(text, ':');
	if (end) {
		*end = '\0';
		*ports = end + 1;
	}
	return address_parse(text, address);
}

static int parse_target(const struct place *at, const char *whole, char *text,
			struct forward *forward)
{
	char *copy = text_copy(text);
	uint16_t first, last;
	char *ports = copy;
	int ret = 0;

	forward->target_first = forward->first;
	if (strpbrk(text, ".:[") && !split_target(copy, &forward->target, &ports)) {
		ret = refuse(at, "Forward \"%.64s\" has the target \"%.64s\", which is neither ADDRESS:PORT nor [IPV6 ADDRESS]:PORT: write it as in 10.0.0.2:443 or [fd00::2]:443.",
			     whole, text);
		goto cleanup;
	}
	if (!ports)
		goto cleanup;
	ret = ports_parse(at, "Forward target port", ports, &first, &last);
	if (ret)
		goto cleanup;
	forward->target_first = first;
	if (last - first != forward->last - forward->first)
		ret = refuse(at, "Forward \"%.64s\" leads %u public ports to %u: give both ranges the same length.",
			     whole, forward->last - forward->first + 1, last - first + 1);
cleanup:
	free(copy);
	return ret;
}

static int parse_one(const struct place *at, char *text, struct device *device)
{
	struct forward forward = { .line = at ? at->line : 0 };
	char *whole = text_copy(text);
	unsigned int protos = 0;
	char *target;
	int ret;

	target = strstr(text, "->");
	if (target) {
		*target = '\0';
		target = text_trim(target + 2);
	}
	text = text_trim(text);
	if (!*text) {
		ret = refuse(at, "Forward \"%.64s\" has nothing to forward: %s", whole, grammar);
		goto cleanup;
	}
	ret = parse_public(at, whole, text, &protos, &forward);
	if (ret)
		goto cleanup;
	forward.target_first = forward.first;
	if (target)
		ret = parse_target(at, whole, target, &forward);
	if (ret)
		goto cleanup;
	if (forward.public.family && forward.target.family &&
	    forward.public.family != forward.target.family) {
		ret = refuse(at, "Forward \"%.64s\" leads from IPv%c to IPv%c: both addresses must be of one kind.",
			     whole, forward.public.family == AF_INET ? '4' : '6',
			     forward.target.family == AF_INET ? '4' : '6');
		goto cleanup;
	}
	if (protos & 1) {
		forward.proto = IPPROTO_TCP;
		*array_add(&device->forwards) = forward;
	}
	if (protos & 2) {
		forward.proto = IPPROTO_UDP;
		*array_add(&device->forwards) = forward;
	}
cleanup:
	free(whole);
	return ret;
}

int forwards_parse(const struct place *at, char *text, struct device *device)
{
	char *element;

	while ((element = text_split(&text, ','))) {
		if (!*element)
			return refuse(at, "Forward has an empty element: write one forward between two commas, and none after the last.");
		if (parse_one(at, element, device))
			return -1;
	}
	return 0;
}

const char *forward_format(const struct forward *forward, char text[FORWARD_TEXT_LEN])
{
	uint16_t target_last = forward->target_first + (forward->last - forward->first);
	char address[ADDRESS_TEXT_LEN];
	char proto[PROTO_TEXT_LEN];
	char ports[12];
	int n;

	n = snprintf(text, FORWARD_TEXT_LEN, "%s/%s", proto_format(forward->proto, proto),
		     ports_format(forward->first, forward->last, ports));
	if (forward->public.family)
		n += snprintf(text + n, FORWARD_TEXT_LEN - n, " on %s",
			      address_format(&forward->public, address));
	ports_format(forward->target_first, target_last, ports);
	if (forward->target.family)
		snprintf(text + n, FORWARD_TEXT_LEN - n,
			 forward->target.family == AF_INET6 ? " -> [%s]:%s" : " -> %s:%s",
			 address_format(&forward->target, address), ports);
	else if (forward->target_first != forward->first)
		snprintf(text + n, FORWARD_TEXT_LEN - n, " -> %s", ports);
	return text;
}

/* The peer's first host address; of the public address's family, else IPv4 before IPv6. */
static const struct allowed_ip *host_of(const struct peer *peer, int family)
{
	const struct allowed_ip *found = NULL;
	const struct allowed_ip *ip;

	array_for_each(ip, &peer->allowed_ips) {
		if (!prefix_is_host(&ip->prefix))
			continue;
		if (family && ip->prefix.address.family != family)
			continue;
		if (!found || (found->prefix.address.family == AF_INET6 &&
			       ip->prefix.address.family == AF_INET))
			found = ip;
	}
	return found;
}

int forward_aim(const struct place *at, const struct device *device, const struct peer *peer,
		struct forward *forward)
{
	const struct allowed_ip *host;
	char address[ADDRESS_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];
	char label[KEY_TEXT_LEN];

	forward_format(forward, text);
	memcpy(forward->peer, peer->public_key, sizeof(forward->peer));
	if (forward->target.family) {
		if (device_route(device, &forward->target) != peer)
			return refuse(at, "Forward \"%s\" has the target %s, which is not among the AllowedIPs of peer %s: add it there, or choose an address that is.",
				      text, address_format(&forward->target, address),
				      peer_label(peer, label));
		return 0;
	}
	host = host_of(peer, forward->public.family);
	if (!host)
		return refuse(at, "Forward \"%s\" names no target address and peer %s has no %s host among its AllowedIPs: write one as in \"-> %s:%u\", or add a /%u.",
			      text, peer_label(peer, label),
			      forward->public.family == AF_INET6 ? "IPv6" :
			      forward->public.family ? "IPv4" : "single",
			      forward->public.family == AF_INET6 ? "[ADDRESS]" : "ADDRESS",
			      forward->target_first,
			      forward->public.family == AF_INET6 ? 128 : 32);
	forward->target = host->prefix.address;
	if (device_route(device, &forward->target) != peer)
		return refuse(at, "Forward \"%s\" would lead to %s, which is among the AllowedIPs of two peers: leave it to peer %s only.",
			      text, address_format(&forward->target, address),
			      peer_label(peer, label));
	return 0;
}

static int compare_public(const void *a, const void *b)
{
	const struct forward *x = *(const struct forward **)a;
	const struct forward *y = *(const struct forward **)b;
	int order;

	if (x->proto != y->proto)
		return x->proto - y->proto;
	if (x->target.family != y->target.family)
		return x->target.family - y->target.family;
	order = address_compare(&x->public, &y->public);
	return order ? order : x->first - y->first;
}

static int compare_target(const void *a, const void *b)
{
	const struct forward *x = *(const struct forward **)a;
	const struct forward *y = *(const struct forward **)b;
	int order;

	if (x->proto != y->proto)
		return x->proto - y->proto;
	order = memcmp(x->peer, y->peer, sizeof(x->peer));
	if (!order)
		order = address_compare(&x->target, &y->target);
	return order ? order : x->target_first - y->target_first;
}

static int refuse_overlap(const char *file, const char *which, const struct forward *a,
			  const struct forward *b)
{
	struct place at = { .file = file };
	char first[FORWARD_TEXT_LEN];
	char second[FORWARD_TEXT_LEN];
	char where[24] = "";

	/* The later one is the one to change. */
	if (a->line > b->line) {
		const struct forward *swap = a;

		a = b;
		b = swap;
	}
	at.line = b->line;
	if (a->line)
		snprintf(where, sizeof(where), " of line %u", a->line);
	return refuse(&at, "Forward \"%s\" overlaps \"%s\"%s in its %s: give each its own.",
		      forward_format(b, second), forward_format(a, first), where, which);
}

static bool public_overlap(const struct forward *a, const struct forward *b)
{
	return a->proto == b->proto && a->target.family == b->target.family &&
	       address_equal(&a->public, &b->public) && a->last >= b->first;
}

static bool target_overlap(const struct forward *a, const struct forward *b)
{
	return a->proto == b->proto && !memcmp(a->peer, b->peer, sizeof(a->peer)) &&
	       address_equal(&a->target, &b->target) &&
	       a->target_first + (a->last - a->first) >= b->target_first;
}

int forwards_check(const char *file, const struct device *device)
{
	size_t n = device->forwards.count;
	const struct forward **sorted;
	int ret = 0;
	size_t i;

	if (n < 2)
		return 0;
	sorted = zalloc(n * sizeof(*sorted));
	for (i = 0; i < n; i++)
		sorted[i] = &device->forwards.items[i];

	/* In order of their starts, the first overlap is one of neighbours. */
	qsort(sorted, n, sizeof(*sorted), compare_public);
	for (i = 1; i < n && !ret; i++) {
		if (public_overlap(sorted[i - 1], sorted[i]))
			ret = refuse_overlap(file, "public ports", sorted[i - 1], sorted[i]);
	}
	qsort(sorted, n, sizeof(*sorted), compare_target);
	for (i = 1; i < n && !ret; i++) {
		if (target_overlap(sorted[i - 1], sorted[i]))
			ret = refuse_overlap(file, "target ports, so replies could not tell which was meant",
					     sorted[i - 1], sorted[i]);
	}
	free(sorted);
	return ret;
}
