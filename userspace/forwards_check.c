// SPDX-License-Identifier: GPL-2.0
/* Where forwards lead, and what they must not do to each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "forwards.h"

/* The peer's first host address of a family, or NULL. */
static const struct allowed_ip *host_of(const struct peer *peer, int family)
{
	const struct allowed_ip *ip;

	array_for_each(ip, &peer->allowed_ips) {
		if (ip->prefix.address.family == family && prefix_is_host(&ip->prefix))
			return ip;
	}
	return NULL;
}

/* The families of a forward that names no address, as bits; 0 if it can lead nowhere. */
static unsigned int families_of(const struct peer *peer, const struct forward *forward,
				unsigned int families)
{
	unsigned int hosts = 0;

	if (host_of(peer, AF_INET))
		hosts |= FAMILY_IPV4;
	if (host_of(peer, AF_INET6))
		hosts |= FAMILY_IPV6;
	if (forward->family)
		return hosts & family_bit(forward->family);
	if (hosts & families)
		return hosts & families;
	return (hosts & FAMILY_IPV4) ?: hosts;
}

static int refuse_no_host(const struct place *at, const struct peer *peer,
			  const struct forward *forward)
{
	const char *family = forward->family == AF_INET6 ? "IPv6" :
			     forward->family ? "IPv4" : "single";
	unsigned int length = forward->family == AF_INET6 ? 128 : 32;
	char text[FORWARD_TEXT_LEN];
	char label[KEY_TEXT_LEN];
	char port[8] = "";

	if (forward->first)
		snprintf(port, sizeof(port), ":%u", forward->target_first);
	return refuse(at, "Forward \"%s\" names no target address and peer %s has no %s host among its AllowedIPs: write one as in \"-> %s%s\", or add a /%u.",
		      forward_format(forward, text), peer_label(peer, label), family,
		      forward->family == AF_INET6 && forward->first ? "[ADDRESS]" : "ADDRESS",
		      port, length);
}

static int aim_at_host(const struct place *at, const struct device *device,
		       const struct peer *peer, int family, struct forward *forward)
{
	char address[ADDRESS_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];
	char label[KEY_TEXT_LEN];

	forward_format(forward, text);
	forward->target = host_of(peer, family)->prefix.address;
	if (device_route(device, &forward->target) != peer)
		return refuse(at, "Forward \"%s\" would lead to %s, which is among the AllowedIPs of two peers: leave it to peer %s only.",
			      text, address_format(&forward->target, address),
			      peer_label(peer, label));
	return 0;
}

int forward_aim(const struct place *at, const struct device *device, const struct peer *peer,
		unsigned int families, const struct forward *forward,
		struct forward_array *aimed)
{
	static const int both[] = { AF_INET, AF_INET6 };
	char address[ADDRESS_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];
	char label[KEY_TEXT_LEN];
	struct forward *added;
	size_t i;

	if (forward->target.family) {
		if (device_route(device, &forward->target) != peer)
			return refuse(at, "Forward \"%s\" has the target %s, which is not among the AllowedIPs of peer %s: add it there, or choose an address that is.",
				      forward_format(forward, text),
				      address_format(&forward->target, address),
				      peer_label(peer, label));
		added = forward_add(aimed, forward);
		memcpy(added->peer, peer->public_key, sizeof(added->peer));
		return 0;
	}
	families = families_of(peer, forward, families);
	if (!families)
		return refuse_no_host(at, peer, forward);
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		if (!(families & family_bit(both[i])))
			continue;
		added = forward_add(aimed, forward);
		memcpy(added->peer, peer->public_key, sizeof(added->peer));
		if (aim_at_host(at, device, peer, both[i], added))
			return -1;
		forward_set_family(added, both[i]);
	}
	return 0;
}

static int compare_public(const void *a, const void *b)
{
	const struct forward *x = *(const struct forward **)a;
	const struct forward *y = *(const struct forward **)b;
	int order;

	if (x->proto != y->proto)
		return x->proto - y->proto;
	if (x->family != y->family)
		return x->family - y->family;
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
	return a->proto == b->proto && a->family == b->family &&
	       address_equal(&a->public, &b->public) && a->last >= b->first;
}

static bool target_overlap(const struct forward *a, const struct forward *b)
{
	return a->proto == b->proto && !memcmp(a->peer, b->peer, sizeof(a->peer)) &&
	       address_equal(&a->target, &b->target) &&
	       a->target_first + (a->last - a->first) >= b->target_first;
}

/* In order of their starts, the first overlap is one of neighbours. */
static int check_neighbours(const char *file, const struct forward **sorted, size_t n)
{
	const struct forward *a, *b;
	size_t i;

	qsort(sorted, n, sizeof(*sorted), compare_public);
	for (i = 1; i < n; i++) {
		a = sorted[i - 1];
		b = sorted[i];
		if (public_overlap(a, b))
			return refuse_overlap(file, a->first ? "public ports" : "public side", a,
					      b);
	}
	qsort(sorted, n, sizeof(*sorted), compare_target);
	for (i = 1; i < n; i++) {
		a = sorted[i - 1];
		b = sorted[i];
		if (target_overlap(a, b))
			return refuse_overlap(file, a->first ?
					      "target ports, so replies could not tell which was meant" :
					      "target, so replies could not tell which was meant",
					      a, b);
	}
	return 0;
}

