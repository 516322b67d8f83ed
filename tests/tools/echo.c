// SPDX-License-Identifier: GPL-2.0
/*
 * echo serve PORT [NAME [ADDRESS]]: a TCP and a UDP server, bound to 0.0.0.0
 *	unless told (the address need not exist yet). Each answers
 *	"CLIENT-ADDRESS CLIENT-PORT NAME: what it was sent", so that a client sees
 *	whom the server takes it for, and which server that was. The UDP side answers as
 *	the naive do: sendto() from the wildcard socket, source left to the kernel.
 * echo ask tcp|udp ADDRESS PORT TEXT: a client with a connected socket, so that
 *	only an answer from the asked address counts. Fails after 3 s.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 3000

static void die(const char *what)
{
	fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	if (inet_pton(AF_INET, host, &sa.sin_addr) != 1) {
		errno = EINVAL;
		die(host);
	}
	return sa;
}

static const char *name = "echo";

static size_t answer(char *out, size_t size, const struct sockaddr_in *from, const char *in,
		     size_t n)
{
	char host[INET_ADDRSTRLEN];
	int head;

	inet_ntop(AF_INET, &from->sin_addr, host, sizeof(host));
	head = snprintf(out, size, "%s %u %s: ", host, ntohs(from->sin_port), name);
	if (n > size - head)
		n = size - head;
	memcpy(out + head, in, n);
	return head + n;
}

static void serve(const char *port, const char *host)
{
	struct sockaddr_in sa = address(host, port), from;
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	static char in[65536], out[65536 + 64];

	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(tcp, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	setsockopt(udp, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (bind(tcp, (void *)&sa, sizeof(sa)) || listen(tcp, 128) ||
	    bind(udp, (void *)&sa, sizeof(sa)))
		die(port);

	while (1) {
		struct pollfd p[2] = { { tcp, POLLIN, 0 }, { udp, POLLIN, 0 } };
		socklen_t len = sizeof(from);
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			die("poll");
		if (p[1].revents) {
			n = recvfrom(udp, in, sizeof(in), 0, (void *)&from, &len);
			if (n >= 0)
				sendto(udp, out, answer(out, sizeof(out), &from, in, n), 0,
				       (void *)&from, len);
		}
		if (p[0].revents) {
			int fd = accept(tcp, (void *)&from, &len);

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
	struct sockaddr_in sa = address(host, port);
	struct timeval t = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = socket(AF_INET, strcmp(proto, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0);
	static char in[65536 + 64];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)); /* connect(), too */
	if (connect(fd, (void *)&sa, sizeof(sa)))
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
	if (argc >= 3 && argc <= 5 && !strcmp(argv[1], "serve")) {
		if (argc > 3)
			name = argv[3];
		serve(argv[2], argc > 4 ? argv[4] : "0.0.0.0");
	}
	if (argc == 6 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argv[4], argv[5]);
	fprintf(stderr, "echo serve PORT [NAME [ADDRESS]] | echo ask tcp|udp ADDRESS PORT TEXT\n");
	return 1;
}
