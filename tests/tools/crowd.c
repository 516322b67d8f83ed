// SPDX-License-Identifier: GPL-2.0
/*
 * crowd serve PORT NAME: a TCP server, IPv4 and IPv6, for many at once: it answers
 *	each line with "CLIENT-ADDRESS NAME".
 * crowd ask CONNECTIONS ROUNDS PORT ADDRESS PORT [ADDRESS PORT]...: so many
 *	connections at once, to these in turn, from the source port PORT on. They are
 *	opened a few at a time, for what is lost of a handshake on a netdev that has
 *	too much to do may end it. In each round each of them sends a line and has to
 *	be answered. Prints the answers of the last round, and how many there were of
 *	each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINE = 128,
	/* Twice what TCP waits at most before it tries again. */
	PATIENCE_MS = 240000,
	FEW = 64,
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* One of those who ask. */
struct one {
	char line[LINE];
	size_t len;
};

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static union address address(const char *host, int port)
{
	union address sa = { .in = { .sin_family = AF_INET, .sin_port = htons(port) } };

	if (inet_pton(AF_INET, host, &sa.in.sin_addr) == 1)
		return sa;
	/* The port stands at the same place in both. */
	sa.in6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, host, &sa.in6.sin6_addr) != 1) {
		errno = EINVAL;
		die(host);
	}
	return sa;
}

static void watch(int epoll, int fd, int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void answer(int fd, const char *name)
{
	char in[LINE], out[LINE], host[INET6_ADDRSTRLEN];
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	ssize_t n = recv(fd, in, sizeof(in), 0);

	if (n <= 0 || getpeername(fd, (void *)&from, &len)) {
		close(fd);
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&from.sin6_addr))
		inet_ntop(AF_INET, &from.sin6_addr.s6_addr[12], host, sizeof(host));
	else
		inet_ntop(AF_INET6, &from.sin6_addr, host, sizeof(host));
	n = snprintf(out, sizeof(out), "%s %s\n", host, name);
	send(fd, out, n, MSG_NOSIGNAL);
}

static void serve(int port, const char *name)
{
	union address sa = address("::", port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), epoll = epoll_create1(0), one = 1, n, i;
	struct epoll_event events[64];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &sa.any, sizeof(sa)) || listen(fd, 1024))
		die("bind");
	watch(epoll, fd, EPOLLIN);
	while ((n = epoll_wait(epoll, events, 64, -1)) >= 0 || errno == EINTR) {
		for (i = 0; i < n; i++) {
			if (events[i].data.fd == fd)
				watch(epoll, accept(fd, NULL, NULL), EPOLLIN);
			else
				answer(events[i].data.fd, name);
		}
	}
	die("epoll_wait");
}

static int begin(const union address *to, int from)
{
	union address local = address(to->any.sa_family == AF_INET ? "0.0.0.0" : "::", from);
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, &local.any, sizeof(local)))
		die("bind");
	if (connect(fd, &to->any, sizeof(*to)) && errno != EINPROGRESS)
		die("connect");
	return fd;
}

/* Let all of @events happen to all, as @step does what there is to do. */
static void round_of(struct pollfd *fds, struct one *all, int count, short events,
		     bool (*step)(int fd, struct one *one))
{
	int left = count, i;

	for (i = 0; i < count; i++)
		fds[i].events = events;
	while (left) {
		if (poll(fds, count, PATIENCE_MS) <= 0) {
			fprintf(stderr, "crowd: %d of %d wait in vain\n", left, count);
			exit(1);
		}
		for (i = 0; i < count; i++) {
			if (!fds[i].revents || !step(fds[i].fd, &all[i]))
				continue;
			fds[i].events = 0;
			left--;
		}
	}
}

static bool tell(int fd, struct one *one)
{
	one->len = 0;
	if (send(fd, "x\n", 2, MSG_NOSIGNAL) != 2)
		die("send");
	return true;
}

static bool hear(int fd, struct one *one)
{
	ssize_t n = recv(fd, one->line + one->len, LINE - 1 - one->len, 0);

	if (n <= 0)
		die("recv");
	one->len += n;
	one->line[one->len] = 0;
	return one->line[one->len - 1] == '\n';
}

/* Each sends a line, and has to be answered. */
static void exchange(struct pollfd *fds, struct one *all, int count)
{
	round_of(fds, all, count, POLLOUT, tell);
	round_of(fds, all, count, POLLIN, hear);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct one *)a)->line, ((const struct one *)b)->line);
}

static void ask(int count, int rounds, int from, char *targets[], int num_targets)
{
	struct pollfd *fds = calloc(count, sizeof(*fds));
	struct one *all = calloc(count, sizeof(*all));
	int i, same, begun;

	for (begun = 0; begun < count; begun = i) {
		for (i = begun; i < count && i < begun + FEW; i++) {
			char **to = &targets[i % num_targets * 2];
			union address sa = address(to[0], atoi(to[1]));

			fds[i].fd = begin(&sa, from + i);
		}
		exchange(fds + begun, all + begun, i - begun);
	}
	while (rounds--)
		exchange(fds, all, count);
	qsort(all, count, sizeof(*all), compare);
	for (i = 0; i < count; i += same) {
		for (same = 1; i + same < count && !compare(&all[i], &all[i + same]); same++)
			;
		printf("%d %s", same, all[i].line);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };

	setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 4 && !strcmp(argv[1], "serve"))
		serve(atoi(argv[2]), argv[3]);
	if (argc >= 7 && argc % 2 && !strcmp(argv[1], "ask")) {
		ask(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), argv + 5, (argc - 5) / 2);
		return 0;
	}
	fprintf(stderr, "crowd serve PORT NAME | crowd ask CONNECTIONS ROUNDS PORT ADDRESS PORT [ADDRESS PORT]...\n");
	return 1;
}
