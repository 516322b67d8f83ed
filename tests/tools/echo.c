// SPDX-License-Identifier: GPL-2.0
/*
 * echo serve PORT [NAME [ADDRESS]]: a TCP and a UDP server, bound to 0.0.0.0
 *	unless told (the address need not exist yet; :: is for IPv6 alone, and
 *	"any" for both families). Each answers
 *	"CLIENT-ADDRESS CLIENT-PORT NAME: what it was sent", so that a client sees
 *	whom the server takes it for, and which server that was. The UDP side answers as
 *	the naive do: sendto() from the wildcard socket, source left to the kernel.
 * echo connect PORT [NAME [ADDRESS]]: the same, but UDP answers by send(), from a
 *	second socket that is bound likewise and connected to the client.
 * echo ask tcp|udp ADDRESS PORT TEXT: a client with a connected socket, so that
 *	only an answer from the asked address counts. Fails after 3 s.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 3000

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void die(const char *what)
{
	fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static union address address(const char *host, const char *port)
{
	union address sa = { .in = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) } };

	if (!strcmp(host, "any"))
		host = "::";
	if (inet_pton(AF_INET, host, &sa.in.sin_addr) == 1)
		return sa;
	sa.in6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, host, &sa.in6.sin6_addr) != 1) {
		errno = EINVAL;
		die(host);
	}
	return sa;
}

static const char *name = "echo";

static size_t answer(char *out, size_t size, const union address *from, const char *in, size_t n)
{
	char host[INET6_ADDRSTRLEN];
	int head;

	if (from->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &from->in.sin_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &from->in6.sin6_addr, host, sizeof(host));
	/* The port stands at the same place in both. */
	head = snprintf(out, size, "%s %u %s: ", host, ntohs(from->in.sin_port), name);
	if (n > size - head)
		n = size - head;
	memcpy(out + head, in, n);
	return head + n;
}

static int bound(int type, const union address *sa, bool alone)
{
	int fd = socket(sa->any.sa_family, type, 0), one = 1, v6only = alone;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (bind(fd, &sa->any, sizeof(*sa)) || (type == SOCK_STREAM && listen(fd, 128)))
		die("bind");
	return fd;
}

static void serve(const char *port, const char *host, bool connected)
{
	union address sa = address(host, port), from;
	bool alone = strcmp(host, "any");
	static char in[65536], out[65536 + 128];
	int tcp = bound(SOCK_STREAM, &sa, alone), udp = bound(SOCK_DGRAM, &sa, alone);

	while (1) {
		struct pollfd p[2] = { { tcp, POLLIN, 0 }, { udp, POLLIN, 0 } };
		socklen_t len = sizeof(from);
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			die("poll");
		if (p[1].revents) {
			int fd = udp;

			n = recvfrom(udp, in, sizeof(in), 0, &from.any, &len);
			if (n < 0)
				continue;
			n = answer(out, sizeof(out), &from, in, n);
			if (connected) {
				fd = bound(SOCK_DGRAM, &sa, alone);
				if (connect(fd, &from.any, len))
					die("connect");
				send(fd, out, n, 0);
				close(fd);
			} else {
				sendto(fd, out, n, 0, &from.any, len);
			}
		}
		if (p[0].revents) {
			int fd = accept(tcp, &from.any, &len);

			if (fd < 0)
				continue;
			n = recv(fd, in, sizeof(in), 0);
			if (n > 0)
				send(fd, out, answer(out, sizeof(out), &from, in, n),
				     MSG_NOSIGNAL);
			close(fd);
		}
	}
}

static int ask(const char *proto, const char *host, const char *port, const char *text)
{
	union address sa = address(host, port);
	struct timeval t = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = socket(sa.any.sa_family, strcmp(proto, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0);
	static char in[65536 + 128];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)); /* connect(), too */
	if (connect(fd, &sa.any, sizeof(sa)))
		die("connect");
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		die("send");
	n = recv(fd, in, sizeof(in), 0);
	if (n <= 0)
		die("no answer");
	printf("%.*s\n", (int)n, in);
	return 0;
}

int main(int argc, char **argv)
{
	bool connected = argc > 1 && !strcmp(argv[1], "connect");

	if (argc >= 3 && argc <= 5 && (connected || !strcmp(argv[1], "serve"))) {
		if (argc > 3)
			name = argv[3];
		serve(argv[2], argc > 4 ? argv[4] : "0.0.0.0", connected);
	}
	if (argc == 6 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argv[4], argv[5]);
	fprintf(stderr, "echo serve|connect PORT [NAME [ADDRESS]] | echo ask tcp|udp ADDRESS PORT TEXT\n");
	return 1;
}