static bool same_side(const struct forward *a, const struct forward *b)
{
	return a->family == b->family && address_equal(&a->public, &b->public);
}

static bool excepts_ports_of(const struct accept *except, const struct forward *forward)
{
	struct accept ports = {
		.proto = forward->proto, .first = forward->first, .last = forward->last,
	};

	return accept_overlap(except, &ports);
}

static int check_excepts(const char *file, const struct device *device,
			 const struct forward *all)
{
	struct place at = { .file = file };
	const struct forward *forward;
	const struct accept *except;
	char what[ACCEPT_TEXT_LEN];
	char text[FORWARD_TEXT_LEN];
	char where[24] = "";

	array_for_each(except, &all->excepts) {
		array_for_each(forward, &device->forwards) {
			if (!forward->proto || !same_side(all, forward) ||
			    !excepts_ports_of(except, forward))
				continue;
			at.line = all->line > forward->line ? all->line : forward->line;
			if (all->line && all->line < forward->line)
				snprintf(where, sizeof(where), " of line %u", all->line);
			return refuse(&at, "Forward \"%s\" takes what \"all except %s\"%s leaves to this host: remove one of them.",
				      forward_format(forward, text), accept_format(except, what),
				      where);
		}
	}
	return 0;
}

int forwards_check(const char *file, const struct device *device)
{
	size_t n = device->forwards.count;
	const struct forward **sorted;
	const struct forward *forward;
	int ret;
	size_t i;

	if (!n)
		return 0;
	sorted = zalloc(n * sizeof(*sorted));
	for (i = 0; i < n; i++)
		sorted[i] = &device->forwards.items[i];
	ret = check_neighbours(file, sorted, n);
	free(sorted);
	array_for_each(forward, &device->forwards) {
		if (!ret && forward->excepts.count)
			ret = check_excepts(file, device, forward);
	}
	return ret;
}

/*
 * True if what comes to these ports on the catch-all's side never reaches it. So it is with a
 * forward of that side that leads to its own ports.
 */
static bool ports_are_taken(const struct device *device, const struct forward *all,
			    const struct forward *by)
{
	uint16_t last = by->target_first + (by->last - by->first);
	const struct forward *forward;
	const struct accept *except;

	array_for_each(except, &all->excepts) {
		if (except->proto != by->proto)
			continue;
		if (!except->first || (except->first <= by->target_first && except->last >= last))
			return true;
	}
	array_for_each(forward, &device->forwards) {
		if (forward->proto == by->proto && same_side(all, forward) &&
		    forward->first <= by->target_first && forward->last >= last)
			return true;
	}
	return false;
}

static void warn_of(const char *file, const struct device *device, const struct forward *all,
		    const struct forward *forward)
{
	struct place at = { .file = file, .line = forward->line };
	char text[FORWARD_TEXT_LEN];
	char catch_all[FORWARD_TEXT_LEN];
	char what[ACCEPT_TEXT_LEN];
	struct accept ports = {
		.proto = forward->proto, .first = forward->target_first,
		.last = forward->target_first + (forward->last - forward->first),
	};

	if (ports_are_taken(device, all, forward))
		return;
	warn(&at, "Forward \"%s\" makes %s unreachable through \"%s\", since replies from there are those of the former: except %s if that is meant.",
	     forward_format(forward, text), accept_format(&ports, what),
	     forward_format(all, catch_all), what);
}

void forwards_warn(const char *file, const struct device *device)
{
	const struct forward *forward;
	const struct forward *all;

	array_for_each(all, &device->forwards) {
		if (all->proto)
			continue;
		array_for_each(forward, &device->forwards) {
			if (forward->proto && address_equal(&all->target, &forward->target) &&
			    key_equal(all->peer, forward->peer))
				warn_of(file, device, all, forward);
		}
	}
}

int forward_check_public(const struct place *at, const struct device *device,
			 const struct forward *forward)
{
	char text[FORWARD_TEXT_LEN];

	if (device->publics.count)
		return 0;
	return refuse(at, "Forward \"%s\" has nowhere to come from: write Public = NETDEV into [Interface], with the netdev that faces the Internet.",
		      forward_format(forward, text));
}

int forwards_check_tunnel(const char *file, const struct device *device, uint16_t port)
{
	struct place at = { .file = file };
	const struct forward *forward;
	char text[FORWARD_TEXT_LEN];

	array_for_each(forward, &device->forwards) {
		if (forward->proto != IPPROTO_UDP || forward->first > port ||
		    forward->last < port)
			continue;
		at.line = forward->line;
		return refuse(&at, "Forward \"%s\" would take the tunnel's own ListenPort %u, and so cut the tunnel: forward another port, or change ListenPort.",
			      forward_format(forward, text), port);
	}
	return 0;
}
