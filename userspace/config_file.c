// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "config.h"
#include "forwards.h"

#define SUFFIX ".conf"

/* Bytes: some 400,000 allowed IPs. */
#define FILE_MAX (16 << 20)

static bool ends_in_suffix(const char *text)
{
	size_t n = strlen(text);

	return n >= strlen(SUFFIX) && !strcmp(text + n - strlen(SUFFIX), SUFFIX);
}

int config_find(const char *argument, char ifname[IFNAMSIZ], char **file)
{
	const char *base = strrchr(argument, '/');
	char *name;
	int ret = 0;

	*file = NULL;
	base = base ? base + 1 : argument;
	name = text_copy(base);
	if (ends_in_suffix(name))
		name[strlen(name) - strlen(SUFFIX)] = '\0';
	if (!netdev_is_valid(name)) {
		ret = refuse(NULL, "\"%.64s\" cannot be the name of an interface: use 1 to %d letters, digits and _=+.-, but neither \"all\" nor \"default\" nor a \"-\" in front, or the name of such a file ending in %s.",
			     name, IFNAMSIZ - 1, SUFFIX);
		goto cleanup;
	}
	strcpy(ifname, name);
	if (base != argument || ends_in_suffix(argument)) {
		*file = text_copy(argument);
	} else {
		size_t room = sizeof(CONFIG_FOLDER) + 1 + strlen(name) + sizeof(SUFFIX);

		*file = zalloc(room);
		snprintf(*file, room, CONFIG_FOLDER "/%s" SUFFIX, name);
	}
cleanup:
	free(name);
	return ret;
}

static void warn_publics(const struct config *config)
{
	struct place at = { .file = config->file };
	const struct netdev_name *public;

	array_for_each(public, &config->device.publics) {
		at.line = public->line;
		if (!if_nametoindex(public->name))
			warn(&at, "Public \"%s\" is no netdev here: \"ip link\" lists them; forwards take nothing on it until it exists.",
			     public->name);
	}
}

static void warn_bridges(const struct config *config)
{
	struct place at = { .file = config->file };
	const struct peer *peer;

	array_for_each(peer, &config->device.peers) {
		at.line = peer->line;
		if (peer->bridge && !peer->accepts.count)
			warn(&at, "the peer is a bridge without Accept, so all ports of this host's tunnel addresses are open to it and its visitors: list what you offer, as in Accept = tcp/443.");
	}
}

void config_warn(const struct config *config)
{
	struct place at = { .file = config->file };
	char *copy = text_copy(config->file);
	struct stat folder, file;

	/* Who may enter the folder knows the file's name, even if he may not list it. */
	if (!stat(config->file, &file) && !stat(dirname(copy), &folder) &&
	    file.st_mode & 0006 && folder.st_mode & 0001)
		warn(&at, "the file with the private key is accessible to everybody: run \"chmod 600\" on it.");
	warn_publics(config);
	warn_bridges(config);
	forwards_warn(config->file, &config->device);
	free(copy);
}

static int read_all(const struct place *at, int fd, char *buffer, size_t size, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < size && (n = read(fd, buffer + *len, size - *len))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(at, "the file cannot be read: %s.", strerror(errno));
		*len += n;
	}
	return 0;
}

typedef int (*parse_t)(struct config *config, const char *file, const char *ifname,
		       const char *text, size_t len);

static int parse_fd(struct config *config, int fd, const char *file, const char *ifname,
		    parse_t parse)
{
	struct place at = { .file = file };
	size_t size = 64 << 10;
	struct stat info;
	char *buffer;
	size_t len;
	int ret;

	if (fstat(fd, &info))
		return refuse(&at, "the file cannot be examined: %s.", strerror(errno));
	if (S_ISDIR(info.st_mode))
		return refuse(&at, "this is a folder: name a file.");
	if (info.st_size > FILE_MAX)
		return refuse(&at, "the file is larger than %u MiB: name a configuration.",
			      FILE_MAX >> 20);
	if (S_ISREG(info.st_mode))
		size = info.st_size + 1;
	buffer = zalloc(size);
	ret = read_all(&at, fd, buffer, size, &len);
	if (!ret && len == size)
		ret = refuse(&at, "the file grows while it is read: try again with a file that rests.");
	if (!ret)
		ret = parse(config, file, ifname, buffer, len);
	sodium_memzero(buffer, size);
	free(buffer);
	return ret;
}

static int load(struct config *config, const char *argument, parse_t parse)
{
	struct place at = { 0 };
	char ifname[IFNAMSIZ];
	char *file = NULL;
	int ret;
	int fd;

	memset(config, 0, sizeof(*config));
	ret = config_find(argument, ifname, &file);
	if (ret)
		return ret;
	at.file = file;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		ret = refuse(NULL, "%s may not be read by this user: run as root.", file);
		goto cleanup;
	}
	if (fd < 0) {
		ret = refuse(&at, "the file cannot be opened, %s: write it, or name another.",
			     strerror(errno));
		goto cleanup;
	}
	ret = parse_fd(config, fd, file, ifname, parse);
	close(fd);
cleanup:
	free(file);
	return ret;
}

int config_load(struct config *config, const char *argument)
{
	return load(config, argument, config_parse);
}

int config_load_for_down(struct config *config, const char *argument)
{
	return load(config, argument, config_parse_for_down);
}

/* Name servers that block names answer with such, too. */
static int check_endpoint(const struct place *at, const struct peer *peer,
			  const struct sockaddr *endpoint)
{
	char text[ADDRESS_TEXT_LEN];
	struct address address;

	address_from_sockaddr(&address, endpoint);
	if (!address_is_nobodys(&address))
		return 0;
	return refuse(at, "Endpoint host \"%s\" has the address %s, which no machine can have: write that at which the peer is reached.",
		      peer->endpoint_host, address_format(&address, text));
}

static int resolve(const struct place *at, struct peer *peer, unsigned int *tries)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP };
	unsigned int wait = 1;
	struct addrinfo *info;
	int ret;

	for (;;) {
		ret = getaddrinfo(peer->endpoint_host, peer->endpoint_port, &hints, &info);
		if (ret != EAI_AGAIN || *tries <= 1)
			break;
		warn(at, "no name server answers for \"%s\", trying again in %u s.",
		     peer->endpoint_host, wait);
		sleep(wait);
		wait *= 2;
		(*tries)--;
	}
	if (ret)
		return refuse(at, "Endpoint host \"%s\" has no address that can be found, %s: correct it, or write its address.",
			      peer->endpoint_host,
			      ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
	ret = check_endpoint(at, peer, info->ai_addr);
	memcpy(&peer->endpoint, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return ret;
}

int config_resolve(struct config *config, unsigned int tries)
{
	struct place at = { .file = config->file };
	struct peer *peer;

	array_for_each(peer, &config->device.peers) {
		at.line = peer->endpoint_line;
		if (peer->endpoint_host && resolve(&at, peer, &tries))
			return -1;
	}
	return 0;
}
