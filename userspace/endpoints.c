// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "endpoints.h"
#include "state.h"

/* Nanoseconds */
#define SECOND 1000000000ULL

/* Seconds after a handshake in which the peer's NAT may still know us. */
#define RECENT (10 * 60)

#define HOST_LEN (INET6_ADDRSTRLEN + IFNAMSIZ + 1)

/**
 * struct kept - a line of the file
 * @seconds: of the last handshake, since 1970
 */
struct kept {
	uint8_t key[KRELAY_KEY_LEN];
	unsigned long long seconds;
	struct sockaddr_storage endpoint;
};

static bool is_complete(const struct sockaddr_storage *endpoint)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)endpoint;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)endpoint;

	if (endpoint->ss_family == AF_INET)
		return in4->sin_port && in4->sin_addr.s_addr;
	return in6->sin6_port && !IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

static bool parse_endpoint(const char *host, const char *port, struct sockaddr_storage *endpoint)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM,
		.ai_protocol = IPPROTO_UDP,
	};
	struct addrinfo *info;

	if (getaddrinfo(host, port, &hints, &info))
		return false;
	memset(endpoint, 0, sizeof(*endpoint));
	memcpy(endpoint, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return is_complete(endpoint);
}

static bool read_line(FILE *file, struct kept *kept)
{
	char host[HOST_LEN], port[6];
	char key[KEY_TEXT_LEN];

	return fscanf(file, "%44s %19llu %62s %5s", key, &kept->seconds, host, port) == 4 &&
	       key_parse(key, kept->key) && parse_endpoint(host, port, &kept->endpoint);
}

static bool write_line(FILE *file, const struct peer *peer)
{
	socklen_t len = peer->endpoint.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
							       sizeof(struct sockaddr_in);
	char host[HOST_LEN], port[6];
	char key[KEY_TEXT_LEN];

	if (getnameinfo((const struct sockaddr *)&peer->endpoint, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM))
		return true;
	key_format(peer->public_key, key);
	return fprintf(file, "%s %llu %s %s\n", key,
		       (unsigned long long)(peer->last_handshake / SECOND), host, port) > 0;
}

static bool is_known(const struct peer *peer)
{
	return peer->endpoint.ss_family && peer->last_handshake;
}

static int write_all(const char *name, const struct device *device)
{
	const struct peer *peer;
	bool good = true;
	FILE *file;
	int fd;

	/* One that is there may be readable for others. */
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -1;
	}
	array_for_each(peer, &device->peers) {
		if (good && is_known(peer))
			good = write_line(file, peer);
	}
	return fclose(file) || !good ? -1 : 0;
}

/* Our own file, or NULL. */
static FILE *open_own(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *file = NULL;
	struct stat info;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
	    !(info.st_mode & 0022))
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

static int compare_keys(const void *a, const void *b)
{
	const struct peer *x = *(const struct peer **)a;
	const struct peer *y = *(const struct peer **)b;

	return memcmp(x->public_key, y->public_key, KRELAY_KEY_LEN);
}

/* The peers in the order of their keys, to be freed. */
static struct peer **sort_peers(struct device *device)
{
	size_t n = device->peers.count;
	struct peer **sorted;
	size_t i;

	sorted = zalloc((n + 1) * sizeof(*sorted));
	for (i = 0; i < n; i++)
		sorted[i] = &device->peers.items[i];
	qsort(sorted, n, sizeof(*sorted), compare_keys);
	return sorted;
}

static bool is_recent(const struct kept *kept, unsigned long long now)
{
	return kept->seconds <= now && now - kept->seconds < RECENT;
}

static void recall(struct peer *peer, const struct kept *kept)
{
	if (peer->endpoint.ss_family)
		return;
	peer->endpoint = kept->endpoint;
	peer->recalled = true;
}

/* What was known before of a peer that has not been heard of since. */
static void carry_over(struct peer *peer, const struct kept *kept)
{
	if (peer->last_handshake)
		return;
	peer->endpoint = kept->endpoint;
	peer->last_handshake = kept->seconds * SECOND;
}

static void each_kept(const uint8_t public_key[KRELAY_KEY_LEN], struct device *device,
		      void (*fn)(struct peer *peer, const struct kept *kept))
{
	struct peer **sorted = sort_peers(device);
	unsigned long long now = time(NULL);
	struct peer wanted, *key = &wanted;
	char name[STATE_NAME_LEN];
	struct peer **found;
	struct kept kept;
	FILE *file;

	state_name(public_key, ".endpoints", name);
	file = open_own(name);
	while (file && read_line(file, &kept)) {
		memcpy(wanted.public_key, kept.key, KRELAY_KEY_LEN);
		found = bsearch(&key, sorted, device->peers.count, sizeof(*sorted), compare_keys);
		if (found && is_recent(&kept, now))
			fn(*found, &kept);
	}
	if (file)
		fclose(file);
	free(sorted);
}

void endpoints_recall(const uint8_t public_key[KRELAY_KEY_LEN], struct device *device)
{
	each_kept(public_key, device, recall);
}

static bool knows_any(const struct device *device)
{
	const struct peer *peer;

	array_for_each(peer, &device->peers) {
		if (is_known(peer))
			return true;
	}
	return false;
}

void endpoints_keep(struct device *device)
{
	char new_name[STATE_NAME_LEN];
	char name[STATE_NAME_LEN];
	struct place at = { 0 };

	/* A device that heard of nobody leaves what the one before it has kept. */
	if (!knows_any(device))
		return;
	each_kept(device->public_key, device, carry_over);
	state_name(device->public_key, ".endpoints", name);
	state_name(device->public_key, ".endpoints.new", new_name);
	if (!state_folder() && !write_all(new_name, device) && !rename(new_name, name))
		return;
	at.file = name;
	warn(&at, "the endpoints of peers cannot be kept, %s: when the interface is up again, those without an Endpoint have to call first.",
	     strerror(errno));
}
