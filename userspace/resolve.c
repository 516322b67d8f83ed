// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "kernel.h"
#include "output.h"
#include "verbs.h"

/* Seconds between two looks, and for which an address is tried. */
#define LOOK_INTERVAL 5
#define TRY_TIME 20

/**
 * struct named - a peer whose endpoint is a name in the file
 * @line: of the endpoint
 * @tried: seconds of the monotonic clock when it was last given an address; 0 for never
 */
struct named {
	uint8_t public_key[KRELAY_KEY_LEN];
	char *host;
	char *port;
	unsigned int line;
	time_t tried;
};

DEFINE_ARRAY(named_array, struct named);
DEFINE_ARRAY(endpoint_array, struct sockaddr_storage);

/**
 * struct resolver - what is looked after
 * @file: the configuration, of which only names are kept
 * @peers: those with a name
 * @watch: until the interface is gone
 * @clock_failed: said once is enough
 */
struct resolver {
	struct kernel kernel;
	char ifname[IFNAMSIZ];
	char *file;
	struct named_array peers;
	bool watch;
	bool clock_failed;
};

static time_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool is_name(const char *host)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;

	if (getaddrinfo(host, NULL, &hints, &info))
		return true;
	freeaddrinfo(info);
	return false;
}

static int load(struct resolver *resolver, const char *argument)
{
	const struct peer *peer;
	struct config config;
	struct named *named;
	int ret;

	ret = config_load(&config, argument);
	if (ret)
		goto cleanup;
	strcpy(resolver->ifname, config.device.name);
	resolver->file = text_copy(config.file);
	array_for_each(peer, &config.device.peers) {
		if (!peer->endpoint_host || !is_name(peer->endpoint_host))
			continue;
		named = array_add(&resolver->peers);
		memcpy(named->public_key, peer->public_key, KRELAY_KEY_LEN);
		named->host = text_copy(peer->endpoint_host);
		named->port = text_copy(peer->endpoint_port);
		named->line = peer->endpoint_line;
	}
cleanup:
	/* No key stays in a program that runs for long. */
	config_free(&config);
	return ret;
}

static void unload(struct resolver *resolver)
{
	struct named *named;

	array_for_each(named, &resolver->peers) {
		free(named->host);
		free(named->port);
	}
	array_free(&resolver->peers);
	free(resolver->file);
}

static int look_up(const struct named *named, struct endpoint_array *addresses)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP };
	struct addrinfo *list, *info;
	struct address address;
	int ret;

	ret = getaddrinfo(named->host, named->port, &hints, &list);
	if (ret)
		return ret;
	for (info = list; info; info = info->ai_next) {
		address_from_sockaddr(&address, info->ai_addr);
		if (!address_is_nobodys(&address))
			memcpy(array_add(addresses), info->ai_addr, info->ai_addrlen);
	}
	freeaddrinfo(list);
	return addresses->count ? 0 : EAI_NODATA;
}

static int compare(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	return memcmp(a, b, sizeof(*a));
}

/*
 * Name servers shuffle their answers, so the turn goes by the addresses themselves: the next
 * above the current one, or the lowest. From an address that is not among them any more, to the
 * one that the system prefers.
 */
static const struct sockaddr_storage *next_address(const struct endpoint_array *addresses,
						   const struct sockaddr_storage *current)
{
	const struct sockaddr_storage *address, *lowest = addresses->items, *above = NULL;
	bool found = false;

	array_for_each(address, addresses) {
		int order = compare(address, current);

		if (!order)
			found = true;
		if (order > 0 && (!above || compare(address, above) < 0))
			above = address;
		if (compare(address, lowest) < 0)
			lowest = address;
	}
	if (!found)
		return addresses->items;
	return above ?: lowest;
}

static int try_next(struct resolver *resolver, const struct device *device, struct named *named,
		    const struct peer *peer)
{
	struct place at = { .file = resolver->file, .line = named->line };
	struct endpoint_array addresses = { 0 };
	const struct sockaddr_storage *next;
	char text[ENDPOINT_TEXT_LEN];
	char label[KEY_TEXT_LEN];
	struct peer change;
	int ret;

	ret = look_up(named, &addresses);
	if (ret && !resolver->watch)
		refuse(&at, "Endpoint host \"%s\" has no address that can be found, %s: correct it, or try again later.",
		       named->host, ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
	if (ret)
		goto cleanup;
	next = next_address(&addresses, &peer->endpoint);
	if (!compare(next, &peer->endpoint))
		goto cleanup;
	memset(&change, 0, sizeof(change));
	memcpy(change.public_key, peer->public_key, KRELAY_KEY_LEN);
	change.endpoint = *next;
	ret = module_set_endpoint(&resolver->kernel, &at, device->ifindex, &change);
	if (ret)
		goto cleanup;
	printf("%s: %s does not answer, trying %s at %s\n", device->name, peer_label(peer, label),
	       named->host, endpoint_format(next, text));
	fflush(stdout);
cleanup:
	array_free(&addresses);
	return ret ? -1 : 0;
}

/* A peer that answers is left alone, wherever it is. */
static int look_at(struct resolver *resolver, const struct device *device, struct named *named)
{
	const struct peer *peer = device_find_key(device, named->public_key);
	time_t now = monotonic();

	if (!peer || peer->unanswered < UNANSWERED_MANY)
		return 0;
	if (named->tried && now - named->tried < TRY_TIME)
		return 0;
	named->tried = now;
	return try_next(resolver, device, named, peer);
}

static void keep_clock(struct resolver *resolver, const struct device *device)
{
	if (!device->has_public_key || resolver->clock_failed)
		return;
	resolver->clock_failed = clock_keep(device->public_key, device->timestamp, false);
}

/* Every peer gets its turn, also if one before it fails. */
static int look(struct resolver *resolver)
{
	struct device device;
	struct named *named;
	int ret;

	ret = module_read(&resolver->kernel, resolver->ifname, &device);
	if (!ret) {
		keep_clock(resolver, &device);
		array_for_each(named, &resolver->peers)
			ret |= look_at(resolver, &device, named);
	}
	device_free(&device);
	return ret;
}

static int run(struct resolver *resolver)
{
	const struct timespec interval = { .tv_sec = LOOK_INTERVAL };
	int ret;

	ret = look(resolver);
	if (!resolver->watch || !if_nametoindex(resolver->ifname))
		return ret;
	/* What fails once may succeed the next time; without the interface there is none. */
	while (if_nametoindex(resolver->ifname)) {
		nanosleep(&interval, NULL);
		if (if_nametoindex(resolver->ifname))
			look(resolver);
	}
	return 0;
}

int resolve_main(int argc, char *argv[])
{
	struct resolver resolver = { .kernel = { 0 } };
	const char *argument = NULL;
	int ret, i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--watch"))
			resolver.watch = true;
		else if (*argv[i] != '-' && !argument)
			argument = argv[i];
		else
			return usage("resolve", argv[i]);
	}
	if (!argument)
		return usage("resolve", NULL);
	ret = load(&resolver, argument);
	if (!ret)
		ret = kernel_open(&resolver.kernel);
	if (!ret)
		ret = kernel_module(&resolver.kernel, false);
	if (!ret)
		ret = run(&resolver);
	kernel_close(&resolver.kernel);
	unload(&resolver);
	return ret ? 1 : 0;
}
